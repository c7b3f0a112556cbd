"""Mechanics: what each brought, what the verdict on it is, its history, and its end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from litestar import get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from passalong.domain.course import Week
from passalong.domain.decision import LIVING_ON, Decision, DecisionKind, KillRule, Produced
from passalong.domain.instant import at
from passalong.domain.mechanic import Cta, Fallback, Gate, Mechanic, MechanicKind, Status
from passalong.domain.verdict import State, Verdict
from passalong.store.reports import Tally
from passalong.web.api.access import ADMIN
from passalong.web.api.paging import Cursor, Limit, Page, page_by_id
from passalong.web.api.refusals import REFUSALS
from passalong.web.services import FromServices, Services


class RuleAnswer(Struct, kw_only=True):
    """By which a mechanic is judged, as registered."""

    kind: MechanicKind
    owner: str
    target_per_1000: float | None
    floor_days: int
    cycle_days: int
    launched_at: datetime


class TombstoneAnswer(Struct, kw_only=True):
    """The end: `verdict` and `produced` are what was known that day, `opened_since` how often people opened its links
    after it. Both are None of what was killed before they were kept."""

    at: datetime
    by: str
    reason: str
    fallback: Fallback
    redirect_url: str | None
    verdict: Verdict | None
    produced: Produced | None
    opened_since: int


class DecisionAnswer(Struct, kw_only=True):
    """`overrides` says that it went against the verdict of that day. `rule` stands from then on."""

    at: datetime
    kind: DecisionKind
    by: str
    reason: str
    fallback: Fallback | None
    rule: RuleAnswer | None
    verdict: Verdict | None
    produced: Produced | None
    overrides: bool


class MechanicAnswer(Struct, kw_only=True):
    """A mechanic with what it brought over all time, and the verdict as things stand.

    `weeks` are those of the last half year, oldest first; the last of them ends today.
    `decisions` (oldest first), `rule_at_launch` and a tombstone's `verdict` and `produced` come when asked for by key;
    so does `overridden_by`, the decision by which it lives on though the verdict is to kill it, or was until its rule
    was changed. `warnings` are about a launch.
    """

    key: str
    kind: MechanicKind
    title: str
    owner: str
    brand: str
    status: Status
    gate: Gate
    cta: Cta | None
    target_per_1000: float | None
    floor_days: int
    cycle_days: int
    launched_at: datetime
    paused_at: datetime | None
    tombstone: TombstoneAnswer | None
    counts: Tally
    verdict: Verdict
    weeks: list[Week] = []
    rule_at_launch: RuleAnswer | None = None
    overridden_by: DecisionAnswer | None = None
    decisions: list[DecisionAnswer] = []
    warnings: list[str] = []


class KillBody(Struct, forbid_unknown_fields=True):
    """`asset_only` keeps the asset and drops gate, CTA and attribution; `redirect` leads to `redirect_url`, or to
    the brand's home; `gone` says goodbye."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    by: Annotated[str, Meta(min_length=1, max_length=120)]
    fallback: Fallback = Fallback.ASSET_ONLY
    redirect_url: Annotated[str, Meta(max_length=1000)] | None = None


class DecisionBody(Struct, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    by: Annotated[str, Meta(min_length=1, max_length=120)]


@get("/mechanics", tags=["Mechanics"], summary="List mechanics", responses=REFUSALS)
async def list_mechanics(services: FromServices, limit: Limit = 50, cursor: Cursor = None) -> Page[MechanicAnswer]:
    tallies = await services.reports.mechanics()
    known = list(services.catalog.mechanics.values())
    verdicts = await services.verdicts.of(known)
    answers = [_answer(m, tallies.get(m.key, Tally()), verdicts[m.key], []) for m in known]
    shown = page_by_id(answers, limit, cursor, lambda answer: answer.key)
    weeks = await services.courses.weeks(answer.key for answer in shown.items)
    for answer in shown.items:
        answer.weeks = weeks[answer.key]
    return shown


@get("/mechanics/{key:str}", tags=["Mechanics"], summary="One mechanic with its history", responses=REFUSALS)
async def get_mechanic(services: FromServices, key: FromPath[str]) -> MechanicAnswer:
    return await describe(services, services.catalog.find(Mechanic, key))


def _deciding(name: str, summary: str) -> post:
    """What the routes share by which admins decide about a mechanic."""
    return post(
        f"/mechanics/{{key:str}}/{name}",
        tags=["Mechanics"],
        summary=summary,
        status_code=200,
        opt=ADMIN,
        responses=REFUSALS,
    )


@_deciding("kill", "Kill a mechanic")
async def kill_mechanic(services: FromServices, key: FromPath[str], data: JSONBody[KillBody]) -> MechanicAnswer:
    """Dated, reasoned, reversible; every server process serves the fallback within a second."""
    after = await services.decisions.kill(
        key, by=data.by, reason=data.reason, fallback=data.fallback, redirect_url=data.redirect_url
    )
    return await describe(services, after)


@_deciding("revive", "Revive a mechanic")
async def revive_mechanic(services: FromServices, key: FromPath[str], data: JSONBody[DecisionBody]) -> MechanicAnswer:
    """Undoes a kill: gate, CTA and attribution are back, on every link that is out there."""
    return await describe(services, await services.decisions.revive(key, by=data.by, reason=data.reason))


@_deciding("pause", "Pause a mechanic")
async def pause_mechanic(services: FromServices, key: FromPath[str], data: JSONBody[DecisionBody]) -> MechanicAnswer:
    """Its links go on, none is made, and until it is resumed no day counts for its verdict."""
    return await describe(services, await services.decisions.pause(key, by=data.by, reason=data.reason))


@_deciding("resume", "Resume a paused mechanic")
async def resume_mechanic(services: FromServices, key: FromPath[str], data: JSONBody[DecisionBody]) -> MechanicAnswer:
    return await describe(services, await services.decisions.resume(key, by=data.by, reason=data.reason))


@_deciding("keep", "Keep a mechanic, whatever the verdict")
async def keep_mechanic(services: FromServices, key: FromPath[str], data: JSONBody[DecisionBody]) -> MechanicAnswer:
    """Overrides a verdict: visible for ever, with its reason and with what was known that day."""
    return await describe(services, await services.decisions.keep(key, by=data.by, reason=data.reason))


async def describe(services: Services, mechanic: Mechanic, warnings: Sequence[str] = ()) -> MechanicAnswer:
    """A mechanic with its numbers, its verdict and its whole history."""
    tallies = await services.reports.mechanics()
    verdicts = await services.verdicts.of([mechanic])
    decisions = await services.catalog.decisions(mechanic.key)
    answer = _answer(mechanic, tallies.get(mechanic.key, Tally()), verdicts[mechanic.key], decisions)
    answer.weeks = (await services.courses.weeks([mechanic.key]))[mechanic.key]
    answer.warnings = list(warnings)
    return answer


def _answer(mechanic: Mechanic, counts: Tally, verdict: Verdict, decisions: Sequence[Decision]) -> MechanicAnswer:
    launch = next((d.rule for d in decisions if d.kind is DecisionKind.LAUNCH), None)
    last = next((d for d in reversed(decisions) if d.kind in LIVING_ON and d.overrides), None)
    failed = verdict.state is State.KILL or (last is not None and last.kind is DecisionKind.CHANGE)
    overridden = failed and mechanic.tombstone is None
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
        cycle_days=mechanic.cycle_days,
        launched_at=at(mechanic.launched_at_ms),
        paused_at=at(mechanic.paused_at_ms) if mechanic.paused_at_ms is not None else None,
        tombstone=_tombstone(mechanic, counts, decisions),
        counts=counts,
        verdict=verdict,
        rule_at_launch=_rule(launch) if launch else None,
        overridden_by=_decision(last) if overridden and last else None,
        decisions=[_decision(decision) for decision in decisions],
    )


def _tombstone(mechanic: Mechanic, counts: Tally, decisions: Sequence[Decision]) -> TombstoneAnswer | None:
    dead = mechanic.tombstone
    if dead is None:
        return None
    kill = next((d for d in reversed(decisions) if d.kind is DecisionKind.KILL), None)
    return TombstoneAnswer(
        at=at(dead.at_ms),
        by=dead.by,
        reason=dead.reason,
        fallback=dead.fallback,
        redirect_url=dead.redirect_url,
        verdict=kill.verdict if kill else None,
        produced=kill.produced if kill else None,
        opened_since=counts.afterlife,
    )


def _decision(decision: Decision) -> DecisionAnswer:
    return DecisionAnswer(
        at=at(decision.at_ms),
        kind=decision.kind,
        by=decision.by,
        reason=decision.reason,
        fallback=decision.fallback,
        rule=_rule(decision.rule) if decision.rule else None,
        verdict=decision.verdict,
        produced=decision.produced,
        overrides=decision.overrides,
    )


def _rule(rule: KillRule) -> RuleAnswer:
    return RuleAnswer(
        kind=rule.kind,
        owner=rule.owner,
        target_per_1000=rule.target_per_1000,
        floor_days=rule.floor_days,
        cycle_days=rule.cycle_days,
        launched_at=at(rule.launched_at_ms),
    )
