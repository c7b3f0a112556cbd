"""The one number: opportunities that carry a customer's name, month by month, beside their coverage."""

from __future__ import annotations

from typing import Annotated

from litestar import get
from litestar.params import QueryParameter
from msgspec import Struct

from passalong.domain.attribution import Evidence
from passalong.domain.customer import Customer
from passalong.domain.instant import days_between, month_name
from passalong.domain.mechanic import MechanicKind
from passalong.domain.money import Amounts, Money, amounts
from passalong.errors import NotFound
from passalong.store.metric import Month, Slice, Source, added, expansion, k_factor, whole_or_part
from passalong.web.api.refusals import REFUSALS
from passalong.web.services import FromServices, Services


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
    mechanics = services.catalog.mechanics
    kinds = {key: mechanic.kind for key, mechanic in mechanics.items()}
    advocacy = [key for key, kind in kinds.items() if kind is MechanicKind.ADVOCACY]
    found = await services.metrics.months(this_month, months, advocacy, of)
    funnel: dict[str, int] = {}
    if of.whole:
        funnel = await services.metrics.funnel(list(mechanics), this_month * 100, this_month * 100 + 99)
        funnel |= await services.metrics.attributed(this_month)
    firsts = await services.metrics.first_opportunities(list(mechanics), of)
    spread, hops = added(month.spread for month in found), added(month.hops for month in found)
    return MetricAnswer(
        timezone=services.calendar.timezone,
        months=[_answer(services, month) for month in found],
        funnel=funnel,
        k_factor=k_factor(spread),
        hops=[
            HopAnswer(hop=hop, leads=spread.get(hop, 0), opportunities=whole_or_part(hops.get(hop, 0)))
            for hop in sorted(spread.keys() | hops)
        ],
        secondary=SecondaryAnswer(
            expansion_pipeline=_amounts(services, [a for month in found for a in expansion(month.sources, kinds)]),
            advocacy_revenue=_amounts(services, [amount for month in found for amount in month.won]),
            first_opportunities=[
                LaunchAnswer(mechanic=key, days=_days(services, mechanic.launched_at_ms, firsts.get(key)))
                for key, mechanic in mechanics.items()
            ],
        ),
    )


def _amounts(services: Services, found: list[Money]) -> Amounts:
    to = services.settings.reporting
    return amounts(found, to.currency, to.rates)


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
        pipeline=_amounts(services, [s.amount for s in month.sources if s.attributed and s.amount]),
        evidence={grade: whole_or_part(micro) for grade, micro in month.evidence.items()},
        k_factor=month.k_factor,
        sources=month.sources,
    )


def _days(services: Services, launched_at_ms: int, first_day: int | None) -> int | None:
    if first_day is None:
        return None
    return max(days_between(services.calendar.day(launched_at_ms), first_day), 0)
