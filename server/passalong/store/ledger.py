"""The append-only ledger: group commit.

Requests enqueue and wait. One task writes whatever has queued while the last commit was on its way to
the disk, so there is no timer, and nobody waits for more than two flushes. The usual batch (events of
shares already known) is a single INSERT of many rows: one statement is one transaction, one hop to the
database thread, one flush. On its last row a trigger counts the whole batch, in that same transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from passalong.domain.event import Event, EventRow
from passalong.domain.lead import Lead
from passalong.domain.share import Claims
from passalong.errors import Sentence, Unavailable
from passalong.store.db import Database, Transaction
from passalong.store.outbox import Outbox

MAX_BATCH = 128
_POLL_S = 0.2

_EVENT_COLUMNS = tuple(field for field in Event.__struct_fields__)
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


class Ledger:
    """The writer. `start` before the first append; `stop` drains."""

    def __init__(self, db: Database, outbox: Outbox | None = None) -> None:
        self._db = db
        self._outbox = outbox
        self._queue: list[tuple[Entry, asyncio.Future[str | None]]] = []
        self._wake = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
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
        future: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
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
                batch, self._queue = self._queue[:MAX_BATCH], self._queue[MAX_BATCH:]
                try:
                    leads = await self._store([entry for entry, _ in batch])
                except Exception as error:  # whatever it is, the writer lives on and its waiters hear of it
                    for _, future in batch:
                        if not future.done():
                            future.set_exception(error)
                else:
                    for (_, future), lead in zip(batch, leads, strict=True):
                        if not future.done():
                            future.set_result(lead)
            if self._stopping:
                return

    async def _store(self, entries: list[Entry]) -> Sequence[str | None]:
        wants = self._outbox.wants if self._outbox is not None else _nobody
        if not any(entry.share or entry.lead or wants(entry.event) for entry in entries):
            events = [entry.event for entry in entries]
            await self._db.write(_insert_events(len(events)), _flat(events))
            return [None] * len(entries)
        async with self._db.transaction() as tx:
            told = await _first_of_their_shares(tx, entries)
            await insert_shares(tx, {e.share.share: (e.share, e.event.at_ms) for e in entries if e.share is not None})
            stood = await _upsert_leads(tx, [entry.lead for entry in entries if entry.lead is not None])
            for entry in entries:
                if entry.lead is not None and entry.lead.email_key:
                    entry.event.lead = stood[entry.lead.email_key]
                    if entry.event.ref == entry.event.lead:
                        entry.event.ref = None  # nobody passes a page along to themselves
            events = [entry.event for entry in told]
            await insert_events(tx, events)
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


async def insert_events(tx: Transaction, events: Sequence[Event]) -> None:
    """Appends within an open transaction: for what commits together with other rows."""
    for start in range(0, len(events), MAX_BATCH):
        chunk = events[start : start + MAX_BATCH]
        await tx.all(_insert_events(len(chunk)), _flat(chunk))


async def insert_shares(tx: Transaction, shares: dict[str, tuple[Claims, int]]) -> None:
    """Rows for shares seen for the first time; `shares` maps id to claims and the time of their first event."""
    rows = [
        (
            share, claims.asset, claims.customer, claims.mechanic, claims.channel, claims.sharer, claims.parent,
            claims.hop, claims.expires_at_s, claims.nonce, at_ms,
        )
        for share, (claims, at_ms) in shares.items()
    ]  # fmt: skip
    if rows:
        marks = ",".join("?" * len(_SHARE_COLUMNS))
        await tx.many(f"INSERT OR IGNORE INTO shares ({','.join(_SHARE_COLUMNS)}) VALUES ({marks})", rows)


async def _upsert_leads(tx: Transaction, leads: Sequence[Lead]) -> dict[str, str]:
    """Stores leads and gives, for each e-mail key, the id that stands.

    Of a lead that came before, the first touch stays; answers given now replace empty or older ones.
    """
    marks = ",".join("?" * len(_LEAD_COLUMNS))
    stood: dict[str, str] = {}
    for lead in leads:
        row = await tx.one(
            f"""INSERT INTO leads ({",".join(_LEAD_COLUMNS)}) VALUES ({marks})
                ON CONFLICT (email_key) DO UPDATE SET
                  email      = excluded.email,
                  name       = CASE WHEN excluded.name <> '' THEN excluded.name ELSE leads.name END,
                  company    = CASE WHEN excluded.company <> '' THEN excluded.company ELSE leads.company END,
                  role       = CASE WHEN excluded.role <> '' THEN excluded.role ELSE leads.role END,
                  heard_from = CASE WHEN leads.heard_from = '' THEN excluded.heard_from ELSE leads.heard_from END,
                  extra      = json_patch(leads.extra, excluded.extra),
                  consent_text    = coalesce(excluded.consent_text, leads.consent_text),
                  consent_version = coalesce(excluded.consent_version, leads.consent_version),
                  consent_at_ms   = coalesce(excluded.consent_at_ms, leads.consent_at_ms)
                RETURNING id""",
            [_column(getattr(lead, column)) for column in _LEAD_COLUMNS],
        )
        if row and lead.email_key:
            stood[lead.email_key] = str(row["id"])
    return stood


def _as_stored(entries: Sequence[Entry]) -> list[Lead]:
    """The leads of some entries, each once, under the ids that stand."""
    leads = {entry.event.lead: entry.lead for entry in entries if entry.lead is not None and entry.event.lead}
    return [replace(lead, id=id) for id, lead in leads.items()]


def _nobody(event: Event) -> bool:
    return False


def _column(value: Any) -> Any:
    return msgspec.json.encode(value).decode() if isinstance(value, dict) else value


@cache
def _insert_events(rows: int) -> str:
    columns = (*_EVENT_COLUMNS, "last")
    marks = "(" + ",".join("?" * len(columns)) + ")"
    return f"INSERT INTO events ({','.join(columns)}) VALUES {','.join([marks] * rows)}"


_plain = str.__str__


def _flat(events: Sequence[Event]) -> list[Any]:
    """The values of many rows in one list. Enum members go as plain text, which SQLite takes without a detour."""
    flat: list[Any] = []
    for e in events:
        flat += (
            e.at_ms, e.day, _plain(e.kind), _plain(e.actor), e.share, e.customer, e.mechanic, e.asset, e.hop, e.visitor,
            e.lead, e.ref, 0,
        )  # fmt: skip
    flat[-1] = 1
    return flat
