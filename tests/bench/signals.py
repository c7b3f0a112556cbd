"""How signals come in beside the ledger's own events while fifty rules are live, and how long a dry run takes.

    python tests/bench/signals.py [--signals 1000000] [--customers 2000] [--pairs 10]

Fills a database with a year of signals through the store's own method, in bulks, with the rules being asked all the
while. Then, in shuffled slices of the same file and process: events into the ledger by 64 waiters (of one customer, as
`ingestion.py` has it, and of as many customers as the signals have), signals one by one by 64 waiters, and signals in
bulks of a thousand by four. Then rules are run dry over the year, and bulks are sent over HTTP to a server in a process
of its own. Ratios (to the events of as many customers) hold on other machines; rates do not.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
import uvloop
from ingestion import event
from measure import interval
from msgspec.structs import replace
from rich import box
from rich.console import Console
from rich.table import Table

from passalong.app import opened, outside, system_clock, wire
from passalong.commands.keys import create_key
from passalong.domain.access import Role
from passalong.domain.customer import Customer
from passalong.domain.instant import DAY_MS, at
from passalong.domain.signal import Signal
from passalong.settings import Plays, Settings
from passalong.store.ledger import Entry
from passalong.web.services import Services

PORT = 18_431
BULK = 1_000
KINDS = ["product.opened", "product.exported", "product.shared", "product.invited", "product.limit_reached",
         "product.report_made", "community.posted", "community.answered", "support.ticket_opened",
         "support.ticket_closed", "satisfaction.nps", "pipeline.renewal_due"]  # fmt: skip
WEIGHTS = [40, 12, 8, 3, 2, 15, 4, 3, 4, 4, 3, 2]
RULES = 50
EVENTS = "events of as many customers"


def rules() -> str:
    """Fifty rules of two or three conditions each, of every shape."""
    dice = random.Random(1)
    text = ["[fatigue]\nmost = 4\nwithin_days = 30\n"]
    for n in range(RULES):
        one, other = dice.sample(KINDS[:8], 2)
        when = [
            f'{{ kinds = ["{one}"], at_least = {dice.randint(3, 30)}, within_days = {dice.choice([14, 30, 60])} }}',
            dice.choice([
                f'{{ kinds = ["{other}"], at_most = {dice.randint(0, 2)}, within_days = {dice.choice([7, 14, 30])} }}',
                f'{{ kinds = ["satisfaction.nps"], value_at_least = {dice.randint(6, 9)}, within_days = 90 }}',
                f'{{ kinds = ["product.*"], at_least = {dice.randint(20, 60)}, within_days = 90 }}',
            ]),
        ]  # fmt: skip
        unless = (
            '[{ kinds = ["support.ticket_opened"], less = ["support.ticket_closed"], at_least = 2, within_days = 60 }]'
        )
        text.append(
            f'[[rules]]\nid = "rule-{n}"\ntitle = "Rule {n}"\nthen = {{ play = "kind_{n % 7}", rest_days = 30 }}\n'
            f"when = [{', '.join(when)}]\nunless = {unless if n % 2 else '[]'}\n"
        )
    return "\n".join(text)


class Source:
    """Signals of many customers, some of whom do far more than others, one after the other in time."""

    def __init__(self, customers: list[str], first_ms: int, step_ms: float) -> None:
        self._dice = random.Random(2)
        self._customers = customers
        self._weights = list(accumulate(1 / (1 + n / 100) for n in range(len(customers))))
        self._at_ms, self._step_ms, self.made = float(first_ms), step_ms, 0

    def take(self, n: int) -> list[Signal]:
        who = self._dice.choices(self._customers, cum_weights=self._weights, k=n)
        what = self._dice.choices(KINDS, WEIGHTS, k=n)
        found, now_ms = [], system_clock()
        for customer, kind in zip(who, what, strict=True):
            self._at_ms = min(self._at_ms + self._step_ms, now_ms)
            self.made += 1
            value = float(self._dice.randint(0, 10)) if kind == "satisfaction.nps" else None
            # As random as what senders take: an order by which nothing is found beside anything.
            name = f"{self._dice.getrandbits(128):032x}"
            found.append(Signal(name, customer, kind, value, int(self._at_ms)))
        return found


async def waiting(at_once: int, seconds: float, work: Callable[[], Awaitable[int]]) -> tuple[float, float]:
    """What so many waiters store, each with one request under way: a second, and in CPU microseconds each."""
    began, used, stored = time.perf_counter(), time.process_time(), 0

    async def wait_in_line() -> None:
        nonlocal stored
        while time.perf_counter() < began + seconds:
            done = await work()  # others store meanwhile
            stored += done

    await asyncio.gather(*(wait_in_line() for _ in range(at_once)))
    took, used = time.perf_counter() - began, time.process_time() - used
    return stored / took, used / stored * 1e6


async def fill(services: Services, source: Source, total: int, say: Callable[[str], None]) -> None:
    began = time.perf_counter()
    for _ in range(total // (4 * BULK)):
        await asyncio.gather(*(services.signals.post(source.take(BULK)) for _ in range(4)))
    took = time.perf_counter() - began
    say(f"{source.made:,} signals in bulks of {BULK:,}, with {RULES} rules live: {source.made / took:,.0f} a second.")


async def beside_the_ledger(services: Services, source: Source, pairs: int, seconds: float) -> Table:
    numbers = iter(range(10**12))

    async def one_event() -> int:
        await services.ledger.append(Entry(event(next(numbers))))
        return 1

    async def one_spread() -> int:
        [like] = source.take(1)
        share = f"share-of-{like.customer}"
        spread = replace(event(next(numbers)), customer=like.customer, share=share, visitor=random.randrange(1, 50_000))
        await services.ledger.append(Entry(spread))
        return 1

    async def signals(n: int) -> int:
        return (await services.signals.post(source.take(n))).stored

    work: dict[str, tuple[int, Callable[[], Awaitable[int]]]] = {
        "events of one customer": (64, one_event),
        EVENTS: (64, one_spread),
        "signals, one by one": (64, lambda: signals(1)),
        "signals, in bulks": (4, lambda: signals(BULK)),
    }
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in work}
    for pair in range(pairs + 1):
        for name in random.sample(list(work), len(work)):
            at_once, doing = work[name]
            said = await waiting(at_once, seconds, doing)
            if pair:  # the first warms up
                found[name].append(said)
    table = Table(box=box.SIMPLE_HEAD, title=f"Into the ledger, and signals with {RULES} rules live")
    for name in ("", "a second", "CPU µs", "ratio", "95 %"):
        table.add_column(name, justify="left" if not name else "right")
    for name, slices in found.items():
        ratio = interval([mine[0] / ledger[0] for mine, ledger in zip(slices, found[EVENTS], strict=True)])
        rate, cpu = interval([s[0] for s in slices]), interval([s[1] for s in slices])
        table.add_row(name, f"{rate.median:,.0f}", f"{cpu.median:.0f}", f"{ratio.median:.2f}",
                      f"{ratio.low:.2f}–{ratio.high:.2f}")  # fmt: skip
    return table


async def drained(services: Services) -> tuple[int, float]:
    """How long it takes until everybody who waits has been looked at."""
    began = time.perf_counter()

    async def left() -> int:
        return sum(count.n for count in await services.outbox.counts() if count.destination == "plays")

    customers = await left()
    while await left():  # noqa: ASYNC110 - no event tells it
        await asyncio.sleep(0.1)
    return customers, time.perf_counter() - began


async def dry_runs(services: Services, say: Callable[[str], None]) -> None:
    book = services.plays.book
    for rule in book.rules[:5]:
        found = await services.rehearsals.dry_run(rule, 365)
        say(
            f"Dry run of {rule.id} over a year: {found.took_ms / 1000:.1f} s, {found.signals:,} signals of "
            f"{found.of_customers:,} customers, {found.plays:,} plays, {sum(found.kept_back.values()):,} kept back."
        )


def over_http(folder: Path, key: str, source: Source, bulks: int, core: int) -> float:
    """Signals a second that a server on one core takes in bulks from four clients' worth of connections."""
    here = Path(__file__).parent
    command = [sys.executable, str(here / "doing.py"), str(core), "app", str(PORT)]
    server = subprocess.Popen(command, cwd=folder)
    try:
        return asyncio.run(_posted(key, source, bulks))
    finally:
        server.terminate()
        server.wait()


async def _posted(key: str, source: Source, bulks: int) -> float:
    headers = {"authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{PORT}", headers=headers, timeout=60) as http:
        for _ in range(100):
            try:
                await http.get("/readyz")
                break
            except httpx2.TransportError:
                await asyncio.sleep(0.1)

        def body(n: int) -> dict[str, Any]:
            return {
                "signals": [
                    {"external_id": s.external_id, "customer": s.customer, "kind": s.kind, "value": s.value,
                     "occurred_at": at(s.occurred_at_ms).isoformat()}
                    for s in source.take(n)
                ]
            }  # fmt: skip

        bodies = [body(BULK) for _ in range(bulks)]
        began = time.perf_counter()

        async def client() -> None:
            while bodies:
                answer = await http.post("/api/v1/signals", json=bodies.pop())
                answer.raise_for_status()

        await asyncio.gather(*(client() for _ in range(4)))
        return bulks * BULK / (time.perf_counter() - began)


async def in_process(config: Settings, names: list[str], source: Source, args: argparse.Namespace, say: Any) -> str:
    _, key = await create_key(config, "bench", Role.INTEGRATOR)
    async with opened(wire(config)) as services, outside(services) as ways:
        await services.catalog.put_all([Customer(id=name, name=name) for name in names])
        carrying = asyncio.create_task(ways.courier.run())
        try:
            await fill(services, source, args.signals, say)
            customers, took = await drained(services)
            say(f"{customers:,} customers who then waited were looked at within {took:.1f} s.")
            say(await beside_the_ledger(services, source, args.pairs, 1.0))
            await drained(services)
            plays = await services.play_reports.report()
            say(f"{sum(counts.plays for counts in plays.rules.values()):,} plays were made.")
            await dry_runs(services, say)
        finally:
            carrying.cancel()
            await asyncio.gather(carrying, return_exceptions=True)
    return key


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--signals", type=int, default=1_000_000)
    parser.add_argument("--customers", type=int, default=2_000)
    parser.add_argument("--pairs", type=int, default=10)
    args = parser.parse_args()
    console = Console(width=160)
    cores = sorted(os.sched_getaffinity(0))
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "rules.toml").write_text(rules())
        (folder / "passalong.toml").write_text(
            f'database = "passalong.db"\nsigning_keys = ["{"k" * 40}"]\n[plays]\nrules = "rules.toml"\n'
        )
        config = Settings(
            database=str(folder / "passalong.db"),
            signing_keys=["k" * 40],
            plays=Plays(rules=str(folder / "rules.toml")),
        )
        names = [f"customer-{n}" for n in range(args.customers)]
        source = Source(names, system_clock() - 365 * DAY_MS, 365 * DAY_MS / args.signals * 0.9)
        os.sched_setaffinity(0, {cores[-1]})
        key = uvloop.run(in_process(config, names, source, args, console.print))
        os.sched_setaffinity(0, {cores[0]})
        rate = over_http(folder, key, source, 100, cores[-1])
        console.print(f"Over HTTP, in bulks of {BULK:,} on 4 connections: {rate:,.0f} signals a second.")


if __name__ == "__main__":
    main()
