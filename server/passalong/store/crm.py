"""What we know of the CRM: which contact a lead is, every deal, and where the two sides differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from passalong.domain.deal import Deal, conversions_of
from passalong.domain.delivery import Destination, Job
from passalong.domain.instant import DAY_MS, Clock
from passalong.domain.lead import Lead
from passalong.store.db import REMEMBER, Database, retried
from passalong.store.outbox import CONTACT, CONTACT_AGAIN, DEAL, DEAL_IN, Outbox
from passalong.store.pipeline import Pipeline

NOTICES_KEPT_MS = 7 * DAY_MS
_LACKING = """
  l.sample = 0 AND l.erased_at_ms IS NULL AND NOT EXISTS (SELECT 1 FROM crm_contacts c WHERE c.lead = l.id)
  AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.subject = l.id AND o.destination = 'hubspot'
                  AND o.state IN ('pending', 'sending', 'failed'))"""

Told = dict[str, str]
"""Properties of a CRM record by name, as its API takes them: text, '' for nothing."""


class Link(Struct, frozen=True, kw_only=True):
    """A lead and the contact that it is in the CRM. `touched` says that its first touch there is this lead's."""

    lead: str
    contact: str
    touched: bool


class Differences(Struct, frozen=True, kw_only=True):
    """Where the CRM and this server differ. `lacking` leads were never sent; of `drifted` records it says something
    else now; `deals_to_tell` carry another credit than was last written to them."""

    lacking: int
    drifted_contacts: int
    drifted_deals: int
    deals_to_tell: int
    deals: int
    contacts: int


class Drift(Struct, frozen=True, kw_only=True):
    """A record that no longer says what was written to it. `record` is the CRM's id, `kind` contact or deal."""

    kind: str
    record: str
    lead: str | None
    drift: str


class Crm:
    def __init__(
        self, db: Database, pipeline: Pipeline, outbox: Outbox, clock: Clock, stages: Mapping[str, str]
    ) -> None:
        self._db = db
        self._pipeline = pipeline
        self._outbox = outbox
        self._clock = clock
        self._stages = stages

    # Contacts

    async def leads(self, ids: Sequence[str]) -> list[Lead]:
        """These leads, the first to come first, without those that were erased."""
        rows = await self._db.read(
            """SELECT l.* FROM json_each(?) asked JOIN leads l ON l.id = asked.value
               WHERE l.erased_at_ms IS NULL ORDER BY l.created_at_ms, l.id""",
            (_json(ids),),
        )
        return [
            msgspec.convert({**dict(row), "extra": msgspec.json.decode(row["extra"])}, Lead, strict=False)
            for row in rows
        ]

    @retried
    async def synced(self, jobs: Sequence[Job], links: Sequence[Link]) -> None:
        """These jobs are done, and these leads are those contacts."""
        now_ms = self._clock()
        async with self._db.transaction() as tx:
            await tx.many(
                """INSERT INTO crm_contacts VALUES (?, ?, ?, ?, NULL, ?) ON CONFLICT (lead) DO UPDATE SET
                     contact = excluded.contact, synced_at_ms = excluded.synced_at_ms,
                     checked_at_ms = excluded.checked_at_ms, drift = NULL, touched = excluded.touched""",
                [(link.lead, link.contact, now_ms, now_ms, link.touched) for link in links],
            )
            await self._outbox.mark_done(tx, jobs)

    async def contact_of(self, lead: str) -> str | None:
        row = await self._db.read_one("SELECT contact FROM crm_contacts WHERE lead = ?", (lead,))
        return str(row["contact"]) if row else None

    async def leads_of(self, contact: str) -> list[str]:
        rows = await self._db.read("SELECT lead FROM crm_contacts WHERE contact = ?", (contact,))
        return [str(row["lead"]) for row in rows]

    @retried
    async def forget_contact(self, job: Job) -> None:
        """The contact of an erased lead is gone there, too."""
        async with self._db.transaction() as tx:
            await tx.all("DELETE FROM crm_contacts WHERE lead = ?", (job.subject,))
            await self._outbox.mark_done(tx, [job])

    async def links(self, after: str, limit: int) -> list[Link]:
        """Leads that are contacts, by id, from behind one."""
        rows = await self._db.read(
            "SELECT lead, contact, touched FROM crm_contacts WHERE lead > ? ORDER BY lead LIMIT ?", (after, limit)
        )
        return [msgspec.convert(dict(row), Link, strict=False) for row in rows]

    @retried
    async def checked(self, drifts: Mapping[str, str | None]) -> None:
        """What was found to differ, by lead; None where nothing does."""
        now_ms = self._clock()
        async with self._db.transaction() as tx:
            await tx.many(
                "UPDATE crm_contacts SET checked_at_ms = ?, drift = ? WHERE lead = ?",
                [(now_ms, drift, lead) for lead, drift in drifts.items()],
            )

    # Deals

    @retried
    async def store_deals(
        self,
        deals: Sequence[Deal],
        *,
        gone: Sequence[str] = (),
        jobs: Sequence[Job] = (),
        watermark: int | None = None,
    ) -> int:
        """Keeps deals and credits the conversions that they stand for; gives how many conversions are new. What the
        deals no longer say, and all that deals said which are `gone`, counts for nothing from now on.

        The `watermark` (up to when deals were asked for, in Unix milliseconds) moves in the same transaction.
        """
        new = 0
        async with self._db.transaction() as tx:
            for deal in deals:
                await tx.all(
                    """INSERT INTO deals (id, name, stage, amount_minor, currency, created_at_ms, closed_at_ms,
                         modified_at_ms, contacts, domains) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                       ON CONFLICT (id) DO UPDATE SET name = excluded.name, stage = excluded.stage,
                         amount_minor = excluded.amount_minor, currency = excluded.currency,
                         created_at_ms = excluded.created_at_ms, closed_at_ms = excluded.closed_at_ms,
                         modified_at_ms = excluded.modified_at_ms, contacts = excluded.contacts,
                         domains = excluded.domains""",
                    (
                        deal.id, deal.name, deal.stage, deal.amount.amount_minor if deal.amount else None,
                        deal.amount.currency if deal.amount else None, deal.created_at_ms, deal.closed_at_ms,
                        deal.modified_at_ms, len(deal.emails), _json(deal.domains),
                    ),
                )  # fmt: skip
                bodies = conversions_of(deal, self._stages)
                for body in bodies:
                    new += (await self._pipeline.record_in(tx, body, deal=deal.id))[1]
                kept = [body.kind.value for body in bodies]
                await self._pipeline.withdraw_in(tx, deal.id, kept, "the deal is in another stage now")
            if watermark is not None:
                await tx.all(
                    """INSERT INTO meta VALUES ('hubspot_watermark', ?)
                       ON CONFLICT (name) DO UPDATE SET value = excluded.value
                       WHERE CAST(meta.value AS BIGINT) < CAST(excluded.value AS BIGINT)""",
                    (str(watermark),),
                )
            for id in gone:
                await self._pipeline.withdraw_in(tx, id, (), "the deal was deleted")
                await tx.all("DELETE FROM deals WHERE id = ?", (id,))
            await self._outbox.mark_done(tx, jobs)
        return new

    async def watermark(self) -> int:
        """Up to when deals were asked for, in Unix milliseconds; 0 before the first time."""
        return await self._number("hubspot_watermark")

    async def polled_at_ms(self) -> int:
        """When deals were asked for last, to the end; 0 before the first time."""
        return await self._number("hubspot_polled_at_ms")

    async def reconciled_at_ms(self) -> int:
        """When both sides were compared last; 0 before the first time."""
        return await self._number("hubspot_reconciled_at_ms")

    async def note(self, name: str, at_ms: int) -> None:
        """Remembers that `polled` or `reconciled` was done, and when it began: it tells of the world at that time."""
        await self._db.write(REMEMBER, (f"hubspot_{name}_at_ms", str(at_ms)))

    async def credits_of(self, deals: Sequence[str]) -> dict[str, Told]:
        """What each deal should say: the largest credit of its opportunity, or of how it ended; '' where there is
        none."""
        rows = await self._db.read(
            """SELECT d.id, c.customer, c.mechanic, c.share, c.hop, c.evidence FROM json_each(?) asked
                 JOIN deals d ON d.id = asked.value
                 LEFT JOIN conversions v ON v.deal = d.id LEFT JOIN credits c ON c.conversion = v.id
               ORDER BY d.id, v.kind = 'opportunity', c.micro, c.place DESC""",
            (_json(deals),),
        )
        found: dict[str, Told] = {}
        for row in rows:
            # Later rows are worth more; one without a credit says nothing about those with one.
            if row["customer"] is not None or row["id"] not in found:
                found[row["id"]] = told(row["customer"], row["mechanic"], row["share"], row["hop"], row["evidence"])
        return found

    @retried
    async def told_deals(self, jobs: Sequence[Job], values: Mapping[str, Told]) -> None:
        """These deals now say this."""
        async with self._db.transaction() as tx:
            await tx.many(
                "UPDATE deals SET told = ?, drift = NULL WHERE id = ?",
                [(_json_of(value), id) for id, value in values.items()],
            )
            await self._outbox.mark_done(tx, jobs)

    async def told_of(self, deals: Sequence[str]) -> dict[str, Told]:
        """What was last written to each deal; deals that were never written to are left out."""
        rows = await self._db.read(
            "SELECT d.id, d.told FROM json_each(?) asked JOIN deals d ON d.id = asked.value WHERE d.told IS NOT NULL",
            (_json(deals),),
        )
        return {row["id"]: msgspec.json.decode(row["told"], type=Told) for row in rows}

    async def deals(self, after: str, limit: int) -> list[str]:
        rows = await self._db.read("SELECT id FROM deals WHERE id > ? ORDER BY id LIMIT ?", (after, limit))
        return [str(row["id"]) for row in rows]

    @retried
    async def checked_deals(self, drifts: Mapping[str, str | None]) -> None:
        async with self._db.transaction() as tx:
            await tx.many("UPDATE deals SET drift = ? WHERE id = ?", [(drift, id) for id, drift in drifts.items()])

    # Notices

    @retried
    async def notice(self, id: str, deals: Sequence[str]) -> bool:
        """Takes a notice of the CRM once, and queues that the deals it names be read. Gives whether it is new."""
        now_ms = self._clock()
        async with self._db.transaction() as tx:
            row = await tx.one("INSERT INTO notices VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING id", (id, now_ms))
            for deal in deals if row is not None else ():
                await self._outbox.add(tx, Destination.HUBSPOT, DEAL_IN, deal)
            await tx.all("DELETE FROM notices WHERE at_ms < ?", (now_ms - NOTICES_KEPT_MS,))
        return row is not None

    # Reconciling

    async def differences(self) -> Differences:
        row = await self._db.read_one(
            f"""SELECT
                 (SELECT count(*) FROM leads l WHERE {_LACKING}) AS lacking,
                 (SELECT count(*) FROM crm_contacts WHERE drift IS NOT NULL) AS drifted_contacts,
                 (SELECT count(*) FROM deals WHERE drift IS NOT NULL) AS drifted_deals,
                 (SELECT count(*) FROM outbox WHERE destination = 'hubspot' AND topic = ?
                    AND state IN ('pending', 'sending', 'failed')) AS deals_to_tell,
                 (SELECT count(*) FROM deals) AS deals, (SELECT count(*) FROM crm_contacts) AS contacts""",
            (DEAL,),
        )
        return msgspec.convert(dict(row) if row else {}, Differences)

    async def drifts(self, limit: int = 100) -> list[Drift]:
        rows = await self._db.read(
            """SELECT 'contact' AS kind, contact AS record, lead, drift FROM crm_contacts WHERE drift IS NOT NULL
               UNION ALL SELECT 'deal', id, NULL, drift FROM deals WHERE drift IS NOT NULL LIMIT ?""",
            (limit,),
        )
        return [msgspec.convert(dict(row), Drift) for row in rows]

    @retried
    async def resend(self) -> int:
        """Queues every lead that the CRM lacks, and every record that drifted; gives how many jobs that is."""
        async with self._db.transaction() as tx:
            lacking = await tx.all(f"SELECT l.id FROM leads l WHERE {_LACKING} ORDER BY l.created_at_ms, l.id")
            contacts = await tx.all(
                "SELECT c.lead FROM crm_contacts c JOIN leads l ON l.id = c.lead "
                "WHERE c.drift IS NOT NULL AND l.erased_at_ms IS NULL"
            )
            deals = await tx.all("SELECT id FROM deals WHERE drift IS NOT NULL")
            await tx.all("UPDATE deals SET told = '{}' WHERE drift IS NOT NULL")  # unlike anything that may be told
            jobs = [
                *((Destination.HUBSPOT, CONTACT, row["id"]) for row in lacking),
                *((Destination.HUBSPOT, CONTACT_AGAIN, row["lead"]) for row in contacts),
                *((Destination.HUBSPOT, DEAL, row["id"]) for row in deals),
            ]
            await self._outbox.add_all(tx, jobs)
        return len(jobs)

    async def _number(self, name: str) -> int:
        row = await self._db.read_one("SELECT value FROM meta WHERE name = ?", (name,))
        return int(row["value"]) if row else 0


def told(customer: str | None, mechanic: str | None, share: str | None, hop: int | None, evidence: str | None) -> Told:
    """The properties that carry a first touch, or a credit."""
    return {
        "passalong_customer_id": customer or "",
        "passalong_mechanic": mechanic or "",
        "passalong_share": share or "",
        "passalong_hop": "" if hop is None or customer is None else str(hop),
        "passalong_evidence": evidence or "",
    }


NOTHING_TOLD = told(None, None, None, None, None)


def _json(values: Sequence[str]) -> str:
    return _json_of(list(values))


def _json_of(value: object) -> str:
    return msgspec.json.encode(value).decode()
