"""Leads: reading them, their journeys, and their erasure. They are written by the ledger, with their event."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from passalong.domain.domains import email_key
from passalong.domain.event import EventRow
from passalong.domain.lead import Lead
from passalong.errors import NotFound
from passalong.store.catalog import Catalog, Erased
from passalong.store.db import Database
from passalong.store.invitations import erase_invited
from passalong.store.outbox import Outbox
from passalong.store.pipeline import Pipeline


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
        """Leads, newest first, from below the (created_at_ms, id) `before`. `search` looks in every answer."""
        where, params = ["1"], []  # type: tuple[list[str], list[object]]
        if before is not None:
            where.append("(created_at_ms, id) < (?, ?)")
            params += before
        if customer is not None:
            where.append("customer = ?")
            params.append(customer)
        if search:
            where.append("instr(lower(email || ' ' || name || ' ' || company || ' ' || role), lower(?)) > 0")
            params.append(search)
        rows = await self._db.read(
            f"SELECT * FROM leads WHERE {' AND '.join(where)} ORDER BY created_at_ms DESC, id DESC LIMIT ?",
            [*params, limit],
        )
        return [_lead(row) for row in rows]

    async def journey(self, id: str) -> list[EventRow]:
        """Everything the ledger has of a lead, oldest first."""
        rows = await self._db.read("SELECT * FROM events WHERE lead = ? ORDER BY seq", (id,))
        return [msgspec.convert(dict(row), EventRow) for row in rows]

    async def ids_of(self, email: str) -> list[str]:
        rows = await self._db.read("SELECT id FROM leads WHERE email_key = ?", (email_key(email),))
        return [str(row["id"]) for row in rows]

    async def erase(self, ids: Sequence[str], at_ms: int, *, in_crm: bool = True) -> int:
        """Empties these leads' rows and leaves every total as it was. Gives how many had anything to erase.

        The CRM is told to erase them, too, unless it is the one who asked (`in_crm` False).
        """
        erased = 0
        async with self._db.transaction() as tx:
            for id in ids:
                row = await tx.one("SELECT email, domain FROM leads WHERE id = ? AND erased_at_ms IS NULL", (id,))
                if row is None:
                    continue
                await tx.all(
                    """UPDATE leads SET email = '', email_key = NULL, domain = NULL, name = '', company = '',
                         role = '', heard_from = '', extra = '{}', erased_at_ms = ? WHERE id = ?""",
                    (at_ms, id),
                )
                await self._pipeline.lead_erased(tx, id, row["email"], row["domain"])
                await erase_invited(tx, row["email"])
                await self._outbox.tell_erasure(tx, id, in_crm=in_crm)
                erased += 1
        await self._catalog.put_all([Erased(lead=id, at_ms=at_ms) for id in ids if id not in self._catalog.erased])
        await self._db.forget()
        return erased


def _lead(row: sqlite3.Row) -> Lead:
    values = dict(row)
    values["extra"] = msgspec.json.decode(values["extra"])
    return msgspec.convert(values, Lead, strict=False)
