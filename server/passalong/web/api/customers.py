"""Customers: who produced what."""

from __future__ import annotations

from datetime import datetime

from litestar import get
from litestar.params import FromPath
from msgspec import Struct

from passalong.domain.customer import Customer
from passalong.domain.instant import at
from passalong.domain.share import Claims, mint, share_url
from passalong.store.reports import Tally
from passalong.web.api.conversions import ConversionAnswer, answer
from passalong.web.api.paging import Cursor, Limit, Page, page_by_id
from passalong.web.api.refusals import REFUSALS
from passalong.web.services import FromServices, Services


class CustomerAnswer(Struct, kw_only=True):
    id: str
    name: str
    domains: tuple[str, ...]
    region: str | None
    counts: Tally


class ShareOfCustomer(Struct, kw_only=True):
    share: str
    url: str
    asset: str
    asset_title: str | None
    mechanic: str
    channel: str
    sharer: str | None
    hop: int
    first_seen_at: datetime
    expires_at: datetime | None
    revoked: bool
    visits: int
    leads: int
    opportunities: int


class CustomerDetail(Struct, kw_only=True):
    """A customer with its newest shares and everything that it is credited for, 200 of each at most."""

    customer: CustomerAnswer
    shares: list[ShareOfCustomer]
    conversions: list[ConversionAnswer]


@get("/customers", tags=["Customers"], summary="List customers", responses=REFUSALS)
async def list_customers(services: FromServices, limit: Limit = 50, cursor: Cursor = None) -> Page[CustomerAnswer]:
    paged = page_by_id(list(services.catalog.customers.values()), limit, cursor, lambda customer: customer.id)
    tallies = await services.reports.customers([customer.id for customer in paged.items])
    return Page([_answer(c, tallies.get(c.id, Tally())) for c in paged.items], paged.next_cursor)


@get("/customers/{id:str}", tags=["Customers"], summary="One customer: shares, opportunities, why", responses=REFUSALS)
async def get_customer(services: FromServices, id: FromPath[str]) -> CustomerDetail:
    customer = services.catalog.find(Customer, id)
    tallies = await services.reports.customers([id])
    conversions = await services.pipeline.of_customer(id)
    return CustomerDetail(
        customer=_answer(customer, tallies.get(id, Tally())),
        shares=[_share(services, dict(row)) for row in await services.reports.shares_of(id)],
        conversions=[answer(conversion) for conversion in conversions],
    )


def _answer(customer: Customer, counts: Tally) -> CustomerAnswer:
    return CustomerAnswer(
        id=customer.id, name=customer.name, domains=customer.domains, region=customer.region, counts=counts
    )


def _share(services: Services, row: dict[str, object]) -> ShareOfCustomer:
    claims = Claims(**{name: row[name] for name in Claims.__struct_fields__})  # type: ignore[arg-type]
    asset = services.catalog.assets.get(claims.asset)
    return ShareOfCustomer(
        share=claims.share,
        url=share_url(services.settings.base_url, mint(services.keyring, claims)),
        asset=claims.asset,
        asset_title=asset.title if asset else None,
        mechanic=claims.mechanic,
        channel=claims.channel,
        sharer=claims.sharer,
        hop=claims.hop,
        first_seen_at=at(row["first_seen_ms"]),  # type: ignore[arg-type]
        expires_at=at(claims.expires_at_s * 1000) if claims.expires_at_s else None,
        revoked=services.catalog.is_revoked(claims.share),
        visits=row["visits"],  # type: ignore[arg-type]
        leads=row["leads"],  # type: ignore[arg-type]
        opportunities=row["opportunities"],  # type: ignore[arg-type]
    )
