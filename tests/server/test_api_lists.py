"""Lists and their cursors, posts and their repetition, the tail of the ledger."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from factories import Server, mechanic


def paged(server: Server, path: str, limit: int) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor = None
    while True:
        params = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        answer = server.api.get(path, params=params)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= limit
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return items
        assert len(page["items"]) == limit


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 200])
def test_pages_show_everything_once_and_in_order(
    server: Server, browser: Callable[..., httpx2.Client], clock: Any, limit: int
) -> None:
    path = server.share()
    for n in range(5):
        clock.ms += n % 2  # two leads may come in the same millisecond
        assert server.submit(path, browser(), email=f"n{n}@umbrella.example", name=f"N{n}").status_code == 303
    leads = paged(server, "/api/v1/leads", limit)
    assert {lead["name"] for lead in leads} == {"N0", "N1", "N2", "N3", "N4"}
    order = [(lead["created_at"], lead["id"]) for lead in leads]
    assert order == sorted(order, reverse=True)
    assert [c["id"] for c in paged(server, "/api/v1/customers", limit)] == ["globex", "initech"]
    assert [m["key"] for m in paged(server, "/api/v1/mechanics", limit)] == ["hard", "open", "plain", "soft", "strict"]


@pytest.mark.parametrize("path", ["leads", "customers", "mechanics"])
def test_a_cursor_or_limit_that_is_none_is_refused_by_name(server: Server, path: str) -> None:
    for cursor in ("x", "%%%", "WyJhIl0", "eyJ9", "MQ"):
        refused = server.api.get(f"/api/v1/{path}", params={"cursor": cursor})
        assert refused.status_code == 422
        assert [fault["field"] for fault in refused.json()["faults"]] == ["cursor"]
    for limit in ("0", "-1", "201", "ten"):
        refused = server.api.get(f"/api/v1/{path}", params={"limit": limit})
        assert refused.status_code in (400, 422)
        assert [fault["field"] for fault in refused.json()["faults"]] == ["limit"]


def test_leads_can_be_narrowed_to_one_customer(server: Server, browser: Callable[..., httpx2.Client]) -> None:
    for customer in ("initech", "globex"):
        server.submit(server.share(customer=customer), browser(), email=f"x@{customer}-fan.example", name="X")
    found = server.api.get("/api/v1/leads", params={"customer": "globex"}).json()["items"]
    assert [lead["email"] for lead in found] == ["x@globex-fan.example"]


def test_the_tail_shows_each_event_once_and_waits_for_the_next(server: Server) -> None:
    path = server.share()
    for _ in range(3):
        server.viewer.get(path)
    first = server.api.get("/api/v1/events", params={"after": 0, "limit": 2}).json()
    rest = server.api.get("/api/v1/events", params={"after": first["last_seq"]}).json()
    kinds = [event["kind"] for event in first["items"] + rest["items"]]
    assert kinds == ["share", "view", "view", "view"]
    assert server.api.get("/api/v1/events", params={"limit": 1}).json()["items"] == rest["items"][-1:]
    nothing = server.api.get("/api/v1/events", params={"after": rest["last_seq"]}).json()
    assert nothing == {"items": [], "last_seq": rest["last_seq"]}
    heard: list[dict[str, Any]] = []
    asked = {"after": rest["last_seq"], "wait": 10}
    waiting = threading.Thread(target=lambda: heard.append(server.api.get("/api/v1/events", params=asked).json()))
    waiting.start()
    server.viewer.get(f"{path}/go")
    waiting.join(timeout=9)
    assert [event["kind"] for event in heard[0]["items"]] == ["click"]


BODY = {"asset": "report", "customer": "initech", "mechanic": "hard"}


def minted(server: Server, name: str, **more: Any) -> httpx2.Response:
    return server.api.post("/api/v1/shares", json={**BODY, **more}, headers={"idempotency-key": name})


def test_a_repeated_post_is_answered_and_not_done_again(server: Server, clock: Any) -> None:
    first, second, other = minted(server, "one"), minted(server, "one"), minted(server, "two")
    assert first.status_code == second.status_code == 201
    assert second.json() == first.json()
    assert second.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert other.json()["share"] != first.json()["share"]
    assert len([e for e in server.events() if e["kind"] == "share"]) == 2
    conflict = minted(server, "one", channel="email")
    assert conflict.status_code == 409
    assert conflict.headers["content-type"] == "application/problem+json"
    assert minted(server, "x" * 200).status_code == 422
    clock.ms += 25 * 3_600_000
    assert minted(server, "one").json()["share"] != first.json()["share"]


def test_a_refused_post_may_be_put_right_under_the_same_name(server: Server) -> None:
    assert minted(server, "one", mechanic="none").status_code == 422
    assert minted(server, "one").status_code == 201


def test_another_keys_answers_are_not_shown(server: Server) -> None:
    first = minted(server, "one").json()
    _, integrator = server.key("integrator")
    _, reader = server.key("reader")
    post = {"json": BODY, "url": "/api/v1/shares"}
    theirs = server.api.post(**post, headers={**integrator, "idempotency-key": "one"})
    assert theirs.json()["share"] != first["share"]
    assert server.api.post(**post, headers={**reader, "idempotency-key": "one"}).status_code == 403
    nobody = {"authorization": "Bearer pak_guess", "idempotency-key": "one"}
    assert server.api.post(**post, headers=nobody).status_code == 401


def test_the_same_post_many_times_at_once_is_done_once(server: Server) -> None:
    shares: list[str] = []
    senders = [
        threading.Thread(target=lambda: shares.append(minted(server, "race").json().get("share", ""))) for _ in range(8)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert len({share for share in shares if share}) == 1
    assert len([e for e in server.events() if e["kind"] == "share"]) == 1


def test_a_snippet_cannot_break_out_of_the_page_it_is_pasted_into(server: Server) -> None:
    title = 'A "quoted" [title] <b> \\'
    server.api.put("/api/v1/assets/odd", json={"title": title, "kind": "page", "source": {"markdown": "x"}})
    answer = server.api.post("/api/v1/shares", json={**BODY, "asset": "odd", "mechanic": "open"}).json()
    quoted = "A &quot;quoted&quot; [title] &lt;b&gt; \\"
    assert answer["snippets"]["html"].startswith(
        f'<a href="{answer["url"]}"><img src="{answer["card_url"]}" alt="{quoted}"'
    )
    assert answer["snippets"]["iframe"].startswith(f'<iframe src="{answer["embed_url"]}" title="{quoted}"')
    assert answer["snippets"]["badge"].startswith(f'[![A "quoted" \\[title\\] <b> \\\\]({answer["badge_url"]})]')
    assert answer["snippets"]["markdown"] == f'[A "quoted" \\[title\\] <b> \\\\]({answer["url"]})'


def test_putting_again_replaces_and_keeps_what_belongs_to_the_past(server: Server, clock: Any) -> None:
    before = server.api.get("/api/v1/mechanics/hard").json()
    clock.ms += 60_000
    server.api.put("/api/v1/mechanics/hard", json=mechanic(title="Renamed"))
    after = server.api.get("/api/v1/mechanics/hard").json()
    assert after["title"] == "Renamed"
    assert after["gate"]["mode"] == "none"
    assert after["launched_at"] == before["launched_at"]
    kept = server.api.put("/api/v1/assets/report", json={"title": "New title", "kind": "file"}).json()
    assert (kept["title"], kept["ready"], kept["file"]["name"]) == ("New title", True, "Q3 report.pdf")
