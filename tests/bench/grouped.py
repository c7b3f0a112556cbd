"""What a conversion costs SQLite alone: the rows that the API has stored, inserted once more into a database like it,
in groups of 64 and a commit each, with its indexes and triggers, nobody asking and nobody waiting.

    python tests/bench/grouped.py CORE DATABASE

Prints a line of JSON: how many a second, and the CPU time that each took.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from passalong.store.sqlite import PRAGMAS, SqliteDatabase

GROUP = 64
MOST = 5_000
_OF_A_CONVERSION = {
    "conversions": "id",
    "contacts": "conversion",
    "touchpoints": "conversion",
    "credits": "conversion",
    "evaluations": "conversion",
}
"""The tables that it is stored in, and the column that says which it is. Its event is found by its name."""


async def main(stored: Path) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="passalong-bench-") as folder,
        closing(sqlite3.connect(f"file:{stored}?mode=ro", uri=True)) as source,
    ):
        like = Path(folder) / "like.db"
        empty = SqliteDatabase(like)
        await empty.open()
        await empty.close()
        with closing(sqlite3.connect(like, isolation_level=None)) as db:
            for pragma in PRAGMAS:
                db.execute(f"PRAGMA {pragma}")
            _insert(db, "shares", source.execute("SELECT * FROM shares"))
            names = source.execute(f"SELECT id, external_id FROM conversions ORDER BY id LIMIT {MOST}").fetchall()
            groups = [_rows(source, names[n : n + GROUP]) for n in range(0, len(names), GROUP)]
            began, used = time.perf_counter(), time.process_time()
            for group in groups:
                db.execute("BEGIN IMMEDIATE")
                for table, rows in group.items():
                    _insert(db, table, rows)
                db.execute("COMMIT")
            took, used = time.perf_counter() - began, time.process_time() - used
    print(json.dumps({"per_s": len(names) / took, "cpu_us": used / len(names) * 1e6}))


def _rows(source: sqlite3.Connection, names: list[tuple[str, str]]) -> dict[str, sqlite3.Cursor | list[sqlite3.Row]]:
    source.row_factory = sqlite3.Row
    marks = ",".join("?" * len(names))
    ids = [id for id, _ in names]
    found = {
        table: source.execute(f"SELECT * FROM {table} WHERE {column} IN ({marks})", ids).fetchall()
        for table, column in _OF_A_CONVERSION.items()
    }
    events = source.execute(f"SELECT * FROM events WHERE ref IN ({marks})", [name for _, name in names]).fetchall()
    return found | {"events": events}


def _insert(db: sqlite3.Connection, table: str, rows: sqlite3.Cursor | list[sqlite3.Row]) -> None:
    kept = [tuple(row) for row in rows]
    if kept:
        db.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(kept[0]))})", kept)


if __name__ == "__main__":
    os.sched_setaffinity(0, {int(sys.argv[1])})
    asyncio.run(main(Path(sys.argv[2])))
