"""The machine's clock is set by an hour or a day, in either direction, while people are at work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from factories import ANN, SAFARI, Server, form_token, rfc3339
from passalong.app import opened, wire

pytestmark = pytest.mark.faults

HOUR_MS = 3_600_000
JUMPS = {"an hour back": -HOUR_MS, "an hour on": HOUR_MS, "a day back": -24 * HOUR_MS, "a day on": 24 * HOUR_MS}

jumps = pytest.mark.parametrize("by_ms", JUMPS.values(), ids=JUMPS.keys())
Browser = Callable[..., httpx2.Client]


def verify(server: Server) -> dict[str, Any]:
    async def look() -> dict[str, Any]:
        async with opened(wire(server.config)) as services:
            return {
                "differences": await services.reports.verify(),
                "damage": await services.reports.integrity(),
            }

    return asyncio.run(look())


@jumps
def test_pages_open_and_everything_is_counted_once(server: Server, clock: Any, by_ms: int) -> None:
    share = server.share()
    before = [server.viewer.get(share).status_code for _ in range(3)]
    clock.ms += by_ms
    after = [server.viewer.get(share).status_code for _ in range(3)]
    clock.ms -= by_ms
    again = [server.viewer.get(share).status_code for _ in range(3)]
    assert {*before, *after, *again} == {200}
    assert len(server.happened("view")) == 9
    assert verify(server) == {"differences": [], "damage": []}


@jumps
def test_a_form_that_was_open_may_be_sent(server: Server, clock: Any, browser: Browser, by_ms: int) -> None:
    share, visitor = server.share(), browser()
    page = visitor.get(share).text
    clock.ms += by_ms
    answer = visitor.post(f"{share}/gate", data={"csrf_token": form_token(page), "website": "", **ANN})
    if answer.status_code != 303:  # a form may get old: then it comes back filled in, and goes through when sent again
        assert answer.status_code in (403, 422)
        assert ANN["email"] in answer.text
        again = {"csrf_token": form_token(answer.text), "website": "", **ANN}
        answer = visitor.post(f"{share}/gate", data=again)
    assert answer.status_code == 303
    assert [lead["email"] for lead in server.leads()] == [ANN["email"]]


@jumps
def test_who_has_passed_the_gate_stays_in(server: Server, clock: Any, browser: Browser, by_ms: int) -> None:
    share, visitor = server.share(), browser()
    server.admit(share, visitor)
    assert visitor.get(f"{share}/file").status_code == 200
    clock.ms += by_ms
    assert visitor.get(f"{share}/file").status_code == 200


@jumps
def test_credits_follow_what_was_said_of_times(server: Server, clock: Any, browser: Browser, by_ms: int) -> None:
    server.admit(server.share(), browser(SAFARI))
    touched = clock()
    clock.ms += by_ms
    report = {"occurred_at": rfc3339(touched + 60_000), "emails": [ANN["email"]]}
    amount = {"amount_minor": 100_000, "currency": "EUR"}
    [credit] = server.convert("D-1", amount=amount, **report)["credits"]
    assert credit["customer"] == "initech"
    assert verify(server) == {"differences": [], "damage": []}


@jumps
def test_the_tail_loses_nothing(server: Server, clock: Any, by_ms: int) -> None:
    share = server.share()
    server.viewer.get(share)
    last = server.api.get("/api/v1/events").json()["last_seq"]
    clock.ms += by_ms
    server.viewer.get(share)
    clock.ms -= by_ms
    server.viewer.get(share)
    news = server.api.get(f"/api/v1/events?after={last}").json()["items"]
    assert [event["kind"] for event in news] == ["view", "view"]
    assert [event["seq"] for event in news] == sorted(event["seq"] for event in news)


@jumps
def test_a_mechanic_that_was_killed_stays_dead_and_can_be_revived(server: Server, clock: Any, by_ms: int) -> None:
    share, said = server.share(), {"by": "Mara", "reason": "Enough."}
    assert server.api.post("/api/v1/mechanics/hard/kill", json=said).status_code == 200
    clock.ms += by_ms
    assert 'name="csrf_token"' not in server.viewer.get(share).text
    assert server.api.post("/api/v1/mechanics/hard/revive", json=said).status_code == 200
    assert 'name="csrf_token"' in server.viewer.get(share).text
    kinds = [decision["kind"] for decision in server.api.get("/api/v1/mechanics/hard").json()["decisions"]]
    assert {"kill", "revive"} <= set(kinds)
