"""Monthly reviews: what was decided about each mechanic, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from litestar import Request, get, post
from litestar.datastructures import State
from litestar.params import JSONBody, PathParameter
from msgspec import Struct

from passalong.domain.instant import MONTH_PATTERN, at, month_name
from passalong.domain.review import Choice, Review, ReviewBody, ReviewRole, month_of
from passalong.domain.verdict import Verdict
from passalong.errors import NotFound
from passalong.store.aftermath import CameOf
from passalong.web.api.access import ADMIN
from passalong.web.api.audited import tell
from passalong.web.api.paging import Cursor, Limit, Page, decode, page
from passalong.web.api.refusals import REFUSALS
from passalong.web.services import FromServices, Services

_Month = Annotated[str, PathParameter(description="As 2026-10", schema_extra={"pattern": MONTH_PATTERN})]


class ReviewedAnswer(Struct, kw_only=True):
    """`verdict` and `opportunities` (of the month) are what was known when it was decided; `overrides` says that it
    went against the verdict; `came_of` tells what happened since."""

    mechanic: str
    title: str
    decision: Choice
    role: ReviewRole
    owner: str
    reason: str
    verdict: Verdict
    opportunities: int | float
    overrides: bool
    came_of: CameOf


class ReviewAnswer(Struct, kw_only=True):
    id: str
    month: str
    held_at: datetime
    by: str
    note: str
    decisions: list[ReviewedAnswer]


@post("/reviews", tags=["Reviews"], summary="Record a monthly review", opt=ADMIN, responses=REFUSALS)
async def hold_review(
    request: Request[Any, Any, State], services: FromServices, data: JSONBody[ReviewBody]
) -> ReviewAnswer:
    """Keep, change or kill, mechanic by mechanic, all of it or nothing. A kill kills; keeping what the verdict says to
    kill needs a reason, and is visible for ever."""
    review = await services.decisions.review(data)
    decided = [f"{said.mechanic}: {said.decision}" for said in review.decisions]
    tell(request, month_name(review.month), {"review": review.id, "decisions": decided})
    return await _answer(services, review)


@get("/reviews", tags=["Reviews"], summary="Reviews, the latest first", responses=REFUSALS)
async def list_reviews(services: FromServices, limit: Limit = 50, cursor: Cursor = None) -> Page[ReviewAnswer]:
    found = await services.decisions.reviews(before=decode(cursor, str), limit=limit + 1)
    return page([await _answer(services, review) for review in found], limit, lambda answer: answer.id)


@get("/reviews/{month:str}", tags=["Reviews"], summary="The review of a month", responses=REFUSALS)
async def get_review(services: FromServices, month: _Month) -> ReviewAnswer:
    """Of several the last one held."""
    review = await services.decisions.review_of(month_of(month))
    if review is None:
        raise NotFound(f"No review of {month} was recorded.")
    return await _answer(services, review)


async def _answer(services: Services, review: Review) -> ReviewAnswer:
    came_of = await services.aftermath.of(review)
    return ReviewAnswer(
        id=review.id,
        month=month_name(review.month),
        held_at=at(review.at_ms),
        by=review.by,
        note=review.note,
        decisions=[
            ReviewedAnswer(
                **{name: getattr(said, name) for name in said.__struct_fields__},
                overrides=said.overrides,
                came_of=came_of[said.mechanic],
            )
            for said in review.decisions
        ],
    )
