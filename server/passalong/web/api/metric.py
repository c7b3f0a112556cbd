"""The one number: opportunities that carry a customer's name, month by month, beside their coverage."""

from __future__ import annotations

from typing import Annotated

from litestar import get
from litestar.params import QueryParameter
from msgspec import Struct

from passalong.domain.instant import month_name
from passalong.store.reports import Month, Source
from passalong.web.api.refusals import REFUSALS
from passalong.web.services import FromServices


class MonthAnswer(Struct, kw_only=True):
    """`attributed` is the one number; `coverage` its part of all known opportunities, None without any."""

    month: str
    attributed: int
    opportunities: int
    coverage: float | None
    sources: list[Source]


class MetricAnswer(Struct, kw_only=True):
    """Months in the vendor's time zone, oldest first. `funnel` counts this month, people and integrators alone."""

    timezone: str
    months: list[MonthAnswer]
    funnel: dict[str, int]


@get("/metric", tags=["Metric"], summary="The one number", responses=REFUSALS)
async def get_metric(services: FromServices, months: Annotated[int, QueryParameter(ge=1, le=60)] = 12) -> MetricAnswer:
    this_month = services.calendar.month(services.clock())
    found = await services.reports.months(this_month, months)
    funnel = await services.reports.funnel(this_month * 100, this_month * 100 + 99)
    return MetricAnswer(timezone=services.calendar.timezone, months=[_answer(month) for month in found], funnel=funnel)


def _answer(month: Month) -> MonthAnswer:
    return MonthAnswer(
        month=month_name(month.month),
        attributed=month.attributed,
        opportunities=month.opportunities,
        coverage=month.coverage,
        sources=month.sources,
    )
