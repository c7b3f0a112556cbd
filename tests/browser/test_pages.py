"""Every kind of page: valid, accessible, without scripts, alone with its server, small, and on paper."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import Browser, Page

from factories import ANN, PDF, Server, form_token, mechanic, parsed, picture, rfc3339
from passalong.domain.erasure import issue
from passalong.domain.share import MAX_HOPS, claim, mint
from passalong.domain.token import Keyring
from soundness import overflow, sound, sticking_out, violations

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6364f8cf500f000386018005a8"
    "f4f7da0000000049454e44ae426082"
)
BUDGET = 14_000


def _kill(server: Server, fallback: str) -> str:
    path = server.share(mechanic="strict", asset="page")
    kill = {"reason": "Over", "by": "Mara", "fallback": fallback}
    server.api.post("/api/v1/mechanics/strict/kill", json=kill).raise_for_status()
    return path


def _revoked(server: Server) -> str:
    path = server.share()
    server.viewer.get(path)
    share = server.events()[-1]["share"]
    server.api.post(f"/api/v1/shares/{share}/revoke").raise_for_status()
    return path


def _expired(server: Server, clock: Any) -> str:
    path = server.share(expires_at=rfc3339(clock() + 1000))
    clock.ms += 3_600_000
    return path


def _picture(server: Server) -> str:
    server.api.put("/api/v1/assets/picture", json={"title": "Picture", "kind": "file"}).raise_for_status()
    server.api.post("/api/v1/assets/picture/files", files={"file": ("p.png", PNG)}).raise_for_status()
    return server.share("picture", "open")


def _long(server: Server) -> str:
    word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    table = f"| a | {word} | c |\n|---|---|---|\n| {word} | {word} | x |"
    markdown = f"# {word}\n\n{word}\n\n`{word * 3}`\n\n{table}\n\n    {word * 3}"
    asset = {"title": word, "kind": "page", "summary": word, "source": {"markdown": markdown}}
    server.api.put("/api/v1/assets/long", json=asset).raise_for_status()
    server.api.put("/api/v1/customers/long", json={"name": word, "consent_to_cobrand": True}).raise_for_status()
    fields = [{"name": f"x_{n}", "label": word} for n in range(3)]
    gate = {"mode": "soft", "fields": fields, "consent_text": f"{word} {word}"}
    cta = {"label": word[:60], "url": "https://acme.example"}
    server.api.put("/api/v1/mechanics/long", json=mechanic(gate=gate, cta=cta)).raise_for_status()
    return server.share("long", "long", "long")


def _tour(server: Server, way: str = "open") -> str:
    long = "A step with quite a long title that tells the reader what to do now"
    spots = [
        {"x": 10, "y": 10, "width": 30, "height": 20, "label": "Go on"},
        {"x": 60, "y": 60, "width": 20, "height": 20, "label": "Elsewhere", "target": "https://acme.example/more"},
    ]
    steps = [
        {"image": "a.png", "title": long, "caption": "Press *here*, or `there`.", "chapter": "One", "hotspots": spots},
        {"image": "a.png"},
        {"image": "a.png", "title": "Done", "chapter": "Two"},
    ]
    body = {"title": "A tour of Acme and of everything in it", "kind": "walkthrough", "source": {"steps": steps}}
    server.api.put("/api/v1/assets/tour", json=body).raise_for_status()
    server.api.post("/api/v1/assets/tour/files", files={"file": ("a.png", picture())}).raise_for_status()
    gate = {"mode": "at_step", "step": 2, "fields": [{"name": "name", "required": True}]}
    server.api.put("/api/v1/mechanics/stepped", json=mechanic(title="Stepped", gate=gate)).raise_for_status()
    return server.share("tour", way)


def _own_link(server: Server, path: str) -> str:
    return str(server.viewer.post(f"{path}/pass-along").headers["location"])


def _last_hop(server: Server) -> str:
    path = server.share(mechanic="open")
    for _ in range(MAX_HOPS):
        path = "/s/" + _own_link(server, path).partition("link=")[2]
    return f"{path}/pass-along"


OPENED: dict[str, Callable[[Server, Any], str]] = {
    "file": lambda server, clock: server.share("report", "open"),
    "empty file": lambda server, clock: _empty(server),
    "picture": lambda server, clock: _picture(server),
    "page": lambda server, clock: server.share("page", "open"),
    "link": lambda server, clock: server.share("link", "open"),
    "embed": lambda server, clock: server.share("embed", "open"),
    "community": lambda server, clock: server.share("page", "plain"),
    "hard gate": lambda server, clock: server.share(),
    "strict gate": lambda server, clock: server.share(mechanic="strict"),
    "soft gate": lambda server, clock: server.share(mechanic="soft"),
    "without co-brand": lambda server, clock: server.share(customer="globex"),
    "killed": lambda server, clock: _kill(server, "asset_only"),
    "ended": lambda server, clock: _kill(server, "gone"),
    "revoked": lambda server, clock: _revoked(server),
    "expired": lambda server, clock: _expired(server, clock),
    "forged": lambda server, clock: server.share()[:-1],
    "unknown": lambda server, clock: (
        "/s/" + mint(Keyring(server.config.signing_keys), claim(asset="x", customer="c", mechanic="m"))
    ),
    "nowhere": lambda server, clock: "/nowhere",
    "wrong method": lambda server, clock: server.share() + "/gate",
    "privacy": lambda server, clock: "/privacy",
    "erasure link": lambda server, clock: _erasure_link(server, clock),
    "erasure link of nobody": lambda server, clock: "/privacy/erase/nothing",
    "step": lambda server, clock: _tour(server),
    "middle step": lambda server, clock: f"{_tour(server)}/2",
    "last step": lambda server, clock: f"{_tour(server)}/3",
    "gate at a step": lambda server, clock: f"{_tour(server, 'stepped')}/3",
    "all steps": lambda server, clock: f"{_tour(server, 'stepped')}/all",
    "pass along": lambda server, clock: f"{server.share(mechanic='open')}/pass-along",
    "own link": lambda server, clock: server.viewer.post(f"{server.share(mechanic='open')}/pass-along").headers[
        "location"
    ],
    "last hop": lambda server, clock: _last_hop(server),
    "in a frame": lambda server, clock: server.share().replace("/s/", "/e/"),
    "step in a frame": lambda server, clock: _tour(server).replace("/s/", "/e/"),
    "long words": lambda server, clock: _long(server),
}
"""How each page is reached that opens by its address alone."""


def _erasure_link(server: Server, clock: Any) -> str:
    """As it stands in a letter to somebody who has asked to be erased."""
    server.admit(server.share())
    asked = {"csrf_token": form_token(server.viewer.get("/privacy").text), "email": ANN["email"]}
    server.viewer.post("/privacy/erase", data=asked)
    [waiting] = server.api.get("/api/v1/erasures").json()["items"]
    return f"/privacy/erase/{issue(Keyring(server.config.signing_keys), waiting['id'], clock())}"


def _empty(server: Server) -> str:
    server.api.put("/api/v1/assets/empty", json={"title": "To come", "kind": "file"}).raise_for_status()
    return server.share("empty", "open")


def requests_of(page: Page) -> list[str]:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    return asked


@pytest.fixture
def inspector(chrome: Browser, server: Server) -> Iterator[Page]:
    """A tab in which the test, and nobody else, runs scripts."""
    context = chrome.new_context(
        base_url=server.config.base_url, bypass_csp=True, viewport={"width": 320, "height": 700}
    )
    context.set_default_timeout(15_000)
    # What is framed lies outside, and this test reaches no network.
    context.route(lambda url: not url.startswith(server.config.base_url), lambda route: route.abort())
    yield context.new_page()
    context.close()


def inspect(inspector: Page, asked: list[str], base_url: str, *, framed: str | None = None) -> None:
    """The page that is open, narrow and wide, light and dark."""
    html = inspector.content()
    foreign = {url for url in asked if not url.startswith((base_url, "data:"))}
    assert all(framed and url.startswith(framed) for url in foreign), foreign
    assert overflow(inspector) <= 0, f"at 320 pixels these stick out: {sticking_out(inspector)}"
    for scheme in ("light", "dark"):
        inspector.emulate_media(color_scheme=scheme)
        assert violations(inspector) == [], scheme
    inspector.set_viewport_size({"width": 1280, "height": 800})
    assert overflow(inspector) <= 0
    if 'name="email"' in html:
        inspector.emulate_media(media="print")
        assert not inspector.locator("form").first.is_visible(), "a form is of no use on paper"


@pytest.mark.parametrize("kind", OPENED)
def test_a_page_is_sound_accessible_and_alone(server: Server, clock: Any, inspector: Page, kind: str) -> None:
    path = OPENED[kind](server, clock)
    answer = server.viewer.get(path)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    sound(answer.text)
    asked = requests_of(inspector)
    inspector.goto(path, wait_until="load")
    inspect(inspector, asked, server.config.base_url, framed="https://app.acme.example/" if kind == "embed" else None)


@pytest.mark.parametrize("kind", ["refused entries", "too many", "passed", "remembered", "thanked"])
def test_a_page_that_answers_a_form_is_so_too(server: Server, inspector: Page, kind: str) -> None:
    path = server.share(mechanic="soft" if kind == "thanked" else "hard")
    asked = requests_of(inspector)
    inspector.goto(path)

    def send(email: str, **more: str) -> None:
        inspector.fill("#email", email)
        for name, value in {"name": ANN["name"], **more}.items():
            inspector.fill(f"#{name}", value)
        inspector.locator("form .button").click()

    if kind == "refused entries":
        send("wrong", name="", heard_from="x" * 200)
        assert inspector.locator("[aria-invalid]").count() == 2
    elif kind == "too many":
        server.viewer.headers["user-agent"] = inspector.evaluate("navigator.userAgent")
        for _ in range(20):
            server.submit(path, email="wrong", name="")
        send("wrong")
        assert inspector.get_by_text("Too many").count() == 1
    else:
        send(ANN["email"])
        if kind == "remembered":
            inspector.goto(server.share())
            assert inspector.get_by_role("button", name="Not you?").count() == 1
    sound(inspector.content())
    inspect(inspector, asked, server.config.base_url)


@pytest.mark.parametrize("kind", ["asked", "no address", "too soon", "erased"])
def test_asking_to_be_erased_is_so_too(server: Server, clock: Any, inspector: Page, kind: str) -> None:
    asked = requests_of(inspector)
    if kind in ("too soon", "erased"):
        inspector.goto(_erasure_link(server, clock))
        clock.ms += 5_000 if kind == "erased" else -5_000
    else:
        inspector.goto("/privacy")
        inspector.fill("#email", ANN["email"] if kind == "asked" else "ann@")
    inspector.locator("form .button").click()
    said = {
        "asked": "You have asked to be erased", "no address": "does not look like", "too soon": "press once more",
        "erased": "It is erased",
    }[kind]  # fmt: skip
    assert said in inspector.locator("main").inner_text()
    if kind == "no address":
        assert inspector.get_by_text(said).is_visible()
        top = inspector.evaluate("document.getElementById('erasure').getBoundingClientRect().top")
        assert -5 < top < 500, "the page is where the form is"
    sound(inspector.content())
    inspect(inspector, asked, server.config.base_url)


def test_a_trap_that_was_filled_in_is_explained_to_everyone(server: Server, inspector: Page) -> None:
    """Text browsers and screen readers meet the field for robots too."""
    path = server.share()
    inspector.goto(path)
    inspector.fill("#email", ANN["email"])
    inspector.fill("#name", ANN["name"])
    inspector.evaluate("document.getElementById('website').value = 'https://x.example'")
    inspector.locator("form .button").click()
    field = inspector.locator("#website")
    assert field.is_visible()
    assert "empty" in inspector.locator(f"#{field.get_attribute('aria-describedby')}").inner_text()
    sound(inspector.content())
    assert violations(inspector) == []


@pytest.mark.parametrize(
    "kind",
    [
        "file",
        "page",
        "link",
        "embed",
        "hard gate",
        "strict gate",
        "soft gate",
        "forged",
        "privacy",
        "step",
        "last step",
    ],
)
def test_a_page_with_its_style_fits_in_the_first_round_trip(server: Server, clock: Any, kind: str) -> None:
    path = OPENED[kind](server, clock)
    html = server.viewer.get(path).text
    sheets = [e.get("href", "") for e in parsed(html).iter("link") if e.get("rel") == "stylesheet"]
    assert len(sheets) == 1
    sheet = server.viewer.get(urljoin(path, sheets[0])).text
    assert urlsplit(sheets[0]).netloc == ""
    for address in (path, sheets[0]) if path.startswith("/s/") and kind != "forged" else sheets:
        assert server.viewer.get(address, headers={"accept-encoding": "gzip"}).headers["content-encoding"] == "gzip"
    assert len(gzip.compress(html.encode())) + len(gzip.compress(sheet.encode())) <= BUDGET
    assert "http" not in sheet.replace("http://www.w3.org/2000/svg", "")


def test_what_is_on_paper_is_the_asset(server: Server, inspector: Page) -> None:
    inspector.goto(server.share("page", "soft"))
    inspector.emulate_media(media="print")
    assert inspector.get_by_text("Some text.").is_visible()
    for hidden in (".gate", ".next", ".skip"):
        assert not inspector.locator(hidden).first.is_visible()
    assert inspector.pdf()[:5] == PDF[:5]
