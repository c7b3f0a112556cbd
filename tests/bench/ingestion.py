"""How fast the ledger takes events, against two ceilings that store the same events as safely and count nothing:
a raw group commit (64 waiters, one writer, plain inserts) and SQLite alone (nobody waits for anything).

    python tests/bench/ingestion.py CORE FOLDER SLICES SECONDS

Prints a line of JSON for each slice, in shuffled rounds. All write the same events with the same pragmas in
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
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import aiosqlite
import msgspec
import uvloop

from passalong.domain.event import Actor, Event, EventKind
from passalong.store.ledger import Entry, Ledger
from passalong.store.sqlite import PRAGMAS, SqliteDatabase

WAITERS = 64
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


class RawGroupCommit:
    """What one would write in an afternoon: requests queue, one writer inserts and commits whatever is there."""

    def __init__(self, db: aiosqlite.Connection) -> None:
        self._db = db
        self._queue: list[tuple[Event, asyncio.Future[None]]] = []
        self._wake = asyncio.Event()
        self._insert = _plain_insert()

    def append(self, event: Event) -> Awaitable[None]:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append((event, future))
        self._wake.set()
        return future

    async def run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            batch, self._queue = self._queue, []
            await self._db.execute("BEGIN IMMEDIATE")
            await self._db.executemany(self._insert, [msgspec.structs.astuple(event) for event, _ in batch])
            await self._db.commit()
            for _, future in batch:
                future.set_result(None)


async def by_waiters(append: Callable[[Event], Awaitable[object]], seconds: float, number: Callable[[], int]) -> int:
    """Events stored by 64 waiters, each with one event under way at a time."""
    end = time.perf_counter() + seconds
    stored = 0

    async def wait_in_line() -> None:
        nonlocal stored
        while time.perf_counter() < end:
            await append(event(number()))
            stored += 1

    await asyncio.gather(*(wait_in_line() for _ in range(WAITERS)))
    return stored


def by_sqlite(db: sqlite3.Connection, seconds: float, number: Callable[[], int]) -> int:
    """The same events, a batch of 64 and a commit at a time."""
    insert = _plain_insert()
    end = time.perf_counter() + seconds
    stored = 0
    while time.perf_counter() < end:
        db.execute("BEGIN IMMEDIATE")
        db.executemany(insert, [msgspec.structs.astuple(event(number())) for _ in range(WAITERS)])
        db.execute("COMMIT")
        stored += WAITERS
    return stored


def _plain_insert() -> str:
    marks = ",".join("?" * len(_COLUMNS))
    return f"INSERT INTO events ({','.join(_COLUMNS)}) VALUES ({marks})"


def bare_database(path: Path, like: Path) -> sqlite3.Connection:
    """The ledger's table alone, as the migrations make it: no triggers, no index, no counters."""
    with closing(sqlite3.connect(like)) as db:
        (table,) = db.execute("SELECT sql FROM sqlite_master WHERE name = 'events' AND type = 'table'").fetchone()
    bare = sqlite3.connect(path, isolation_level=None)
    for pragma in PRAGMAS:
        bare.execute(f"PRAGMA {pragma}")
    bare.execute(table)
    return bare


async def main(core: int, folder: Path, slices: int, seconds: float) -> None:
    os.sched_setaffinity(0, {core})
    numbers = iter(range(10**12))
    db = SqliteDatabase(folder / "ledger.db")
    await db.open()
    ledger = Ledger(db)
    ledger.start()
    bare = bare_database(folder / "bare.db", folder / "ledger.db")
    bare_database(folder / "group.db", folder / "ledger.db").close()
    grouped = await aiosqlite.connect(folder / "group.db", isolation_level=None)
    for pragma in PRAGMAS:
        await grouped.execute(f"PRAGMA {pragma}")
    group = RawGroupCommit(grouped)
    writer = asyncio.create_task(group.run())
    try:
        for pair in range(slices + 1):
            for what in random.sample(("ledger", "group", "bare"), 3):
                began, used = time.perf_counter(), time.process_time()
                if what == "ledger":
                    stored = await by_waiters(lambda event: ledger.append(Entry(event)), seconds, numbers.__next__)
                elif what == "group":
                    stored = await by_waiters(group.append, seconds, numbers.__next__)
                else:
                    stored = by_sqlite(bare, seconds, numbers.__next__)
                took, used = time.perf_counter() - began, time.process_time() - used
                if pair:  # the first pair warms up
                    said = {"what": what, "pair": pair, "per_s": stored / took, "cpu_us": used / stored * 1e6}
                    print(json.dumps(said), flush=True)
    finally:
        bare.close()
        writer.cancel()
        await grouped.close()
        await ledger.stop()
        await db.close()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
