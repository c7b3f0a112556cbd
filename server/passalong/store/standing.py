"""How one record stands in the CRM: what it is there, when that was told last, and what waits or was refused."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from passalong.domain.delivery import Job
from passalong.store.db import Database
from passalong.store.outbox import CONTACT, CONTACT_AGAIN, DEAL, ERASURE


class Standing(Struct, frozen=True, kw_only=True):
    """A lead as a contact of the CRM, or a conversion as its deal. `record` is the CRM's id of it; `ours` says that
    what stands there of its origin was written from here; `job` is what is still to be done, else what was done last.
    """

    record: str | None
    ours: bool
    told_at_ms: int | None
    checked_at_ms: int | None
    drift: str | None
    job: Job | None


class Standings:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def of_lead(self, lead: str) -> Standing:
        row = await self._db.read_one("SELECT * FROM crm_contacts WHERE lead = ?", (lead,))
        return Standing(
            record=row["contact"] if row else None,
            ours=bool(row and row["touched"]),
            told_at_ms=row["synced_at_ms"] if row else None,
            checked_at_ms=row["checked_at_ms"] if row else None,
            drift=row["drift"] if row else None,
            job=await self._job(lead, CONTACT, CONTACT_AGAIN, ERASURE),
        )

    async def of_deal(self, deal: str) -> Standing:
        row = await self._db.read_one("SELECT told, drift FROM deals WHERE id = ?", (deal,))
        job = await self._job(deal, DEAL)
        return Standing(
            record=deal,
            ours=bool(row and row["told"]),
            told_at_ms=job.done_at_ms if job else None,
            checked_at_ms=None,
            drift=row["drift"] if row else None,
            job=job,
        )

    async def names(self, deals: Sequence[str]) -> dict[str, str]:
        """What the CRM calls these deals."""
        rows = await self._db.read(
            "SELECT d.id, d.name FROM json_each(?) asked JOIN deals d ON d.id = asked.value",
            (msgspec.json.encode(list(deals)).decode(),),
        )
        return {row["id"]: row["name"] for row in rows}

    async def _job(self, subject: str, *topics: str) -> Job | None:
        """What is undone comes before what is done, and of either the newest."""
        marks = ",".join("?" * len(topics))
        row = await self._db.read_one(
            f"""SELECT * FROM outbox WHERE subject = ? AND destination = 'hubspot' AND topic IN ({marks})
                ORDER BY state IN ('pending', 'sending', 'failed') DESC, created_at_ms DESC, id DESC LIMIT 1""",
            (subject, *topics),
        )
        return msgspec.convert(dict(row), Job) if row else None
