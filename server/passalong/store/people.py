"""Everything that is kept of one person, table by table: for whoever asks what is known of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from passalong.domain.domains import email_key
from passalong.domain.instant import at
from passalong.store.addresses import addresses
from passalong.store.db import Database, Row

_MINE = "(SELECT id FROM mine)"
_HASHED = "(SELECT address FROM hashed)"
_TIED = f"""(SELECT conversion FROM credits WHERE lead IN {_MINE} OR sharer IN {_MINE}
  UNION SELECT conversion FROM touchpoints WHERE lead IN {_MINE} OR sharer IN {_MINE}
  UNION SELECT conversion FROM contacts WHERE lead IN {_MINE} OR address = {_HASHED})"""


class Whose(NamedTuple):
    """Which rows of a table are a person's, in which order, and in words what they are."""

    condition: str
    order: str
    what: str


EXPORTED: dict[str, Whose] = {
    "leads": Whose(
        f"id IN {_MINE}",
        "created_at_ms",
        "What was answered at a gate, on whose link, and which wording was agreed to and when",
    ),
    "events": Whose(f"lead IN {_MINE}", "seq", "What was looked at, followed and passed along since"),
    "shares": Whose(
        f"parent IS NOT NULL AND sharer IN {_MINE}", "first_seen_ms", "Links of their own, made by passing a page along"
    ),
    "conversions": Whose(
        f"id IN {_TIED}", "occurred_at_ms", "Sign-ups and deals that this person is a contact of, or led to"
    ),
    "contacts": Whose(
        f"lead IN {_MINE} OR address = {_HASHED}",
        "conversion, place",
        "As which of their contacts, by a keyed hash",
    ),
    "touchpoints": Whose(
        f"lead IN {_MINE} OR sharer IN {_MINE}", "conversion, place", "Traces from those deals to a shared page"
    ),
    "credits": Whose(
        f"lead IN {_MINE} OR sharer IN {_MINE}", "conversion, place", "Which customer is credited because of them"
    ),
    "invitations": Whose(f"address_key = {_HASHED}", "at_ms", "Invitations to this address by somebody else"),
    "erasures": Whose(f"address_key = {_HASHED}", "asked_at_ms", "That this person asked to be erased"),
    "crm_contacts": Whose(f"lead IN {_MINE}", "lead", "Which contact in HubSpot this person is"),
    "outbox": Whose(
        f"""subject IN {_MINE} OR subject IN (SELECT id FROM invitations WHERE address_key = {_HASHED})
            OR subject IN (SELECT id FROM erasures WHERE address_key = {_HASHED})
            OR (destination = 'webhook' AND subject IN (SELECT CAST(seq AS TEXT) FROM events WHERE lead IN {_MINE}))""",
        "created_at_ms, id",
        "What HubSpot, webhooks and mail were told, or will be",
    ),
    "audit": Whose(f"subject IN {_MINE}", "id", "What admins did about this person: exports, erasure"),
}
"""Of each table that knows leads or addresses the rows that are a person's. `mine` are the ids of its leads, `hashed`
the keyed hash of its address."""

_SAID_TWICE = {"email_key", "digest"}
"""Columns that say nothing beyond what stands beside them."""

Rows = dict[str, list[dict[str, Any]]]
"""Rows by table; times are RFC 3339 under names without their unit."""


class People:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def known(self, email: str) -> Rows:
        """All that is kept of whoever has this address; no rows for somebody unknown."""
        rows = await self._db.read("SELECT id FROM leads WHERE email_key = ?", (email_key(email),))
        return await self._rows([str(row["id"]) for row in rows], (await addresses(self._db)).hash(email))

    async def known_of(self, lead: str) -> Rows:
        """The same of a lead; of one that was erased, what is left."""
        row = await self._db.read_one("SELECT email FROM leads WHERE id = ? AND erased_at_ms IS NULL", (lead,))
        hashed = (await addresses(self._db)).hash(row["email"]) if row else None
        return await self._rows([lead], hashed)

    async def _rows(self, leads: Sequence[str], address: str | None) -> Rows:
        params = (msgspec.json.encode(list(leads)).decode(), address)
        found: Rows = {}
        for table, whose in EXPORTED.items():
            rows = await self._db.report(
                f"""WITH mine (id) AS (SELECT value FROM json_each(?)), hashed (address) AS (SELECT ?)
                    SELECT * FROM {table} WHERE {whose.condition} ORDER BY {whose.order}""",
                params,
            )
            found[table] = [_readable(row) for row in rows]
        return found


def _readable(row: Row) -> dict[str, Any]:
    readable: dict[str, Any] = {}
    for name, value in dict(row).items():
        if name.endswith("_ms"):
            readable[name.removesuffix("_ms")] = None if value is None else at(value)
        elif name in ("extra", "detail") and isinstance(value, str) and value.startswith("{"):
            readable[name] = msgspec.json.decode(value)
        elif name not in _SAID_TWICE:
            readable[name] = value
    return readable
