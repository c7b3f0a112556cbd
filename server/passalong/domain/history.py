"""What was heard of one customer, counted over times; and in one sentence why a rule holds of it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from itertools import accumulate, chain
from operator import itemgetter

from passalong.domain.instant import DAY_MS
from passalong.domain.rule import Condition, Rule
from passalong.domain.text import number

Heard = tuple[int, str, float | None]
"""When, what kind, and what value."""
Weighed = tuple[int, int, float | None]
"""When, counting as how many, and what value."""

MILLION = 1_000_000
_BLOCK = 256


class Running:
    """A running sum: what it grew by between two places, or what is `left` of that when nothing is taken from zero."""

    def __init__(self, steps: Iterable[int], *, left: bool) -> None:
        self._sums = list(accumulate(steps, initial=0))
        # Of what is left the lowest between two places is asked for; of so many at a time it is known beforehand.
        starts = range(0, len(self._sums), _BLOCK) if left else ()
        self._lowest = [min(self._sums[n : n + _BLOCK]) for n in starts]

    def between(self, first: int, last: int) -> int:
        return self._sums[last] - (self._low(first, last) if self._lowest else self._sums[first])

    def _low(self, first: int, last: int) -> int:
        block, after = -(-first // _BLOCK), (last + 1) // _BLOCK
        if block >= after:
            return min(self._sums[first : last + 1])
        edges = self._sums[first : block * _BLOCK], self._sums[after * _BLOCK : last + 1]
        return min(chain(self._lowest[block:after], *edges))


class Series:
    """Signals that a condition counts, oldest first, each with a weight of 1, or of -1 where it is taken off.

    Of a `balanced` one, in which some are taken off, what counts is what is left: what was closed and had been opened
    before anything is known of it takes nothing off.
    """

    def __init__(self, weighed: list[Weighed], *, balanced: bool) -> None:
        self.times = [at_ms for at_ms, _, _ in weighed]
        self._weighed = weighed
        self._balanced = balanced
        # None where each counts one: places are counts then.
        self._counts = self._running(lambda value: 1) if balanced else None
        self._sums: Running | None = None

    def place(self, at_ms: int) -> int:
        """How many of them had come at a time."""
        return bisect_right(self.times, at_ms)

    def count(self, first: int, last: int) -> int:
        """Of those from one place to before another, less what is taken off."""
        return last - first if self._counts is None else self._counts.between(first, last)

    def sum(self, first: int, last: int) -> int:
        """Of their values, in millionths: whole numbers, because a running sum of fractions would depend on what came
        before the first."""
        if self._sums is None:
            self._sums = self._running(lambda value: round((value or 0) * MILLION))
        return self._sums.between(first, last)

    def newest(self, first: int, last: int) -> float:
        """The last value among them, 0 without any."""
        return next((value for _, _, value in reversed(self._weighed[first:last]) if value is not None), 0.0)

    def _running(self, measure: Callable[[float | None], int]) -> Running:
        return Running((weight * measure(value) for _, weight, value in self._weighed), left=self._balanced)


class History:
    """All signals of one customer that rules may look at, oldest first; `first_heard_ms` is of the very first."""

    def __init__(self, heard: Iterable[Heard], first_heard_ms: int | None) -> None:
        self.first_heard_ms = first_heard_ms
        self.times: list[int] = []
        self._of: dict[str, list[tuple[int, float | None]]] = {}
        self._series: dict[tuple[object, ...], Series] = {}
        self.hear(heard)

    def hear(self, heard: Iterable[Heard]) -> None:
        """What was heard next; all of it before anything is asked."""
        for at_ms, kind, value in heard:
            self.times.append(at_ms)
            self._of.setdefault(kind, []).append((at_ms, value))

    def holds(self, rule: Rule, now_ms: int) -> bool:
        """Whether all of the rule holds at a time, by what was heard until then."""
        if not self._heard_enough(rule, now_ms):
            return False
        for condition in rule.when:  # most rules fail at the first, and what others count need not be gathered
            if not _meets(condition, self._series_of(condition), now_ms):
                return False
        return not any(_meets(condition, self._series_of(condition), now_ms) for condition in rule.unless)

    def asking(self, rule: Rule) -> Callable[[int], bool]:
        """The same, for a rule that is asked at many times: what it counts is gathered once."""
        when = [(condition, self._series_of(condition)) for condition in rule.when]
        unless = [(condition, self._series_of(condition)) for condition in rule.unless]

        def holds(now_ms: int) -> bool:
            if not self._heard_enough(rule, now_ms):
                return False
            for condition, series in when:
                if not _meets(condition, series, now_ms):
                    return False
            return not any(_meets(condition, series, now_ms) for condition, series in unless)

        return holds

    def turns(self, rule: Rule) -> list[int]:
        """Every time at which the rule may begin or cease to hold: between two of them nothing changes."""
        turns: set[int] = set()
        if self.first_heard_ms is not None:
            turns.update((self.first_heard_ms, self.first_heard_ms + rule.heard_for_days * DAY_MS))
        for condition in rule.conditions:
            times = self._series_of(condition).times
            for days_ in (condition.reach_days, condition.older_than_days):
                turns.update([at_ms + days_ * DAY_MS for at_ms in times])
        return sorted(turns)

    def why(self, rule: Rule, now_ms: int) -> str:
        """Why the rule holds, in one sentence with the numbers."""
        parts = [_listed([self._said(condition, now_ms) for condition in rule.when])]
        if rule.unless:
            parts.append(_listed([self._said(condition, now_ms) for condition in rule.unless]))
        sentence = "; ".join(parts)
        return f"{sentence[:1].upper()}{sentence[1:]}."

    def _heard_enough(self, rule: Rule, now_ms: int) -> bool:
        if self.first_heard_ms is None or self.first_heard_ms > now_ms:
            return rule.unheard
        return self.first_heard_ms + rule.heard_for_days * DAY_MS <= now_ms

    def _series_of(self, c: Condition) -> Series:
        """The signals that a condition counts; conditions that count the same share one."""
        key = (c.kinds, c.less, c.value_at_least, c.value_at_most)
        known = self._series.get(key)
        if known is None:
            known = self._series[key] = Series(self._weighed(c), balanced=bool(c.less))
        return known

    def _weighed(self, condition: Condition) -> list[Weighed]:
        low, high = condition.value_at_least, condition.value_at_most
        found = [
            (at_ms, weight, value)
            for patterns, weight in ((condition.kinds, 1), (condition.less, -1))
            for kind in self._kinds(patterns)
            for at_ms, value in self._of[kind]
            if (low is None or (value is not None and value >= low))
            and (high is None or (value is not None and value <= high))
        ]
        found.sort(key=itemgetter(0))
        return found

    def _kinds(self, patterns: tuple[str, ...]) -> list[str]:
        """Kinds that were heard and that any of the patterns means, each once."""
        return [
            kind
            for kind in self._of
            if any(kind == p or (p.endswith(".*") and kind.startswith(p[:-1])) for p in patterns)
        ]

    def _said(self, condition: Condition, now_ms: int) -> str:
        series = self._series_of(condition)
        first = series.place(now_ms - condition.reach_days * DAY_MS)
        last = series.place(now_ms - condition.older_than_days * DAY_MS)
        n = series.count(first, last)
        span = _span(condition)
        one, many = _nouns(condition)
        if n <= 0:
            return f"no {many}{span}"
        if condition.sum_at_least is not None:
            return f"{many} of {number(series.sum(first, last) / MILLION)} together{span}"
        if condition.scored:
            newest = number(series.newest(first, last))
            return f"{one} {newest}{span}" if n == 1 else f"{n} × {one}, the last {newest},{span}".rstrip(",")
        return f"{n} {one if n == 1 else many}{span}"


def _meets(c: Condition, series: Series, now_ms: int) -> bool:
    first = bisect_right(series.times, now_ms - c.reach_days * DAY_MS)
    last = bisect_right(series.times, now_ms - c.older_than_days * DAY_MS)
    n = series.count(first, last)
    if c.at_least is not None and n < c.at_least:
        return False
    if c.at_most is not None and n > c.at_most:
        return False
    if c.sum_at_least is not None:
        return series.sum(first, last) >= round(c.sum_at_least * MILLION)
    return n > 0 or c.at_least is not None or c.at_most is not None


def days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _span(condition: Condition) -> str:
    """The time that is looked at, in words; what is open is open now, whenever it was opened."""
    older = condition.older_than_days
    if condition.less:
        return f" {days(older)} ago" if older else ""
    if older:
        return f" between {older} and {condition.within_days} days ago"
    return f" in {days(condition.within_days)}"


def _nouns(condition: Condition) -> tuple[str, str]:
    """What a condition counts, for one and for many; from its kinds where the rule has no word for it."""
    if condition.noun is not None:
        one, _, many = condition.noun.partition("/")
        return one, many or one
    said = _kinds_in_words(condition.kinds)
    if condition.less:
        said += f" less {_kinds_in_words(condition.less)}"
    return said, said


def _kinds_in_words(kinds: tuple[str, ...]) -> str:
    return " or ".join(f"{kind[:-2]} signal" if kind.endswith(".*") else kind.replace("_", " ") for kind in kinds)


def _listed(parts: list[str]) -> str:
    return ", ".join(parts[:-1]) + " and " + parts[-1] if len(parts) > 1 else parts[0]
