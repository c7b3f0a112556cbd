"""How fast the ledger takes events, against SQLite alone: group commit without counters, triggers or awaiting.

    python tests/bench/ingestion.py CORE FOLDER SLICES SECONDS

Prints a line of JSON for each slice, in shuffled pairs. Both write the same events with the same pragmas in
batches of the same size, each flushed to the disk; beside it the CPU time an event took.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import uvloop

from passalong.domain.event import Actor, Event, EventKind
from passalong.store.db import Database
from passalong.store.ledger import Entry, Ledger

WAITERS = 64
_PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON")
_COLUMNS = Event.__struct_fields__


def event(number: int) -> Event:
    return Event(
        at_ms=time.time_ns() // 1_000_000,
        day=20261121,
        kind=EventKind.VIEW,
        actor=Actor.HUMAN,
        share=f"share-{number % 200:010d}",
        customer="initech",
        mechanic="hard",
        asset="report",
        visitor=number % 5_000 + 1,
    )


async def by_ledger(ledger: Ledger, seconds: float, number: Callable[[], int]) -> int:
    """Events stored by 64 waiters, each with one event under way at a time."""
    end = time.perf_counter() + seconds
    stored = 0

    async def wait_in_line() -> None:
        nonlocal stored
        while time.perf_counter() < end:
            await ledger.append(Entry(event(number())))
            stored += 1

    await asyncio.gather(*(wait_in_line() for _ in range(WAITERS)))
    return stored


def by_sqlite(db: sqlite3.Connection, seconds: float, number: Callable[[], int]) -> int:
    """The same events, a batch of 64 and a commit at a time."""
    marks = ",".join("?" * len(_COLUMNS))
    insert = f"INSERT INTO events ({','.join(_COLUMNS)}, last) VALUES ({marks}, 0)"
    end = time.perf_counter() + seconds
    stored = 0
    while time.perf_counter() < end:
        db.execute("BEGIN IMMEDIATE")
        db.executemany(insert, [msgspec.structs.astuple(event(number())) for _ in range(WAITERS)])
        db.execute("COMMIT")
        stored += WAITERS
    return stored


def bare_database(path: Path, like: Path) -> sqlite3.Connection:
    """The ledger's table alone, as the migrations make it: no triggers, no index, no counters."""
    with closing(sqlite3.connect(like)) as db:
        (table,) = db.execute("SELECT sql FROM sqlite_master WHERE name = 'events' AND type = 'table'").fetchone()
    bare = sqlite3.connect(path, isolation_level=None)
    for pragma in _PRAGMAS:
        bare.execute(f"PRAGMA {pragma}")
    bare.execute(table)
    return bare


async def main(core: int, folder: Path, slices: int, seconds: float) -> None:
    os.sched_setaffinity(0, {core})
    numbers = iter(range(10**12))
    db = Database(folder / "ledger.db")
    await db.open()
    ledger = Ledger(db)
    ledger.start()
    bare = bare_database(folder / "bare.db", folder / "ledger.db")
    try:
        for pair in range(slices + 1):
            for what in random.sample(("ledger", "bare"), 2):
                began, used = time.perf_counter(), time.process_time()
                if what == "ledger":
                    stored = await by_ledger(ledger, seconds, numbers.__next__)
                else:
                    stored = by_sqlite(bare, seconds, numbers.__next__)
                took, used = time.perf_counter() - began, time.process_time() - used
                if pair:  # the first pair warms up
                    said = {"what": what, "pair": pair, "per_s": stored / took, "cpu_us": used / stored * 1e6}
                    print(json.dumps(said), flush=True)
    finally:
        bare.close()
        await ledger.stop()
        await db.close()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
