"""The one number: opportunities that carry a customer's name, month by month, beside their coverage."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from litestar import get
from litestar.params import QueryParameter
from msgspec import Struct

from passalong.domain.attribution import Evidence
from passalong.domain.customer import Customer
from passalong.domain.instant import month_name
from passalong.domain.lead import Motion
from passalong.domain.mechanic import MechanicKind
from passalong.domain.money import Converted, Money, converted, summed
from passalong.errors import NotFound
from passalong.store.metric import Month, Slice, Source, k_factor, whole_or_part
from passalong.web.api.refusals import REFUSALS
from passalong.web.services import FromServices, Services

PRODUCT_TOUCH = (MechanicKind.SHARED_ASSET, MechanicKind.REFERRAL_LOOP, MechanicKind.EXPANSION)
"""The kinds of mechanics that live where the product is touched, apart from what people write and say."""


class Amounts(Struct, kw_only=True):
    """Money by currency, never added across them; `converted` in the currency of the settings, if they name one."""

    by_currency: list[Money]
    converted: Converted | None


class MonthAnswer(Struct, kw_only=True):
    """`attributed` is the one number; `coverage` its part of all known opportunities, None without any.

    `evidence` parts `attributed` by grade; `k_factor` is new leads by passed-along links for each new lead, None
    without any.
    """

    month: str
    attributed: int | float
    opportunities: int
    coverage: float | None
    pipeline: Amounts
    evidence: dict[Evidence, int | float]
    k_factor: float | None
    sources: list[Source]


class HopAnswer(Struct, kw_only=True):
    """What came from links so many hops away from the customer."""

    hop: int
    leads: int
    opportunities: int | float


class LaunchAnswer(Struct, kw_only=True):
    """Days from a mechanic's launch to its first attributed opportunity; None while there is none."""

    mechanic: str
    days: int | None


class SecondaryAnswer(Struct, kw_only=True):
    """`expansion_pipeline` of opportunities that product-touch mechanics caused among customers themselves;
    `advocacy_revenue` of what was won by way of advocacy. Over all the months asked for."""

    expansion_pipeline: Amounts
    advocacy_revenue: Amounts
    first_opportunities: list[LaunchAnswer]


class MetricAnswer(Struct, kw_only=True):
    """Months in the vendor's time zone, oldest first. `funnel` counts this month: people, and what is attributed.

    With a slice (`customer`, `region`, `asset`, `channel`, or several) `attributed` and all that follows from it are
    the slice's; `opportunities` stays all that are known, since what nobody is credited for belongs to no slice.
    """

    timezone: str
    months: list[MonthAnswer]
    funnel: dict[str, int]
    k_factor: float | None
    hops: list[HopAnswer]
    secondary: SecondaryAnswer


@get("/metric", tags=["Metric"], summary="The one number", responses=REFUSALS)
async def get_metric(
    services: FromServices,
    months: Annotated[int, QueryParameter(ge=1, le=60)] = 12,
    customer: Annotated[str | None, QueryParameter(description="Only this customer's")] = None,
    region: Annotated[str | None, QueryParameter(description="Only of customers in this region")] = None,
    asset: Annotated[str | None, QueryParameter(description="Only by links to this asset")] = None,
    channel: Annotated[str | None, QueryParameter(description="Only by links of this channel")] = None,
) -> MetricAnswer:
    of = _slice(services, customer, region, asset, channel)
    this_month = services.calendar.month(services.clock())
    found = await services.metrics.months(this_month, months, of)
    parts = await services.metrics.parts(found[0].month, this_month, of)
    keys = list(services.catalog.mechanics)
    funnel = await services.metrics.funnel(keys, this_month * 100, this_month * 100 + 99) if of.whole else {}
    spread: dict[int, int] = {}
    for month in found:
        for hop, n in month.spread.items():
            spread[hop] = spread.get(hop, 0) + n
    by_hop: dict[int, int] = dict.fromkeys(spread, 0)
    for part in parts:
        if part.kind == "opportunity":
            by_hop[part.hop] = by_hop.get(part.hop, 0) + part.micro
    kinds = {mechanic.key: mechanic.kind for mechanic in services.catalog.mechanics.values()}
    expansion = [
        part.amount
        for part in parts
        if part.kind == "opportunity"
        and part.motion is Motion.EXPANSION
        and kinds.get(part.mechanic or "") in PRODUCT_TOUCH
        and part.amount
    ]
    advocacy = [
        part.amount
        for part in parts
        if part.kind == "won" and kinds.get(part.mechanic or "") is MechanicKind.ADVOCACY and part.amount
    ]
    firsts = await services.metrics.first_opportunities(keys, of)
    return MetricAnswer(
        timezone=services.calendar.timezone,
        months=[_answer(services, month) for month in found],
        funnel=funnel | found[-1].conversions,
        k_factor=k_factor(spread),
        hops=[
            HopAnswer(hop=hop, leads=spread.get(hop, 0), opportunities=whole_or_part(micro))
            for hop, micro in sorted(by_hop.items())
        ],
        secondary=SecondaryAnswer(
            expansion_pipeline=amounts(services, expansion),
            advocacy_revenue=amounts(services, advocacy),
            first_opportunities=[
                LaunchAnswer(mechanic=m.key, days=_days(services, m.launched_at_ms, firsts.get(m.key)))
                for m in services.catalog.mechanics.values()
            ],
        ),
    )


def amounts(services: Services, found: list[Money]) -> Amounts:
    to = services.settings.reporting
    return Amounts(
        by_currency=summed(found),
        converted=converted(found, to.currency, to.rates) if to.currency else None,
    )


def _slice(
    services: Services, customer: str | None, region: str | None, asset: str | None, channel: str | None
) -> Slice:
    customers = None
    if customer is not None:
        customers = [services.catalog.find(Customer, customer)]
    elif region is not None:
        customers = list(services.catalog.customers.values())
    if customers is not None and region is not None:
        customers = [c for c in customers if c.region == region]
        if not customers:
            raise NotFound(f"No such customer is in the region {region}.")
    return Slice(
        customers=tuple(c.id for c in customers) if customers is not None else None, asset=asset, channel=channel
    )


def _answer(services: Services, month: Month) -> MonthAnswer:
    return MonthAnswer(
        month=month_name(month.month),
        attributed=month.attributed,
        opportunities=month.opportunities,
        coverage=month.coverage,
        pipeline=amounts(services, [s.amount for s in month.sources if s.attributed and s.amount]),
        evidence=month.evidence,
        k_factor=month.k_factor,
        sources=month.sources,
    )


def _days(services: Services, launched_at_ms: int, first_day: int | None) -> int | None:
    if first_day is None:
        return None
    launched = services.calendar.day(launched_at_ms)
    return max((_date(first_day) - _date(launched)).days, 0)


def _date(day: int) -> date:
    return date(day // 10_000, day // 100 % 100, day % 100)
