"""The same questions to a small ledger and to a large one: counters must answer, whatever they have counted.

    .venv/bin/python tests/bench/growth.py                       ten thousand, a million and ten million events
    .venv/bin/python tests/bench/growth.py --sizes 10000,100000  a look
    .venv/bin/python tests/bench/growth.py --dir /var/tmp/growth --json

One vendor, one catalog, twelve months: 200 customers in 5 regions, 5 mechanics, 20 assets, 6 channels. Every event goes
through the ledger and every conversion through the pipeline, as from live traffic, spread over the same months; a
larger database continues a copy of the smaller one. The mix is the same at each size but for some thousand events that
fill the counters' cells alike. Then one server for each size is started and all are asked one question after the other,
in shuffled rounds, so that strangers on the CPU disturb all alike, and no question finds what another has left in a
cache. `store` is the same without HTTP, in a process of its own. A ratio is the median over the rounds of largest ÷
smallest with its 95 % bootstrap interval. Goals are shown, and fail nothing.

Takes about eight to twelve minutes, of which filling to ten million is most; to a million events, one. Needs
2 GB on the disk, and fills in memory (/dev/shm) where that has room for several times as much.
`--dir` keeps the databases, one folder a size, and asks those that it finds there: filling is done once.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, ExitStack, closing
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import uvloop
from measure import Interval, interval
from msgspec import convert
from msgspec.structs import replace
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text
from under import free_port
from uuid_utils import uuid7
from vendor import settle

from passalong import settings
from passalong.app import opened, system_clock, wire
from passalong.domain import asset, brand, customer, mechanic
from passalong.domain.conversion import ConversionBody, ConversionKind
from passalong.domain.delivery import Destination
from passalong.domain.event import Actor, Event, EventKind
from passalong.domain.instant import DAY_MS, at, date_of, months_back
from passalong.domain.lead import Lead, motion
from passalong.domain.money import Money
from passalong.domain.passes import Click
from passalong.domain.share import Claims, claim
from passalong.domain.token import Purpose
from passalong.store.catalog import Noun
from passalong.store.ledger import MAX_BATCH, Entry
from passalong.store.metric import Slice
from passalong.store.salts import Salts
from passalong.web.services import Services

GOAL, NUMBER_GOAL = 2.0, 1.1
NUMBER = "the one number"
BYTES_AN_EVENT = 200
"""Of the database file, with room for its log."""
MEMORY = Path("/dev/shm")
"""Where databases grow if there is plenty of room: the flushes of a disk take longest, and are not asked about here."""
MONTHS, PAGE = 12, 50
WARM_UP = 5
WIDTH = 160
COUNTERS = (
    "mechanic_days", "customer_totals", "links", "conversion_months", "pipeline_months", "pipeline_customers",
    "pipeline_parts", "spread_months", "spread_parts", "credits",
)  # fmt: skip
"""What these requests may read: their rows say why one of them took longer."""

# The vendor.

CUSTOMERS = [f"c{n:03d}" for n in range(200)]
REGIONS = ("Africa", "Americas", "APAC", "Europe", "Nordics")
ASSETS = [f"a{n:02d}" for n in range(20)]
CHANNELS = ("link", "linkedin", "email", "slack", "newsletter")
PASSED_ALONG = "pass-along"
CURRENCIES = ("EUR", "USD", "GBP")
COMMUNITY = "community"
MECHANICS = {"shared_asset": 40, "referral_loop": 25, "expansion": 15, "advocacy": 10, COMMUNITY: 10}
"""One of each kind, and how many of a hundred shares are its."""
DOMAINS = 7
"""Of each customer: its own people come from another one with each size (powers of ten leave different rests by 7)."""

# The mix, as parts of all events.

ROOTS = 1 / 100
LEADS = 1.5 / 100 * 0.9
OPPORTUNITIES = 1 / 300
BY_LEADS, DECLARED = 0.7, 0.1
"""Of the opportunities. The rest carries nobody's name."""
BOTS, CLICKS, AGAIN = 0.1, 0.05, 0.2
"""Of what is neither a share nor a lead: by machines, clicks, and by whoever came last."""
BRANCHES, DEEPEST = 0.3, 3
OWN_PEOPLE, COLLEAGUES = 0.08, 4
FRESH_DAYS, SKEW = 60, 5
"""A share is looked at for so long; half of all looks are at those of the last two days."""
LEAST = 8_000
"""So many events have days with room for the walks."""
WALKS = dict(zip((2, 9, 16, 23), (kind for kind in MECHANICS if kind != COMMUNITY), strict=True))
"""On which days of each month a link of which mechanic is walked whole: see `History._walk`."""
UNDER_WAY = 4 * MAX_BATCH
"""Events handed to the ledger and not on the disk yet: a full batch always waits behind the one being stored."""


def catalog(launched_ms: int) -> list[Noun]:
    look = brand.BrandBody("Acme", accent="#0b5fff", home_url="https://acme.example")
    nouns: list[Noun] = [brand.build("acme", look, None)]
    for n, id in enumerate(CUSTOMERS):
        domains = [f"{id}-{which}.example" for which in range(DOMAINS)]
        body = customer.CustomerBody(f"Member {n:03d}", domains=domains, region=REGIONS[n % len(REGIONS)])
        nouns.append(customer.build(id, body, None, None))
    for id in ASSETS:
        page = asset.AssetBody(f"Report {id}", asset.AssetKind.PAGE, source=asset.Source(markdown="# What changed"))
        nouns.append(asset.build(id, page, before=None, embed_sources=()))
    for kind in MECHANICS:
        written: dict[str, Any] = {"kind": kind, "title": kind, "owner": "Mara", "brand": "acme"}
        if kind != COMMUNITY:
            written["gate"] = {"mode": "hard", "fields": ["name"]}
        nouns.append(mechanic.build(kind, convert(written, mechanic.MechanicBody), now_ms=launched_ms, before=None))
    return nouns


class Quota:
    """Whole numbers that come to a part of all events, whatever the steps in which those are counted."""

    def __init__(self, part: float, owed: float = 0.0) -> None:
        self._part, self._owed = part, owed

    def of(self, events: int) -> int:
        self._owed += events * self._part
        whole = int(self._owed)
        self._owed -= whole
        return whole


class Link(NamedTuple):
    share: str
    claims: Claims


class Day(NamedTuple):
    place: int
    day: int
    start_ms: int
    span_ms: int


class Walk(NamedTuple):
    """What came of one link that was passed along and along, on one day."""

    shares: list[Entry]
    people: list[Entry]
    reports: list[ConversionBody]


class History:
    """So many events in twelve months, in one mix. `which` tells the people of one filling from those of another."""

    def __init__(self, services: Services, events: int, which: int) -> None:
        self._services = services
        self._dice = random.Random(which)
        self._events = events
        self._which = which
        self._days = days_of(services)
        self._alive: list[Link] = []
        self._window = max(40, int(events / len(self._days) * FRESH_DAYS * ROOTS))
        self._turns: list[str] = []
        self._branches: list[Claims] = []
        self._due: dict[int, list[ConversionBody]] = defaultdict(list)
        self._roots, self._leads = Quota(ROOTS, owed=1.0), Quota(LEADS)
        self._strangers = Quota(OPPORTUNITIES * (1 - BY_LEADS))
        self._named = self._numbered = 0

    async def write(self, done: Callable[[int], object]) -> None:
        """Calls `done` with each number of events that are on the disk."""
        services, salts = self._services, Salts(self._services.db)
        stored = 0
        for day in self._days:
            await salts.of(day.day)  # as the first request of a day: it also forgets who was counted days ago
            events = self._events * (day.place + 1) // len(self._days) - stored
            shares = list(self._shares(day, self._roots.of(events)))
            people = [self._lead(day) for _ in range(self._leads.of(events))]
            reports = self._due.pop(day.place, []) + [self._stranger(day) for _ in range(self._strangers.of(events))]
            walk = self._walk(day)
            shares += walk.shares
            reports += walk.reports
            rest = events - len(shares) - len(people) - len(walk.people) - len(reports)
            # What has rows beside its event makes its whole batch a longer transaction: those apart from the others.
            await append(services, shares, done)
            await append(services, self._looks(day, rest), done)
            await append(services, [*people, *walk.people], done)
            for entry in people:
                self._goes_on(day, entry)
            for report in reports:
                await services.pipeline.record(report)
            done(len(reports))
            stored += events
        await settled(services)

    def _shares(self, day: Day, roots: int) -> Iterator[Entry]:
        """The shares that are made today, each with its first event, which brings its row."""
        branches, self._branches = self._branches, []
        for claims in [*branches, *(self._root() for _ in range(roots))]:
            link = Link(claims.share, claims)
            if claims.mechanic != COMMUNITY:  # whose pages record nothing about who looks
                self._alive.append(link)
            actor = Actor.HUMAN if claims.hop else Actor.SYSTEM
            yield Entry(self._event(day, EventKind.SHARE, actor, link, 0), claims)

    def _root(self) -> Claims:
        if not self._turns:
            self._turns = self._dice.sample(CUSTOMERS, len(CUSTOMERS))
        kinds = list(MECHANICS) if self._alive else list(MECHANICS)[:1]
        return claim(
            asset=self._dice.choice(ASSETS),
            customer=self._turns.pop(),
            mechanic=self._dice.choices(kinds, [MECHANICS[kind] for kind in kinds])[0],
            channel=self._dice.choice(CHANNELS),
        )

    def _looks(self, day: Day, count: int) -> Iterator[Entry]:
        """Views and clicks of shares that have a row: nearly all events there are."""
        chance, bits = self._dice.random, self._dice.getrandbits
        alive, window = self._alive, min(self._window, len(self._alive))
        link, visitor = alive[-1], bits(62) | 1
        for _ in range(count):
            if chance() > AGAIN:
                link, visitor = alive[-1 - int(chance() ** SKEW * window)], bits(62) | 1
            what = chance()
            kind = EventKind.CLICK if what > 1 - CLICKS else EventKind.VIEW
            actor = Actor.HUMAN if what > BOTS else Actor.BOT if what > BOTS / 2 else Actor.UNFURLER
            yield Entry(self._event(day, kind, actor, link, visitor))

    def _event(self, day: Day, kind: EventKind, actor: Actor, link: Link, visitor: int) -> Event:
        claims = link.claims
        return Event(
            at_ms=day.start_ms + int(self._dice.random() * day.span_ms),
            day=day.day,
            kind=kind,
            actor=actor,
            share=link.share,
            customer=claims.customer,
            mechanic=claims.mechanic,
            asset=claims.asset,
            hop=claims.hop,
            visitor=visitor,
        )

    def _walk(self, day: Day) -> Walk:
        """On some days one mechanic's link is passed along as far as any is, and whoever has it at each hop buys, told
        by every trace. So a year of few events has as many counters to read as one of many, and what takes longer over
        more events takes longer because of them."""
        walk, date = Walk([], [], []), date_of(day.day)
        if self._events < LEAST:
            return walk
        if date.day - 1 in WALKS:
            walk.reports.extend(self._told(day))
        kind = WALKS.get(date.day)
        if kind is None:
            return walk
        claims = claim(
            asset=self._dice.choice(ASSETS), customer=self._dice.choice(CUSTOMERS), mechanic=kind, channel=CHANNELS[0]
        )
        for hop in range(DEEPEST + 1):
            link = Link(claims.share, claims)
            actor = Actor.HUMAN if hop else Actor.SYSTEM
            walk.shares.append(Entry(self._event(day, EventKind.SHARE, actor, link, 0), claims))
            entry = self._lead(day, link, own=bool((hop + date.month) % 2))
            walk.people.append(entry)
            lead = entry.lead
            assert lead is not None
            click = Click(lead.share, lead.id, entry.event.at_ms, lead.id[-8:])
            told = ({"emails": [lead.email]}, {"company_domain": lead.domain},
                    {"click": self._services.keyring.seal(Purpose.CLICK, click)})  # fmt: skip
            for trace, currency in zip(told, CURRENCIES, strict=True):
                body = self._opportunity(entry.event.at_ms, currency)
                walk.reports.append(replace(body, **trace))
            claims = self._branch(lead)
        return walk

    def _told(self, day: Day) -> Iterator[ConversionBody]:
        """The day after: what people buy who were never here, a customer's own or others, who name it; and what others
        buy who name nobody."""
        named = self._services.catalog.customers[self._dice.choice(CUSTOMERS)]
        for currency in CURRENCIES:
            for domain in (
                named.domains[self._which % DOMAINS],
                f"elsewhere{self._numbered}of{self._which}.example",
                "",
            ):
                body = self._opportunity(day.start_ms + int(self._dice.random() * day.span_ms), currency)
                body.emails = [f"buyer@{domain or 'nowhere.example'}"]
                body.heard_from = f"{named.name} showed us" if domain else None
                yield body

    def _branch(self, lead: Lead) -> Claims:
        return Claims(
            lead.asset, lead.customer, lead.mechanic, PASSED_ALONG, sharer=lead.id, parent=lead.share,
            hop=lead.hop + 1, nonce=lead.id[-8:],
        )  # fmt: skip

    def _lead(self, day: Day, link: Link | None = None, *, own: bool = False) -> Entry:
        """Somebody passes a gate, of some fresh page unless told: one of the customer's `own` people, or of a company
        with a few colleagues."""
        dice = self._dice
        link = link or self._alive[-1 - int(dice.random() ** SKEW * min(self._window, len(self._alive)))]
        claims = link.claims
        self._named += 1
        if own or dice.random() < OWN_PEOPLE:
            domain = f"{claims.customer}-{self._which % DOMAINS}.example"
        else:
            domain = f"firm{dice.randrange(self._named // COLLEAGUES + 1)}of{self._which}.example"
        email = f"viewer.{self._named}@{domain}"
        event = self._event(day, EventKind.LEAD, Actor.HUMAN, link, dice.getrandbits(62) | 1)
        event.ref = claims.sharer if claims.parent else None
        lead = Lead(
            id=str(uuid7()),
            email=email,
            email_key=email,
            domain=domain,
            share=link.share,
            customer=claims.customer,
            mechanic=claims.mechanic,
            asset=claims.asset,
            created_at_ms=event.at_ms,
            name=f"Viewer {self._named}",
            motion=motion(self._services.catalog.customers[claims.customer], domain),
            parent=event.ref,
            hop=claims.hop,
        )
        return Entry(event, None, lead)

    def _goes_on(self, day: Day, entry: Entry) -> None:
        """What comes of a lead: a branch tomorrow, an opportunity some weeks later, its end still later."""
        dice, lead, event = self._dice, entry.lead, entry.event
        if lead is None:
            return
        if lead.hop < DEEPEST and dice.random() < BRANCHES:
            self._branches.append(self._branch(lead))
        if dice.random() > OPPORTUNITIES * BY_LEADS / LEADS:
            return
        body, trace = self._opportunity(event.at_ms), dice.random()
        if trace < 0.65:
            body.emails = [lead.email, f"somebody.{self._numbered}@{lead.domain}"][: dice.randint(1, 2)]
        elif trace < 0.85:
            click = Click(lead.share, lead.id, event.at_ms, lead.id[-8:])
            body.click = self._services.keyring.seal(Purpose.CLICK, click)
        else:
            body.company_domain = lead.domain
        self._report(day.place, 1, body, ConversionKind.SIGNUP)
        wait = dice.randint(3, 40)
        self._report(day.place, wait, body, ConversionKind.OPPORTUNITY)
        end = dice.choices((ConversionKind.WON, ConversionKind.LOST, None), (30, 20, 50))[0]
        if end is not None:
            self._report(day.place, wait + dice.randint(10, 60), body, end)

    def _report(self, place: int, wait: int, body: ConversionBody, kind: ConversionKind) -> None:
        """In so many days, unless the present comes first."""
        if place + wait < len(self._days):
            day = self._days[place + wait]
            amount = None if kind is ConversionKind.SIGNUP else body.amount
            moment = at(day.start_ms + int(self._dice.random() * day.span_ms))
            self._due[day.place].append(replace(body, kind=kind, amount=amount, occurred_at=moment))

    def _stranger(self, day: Day) -> ConversionBody:
        """An opportunity whose people were never here. Some of them name a customer."""
        body = self._opportunity(day.start_ms + int(self._dice.random() * day.span_ms))
        body.emails = [f"buyer@elsewhere{self._numbered}of{self._which}.example"]
        if self._dice.random() < DECLARED / (1 - BY_LEADS):
            named = self._services.catalog.customers[self._dice.choice(CUSTOMERS)]
            body.heard_from = f"{named.name} showed us"
        return body

    def _opportunity(self, at_ms: int, currency: str | None = None) -> ConversionBody:
        self._numbered += 1
        return ConversionBody(
            external_id=f"{self._which}-{self._numbered}",
            kind=ConversionKind.OPPORTUNITY,
            occurred_at=at(at_ms),
            amount=Money(self._dice.randrange(40, 400) * 10_000, currency or self._dice.choice(CURRENCIES)),
        )


def days_of(services: Services) -> list[Day]:
    """From the first day of the twelve months until now."""
    now_ms = services.clock()
    first = months_back(services.calendar.month(now_ms), MONTHS)[0]
    start = int(datetime(first // 100, first % 100, 1, tzinfo=UTC).timestamp() * 1000)
    starts = range(start, now_ms, DAY_MS)
    return [Day(n, services.calendar.day(ms), ms, min(DAY_MS, now_ms - ms)) for n, ms in enumerate(starts)]


async def append(services: Services, entries: Iterable[Entry], done: Callable[[int], object]) -> None:
    """Hands entries to the ledger as many requests at once do, and returns when all are on the disk."""
    under_way: deque[Awaitable[str | None]] = deque()
    for entry in entries:
        under_way.append(services.ledger.append(entry))
        if len(under_way) == UNDER_WAY:
            for _ in range(MAX_BATCH):
                await under_way.popleft()
            done(MAX_BATCH)
    done_last = len(under_way)
    for stored in under_way:
        await stored
    done(done_last)


async def settled(services: Services) -> None:
    """Looks again at conversions that a later lead may matter to, so that no server does it while it is measured."""
    while jobs := await services.outbox.claim(Destination.PIPELINE, 100):
        for job in jobs:
            await services.pipeline.lead_came(job.subject)
        await services.outbox.done(jobs)


# The databases, one folder a size.


class Filled(NamedTuple):
    """A folder with so many events; `per_s` of the last ones put there, None if they were there before."""

    events: int
    folder: Path
    per_s: float | None


class Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.finished_speed or task.speed or 0:,.0f} events/s")


def fill_all(home: Path, sizes: Sequence[int], console: Console) -> list[Filled]:
    """A folder for each size; one under its own name is complete and is taken as it is."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
    found: list[Filled] = []
    with Progress(*columns, console=console, transient=True) as bar:
        for size in sizes:
            folder, before = home / str(size), found[-1] if found else None
            if folder.exists():
                found.append(Filled(size, folder, None))
                continue
            task = bar.add_task(f"to {size:,} events", total=size - (before.events if before else 0))
            with tempfile.TemporaryDirectory(prefix="passalong-bench-", dir=nursery(home, size)) as name:
                growing = Path(name) / "growing"
                if before is None:
                    growing.mkdir()
                    (growing / "secret").write_text(settle(growing))
                else:
                    shutil.copytree(before.folder, growing)
                began = time.perf_counter()
                more = uvloop.run(fill(growing, size, lambda n, task=task: bar.advance(task, n)))
                found.append(Filled(size, folder, more / (time.perf_counter() - began)))
                arriving = home / f"{size}.arriving"
                shutil.rmtree(arriving, ignore_errors=True)
                shutil.move(growing, arriving)
                arriving.rename(folder)
            bar.remove_task(task)
    return found


def nursery(home: Path, size: int) -> Path:
    """Where a database grows: in memory if that has room for several."""
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 4 * size * BYTES_AN_EVENT
    return MEMORY if roomy else home


async def fill(folder: Path, size: int, done: Callable[[int], object]) -> int:
    """Brings a database to so many events; gives how many those were."""
    sys.setswitchinterval(0.0002)  # the database's thread waits less for the one that makes events up
    async with opened(wire(settings.load(folder / settings.FILE_NAME))) as services:
        if not services.catalog.brands:
            await services.catalog.put_all(catalog(days_of(services)[0].start_ms))
        before = await services.ledger.last_seq()
        await History(services, size - before, size).write(done)
        after = await services.ledger.last_seq()
    if after != size:
        raise RuntimeError(f"{after:,} events are in {folder}, not {size:,}")
    return size - before


def rows_in(folder: Path) -> dict[str, int]:
    with closing(sqlite3.connect(folder / "passalong.db")) as db:
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        counted = (name for name in COUNTERS if name in tables)
        return {name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in counted}


# The questions.

Times = dict[tuple[str, int], list[float]]
"""Milliseconds of each question, by its title and the size, round by round."""


class Slices(NamedTuple):
    """What one round asks about: the same of every size."""

    customer: str
    asset: str
    region: str
    channel: str


def slices(rounds: int) -> list[Slices]:
    dice = random.Random(1)
    pick = dice.choice
    return [
        Slices(pick(CUSTOMERS), pick(ASSETS), pick(REGIONS), pick((*CHANNELS, PASSED_ALONG))) for _ in range(rounds)
    ]


def paths(of: Slices) -> dict[str, str]:
    metric = f"/api/v1/metric?months={MONTHS}"
    return {NUMBER: metric} | {
        f"  of {_a(name)}": f"{metric}&{name}={value}" for name, value in of._asdict().items()
    } | {
        "customers": f"/api/v1/customers?limit={PAGE}",
        "mechanics and verdicts": "/api/v1/mechanics",
        "theater": "/api/v1/theater",
    }  # fmt: skip


def _a(name: str) -> str:
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def ask_servers(found: Sequence[Filled], rounds: Sequence[Slices], tick: Callable[[], object]) -> Times:
    """One question after the other, of every server in each round, in a new order each time. First rounds warm up."""
    times: Times = {}
    with ExitStack() as held:
        lines = {filled.events: held.enter_context(Line(filled.folder)) for filled in found}
        for title in paths(rounds[0]):
            for number, of in enumerate(rounds):
                for size in random.sample(list(lines), len(lines)):
                    took_ms = lines[size].get(paths(of)[title])
                    if number >= WARM_UP:
                        times.setdefault((title, size), []).append(took_ms)
            tick()
    return times


class Line:
    """A server of its own process over one of the databases, and a connection to it that is kept."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, free_port()
        self._headers = {"authorization": f"Bearer {(folder / 'secret').read_text()}"}

    def __enter__(self) -> Line:
        child = Path(__file__).with_name("doing.py")
        self._log = (self._folder / "server.log").open("w+b")
        self._server = subprocess.Popen(
            [sys.executable, str(child), "0", "app", str(self._port)],
            cwd=self._folder,
            stdout=self._log,
            stderr=self._log,
        )
        self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        deadline = time.monotonic() + 60
        while True:
            try:
                self.get("/readyz")
            except OSError:
                if self._server.poll() is not None or time.monotonic() > deadline:
                    self._log.seek(0)
                    raise RuntimeError(f"the server did not start: {self._log.read().decode()}") from None
                self._connection.close()
                time.sleep(0.05)
            else:
                return self

    def __exit__(self, *raised: object) -> None:
        self._connection.close()
        self._server.terminate()
        self._server.wait(30)
        self._log.close()

    def get(self, path: str) -> float:
        """Milliseconds that the answer took."""
        began = time.perf_counter()
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        took_ms = (time.perf_counter() - began) * 1000
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {body.decode()}")
        return took_ms


def ask_stores(folders: Mapping[int, Path], rounds: Sequence[Slices]) -> Times:
    """The same questions to the store alone, from a process of their own."""
    os.sched_setaffinity(0, {0})
    return uvloop.run(_ask_stores(folders, rounds))


async def _ask_stores(folders: Mapping[int, Path], rounds: Sequence[Slices]) -> Times:
    times: Times = {}
    async with AsyncExitStack() as held:
        stores = {
            size: await held.enter_async_context(opened(wire(settings.load(folder / settings.FILE_NAME))))
            for size, folder in folders.items()
        }
        asked = [{size: calls(services, of) for size, services in stores.items()} for of in rounds]
        for title in next(iter(asked[0].values())):
            for number, by_size in enumerate(asked):
                for size in random.sample(list(by_size), len(by_size)):
                    began = time.perf_counter()
                    await by_size[size][title]()
                    if number >= WARM_UP:
                        times.setdefault((title, size), []).append((time.perf_counter() - began) * 1000)
    return times


def calls(services: Services, of: Slices) -> dict[str, Callable[[], Awaitable[object]]]:
    """What the two handlers ask of the store."""
    metrics, keys, month = services.metrics, list(services.catalog.mechanics), services.calendar.month(system_clock())
    region = tuple(c.id for c in services.catalog.customers.values() if c.region == of.region)
    parts = {"customer": Slice(customers=(of.customer,)), "asset": Slice(asset=of.asset)}
    parts |= {"region": Slice(customers=region), "channel": Slice(channel=of.channel)}
    by_slice = {"": Slice()} | {f" of {_a(name)}": part for name, part in parts.items()}
    asked: dict[str, Callable[[], Awaitable[object]]] = {}
    for name, part in by_slice.items():
        asked[f"store: months{name}"] = lambda part=part: metrics.months(month, MONTHS, ["talks"], part)
    for name, part in by_slice.items():
        asked[f"store: firsts{name}"] = lambda part=part: metrics.first_opportunities(keys, part)
    asked["store: funnel"] = lambda: metrics.funnel(keys, month * 100, month * 100 + 99)
    asked["store: customers"] = lambda: services.reports.customers(CUSTOMERS[:PAGE])
    return asked


# The table.


def lines_of(times: Times, sizes: Sequence[int]) -> list[dict[str, Any]]:
    lines = []
    for title in dict.fromkeys(title for title, _ in times):
        by_size = {size: times[title, size] for size in sizes}
        pairs = zip(by_size[sizes[-1]], by_size[sizes[0]], strict=True)
        ratio = interval([large / small for large, small in pairs])
        ms = {size: interval(took) for size, took in by_size.items()}
        lines.append({"title": title, "ms": ms, "ratio": ratio, "goal": NUMBER_GOAL if title == NUMBER else GOAL})
    return lines


def drawn(lines: Sequence[Mapping[str, Any]], sizes: Sequence[int]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title="The same question, ms by events in the ledger", title_justify="left")
    table.add_column("", no_wrap=True)
    for name in (*(f"{size:,}" for size in sizes), "largest ÷ smallest", "95 %", "goal"):
        table.add_column(name, justify="right", no_wrap=True)
    for line in lines:
        median, low, high = line["ratio"]
        table.add_row(
            line["title"],
            *(_spread(line["ms"][size]) for size in sizes),
            f"{median:.2f}",
            f"{low:.2f}–{high:.2f}",
            f"≤ {line['goal']:.1f} {'✓' if median <= line['goal'] else '✗'}",
        )
    return table


def _spread(ms: Interval) -> str:
    return f"{ms.median:.2f} ({ms.low:.2f}–{ms.high:.2f})"


def drawn_rows(found: Sequence[Filled]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title="What there is to read, rows", title_justify="left")
    table.add_column("", no_wrap=True)
    for filled in found:
        table.add_column(f"{filled.events:,}", justify="right", no_wrap=True)
    rows = [rows_in(filled.folder) for filled in found]
    for name in rows[0]:
        table.add_row(name, *(f"{counted[name]:,}" for counted in rows))
    return table


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", default="10000,1000000,10000000", help="events (10000,1000000,10000000)")
    parser.add_argument("--dir", type=Path, help="keeps the databases there, and uses those that are there already")
    parser.add_argument("--rounds", type=int, default=60, help="how often each question is asked (60)")
    parser.add_argument("--json", action="store_true", help="for programs")
    given = parser.parse_args()
    given.sizes = sorted({int(size) for size in given.sizes.split(",")})
    return given


def room_for(home: Path, sizes: Sequence[int]) -> None:
    """Ends in words where the disk is too small."""
    needed = sum(size for size in sizes if not (home / str(size)).exists()) * BYTES_AN_EVENT
    free = shutil.disk_usage(home).free
    if free < needed:
        sys.exit(
            f"{home} has {free / 1e9:.1f} GB free, and this needs about {needed / 1e9:.1f} GB. "
            "Name a folder on a larger disk with --dir, or fewer events with --sizes."
        )


def main() -> None:
    given = arguments()
    console = Console(stderr=given.json)
    console.width = max(console.width, WIDTH)
    with ExitStack() as held:
        home = given.dir or Path(held.enter_context(tempfile.TemporaryDirectory(prefix="passalong-bench-")))
        home.mkdir(parents=True, exist_ok=True)
        room_for(home, given.sizes)
        found = fill_all(home, given.sizes, console)
        rounds = slices(given.rounds + WARM_UP)
        with Progress(console=console, transient=True) as bar:
            task = bar.add_task("asking servers", total=len(paths(rounds[0])))
            times = ask_servers(found, rounds, lambda: bar.advance(task))
        with console.status("asking the store alone"), ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
            folders = {filled.events: filled.folder for filled in found}
            times |= alone.submit(ask_stores, folders, rounds).result()
        sizes = [filled.events for filled in found]
        lines = lines_of(times, sizes)
        command = shlex.join([".venv/bin/python", "tests/bench/growth.py", *sys.argv[1:]])
        if given.json:
            print(json.dumps({"lines": lines, "databases": [told(filled) for filled in found], "again": command}))
            return
        console.print(drawn(lines, sizes))
        console.print(drawn_rows(found))
        for filled in found:
            said = told(filled)
            rate = f", the last of them stored at {filled.per_s:,.0f} a second" if filled.per_s else ""
            console.print(
                f"{filled.events:,} events: {said['bytes'] / 1e6:,.0f} MB{rate}", style="dim", highlight=False
            )
        console.print(f"Again: {command}", highlight=False)


def told(filled: Filled) -> dict[str, Any]:
    """A database, for programs."""
    size = (filled.folder / "passalong.db").stat().st_size
    return {"events": filled.events, "bytes": size, "per_s": filled.per_s, "rows": rows_in(filled.folder)}


if __name__ == "__main__":
    main()
