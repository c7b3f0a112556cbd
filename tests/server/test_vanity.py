"""Vanity links: readable, owned once, and never pointed elsewhere in silence."""

from __future__ import annotations

import pytest

from factories import Server


def test_a_slug_leads_to_its_page_whatever_its_case(server: Server) -> None:
    path = server.share(slug="Spring-Report")
    for typed in ("/go/spring-report", "/go/SPRING-REPORT"):
        answer = server.viewer.get(typed)
        assert (answer.status_code, answer.headers["location"]) == (303, path)
    assert server.viewer.head("/go/spring-report").headers["location"] == path
    assert server.happened() == [], "it is the page that counts"


@pytest.mark.parametrize(
    "slug", ["admin", "Portal", "ab", "a" * 65, "-x-", "two--dashes", "sp ace", "ümlaut", "a/b", "..", "", "a_b"]
)
def test_what_no_slug_can_be(server: Server, slug: str) -> None:
    body = {"asset": "report", "customer": "initech", "mechanic": "hard", "slug": slug}
    before = len(server.events())
    answer = server.api.post("/api/v1/shares", json=body)
    assert answer.status_code in (400, 422)
    assert [fault["field"] for fault in answer.json()["faults"]] == ["slug"]
    assert len(server.events()) == before, "no share either"


def test_a_slug_is_taken_once(server: Server) -> None:
    first = server.share(slug="our-talk")
    body = {"asset": "page", "customer": "globex", "mechanic": "open", "slug": "our-talk"}
    answer = server.api.post("/api/v1/shares", json=body)
    assert answer.status_code == 409
    assert "initech" in answer.json()["detail"]
    assert server.viewer.get("/go/our-talk").headers["location"] == first


def test_it_is_pointed_elsewhere_by_an_admin_with_a_reason_and_that_stays_on_record(server: Server) -> None:
    old, new = server.share(slug="our-talk"), server.share("page", "open")
    foreign = server.share("page", "open", customer="globex")
    shares = {path: server.viewer.get(path) and server.events()[-1]["share"] for path in (old, new, foreign)}

    def point(path: str, **more: str) -> int:
        return server.api.put("/api/v1/slugs/our-talk", json={"share": shares[path], **more}).status_code

    assert point(new) == 400, "not without a reason"
    assert point(new, reason=" ") == 422
    assert point(foreign, reason="Mine now") == 409
    assert server.viewer.get("/go/our-talk").headers["location"] == old
    assert point(new, reason="The report moved") == 200
    assert server.viewer.get("/go/our-talk").headers["location"] == new
    history = server.api.get("/api/v1/slugs/our-talk").json()["history"]
    assert [(p["share"], p["reason"]) for p in history] == [(shares[old], ""), (shares[new], "The report moved")]
    assert server.api.put("/api/v1/slugs/nobodys", json={"share": shares[new], "reason": "x"}).status_code == 404
    _, headers = server.key("integrator")
    body = {"share": shares[old], "reason": "Back"}
    assert server.api.put("/api/v1/slugs/our-talk", json=body, headers=headers).status_code == 403


def test_a_slug_that_nobody_has(server: Server) -> None:
    assert server.viewer.get("/go/nothing").status_code == 404


def test_what_it_leads_to_may_be_over(server: Server) -> None:
    path = server.share(slug="our-talk")
    server.viewer.get(path)
    server.api.post(f"/api/v1/shares/{server.events()[-1]['share']}/revoke").raise_for_status()
    answer = server.viewer.get("/go/our-talk", follow_redirects=True)
    assert answer.status_code == 410
