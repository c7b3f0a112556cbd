"""Mechanics over time: their weeks, and the course of their verdicts. Counters by day, and the credits of each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from passalong.domain.course import Point, Series, Week, course, weeks_until
from passalong.domain.instant import Calendar, Clock, day_name
from passalong.domain.mechanic import Mechanic, MechanicKind
from passalong.store.db import Database, Row
from passalong.store.metric import whole_or_part
from passalong.store.verdicts import Verdicts


class Courses:
    def __init__(self, db: Database, verdicts: Verdicts, calendar: Calendar, clock: Clock) -> None:
        self._db = db
        self._verdicts = verdicts
        self._calendar = calendar
        self._clock = clock

    async def weeks(self, mechanics: Iterable[str]) -> dict[str, list[Week]]:
        """The last half year of some mechanics by key, oldest week first, empty weeks included."""
        keys = list(mechanics)
        spans = weeks_until(self._calendar.day(self._clock()))
        asked = {"mechanics": _json(keys), "weeks": _json(spans)}
        visits = {(row["mechanic"], row["week"]): row["visits"] for row in await self._rows("visits_by_week", **asked)}
        micro = {(row["mechanic"], row["week"]): row["micro"] for row in await self._rows("credits_by_week", **asked)}
        return {
            key: [
                Week(
                    first_day=day_name(first),
                    visits=visits.get((key, place), 0),
                    opportunities=whole_or_part(micro.get((key, place), 0)),
                )
                for place, (first, _) in enumerate(spans)
            ]
            for key in keys
        }

    async def of(self, mechanic: Mechanic) -> list[Point]:
        """From its launch until now, or until it was killed."""
        now_ms = self._clock()
        first, today = self._calendar.day(mechanic.launched_at_ms), self._calendar.day(now_ms)
        series = await self._series(mechanic, first, today)
        return course(mechanic, series, self._calendar, now_ms, await self._verdicts.silent())

    async def _series(self, mechanic: Mechanic, first: int, last: int) -> Series:
        if mechanic.kind is MechanicKind.COMMUNITY:
            said = await self._rows("answers_by_day", first=first, last=last)
            return Series(answers={row["day"]: (row["opportunities"], row["answered"], row["named"]) for row in said})
        span = {"mechanic": mechanic.key, "first": first, "last": last}
        return Series(
            visits={row["day"]: row["visits"] for row in await self._rows("visits_by_day", **span)},
            micro={row["day"]: row["micro"] for row in await self._rows("credits_by_day", **span)},
        )

    async def _rows(self, name: str, **params: Any) -> list[Row]:
        return await self._db.named("course", name, **params)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
