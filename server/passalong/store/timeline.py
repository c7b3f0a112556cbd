"""What happened to one customer, newest first: what has a moment of its own, and what is told by the day or month."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from passalong.domain.instant import Calendar
from passalong.store.db import Database, Row

_END = (2**62, "")

Key = tuple[int, str]
"""By what a timeline is ordered: (at_ms, key)."""


class Moment(Struct, frozen=True, kw_only=True):
    """Something that happened. `subject` is the id of what it happened to, if that has one; `title` and `detail` name
    it; `count` is how much of it there was, where days (or, of prompts, months) are told as one. `micro` and the amount
    are what the customer is credited with of a conversion."""

    at_ms: int
    key: str
    kind: str
    subject: str | None = None
    title: str
    detail: str = ""
    mechanic: str | None = None
    motion: str | None = None
    micro: int | None = None
    amount_minor: int | None = None
    currency: str | None = None
    count: int = 1

    @property
    def place(self) -> Key:
        return self.at_ms, self.key


class Timelines:
    def __init__(self, db: Database, calendar: Calendar) -> None:
        self._db = db
        self._calendar = calendar

    async def page(self, customer: str, *, limit: int, before: Key | None) -> list[Moment]:
        """As many moments as asked for, from below the (at_ms, key) `before`."""
        before = before or _END
        rows = await self._rows("moments", customer=customer, before_ms=before[0], before=before[1], limit=limit)
        found = [msgspec.convert(dict(row), Moment) for row in rows]
        found += await self._by_day("signals", customer, limit=limit, before=before)
        found += await self._by_day("invitations", customer, limit=limit, before=before)
        found += [moment for moment in await self._prompts(customer) if moment.place < before]
        return sorted(found, key=lambda moment: moment.place, reverse=True)[:limit]

    async def _by_day(self, what: str, customer: str, *, limit: int, before: Key) -> list[Moment]:
        """Walks back from day to day on which there was any, so that only the days shown are read. A day's line stands
        where the last of it happened."""
        found: list[Moment] = []
        until_ms = before[0]
        while len(found) < limit:
            newest = await self._rows(f"newest_{what[:-1]}", customer=customer, until_ms=until_ms)
            if not newest:
                break
            day = self._calendar.day(newest[0]["at_ms"])
            first_ms, end_ms = self._calendar.span(day)
            rows = await self._rows(f"{what}_between", customer=customer, first_ms=first_ms, end_ms=end_ms)
            of_day = [Moment(**dict(row), kind=what, key=_key(what, day, row)) for row in rows]
            found += [moment for moment in of_day if moment.place < before]
            until_ms = first_ms - 1
        return found

    async def _prompts(self, customer: str) -> list[Moment]:
        """A line for each month and mechanic, where the month begins."""
        return [
            Moment(
                at_ms=self._calendar.span(row["month"] * 100 + 1)[0],
                key=f"prompts/{row['month']}/{row['mechanic']}",
                kind="prompts",
                title=row["mechanic"],
                mechanic=row["mechanic"] or None,
                count=row["count"],
            )
            for row in await self._rows("prompts", customer=customer)
        ]

    async def _rows(self, name: str, **params: Any) -> list[Row]:
        return await self._db.named("customers", name, **params)


def _key(what: str, day: int, row: Row) -> str:
    mechanic = f"/{row['mechanic']}" if "mechanic" in row.keys() else ""  # noqa: SIM118  a row is no mapping
    return f"{what}/{day}{mechanic}/{row['title']}"
