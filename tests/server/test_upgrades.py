"""A database of every earlier version with something in every table: brought up to date, it has lost no row of any, its
counters are what the ledger says, and a server goes on with it."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from passalong.store.migrate import Engine, migrations
from passalong.store.reports import Reports
from passalong.store.sqlite import SqliteDatabase
from serving import Clock, serving

pytestmark = pytest.mark.sqlite

VERSIONS = [number for number, _ in migrations(Engine.SQLITE)]
ROWS = 4
COUNTERS = {
    "counted", "mechanic_days", "customer_months", "customer_totals", "share_totals", "share_months", "step_months",
    "visits", "links", "spread_parts", "spread_months", "pipeline_parts", "pipeline_months", "pipeline_grades",
    "pipeline_customers", "conversion_months",
}  # fmt: skip
"""What triggers fill, as events, shares, conversions and credits come."""
SCRATCH = {"happened"}
"""What they empty again in the same statement."""
NOUNS: dict[str, dict[str, Any]] = {
    "brand": {"id": "acme", "name": "Acme", "accent": "#0b5fff", "home_url": "https://acme.example"},
    "customer": {"id": "initech", "name": "Initech", "domains": ["initech.example"]},
    "mechanic": {
        "key": "hard", "kind": "shared_asset", "title": "Reports", "owner": "Mara", "brand": "acme",
        "gate": {"mode": "none"}, "cta": None, "target_per_1000": 10, "floor_days": 90, "launched_at_ms": 1,
    },
    "asset": {"id": "report", "title": "Report", "kind": "page", "source": {"markdown": "Hello"}},
    "revocation": {"share": "s4", "at_ms": 1, "by": "me"},
}  # fmt: skip
OF_A_KIND: dict[str, object] = {
    "customer": "initech", "mechanic": "hard", "asset": "report", "day": 20261101, "month": 202611, "currency": "EUR",
    "evidence": "observed", "motion": "new_logo", "via": "click", "channel": "link", "extra": '{"x_a": "b"}',
    "credits": "[]", "domains": "[]", "decisions": "[]", "detail": "{}", "rule": None, "verdict": None,
    "first_visit_day": None, "last_visit_day": None, "produced": None, "fallback": None, "destination": "webhook",
    "model": "origin", "cause": "recorded", "hop": 0, "withdrawn": 0, "sample": 0, "attributed": 1,
    "erased_at_ms": None, "parent": None, "told": None, "suspect": 0, "opted_out": 0, "answered": 0, "named": 0,
    "touched": 1, "by_utm": 0, "page": "tracked", "result": "done",
}  # fmt: skip
"""What columns of these names hold; all others something of their own for each row."""
KIND_OF = {
    "decisions": "keep", "plays": "expansion_prompt", "pieces": "talk", "signals": "product.export",
    "dismissals": "usage_cap",
}  # fmt: skip
"""What is said under `kind`, where that is not `opportunity`."""


def tables(db: sqlite3.Connection) -> dict[str, str]:
    found = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    return dict(found.fetchall())


def columns(db: sqlite3.Connection, table: str) -> list[tuple[str, str, bool, bool]]:
    """Name, type, whether it may be NULL, and whether it is a number that the file gives itself."""
    info = db.execute(f"PRAGMA table_info({table})").fetchall()
    alone = sum(bool(key) for *_, key in info) == 1
    return [(name, kind, not full, alone and bool(key) and kind == "INTEGER") for _, name, kind, full, _, key in info]


def value(table: str, sql: str, name: str, kind: str, nullable: bool, n: int) -> object:
    if choices := re.search(rf"CHECK \({name} IN \(([^)]*)\)\)", sql):
        every = re.findall(r"'([^']*)'", choices[1])
        return every[n % len(every)]
    if name in OF_A_KIND and (table, name) != ("pauses", "destination") and (nullable or OF_A_KIND[name] is not None):
        return OF_A_KIND[name]
    if name == "conversion":
        return f"conversions-{n}"
    if name in ("lead", "leads"):
        return f"leads-{n}"
    if name == "share":
        return f"s{n}"
    if name == "kind":
        return KIND_OF.get(table, "opportunity")
    if kind == "INTEGER":
        return 1_700_000_000_000 + n if name.endswith("_ms") else n
    if kind in ("REAL", "BLOB"):
        return float(n) if kind == "REAL" else b"%d" % n
    return f"{table}-{n}" if name == "id" else f"{name} {n}"


def events(kinds: Sequence[str]) -> Iterator[tuple[object, ...]]:
    for n in range(200):
        kind = kinds[n % len(kinds)]
        lead = f"leads-{n % ROWS}" if kind == "lead" else None
        yield (
            n, 20261101 + n % 3, kind, "bot" if n % 7 == 0 else "human", f"s{n % ROWS}", "initech",
            "hard" if n % 11 else None, "report", n % 2, n % 6, lead, str(n % 4) if kind == "step" else None,
        )  # fmt: skip


def filled(version: int, path: Path) -> None:
    """A database as that version left it, with rows in every table that it has."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA foreign_keys = ON")
        for number, script in migrations(Engine.SQLITE):
            if number <= version:
                db.executescript(f"BEGIN;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")
        db.execute("BEGIN")
        for noun, body in NOUNS.items():
            id = body.get("id") or body.get("key") or body["share"]
            db.execute("INSERT INTO catalog VALUES (?, ?, ?, 1, 1)", (noun, id, json.dumps(body)))
        db.execute("UPDATE generation SET value = 1")
        own = {"events", "catalog", "generation", "meta"} | COUNTERS | SCRATCH
        first = ("shares", "conversions", "leads")  # others refer to them
        every = tables(db)
        for table in [*first, *(name for name in every if name not in first)]:
            if table in own:
                continue
            kinds = [c for c in columns(db, table) if not c[3]]
            names, marks = ", ".join(name for name, *_ in kinds), ", ".join("?" * len(kinds))
            for n in range(ROWS):
                row = [value(table, every[table], name, kind, nullable, n) for name, kind, nullable, _ in kinds]
                db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", row)
        db.execute("INSERT INTO meta VALUES ('something', 'kept') ON CONFLICT DO NOTHING")
        last, marked = (", last", ", 1") if version < 12 else ("", "")  # it counted them all, row by row
        db.executemany(
            f"""INSERT INTO events (at_ms, day, kind, actor, share, customer, mechanic, asset, hop, visitor, lead,
                  ref{last}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?{marked})""",
            events(("view", "click", "lead", "opportunity", *(["step"] if version > 1 else []))),
        )
        if version >= 12:
            db.execute("UPDATE counted SET seq = (SELECT max(seq) FROM events)")
        db.execute("COMMIT")


Contents = dict[str, tuple[list[str], Counter[tuple[object, ...]]]]
"""Of each table its columns and how often it has each row."""


def contents(path: Path) -> Contents:
    with closing(sqlite3.connect(path)) as db:
        return {
            table: ([name for name, *_ in columns(db, table)], Counter(db.execute(f"SELECT * FROM {table}")))
            for table in tables(db)
        }


def lost(before: Contents, after: Contents) -> dict[str, list[tuple[object, ...]]]:
    """Rows of before that are there no more, by those columns that are still there."""
    found = {}
    for table, (names, rows) in before.items():
        if table not in after:
            continue
        kept, left = after[table]
        shared = [name for name in names if name in kept]

        def only(
            of: list[str], counted: Counter[tuple[object, ...]], shared: list[str] = shared
        ) -> Counter[tuple[object, ...]]:
            places = [of.index(name) for name in shared]
            told: Counter[tuple[object, ...]] = Counter()
            for row, n in counted.items():
                told[tuple(row[place] for place in places)] += n
            return told

        if gone := only(names, rows) - only(kept, left):
            found[table] = sorted(gone, key=repr)
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_every_table_of_that_version_has_rows(tmp_path: Path, version: int) -> None:
    """So that the test below means something; a new table needs nothing but a plausible value for its columns."""
    filled(version, tmp_path / "passalong.db")
    empty = [table for table, (_, rows) in contents(tmp_path / "passalong.db").items() if not rows]
    assert set(empty) <= SCRATCH


@pytest.mark.parametrize("version", VERSIONS)
async def test_an_upgrade_loses_no_row_and_counts_as_the_ledger_does(tmp_path: Path, version: int) -> None:
    path = tmp_path / "passalong.db"
    filled(version, path)
    before = contents(path)
    db = SqliteDatabase(path)
    await db.open()
    try:
        reports = Reports(db)
        assert await reports.verify() == []
        assert await reports.integrity() == []
    finally:
        await db.close()
    after = contents(path)
    assert lost(before, after) == {}
    gone = before.keys() - after.keys()
    assert gone <= {"share_totals"}, "what `share_months` tells by month"
    if gone:
        [(_, totals)] = [before["share_totals"]]
        assert sum(row[3] * n for row, n in totals.items()) == sum(
            row[4] * n for row, n in after["share_months"][1].items()
        )


ASKED = (
    "metric", "mechanics", "customers", "leads", "conversions", "shares", "outbox", "plays", "reviews", "advocacy",
    "audit", "events?after=0", "theater",
)  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
def test_a_server_goes_on_with_it(tmp_path: Path, version: int) -> None:
    filled(version, tmp_path / "passalong.db")
    with serving(tmp_path, Clock()) as server:
        assert server.viewer.get(server.share()).headers["passalong-event"] == "view"
        for asked in ASKED:
            answer = server.api.get(f"/api/v1/{asked}")
            assert answer.status_code == 200, (asked, answer.text)
        assert server.counts("hard")["views"] > 1
