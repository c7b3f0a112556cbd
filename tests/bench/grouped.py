"""What a conversion costs SQLite alone: the rows that the API has stored, inserted once more into a database like it,
in groups of 64 and a commit each, with its indexes and triggers, nobody asking and nobody waiting; counted once, at the
end.

    python tests/bench/grouped.py CORE DATABASE

Prints a line of JSON: how many a second, and the CPU time that each took.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from passalong.store.sqlite import PRAGMAS, SqliteDatabase
from passalong.store.sqlite_transaction import COUNT

GROUP = 64
MOST = 5_000
TIMES = 3
Rows = list[tuple[Any, ...]]
_OF_A_CONVERSION = {
    "conversions": "id",
    "contacts": "conversion",
    "touchpoints": "conversion",
    "credits": "conversion",
    "evaluations": "conversion",
}
"""The tables that it is stored in, and the column that says which it is. Its event is found by its name."""


def main(stored: Path) -> None:
    with closing(sqlite3.connect(f"file:{stored}?mode=ro", uri=True)) as source:
        shares = source.execute("SELECT * FROM shares").fetchall()
        names = source.execute(f"SELECT id, external_id FROM conversions ORDER BY id LIMIT {MOST}").fetchall()
        groups = [_rows(source, names[n : n + GROUP]) for n in range(0, len(names), GROUP)]
    took = [_inserted(shares, groups) for _ in range(TIMES)]
    wall_s, cpu_s = (statistics.median(each) for each in zip(*took, strict=True))
    print(json.dumps({"per_s": len(names) / wall_s, "cpu_us": cpu_s / len(names) * 1e6}))


def _inserted(shares: Rows, groups: list[dict[str, Rows]]) -> tuple[float, float]:
    """Seconds on the clock and of the CPU."""
    with tempfile.TemporaryDirectory(prefix="passalong-bench-") as folder:
        like = Path(folder) / "like.db"
        asyncio.run(_made(like))
        with closing(sqlite3.connect(like, isolation_level=None)) as db:
            for pragma in PRAGMAS:
                db.execute(f"PRAGMA {pragma}")
            _insert(db, "shares", shares)
            began, used = time.perf_counter(), time.process_time()
            for group in groups:
                db.execute("BEGIN IMMEDIATE")
                for table, rows in group.items():
                    _insert(db, table, rows)
                db.execute("COMMIT")
            db.execute(COUNT)
            return time.perf_counter() - began, time.process_time() - used


async def _made(like: Path) -> None:
    empty = SqliteDatabase(like)
    await empty.open()
    await empty.close()


def _rows(source: sqlite3.Connection, names: list[tuple[str, str]]) -> dict[str, Rows]:
    marks = ",".join("?" * len(names))
    ids = [id for id, _ in names]
    found = {
        table: source.execute(f"SELECT * FROM {table} WHERE {column} IN ({marks})", ids).fetchall()
        for table, column in _OF_A_CONVERSION.items()
    }
    events = source.execute(f"SELECT * FROM events WHERE ref IN ({marks})", [name for _, name in names]).fetchall()
    return found | {"events": events}


def _insert(db: sqlite3.Connection, table: str, rows: Rows) -> None:
    if rows:
        db.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows)


if __name__ == "__main__":
    os.sched_setaffinity(0, {int(sys.argv[1])})
    main(Path(sys.argv[2]))
