"""The portal with JavaScript off: in Chromium, narrow and wide, light and dark, by keyboard alone, and in w3m."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from factories import Server, form_token
from portal import branch_of, happened, portal_link, share_of
from soundness import overflow, sound, sticking_out, violations
from textbrowser import run, text_browser

WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


@pytest.fixture
def inspector(chrome: Browser, server: Server) -> Iterator[Page]:
    """A tab as narrow as a telephone, in which the test, and nobody else, runs scripts."""
    context = chrome.new_context(
        base_url=server.config.base_url, bypass_csp=True, viewport={"width": 320, "height": 700}
    )
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def enter(server: Server, page: Page, customer: str = "initech") -> None:
    page.goto(portal_link(server, customer))
    page.get_by_role("button", name="Open your pages").click()


def inspect(server: Server, page: Page) -> None:
    """The page that is open: alone, valid, accessible, and never wider than its screen."""
    for address in page.evaluate("performance.getEntriesByType('resource').map(e => e.name)"):
        assert address.startswith(server.config.base_url)
    sound(page.content())
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(page) == [], scheme
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 700})
        assert overflow(page) <= 0, f"wider than {width} pixels: {sticking_out(page)}"
    page.set_viewport_size({"width": 320, "height": 700})


def fill(server: Server, clock: Any) -> str:
    """Half a year of sharing by a customer with long words; the id of one share."""
    server.api.put("/api/v1/customers/long", json={"name": WORD, "consent_to_cobrand": True}).raise_for_status()
    asset = {"title": WORD, "kind": "page", "summary": f"{WORD} {WORD}", "source": {"markdown": "x"}}
    server.api.put("/api/v1/assets/long", json=asset).raise_for_status()
    share = share_of(server, asset="long", customer="long", mechanic="open", channel="newsletter")
    path = server.share("report", "open", "long", channel="talk")
    branch_of(server, path)
    for n in range(6):
        for kind, times in (("view", 7 * n * n + 1), ("lead", n), ("opportunity", n // 4)):
            happened(server, share, kind, times, now_ms=clock(), days_ago=31 * n)
    return share


@pytest.mark.parametrize(
    "path", ["", "/new", "/new/long", "/shares/{}", "/brand", "/nothing", "/goodbye", "?cursor=nonsense"]
)
def test_a_page_is_sound_accessible_and_alone(server: Server, clock: Any, inspector: Page, path: str) -> None:
    share = fill(server, clock)
    enter(server, inspector, "long")
    inspector.goto(f"/portal{path.replace('{}', share)}")
    inspect(server, inspector)


def test_so_are_the_way_in_the_way_out_and_the_empty_pages(server: Server, clock: Any, inspector: Page) -> None:
    path = portal_link(server)
    inspector.goto(path)
    inspect(server, inspector)
    inspector.get_by_role("button", name="Open your pages").click()
    inspect(server, inspector)
    clock.ms += 13 * 3_600_000
    inspector.goto("/portal")
    expect(inspector.get_by_role("heading")).to_have_text("Your visit has ended")
    inspect(server, inspector)
    inspector.goto(path)
    expect(inspector.get_by_role("heading")).to_have_text("This link has expired")
    inspect(server, inspector)


def test_so_are_pages_that_refuse_and_preview(server: Server, inspector: Page) -> None:
    enter(server, inspector)
    inspector.goto("/portal/new/report")
    inspector.get_by_role("button", name="Make the link").click()
    expect(inspector.locator("#channel-message")).to_be_visible()
    inspect(server, inspector)
    inspector.goto("/portal/brand")
    inspector.get_by_label("Your colour").fill("#ffd400")
    inspector.get_by_role("button", name="Preview").click()
    swatch = inspector.locator(".swatch").first
    assert swatch.evaluate("node => getComputedStyle(node).backgroundColor") == "rgb(255, 212, 0)"
    inspect(server, inspector)
    inspector.get_by_label("Your colour").fill("yellow")
    inspector.get_by_label("Your mark").set_input_files(
        {"name": "x.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\nnothing"}
    )
    inspector.get_by_role("button", name="Save").click()
    expect(inspector.locator("#logo-message, #accent-message").first).to_be_visible()
    inspect(server, inspector)


def test_from_the_product_to_a_link_and_back_by_keyboard(server: Server, page: Page) -> None:
    """Every step by Tab, arrows, Space and Enter."""

    def press_until(name: str, role: str) -> None:
        target = page.get_by_role(role, name=name)  # type: ignore[arg-type]
        for _ in range(40):
            page.keyboard.press("Tab")
            if target.evaluate("node => node === document.activeElement"):
                return
        raise AssertionError(f"Tab never reaches {name}")

    page.goto(portal_link(server))
    press_until("Open your pages", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello, Initech")
    press_until("New share", "link")
    page.keyboard.press("Enter")
    press_until("Quarterly report File What changed in a quarter.", "link")
    page.keyboard.press("Enter")
    press_until("LinkedIn", "radio")
    page.keyboard.press("Space")
    press_until("Make the link", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Your link is ready. It works at once.")
    url = page.get_by_label("Link to copy").input_value()
    page.get_by_text("Stop sharing", exact=True).focus()
    page.keyboard.press("Enter")
    press_until("Stop sharing this link", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Sharing has stopped")
    answer = page.goto(url)
    assert answer
    assert answer.status == 410


def test_a_mark_and_a_colour_are_shown_and_kept(server: Server, page: Page, tmp_path: Path) -> None:
    from PIL import Image

    mark = tmp_path / "mark.png"
    Image.new("RGB", (90, 90), "#118844").save(mark)
    enter(server, page)
    page.get_by_role("link", name="Your look").click()
    page.get_by_label("Your mark").set_input_files(mark)
    page.get_by_label("Your colour").fill("#118844")
    page.get_by_role("button", name="Preview").click()
    sample = page.get_by_role("region", name="Preview")
    expect(sample.locator("img.mark")).to_have_count(1)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved")
    page.goto(server.share())
    assert page.locator("header img.mark").evaluate("node => node.naturalWidth") == 90


def test_in_w3m(server: Server, clock: Any, tmp_path: Path) -> None:
    w3m = text_browser("w3m")
    share = fill(server, clock)
    base = server.config.base_url

    def look(*more: str) -> str:
        return run(tmp_path, w3m, "-dump", "-cols", "90", "-cookie", "-o", "accept_encoding=identity", *more)

    path = portal_link(server, "long")
    assert "Open your pages" in look(base + path)
    form = tmp_path / "form"
    form.write_text(urlencode({"csrf_token": form_token(server.viewer.get(path).text)}))
    home = look("-post", str(form), base + path)
    assert "This month" in home
    assert "Visits fewer than 3" in home
    page = look(f"{base}/portal/shares/{share}")
    assert "Month Visits Leads Opportunities" in page
    assert "Link to copy" in page
    assert "Stop sharing" in page
    assert "Your visit has ended" in look("-o", "use_cookie=0", f"{base}/portal")
