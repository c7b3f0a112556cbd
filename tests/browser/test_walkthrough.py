"""The walkthrough with JavaScript off: by mouse, by keyboard alone, in w3m, and in another site's frame."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from factories import ANN, Server, form_token, mechanic
from passalong.demo.setup import WALKTHROUGH
from passalong.store import folders
from textbrowser import run, text_browser
from websites import website

STEPS = 8
GATE_AFTER = 4


@pytest.fixture
def tour(server: Server) -> str:
    """A share of the demonstration's walkthrough, whose gate stands after its fourth step."""
    asset = folders.read(WALKTHROUGH)
    source = msgspec.to_builtins(asset.source)
    body = {"title": asset.title, "kind": "walkthrough", "language": "en", "source": source}
    server.api.put("/api/v1/assets/tour", json=body).raise_for_status()
    files = [("file", (name, (WALKTHROUGH / name).read_bytes())) for name in asset.course.missing]
    server.api.post("/api/v1/assets/tour/files", files=files).raise_for_status()
    gate = {"mode": "at_step", "step": GATE_AFTER, "fields": [{"name": "name", "required": True}]}
    server.api.put("/api/v1/mechanics/stepped", json=mechanic(title="Stepped", gate=gate)).raise_for_status()
    return server.share("tour", "stepped")


def steps_seen(server: Server) -> list[int]:
    return [e["step"] for e in server.events() if e["step"]]


def walk(page: Page | FrameLocator, server: Server) -> None:
    """From the first step to the last by the button, through the gate."""
    for number in range(1, GATE_AFTER + 1):
        expect(page.get_by_text(f"Step {number} of {STEPS}")).to_be_visible()
        page.get_by_role("link", name="Next").click()
    page.get_by_label("Work e-mail").fill("wrong")
    page.get_by_role("button", name="Open it").click()
    expect(page.get_by_text("does not look like an e-mail address")).to_be_visible()
    page.get_by_label("Work e-mail").fill(ANN["email"])
    page.get_by_label("Name").fill(ANN["name"])
    page.get_by_role("button", name="Open it").click()
    for number in range(GATE_AFTER + 1, STEPS):
        expect(page.get_by_text(f"Step {number} of {STEPS}")).to_be_visible()
        page.get_by_role("link", name="Next").click()
    expect(page.get_by_text(f"Step {STEPS} of {STEPS}")).to_be_visible()
    expect(page.get_by_role("link", name="Next")).to_have_count(0)
    expect(page.get_by_role("link", name="Start a free account")).to_be_visible()


def test_from_the_first_step_to_the_last(server: Server, page: Page, tour: str) -> None:
    page.goto(tour)
    walk(page, server)
    assert "pass=" not in page.url
    assert steps_seen(server) == list(range(1, STEPS + 1)), "each step was counted once"
    assert [lead["email"] for lead in server.leads()] == [ANN["email"]]
    assert server.counts("stepped")["visits"] == 1


def test_by_keyboard_alone(server: Server, page: Page, tour: str) -> None:
    page.goto(tour)

    def tab_to(name: str) -> None:
        for _ in range(30):
            page.keyboard.press("Tab")
            focused = page.locator(":focus")
            if name in [focused.get_attribute(attribute) for attribute in ("name", "rel", "aria-label")]:
                return
        raise AssertionError(f"{name} cannot be reached")

    tab_to("Fill in the form")  # the place in the picture is a link like any other
    expect(page.locator(":focus")).to_be_in_viewport()
    page.keyboard.press("Enter")
    for number in range(2, GATE_AFTER + 1):
        expect(page.get_by_text(f"Step {number} of {STEPS}")).to_be_visible()
        tab_to("next")
        page.keyboard.press("Enter")
    expect(page.get_by_label("Work e-mail")).to_be_visible()
    tab_to("email")
    page.keyboard.type(ANN["email"])
    tab_to("name")
    page.keyboard.type(ANN["name"])
    page.keyboard.press("Enter")
    for number in range(GATE_AFTER + 1, STEPS):
        expect(page.get_by_text(f"Step {number} of {STEPS}")).to_be_visible()
        tab_to("next")
        page.keyboard.press("Enter")
    expect(page.get_by_text(f"Step {STEPS} of {STEPS}")).to_be_visible()
    assert steps_seen(server) == list(range(1, STEPS + 1))


def test_the_place_to_press_lies_where_the_picture_shows_it(server: Server, page: Page, tour: str) -> None:
    asset = folders.read(WALKTHROUGH)
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(tour)
        picture = page.locator(".shot img").bounding_box()
        spot = page.locator(".spots rect").first.bounding_box()
        assert picture
        assert spot
        [hotspot] = asset.course.step(1).hotspots
        found = [
            (spot["x"] - picture["x"]) / picture["width"],
            (spot["y"] - picture["y"]) / picture["height"],
            spot["width"] / picture["width"],
            spot["height"] / picture["height"],
        ]
        wanted = [hotspot.x / 100, hotspot.y / 100, hotspot.width / 100, hotspot.height / 100]
        assert found == pytest.approx(wanted, abs=0.02)


def test_it_rests_for_those_who_asked_for_less_motion(chrome: Browser, server: Server, tour: str) -> None:
    def running(**media: Any) -> str:
        context = chrome.new_context(base_url=server.config.base_url, bypass_csp=True, **media)
        page = context.new_page()
        page.goto(tour)
        name = page.evaluate("getComputedStyle(document.querySelector('.spots rect')).animationName")
        context.close()
        return str(name)

    assert running() == "pulse"
    assert running(reduced_motion="reduce") == "none"


def test_in_w3m(server: Server, tmp_path: Path, tour: str) -> None:
    w3m = text_browser("w3m")
    address = server.config.base_url + tour

    def read(*tail: str) -> str:
        return run(tmp_path, w3m, "-cookie", "-o", "accept_encoding=identity", *tail)

    first = read("-dump", address)
    assert "Step 1 of 8" in first
    assert "Halvorsen shares a report" in first
    assert "no script" in first
    assert "Next" in first
    gate = read("-dump_source", f"{address}/{GATE_AFTER + 1}")
    form = tmp_path / "form"
    form.write_text(urlencode({"csrf_token": form_token(gate), "website": "", "step": str(GATE_AFTER + 1), **ANN}))
    through = read("-dump", "-post", str(form), f"{address}/gate")
    assert f"Step {GATE_AFTER + 1} of {STEPS}" in through
    last = read("-dump", f"{address}/{STEPS}")
    assert "Start a free account" in last
    assert "The link still opens" in last


@pytest.fixture
def elsewhere(server: Server, tour: str) -> Iterator[str]:
    """Another site, on another host, with the walkthrough in a frame as the snippet has it. Its address."""
    share = {"asset": "tour", "customer": "initech", "mechanic": "stepped"}
    snippet = server.api.post("/api/v1/shares", json=share).json()["snippets"]["iframe"]

    with website(f"<!doctype html><title>A blog</title><h1>A blog</h1>{snippet}", []) as port:
        yield f"http://localhost:{port}"


def allow(server: Server, *hosts: str) -> None:
    brand = {"name": "Acme", "accent": "#0b5fff", "home_url": "https://acme.example", "embed_hosts": list(hosts)}
    server.api.put("/api/v1/brands/acme", json=brand).raise_for_status()


def test_in_a_frame_of_another_site_without_its_cookies(server: Server, page: Page, elsewhere: str) -> None:
    allow(server, elsewhere.removeprefix("http://"))
    page.goto(elsewhere)
    frame = page.frame_locator("iframe")
    walk(frame, server)
    assert page.context.cookies() == [], "nothing is kept in somebody else's page"
    assert steps_seen(server) == list(range(1, STEPS + 1))
    assert len(server.leads()) == 1
    assert page.url.startswith(elsewhere)
    expect(frame.get_by_role("link", name="Start a free account")).to_have_attribute("target", "_blank")


def test_only_the_brands_hosts_may_frame_it(server: Server, page: Page, elsewhere: str, tour: str) -> None:
    allow(server, "docs.acme.example")
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(elsewhere)
    expect(page.frame_locator("iframe").get_by_text("Step 1 of 8")).to_have_count(0)
    policy = server.viewer.get(tour.replace("/s/", "/e/")).headers["content-security-policy"]
    assert "frame-ancestors 'self' docs.acme.example" in policy
    assert "frame-ancestors 'none'" in server.viewer.get(tour).headers["content-security-policy"]


def test_the_frame_keeps_its_shape(page: Page, server: Server, elsewhere: str) -> None:
    allow(server, elsewhere.removeprefix("http://"))
    for width in (400, 1000):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(elsewhere)
        box = page.locator("iframe").bounding_box()
        assert box
        assert box["width"] / box["height"] == pytest.approx(8 / 7, rel=0.02)
