"""Conversions and their credits: stored, attributed and told to the ledger in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec
from msgspec import Struct
from uuid_utils.compat import uuid7

from passalong.domain.attribution import Credit, Touchpoint, Via, attribute
from passalong.domain.conversion import ConversionBody
from passalong.domain.customer import Customer
from passalong.domain.domains import domain_of, email_key, is_freemail, registrable
from passalong.domain.event import Actor, Event, EventKind
from passalong.domain.instant import DAY_MS, Calendar, Clock, ms_of
from passalong.domain.lead import motion
from passalong.domain.passes import Click
from passalong.domain.token import Keyring, Purpose
from passalong.errors import BadToken, Conflict, NotFound
from passalong.store.catalog import Catalog
from passalong.store.db import Database, Transaction
from passalong.store.ledger import insert_events

_CREDIT_COLUMNS = tuple(Credit.__struct_fields__)


class Conversion(Struct, kw_only=True):
    """A conversion as stored, with its credits; without any, `unattributed_reason` says why."""

    id: str
    external_id: str
    kind: str
    occurred_at_ms: int
    amount_minor: int | None
    currency: str | None
    company_domain: str | None
    unattributed_reason: str | None
    credits: list[Credit] = []


class Pipeline:
    def __init__(
        self, db: Database, catalog: Catalog, keyring: Keyring, calendar: Calendar, clock: Clock, window_days: int
    ) -> None:
        self._db = db
        self._catalog = catalog
        self._keyring = keyring
        self._calendar = calendar
        self._clock = clock
        self._window_ms = window_days * DAY_MS

    async def record(self, body: ConversionBody, *, sample: bool = False) -> tuple[Conversion, bool]:
        """Stores and attributes a conversion; gives it, and whether it is new.

        The same report again gives the same answer; another report under the same name raises Conflict.
        """
        digest = hashlib.sha256(msgspec.json.encode(body)).hexdigest()
        async with self._db.transaction() as tx:
            row = await tx.one(
                "SELECT id, digest FROM conversions WHERE external_id = ? AND kind = ?", (body.external_id, body.kind)
            )
            if row is not None:
                if row["digest"] != digest:
                    raise Conflict(
                        f"The {body.kind} {body.external_id} is known with other contents. "
                        "What is reported stays; report a correction under an external_id of its own."
                    )
                return await _load(tx, str(row["id"])), False
            touches, missing = await self._touchpoints(tx, body)
            occurred_at_ms = ms_of(body.occurred_at)
            credits = attribute(touches, occurred_at_ms=occurred_at_ms, amount=body.amount)
            conversion = Conversion(
                id=str(uuid7()),
                external_id=body.external_id,
                kind=body.kind,
                occurred_at_ms=occurred_at_ms,
                amount_minor=body.amount.amount_minor if body.amount else None,
                currency=body.amount.currency if body.amount else None,
                company_domain=registrable(body.company_domain) if body.company_domain else None,
                unattributed_reason=None if credits else missing,
                credits=credits,
            )
            await self._insert(tx, conversion, digest, sample, touches)
        return conversion, True

    async def of_lead(self, lead: str) -> list[Conversion]:
        return await self._credited("lead", lead)

    async def of_customer(self, customer: str) -> list[Conversion]:
        """What this customer is credited for, newest first, two hundred at most."""
        return await self._credited("customer", customer)

    async def _credited(self, column: str, value: str) -> list[Conversion]:
        rows = await self._db.read(
            f"""SELECT DISTINCT v.* FROM conversions v JOIN credits c ON c.conversion = v.id
                WHERE c.{column} = ? ORDER BY v.occurred_at_ms DESC LIMIT 200""",
            (value,),
        )
        credits = await self._db.read(
            f"""SELECT c.* FROM credits c WHERE c.conversion IN (SELECT conversion FROM credits WHERE {column} = ?)
                ORDER BY c.conversion, c.place""",
            (value,),
        )
        found = {str(row["id"]): msgspec.convert(dict(row), Conversion) for row in rows}
        for row in credits:
            if row["conversion"] in found:
                found[row["conversion"]].credits.append(msgspec.convert(dict(row), Credit))
        return list(found.values())

    async def _insert(
        self, tx: Transaction, conversion: Conversion, digest: str, sample: bool, touches: Sequence[Touchpoint]
    ) -> None:
        day = self._calendar.day(conversion.occurred_at_ms)
        await tx.all(
            """INSERT INTO conversions (id, external_id, kind, digest, occurred_at_ms, day, amount_minor, currency,
                 company_domain, unattributed_reason, sample, recorded_at_ms)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                conversion.id, conversion.external_id, conversion.kind, digest, conversion.occurred_at_ms, day,
                conversion.amount_minor, conversion.currency, conversion.company_domain,
                conversion.unattributed_reason, sample, self._clock(),
            ),
        )  # fmt: skip
        marks = ",".join("?" * (len(_CREDIT_COLUMNS) + 2))
        await tx.many(
            f"INSERT INTO credits (conversion, place, {', '.join(_CREDIT_COLUMNS)}) VALUES ({marks})",
            [
                (conversion.id, place, *msgspec.structs.astuple(credit))
                for place, credit in enumerate(conversion.credits)
            ],
        )
        contacts = {touch.contact: touch.lead for touch in touches if touch.via is Via.CONTACT}
        await tx.many(
            "INSERT INTO contacts (conversion, place, lead) VALUES (?, ?, ?)",
            [(conversion.id, place, lead) for place, lead in contacts.items()],
        )
        first = conversion.credits[0] if conversion.credits else None
        event = Event(
            at_ms=conversion.occurred_at_ms,
            day=day,
            kind=EventKind(conversion.kind),
            actor=Actor.SYSTEM,
            share=first.share if first else None,
            customer=first.customer if first else None,
            mechanic=first.mechanic if first else None,
            asset=first.asset if first else None,
            hop=first.hop if first else 0,
            lead=first.lead if first else None,
            ref=conversion.external_id,
        )
        await insert_events(tx, [event])

    async def _touchpoints(self, tx: Transaction, body: ConversionBody) -> tuple[list[Touchpoint], str]:
        """Every trace from the conversion to a share, and why there is none if there is none."""
        occurred_at_ms = ms_of(body.occurred_at)
        earliest = occurred_at_ms - self._window_ms
        touches: list[Touchpoint] = []
        missing: list[str] = []
        domains = [domain_of(email) for email in body.emails]
        company = registrable(body.company_domain) if body.company_domain else None
        if body.click:
            touches += await self._by_click(tx, body.click, earliest, [*domains, company], missing)
        if body.emails:
            found = await self._by_contacts(tx, body.emails, (earliest, occurred_at_ms))
            touches += found
            if not found:
                missing.append("none of the contacts has filled a gate within the window")
        if body.heard_from:
            found = self._by_answer(body.heard_from, occurred_at_ms, [*domains, company])
            touches += found
            if not found:
                missing.append(f"“{body.heard_from}” names no customer")
        guesses = dict.fromkeys(domain for domain in [company, *domains] if domain)
        if guesses and not touches:
            work = [domain for domain in guesses if not is_freemail(domain)]
            touches += await self._by_domain(tx, work, (earliest, occurred_at_ms))
            if not touches:
                missing.append(
                    "nobody at the company’s domain has filled a gate within the window"
                    if work
                    else "a freemail domain says nothing about a company"
                )
        if not missing:
            missing.append("the report carried no click id, no e-mail address and no company domain")
        reason = "; ".join(missing)
        return touches, reason[0].upper() + reason[1:] + "."

    async def _by_click(
        self, tx: Transaction, token: str, earliest: int, domains: Sequence[str | None], missing: list[str]
    ) -> list[Touchpoint]:
        try:
            click = self._keyring.open(Purpose.CLICK, token, Click)
        except BadToken:
            missing.append("the click id was not issued here")
            return []
        if click.at_ms < earliest:
            missing.append("the click is older than the window")
            return []
        row = await tx.one("SELECT * FROM shares WHERE share = ?", (click.share,))
        if row is None or row["customer"] not in self._catalog.customers:
            missing.append("the click id’s share is not known here")
            return []
        customer = self._catalog.customers[row["customer"]]
        touch = _touch(Via.CLICK, customer, row, click.at_ms, click.lead, next(filter(None, domains), None))
        return [touch]

    async def _by_contacts(self, tx: Transaction, emails: Sequence[str], window: tuple[int, int]) -> list[Touchpoint]:
        touches = []
        for place, email in enumerate(emails, 1):
            rows = await tx.all(
                """SELECT t.at_ms, t.lead, s.* FROM (
                     SELECT e.lead, e.share, min(e.at_ms) AS at_ms FROM leads l
                       JOIN events e ON e.lead = l.id AND e.kind IN ('lead', 'view') AND e.actor = 'human'
                     WHERE l.email_key = ? AND e.at_ms BETWEEN ? AND ? GROUP BY e.lead, e.share
                   ) t JOIN shares s ON s.share = t.share ORDER BY t.at_ms""",
                (email_key(email), *window),
            )
            for row in rows:
                if customer := self._catalog.customers.get(row["customer"]):
                    touch = _touch(Via.CONTACT, customer, row, row["at_ms"], row["lead"], domain_of(email))
                    touches.append(msgspec.structs.replace(touch, contact=place, contacts=len(emails)))
        return touches

    async def _by_domain(self, tx: Transaction, domains: Sequence[str], window: tuple[int, int]) -> list[Touchpoint]:
        touches = []
        for domain in domains:
            rows = await tx.all(
                """SELECT l.created_at_ms AS at_ms, l.id AS lead, s.* FROM leads l JOIN shares s ON s.share = l.share
                   WHERE l.domain = ? AND l.created_at_ms BETWEEN ? AND ? ORDER BY l.created_at_ms LIMIT 50""",
                (domain, *window),
            )
            for row in rows:
                if customer := self._catalog.customers.get(row["customer"]):
                    touch = _touch(Via.DOMAIN, customer, row, row["at_ms"], row["lead"], domain)
                    touches.append(msgspec.structs.replace(touch, detail=domain))
        return touches

    def _by_answer(self, answer: str, at_ms: int, domains: Sequence[str | None]) -> list[Touchpoint]:
        said = answer.casefold()
        named = [c for c in self._catalog.customers.values() if len(c.name) > 2 and c.name.casefold() in said]
        if not named:
            return []
        customer = max(named, key=lambda c: len(c.name))
        domain = next(filter(None, domains), None)
        return [
            Touchpoint(
                via=Via.HEARD_FROM,
                customer=customer.id,
                customer_name=customer.name,
                at_ms=at_ms,
                detail=answer,
                motion=motion(customer, domain),
            )
        ]


def _touch(via: Via, customer: Customer, share: object, at_ms: int, lead: str | None, domain: str | None) -> Touchpoint:
    row = dict(share)  # type: ignore[call-overload]
    own = lead is not None and row["parent"] is not None and lead == row["sharer"]  # nobody refers themselves
    return Touchpoint(
        via=via,
        customer=customer.id,
        customer_name=customer.name,
        at_ms=at_ms,
        share=row["share"],
        mechanic=row["mechanic"],
        asset=row["asset"],
        sharer=None if own else row["sharer"],
        hop=row["hop"] - own,
        lead=lead,
        motion=motion(customer, domain),
    )


async def _load(tx: Transaction, id: str) -> Conversion:
    row = await tx.one("SELECT * FROM conversions WHERE id = ?", (id,))
    if row is None:
        raise NotFound(f"There is no conversion {id}.")
    credits = await tx.all("SELECT * FROM credits WHERE conversion = ? ORDER BY place", (id,))
    conversion = msgspec.convert(dict(row), Conversion)
    conversion.credits = [msgspec.convert(dict(credit), Credit) for credit in credits]
    return conversion
