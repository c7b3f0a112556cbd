"""A mechanic's course: visits, opportunities and what its verdict would have been, from the launch until now."""

from __future__ import annotations

from litestar import get
from litestar.params import FromPath
from msgspec import Struct

from passalong.domain.course import Point
from passalong.domain.mechanic import Mechanic
from passalong.web.api.refusals import REFUSALS
from passalong.web.services import FromServices


class CourseAnswer(Struct, kw_only=True):
    """At most 60 days, evenly spread, the launch's and the last (today's, or that of the kill) among them; none of
    what is yet to be launched.

    Each is judged by the rule as it stands today, on what is credited today, so that the last point of what lives is
    its verdict. The CRM's silence on days that have passed is not known any more, and not reckoned with.
    """

    mechanic: str
    target_per_1000: float | None
    floor_days: int
    cycle_days: int
    points: list[Point]


@get(
    "/mechanics/{key:str}/course",
    tags=["Mechanics"],
    summary="What the verdict would have been, day by day",
    responses=REFUSALS,
)
async def get_course(services: FromServices, key: FromPath[str]) -> CourseAnswer:
    mechanic = services.catalog.find(Mechanic, key)
    return CourseAnswer(
        mechanic=mechanic.key,
        target_per_1000=mechanic.target_per_1000,
        floor_days=mechanic.floor_days,
        cycle_days=mechanic.cycle_days,
        points=await services.courses.of(mechanic),
    )
