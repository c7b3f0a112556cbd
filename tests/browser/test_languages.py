"""Every page in every language: valid, accessible, and narrow enough for a telephone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from factories import ANN, Server, mechanic, picture
from passalong.domain.language import Language
from portal import COOKIE, enter, happened, share_of
from soundness import overflow, sound, sticking_out, violations


@pytest.fixture
def viewer_pages(server: Server) -> list[str]:
    steps = [{"image": "a.png", "title": "One", "caption": "Text."}, {"image": "a.png"}, {"image": "a.png"}]
    body = {"title": "A tour", "kind": "walkthrough", "source": {"steps": steps}}
    server.api.put("/api/v1/assets/tour", json=body).raise_for_status()
    server.api.post("/api/v1/assets/tour/files", files={"file": ("a.png", picture())}).raise_for_status()
    gate = {"mode": "at_step", "step": 2, "fields": ["name", "company", "role", "heard_from"]}
    server.api.put("/api/v1/mechanics/stepped", json=mechanic(title="Stepped", gate=gate)).raise_for_status()
    tour, along = server.share("tour", "stepped"), server.share(mechanic="open")
    made = server.viewer.post(f"{along}/pass-along").headers["location"]
    return [
        tour, f"{tour}/2", f"{tour}/3", f"{tour}/all", server.share(), server.share(mechanic="soft"),
        server.share("link", "open"), server.share("page", "open"), f"{along}/pass-along", made,
        tour.replace("/s/", "/e/"), "/s/nothing", "/privacy",
    ]  # fmt: skip


def look_at(page: Page, path: str) -> None:
    page.goto(path, wait_until="load")
    html = page.content()
    sound(html)
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
    assert violations(page) == [], path
    assert overflow(page) <= 0, (path, sticking_out(page))


def tab(chrome: Browser, server: Server, language: Language, **more: Any) -> Page:
    context = chrome.new_context(
        base_url=server.config.base_url,
        bypass_csp=True,
        viewport={"width": 320, "height": 700},
        locale=str(language),
        **more,
    )
    context.set_default_timeout(15_000)
    return context.new_page()


@pytest.mark.parametrize("language", list(Language))
def test_a_viewers_pages(chrome: Browser, server: Server, viewer_pages: list[str], language: Language) -> None:
    page = tab(chrome, server, language)
    for path in viewer_pages:
        look_at(page, path)
        assert page.locator("html").get_attribute("lang") == language, path
    gated = viewer_pages[4]
    page.goto(gated)
    page.locator("#email").fill("wrong")
    page.locator("form .button").click()
    assert page.locator("[aria-invalid]").count() == 2
    assert violations(page) == []
    assert overflow(page) <= 0
    page.locator("#email").fill(ANN["email"])
    page.locator("#name").fill(ANN["name"])
    page.locator("form .button").click()
    assert violations(page) == []
    assert overflow(page) <= 0
    page.context.close()


@pytest.mark.parametrize("language", list(Language))
def test_a_customers_pages(chrome: Browser, server: Server, clock: Any, browser: Any, language: Language) -> None:
    share = share_of(server)
    for n in range(4):
        happened(server, share, "view", 3 * n + 1, now_ms=clock(), days_ago=31 * n)
        happened(server, share, "opportunity", n, now_ms=clock(), days_ago=31 * n)
    client = enter(server, browser())
    page = tab(chrome, server, language)
    page.context.add_cookies(
        [{"name": COOKIE, "value": client.cookies[COOKIE], "url": f"{server.config.base_url}/portal"}]
    )
    for path in ("", "/new", "/new/report", f"/shares/{share}", "/brand", "/goodbye"):
        look_at(page, f"/portal{path}")
        assert page.locator("html").get_attribute("lang") == language, path
    page.context.close()
