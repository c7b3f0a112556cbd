"""A rule run dry against history: which plays it would have made, before it makes any."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from msgspec import Struct

from passalong.domain.history import History
from passalong.domain.instant import DAY_MS, Calendar, Clock, month_name
from passalong.domain.play import Made, Reason, Rehearsal, rehearse
from passalong.domain.rule import Fatigue, Rule
from passalong.store.catalog import Catalog
from passalong.store.plays import Plays
from passalong.store.signals import Signals

EXAMPLES = 10
CUSTOMERS_AT_ONCE = 50
MUCH = 500
"""Signals of one customer, times conditions, that are too many to be looked at in one go."""


class Example(Struct, kw_only=True):
    customer: str
    at_ms: int
    why: str


class DryRun(Struct, kw_only=True):
    """What a rule would have made between two times. `kept_back` counts the occasions that fatigue would have left
    unused, by reason; `examples` are the newest plays, one a customer; `signals` is how many were looked at."""

    rule: Rule
    days: int
    first_ms: int
    last_ms: int
    plays: int
    customers: int
    of_customers: int
    months: dict[str, int]
    kept_back: dict[Reason, int]
    examples: list[Example]
    signals: int
    took_ms: int


class Rehearsals:
    def __init__(self, plays: Plays, signals: Signals, catalog: Catalog, calendar: Calendar, clock: Clock) -> None:
        self._plays = plays
        self._signals = signals
        self._catalog = catalog
        self._calendar = calendar
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()

    async def dry_run(
        self,
        rule: Rule,
        days: int,
        progress: Callable[[int], object] = lambda done: None,
        *,
        fatigue: Fatigue | None = None,
    ) -> DryRun:
        """Looks at every customer as it was with each of its signals and once a day; nothing is stored.

        Plays that other rules made count for fatigue as they happened. What this rule would have made stays open as
        long as it may, since nobody was there to act on it. `progress` hears how many customers are done. Without
        `fatigue` it is that of the rules that are live.
        """
        async with self._one_at_a_time:
            return await self._run(rule, fatigue or self._plays.book.fatigue, days, progress)

    async def _run(self, rule: Rule, fatigue: Fatigue, days: int, progress: Callable[[int], object]) -> DryRun:
        began, now_ms = time.monotonic(), self._clock()
        first_ms = now_ms - days * DAY_MS
        customers = sorted(self._catalog.customers)
        played: list[Example] = []
        kept_back: Counter[Reason] = Counter()
        looked = done = 0
        for start in range(0, len(customers), CUSTOMERS_AT_ONCE):
            some = customers[start : start + CUSTOMERS_AT_ONCE]
            made = await self._plays.made_by_others(some, rule.id)
            earliest_ms = first_ms - max(c.reach_days for c in rule.conditions) * DAY_MS
            async for customer, history in self._signals.histories(some, earliest_ms, now_ms):
                looked += len(history.times)
                found = await self._one(rule, fatigue, history, made.get(customer, ()), first_ms, now_ms)
                played += [Example(customer=customer, at_ms=at_ms, why=why) for at_ms, why in found.plays]
                kept_back += found.kept_back
                done += 1
                progress(done)
        months = Counter(month_name(self._calendar.month(play.at_ms)) for play in played)
        newest = {play.customer: play for play in sorted(played, key=lambda play: play.at_ms)}
        return DryRun(
            rule=rule,
            days=days,
            first_ms=first_ms,
            last_ms=now_ms,
            plays=len(played),
            customers=len(newest),
            of_customers=len(customers),
            months=dict(sorted(months.items())),
            kept_back={reason: kept_back[reason] for reason in Reason},
            examples=sorted(newest.values(), key=lambda play: -play.at_ms)[:EXAMPLES],
            signals=looked,
            took_ms=round((time.monotonic() - began) * 1000),
        )

    async def _one(
        self, rule: Rule, fatigue: Fatigue, history: History, made: Sequence[Made], first_ms: int, last_ms: int
    ) -> Rehearsal:
        """A moment at a time, so that pages go on being answered; what takes longer goes to a thread."""
        run = partial(
            rehearse, rule, fatigue, history, first_ms=first_ms, last_ms=last_ms, sweep_ms=DAY_MS, made=made,
        )  # fmt: skip
        if len(history.times) * len(rule.conditions) > MUCH:
            return await asyncio.to_thread(run)
        await asyncio.sleep(0)
        return run()
