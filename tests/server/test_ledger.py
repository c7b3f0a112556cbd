"""The ledger: everything acknowledged is counted, exactly, and stays."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from factories import ANN, Server, element, form_token
from passalong.domain.event import Actor, Event, EventKind
from passalong.domain.lead import Lead
from passalong.domain.share import Claims
from passalong.errors import Unavailable
from passalong.store.db import database_at
from passalong.store.ledger import Entry, Ledger
from passalong.store.reports import Reports
from passalong.store.sqlite_connection import Writer

SHARES = [Claims("report", "initech", "hard", nonce=str(n)) for n in range(3)]


@asynccontextmanager
async def ledger_in(folder: Path) -> AsyncIterator[tuple[Ledger, Reports]]:
    db = database_at(engine.database_for(folder))
    await db.open()
    ledger = Ledger(db)
    ledger.start()
    try:
        yield ledger, Reports(db)
    finally:
        await ledger.stop()
        await db.close()


def event(
    kind: EventKind = EventKind.VIEW, share: int = 0, day: int = 20261121, visitor: int = 1, **more: Any
) -> Event:
    claims = SHARES[share]
    told = {"actor": Actor.HUMAN, "customer": "initech", "mechanic": "hard", "asset": "report", **more}
    return Event(at_ms=day, day=day, kind=kind, share=claims.share, visitor=visitor, **told)


def lead(email: str, share: int = 0) -> Lead:
    return Lead(
        id=f"lead-{email}-{share}",
        email=email,
        email_key=email,
        domain="umbrella.example",
        share=SHARES[share].share,
        customer="initech",
        mechanic="hard",
        asset="report",
        created_at_ms=1,
    )


EVENTS = st.builds(
    event,
    kind=st.sampled_from(EventKind),
    share=st.integers(0, 2),
    day=st.sampled_from([20261130, 20261201]),
    # A visitor's hash is another one every day.
    visitor=st.just(0),
    actor=st.sampled_from(Actor),
    customer=st.sampled_from(["initech", "globex"]) | st.none(),
    mechanic=st.sampled_from(["hard", "soft"]) | st.none(),
    asset=st.sampled_from(["report"]) | st.none(),
    hop=st.integers(0, 8),
    ref=st.sampled_from(["1", "2"]),
) | st.builds(
    lambda share, day, who, step: event(
        share=share, day=day, visitor=day * 10 + who, kind=EventKind.STEP if step else EventKind.VIEW, ref=step
    ),
    share=st.integers(0, 2),
    day=st.sampled_from([20261130, 20261201]),
    who=st.integers(1, 3),
    step=st.sampled_from([None, "1", "2"]),
)
ENTRIES = st.builds(
    lambda e, known, who: Entry(e, None if known else SHARES[0], lead(f"{who}@umbrella.example") if who else None),
    EVENTS,
    st.booleans(),
    st.sampled_from([None, None, "ann", "bob"]),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(ENTRIES, max_size=60), st.sets(st.integers(0, 59), max_size=6))
def test_every_counter_says_what_the_ledger_says_however_events_arrive(
    entries: list[Entry], given_up: set[int]
) -> None:
    async def play(folder: Path) -> None:
        async with asyncio.timeout(30), ledger_in(folder) as (ledger, reports):
            waiting = [asyncio.ensure_future(ledger.append(entry)) for entry in entries]
            await asyncio.sleep(0)
            for place in given_up & set(range(len(waiting))):
                waiting[place].cancel()
            said = await asyncio.gather(*waiting, return_exceptions=True)
            assert all(isinstance(one, str | None | asyncio.CancelledError) for one in said), said
            for entry, one in zip(entries, said, strict=True):
                if entry.lead and not isinstance(one, asyncio.CancelledError):
                    assert one
                    assert entry.lead.email_key in one
            # A waiter that went away took nothing back, and stands in nobody's way.
            assert await ledger.append(Entry(event())) is None
            assert await ledger.last_seq() == len(entries) + 1
            assert await reports.verify() == []
            assert await reports.integrity() == []

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(Path(folder)))


MEASURES = ("n", "visits", "micro", "amount_minor")
CONVERSION = """
  INSERT INTO conversions (id, external_id, kind, digest, occurred_at_ms, day, amount_minor, currency, attributed,
                           sample, recorded_at_ms)
  VALUES ('c', 'D-1', 'opportunity', '', 1, 20261121, 500, 'EUR', 1, 0, 1);
  INSERT INTO credits VALUES ('c', 0, 'opportunity', 20261121, 'EUR', 'initech', 'hard', NULL, 'report', NULL, 0, NULL,
                              1000000, 500, 'observed', 'new_logo', 'Because.');
"""


async def test_a_counter_that_was_meddled_with_is_found(tmp_path: Path) -> None:
    database = engine.database_for(tmp_path)
    async with ledger_in(tmp_path) as (ledger, reports):
        await ledger.append(Entry(event()))
        await ledger.append(Entry(event(visitor=2)))
        await ledger.append(Entry(event(visitor=2, kind=EventKind.STEP, ref="1")))
        await ledger.append(Entry(event(kind=EventKind.LEAD), SHARES[0], lead("ann@umbrella.example")))
        for statement in CONVERSION.split(";")[:-1]:
            engine.execute(database, statement)
        assert await reports.verify() == []
        counters = {
            table: set(MEASURES) & columns
            for table, columns in engine.columns(database).items()
            if {"n", "micro"} & columns and table not in ("credits", "happened")
        }
        assert len(counters) >= 12
        for counter, measures in counters.items():
            kept = engine.execute(database, f"SELECT * FROM {counter}")
            assert kept, counter
            meddlings = [f"UPDATE {counter} SET {measure} = {measure} + 1" for measure in measures]
            for meddling in (*meddlings, f"DELETE FROM {counter}"):
                engine.execute(database, meddling)
                differences = await reports.verify()
                assert {difference.counter for difference in differences} == {counter}, meddling
                assert all(difference.kept != difference.rebuilt for difference in differences)
                marks = ",".join("?" * len(kept[0]))
                engine.execute(database, f"DELETE FROM {counter}")
                engine.execute_many(database, f"INSERT INTO {counter} VALUES ({marks})", kept)
                assert await reports.verify() == []


async def test_what_is_not_counted_yet_is_no_difference(tmp_path: Path) -> None:
    """Events that another process appends while one verifies are counted a moment later, and no counter lies."""
    database = engine.database_for(tmp_path)
    async with ledger_in(tmp_path) as (ledger, reports):
        await ledger.append(Entry(event(), SHARES[0]))
        assert await reports.verify() == []
        engine.happened(database, SHARES[0].share, "view", [2, 3], at_ms=1, day=20261121)
        with engine.held(database):  # nobody can count them now
            assert await reports.verify() == []
        assert await reports.verify() == []
        assert engine.execute(database, "SELECT n FROM mechanic_days WHERE kind = 'view'") == [(3,)]


async def test_what_happened_cannot_be_changed_or_taken_back(tmp_path: Path) -> None:
    async with ledger_in(tmp_path) as (ledger, _):
        await ledger.append(Entry(event()))
    database = engine.database_for(tmp_path)
    for statement in ("UPDATE events SET kind = 'lead'", "DELETE FROM events"):
        with pytest.raises(engine.REFUSED, match="append-only"):
            engine.execute(database, statement)
    assert engine.execute(database, "SELECT count(*) FROM events") == [(1,)]


async def test_stopping_stores_what_is_queued_and_takes_no_more(tmp_path: Path) -> None:
    async with ledger_in(tmp_path) as (ledger, _):
        waiting = [asyncio.ensure_future(ledger.append(Entry(event(visitor=n)))) for n in range(300)]
        await asyncio.sleep(0)
        await ledger.stop()
        assert await asyncio.gather(*waiting) == [None] * 300
        assert await ledger.last_seq() == 300
        with pytest.raises(Unavailable):
            await ledger.append(Entry(event()))


def test_while_the_database_is_locked_pages_show_forms_wait_and_nothing_is_lost(server: Server) -> None:
    server.viewer.timeout = 30
    path, other = server.share(), server.share()
    token = form_token(server.viewer.get(path).text)
    values = {"csrf_token": token, "website": "", **ANN}
    with engine.held(server.config.database):
        for address in (path, other):
            page = server.viewer.get(address)
            assert page.status_code == 200
            assert page.headers["passalong-event"] == "none; reason=not-stored"
        form = server.viewer.post(f"{path}/gate", data=values)
        assert form.status_code == 503
        assert int(form.headers["retry-after"]) > 0
        assert element(form.text, "email").get("value") == ANN["email"]
        assert "set-cookie" not in form.headers
        followed = server.viewer.get(f"{path}/go")
        assert followed.status_code == 303
        assert "pa_click=" in followed.headers["location"]
        minted = {"asset": "report", "customer": "initech", "mechanic": "hard"}
        refused = server.api.post("/api/v1/shares", json=minted)
        assert refused.status_code == 503
        assert refused.headers["content-type"] == "application/problem+json"
        assert int(refused.headers["retry-after"]) > 0
        unready = server.viewer.get("/readyz")
        assert unready.status_code == 503
        assert unready.text == "not ready\ndatabase: The database is locked; nothing was stored.\n"
        assert server.viewer.get("/healthz").status_code == 200
    assert server.viewer.get("/readyz").status_code == 200
    assert server.viewer.get(other).headers["passalong-event"] == "view"
    assert server.viewer.post(f"{path}/gate", data=values).status_code == 303
    assert server.happened() == [("view", "human"), ("view", "human"), ("lead", "human")]


def test_the_first_visitor_of_a_day_on_a_locked_database_sees_the_page_too(server: Server, clock: Any) -> None:
    server.viewer.timeout = 30
    path = server.share(mechanic="soft")
    clock.ms += 86_400_000
    with engine.held(server.config.database):
        page = server.viewer.get(path)
        assert page.status_code == 200
        assert page.headers["passalong-event"] == "none; reason=not-stored"
    server.viewer.get(path)
    server.viewer.get(path)
    assert (server.counts("soft")["views"], server.counts("soft")["visits"]) == (2, 1)


@pytest.mark.sqlite
async def test_others_are_served_while_the_database_is_locked(tmp_path: Path) -> None:
    database = tmp_path / "passalong.db"
    async with ledger_in(tmp_path):
        pass
    writer = Writer(
        lambda: sqlite3.connect(database, isolation_level=None, check_same_thread=False), iter_chunk_size=64
    )
    async with writer:
        for n in range(3):
            await writer.append([event(visitor=n + 1)])
        with engine.held(str(database)):
            waiting = asyncio.create_task(writer.append([event(visitor=4)]))
            for _ in range(20):  # were the loop held up, nobody would let go in time
                await asyncio.sleep(0.001)
            assert not waiting.done()
        await waiting
        await writer.append([event(visitor=5)])
    assert engine.execute(str(database), "SELECT visitor FROM events ORDER BY seq") == [(n + 1,) for n in range(5)]
