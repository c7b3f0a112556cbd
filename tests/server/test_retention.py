"""What is kept for long enough is put away: kind by kind, by the clock, and not a day before."""

from __future__ import annotations

from typing import Any

import pytest

from engine import execute
from factories import ANN, Server, eventually, rfc3339
from passalong.domain.instant import DAY_MS
from passalong.domain.retention import Retention

HOUR_MS = 3_600_000


def rows(server: Server, sql: str) -> list[tuple[Any, ...]]:
    return execute(server.config.database, sql)


def n(server: Server, table: str, where: str = "1 = 1") -> int:
    return int(rows(server, f"SELECT count(*) FROM {table} WHERE {where}")[0][0])


def after(clock: Any, days: float) -> None:
    """So many days pass, and the hour in which a server has a look."""
    clock.ms += int(days * DAY_MS) + HOUR_MS


@pytest.mark.settings(retention=Retention(leads_days=30))
def test_a_lead_of_whom_nothing_is_heard_any_more_is_erased(server: Server, browser: Any, clock: Any) -> None:
    path = server.share()
    gone, stays = browser(), browser()
    server.admit(path, gone)
    server.admit(path, stays, email="bob@umbrella.example", name="Bob")
    clock.ms += 20 * DAY_MS
    stays.get(path)  # by the cookie of its pass, a view of that lead
    after(clock, 11)
    eventually(lambda: {lead["email"] for lead in server.leads()} == {"", "bob@umbrella.example"})
    noted = rows(server, "SELECT api_key, action FROM audit WHERE action = 'erase_lead'")
    assert noted == [("retention", "erase_lead")]
    assert server.counts("hard")["leads"] == 2, "totals stay"
    after(clock, 20)
    eventually(lambda: {lead["email"] for lead in server.leads()} == {""})


@pytest.mark.settings(retention=Retention(signals_days=100, plays_days=50))
def test_signals_and_closed_plays_are_deleted(server: Server, clock: Any) -> None:
    def look() -> None:
        """Waits until the hour's look has been had: it also puts kept answers away."""
        eventually(lambda: n(server, "idempotency") == 0)

    def hear(id: str) -> None:
        body = {"external_id": id, "customer": "initech", "kind": "product.export", "occurred_at": rfc3339(clock())}
        answer = server.api.post("/api/v1/signals", json=body, headers={"idempotency-key": id})
        assert answer.status_code == 201, answer.text

    hear("old")
    for id, state, closed_ms in (("shut", "done", clock()), ("open", "open", None)):
        execute(
            server.config.database,
            """INSERT INTO plays (id, customer, rule, kind, title, owner, why, created_at_ms, expires_at_ms, state,
                 closed_at_ms) VALUES (?, 'globex', 'r', ?, 't', 'o', 'w', ?, ?, ?, ?)""",
            *(id, id, clock(), clock() + 1000 * DAY_MS, state, closed_ms),
        )
    after(clock, 49)
    look()
    hear("young")
    assert n(server, "plays", "id IN ('shut', 'open')") == 2
    after(clock, 2)
    eventually(lambda: rows(server, "SELECT id FROM plays WHERE id IN ('shut', 'open')") == [("open",)])
    after(clock, 50)
    eventually(lambda: rows(server, "SELECT external_id FROM signals") == [("young",)])


@pytest.mark.settings(retention=Retention(audit_days=10))
def test_the_audit_trail_ends_where_the_settings_say(server: Server, clock: Any) -> None:
    assert n(server, "audit", "action = 'put_mechanic'") > 0
    after(clock, 11)
    eventually(lambda: n(server, "audit", "action = 'put_mechanic'") == 0)


def test_what_keeps_people_apart_is_thrown_away_though_nobody_comes_any_more(server: Server, clock: Any) -> None:
    server.viewer.get(server.share())
    assert n(server, "salts") == 1
    eventually(lambda: n(server, "visits") == 1)
    answered = {"idempotency-key": "one"}
    body = {"asset": "report", "customer": "initech", "mechanic": "hard"}
    server.api.post("/api/v1/shares", json=body, headers=answered).raise_for_status()
    assert n(server, "idempotency") == 1
    after(clock, 3)
    eventually(lambda: n(server, "salts") == n(server, "visits") == n(server, "idempotency") == 0)


def test_without_settings_nothing_is_put_away_that_somebody_may_want(server: Server, clock: Any) -> None:
    server.admit(server.share())
    acts = n(server, "audit")
    after(clock, 3000)
    eventually(lambda: n(server, "salts") == 0)
    assert [lead["email"] for lead in server.leads()] == [ANN["email"]]
    assert n(server, "audit") == acts
