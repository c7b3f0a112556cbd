"""Touchpoints: every trace from a conversion to a share, found in the ledger and kept as facts.

No window and no model is applied here: what counts, and how much, is decided later and may be decided again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from passalong.domain.attribution import Touchpoint, Via
from passalong.domain.conversion import ConversionBody
from passalong.domain.customer import Customer
from passalong.domain.domains import domain_of, email_key, is_freemail, registrable
from passalong.domain.instant import DAY_MS, ms_of
from passalong.domain.lead import Motion, motion
from passalong.domain.passes import Click
from passalong.domain.share import PROMPT_CHANNEL
from passalong.domain.text import without_addresses
from passalong.domain.token import Keyring, Purpose
from passalong.errors import BadToken
from passalong.store.addresses import Addresses
from passalong.store.catalog import Catalog
from passalong.store.db import Transaction

MOST = 200
"""Touchpoints that one contact, or one domain, can bring."""
FURTHEST_MS = 730 * DAY_MS
"""How far from a conversion a colleague's touch is worth knowing of. After it: as a reference, not a source."""
OPENED = "opened"
"""The `detail` of a contact's touch that passed no gate: somebody known came to another page."""
_OF_PEOPLE = (Via.CONTACT, Via.DOMAIN)
_COLUMNS = tuple(name for name in Touchpoint.__struct_fields__ if name != "customer_name")


class Contact(Struct, frozen=True, kw_only=True):
    """One of a deal's contacts: a keyed hash of the address, its domain, and which lead it is, if it is one."""

    place: int
    address: str | None
    domain: str | None
    lead: str | None


class Traces(Struct, frozen=True, kw_only=True):
    """What a report carried that may lead to a share. `click_fault` is what was wrong with its click id."""

    occurred_at_ms: int
    contacts: tuple[Contact, ...] = ()
    company_domain: str | None = None
    heard_from: str | None = None
    click_fault: str | None = None

    @property
    def domains(self) -> list[str]:
        """The company's domain and the contacts', each once."""
        return list(dict.fromkeys(filter(None, [self.company_domain, *(c.domain for c in self.contacts)])))

    @property
    def own_domain(self) -> str | None:
        """The domain by which the buyer is known: of the first contact that has one, or the company's."""
        return next(filter(None, [*(c.domain for c in self.contacts), self.company_domain]), None)


class Touchpoints:
    def __init__(self, catalog: Catalog, keyring: Keyring) -> None:
        self._catalog = catalog
        self._keyring = keyring

    async def read(self, tx: Transaction, body: ConversionBody, hashes: Addresses) -> tuple[Traces, list[Touchpoint]]:
        """The traces that a report carries, and every touchpoint that they lead to."""
        contacts = []
        for place, email in enumerate(body.emails, 1):
            row = await tx.one("SELECT id FROM leads WHERE email_key = ?", (email_key(email),))
            contacts.append(
                Contact(
                    place=place,
                    address=hashes.hash(email),
                    domain=domain_of(email),
                    lead=str(row["id"]) if row else None,
                )
            )
        traces = Traces(
            occurred_at_ms=ms_of(body.occurred_at),
            contacts=tuple(contacts),
            company_domain=registrable(body.company_domain) if body.company_domain else None,
            heard_from=without_addresses(body.heard_from) if body.heard_from else None,
        )
        touches: list[Touchpoint] = []
        if body.click:
            found = await self._by_click(tx, body.click, traces)
            if isinstance(found, str):
                traces = msgspec.structs.replace(traces, click_fault=found)
            else:
                touches.append(found)
        if traces.heard_from:
            touches += self._by_answer(traces.heard_from, traces)
        return traces, touches + await self.of_leads(tx, traces)

    async def of_leads(self, tx: Transaction, traces: Traces, kept: Sequence[Touchpoint] = ()) -> list[Touchpoint]:
        """What the leads have left that a conversion's contacts are, or that work at its domains.

        `kept` are the touchpoints known before. Those that are not of living leads (clicks, answers, people erased
        since) cannot be found anew and are given back as they were.
        """
        living = await self._living(tx, {id for touch in kept for id in (touch.lead, touch.sharer) if id})
        fixed = [
            self._without_erased(touch, living)
            for touch in kept
            if touch.via not in _OF_PEOPLE
            or touch.lead not in living
            or (touch.via is Via.DOMAIN and not touch.detail)  # guessed before domains were kept
        ]
        return fixed + await self._by_contacts(tx, traces) + await self._by_domain(tx, traces)

    async def of_the_erased(self, tx: Transaction, kept: Sequence[Touchpoint]) -> list[Touchpoint]:
        """Of touchpoints known before, those of people who were erased since: nobody can find them anew."""
        living = await self._living(tx, {touch.lead for touch in kept if touch.lead})
        return [touch for touch in kept if touch.lead and touch.lead not in living and touch.via in _OF_PEOPLE]

    async def load(self, tx: Transaction, conversion: str) -> list[Touchpoint]:
        rows = await tx.all("SELECT * FROM touchpoints WHERE conversion = ? ORDER BY place", (conversion,))
        return [self.built(dict(row)) for row in rows]

    def built(self, row: dict[str, object]) -> Touchpoint:
        """A touchpoint of its row, under the customer's present name."""
        known = self._catalog.customers.get(str(row["customer"]))
        return msgspec.convert({**row, "customer_name": known.name if known else row["customer"]}, Touchpoint)

    async def replace(self, tx: Transaction, conversion: str, touches: Iterable[Touchpoint], traces: Traces) -> None:
        """As `store`, in the place of those that are stored."""
        await tx.all("DELETE FROM touchpoints WHERE conversion = ?", (conversion,))
        await self.store(tx, conversion, touches, traces)

    async def store(self, tx: Transaction, conversion: str, touches: Iterable[Touchpoint], traces: Traces) -> None:
        """Stores a conversion's touchpoints; and notes whether its people have said how they heard of the vendor, and
        named a customer: with the report or at a gate. What was noted stays when somebody is erased."""
        marks = ",".join("?" * (len(_COLUMNS) + 2))
        await tx.many(
            f"INSERT INTO touchpoints (conversion, place, {', '.join(_COLUMNS)}) VALUES ({marks})",
            [
                (conversion, place, *(getattr(touch, column) for column in _COLUMNS))
                for place, touch in enumerate(touches)
            ],
        )
        await self._note_answers(tx, conversion, traces)

    async def _note_answers(self, tx: Transaction, conversion: str, traces: Traces) -> None:
        answers = [traces.heard_from] if traces.heard_from else []
        if leads := [contact.lead for contact in traces.contacts if contact.lead]:
            rows = await tx.all(
                "SELECT heard_from FROM json_each(?) asked JOIN leads l ON l.id = asked.value WHERE heard_from <> ''",
                (msgspec.json.encode(leads).decode(),),
            )
            answers += [str(row["heard_from"]) for row in rows]
        if answers:
            named = any(self._by_answer(answer, traces) for answer in answers)
            await tx.all(
                "UPDATE conversions SET answered = 1, named = max(named, ?) "
                "WHERE id = ? AND (answered, named) <> (1, max(named, ?))",
                (named, conversion, named),
            )

    async def _by_click(self, tx: Transaction, token: str, traces: Traces) -> Touchpoint | str:
        try:
            click = self._keyring.open(Purpose.CLICK, token, Click)
        except BadToken:
            return "the click id was not issued here"
        row = await tx.one("SELECT * FROM shares WHERE share = ?", (click.share,))
        if row is None or row["customer"] not in self._catalog.customers:
            return "the click id’s share is not known here"
        return await self._touch(tx, Via.CLICK, dict(row), click.at_ms, click.lead, traces.own_domain)

    async def _by_contacts(self, tx: Transaction, traces: Traces) -> list[Touchpoint]:
        touches = []
        for contact in traces.contacts:
            # The nearest to the conversion, whatever the window; and the first of each share, which is its origin.
            rows = await tx.all(
                """WITH touch AS (
                     SELECT min(e.lead) AS lead, e.share, e.day, min(e.at_ms) AS at_ms, min(e.kind) AS kind
                     FROM leads l JOIN events e ON e.lead = l.id
                     WHERE l.id = ? AND l.erased_at_ms IS NULL AND e.kind IN ('lead', 'view') AND e.actor = 'human'
                     GROUP BY e.share, e.day
                   ),
                   chosen AS (
                     SELECT * FROM (SELECT * FROM touch ORDER BY abs(at_ms - ?) LIMIT ?)
                     UNION
                     SELECT * FROM (
                       SELECT * FROM touch t WHERE at_ms = (SELECT min(at_ms) FROM touch u WHERE u.share = t.share)
                       ORDER BY at_ms LIMIT ?)
                   )
                   SELECT c.at_ms, c.lead, c.kind, s.* FROM chosen c JOIN shares s ON s.share = c.share
                   ORDER BY c.at_ms""",
                (contact.lead, traces.occurred_at_ms, MOST, MOST),
            )
            for row in rows:
                if row["customer"] in self._catalog.customers:
                    touch = await self._touch(tx, Via.CONTACT, dict(row), row["at_ms"], row["lead"], contact.domain)
                    touches.append(
                        msgspec.structs.replace(
                            touch,
                            contact=contact.place,
                            contacts=len(traces.contacts),
                            detail="" if row["kind"] == "lead" else OPENED,
                        )
                    )
        return touches

    async def _by_domain(self, tx: Transaction, traces: Traces) -> list[Touchpoint]:
        """By colleagues of theirs. A freemail domain says nothing about a company."""
        known = {contact.lead for contact in traces.contacts}
        touches = []
        for domain in traces.domains:
            if is_freemail(domain):
                continue
            rows = await tx.all(
                """SELECT l.created_at_ms AS at_ms, l.id AS lead, s.* FROM leads l JOIN shares s ON s.share = l.share
                   WHERE l.domain = ? AND l.created_at_ms BETWEEN ? AND ?
                   ORDER BY abs(l.created_at_ms - ?) LIMIT ?""",
                (
                    domain,
                    traces.occurred_at_ms - FURTHEST_MS,
                    traces.occurred_at_ms + FURTHEST_MS,
                    traces.occurred_at_ms,
                    MOST,
                ),
            )
            for row in rows:
                if row["customer"] in self._catalog.customers and row["lead"] not in known:
                    touch = await self._touch(tx, Via.DOMAIN, dict(row), row["at_ms"], row["lead"], domain)
                    touches.append(msgspec.structs.replace(touch, detail=domain))
        return touches

    def _by_answer(self, answer: str, traces: Traces) -> list[Touchpoint]:
        """The customer whose name stands in the answer; of several the longest, so that a part of it names nobody."""
        said = answer.casefold()
        named = [c for c in tuple(self._catalog.customers.values()) if len(c.name) > 2 and c.name.casefold() in said]
        if not named:
            return []
        customer = max(named, key=lambda c: len(c.name))
        return [
            Touchpoint(
                via=Via.HEARD_FROM,
                customer=customer.id,
                customer_name=customer.name,
                at_ms=traces.occurred_at_ms,
                detail=answer,
                motion=motion(customer, traces.own_domain),
            )
        ]

    async def _touch(
        self, tx: Transaction, via: Via, row: dict[str, object], at_ms: int, lead: str | None, domain: str | None
    ) -> Touchpoint:
        customer: Customer = self._catalog.customers[str(row["customer"])]
        own = lead is not None and row["parent"] is not None and lead == row["sharer"]  # nobody refers themselves
        sharer = None if own else row["sharer"]
        in_product = row["channel"] == PROMPT_CHANNEL
        by_way_of = None
        if sharer is not None and row["parent"] is not None:
            found = await tx.one("SELECT domain FROM leads WHERE id = ?", (sharer,))
            by_way_of = found["domain"] if found and found["domain"] and not is_freemail(found["domain"]) else None
        return Touchpoint(
            via=via,
            customer=customer.id,
            customer_name=customer.name,
            at_ms=at_ms,
            share=str(row["share"]),
            mechanic=str(row["mechanic"]),
            asset=str(row["asset"]),
            sharer=str(sharer) if sharer is not None else None,
            hop=int(str(row["hop"])) - own,
            lead=lead,
            by_way_of=by_way_of,
            detail=PROMPT_CHANNEL if in_product else "",
            # Whoever buys more of what it has already is no new logo, from whatever address it writes.
            motion=Motion.EXPANSION if in_product else motion(customer, domain),
        )

    async def _living(self, tx: Transaction, leads: set[str]) -> set[str]:
        found = set()
        for lead in leads:
            if await tx.one("SELECT 1 FROM leads WHERE id = ? AND erased_at_ms IS NULL", (lead,)):
                found.add(lead)
        return found

    def _without_erased(self, touch: Touchpoint, living: set[str]) -> Touchpoint:
        """A touch no longer says where somebody worked who was erased."""
        if touch.via is Via.DOMAIN and touch.lead not in living:
            touch = msgspec.structs.replace(touch, detail="")
        if touch.by_way_of and touch.sharer not in living:
            touch = msgspec.structs.replace(touch, by_way_of=None)
        return touch
