"""Customers: who produced what."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from litestar import get
from litestar.params import FromPath
from msgspec import Struct

from passalong.domain.customer import Customer
from passalong.domain.instant import at
from passalong.domain.lead import Motion
from passalong.domain.money import Money
from passalong.store.metric import whole_or_part
from passalong.store.ranking import Brought
from passalong.store.reports import Tally
from passalong.store.timeline import Moment
from passalong.web.api.conversions import ConversionAnswer, answer
from passalong.web.api.paging import Cursor, Limit, Page, decode, page, page_by_id
from passalong.web.api.refusals import REFUSALS
from passalong.web.api.share_lists import ShareOfCustomer, share_of_customer
from passalong.web.services import FromServices


class CustomerAnswer(Struct, kw_only=True):
    id: str
    name: str
    domains: tuple[str, ...]
    region: str | None
    counts: Tally


class CustomerDetail(Struct, kw_only=True):
    """A customer with its newest shares and everything that it is credited for, 200 of each at most. `brought` tells
    expansion and new logos apart."""

    customer: CustomerAnswer
    brought: Brought
    shares: list[ShareOfCustomer]
    conversions: list[ConversionAnswer]


MomentKind = Literal[
    "share", "lead", "signup", "trial", "opportunity", "won", "lost", "play", "play_done", "play_dismissed",
    "play_expired", "piece", "piece_withdrawn", "prompts", "invitations", "signals",
]  # fmt: skip


class MomentAnswer(Struct, kw_only=True):
    """Something that happened. `share` is the customer's first. `subject` is the id of what it happened to, and `title`
    and `detail` name it. `signals` and `invitations` are told by day and kind, `prompts` by month (`at` is when it
    began), `count` of them. `opportunities` and `amount` are the customer's part of a conversion of any kind."""

    at: datetime
    kind: MomentKind
    subject: str | None
    title: str
    detail: str
    mechanic: str | None
    motion: Motion | None
    opportunities: int | float | None
    amount: Money | None
    count: int


@get("/customers", tags=["Customers"], summary="List customers", responses=REFUSALS)
async def list_customers(services: FromServices, limit: Limit = 50, cursor: Cursor = None) -> Page[CustomerAnswer]:
    paged = page_by_id(list(services.catalog.customers.values()), limit, cursor, lambda customer: customer.id)
    tallies = await services.reports.customers([customer.id for customer in paged.items])
    return Page([_answer(c, tallies.get(c.id, Tally())) for c in paged.items], paged.next_cursor)


@get("/customers/{id:str}", tags=["Customers"], summary="One customer: shares, opportunities, why", responses=REFUSALS)
async def get_customer(services: FromServices, id: FromPath[str]) -> CustomerDetail:
    customer = services.catalog.find(Customer, id)
    tallies = await services.reports.customers([id])
    conversions = await services.conversions.of_customer(id)
    return CustomerDetail(
        customer=_answer(customer, tallies.get(id, Tally())),
        brought=await services.rankings.of(id),
        shares=[share_of_customer(services, dict(row)) for row in await services.reports.shares_of(id)],
        conversions=[answer(conversion) for conversion in conversions],
    )


@get("/customers/{id:str}/timeline", tags=["Customers"], summary="What happened to a customer, newest first",
     responses=REFUSALS)  # fmt: skip
async def customer_timeline(
    services: FromServices, id: FromPath[str], limit: Limit = 50, cursor: Cursor = None
) -> Page[MomentAnswer]:
    """Its first share, leads, conversions, plays, pieces of advocacy, and by the day what was heard of it."""
    services.catalog.find(Customer, id)
    found = await services.timelines.page(id, limit=limit + 1, before=decode(cursor, tuple[int, str]))
    paged = page(found, limit, lambda moment: moment.place)
    return Page([_moment(moment) for moment in paged.items], paged.next_cursor)


def _moment(moment: Moment) -> MomentAnswer:
    return MomentAnswer(
        at=at(moment.at_ms),
        kind=moment.kind,  # type: ignore[arg-type]
        subject=moment.subject,
        title=moment.title,
        detail=moment.detail,
        mechanic=moment.mechanic,
        motion=Motion(moment.motion) if moment.motion else None,
        opportunities=whole_or_part(moment.micro) if moment.micro is not None else None,
        amount=Money(moment.amount_minor, moment.currency)
        if moment.amount_minor is not None and moment.currency
        else None,
        count=moment.count,
    )


def _answer(customer: Customer, counts: Tally) -> CustomerAnswer:
    return CustomerAnswer(
        id=customer.id, name=customer.name, domains=customer.domains, region=customer.region, counts=counts
    )
