"""The tail of the ledger, long-polled."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from litestar import get
from litestar.params import QueryParameter
from msgspec import Struct

from passalong.domain.event import Actor, EventKind, EventRow
from passalong.domain.instant import at
from passalong.domain.prompt import SUSPECT
from passalong.web.api.paging import MAX_INTEGER
from passalong.web.api.refusals import REFUSALS
from passalong.web.services import FromServices

LONGEST_WAIT_S = 5.0


class EventAnswer(Struct, kw_only=True):
    """An event. `seq` only grows; pass the last one seen as `after`. `step` of a walkthrough, where one was seen;
    `suspect` was submitted faster than people do."""

    seq: int
    at: datetime
    kind: EventKind
    actor: Actor
    customer: str | None
    mechanic: str | None
    asset: str | None
    share: str | None
    lead: str | None
    hop: int
    step: int | None
    suspect: bool


class Tail(Struct, kw_only=True):
    """`last_seq` is what to ask after next."""

    items: list[EventAnswer]
    last_seq: int


@get("/events", tags=["Events"], summary="Follow the ledger", responses=REFUSALS)
async def tail_events(
    services: FromServices,
    after: Annotated[
        int | None,  # of what may be null, Litestar does not tell a bound that is 0
        QueryParameter(ge=0, le=MAX_INTEGER, description="None: start with the newest", schema_extra={"minimum": 0}),
    ] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
    wait: Annotated[float, QueryParameter(ge=0, le=30, description="Seconds to wait for the first")] = 0,
) -> Tail:
    """Events after a seq, oldest first. Without `after` the newest `limit`.

    May answer with none before `wait` is over: a stopping server waits for its open answers.
    """
    if after is None:
        after = max(await services.ledger.last_seq() - limit, 0)
    rows = await services.ledger.tail(after, limit, min(wait, LONGEST_WAIT_S))
    return Tail(items=[event_answer(row) for row in rows], last_seq=rows[-1].seq if rows else after)


def event_answer(row: EventRow) -> EventAnswer:
    return EventAnswer(
        seq=row.seq,
        at=at(row.at_ms),
        kind=row.kind,
        actor=row.actor,
        customer=row.customer,
        mechanic=row.mechanic,
        asset=row.asset,
        share=row.share,
        lead=row.lead,
        hop=row.hop,
        step=int(row.ref or 0) if row.kind is EventKind.STEP else None,
        suspect=row.ref == SUSPECT,
    )
