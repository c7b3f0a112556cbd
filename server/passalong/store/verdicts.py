"""Verdicts on mechanics, as things stand: from counters to what `domain.verdict` judges."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from passalong.domain.instant import DAY_MS, Calendar, Clock, day_name, days_between
from passalong.domain.mechanic import Mechanic, MechanicKind
from passalong.domain.text import counted
from passalong.domain.verdict import STALE_MS, Answers, Facts, Verdict, judge
from passalong.store.crm import Crm
from passalong.store.db import Database, Row
from passalong.store.metric import whole_or_part


class Verdicts:
    """`crm` is None where no CRM is connected: then conversions are what integrators report, and never stale."""

    def __init__(self, db: Database, calendar: Calendar, clock: Clock, crm: Crm | None) -> None:
        self._db = db
        self._calendar = calendar
        self._clock = clock
        self._crm = crm

    async def of(self, mechanics: Iterable[Mechanic]) -> dict[str, Verdict]:
        """By key, as things stand now."""
        known = {mechanic.key: mechanic for mechanic in mechanics}
        if not known:
            return {}
        now_ms = self._clock()
        today = self._calendar.day(now_ms)
        asked = msgspec.json.encode([self._asked(mechanic, now_ms) for mechanic in known.values()]).decode()
        visits = {row["mechanic"]: row for row in await self._rows("visits", mechanics=asked)}
        micro = {row["mechanic"]: row["micro"] for row in await self._rows("opportunities", mechanics=asked)}
        latest = {row["mechanic"]: row["day"] for row in await self._rows("latest", mechanics=asked)}
        silent = await self.silent()
        found: dict[str, Verdict] = {}
        for key, mechanic in known.items():
            launched = self._calendar.day(mechanic.launched_at_ms)
            answers, last = None, latest[key]
            if mechanic.kind is MechanicKind.COMMUNITY:
                answers, last = await self.answers(launched, today)
            found[key] = judge(
                Facts(
                    kind=mechanic.kind,
                    target_per_1000=mechanic.target_per_1000,
                    floor_days=mechanic.floor_days,
                    cycle_days=mechanic.cycle_days,
                    days=mechanic.days_live(now_ms),
                    visits=visits[key]["visits"] if key in visits else 0,
                    ripe_visits=(visits[key]["ripe"] or 0) if key in visits else 0,
                    opportunities=whole_or_part(micro.get(key, 0)),
                    quiet_days=self._quiet_days(mechanic, max(last or 0, launched), today),
                    killed=mechanic.tombstone is not None,
                    paused_on=None
                    if mechanic.paused_at_ms is None
                    else day_name(self._calendar.day(mechanic.paused_at_ms)),
                    crm_silent=silent,
                    answers=answers,
                )
            )
        return found

    def _asked(self, mechanic: Mechanic, now_ms: int) -> dict[str, Any]:
        """The days between which its visits count, but for those inside of which it was away."""
        return {
            "key": mechanic.key,
            "launched": self._calendar.day(mechanic.launched_at_ms),
            "ripe": self._calendar.day(now_ms - mechanic.cycle_days * DAY_MS),
            "away": [self._days(since_ms, until_ms) for since_ms, until_ms in mechanic.away],
        }

    def _days(self, since_ms: int, until_ms: int) -> tuple[int, int]:
        return self._calendar.day(since_ms), self._calendar.day(until_ms)

    def _quiet_days(self, mechanic: Mechanic, since: int, today: int) -> int:
        """Days since a day, without those that it was away."""
        away = sum(
            max(days_between(max(first, since), last), 0)
            for first, last in (self._days(*span) for span in mechanic.away)
            if last > since
        )
        return max(days_between(since, today) - away, 0)

    async def answers(self, first: int, last: int) -> tuple[Answers, int | None]:
        """How buyers of some days (20261121) said they had heard, and the day of the last that named a customer."""
        [row] = await self._rows("answers", first=first, last=last)
        answers = Answers(opportunities=row["opportunities"], answered=row["answered"], named=row["named"])
        return answers, row["latest"]

    async def silent(self) -> str | None:
        """For how long nothing was heard of the CRM ("for 3 days", "yet"), if that is too long; None without a CRM."""
        if self._crm is None:
            return None
        now_ms = self._clock()
        polled_ms = await self._crm.polled_at_ms()
        if not polled_ms:
            return "yet"
        return f"for {counted((now_ms - polled_ms) // DAY_MS, 'day')}" if now_ms - polled_ms > STALE_MS else None

    async def _rows(self, name: str, **params: Any) -> list[Row]:
        return await self._db.named("verdict", name, **params)
