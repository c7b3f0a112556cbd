"""Leads: who passed a gate, on whose link, and what came of it. Addresses for admins only."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from litestar import Request, delete, get
from litestar.datastructures import State
from litestar.params import FromPath, QueryParameter
from msgspec import Struct

from passalong.domain.access import ApiKey, Role
from passalong.domain.erasure import Certificate, certificate
from passalong.domain.instant import at
from passalong.domain.lead import Lead, Motion
from passalong.errors import Forbidden
from passalong.store.leads import Hop, Person
from passalong.web.api.access import ADMIN, key_of
from passalong.web.api.audited import tell
from passalong.web.api.conversions import ConversionAnswer, answer
from passalong.web.api.events import EventAnswer, event_answer
from passalong.web.api.paging import Cursor, Limit, Page, decode, page
from passalong.web.api.refusals import REFUSALS
from passalong.web.api.standing import CrmPart, crm_part
from passalong.web.services import FromServices


class LeadAnswer(Struct, kw_only=True):
    """A lead. Personal fields are None for keys below the role admin, and empty after an erasure. Of whoever is
    `opted_out` nothing may be sold or shared: the browser said so (Global Privacy Control) when the form was sent."""

    id: str
    email: str | None
    name: str | None
    company: str | None
    role: str | None
    heard_from: str | None
    extra: dict[str, str] | None
    domain: str | None
    customer: str
    mechanic: str
    asset: str
    share: str
    parent: str | None
    hop: int
    motion: Motion
    consent_version: str | None
    consent_at: datetime | None
    opted_out: bool
    suspect: bool
    sample: bool
    created_at: datetime
    erased_at: datetime | None


class PersonPart(Struct, kw_only=True):
    """A lead on the way of another one. `email` is None for keys below the role admin; both are after an erasure."""

    lead: str
    email: str | None
    domain: str | None


class HopAnswer(Struct, kw_only=True):
    """One link on the way to a lead. `passed_by` is who passed it along, None for a customer's own link (`sharer` is
    then the vendor's id of who shared it); `reached` who came by it next, at the end the lead itself."""

    share: str
    customer: str
    mechanic: str
    asset: str
    channel: str
    hop: int
    sharer: str | None
    passed_by: PersonPart | None
    shared_at: datetime
    reached: PersonPart | None
    reached_at: datetime | None


class LeadDetail(Struct, kw_only=True):
    """A lead's whole journey: the links by which it came, the customer's own first; its last thousand events, oldest
    first; the conversions it is credited in; how it stands in HubSpot. `consent_text` is the wording agreed to.
    """

    lead: LeadAnswer
    consent_text: str | None
    way: list[HopAnswer]
    events: list[EventAnswer]
    conversions: list[ConversionAnswer]
    crm: CrmPart


class Erasure(Struct, kw_only=True):
    """`certificate` shows that it was done, and is given this once; None for who had been erased before."""

    lead: str
    erased: bool
    erased_at: datetime
    certificate: Certificate | None


@get("/leads", tags=["Leads"], summary="List leads, newest first", responses=REFUSALS)
async def list_leads(
    request: Request[None, ApiKey, State],
    services: FromServices,
    limit: Limit = 50,
    cursor: Cursor = None,
    customer: Annotated[str | None, QueryParameter(description="Only this customer's")] = None,
    q: Annotated[
        str | None,
        QueryParameter(
            description="Text in any answer, or a customer's or mechanic's name; admins only", max_length=200
        ),
    ] = None,
) -> Page[LeadAnswer]:
    admin = key_of(request).role is Role.ADMIN
    if q and not admin:
        raise Forbidden("Only admins may search what leads have answered.")
    found = await services.leads.page(
        limit=limit + 1, before=decode(cursor, tuple[int, str]), customer=customer, search=q
    )
    paged = page(found, limit, lambda lead: (lead.created_at_ms, lead.id))
    return Page([_answer(lead, admin=admin) for lead in paged.items], paged.next_cursor)


@get("/leads/{id:str}", tags=["Leads"], summary="One lead and its journey", responses=REFUSALS)
async def get_lead(request: Request[None, ApiKey, State], services: FromServices, id: FromPath[str]) -> LeadDetail:
    lead = await services.leads.get(id)
    admin = key_of(request).role is Role.ADMIN
    return LeadDetail(
        lead=_answer(lead, admin=admin),
        consent_text=lead.consent_text,
        way=[_hop(hop, admin=admin) for hop in await services.leads.way(lead)],
        events=[event_answer(event) for event in await services.leads.journey(id)],
        conversions=[answer(conversion) for conversion in await services.conversions.of_lead(id)],
        crm=await crm_part(services, await services.standings.of_lead(id)),
    )


@delete("/leads/{id:str}", tags=["Leads"], summary="Erase a lead", status_code=200, opt=ADMIN, responses=REFUSALS)
async def erase_lead(request: Request[None, ApiKey, State], services: FromServices, id: FromPath[str]) -> Erasure:
    """Empties the lead's personal data for good; every total stays as it was."""
    lead = await services.leads.get(id)
    now_ms = services.clock()
    emptied = await services.leads.erase([id], now_ms)
    tell(request, id, dict(emptied.rows))
    shown = certificate(emptied, at=at(now_ms), by=key_of(request).id) if emptied.leads else None
    erased_at = at(lead.erased_at_ms or now_ms)
    return Erasure(lead=id, erased=bool(emptied.leads), erased_at=erased_at, certificate=shown)


def _hop(hop: Hop, *, admin: bool) -> HopAnswer:
    return HopAnswer(
        share=hop.share,
        customer=hop.customer,
        mechanic=hop.mechanic,
        asset=hop.asset,
        channel=hop.channel,
        hop=hop.hop,
        sharer=hop.sharer,
        passed_by=_person(hop.passed_by, admin=admin),
        shared_at=at(hop.shared_at_ms),
        reached=_person(hop.reached, admin=admin),
        reached_at=at(hop.reached_at_ms) if hop.reached_at_ms is not None else None,
    )


def _person(person: Person | None, *, admin: bool) -> PersonPart | None:
    if person is None:
        return None
    return PersonPart(lead=person.id, email=(person.email or None) if admin else None, domain=person.domain)


def _answer(lead: Lead, *, admin: bool) -> LeadAnswer:
    return LeadAnswer(
        id=lead.id,
        email=lead.email if admin else None,
        name=lead.name if admin else None,
        company=lead.company if admin else None,
        role=lead.role if admin else None,
        heard_from=lead.heard_from if admin else None,
        extra=lead.extra if admin else None,
        domain=lead.domain,
        customer=lead.customer,
        mechanic=lead.mechanic,
        asset=lead.asset,
        share=lead.share,
        parent=lead.parent,
        hop=lead.hop,
        motion=lead.motion,
        consent_version=lead.consent_version,
        consent_at=at(lead.consent_at_ms) if lead.consent_at_ms else None,
        opted_out=lead.opted_out,
        suspect=lead.suspect,
        sample=lead.sample,
        created_at=at(lead.created_at_ms),
        erased_at=at(lead.erased_at_ms) if lead.erased_at_ms else None,
    )
