"""Mechanics: what each brought, its history, and its end."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from litestar import get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct
from msgspec.structs import replace

from passalong.domain import mechanic as mechanics
from passalong.domain.instant import at
from passalong.domain.mechanic import (
    Cta,
    Decision,
    DecisionKind,
    Fallback,
    Gate,
    Mechanic,
    MechanicKind,
)
from passalong.errors import Conflict, NotFound
from passalong.store.reports import Tally
from passalong.web.api.access import ADMIN
from passalong.web.api.paging import Cursor, Limit, Page, page_by_id
from passalong.web.api.refusals import REFUSALS
from passalong.web.services import FromServices, Services


class TombstoneAnswer(Struct, kw_only=True):
    at: datetime
    by: str
    reason: str
    fallback: Fallback
    redirect_url: str | None


class DecisionAnswer(Struct, kw_only=True):
    at: datetime
    kind: DecisionKind
    by: str
    reason: str
    fallback: Fallback | None


class MechanicAnswer(Struct, kw_only=True):
    """A mechanic with what it brought over all time. `decisions` only when asked for by key."""

    key: str
    kind: MechanicKind
    title: str
    owner: str
    brand: str
    status: str
    gate: Gate
    cta: Cta | None
    target_per_1000: float | None
    floor_days: int
    launched_at: datetime
    tombstone: TombstoneAnswer | None
    counts: Tally
    decisions: list[DecisionAnswer] = []


class KillBody(Struct, forbid_unknown_fields=True):
    """`asset_only` keeps the asset and drops gate, CTA and attribution; `redirect` leads to `redirect_url`, or to
    the brand's home; `gone` says goodbye."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    by: Annotated[str, Meta(min_length=1, max_length=120)]
    fallback: Fallback = Fallback.ASSET_ONLY
    redirect_url: Annotated[str, Meta(max_length=1000)] | None = None


class ReviveBody(Struct, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    by: Annotated[str, Meta(min_length=1, max_length=120)]


@get("/mechanics", tags=["Mechanics"], summary="List mechanics", responses=REFUSALS)
async def list_mechanics(services: FromServices, limit: Limit = 50, cursor: Cursor = None) -> Page[MechanicAnswer]:
    tallies = await services.reports.mechanics()
    answers = [_answer(m, tallies.get(m.key, Tally()), []) for m in services.catalog.mechanics.values()]
    return page_by_id(answers, limit, cursor, lambda answer: answer.key)


@get("/mechanics/{key:str}", tags=["Mechanics"], summary="One mechanic with its history", responses=REFUSALS)
async def get_mechanic(services: FromServices, key: FromPath[str]) -> MechanicAnswer:
    return await describe(services, services.catalog.find(Mechanic, key))


@post(
    "/mechanics/{key:str}/kill",
    tags=["Mechanics"],
    summary="Kill a mechanic",
    status_code=200,
    opt=ADMIN,
    responses=REFUSALS,
)
async def kill_mechanic(services: FromServices, key: FromPath[str], data: JSONBody[KillBody]) -> MechanicAnswer:
    """Dated, reasoned, reversible; every server process serves the fallback within a second."""
    now_ms = services.clock()

    def end(mechanic: Mechanic | None) -> Mechanic:
        if mechanic is None:
            raise NotFound(f"There is no mechanic called {key}.")
        if mechanic.tombstone is not None:
            raise Conflict(f"{key} was killed on {at(mechanic.tombstone.at_ms):%Y-%m-%d} by {mechanic.tombstone.by}.")
        redirect_url = data.redirect_url
        if data.fallback is Fallback.REDIRECT and redirect_url is None:
            redirect_url = services.catalog.brands[mechanic.brand].home_url
        tombstone = mechanics.tombstone(
            mechanic, at_ms=now_ms, by=data.by, reason=data.reason, fallback=data.fallback, redirect_url=redirect_url
        )
        return replace(mechanic, tombstone=tombstone)

    decision = Decision(
        mechanic=key, kind=DecisionKind.KILL, at_ms=now_ms, by=data.by, reason=data.reason, fallback=data.fallback
    )
    _, after = await services.catalog.change(Mechanic, key, end, lambda before, after: [decision])
    return await describe(services, after)


@post(
    "/mechanics/{key:str}/revive",
    tags=["Mechanics"],
    summary="Revive a mechanic",
    status_code=200,
    opt=ADMIN,
    responses=REFUSALS,
)
async def revive_mechanic(services: FromServices, key: FromPath[str], data: JSONBody[ReviveBody]) -> MechanicAnswer:
    """Undoes a kill: gate, CTA and attribution are back, on every link that is out there."""
    now_ms = services.clock()

    def begin(mechanic: Mechanic | None) -> Mechanic:
        if mechanic is None:
            raise NotFound(f"There is no mechanic called {key}.")
        if mechanic.tombstone is None:
            raise Conflict(f"{key} is alive.")
        return replace(mechanic, tombstone=None)

    decision = Decision(mechanic=key, kind=DecisionKind.REVIVE, at_ms=now_ms, by=data.by, reason=data.reason)
    _, after = await services.catalog.change(Mechanic, key, begin, lambda before, after: [decision])
    return await describe(services, after)


async def describe(services: Services, mechanic: Mechanic) -> MechanicAnswer:
    """A mechanic with its numbers and its whole history."""
    tallies = await services.reports.mechanics()
    decisions = await services.catalog.decisions(mechanic.key)
    return _answer(mechanic, tallies.get(mechanic.key, Tally()), decisions)


def _answer(mechanic: Mechanic, counts: Tally, decisions: list[Decision]) -> MechanicAnswer:
    dead = mechanic.tombstone
    return MechanicAnswer(
        key=mechanic.key,
        kind=mechanic.kind,
        title=mechanic.title,
        owner=mechanic.owner,
        brand=mechanic.brand,
        status=mechanic.status,
        gate=mechanic.gate,
        cta=mechanic.cta,
        target_per_1000=mechanic.target_per_1000,
        floor_days=mechanic.floor_days,
        launched_at=at(mechanic.launched_at_ms),
        tombstone=TombstoneAnswer(
            at=at(dead.at_ms), by=dead.by, reason=dead.reason, fallback=dead.fallback, redirect_url=dead.redirect_url
        )
        if dead
        else None,
        counts=counts,
        decisions=[
            DecisionAnswer(at=at(d.at_ms), kind=d.kind, by=d.by, reason=d.reason, fallback=d.fallback)
            for d in decisions
        ],
    )
