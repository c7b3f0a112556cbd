"""Where one database ends: what each engine takes in durably, by one server process and by two.

    make engines [ARGS="--seconds 10"]

64 waiters in each process append events to the ledger through the store's own method; every event is on the disk before
its waiter goes on, and counted. SQLite is a file that the processes share; PostgreSQL is a server beside them on this
machine, with `fsync` on, so that on a machine of its own it would do better. Slices of both come in turns; the figure
is their median. A month's report is then asked of each.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvloop
from ingestion import event
from rich import box
from rich.console import Console
from rich.table import Table

from passalong.store.db import Database, database_at
from passalong.store.ledger import Entry, Ledger

sys.path.insert(0, str(Path(__file__).parents[1]))
import postgres

WAITERS = 64


async def append(where: str, seconds: float, first: int) -> int:
    """One process: how many events it has stored in so many seconds."""
    db = database_at(where)
    await db.open()
    ledger = Ledger(db)
    ledger.start()
    numbers = iter(range(first, first + 10**9))
    stored = 0
    end = time.perf_counter() + seconds

    async def waiter() -> None:
        nonlocal stored
        while time.perf_counter() < end:
            await ledger.append(Entry(event(next(numbers))))
            stored += 1

    await asyncio.gather(*(waiter() for _ in range(WAITERS)))
    await ledger.stop()
    await db.close()
    return stored


def slice_of(where: str, processes: int, seconds: float, first: int) -> float:
    """Events a second, of so many processes together."""
    running = [
        subprocess.Popen(
            [sys.executable, __file__, "--append", where, "--seconds", str(seconds), "--first", str(first + n * 10**8)],
            stdout=subprocess.PIPE,
        )
        for n in range(processes)
    ]
    return sum(json.loads(process.communicate()[0]) for process in running) / seconds


async def report_ms(where: str) -> tuple[float, int]:
    """How long the one metric of a year takes, and over how many events; counters are read, never the ledger."""
    db: Database = database_at(where)
    await db.open()
    times = []
    for _ in range(20):
        began = time.perf_counter()
        for name in ("known", "sources", "grades"):
            await db.named("metric", name, first=202512, last=202611)
        times.append((time.perf_counter() - began) * 1000)
    row = await db.read_one("SELECT count(*) AS n FROM events")
    await db.close()
    return statistics.median(times), int(row["n"]) if row else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="length of a slice (5)")
    parser.add_argument("--rounds", type=int, default=3, help="slices of each (3)")
    parser.add_argument("--append", help=argparse.SUPPRESS)
    parser.add_argument("--first", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.append:
        print(uvloop.run(append(given.append, given.seconds, given.first)))
        return
    with TemporaryDirectory(prefix="passalong-engines-", dir=Path.cwd()) as folder, postgres.postgres(fsync="on") as at:
        os.environ[postgres.VARIABLE] = at
        places = {"SQLite": str(Path(folder) / "ledger.db"), "PostgreSQL": postgres.database_for(Path(folder))}
        rates: dict[tuple[str, int], list[float]] = {}
        first = 0
        for _ in range(given.rounds):
            for name, where in places.items():
                for processes in (1, 2):
                    rates.setdefault((name, processes), []).append(slice_of(where, processes, given.seconds, first))
                    first += 10**9
        table = Table(title="Durably stored events a second", title_justify="left", box=box.SIMPLE_HEAD)
        for column in ("engine", "one process", "two", "a year's metric", "over"):
            table.add_column(column, justify="left" if column == "engine" else "right")
        for name, where in places.items():
            ms, events = asyncio.run(report_ms(where))
            told: list[Any] = [f"{statistics.median(rates[name, n]):,.0f}" for n in (1, 2)]
            table.add_row(name, *told, f"{ms:.1f} ms", f"{events:,} events")
        Console().print(table)


if __name__ == "__main__":
    main()
