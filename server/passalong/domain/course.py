"""The course of a mechanic: what its verdict would have been on each day since its launch, as far as is known now.

Each point is judged by the rule that stands today, on what is credited today: a deal that came in late counts on the
day on which it was made, and whoever softened the rule meanwhile sees the course by the softer one. Two things of the
past are not known any more and left out: whether the CRM was silent that day, and whether a time away was a pause or a
death (nothing is advised in either). The last point of a mechanic that lives is its verdict of now.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import accumulate

from msgspec import Struct

from passalong.domain.attribution import WHOLE
from passalong.domain.instant import DAY_MS, Calendar, date_of, day_name, day_of, days_between
from passalong.domain.mechanic import Mechanic, MechanicKind
from passalong.domain.verdict import Answers, Facts, State, judge, kills_at_most

MOST_POINTS = 60
WEEKS = 26


class Series(Struct, frozen=True, kw_only=True):
    """What happened on which day (20261121): visits, and opportunities in millionths. For a community, of all known
    opportunities how many there were, how many answered how they had heard and how many of those named a customer."""

    visits: Mapping[int, int] = {}
    micro: Mapping[int, int] = {}
    answers: Mapping[int, tuple[int, int, int]] = {}


class Point(Struct, frozen=True, kw_only=True):
    """The evening of one day. Counts are since the launch; `days` and `visits` are without those that it was `away`.

    A kill would have been advised with `kills_at_most` opportunities or fewer: None as long as none would have been
    advised whatever it brought.
    """

    day: str
    days: int
    days_left: int
    visits: int
    expected: float | None
    observed: int | float
    probability: float | None
    state: State
    stalled: bool
    away: bool
    kills_at_most: int | None


class Week(Struct, frozen=True, kw_only=True):
    """Seven days that begin on `first_day` (2026-11-16)."""

    first_day: str
    visits: int
    opportunities: int | float


def weeks_until(today: int) -> list[tuple[int, int]]:
    """The first and the last day of each of the last WEEKS weeks, oldest first; the last of them ends today."""
    end = date_of(today)
    starts = [end - timedelta(days=7 * back + 6) for back in range(WEEKS - 1, -1, -1)]
    return [(day_of(start), day_of(start + timedelta(days=6))) for start in starts]


def chosen(first: int, last: int) -> list[int]:
    """At most MOST_POINTS days from the first to the last, both among them, as evenly spread as days can be."""
    span = days_between(first, last)
    if span < 0:
        return []
    steps = min(span, MOST_POINTS - 1) or 1
    start = date_of(first)
    return sorted({day_of(start + timedelta(days=round(span * n / steps))) for n in range(steps + 1)})


def course(
    mechanic: Mechanic, series: Series, calendar: Calendar, now_ms: int, crm_silent: str | None = None
) -> list[Point]:
    """From the launch until now, or until it was killed; nothing of what is yet to be launched."""
    end_ms = mechanic.tombstone.at_ms if mechanic.tombstone else now_ms
    launched, last = calendar.day(mechanic.launched_at_ms), calendar.day(end_ms)
    if end_ms < mechanic.launched_at_ms:
        return []
    known = _Known(mechanic, series, calendar)
    return [
        _point(known, day, end_ms if day == last else calendar.end_ms(day), crm_silent if day == last else None)
        for day in chosen(launched, last)
    ]


class _Known:
    """The series of a mechanic, added up so that each evening is a look-up."""

    def __init__(self, mechanic: Mechanic, series: Series, calendar: Calendar) -> None:
        self.mechanic = mechanic
        self.calendar = calendar
        self.community = mechanic.kind is MechanicKind.COMMUNITY
        self.launched = calendar.day(mechanic.launched_at_ms)
        self.away = [(calendar.day(since_ms), calendar.day(until_ms)) for since_ms, until_ms in mechanic.away]
        counted = {day: n for day, n in series.visits.items() if not any(a < day < b for a, b in self.away)}
        self.visits = self._summed(counted)
        self.micro = self._summed(series.micro)
        self.answers = [self._summed({day: each[n] for day, each in series.answers.items()}) for n in range(3)]
        brought = {day: each[2] for day, each in series.answers.items()} if self.community else series.micro
        self.brought = sorted(day for day, n in brought.items() if n)

    def _summed(self, of: Mapping[int, int]) -> tuple[list[int], list[int]]:
        """Days since the launch, and what had come of each by its evening."""
        days = sorted(day for day in of if day >= self.launched)
        return days, list(accumulate(of[day] for day in days))

    def answers_until(self, day: int) -> Answers:
        opportunities, answered, named = (_until(sums, day) for sums in self.answers)
        return Answers(opportunities=opportunities, answered=answered, named=named)

    def quiet_days(self, day: int) -> int:
        """Days since the last opportunity by that day, or since the launch, without those that it was away."""
        place = bisect_right(self.brought, day)
        latest = max(self.brought[place - 1] if place else 0, self.launched)
        spans = [(max(first, latest), min(last, day)) for first, last in self.away if last > latest]
        return max(days_between(latest, day) - sum(max(days_between(*span), 0) for span in spans), 0)


def _point(known: _Known, day: int, evening_ms: int, crm_silent: str | None) -> Point:
    mechanic = known.mechanic
    spans = [*mechanic.away, *([(mechanic.paused_at_ms, evening_ms + 1)] if mechanic.paused_at_ms is not None else [])]
    away = any(since <= evening_ms < until for since, until in spans)
    ripe = known.calendar.day(evening_ms - mechanic.cycle_days * DAY_MS)
    facts = Facts(
        kind=mechanic.kind,
        target_per_1000=mechanic.target_per_1000,
        floor_days=mechanic.floor_days,
        cycle_days=mechanic.cycle_days,
        days=mechanic.days_live(evening_ms),
        visits=_until(known.visits, day),
        ripe_visits=_until(known.visits, min(ripe, day)),
        opportunities=_opportunities(_until(known.micro, day)),
        quiet_days=known.quiet_days(day),
        paused_on=day_name(day) if away else None,
        crm_silent=crm_silent,
        answers=known.answers_until(day) if known.community else None,
    )
    verdict = judge(facts)
    judged = not away and not verdict.days_left and verdict.expected is not None
    return Point(
        day=day_name(day),
        days=facts.days,
        days_left=verdict.days_left,
        visits=verdict.visits,
        expected=verdict.expected,
        observed=verdict.observed,
        probability=verdict.probability,
        state=verdict.state,
        stalled=verdict.stalled,
        away=away,
        kills_at_most=kills_at_most(verdict.expected or 0) if judged else None,
    )


def _until(sums: tuple[Sequence[int], Sequence[int]], day: int) -> int:
    days, totals = sums
    place = bisect_right(days, day)
    return totals[place - 1] if place else 0


def _opportunities(micro: int) -> int | float:
    return micro / WHOLE if micro % WHOLE else micro // WHOLE
