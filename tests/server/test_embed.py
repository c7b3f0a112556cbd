"""In a frame on somebody else's page: the same journey, no cookie, and only where the brand allows it."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from factories import ANN, Server, form_token, parsed, words


@pytest.fixture
def frame(server: Server) -> str:
    return server.share().replace("/s/", "/e/")


def hosts(server: Server, *allowed: str) -> None:
    brand = {"name": "Acme", "accent": "#0b5fff", "home_url": "https://acme.example", "embed_hosts": list(allowed)}
    server.api.put("/api/v1/brands/acme", json=brand).raise_for_status()


def ancestors(answer: httpx2.Response) -> str:
    policy = answer.headers["content-security-policy"]
    return next(part.strip() for part in policy.split(";") if "frame-ancestors" in part)


def test_the_whole_journey_without_a_cookie(server: Server, frame: str, browser: Any) -> None:
    viewer = browser(cookies=False)
    page = viewer.get(frame)
    assert page.headers["passalong-event"] == "view"
    form = {"csrf_token": form_token(page.text), "website": "", **ANN}
    admitted = viewer.post(f"{frame}/gate", data=form)
    assert admitted.status_code == 303
    assert "set-cookie" not in admitted.headers
    opened = viewer.get(admitted.headers["location"])
    assert "Q3 report.pdf" in opened.text
    links = [a.get("href", "") for a in parsed(opened.text).iter("a")]
    [file] = {link for link in links if "/file?pass=" in link and "download" not in link}
    assert viewer.get(file).content.startswith(b"%PDF-")
    [cta] = {link for link in links if "/go?pass=" in link}
    assert "pa_click" in viewer.get(cta).headers["location"]
    assert [e["lead"] is not None for e in server.events() if e["kind"] == "click"] == [True]


def test_a_refused_form_stays_in_the_frame(server: Server, frame: str) -> None:
    page = server.viewer.get(frame)
    refused = server.viewer.post(
        f"{frame}/gate", data={"csrf_token": form_token(page.text), "email": "x", "website": ""}
    )
    assert refused.status_code == 422
    hosts(server, "docs.acme.example")
    assert f'action="{frame}/gate"' in refused.text


def test_who_may_frame_it(server: Server, frame: str) -> None:
    assert ancestors(server.viewer.get(frame)) == "frame-ancestors 'self'"
    hosts(server, "docs.acme.example", "*.acme.example:8443")
    allowed = "frame-ancestors 'self' docs.acme.example *.acme.example:8443"
    for tail in ("", "/pass-along", "/1", "/all"):
        assert ancestors(server.viewer.get(frame + tail)) == allowed, tail
    assert ancestors(server.viewer.get(frame.replace("/e/", "/s/"))) == "frame-ancestors 'none'"
    assert "x-frame-options" not in server.viewer.get(frame).headers


def test_a_refusal_shows_in_the_frame_too(server: Server, frame: str) -> None:
    hosts(server, "docs.acme.example")
    share = frame.removeprefix("/e/")
    server.viewer.get(frame)
    server.api.post(f"/api/v1/shares/{server.events()[-1]['share']}/revoke").raise_for_status()
    answer = server.viewer.get(f"/e/{share}")
    assert answer.status_code == 410
    assert ancestors(answer) == "frame-ancestors 'self' docs.acme.example"


def test_links_that_leave_the_frame_open_a_page_of_their_own(server: Server) -> None:
    frame = server.share("link", "open").replace("/s/", "/e/")
    html = server.viewer.get(frame).text
    for link in parsed(html).iter("a"):
        href = link.get("href", "")
        inside = href.startswith(("#", frame)) and not href.endswith("/go")
        assert inside or link.get("target") == "_blank", href
        assert inside or "noopener" in link.get("rel", ""), href
    assert "Open on its own page" in words(html)


def test_the_same_person_on_both_doors_is_one_visit(server: Server) -> None:
    path = server.share(mechanic="open")
    server.viewer.get(path)
    server.viewer.get(path.replace("/s/", "/e/"))
    counts = server.counts("open")
    assert (counts["views"], counts["visits"]) == (2, 1)


def test_a_pass_from_the_frame_forwarded_is_a_branch_in_the_frame(server: Server, frame: str, browser: Any) -> None:
    ann, bob = browser(cookies=False), browser("Mozilla/5.0 (Macintosh) Safari/605.1", cookies=False)
    page = ann.get(frame)
    form = {"csrf_token": form_token(page.text), "website": "", **ANN}
    location = ann.post(f"{frame}/gate", data=form).headers["location"]
    answer = bob.get(location)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/e/")
    assert answer.headers["location"] != frame
