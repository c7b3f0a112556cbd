"""What every answer says about itself, whichever door it left by."""

from __future__ import annotations

import re

import httpx2
import pytest

from factories import FIREFOX, Server
from passalong.app import create_app
from passalong.settings import Settings
from passalong.web.front import PATHS

EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE")


def addresses(config: Settings, token: str) -> list[str]:
    """Every route of the application, with a link that lives and with one that does not, and some that are none."""
    paths = {route.path for route in create_app(config).litestar.routes}
    paths |= {path.replace("{step}", "1") for path in PATHS.values()}
    paths |= {"/nowhere", "/", "/s/", "/api/v1/nothing"}
    filled = {re.sub(r"\{[^}]*\}", "nothing", path) for path in paths}
    return sorted(filled | {re.sub(r"\{[^}]*\}", "nothing", path.replace("{token:str}", token)) for path in paths}
                  | {path.replace("{token}", token) for path in paths if "{token}" in path})  # fmt: skip


def answers(server: Server) -> list[httpx2.Response]:
    token = server.share().rpartition("/")[2]
    found = []
    for address in addresses(server.config, token):
        for method in METHODS:
            key = {"authorization": server.api.headers["authorization"]} if "/api/" in address else {}
            headers = {"user-agent": FIREFOX, "accept": "*/*", **key}
            with server.viewer.stream(method, address, headers=headers) as answer:
                found.append(answer)
    return found


def test_every_answer_of_every_door_says_what_a_browser_may_do_with_it(server: Server) -> None:
    found = answers(server)
    assert len(found) > 800
    assert {answer.status_code for answer in found} >= {200, 204, 303, 400, 401, 404, 405, 422}
    for answer in found:
        said = {name: answer.headers.get(name) for name in EVERYWHERE}
        assert said == EVERYWHERE, answer.request
        assert "camera=()" in answer.headers["permissions-policy"], answer.request
        assert answer.headers["cross-origin-resource-policy"] in ("same-origin", "cross-origin"), answer.request
        assert "strict-transport-security" not in answer.headers, "not over http"
        names = [name.lower() for name, _ in answer.headers.multi_items() if name.lower() != "set-cookie"]
        assert len(names) == len(set(names)), f"{answer.request}: a header twice: {names}"


def test_what_programs_read_is_kept_nowhere_and_shown_nowhere(server: Server) -> None:
    for answer in answers(server):
        if answer.request.url.path.startswith(("/api/", "/hooks/")):
            assert "no-store" in answer.headers["cache-control"], answer.request
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        if "frame-ancestors 'none'" in answer.headers.get("content-security-policy", ""):
            assert answer.headers["x-frame-options"] == "DENY", answer.request


def test_pictures_may_be_shown_by_others_and_pages_may_not(server: Server) -> None:
    share = server.share()
    for picture in ("card.png", "qr.svg", "qr.png", "badge.svg"):
        assert server.viewer.get(f"{share}/{picture}").headers["cross-origin-resource-policy"] == "cross-origin"
    assert server.viewer.get(share).headers["cross-origin-resource-policy"] == "same-origin"
    framed = share.replace("/s/", "/e/")
    assert server.viewer.get(framed).headers["cross-origin-resource-policy"] == "cross-origin"


@pytest.mark.settings(base_url="https://share.acme.example")
def test_over_https_every_answer_says_so(server: Server) -> None:
    for answer in answers(server):
        assert answer.headers["strict-transport-security"] == "max-age=31536000", answer.request
