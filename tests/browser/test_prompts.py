"""Prompts with JavaScript off and other sites' cookies blocked, in a frame of the vendor's product."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from factories import Server
from passalong.domain.language import Language
from prompts import BODIES, answer_of, press, prompt, proof
from soundness import overflow, sound, sticking_out, violations
from textbrowser import run, text_browser
from websites import website

KINDS = list(BODIES)
SIZES = ["small", "medium", "large"]
PRODUCT = "<!doctype html><title>The product</title><h1>The product</h1>"


@pytest.fixture
def tab(strict: Browser) -> Iterator[Page]:
    agent = f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/{strict.version} Safari/537.36"
    context = strict.new_context(java_script_enabled=False, user_agent=agent)
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def billing() -> Iterator[tuple[str, list[str]]]:
    """The vendor's billing: its address, and what was asked of it."""
    asked: list[str] = []
    with website("<!doctype html><title>Billing</title><h1>Choose your plan</h1>", asked) as port:
        yield f"http://127.0.0.1:{port}/upgrade", asked


@pytest.fixture
def framed(server: Server, tab: Page) -> Iterator[Callable[..., FrameLocator]]:
    """Opens the vendor's product, on another host, with a prompt in it as the snippet has it."""
    with ExitStack() as sites:

        def open_product(kind: str, **more: Any) -> FrameLocator:
            snippet = answer_of(server, kind, **more)["snippets"]["iframe"]
            port = sites.enter_context(website(PRODUCT + snippet, []))
            brand = {"name": "Acme", "accent": "#0b5fff", "home_url": "https://acme.example"}
            server.api.put("/api/v1/brands/acme", json={**brand, "embed_hosts": [f"localhost:{port}"]})
            tab.goto(f"http://localhost:{port}/")
            return tab.frame_locator("iframe")

        yield open_product


@pytest.mark.parametrize("size", SIZES)
def test_an_upgrade_from_the_frame_to_the_vendors_billing(
    server: Server, tab: Page, framed: Any, billing: tuple[str, list[str]], size: str
) -> None:
    address, asked = billing
    frame = framed("usage_cap", size=size, plan="Business", upgrade_url=address)
    expect(frame.get_by_role("heading", name="46 of 50 seats used")).to_be_visible()
    frame.get_by_role("link", name="Upgrade to Business").click()
    expect(tab.get_by_role("heading", name="Upgrade to Business?")).to_be_visible()
    assert urlsplit(tab.url).path.endswith("/upgrade"), "the whole window shows where the button leads"
    assert "127.0.0.1" in tab.locator("main").inner_text()
    assert not [path for path in asked if "pa_" in path], "looking has told billing nothing"
    tab.get_by_role("button", name="Upgrade now").click()
    expect(tab.get_by_role("heading", name="Choose your plan")).to_be_visible()
    query = parse_qs(urlsplit(tab.url).query)
    assert query["pa_click"]
    assert query["pa_prompt"]
    assert server.happened("prompt", "click") == [("prompt", "human"), ("click", "human")]
    assert tab.context.cookies() == []


@pytest.mark.parametrize("size", ["medium", "large"])
def test_inviting_in_the_frame(server: Server, tab: Page, framed: Any, size: str) -> None:
    frame = framed("invite_teammates", size=size)
    frame.get_by_label("E-mail addresses").fill("bob@initech.example, nonsense")
    frame.get_by_role("button", name="Make their links").click()
    expect(frame.get_by_text("“nonsense” does not look like")).to_be_visible()
    expect(frame.get_by_label("E-mail addresses")).to_have_value("bob@initech.example, nonsense")
    frame.get_by_label("E-mail addresses").fill("bob@initech.example\nzoe@initech.example")
    frame.get_by_role("button", name="Make their links").click()
    expect(frame.get_by_role("heading", name="Their links are ready")).to_be_visible()
    assert frame.get_by_label("bob@initech.example").input_value().startswith(f"{server.config.base_url}/s/")
    assert frame.get_by_label("zoe@initech.example").input_value().startswith(f"{server.config.base_url}/s/")
    frame.get_by_role("link", name="Invite others").click()
    expect(frame.get_by_role("heading", name="Invite your teammates")).to_be_visible()
    assert len(server.happened("share")) == 2
    assert tab.context.cookies() == []


@pytest.mark.parametrize("size", ["medium", "large"])
def test_a_link_for_the_team_in_the_frame(server: Server, tab: Page, framed: Any, size: str) -> None:
    frame = framed("share_with_team", size=size)
    frame.get_by_role("button", name="Make the link").click()
    expect(frame.get_by_role("heading", name="The link for your team")).to_be_visible()
    url = frame.get_by_label("Link to copy").input_value()
    expect(frame.get_by_role("link", name="LinkedIn")).to_have_attribute("target", "_blank")
    assert server.happened("share") == [("share", "human")]
    assert tab.context.cookies() == []
    tab.goto(url)
    expect(tab.get_by_role("heading", name="Quarterly report")).to_be_visible()


@pytest.mark.parametrize(("kind", "name"), [("invite_teammates", "Invite"), ("share_with_team", "Make the link")])
def test_what_the_small_frame_has_no_room_for_opens_in_a_tab(
    server: Server, tab: Page, framed: Any, kind: str, name: str
) -> None:
    frame = framed(kind, size="small")
    with tab.context.expect_page() as opened:
        frame.locator(".do .button", has_text=name).click()
    page = opened.value
    if kind == "invite_teammates":
        page.get_by_label("E-mail addresses").fill("bob@initech.example")
        page.get_by_role("button", name="Make their links").click()
        expect(page.get_by_label("bob@initech.example")).to_be_visible()
    else:
        expect(page.get_by_label("Link to copy")).to_be_visible()
    expect(frame.get_by_role("button", name="Not now")).to_be_visible()
    assert len(server.happened("share")) == 1


@pytest.mark.parametrize("size", SIZES)
def test_not_now_is_remembered_though_no_cookie_is(server: Server, tab: Page, framed: Any, size: str) -> None:
    frame = framed("usage_cap", size=size, member="u-17")
    frame.get_by_role("button", name="Not now").click()
    expect(frame.get_by_text("Hidden until")).to_be_visible()
    tab.reload()
    expect(frame.get_by_text("Hidden until")).to_be_visible()
    tab.context.clear_cookies()
    tab.reload()
    expect(frame.get_by_text("Hidden until")).to_be_visible()
    frame.get_by_role("button", name="Show it again").click()
    expect(frame.get_by_role("heading", name="46 of 50 seats used")).to_be_visible()
    assert tab.context.cookies() == []


def test_no_other_site_may_frame_it(server: Server, tab: Page, framed: Any) -> None:
    frame = framed("usage_cap")
    expect(frame.get_by_role("heading")).to_be_visible()
    brand = {"name": "Acme", "accent": "#0b5fff", "home_url": "https://acme.example", "embed_hosts": ["x.example"]}
    server.api.put("/api/v1/brands/acme", json=brand).raise_for_status()
    tab.reload()
    expect(frame.get_by_role("heading", name="46 of 50")).to_have_count(0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", SIZES)
def test_by_keyboard_alone(
    server: Server, tab: Page, framed: Any, billing: tuple[str, list[str]], kind: str, size: str
) -> None:
    more = {"upgrade_url": billing[0]} if kind == "usage_cap" else {}
    frame = framed(kind, size=size, **more)

    def tab_to(page: Page | FrameLocator, name: str) -> None:
        for _ in range(20):
            keys.keyboard.press("Tab")
            focused = page.locator(":focus")
            if focused.count() and name in (focused.inner_text(), focused.get_attribute("name")):
                return
        raise AssertionError(f"{name} cannot be reached")

    keys = tab
    if kind == "usage_cap":
        tab_to(frame, "Upgrade")
        keys.keyboard.press("Enter")
        expect(tab.get_by_role("heading", name="Upgrade?")).to_be_visible()
        tab_to(tab, "Upgrade now")
        keys.keyboard.press("Enter")
        expect(tab.get_by_role("heading", name="Choose your plan")).to_be_visible()
        return
    tab_to(frame, "Not now")
    tab.goto(tab.url)
    place: Page | FrameLocator = frame
    if size == "small":
        tab_to(frame, "Invite" if kind == "invite_teammates" else "Make the link")
        with tab.context.expect_page() as opened:
            tab.keyboard.press("Enter")
        keys = opened.value
        place = keys
    if kind == "invite_teammates":
        tab_to(place, "addresses")
        keys.keyboard.type("bob@initech.example")
        tab_to(place, "Make their links")
        keys.keyboard.press("Enter")
        expect(place.get_by_label("bob@initech.example")).to_be_visible()
    else:
        if size != "small":
            tab_to(place, "Make the link")
            keys.keyboard.press("Enter")
        expect(place.get_by_label("Link to copy")).to_be_visible()


def states(server: Server, language: Language) -> dict[str, str]:
    """The path of every page that opens by its address, named."""
    pages = {}
    for kind in KINDS:
        for size in SIZES:
            path = pages[f"{kind} {size}"] = prompt(server, kind, size=size, member=f"{language}-{size}")
            if kind == "invite_teammates":
                pages[f"form {size}"] = f"{path}/invite"
            elif kind == "share_with_team":
                pages[f"link {size}"] = str(press(server, path, "share").headers["location"])
            else:
                hidden = prompt(server, kind, size=size, member=f"{language}-{size}-away")
                press(server, hidden, "dismiss")
                pages[f"hidden {size}"] = hidden
    pages["upgrade"] = f"{prompt(server, plan='Business')}/upgrade"
    return pages


@pytest.mark.parametrize("language", list(Language))
def test_every_page_in_every_language_for_every_eye(chrome: Browser, server: Server, language: Language) -> None:
    context = chrome.new_context(base_url=server.config.base_url, bypass_csp=True, locale=str(language))
    context.set_default_timeout(15_000)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    def look(name: str) -> None:
        sound(page.content())
        assert page.locator("html").get_attribute("lang") == language, name
        for width, scheme in ((320, "light"), (640, "dark")):
            page.set_viewport_size({"width": width, "height": 400})
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            assert violations(page) == [], (name, scheme)
            assert overflow(page) <= 0, (name, width, sticking_out(page))

    for name, path in states(server, language).items():
        page.goto(path, wait_until="load")
        look(name)
        if name.startswith("form"):
            for typed in ("wrong, and wrong", f"{name.replace(' ', '-')}@initech.example"):
                page.locator("#addresses").fill(typed)
                with page.expect_navigation(wait_until="load"):
                    page.locator(".inviting .button").click()
                look(f"{name}: {typed}")
    assert all(url.startswith(server.config.base_url) for url in asked), "a page asks no host but its own"
    context.close()


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_shows_all_of_what_it_asks_without_scrolling(
    chrome: Browser, server: Server, kind: str, language: Language
) -> None:
    context = chrome.new_context(base_url=server.config.base_url, bypass_csp=True, locale=str(language))
    page = context.new_page()
    more = {"plan": "Business"} if kind == "usage_cap" else {}
    for size in SIZES:
        made = answer_of(server, kind, size=size, **more)
        page.set_viewport_size({"width": made["width"], "height": made["height"]})
        page.goto(made["url"])
        inner = page.evaluate("[document.documentElement.scrollHeight, innerHeight]")
        assert inner[0] <= inner[1], (size, inner)
    context.close()


def test_it_rests_and_reads_where_colours_are_forced(chrome: Browser, server: Server) -> None:
    context = chrome.new_context(
        base_url=server.config.base_url, bypass_csp=True, forced_colors="active", reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(prompt(server))
    button = page.locator(".button")
    assert page.evaluate("getComputedStyle(document.querySelector('.button')).transitionDuration") == "0s"
    assert button.is_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('meter')).borderTopWidth") == "1px"
    context.close()


def test_in_w3m(server: Server, tmp_path: Path) -> None:
    w3m = text_browser("w3m")

    def read(*tail: str) -> str:
        return run(tmp_path, w3m, "-o", "accept_encoding=identity", *tail)

    cap = server.config.base_url + prompt(server, plan="Business")
    first = read("-dump", cap)
    assert "46 of 50 seats used" in first
    assert "Upgrade to Business" in first
    assert "Not now" in first
    before = read("-dump", f"{cap}/upgrade")
    assert "billing.acme.example" in before
    invite = server.config.base_url + prompt(server, "invite_teammates")
    form = tmp_path / "form"
    token = proof(read("-dump_source", invite), "invite")
    form.write_text(urlencode({"csrf_token": token, "website": "", "addresses": "bob@initech.example"}))
    made = read("-dump", "-post", str(form), f"{invite}/invite")
    assert "Their links are ready" in made
    assert "bob@initech.example" in made
    assert "Nothing to do" not in made
