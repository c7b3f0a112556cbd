"""Times: Unix milliseconds inside, RFC 3339 UTC outside, reporting days in the vendor's time zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Meta

from passalong.errors import Unusable

Clock = Callable[[], int]
"""Gives the present in Unix milliseconds. Injected, so that tests need not wait."""

Moment = Annotated[datetime, Meta(extra_json_schema={"format": "date-time"})]
"""A time as somebody sends it. One without its zone is refused where it is looked at, in a sentence."""
MONTH_PATTERN = r"^2[0-9]{3}-(0[1-9]|1[0-2])$"

DAY_MS = 86_400_000
MONTH_NAMES = "January February March April May June July August September October November December".split()
"""Whatever the locale; the first three letters where there is little room."""
_QUARTER_HOUR_MS = 900_000  # every offset from UTC in use is a multiple of it


def at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def wrong_time(moment: datetime | None) -> str | None:
    """What is wrong with a time that somebody has sent, in a sentence; None for one that can be kept, and for none."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        return "Give the time with its zone, as 2026-11-21T09:00:00Z."
    return None if 2000 <= moment.year < 2200 else "This year cannot be right."


def ms_of(moment: datetime) -> int:
    """Unix milliseconds of a time that carries its zone."""
    return round(moment.timestamp() * 1000)


class Calendar:
    """Days and months as the vendor's reports count them. A day is an int like 20261121, a month 202611."""

    def __init__(self, timezone: str) -> None:
        try:
            self._zone = ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError):
            raise Unusable(f"timezone: {timezone!r} is no time zone; write one like Europe/Berlin.") from None
        self.timezone = timezone
        self._day_of_quarter = lru_cache(maxsize=1024)(self._compute_day)

    def day(self, ms: int) -> int:
        return self._day_of_quarter(ms // _QUARTER_HOUR_MS)

    def month(self, ms: int) -> int:
        return self.day(ms) // 100

    def end_ms(self, day: int) -> int:
        """The last millisecond of a day."""
        return self.span(day)[1] - 1

    def span(self, day: int) -> tuple[int, int]:
        """When a reporting day begins, and when the next one does, in Unix milliseconds."""
        first = date_of(day)
        return self._midnight(first), self._midnight(first + timedelta(days=1))

    def _midnight(self, day: date) -> int:
        return ms_of(datetime.combine(day, time(), self._zone))

    def _compute_day(self, quarter: int) -> int:
        local = at(quarter * _QUARTER_HOUR_MS).astimezone(self._zone)
        return day_of(local)


def months_back(month: int, count: int) -> list[int]:
    """The `count` months that end with this one, oldest first."""
    index = month // 100 * 12 + month % 100 - 1
    return [n // 12 * 100 + n % 12 + 1 for n in range(index - count + 1, index + 1)]


def month_name(month: int) -> str:
    """`2026-11` of 202611."""
    return f"{month // 100:04d}-{month % 100:02d}"


def day_name(day: int) -> str:
    """`2026-11-21` of 20261121."""
    return date_of(day).isoformat()


def day_in_words(day: date) -> str:
    """`21 Nov 2026`, for sentences."""
    return f"{day.day} {MONTH_NAMES[day.month - 1][:3]} {day.year}"


def days_between(first: int, last: int) -> int:
    """Days from one reporting day (20261121) to another; negative when the other was earlier."""
    return (date_of(last) - date_of(first)).days


def date_of(day: int) -> date:
    """The date of a reporting day (20261121)."""
    return date(day // 10_000, day // 100 % 100, day % 100)


def day_of(moment: date) -> int:
    """The reporting day (20261121) of a date."""
    return moment.year * 10_000 + moment.month * 100 + moment.day
