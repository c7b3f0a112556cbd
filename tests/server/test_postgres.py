"""PostgreSQL as the second engine: moving there, several servers on one database, and what it refuses."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

import engine
import postgres
from commands import run
from factories import ANN, SIGNING_KEY, Server, eventually, rfc3339
from passalong.domain.address import without_password
from passalong.domain.event import Actor, Event, EventKind
from passalong.errors import Unusable
from passalong.store.catalog import Catalog
from passalong.store.ledger import Entry, Ledger
from passalong.store.postgres import PostgresDatabase
from passalong.store.reports import Reports
from serving import Clock, serving

pytestmark = pytest.mark.skipif(postgres.programs() is None, reason="no PostgreSQL here")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server of PostgreSQL: that of the run, or one for these tests."""
    if known := os.environ.get(postgres.VARIABLE):
        yield known
        return
    with postgres.postgres() as made:
        os.environ[postgres.VARIABLE] = made
        yield made
        del os.environ[postgres.VARIABLE]


@pytest.fixture
def database(address: str, tmp_path: Path) -> str:
    return postgres.database_for(tmp_path)


def event(visitor: int, day: int = 20261121) -> Event:
    return Event(
        at_ms=day, day=day, kind=EventKind.VIEW, actor=Actor.HUMAN, share="s", customer="initech", mechanic="hard",
        asset="report", visitor=visitor,
    )  # fmt: skip


@pytest.mark.sqlite
def test_a_live_file_moves_to_postgresql_and_both_say_the_same(
    server: Server, browser: Callable[[], httpx2.Client], tmp_path: Path, address: str, clock: Clock
) -> None:
    path = server.share()
    server.admit(path)
    deal = {"external_id": "D-1", "kind": "opportunity", "occurred_at": rfc3339(clock()), "emails": [ANN["email"]]}
    assert server.api.post("/api/v1/conversions", json=deal).status_code == 201
    home = tmp_path / "home"
    home.mkdir()
    (home / "passalong.toml").write_text(
        f'database = "{server.config.database}"\nsigning_keys = {json.dumps(server.config.signing_keys)}\n'
        'timezone = "Europe/Berlin"\n'
    )
    target = postgres.database_for(home)
    first = run(home, "migrate-to", target)
    assert "Both say the same" in first.stdout

    server.admit(path, browser(), email="zoe@umbrella.example", name="Zoë")  # meanwhile
    again = run(home, "migrate-to", target)
    assert "Both say the same" in again.stdout

    with serving(tmp_path / "moved", clock, database=target, uploads=str(server.config.files), seeded=False) as moved:
        assert moved.api.get("/api/v1/leads").json() == server.api.get("/api/v1/leads").json()
        both = [each.api.get("/api/v1/metric").json() for each in (server, moved)]
        assert both[0]["months"] == both[1]["months"]
        moved.admit(path, email="kim@umbrella.example", name="Kim")
        assert len(moved.api.get("/api/v1/leads").json()["items"]) == 3
        copy = tmp_path / "copy.db"
        run(home, "backup", str(copy), environ={"PASSALONG_DATABASE": target})
    restored = tmp_path / "restored"
    restored.mkdir()
    (restored / "passalong.toml").write_text(f'database = "{copy}"\nsigning_keys = ["{SIGNING_KEY}"]\n')
    said = json.loads(run(restored, "verify", "--json").stdout)
    assert (said["differences"], said["damage"]) == ([], [])
    assert engine.execute(copy, "SELECT count(*) FROM leads") == [(3,)]


@pytest.mark.sqlite
def test_what_is_not_counted_yet_is_left_to_the_second_run(server: Server, tmp_path: Path, address: str) -> None:
    """Counters of PostgreSQL move in the statement that appends: what came to it uncounted would stay so."""
    path = server.share()
    server.viewer.get(path)
    [share] = [row["share"] for row in server.api.get("/api/v1/shares").json()["items"]]
    home = tmp_path / "home"
    home.mkdir()
    (home / "passalong.toml").write_text(f'database = "{server.config.database}"\nsigning_keys = ["{SIGNING_KEY}"]\n')
    target = postgres.database_for(home)
    counted = len(server.events())
    server.counts("hard")  # a report: all of them are counted
    engine.happened(server.config.database, share, "view", [7, 8], at_ms=1, day=20261121)
    with engine.held(server.config.database):
        assert "Both say the same" in run(home, "migrate-to", target).stdout
    assert engine.execute(target, "SELECT count(*) FROM events") == [(counted,)]
    assert "Both say the same" in run(home, "migrate-to", target).stdout
    assert engine.execute(target, "SELECT count(*) FROM events") == [(counted + 2,)]


async def test_two_servers_append_at_once_and_nothing_is_lost_or_counted_twice(database: str) -> None:
    """Numbers follow the order of commits, so whoever reads on from a number misses nothing."""
    both = [PostgresDatabase(database), PostgresDatabase(database)]
    for each in both:
        await each.open()
    ledgers = [Ledger(each) for each in both]
    for ledger in ledgers:
        ledger.start()
    seen: list[int] = []

    async def tail() -> None:
        while len(seen) < 600:
            seen.extend(row.seq for row in await ledgers[0].tail(seen[-1] if seen else 0, 50, wait_s=1))

    reader = asyncio.create_task(tail())
    await asyncio.gather(*(ledgers[n % 2].append(Entry(event(n, 20261100 + n % 28 + 1))) for n in range(600)))
    await asyncio.wait_for(reader, 10)
    assert len(set(seen)) == 600
    assert await Reports(both[0]).verify() == []
    for ledger in ledgers:
        await ledger.stop()
    for each in both:
        await each.close()


async def test_what_one_server_changes_another_serves_at_once(database: str) -> None:
    db = PostgresDatabase(database)
    await db.open()
    catalog = Catalog(db, lambda: 0)
    follower = asyncio.create_task(catalog.follow())
    await asyncio.sleep(0.3)  # it listens by now
    loop = asyncio.get_running_loop()
    began = loop.time()
    await asyncio.to_thread(postgres.execute, database, "UPDATE generation SET value = value + 1 RETURNING value")
    while catalog.generation == 0:
        assert loop.time() - began < 0.5, "no word within half a second"
        await asyncio.sleep(0.005)
    follower.cancel()
    await asyncio.gather(follower, return_exceptions=True)
    await db.close()


async def test_a_transaction_that_another_came_between_is_run_again(database: str) -> None:
    """As on engines that shard: twice it is taken back, the third time it passes."""
    for statement in (
        "CREATE SEQUENCE attempts",
        """CREATE FUNCTION came_between() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF nextval('attempts') < 3 THEN RAISE EXCEPTION 'restart' USING ERRCODE = '40001'; END IF;
             RETURN NEW; END $$""",
        "CREATE TRIGGER came_between BEFORE INSERT ON leads FOR EACH ROW EXECUTE FUNCTION came_between()",
        "CREATE TRIGGER came_between BEFORE INSERT ON mechanic_days FOR EACH ROW EXECUTE FUNCTION came_between()",
    ):
        await asyncio.to_thread(postgres.execute, database, statement)
    db = PostgresDatabase(database)
    await db.open()
    ledger = Ledger(db)
    ledger.start()
    await ledger.append(Entry(event(1)))
    await ledger.stop()
    assert await asyncio.to_thread(postgres.execute, database, "SELECT count(*), max(visits) FROM mechanic_days") == [
        (1, 1)
    ]
    assert await Reports(db).verify() == []
    await db.close()


async def test_months_have_parts_of_their_own(database: str) -> None:
    db = PostgresDatabase(database)
    await db.open()
    for day in (20251231, 20261121, 20261122):
        async with db.turn() as turn:
            await turn.append([event(day, day)])
    parts = await db.read(
        "SELECT inhrelid::regclass::text AS part FROM pg_inherits WHERE inhparent = 'events'::regclass ORDER BY 1"
    )
    assert [row["part"] for row in parts] == ["events_202512", "events_202611"]
    assert await Reports(db).verify() == []
    await db.close()


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("postgresql://nobody:s3cret@127.0.0.1:1/x", "cannot be reached"),
        ("{}/not_there", "not_there"),
        ("{}/ascii", "LC_COLLATE 'C'"),
    ],
)
async def test_what_does_not_fit_is_refused_in_words(address: str, place: str, words: str) -> None:
    if "ascii" in place:
        made = "CREATE DATABASE ascii TEMPLATE template0 ENCODING 'SQL_ASCII'"
        await asyncio.to_thread(postgres.execute, f"{address}/postgres", made)
    with pytest.raises(Unusable, match=words) as refused:
        await PostgresDatabase(place.format(address)).open()
    assert "s3cret" not in str(refused.value)


async def test_newer_schemas_are_left_alone(database: str) -> None:
    await asyncio.to_thread(postgres.execute, database, "INSERT INTO schema_version VALUES (99)")
    with pytest.raises(Unusable, match="newer Passalong"):
        await PostgresDatabase(database).open()


def test_passwords_are_never_said() -> None:
    assert without_password("postgresql://u:p@h:5432/n") == "postgresql://u@h:5432/n"
    assert without_password("postgresql://h/n") == "postgresql://h/n"


def test_an_outage_is_said_and_passes(database: str, tmp_path: Path, clock: Clock) -> None:
    """Connections that are cut are replaced: the page says so at worst once, and then serves again."""
    with serving(tmp_path, clock, database=database) as running:
        path = running.share()
        running.viewer.get(path)
        name = database.rpartition("/")[2]
        postgres.execute(
            database.replace(name, "postgres"),
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name,
        )  # fmt: skip
        eventually(lambda: running.admit(path).status_code in (200, 303), within_s=5)
        assert [lead["email"] for lead in running.api.get("/api/v1/leads").json()["items"]] == [ANN["email"]]
