"""How fast the console is there, how fast it answers a key, and whether it grows, over a large local database.

    .venv/bin/python tests/bench/console.py                      a million events, 2,200 customers
    .venv/bin/python tests/bench/console.py --events 10000 --tail 20000 --starts 3   a look
    .venv/bin/python tests/bench/console.py --dir /var/tmp/growth                    keeps and finds the database

The console runs as people run it: `passalong console` in a terminal of its own (a pty of 120 × 40), a fresh process
each time, the database in the page cache. A *start* is from the process's start until the number of opportunities
stands on the Overview. A *key* is from its press until the first frame drawn after it is complete; a screen is *gone
to* after it has been visited before, or for the first time. The *tail* appends what 100 events a second come to in an
hour, forty times as fast, to the database that the console shows live, and compares the memory of the console and of
its server from stretch to stretch. Medians with 95 % bootstrap intervals; goals are shown, and fail nothing.

With two cores, others are felt at once: starts during which strangers used more than a tenth of a core are left out as
long as five remain, and how much they used is told. `--ahead` (for root) goes before all others.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import uvloop
from growth import CUSTOMERS, fill_all
from measure import Foreign, Interval, interval
from rich import box
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # teletype, which the tests use too

from passalong import settings
from passalong.app import opened, system_clock, wire
from passalong.domain.customer import CustomerBody, build
from passalong.domain.event import Actor, Event, EventKind
from passalong.store.ledger import Entry
from teletype import Teletype

START_MS, KEY_MS, GROWN_MB = 700.0, 50.0, 2.0
NUMBER = "carry a customer"
"""What only stands on the Overview once it has its numbers."""
IDLE_CUSTOMERS = 2_000
"""Beside those who share: rows of the longest table."""
FOREIGN = 0.1
STRETCHES = 6
AT_ONCE = 200
SCREENS = [b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"8", b"9", b"0", b",", b"T"]
TABLES = [b"2", b"3"]
"""Screens on which all of the following keys have something to do; the second has the longest table."""
KEYS = {
    "down": b"j", "up": b"k", "to the bottom": b"G", "to the top": b"g", "sort": b"s", "the order turned": b"S",
    "find": b"/", "a letter to find": b"e", "all again": b"\x1b[27u",
}  # fmt: skip
"""Esc as newer terminals send it. What older ones send may be the beginning of something else: Textual waits 100 ms."""


class Row(NamedTuple):
    name: str
    found: Interval
    unit: str
    goal: float | None
    n: int


def prepare(home: Path, events: int, console: Console) -> Path:
    """A folder of its own with a database of so many events and many customers."""
    [filled] = fill_all(home, [events], console)
    folder = Path(tempfile.mkdtemp(prefix="passalong-bench-", dir=home))
    for file in filled.folder.glob("passalong.*"):
        if file.is_file():
            shutil.copy(file, folder)
    uvloop.run(_furnish(folder))
    return folder


async def _furnish(folder: Path) -> None:
    async with opened(wire(settings.load(folder / settings.FILE_NAME))) as services:
        bodies = {f"idle-{n:04d}": CustomerBody(f"Idle member {n:04d}") for n in range(IDLE_CUSTOMERS)}
        await services.catalog.put_all([build(id, body, None, None) for id, body in bodies.items()])


def open_console(folder: Path) -> Teletype:
    return Teletype(folder, "console", XDG_STATE_HOME=str(folder / "state"))


def fresh(folder: Path) -> None:
    """Forgets what the console remembers, so that it begins on the Overview."""
    shutil.rmtree(folder / "state", ignore_errors=True)


def starts(folder: Path, times: int) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds to the first frame and to the numbers, and how much of a core strangers used meanwhile."""
    frames, numbers, foreign = [], [], []
    for number in range(times + 1):
        fresh(folder)
        watched, children = Foreign(()), os.times()
        began = time.perf_counter()
        with open_console(folder) as tui:
            frame = tui.until("Overview")
            shown = tui.until(NUMBER)
            took_s = time.perf_counter() - began
            tui.leave()
        ended = os.times()
        ours = ended.children_user + ended.children_system - children.children_user - children.children_system
        if number:  # the first fills the page cache
            frames.append(frame)
            numbers.append(shown)
            foreign.append(watched.since(ours) / max(took_s, time.perf_counter() - began))
    return frames, numbers, foreign


def keys(folder: Path, rounds: int) -> dict[str, list[float]]:
    """Milliseconds from a key to its frame, by what was pressed."""
    fresh(folder)
    found: dict[str, list[float]] = defaultdict(list)
    with open_console(folder) as tui:
        tui.until(NUMBER)
        time.sleep(5)  # as anybody looks before the first key; the console gets ready meanwhile
        for key in SCREENS[1:]:
            found["to a screen for the first time"].append(tui.answer(key))
            tui.rest(0.5)
        for _ in range(rounds):
            for key in SCREENS:
                found["to a screen"].append(tui.answer(key))
                tui.rest(0.5)
            for screen in TABLES:
                tui.press(screen)
                tui.rest(0.5)
                for name, pressed in KEYS.items():
                    found[name].append(tui.answer(pressed))
        tui.leave()
    return found


class Grown(NamedTuple):
    """Megabytes by which console and server grew, stretch by stretch, and how large they are."""

    console: list[float]
    server: list[float]
    console_mb: float
    server_mb: float


def tail(folder: Path, events: int) -> Grown:
    """Follows so many events live."""
    fresh(folder)
    with open_console(folder) as tui:
        tui.until(NUMBER)
        tui.press(b"0")
        tui.rest(1)
        server = child_of(tui.pid)
        sizes = []
        for stretch in range(STRETCHES + 1):
            command = [sys.executable, __file__, "--feed", str(folder), "--tail", str(events // (STRETCHES + 1))]
            feeder = subprocess.Popen(command)
            while feeder.poll() is None:
                tui.rest(0.2)
            tui.rest(1)
            tui.written = tui.written[-100_000:]
            if stretch:  # the first fills what is kept on purpose
                sizes.append((resident_mb(tui.pid), resident_mb(server)))
            else:
                before = (resident_mb(tui.pid), resident_mb(server))
        tui.leave()
    sizes.insert(0, before)
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(sizes)]
    return Grown([c for c, _ in steps], [s for _, s in steps], *sizes[-1])


async def feed(folder: Path, events: int) -> None:
    """Appends views, as many at once as visitors who wait."""
    import asyncio

    async with opened(wire(settings.load(folder / settings.FILE_NAME))) as services:
        day = services.calendar.day(system_clock())
        for first in range(0, events, AT_ONCE):
            views = [_view(n, day) for n in range(first, min(first + AT_ONCE, events))]
            await asyncio.gather(*(services.ledger.append(Entry(view)) for view in views))
            await asyncio.sleep(AT_ONCE / 4_000)  # forty times as fast as life: the console is to see them all


def _view(number: int, day: int) -> Event:
    customer = CUSTOMERS[number % len(CUSTOMERS)]
    return Event(
        at_ms=system_clock(), day=day, kind=EventKind.VIEW, actor=Actor.HUMAN, share=f"tail-{customer}",
        customer=customer, mechanic="shared_asset", asset="a00", visitor=number + 1,
    )  # fmt: skip


def child_of(pid: int) -> int:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                return int(stat.parent.name)
    raise LookupError("the console has no server")


def resident_mb(pid: int) -> float:
    """Memory of its own, and not of libraries that all share."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss_Anon:"):
            return int(line.split()[1]) / 1024
    raise LookupError(line)


def quiet(values: Sequence[float], foreign: Sequence[float]) -> list[float]:
    """Those during which strangers were quiet, if there are five of them; else all."""
    kept = [value for value, used in zip(values, foreign, strict=True) if used <= FOREIGN]
    return kept if len(kept) >= 5 else list(values)


def measured(folder: Path, args: argparse.Namespace, say: Callable[[str], None]) -> list[Row]:
    rows = []
    if args.starts:
        frames, numbers, foreign = starts(folder, args.starts)
        for name, values, goal in (("first frame", frames, None), ("Overview with its numbers", numbers, START_MS)):
            kept = quiet(values, foreign)
            rows.append(Row(f"start: {name}", interval(kept), "ms", goal, len(kept)))
        say(f"While it started, strangers used {max(foreign):.2f} of a core at most, {min(foreign):.2f} at least.")
    if args.rounds:
        for name, values in keys(folder, args.rounds).items():
            rows.append(Row(f"key: {name}", interval(values), "ms", KEY_MS, len(values)))
    if args.tail:
        grown = tail(folder, args.tail)
        of = args.tail // (STRETCHES + 1)
        both = ("console", grown.console, grown.console_mb), ("its server", grown.server, grown.server_mb)
        for name, values, now in both:
            title = f"memory: {name} ({now:.0f} MB) grows in {of:,} events by"
            rows.append(Row(title, interval(values), "MB", GROWN_MB, len(values)))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--starts", type=int, default=9)
    parser.add_argument("--rounds", type=int, default=5, help="through all screens and keys")
    parser.add_argument("--tail", type=int, default=360_000, help="events to follow: an hour of 100 a second")
    parser.add_argument("--dir", type=Path, help="where databases are kept and found")
    parser.add_argument("--ahead", action="store_true", help="go before all other work on this machine")
    parser.add_argument("--feed", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.feed:
        uvloop.run(feed(args.feed, args.tail))
        return
    console = Console(width=140)
    with tempfile.TemporaryDirectory(prefix="passalong-bench-") as name:
        home = args.dir or Path(name)
        home.mkdir(parents=True, exist_ok=True)
        folder = prepare(home, args.events, console)
        if args.ahead:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
        try:
            rows = measured(folder, args, console.print)
        finally:
            shutil.rmtree(folder)
    table = Table(box=box.SIMPLE_HEAD, title=f"The console over {args.events:,} events", title_justify="left")
    for heading in ("", ">median", ">95 %", ">n", ">goal"):
        table.add_column(heading.removeprefix(">"), justify="right" if heading.startswith(">") else "left")
    for row in rows:
        low, high = f"{row.found.low:,.1f}", f"{row.found.high:,.1f}"
        goal = "" if row.goal is None else f"≤ {row.goal:g}"
        table.add_row(row.name, f"{row.found.median:,.1f} {row.unit}", f"{low}–{high}", str(row.n), goal)
    console.print(table)


if __name__ == "__main__":
    main()
