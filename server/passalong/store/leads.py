"""Leads: reading them, their journeys, and their erasure. They are written by the ledger, with their event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from passalong.domain.domains import email_key
from passalong.domain.erasure import Emptied
from passalong.domain.event import EventRow
from passalong.domain.lead import Lead
from passalong.domain.share import MAX_HOPS
from passalong.errors import NotFound
from passalong.store.addresses import addresses
from passalong.store.catalog import Catalog, Erased
from passalong.store.db import Database, Row, retried
from passalong.store.idempotency import erase_answers
from passalong.store.invitations import erase_invited
from passalong.store.outbox import Outbox
from passalong.store.pipeline import Pipeline
from passalong.store.searching import lead_matches, wanted

MOST_EVENTS = 1000
_TELLING = 6
"""Shorter words stand in many texts, and tell nobody from others."""


class Person(Struct, frozen=True, kw_only=True):
    """A lead on somebody's way, by as much as tells it from others; empty after an erasure."""

    id: str
    email: str
    domain: str | None


class Hop(Struct, frozen=True, kw_only=True):
    """One link on the way to a lead, the customer's own first. `passed_by` is the lead whose branch it is, `sharer` the
    vendor's id of who shared a link that is nobody's; `reached` the next lead on the way, at the end the one that was
    asked about, and `reached_at_ms` when that one was first seen there."""

    share: str
    customer: str
    mechanic: str
    asset: str
    channel: str
    hop: int
    sharer: str | None
    passed_by: Person | None
    shared_at_ms: int
    reached: Person | None
    reached_at_ms: int | None


class Leads:
    def __init__(self, db: Database, catalog: Catalog, pipeline: Pipeline, outbox: Outbox) -> None:
        self._db = db
        self._catalog = catalog
        self._pipeline = pipeline
        self._outbox = outbox

    async def get(self, id: str) -> Lead:
        """One lead; raises NotFound."""
        row = await self._db.read_one("SELECT * FROM leads WHERE id = ?", (id,))
        if row is None:
            raise NotFound(f"There is no lead {id}.")
        return _lead(row)

    async def page(
        self, *, limit: int, before: tuple[int, str] | None, customer: str | None = None, search: str | None = None
    ) -> list[Lead]:
        """Leads, newest first, from below the (created_at_ms, id) `before`. `search` looks in every answer, and in the
        names of customers and mechanics."""
        where, params = ["true"], []  # type: tuple[list[str], list[object]]
        if before is not None:
            where.append("(created_at_ms, id) < (?, ?)")
            params += before
        if customer is not None:
            where.append("customer = ?")
            params.append(customer)
        if search:
            condition, values = lead_matches(await wanted(self._db, self._catalog, search, people=True))
            where.append(condition)
            params += values
        read = self._db.report if search else self._db.read
        rows = await read(
            f"SELECT * FROM leads WHERE {' AND '.join(where)} ORDER BY created_at_ms DESC, id DESC LIMIT ?",
            [*params, limit],
        )
        return [_lead(row) for row in rows]

    async def journey(self, id: str) -> list[EventRow]:
        """What the ledger has of a lead, oldest first: the last MOST_EVENTS, for whoever reloads a page makes many."""
        rows = await self._db.read(
            "SELECT * FROM (SELECT * FROM events WHERE lead = ? ORDER BY seq DESC LIMIT ?) ORDER BY seq",
            (id, MOST_EVENTS),
        )
        return [msgspec.convert(dict(row), EventRow) for row in rows]

    async def way(self, lead: Lead) -> list[Hop]:
        """The links by which a lead came, from the customer's own to the one whose gate it filled. A link that was
        minted elsewhere and never opened is not known here, and what was before it neither."""
        shares = await self._db.read(_WAY, (lead.share, MAX_HOPS))
        ids = [row["sharer"] if row["parent"] else None for row in shares[1:]] + [lead.id]
        people = await self._people([row["sharer"] for row in shares if row["parent"] and row["sharer"]] + [lead.id])
        seen = await self._db.read(
            """SELECT (SELECT min(at_ms) FROM events e WHERE e.lead = asked.value ->> 0 AND e.share = asked.value ->> 1)
                 AS at_ms FROM json_each(?) asked ORDER BY asked.key""",
            (msgspec.json.encode([(id, row["share"]) for id, row in zip(ids, shares, strict=True)]).decode(),),
        )
        return [
            Hop(
                share=row["share"],
                customer=row["customer"],
                mechanic=row["mechanic"],
                asset=row["asset"],
                channel=row["channel"],
                hop=row["hop"],
                sharer=None if row["parent"] else row["sharer"],
                passed_by=people.get(row["sharer"]) if row["parent"] else None,
                shared_at_ms=row["first_seen_ms"],
                reached=people.get(id) if id else None,
                reached_at_ms=first["at_ms"],
            )
            for row, id, first in zip(shares, ids, seen, strict=True)
        ]

    async def _people(self, ids: Sequence[str]) -> dict[str, Person]:
        rows = await self._db.read(
            "SELECT l.id, l.email, l.domain FROM json_each(?) asked JOIN leads l ON l.id = asked.value",
            (msgspec.json.encode(list(ids)).decode(),),
        )
        return {row["id"]: msgspec.convert(dict(row), Person) for row in rows}

    async def ids_of(self, email: str) -> list[str]:
        rows = await self._db.read("SELECT id FROM leads WHERE email_key = ?", (email_key(email),))
        return [str(row["id"]) for row in rows]

    @retried
    async def erase(self, ids: Sequence[str], at_ms: int, *, in_crm: bool = True) -> Emptied:
        """Empties these leads' rows and leaves every total as it was. Gives what there was to erase.

        The CRM is told to erase them, too, unless it is the one who asked (`in_crm` False).
        """
        rows: Counter[str] = Counter()
        gone: dict[str, str] = {}
        asked, endpoints = False, 0
        async with self._db.transaction() as tx:
            hashes = await addresses(tx)
            for id in ids:
                row = await tx.one("SELECT * FROM leads WHERE id = ? AND erased_at_ms IS NULL", (id,))
                if row is None:
                    continue
                lead = _lead(row)
                gone[id] = hashes.hash(lead.email)
                await tx.all(
                    """UPDATE leads SET email = '', email_key = NULL, domain = NULL, name = '', company = '',
                         role = '', heard_from = '', extra = '{}', erased_at_ms = ? WHERE id = ?""",
                    (at_ms, id),
                )
                rows.update(await self._pipeline.lead_erased(tx, id, lead.email, lead.domain))
                told = await self._outbox.tell_erasure(tx, id, in_crm=in_crm)
                asked, endpoints = asked or told.crm, max(endpoints, told.endpoints)
                rows.update(
                    leads=1,
                    invitations=await erase_invited(tx, gone[id]),
                    outbox=told.jobs,
                    idempotency=await erase_answers(tx, _said(lead)),
                )
        await self._catalog.put_all([Erased(lead=id, at_ms=at_ms) for id in ids if id not in self._catalog.erased])
        await self._db.forget()
        return Emptied(
            leads=[*gone], addresses=sorted({*gone.values()}), rows=dict(rows), hubspot=asked, webhooks=endpoints
        )


_WAY = """
  WITH RECURSIVE way (share, above) AS (
    VALUES (?, 0) UNION ALL
    SELECT s.parent, way.above + 1 FROM way JOIN shares s ON s.share = way.share
    WHERE s.parent IS NOT NULL AND way.above < ?
  )
  SELECT s.* FROM way JOIN shares s ON s.share = way.share ORDER BY way.above DESC"""


def _said(lead: Lead) -> list[str]:
    """All that a lead has said, as it might stand in an answer to somebody's post."""
    said = [lead.email, lead.domain or "", lead.name, lead.company, lead.role, lead.heard_from, *lead.extra.values()]
    return [text for text in said if len(text) >= _TELLING]


def _lead(row: Row) -> Lead:
    values = dict(row)
    values["extra"] = msgspec.json.decode(values["extra"])
    return msgspec.convert(values, Lead, strict=False)
