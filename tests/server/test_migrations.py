"""A database of every earlier version, with data in it, opens with this one and says what it said."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from passalong.store.migrate import Engine, migrations
from passalong.store.reports import Reports
from passalong.store.sqlite import SqliteDatabase

NEWEST = migrations(Engine.SQLITE)[-1][0]
DAYS = (20261130, 20261201, 20261202)

pytestmark = pytest.mark.sqlite


def database_of(version: int, path: Path) -> None:
    """A database as that version left it: a few hundred events, counted by that version's own triggers."""
    dice = random.Random(version)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for number, script in migrations(Engine.SQLITE):
            if number <= version:
                db.executescript(f"BEGIN;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")
        db.execute("INSERT INTO shares VALUES ('s0', 'report', 'initech', 'hard', 'link', NULL, NULL, 0, NULL, 'n', 1)")
        for _ in range(300):
            kind, actor = dice.choice(["view", "lead", "click", "opportunity"]), dice.choice(["human", "human", "bot"])
            day, visitor = dice.choice(DAYS), dice.randrange(8)
            who = (f"s{dice.randrange(3)}", dice.choice(["initech", "globex"]), dice.choice(["hard", None]), "report")
            last, marked = (", last", ", 1") if version < 12 else ("", "")
            db.execute(
                f"""INSERT INTO events (at_ms, day, kind, actor, share, customer, mechanic, asset, hop, visitor{last})
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?{marked})""",
                (day, day, kind, actor, *who, visitor and day * 10 + visitor),
            )


@pytest.mark.parametrize("version", range(1, NEWEST + 1))
async def test_an_older_database_is_brought_up_to_date_and_loses_nothing(tmp_path: Path, version: int) -> None:
    path = tmp_path / "passalong.db"
    database_of(version, path)
    db = SqliteDatabase(path)
    await db.open()
    try:
        reports = Reports(db)
        assert await reports.verify() == []
        assert await reports.integrity() == []
        row = await db.read_one("SELECT count(*) AS n FROM events")
        assert row is not None
        assert row["n"] == 300
        views = await db.read_one(
            """SELECT sum(visits) AS visits, (SELECT count(*) FROM (
                 SELECT DISTINCT visitor, share FROM events WHERE kind = 'view' AND actor = 'human' AND visitor <> 0
               )) AS people FROM share_months WHERE kind = 'view'"""
        )
        assert views is not None
        assert views["visits"] == views["people"] > 0
        [found] = [dict(r) for r in await db.read("PRAGMA user_version")]
        assert found == {"user_version": NEWEST}
    finally:
        await db.close()


async def test_credits_of_before_are_kept_with_their_touchpoints(tmp_path: Path) -> None:
    path = tmp_path / "passalong.db"
    database_of(2, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for n, evidence, lead in (
            (1, "observed", "l1"),
            (2, "inferred", "l1"),
            (3, "declared", None),
            (4, "observed", None),
        ):
            db.execute(
                "INSERT INTO conversions VALUES (?, ?, 'opportunity', '', 9, 20261201, 500, 'EUR', NULL, NULL, 0, 9)",
                (f"c{n}", f"D-{n}"),
            )
            share = None if evidence == "declared" else "s0"
            db.execute(
                "INSERT INTO credits VALUES (?, 0, 'initech', 'hard', ?, 'report', NULL, 0, ?, 1000000, 500, ?, "
                "'new_logo', 'Because.')",
                (f"c{n}", share, lead, evidence),
            )
        db.execute("INSERT INTO contacts VALUES ('c1', 2, 'l1')")
        db.execute(
            "INSERT INTO conversions VALUES ('c5', 'D-5', 'won', '', 9, 20261201, 5, 'JPY', NULL, 'Nobody.', 0, 9)"
        )
    db_ = SqliteDatabase(path)
    await db_.open()
    try:
        assert await Reports(db_).verify() == []
        rows = await db_.read("SELECT conversion, via, contact, customer FROM touchpoints ORDER BY conversion")
        assert [tuple(row) for row in rows] == [
            ("c1", "contact", 2, "initech"), ("c2", "domain", 0, "initech"), ("c3", "heard_from", 0, "initech"),
            ("c4", "click", 0, "initech"),
        ]  # fmt: skip
        rows = await db_.read("SELECT conversion, version, json_array_length(credits) FROM evaluations ORDER BY 1")
        assert [tuple(row) for row in rows] == [("c1", 1, 1), ("c2", 1, 1), ("c3", 1, 1), ("c4", 1, 1), ("c5", 1, 0)]
        rows = await db_.read("SELECT attributed, sum(n), sum(amount_minor) FROM conversion_months GROUP BY attributed")
        assert [tuple(row) for row in rows] == [(0, 1, 5), (1, 4, 2000)]
    finally:
        await db_.close()


async def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    async def schema() -> list[tuple[object, ...]]:
        db = SqliteDatabase(tmp_path / "passalong.db")
        await db.open()
        try:
            return [tuple(row) for row in await db.read("SELECT type, name, sql FROM sqlite_master ORDER BY name")]
        finally:
            await db.close()

    assert await schema() == await schema()
