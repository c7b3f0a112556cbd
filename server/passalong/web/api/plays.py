"""Plays: next best actions, what came of them, and what followed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from litestar import get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Struct

from passalong.domain.instant import at
from passalong.domain.play import OutcomeBody, OwnerBody, Play, PlayState, Result, check_words
from passalong.domain.rule import PlayKind
from passalong.errors import Invalid
from passalong.store.play_reports import PlayReport
from passalong.web.api.paging import Cursor, Limit, Page, decode, page
from passalong.web.api.refusals import REFUSALS
from passalong.web.services import FromServices, Services


class OutcomeAnswer(Struct, kw_only=True):
    result: Result
    note: str
    by: str
    at: datetime


class PlayAnswer(Struct, kw_only=True):
    """A play. `why` has the numbers as they were when it was made; `closed_at` is when it was done, dismissed or
    expired."""

    id: str
    customer: str
    customer_name: str | None
    rule: str
    kind: PlayKind
    title: str
    owner: str
    why: str
    state: PlayState
    created_at: datetime
    expires_at: datetime
    closed_at: datetime | None
    outcome: OutcomeAnswer | None


@get("/plays", tags=["Plays"], summary="Next best actions, newest first", responses=REFUSALS)
async def list_plays(
    services: FromServices,
    limit: Limit = 50,
    cursor: Cursor = None,
    customer: Annotated[str | None, QueryParameter(description="Only of this customer")] = None,
    in_state: Annotated[
        str | None, QueryParameter(name="state", description="Only these", schema_extra={"enum": [*PlayState]})
    ] = None,
    kind: Annotated[str | None, QueryParameter(description="Only of this kind, as churn_warning")] = None,
    rule: Annotated[str | None, QueryParameter(description="Only made by this rule")] = None,
) -> Page[PlayAnswer]:
    if in_state is not None and in_state not in {state.value for state in PlayState}:
        raise Invalid.one("state", f"Name one of {', '.join(state.value for state in PlayState)}.")
    found = await services.plays.page(
        limit=limit + 1,
        before=decode(cursor, tuple[int, str]),
        customer=customer,
        state=PlayState(in_state) if in_state is not None else None,
        kind=kind,
        rule=rule,
    )
    paged = page(found, limit, lambda play: (play.created_at_ms, play.id))
    return Page([answer(services, play) for play in paged.items], paged.next_cursor)


@get("/plays/report", tags=["Plays"], summary="What became of plays, and what followed", responses=REFUSALS)
async def report_plays(services: FromServices) -> PlayReport:
    """By rule and by kind. Opportunities that followed a play that was done are told beside it; whether they came of
    it is nowhere claimed."""
    return await services.play_reports.report()


@get("/plays/{id:str}", tags=["Plays"], summary="One play, and why", responses=REFUSALS)
async def get_play(services: FromServices, id: FromPath[str]) -> PlayAnswer:
    return answer(services, await services.plays.get(id))


@post("/plays/{id:str}/outcome", tags=["Plays"], summary="Say what came of a play", status_code=200,
      responses=REFUSALS)  # fmt: skip
async def close_play(services: FromServices, id: FromPath[str], data: JSONBody[OutcomeBody]) -> PlayAnswer:
    """`done` or `dismissed`, said once; what expired can still be done."""
    check_words(by=data.by)
    return answer(services, await services.plays.close(id, data))


@post("/plays/{id:str}/owner", tags=["Plays"], summary="Give an open play to somebody", status_code=200,
      responses=REFUSALS)  # fmt: skip
async def assign_play(services: FromServices, id: FromPath[str], data: JSONBody[OwnerBody]) -> PlayAnswer:
    check_words(owner=data.owner)
    return answer(services, await services.plays.assign(id, data.owner))


def answer(services: Services, play: Play) -> PlayAnswer:
    known = services.catalog.customers.get(play.customer)
    said = play.outcome
    return PlayAnswer(
        id=play.id,
        customer=play.customer,
        customer_name=known.name if known else None,
        rule=play.rule,
        kind=play.kind,
        title=play.title,
        owner=play.owner,
        why=play.why,
        state=play.state,
        created_at=at(play.created_at_ms),
        expires_at=at(play.expires_at_ms),
        closed_at=at(play.closed_at_ms) if play.closed_at_ms is not None else None,
        outcome=OutcomeAnswer(result=said.result, note=said.note, by=said.by, at=at(said.at_ms)) if said else None,
    )
