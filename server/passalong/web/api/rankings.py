"""Customers by what they brought: under the model in use, or under another one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from litestar import get
from litestar.params import QueryParameter
from msgspec import Struct

from passalong.domain.attribution import MODELS
from passalong.domain.customer import Customer
from passalong.domain.instant import at
from passalong.errors import Invalid
from passalong.store.ranking import NOTHING, Brought, Place, Progress, Ranked, Ranking
from passalong.store.reports import Tally
from passalong.web.api.paging import Cursor, Limit, decode, page
from passalong.web.api.refusals import REFUSALS
from passalong.web.services import FromServices


class RankedCustomer(Struct, kw_only=True):
    """A customer with what it is credited with under the model, and its `place` among all, from 1; `counts` are those
    of the model in use."""

    place: int
    id: str
    name: str
    domains: tuple[str, ...]
    region: str | None
    counts: Tally
    credited: Brought


class RankingPage(Struct, kw_only=True):
    """Customers, those with the most pipeline first, as it stood at `made_at`. `present` says that the model is the one
    in use. While a ranking is being worked out `progress` says how far; `items` are then of the one before it, and
    empty if there is none (`made_at` null)."""

    model: str
    present: bool
    made_at: datetime | None
    conversions: int
    progress: Progress | None
    items: list[RankedCustomer]
    next_cursor: str | None


@get("/attribution/customers", tags=["Conversions"], summary="Customers ranked by pipeline under a model",
     responses=REFUSALS)  # fmt: skip
async def rank_customers(
    services: FromServices,
    limit: Limit = 50,
    cursor: Cursor = None,
    model: Annotated[
        str | None,
        QueryParameter(description="Else the one in use", schema_extra={"enum": [*MODELS]}),
    ] = None,
    q: Annotated[str | None, QueryParameter(description="Text in name, id, region or domain", max_length=200)] = None,
) -> RankingPage:
    """Every customer, also those who are credited with nothing. Another model is tried on every conversion, which may
    take a while: ask again for what is not there yet."""
    if model is not None and model not in MODELS:
        raise Invalid.one("model", f"Name one of {', '.join(MODELS)}.")
    after = decode(cursor, Place)
    asked = services.rankings.named(model)
    ranking, progress = await services.rankings.under(asked)
    everyone = _everyone(ranking, services.catalog.customers) if ranking is not None else []
    wanted = (q or "").casefold()
    found = [
        (n, ranked)
        for n, ranked in enumerate(everyone, 1)
        if (after is None or ranked.place > after) and _says(services.catalog.customers[ranked.customer], wanted)
    ]
    paged = page(found[: limit + 1], limit, lambda entry: entry[1].place)
    counts = await services.reports.customers([ranked.customer for _, ranked in paged.items])
    known = services.catalog.customers
    return RankingPage(
        model=asked,
        present=asked == services.rankings.present,
        made_at=at(ranking.made_at_ms) if ranking is not None else None,
        conversions=ranking.conversions if ranking is not None else 0,
        progress=progress,
        items=[
            _answer(n, known[ranked.customer], counts.get(ranked.customer, Tally()), ranked.brought)
            for n, ranked in paged.items
        ],
        next_cursor=paged.next_cursor,
    )


def _everyone(ranking: Ranking, customers: dict[str, Customer]) -> list[Ranked]:
    """Those of the ranking, and after them who is in none."""
    ranked = [entry for entry in ranking.order if entry.customer in customers]
    placed = {entry.customer for entry in ranked}
    rest = [Ranked(place=Place(customer=id), brought=NOTHING) for id in sorted(customers.keys() - placed)]
    return ranked + rest


def _says(customer: Customer, wanted: str) -> bool:
    return not wanted or any(
        wanted in text.casefold() for text in (customer.name, customer.id, customer.region or "", *customer.domains)
    )


def _answer(place: int, customer: Customer, counts: Tally, brought: Brought) -> RankedCustomer:
    return RankedCustomer(
        place=place,
        id=customer.id,
        name=customer.name,
        domains=customer.domains,
        region=customer.region,
        counts=counts,
        credited=brought,
    )
