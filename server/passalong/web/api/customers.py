"""Customers: who produced what."""

from __future__ import annotations

from litestar import get
from litestar.params import FromPath
from msgspec import Struct

from passalong.domain.customer import Customer
from passalong.store.reports import Tally
from passalong.web.api.conversions import ConversionAnswer, answer
from passalong.web.api.paging import Cursor, Limit, Page, page_by_id
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
        shares=[share_of_customer(services, dict(row)) for row in await services.reports.shares_of(id)],
        conversions=[answer(conversion) for conversion in conversions],
    )


def _answer(customer: Customer, counts: Tally) -> CustomerAnswer:
    return CustomerAnswer(
        id=customer.id, name=customer.name, domains=customer.domains, region=customer.region, counts=counts
    )
