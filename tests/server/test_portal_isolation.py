"""Nobody sees another customer's pages: every route of the portal, found in the application, tried by strangers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from factories import ADMIN_KEY, Server, form_token, picture, settings_for, words
from passalong.app import create_app
from passalong.domain import portal as tokens
from passalong.domain.token import Keyring, Purpose
from portal import COOKIE, enter, made_in_portal, portal_link

Browser = Callable[..., httpx2.Client]

OPEN = {"/portal/{}", "/portal/goodbye", "/portal/style.css", "/portal/preview.css"}
"""What needs no session: the way in has a token of its own, the others show nothing of anybody's."""
OF_A_CUSTOMER = {
    "/portal/new/{}",
    "/portal/picture/{}",
    "/portal/mark/{}",
    "/portal/shares/{}",
    "/portal/shares/{}/revoke",
}
"""What names a thing in its path: these must ask whose it is."""


def routes(folder: Path) -> Iterator[tuple[str, str]]:
    """Method and path of everything under /portal, parameters as {}."""
    app = create_app(settings_for(folder), operator_key=ADMIN_KEY)
    for route in app.litestar.routes:
        if route.path.startswith("/portal"):
            for method in sorted(getattr(route, "methods", ())):
                if method != "OPTIONS":
                    yield method, re.sub(r"\{[^}]*\}", "{}", route.path)


@pytest.fixture
def guarded(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    found = [(method, path) for method, path in routes(tmp_path_factory.mktemp("app")) if path not in OPEN]
    assert {"/portal", "/portal/new", "/portal/brand", "/portal/leave"} | OF_A_CUSTOMER <= {path for _, path in found}
    return found


class Things:
    """What belongs to a customer: an asset, a share, and a mark that was uploaded and not saved."""

    def __init__(self, server: Server, client: httpx2.Client, customer: str) -> None:
        self.asset, self.client = f"{customer}-only", client
        steps = [{"image": "a.png"}]
        tour = {"title": f"For {customer}", "kind": "walkthrough", "customer": customer, "source": {"steps": steps}}
        server.api.put(f"/api/v1/assets/{self.asset}", json=tour).raise_for_status()
        file = ("a.png", picture(size=(60, 40)))
        server.api.post(f"/api/v1/assets/{self.asset}/files", files={"file": file}).raise_for_status()
        self.share = made_in_portal(enter(server, client, customer), self.asset)
        values = {"csrf_token": form_token(client.get("/portal/brand").text), "do": "preview", "accent": ""}
        preview = client.post("/portal/brand", data=values, files={"logo": ("m.png", picture(size=(40, 40)))})
        self.mark = preview.text.partition("/portal/mark/")[2].partition('"')[0]

    def at(self, path: str) -> str:
        things = {"new": self.asset, "picture": self.asset, "mark": self.mark}
        return path.replace("{}", things.get(path.removeprefix("/portal/").partition("/")[0], self.share))


def ask(client: httpx2.Client, method: str, path: str, token: str = "", **headers: str) -> httpx2.Response:
    if method != "POST":
        return client.request(method, path, headers=headers)
    values = {"csrf_token": token, "channel": "email", "expires": "never", "mechanic": "hard", "accent": "#aa0000"}
    return client.post(path, data=values, headers=headers)


def test_without_a_session_there_is_one_page_and_no_loop(
    server: Server, browser: Browser, clock: Any, guarded: list[tuple[str, str]]
) -> None:
    initech = Things(server, browser(), "initech")
    session = initech.client.cookies[COOKIE]
    token = form_token(initech.client.get("/portal").text)
    keyring = Keyring(server.config.signing_keys)
    long_ago = clock() - tokens.SESSION_MAX_AGE_MS - 1
    sessions = {
        "none": "",
        "forged": session[:-2] + ("AA" if not session.endswith("AA") else "BB"),
        "of another key": tokens.issue(Keyring(["x" * 40]), Purpose.PORTAL_SESSION, "initech", "acme", clock()),
        "expired": tokens.issue(keyring, Purpose.PORTAL_SESSION, "initech", "acme", long_ago),
        "from the future": tokens.issue(keyring, Purpose.PORTAL_SESSION, "initech", "acme", clock() + 3_600_000),
        "of nobody": tokens.issue(keyring, Purpose.PORTAL_SESSION, "nobody", "acme", clock()),
        "a link": portal_link(server).removeprefix("/portal/"),
    }
    with httpx2.Client(base_url=server.address) as stranger:
        for name, value in sessions.items():
            cookie = {"cookie": f"{COOKIE}={value}"} if value else {}
            for method, path in guarded:
                answer = ask(stranger, method, initech.at(path), token, **cookie)
                assert answer.status_code == 401, (name, method, path)
                assert "location" not in answer.headers
                if method != "HEAD":
                    assert "Open your pages again from" in words(answer.text)
                    assert "initech" not in answer.text.lower()
    assert "live" in words(initech.client.get(f"/portal/shares/{initech.share}").text)


def test_another_customer_s_things_are_as_if_they_did_not_exist(
    server: Server, browser: Browser, guarded: list[tuple[str, str]]
) -> None:
    initech, globex = (Things(server, browser(), customer) for customer in ("initech", "globex"))
    before = initech.client.get(f"/portal/shares/{initech.share}").text
    token = form_token(globex.client.get("/portal").text)
    tried = [(method, path) for method, path in guarded if "{}" in path]
    assert {path for _, path in tried} == OF_A_CUSTOMER, "a new route must say here whose its things are"
    for method, path in tried:
        foreign, unknown = (
            ask(globex.client, method, where, token)
            for where in (initech.at(path), path.replace("{}", "aaaaaaaaaaaaaaaa"))
        )
        own = ask(initech.client, method, initech.at(path), "") if method != "POST" else None
        assert (foreign.status_code, unknown.status_code) == (404, 404), (method, path)
        assert foreign.content == unknown.content
        assert own is None or own.status_code == 200
    for path in ("/portal", "/portal/new", "/portal/brand"):
        page = globex.client.get(path).text
        assert "initech" not in page.lower()
        assert initech.share not in page
    assert re.sub('value="[^"]*"', "", initech.client.get(f"/portal/shares/{initech.share}").text) == re.sub(
        'value="[^"]*"', "", before
    )


def test_a_form_of_another_customer_s_visit_opens_nothing(
    server: Server, browser: Browser, guarded: list[tuple[str, str]]
) -> None:
    initech, globex = (Things(server, browser(), customer) for customer in ("initech", "globex"))
    token = form_token(globex.client.get("/portal").text)
    for method, path in guarded:
        if method == "POST":
            assert ask(initech.client, method, initech.at(path), token).status_code == 422, path
    assert "live" in words(initech.client.get(f"/portal/shares/{initech.share}").text)


def test_what_is_open_shows_nothing_of_anybody(server: Server, browser: Browser) -> None:
    Things(server, browser(), "initech")
    with httpx2.Client(base_url=server.address) as stranger:
        for path in ("/portal/goodbye", "/portal/goodbye?brand=acme", "/portal/goodbye?brand=%3Cscript%3E"):
            answer = stranger.get(path)
            assert answer.status_code == 200
            assert "initech" not in answer.text.lower()
            assert "<script>" not in answer.text
        for path in ("/portal/style.css", "/portal/preview.css?accent=%23aabbcc"):
            assert stranger.get(path).headers["content-type"].startswith("text/css")
