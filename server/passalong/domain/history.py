"""What was heard of one customer, counted over times; and in one sentence why a rule holds of it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from itertools import accumulate

from passalong.domain.instant import DAY_MS
from passalong.domain.rule import Condition, Rule

Heard = tuple[int, str, float | None]
"""When, what kind, and what value."""
Check = Callable[[int], bool]
"""Whether something holds at a time, in Unix milliseconds."""

_MILLION = 1_000_000


class Series:
    """Signals that a condition counts, as running sums: `counts[n]` and `sums[n]` (in millionths) of the first n.

    `counts` is None where each counts one.
    """

    __slots__ = ("counts", "sums", "times", "values")

    def __init__(self, weighed: list[tuple[int, int, float | None]]) -> None:
        self.times = [at_ms for at_ms, _, _ in weighed]
        self.values = [value for _, _, value in weighed]
        plain = all(weight == 1 for _, weight, _ in weighed)
        self.counts = None if plain else list(accumulate((weight for _, weight, _ in weighed), initial=0))
        # Whole millionths, because a running sum of fractions would depend on what came before the time.
        self.sums = list(accumulate((w * round((value or 0) * _MILLION) for _, w, value in weighed), initial=0))

    def span(self, condition: Condition, now_ms: int) -> tuple[int, int]:
        """Which of the signals lie in the condition's time: from the first place to before the second."""
        return (
            bisect_right(self.times, now_ms - condition.within_days * DAY_MS),
            bisect_right(self.times, now_ms - condition.older_than_days * DAY_MS),
        )

    def count(self, first: int, last: int) -> int:
        return last - first if self.counts is None else self.counts[last] - self.counts[first]

    def sum(self, first: int, last: int) -> float:
        return (self.sums[last] - self.sums[first]) / _MILLION


class History:
    """All signals of one customer that rules may look at, oldest first; `first_heard_ms` is of the very first."""

    def __init__(self, heard: Iterable[Heard], first_heard_ms: int | None) -> None:
        self.first_heard_ms = first_heard_ms
        self.times: list[int] = []
        self._of: dict[str, list[tuple[int, float | None]]] = {}
        for at_ms, kind, value in heard:
            self.times.append(at_ms)
            self._of.setdefault(kind, []).append((at_ms, value))
        self._series: dict[tuple[object, ...], Series] = {}

    def series(self, condition: Condition) -> Series:
        """The signals that a condition counts; conditions that count the same share one."""
        key = (condition.kinds, condition.less, condition.value_at_least, condition.value_at_most)
        known = self._series.get(key)
        if known is None:
            known = self._series[key] = Series(self._weighed(condition))
        return known

    def check(self, condition: Condition) -> Check:
        """Whether the condition holds, at any time."""
        series = self.series(condition)
        times, counts, sums = series.times, series.counts, series.sums
        within_ms, older_ms = condition.within_days * DAY_MS, condition.older_than_days * DAY_MS
        least, most = condition.least, condition.at_most
        sum_least = None if condition.sum_at_least is None else round(condition.sum_at_least * _MILLION)

        def holds(now_ms: int) -> bool:
            first, last = bisect_right(times, now_ms - within_ms), bisect_right(times, now_ms - older_ms)
            n = last - first if counts is None else counts[last] - counts[first]
            if (least is not None and n < least) or (most is not None and n > most):
                return False
            return sum_least is None or sums[last] - sums[first] >= sum_least

        return holds

    def check_rule(self, rule: Rule) -> Check:
        """Whether all of the rule holds, at any time."""
        when = [self.check(condition) for condition in rule.when]
        unless = [self.check(condition) for condition in rule.unless]
        heard_ms, old_ms, unheard = self.first_heard_ms, rule.heard_for_days * DAY_MS, rule.unheard

        def holds(now_ms: int) -> bool:
            if heard_ms is None or heard_ms > now_ms:
                if not unheard:
                    return False
            elif heard_ms + old_ms > now_ms:
                return False
            for check in when:
                if not check(now_ms):
                    return False
            return not any(check(now_ms) for check in unless)

        return holds

    def why(self, rule: Rule, now_ms: int) -> str:
        """Why the rule holds, in one sentence with the numbers."""
        parts = [_listed([self._said(condition, now_ms) for condition in rule.when])]
        if rule.unless:
            parts.append(_listed([self._said(condition, now_ms) for condition in rule.unless]))
        sentence = "; ".join(parts)
        return f"{sentence[:1].upper()}{sentence[1:]}."

    def _weighed(self, condition: Condition) -> list[tuple[int, int, float | None]]:
        low, high = condition.value_at_least, condition.value_at_most
        found = [
            (at_ms, weight, value)
            for patterns, weight in ((condition.kinds, 1), (condition.less, -1))
            for kind in self._kinds(patterns)
            for at_ms, value in self._of[kind]
            if (low is None or (value is not None and value >= low))
            and (high is None or (value is not None and value <= high))
        ]
        found.sort(key=lambda entry: entry[0])
        return found

    def _kinds(self, patterns: tuple[str, ...]) -> list[str]:
        """Kinds that were heard and that any of the patterns means, each once."""
        return [
            kind
            for kind in self._of
            if any(kind == p or (p.endswith(".*") and kind.startswith(p[:-1])) for p in patterns)
        ]

    def _said(self, condition: Condition, now_ms: int) -> str:
        series = self.series(condition)
        first, last = series.span(condition, now_ms)
        n = series.count(first, last)
        span = f"in {days(condition.within_days)}"
        if condition.older_than_days:
            span = f"between {condition.older_than_days} and {condition.within_days} days ago"
        one, many = _nouns(condition)
        if n <= 0:
            return f"no {many} {span}"
        if condition.sum_at_least is not None:
            return f"{many} of {series.sum(first, last):,g} together {span}"
        if condition.scored:
            newest = next((v for v in reversed(series.values[first:last]) if v is not None), 0)
            return f"{one} {newest:g} {span}" if n == 1 else f"{n} × {one}, the last {newest:g}, {span}"
        return f"{n} {one if n == 1 else many} {span}"


def days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _nouns(condition: Condition) -> tuple[str, str]:
    """What a condition counts, for one and for many; from its kinds where the rule has no word for it."""
    if condition.noun is not None:
        one, _, many = condition.noun.partition("/")
        return one, many or one
    words = [f"{kind[:-2]} signal" if kind.endswith(".*") else kind.replace("_", " ") for kind in condition.kinds]
    said = " or ".join(words)
    return said, said


def _listed(parts: list[str]) -> str:
    return ", ".join(parts[:-1]) + " and " + parts[-1] if len(parts) > 1 else parts[0]
