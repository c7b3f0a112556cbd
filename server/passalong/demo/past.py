"""What the sample vendor did in its half year: heard its customers, played what was called for, and held its reviews.

It happens through the same store methods as live, on services whose clock stands in the past.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from passalong.app import opened, wire
from passalong.demo.sample import CUSTOMERS, MECHANICS
from passalong.domain.delivery import Destination
from passalong.domain.instant import DAY_MS, month_name, months_back
from passalong.domain.mechanic import Mechanic, MechanicKind
from passalong.domain.play import OutcomeBody, PlayState, Result
from passalong.domain.review import Choice, ReviewBody, ReviewedBody, ReviewRole
from passalong.domain.signal import Signal
from passalong.domain.verdict import State
from passalong.settings import Settings
from passalong.web.services import Services

_HOUR_MS = 3_600_000
_REVIEWED_ON = 3
"""The day of the month on which the month before is reviewed."""
_ROLES = {
    "marketing": ReviewRole.MARKETING,
    "product": ReviewRole.PRODUCT,
    "customer success": ReviewRole.CUSTOMER_SUCCESS,
    "sales": ReviewRole.SALES,
}
_PATIENCE = "Two conferences are coming up; whatever the numbers say, not before them."
_NOTES = {
    Result.DONE: ("Called them; they liked the idea.", "Sent the invitation.", "Showed them how in ten minutes."),
    Result.DISMISSED: ("They are in the middle of a move.", "Spoke to them last week already."),
}


class _Habit(NamedTuple):
    """How a customer behaves: signals a week of a kind, from one day to another of the half year."""

    kind: str
    a_week: float
    first: int = 0
    last: int = 10_000
    value: tuple[int, int] | None = None


_HABITS = {
    "halvorsen": [
        _Habit("product.shared", 3), _Habit("product.exported", 2), _Habit("product.logged_in", 6),
        _Habit("satisfaction.nps", 0.3, value=(9, 10)), _Habit("community.answered", 0.8, 60),
    ],
    "brightline": [
        _Habit("product.logged_in", 8), _Habit("product.exported", 1), _Habit("product.limit_reached", 3, 174),
        _Habit("product.teammate_joined", 1.2, 120), _Habit("satisfaction.nps", 0.2, value=(7, 9)),
    ],
    "oakmoor": [
        _Habit("product.logged_in", 5, 0, 140), _Habit("product.exported", 2, 0, 140),
        _Habit("satisfaction.nps", 0.15, 0, 140, value=(6, 8)),
    ],
    "veldt": [
        _Habit("product.signed_up", 7, 20, 20), _Habit("product.activated", 7, 33, 33),
        _Habit("product.logged_in", 3, 33),
        _Habit("support.ticket_opened", 2, 168), _Habit("support.ticket_closed", 0.3, 168),
    ],
}  # fmt: skip


class Past:
    """Half a year of it. `day` once for each day, in order."""

    def __init__(self, services: Services, moment: list[int], days: int) -> None:
        self._services = services
        self._moment = moment
        self._days = days
        self._dice = random.Random(1848)  # noqa: S311 - plausible, not secret
        self._number = 0

    async def day(self, n: int, start_ms: int) -> None:
        """What happened on a day, in the evening of which it is written down."""
        self._moment[0] = start_ms + 20 * _HOUR_MS
        if signals := self._signals(n, start_ms):
            await self._services.signals.post(signals)
        if n % 3 == 0 or n == self._days - 1:
            await self._play()
        today = self._services.calendar.day(self._moment[0])
        if today % 100 == _REVIEWED_ON and n > 30:
            await self._review(months_back(today // 100, 2)[0])

    def _signals(self, n: int, start_ms: int) -> list[Signal]:
        signals = []
        for customer, habits in _HABITS.items():
            for habit in habits:
                if not habit.first <= n <= habit.last or self._dice.random() >= habit.a_week / 7:
                    continue
                self._number += 1
                at_ms = start_ms + int(self._dice.triangular(7, 19, 11) * _HOUR_MS)
                value = float(self._dice.randint(*habit.value)) if habit.value else None
                signals.append(Signal(f"sample-{self._number}", customer, habit.kind, value, at_ms))
        return signals

    async def _play(self) -> None:
        services = self._services
        while jobs := await services.outbox.claim(Destination.PLAYS, len(CUSTOMERS)):
            await services.plays.look(jobs)
        await services.plays.expire()
        for play in await services.plays.page(limit=50, state=PlayState.OPEN):
            old = self._moment[0] - play.created_at_ms > 4 * DAY_MS
            if old and self._dice.random() < 0.3:
                result = Result.DONE if self._dice.random() < 0.75 else Result.DISMISSED
                note = self._dice.choice(_NOTES[result])
                await services.plays.close(play.id, OutcomeBody(result=result, by=play.owner.capitalize(), note=note))

    async def _review(self, month: int) -> None:
        services = self._services
        mechanics = [services.catalog.find(Mechanic, key) for key in MECHANICS]
        verdicts = await services.verdicts.of(mechanics)
        decisions = []
        for mechanic in mechanics:
            owner, _, role = mechanic.owner.partition(", ")
            state = verdicts[mechanic.key].state
            said = ReviewedBody(mechanic=mechanic.key, decision=Choice.KEEP, role=_ROLES[role], owner=owner)
            if state is State.KILL:
                said.reason = _PATIENCE
            elif state is State.REVIEW and mechanic.kind is MechanicKind.COMMUNITY:
                said.reason = "It costs nothing, and people ask where to read about us."
            decisions.append(said)
        body = ReviewBody(month=month_name(month), by="Mara Lindqvist", decisions=decisions)
        await services.decisions.review(body)


@asynccontextmanager
async def past(config: Settings, days: int) -> AsyncIterator[Past]:
    moment = [0]
    async with opened(wire(config, lambda: moment[0])) as services:
        services.catalog.endpoints.clear()  # a sample's past is news to nobody
        yield Past(services, moment, days)
