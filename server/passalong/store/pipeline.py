"""Conversions and their credits: stored, attributed and told to the ledger in one transaction.

Touchpoints are facts and kept; credits follow from them by a policy, or from an admin's word over them. When a fact
changes (a late lead, another contact of the deal, an erasure) the conversion is credited anew: the credits that were
stay readable as versions.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Callable, Collection, Sequence

import msgspec
from msgspec.structs import replace
from uuid_utils import uuid7

from passalong.domain.attribution import (
    Credit,
    Override,
    Policy,
    Touchpoint,
    Via,
    attribute,
    decided,
    model_of,
)
from passalong.domain.conversion import ConversionBody
from passalong.domain.domains import is_freemail
from passalong.domain.event import Actor, Event, EventKind
from passalong.domain.instant import DAY_MS, Calendar, Clock
from passalong.domain.lead import Motion, motion
from passalong.domain.money import Money
from passalong.errors import Conflict
from passalong.store.addresses import Addresses, addresses
from passalong.store.catalog import Catalog
from passalong.store.conversions import Case, Conversion, Conversions
from passalong.store.db import Database, Transaction, retried
from passalong.store.outbox import LATE_MS, Outbox
from passalong.store.touchpoints import OPENED, Contact, Touchpoints, Traces

_BATCH = 500
_CREDIT_COLUMNS = tuple(Credit.__struct_fields__)
_EDITION = "pipeline_edition"


class Pipeline:
    def __init__(
        self,
        db: Database,
        catalog: Catalog,
        conversions: Conversions,
        touchpoints: Touchpoints,
        outbox: Outbox,
        calendar: Calendar,
        clock: Clock,
        policy: Policy,
    ) -> None:
        self._db = db
        self._catalog = catalog
        self._conversions = conversions
        self._touchpoints = touchpoints
        self._outbox = outbox
        self._calendar = calendar
        self._clock = clock
        self.policy = policy

    @retried
    async def record(
        self, body: ConversionBody, *, sample: bool = False, deal: str | None = None
    ) -> tuple[Conversion, bool]:
        """Stores and attributes a conversion; gives it, and whether it is new.

        The same report again gives the same answer; another report under the same name raises Conflict.
        """
        return await self._db.within(lambda tx: self.record_in(tx, body, sample=sample, deal=deal))

    async def record_in(
        self, tx: Transaction, body: ConversionBody, *, sample: bool = False, deal: str | None = None
    ) -> tuple[Conversion, bool]:
        """The same, within a transaction. A deal of the CRM that changed is credited anew, and is no Conflict."""
        encoded = msgspec.json.encode(body)
        hashes = await addresses(tx)
        digest = hashes.digest(encoded)
        row = await tx.one(
            "SELECT id, digest, withdrawn FROM conversions WHERE external_id = ? AND kind = ?",
            (body.external_id, body.kind),
        )
        if row is not None:
            # Reports of earlier versions are known by a plain hash.
            if row["digest"] not in (digest, hashlib.sha256(encoded).hexdigest()) or row["withdrawn"]:
                if deal is None:
                    raise Conflict(
                        f"The {body.kind} {body.external_id} is known with other contents. "
                        "What is reported stays; report a correction under an external_id of its own."
                    )
                await self._revise(tx, str(row["id"]), body, hashes)
            return (await self._conversions.case(str(row["id"]), tx)).conversion, False
        traces, touches = await self._touchpoints.read(tx, body, hashes)
        credits, reason = self._credited(traces, touches, body.amount, self.policy)
        conversion = Conversion(
            id=str(uuid7()),
            external_id=body.external_id,
            kind=body.kind,
            occurred_at_ms=traces.occurred_at_ms,
            day=self._calendar.day(traces.occurred_at_ms),
            amount_minor=body.amount.amount_minor if body.amount else None,
            currency=body.amount.currency if body.amount else None,
            company_domain=traces.company_domain,
            unattributed_reason=reason,
            version=1,
            model=self.policy.model,
            window_days=self.policy.window_days,
            heard_from=traces.heard_from,
            click_fault=traces.click_fault,
            deal=deal,
            sample=sample,
            credits=credits,
        )
        await self._insert(tx, conversion, digest, traces, touches)
        return conversion, True

    @retried
    async def lead_came(self, lead: str) -> int:
        """Looks again at every conversion that a new lead may matter to; gives how many were credited anew."""
        changed = 0
        async with self._db.transaction() as tx:
            row = await tx.one("SELECT email, domain, created_at_ms FROM leads WHERE id = ? AND email <> ''", (lead,))
            if row is None:
                return 0
            hashed = (await addresses(tx)).hash(row["email"])
            known = await tx.all("UPDATE contacts SET lead = ? WHERE address = ? RETURNING conversion", (lead, hashed))
            asked = {str(r["conversion"]) for r in known}
            if row["domain"] and not is_freemail(row["domain"]):
                since_ms = row["created_at_ms"] - LATE_MS
                colleagues = await tx.all(
                    """SELECT id FROM conversions WHERE company_domain = ? AND occurred_at_ms > ?
                       UNION SELECT v.id FROM contacts c JOIN conversions v ON v.id = c.conversion
                       WHERE c.domain = ? AND v.occurred_at_ms > ?""",
                    (row["domain"], since_ms) * 2,
                )
                asked |= {str(r["id"]) for r in colleagues}
            for id in sorted(asked):
                changed += await self._reconsider(tx, id, "a lead came in")
        return changed

    async def lead_erased(self, tx: Transaction, lead: str, email: str, domain: str | None) -> dict[str, int]:
        """Within an erasure: takes the address's hash away, and words every credit anew that spoke of the domain, or
        quoted what this lead alone can have said. Nobody's credit changes. Gives how many rows that concerned."""
        hashed = (await addresses(tx)).hash(email) if email else None
        freed = await tx.all("UPDATE contacts SET address = NULL WHERE address = ? RETURNING conversion", (hashed,))
        quoted = await _forget_answers(tx, lead)
        rows = await tx.all(
            """SELECT conversion FROM touchpoints WHERE lead = ? UNION
               SELECT conversion FROM touchpoints WHERE sharer = ? UNION
               SELECT conversion FROM contacts WHERE lead = ?""",
            (lead, lead, lead),
        )
        for row in rows:
            await self._reconsider(tx, row["conversion"], "a lead was erased")
            if domain:
                await _forget_domain(tx, row["conversion"], domain)
        return {"contacts": len(freed), "conversions": quoted, "credits": len(rows)}

    async def withdraw_in(self, tx: Transaction, deal: str, kept: Collection[str], cause: str) -> None:
        """What the CRM no longer says of a deal counts for nothing: all its conversions but those of the kinds kept."""
        rows = await tx.all("SELECT id, kind FROM conversions WHERE deal = ? AND withdrawn = 0", (deal,))
        for row in rows:
            if row["kind"] in kept:
                continue
            conversion = (await self._conversions.case(row["id"], tx)).conversion
            after = replace(
                conversion, credits=[], unattributed_reason=f"Withdrawn: {cause}.", version=conversion.version + 1,
                withdrawn=True,
            )  # fmt: skip
            await self._store(tx, after, cause)

    @retried
    async def decide(self, id: str, override: Override) -> Case:
        """An admin's word over the evidence, or its withdrawal; raises NotFound for an unknown conversion."""
        async with self._db.transaction() as tx:
            await self._conversions.case(id, tx)
            await tx.all(
                """INSERT INTO overrides (conversion, at_ms, by, reason, customer, mechanic, withdrawn)
                   VALUES (?, ?, ?, ?, ?, ?, ?)""",
                (
                    id, override.at_ms, override.by, override.reason, override.customer, override.mechanic,
                    override.withdrawn,
                ),
            )  # fmt: skip
            said = "withdrew the decision" if override.withdrawn else "decided"
            await self._reconsider(tx, id, f"{override.by} {said}: {override.reason}")
        return await self._conversions.case(id)

    @retried
    async def apply_policy(self, progress: Callable[[int], object] = lambda done: None) -> int:
        """Credits everything anew by the present policy; gives how many conversions that changed."""
        policy = self.policy
        cause = f"the rule is now {policy.model} within {policy.window_days} days"
        ids = [str(row["id"]) for row in await self._db.read("SELECT id FROM conversions ORDER BY id")]
        changed = 0
        for done, id in enumerate(ids, 1):
            async with self._db.transaction() as tx:
                case = await self._conversions.case(id, tx)
                changed += not case.conversion.withdrawn and await self._recredit(tx, case, case.conversion, cause)
            progress(done)
        return changed

    def under(self, policy: Policy, case: Case) -> list[Credit]:
        """What the credits of a conversion would be under another policy. No decision is overridden by a model."""
        amount = case.conversion.amount
        if case.conversion.withdrawn:
            return []
        if case.standing is not None:
            return self._by_decision(case.standing, case.traces, amount)
        return self._credited(case.traces, case.touchpoints, amount, policy)[0]

    def counted(self, case: Case) -> list[Touchpoint]:
        """The touchpoints that lie within the window of the present policy."""
        return self._counted(case.touchpoints, case.traces.occurred_at_ms, self.policy)

    async def replay(self, policy: Policy, batch: int = _BATCH) -> AsyncIterator[tuple[Conversion, list[Credit]]]:
        """Every conversion with its present credits, oldest first, beside its credits under another policy.

        Pages wait while a batch is credited, so whoever replays for a screen takes small ones.
        """
        after = (-(2**62), "")
        while True:
            rows = await self._db.read(
                """SELECT * FROM conversions WHERE (occurred_at_ms, id) > (?, ?) ORDER BY occurred_at_ms, id LIMIT ?""",
                (*after, batch),
            )
            for case in await self._conversions.cases(self._db.read, rows):
                yield case.conversion, self.under(policy, case)
            if len(rows) < batch:
                return
            after = (int(rows[-1]["occurred_at_ms"]), str(rows[-1]["id"]))

    async def edition(self) -> int:
        """A number that grows with whatever changes a credit, be it under another model than the present one."""
        row = await self._db.read_one("SELECT value FROM meta WHERE name = ?", (_EDITION,))
        return int(row["value"]) if row else 0

    # How credits come to be.

    def _credited(
        self, traces: Traces, touches: Sequence[Touchpoint], amount: Money | None, policy: Policy
    ) -> tuple[list[Credit], str | None]:
        """The credits by the evidence alone, or why there are none."""
        counted = self._counted(touches, traces.occurred_at_ms, policy)
        model = model_of(policy.model, policy.half_life_days)
        credits = attribute(counted, occurred_at_ms=traces.occurred_at_ms, amount=amount, model=model)
        return credits, None if credits else _missing(traces, touches)

    def _counted(self, touches: Sequence[Touchpoint], occurred_at_ms: int, policy: Policy) -> list[Touchpoint]:
        """Those within the window. A gate passed later on the conversion's own day counts, since CRMs date deals by the
        day; a page that was merely opened by then does not."""
        earliest, day = occurred_at_ms - policy.window_days * DAY_MS, self._calendar.day(occurred_at_ms)
        return [
            touch
            for touch in touches
            if earliest <= touch.at_ms
            and self._calendar.day(touch.at_ms) <= day
            and not (touch.at_ms > occurred_at_ms and touch.detail == OPENED)
        ]

    def _by_decision(self, override: Override, traces: Traces, amount: Money | None) -> list[Credit]:
        customer = self._catalog.customers.get(override.customer or "")
        kind = motion(customer, traces.own_domain) if customer else Motion.NEW_LOGO
        return decided(override, motion=kind, amount=amount)

    async def _reconsider(self, tx: Transaction, id: str, cause: str) -> bool:
        """Finds the touchpoints of a conversion anew and credits it by them; whether that changed anything."""
        case = await self._conversions.case(id, tx)
        if case.conversion.withdrawn:
            return False
        case.touchpoints = await self._touchpoints.of_leads(tx, case.traces, case.touchpoints)
        await self._touchpoints.replace(tx, id, case.touchpoints, case.traces)
        await _raise_edition(tx)
        return await self._recredit(tx, case, case.conversion, cause)

    async def _revise(self, tx: Transaction, id: str, body: ConversionBody, hashes: Addresses) -> None:
        """The CRM says something else of a deal now."""
        case = await self._conversions.case(id, tx)
        before = case.conversion
        erased = await self._touchpoints.of_the_erased(tx, case.touchpoints)
        case.traces, found = await self._touchpoints.read(tx, body, hashes)
        case.touchpoints = found + erased
        await tx.all("DELETE FROM contacts WHERE conversion = ?", (id,))
        await _insert_contacts(tx, id, case.traces.contacts)
        await self._touchpoints.replace(tx, id, case.touchpoints, case.traces)
        case.conversion = replace(
            before,
            occurred_at_ms=case.traces.occurred_at_ms,
            day=self._calendar.day(case.traces.occurred_at_ms),
            amount_minor=body.amount.amount_minor if body.amount else None,
            currency=body.amount.currency if body.amount else None,
            company_domain=case.traces.company_domain,
            withdrawn=False,
        )
        await self._recredit(tx, case, before, "the deal changed")
        digest = hashes.digest(msgspec.json.encode(body))
        await tx.all("UPDATE conversions SET digest = ? WHERE id = ?", (digest, id))

    async def _recredit(self, tx: Transaction, case: Case, before: Conversion, cause: str) -> bool:
        """Stores what the case comes to now, unless it is what it was `before`."""
        credits = self.under(self.policy, case)
        decision = case.standing
        reason = None
        if not credits:
            reason = (
                f"Decided by {decision.by}: “{decision.reason}”."
                if decision
                else _missing(case.traces, case.touchpoints)
            )
        after = replace(case.conversion, credits=credits, unattributed_reason=reason)
        if after == before:
            return False
        after = replace(after, version=before.version + 1, model=self.policy.model, window_days=self.policy.window_days)
        await self._store(tx, after, cause)
        return True

    async def _store(self, tx: Transaction, c: Conversion, cause: str) -> None:
        """The next version of a conversion."""
        await tx.all("DELETE FROM credits WHERE conversion = ?", (c.id,))
        await tx.all(
            """UPDATE conversions SET version = ?, model = ?, window_days = ?, attributed = ?, unattributed_reason = ?,
                 occurred_at_ms = ?, day = ?, amount_minor = ?, currency = ?, company_domain = ?, withdrawn = ?
               WHERE id = ?""",
            (
                c.version, c.model, c.window_days, bool(c.credits), c.unattributed_reason, c.occurred_at_ms, c.day,
                c.amount_minor, c.currency, c.company_domain, c.withdrawn, c.id,
            ),
        )  # fmt: skip
        await self._insert_credits(tx, c, cause)

    async def _insert(
        self, tx: Transaction, conversion: Conversion, digest: str, traces: Traces, touches: Sequence[Touchpoint]
    ) -> None:
        c = conversion
        await tx.all(
            """INSERT INTO conversions (id, external_id, kind, digest, occurred_at_ms, day, amount_minor, currency,
                 company_domain, unattributed_reason, sample, recorded_at_ms, version, model, window_days, attributed,
                 heard_from, click_fault, deal)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                c.id, c.external_id, c.kind, digest, c.occurred_at_ms, c.day, c.amount_minor, c.currency,
                c.company_domain, c.unattributed_reason, c.sample, self._clock(), c.version, c.model, c.window_days,
                bool(c.credits), c.heard_from, c.click_fault, c.deal,
            ),
        )  # fmt: skip
        await _insert_contacts(tx, c.id, traces.contacts)
        await self._touchpoints.store(tx, c.id, touches, traces)
        await self._insert_credits(tx, c, "recorded")
        first = c.credits[0] if c.credits else None
        event = Event(
            at_ms=c.occurred_at_ms,
            day=c.day,
            kind=EventKind(c.kind),
            actor=Actor.SYSTEM,
            share=first.share if first else None,
            customer=first.customer if first else None,
            mechanic=first.mechanic if first else None,
            asset=first.asset if first else None,
            hop=first.hop if first else 0,
            lead=first.lead if first else None,
            ref=c.external_id,
        )
        await tx.append([event])

    async def _insert_credits(self, tx: Transaction, conversion: Conversion, cause: str) -> None:
        """The present credits, the version that they are, and whoever must hear of it."""
        c = conversion
        marks = ",".join("?" * (len(_CREDIT_COLUMNS) + 5))
        await tx.many(
            f"INSERT INTO credits (conversion, place, kind, day, currency, {', '.join(_CREDIT_COLUMNS)}) "
            f"VALUES ({marks})",
            [
                (c.id, place, c.kind, c.day, c.currency or "", *msgspec.structs.astuple(credit))
                for place, credit in enumerate(c.credits)
            ],
        )
        await tx.all(
            "INSERT INTO evaluations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                c.id, c.version, self._clock(), cause, c.model, c.window_days, c.amount_minor, c.currency,
                c.unattributed_reason, msgspec.json.encode(c.credits).decode(),
            ),
        )  # fmt: skip
        await _raise_edition(tx)
        if not c.sample:
            await self._outbox.tell_credit(tx, c.id, c.version, c.deal)


async def _raise_edition(tx: Transaction) -> None:
    await tx.all(
        "INSERT INTO meta VALUES (?, '1') ON CONFLICT (name) DO UPDATE SET "
        "value = CAST(CAST(meta.value AS BIGINT) + 1 AS TEXT)",
        (_EDITION,),
    )


async def _insert_contacts(tx: Transaction, conversion: str, contacts: Sequence[Contact]) -> None:
    await tx.many(
        "INSERT INTO contacts (conversion, place, address, domain, lead) VALUES (?, ?, ?, ?, ?)",
        [(conversion, c.place, c.address, c.domain, c.lead) for c in contacts],
    )


async def _forget_domain(tx: Transaction, conversion: str, domain: str) -> None:
    """Old versions no longer say where somebody worked who was erased."""
    named = re.compile(rf"\bat {re.escape(domain)}(?=[ .;(])")
    rows = await tx.all(
        """SELECT e.version, e.credits FROM evaluations e JOIN conversions v ON v.id = e.conversion
           WHERE v.id = ? AND e.version < v.version""",
        (conversion,),
    )
    for row in rows:
        if (words := named.sub("at a company", row["credits"])) != row["credits"]:
            await tx.all(
                "UPDATE evaluations SET credits = ? WHERE conversion = ? AND version = ?",
                (words, conversion, row["version"]),
            )


async def _forget_answers(tx: Transaction, lead: str) -> int:
    """Of conversions whose only contact was erased: what was answered there to how they heard, wherever it stands."""
    rows = await tx.all(
        """SELECT v.id, v.heard_from FROM conversions v WHERE v.heard_from IS NOT NULL
             AND EXISTS (SELECT 1 FROM contacts c WHERE c.conversion = v.id AND c.lead = ?)
             AND NOT EXISTS (SELECT 1 FROM contacts c WHERE c.conversion = v.id AND coalesce(c.lead, '') <> ?)""",
        (lead, lead),
    )
    for row in rows:
        await tx.all("UPDATE conversions SET heard_from = NULL WHERE id = ?", (row["id"],))
        await tx.all(
            "UPDATE touchpoints SET detail = '' WHERE conversion = ? AND via = ?", (row["id"], Via.HEARD_FROM.value)
        )
        in_json = msgspec.json.encode(row["heard_from"]).decode()[1:-1]
        await tx.all(
            """UPDATE evaluations SET credits = replace(credits, ?, ''),
                 unattributed_reason = replace(unattributed_reason, ?, '“…”') WHERE conversion = ?""",
            (f" (“{in_json}”)", f"“{row['heard_from']}”", row["id"]),
        )
    return len(rows)


def _missing(traces: Traces, touches: Sequence[Touchpoint]) -> str:
    """Why nobody is credited, in a sentence that says of each trace where it ended."""
    late = {touch.via for touch in touches if touch.at_ms > traces.occurred_at_ms}
    found = {touch.via for touch in touches}
    missing = [traces.click_fault] if traces.click_fault else []
    if Via.CLICK in found:
        missing.append("the click came only afterwards" if Via.CLICK in late else "the click is older than the window")
    if traces.contacts:
        missing.append(
            "a contact came to a customer’s link only afterwards"
            if Via.CONTACT in late
            else "none of the contacts has filled a gate within the window"
        )
    if traces.heard_from and Via.HEARD_FROM not in found:
        missing.append(f"“{traces.heard_from}” names no customer")
    if traces.domains:
        missing.append(
            "nobody at the company’s domain has filled a gate within the window"
            if any(not is_freemail(domain) for domain in traces.domains)
            else "a freemail domain says nothing about a company"
        )
    if not missing:
        missing.append("the report carried no click id, no e-mail address and no company domain")
    reason = "; ".join(missing)
    return reason[0].upper() + reason[1:] + "."
