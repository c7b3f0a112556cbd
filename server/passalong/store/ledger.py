"""The append-only ledger: group commit.

Requests enqueue and wait. One task writes whatever has queued while the last commit was on its way to
the disk, so there is no timer, and few wait for more than two flushes. The usual batch (events of
shares already known) is a single INSERT of many rows: one statement is one transaction, one flush.
Counting them is the engine's: before anybody reads a counter.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Sequence
from functools import cache
from typing import Any, Protocol

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from passalong.domain.event import Event, EventRow
from passalong.domain.lead import Lead
from passalong.domain.share import Claims
from passalong.errors import Sentence, Unavailable
from passalong.store.db import Database, Transaction, Turn, retried
from passalong.store.outbox import Outbox

MAX_BATCH = 128
_POLL_S = 0.2

_LEAD_COLUMNS = tuple(field for field in Lead.__struct_fields__)
_SHARE_COLUMNS = (
    "share", "asset", "customer", "mechanic", "channel", "sharer", "parent", "hop", "expires_at_s", "nonce",
    "first_seen_ms",
)  # fmt: skip


class Entry(Struct, gc=False):
    """What one request stores, all or nothing: its event and, the first time, its share and its lead.

    A lead whose address is known already is that lead; the event is stored under the id that stands. An entry that
    happens `once` is stored only with the first row of its share.
    """

    event: Event
    share: Claims | None = None
    lead: Lead | None = None
    once: bool = False


_Queued = tuple[Entry, asyncio.Future[str | None]]


class Flushed(Protocol):
    """Hears of each batch: how many entries, for how many seconds, how many wait now, and whether it was `stored`."""

    def __call__(self, events: int, seconds: float, waiting: int, *, stored: bool) -> None: ...


class Ledger:
    """The writer. `start` before the first append; `stop` drains."""

    def __init__(self, db: Database, outbox: Outbox | None = None, flushed: Flushed | None = None) -> None:
        self._db = db
        self._outbox = outbox
        self._flushed = flushed
        self._queue: list[_Queued] = []
        self._wake = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()  # kept, since asking for it takes a system call
        self._task = asyncio.create_task(self._run(), name="ledger")

    async def stop(self) -> None:
        """Stores what is queued, then ends."""
        self._stopping = True
        self._wake.set()
        if self._task:
            await self._task

    def append(self, entry: Entry) -> Awaitable[str | None]:
        """Await it: it comes when the entry is on the disk, with the id of its lead if it has one.

        Raises Unavailable when nothing could be stored. Cancelling the caller does not take the entry back.
        """
        if self._stopping:
            raise Unavailable(Sentence("The server is stopping; nothing was stored."), retry_after_s=2)
        future: asyncio.Future[str | None] = self._loop.create_future()
        self._queue.append((entry, future))
        if len(self._queue) == 1:
            self._wake.set()
        return future

    async def tail(self, after: int, limit: int, wait_s: float = 0.0) -> list[EventRow]:
        """Events with a seq above `after`, oldest first; waits up to `wait_s` seconds for the first."""
        deadline = asyncio.get_running_loop().time() + wait_s
        while True:
            rows = await self._db.read("SELECT * FROM events WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit))
            if rows or asyncio.get_running_loop().time() >= deadline:
                return [msgspec.convert(dict(row), EventRow) for row in rows]
            await asyncio.sleep(_POLL_S)

    async def last_seq(self) -> int:
        row = await self._db.read_one("SELECT coalesce(max(seq), 0) AS seq FROM events")
        return int(row["seq"]) if row else 0

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                await self._gathering()
                batch: list[_Queued] = []
                began_s, stored = time.perf_counter(), False
                try:
                    leads = await self._store(batch)
                except Exception as error:  # whatever it is, the writer lives on and its waiters hear of it
                    self._gather(batch)
                    for _, future in batch:
                        if not future.done():
                            future.set_exception(error)
                else:
                    stored = True
                    for (_, future), lead in zip(batch, leads, strict=True):
                        if not future.done():
                            future.set_result(lead)
                if self._flushed is not None:
                    self._flushed(len(batch), time.perf_counter() - began_s, len(self._queue), stored=stored)
            if self._stopping:
                return

    async def _gathering(self) -> None:
        """Lets others take their turns: what was stored last is answered, and as long as more comes it may share this
        flush. What is read in one turn of the loop is appended in the next."""
        while True:
            known = len(self._queue)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            if not known < len(self._queue) < MAX_BATCH:
                return

    def _gather(self, batch: list[_Queued]) -> None:
        """Fills a batch that is empty."""
        if not batch:
            batch += self._queue[:MAX_BATCH]
            del self._queue[:MAX_BATCH]

    @retried
    async def _store(self, batch: list[_Queued]) -> Sequence[str | None]:
        async with self._db.turn() as turn:
            self._gather(batch)
            return await self._store_entries(turn, [entry for entry, _ in batch])

    async def _store_entries(self, turn: Turn, entries: list[Entry]) -> Sequence[str | None]:
        wanted = self._outbox.wanted if self._outbox is not None else frozenset()
        if not any(entry.share or entry.lead or entry.event.kind in wanted for entry in entries):
            events = [entry.event for entry in entries]
            await turn.append(events)
            return [None] * len(entries)
        return await turn.within(lambda tx: self._store_all(tx, entries))

    async def _store_all(self, tx: Transaction, entries: Sequence[Entry]) -> Sequence[str | None]:
        told = await _first_of_their_shares(tx, entries)
        await insert_shares(tx, {e.share.share: (e.share, e.event.at_ms) for e in entries if e.share is not None})
        stood = await _upsert_leads(tx, [entry.lead for entry in entries if entry.lead is not None])
        for entry in entries:
            if entry.lead is not None and entry.lead.email_key:
                entry.event.lead = stood[entry.lead.email_key]
                if entry.event.ref == entry.event.lead:
                    entry.event.ref = None  # nobody passes a page along to themselves
        events = [entry.event for entry in told]
        await tx.append(events)
        if self._outbox is not None:
            await self._outbox.tell_events(tx, events, _as_stored(told))
        return [entry.event.lead if entry.lead is not None else None for entry in entries]


async def _first_of_their_shares(tx: Transaction, entries: Sequence[Entry]) -> list[Entry]:
    """The entries without those that happen once and have happened, in the file or earlier in this batch."""
    told: list[Entry] = []
    for entry in entries:
        if entry.once and entry.share is not None:
            share = entry.share.share
            if any(other.share and other.share.share == share for other in told):
                continue
            if await tx.one("SELECT 1 FROM shares WHERE share = ?", (share,)):
                continue
        told.append(entry)
    return told


async def insert_shares(tx: Transaction, shares: dict[str, tuple[Claims, int]]) -> None:
    """Rows for shares seen for the first time; `shares` maps id to claims and the time of their first event."""
    rows = [
        (
            share, claims.asset, claims.customer, claims.mechanic, claims.channel, claims.sharer, claims.parent,
            claims.hop, claims.expires_at_s, claims.nonce, at_ms,
        )
        for share, (claims, at_ms) in shares.items()
    ]  # fmt: skip
    marks = ",".join("?" * len(_SHARE_COLUMNS))
    await tx.many(f"INSERT INTO shares ({','.join(_SHARE_COLUMNS)}) VALUES ({marks}) ON CONFLICT DO NOTHING", rows)


async def _upsert_leads(tx: Transaction, leads: Sequence[Lead]) -> dict[str, str]:
    """Stores leads, many in one statement, and gives, for each e-mail key, the id that stands."""
    stood: dict[str, str] = {}
    waiting = list(leads)
    while waiting:
        # Of two with the same address the second comes after the first: a statement meets a row but once.
        first = {lead.email_key or lead.id: lead for lead in reversed(waiting)}
        now = list(reversed(first.values()))
        waiting = [lead for lead in waiting if first[lead.email_key or lead.id] is not lead]
        values = [_column(getattr(lead, column)) for lead in now for column in _LEAD_COLUMNS]
        for row in await tx.all(_upsert(len(now)), values):
            if row["email_key"]:
                stood[row["email_key"]] = row["id"]
    return stood


@cache
def _upsert(leads: int) -> str:
    """Of a lead that came before, the first touch stays; answers given now replace empty or older ones."""
    marks = "(" + ",".join("?" * len(_LEAD_COLUMNS)) + ")"
    return f"""INSERT INTO leads ({",".join(_LEAD_COLUMNS)}) VALUES {",".join([marks] * leads)}
        ON CONFLICT (email_key) DO UPDATE SET
          email      = excluded.email,
          name       = CASE WHEN excluded.name <> '' THEN excluded.name ELSE leads.name END,
          company    = CASE WHEN excluded.company <> '' THEN excluded.company ELSE leads.company END,
          role       = CASE WHEN excluded.role <> '' THEN excluded.role ELSE leads.role END,
          heard_from = CASE WHEN leads.heard_from = '' THEN excluded.heard_from ELSE leads.heard_from END,
          extra      = json_patch(leads.extra, excluded.extra),
          consent_text    = coalesce(excluded.consent_text, leads.consent_text),
          consent_version = coalesce(excluded.consent_version, leads.consent_version),
          consent_at_ms   = coalesce(excluded.consent_at_ms, leads.consent_at_ms),
          opted_out       = CASE WHEN leads.opted_out = 1 THEN 1 ELSE excluded.opted_out END
        RETURNING id, email_key"""


def _as_stored(entries: Sequence[Entry]) -> list[Lead]:
    """The leads of some entries, each once, under the ids that stand."""
    leads = {entry.event.lead: entry.lead for entry in entries if entry.lead is not None and entry.event.lead}
    return [replace(lead, id=id) for id, lead in leads.items()]


def _column(value: Any) -> Any:
    return msgspec.json.encode(value).decode() if isinstance(value, dict) else value
