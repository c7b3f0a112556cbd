"""What became of plays: how many were made, done and dismissed, and which opportunities followed them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from passalong.domain.instant import DAY_MS, Calendar
from passalong.domain.money import Amounts, Money, amounts
from passalong.domain.play import FOLLOWED_DAYS, PlayState, Reason
from passalong.store.db import Database, Row
from passalong.store.metric import whole_or_part

LONGEST_DAY_MS = 25 * 3_600_000


class Followed(Struct, kw_only=True):
    """Customers with an opportunity credited to them in the ninety days after a play was done for them, those
    opportunities, and their amounts. They followed it; whether they came of it nobody knows."""

    customers: int
    opportunities: int | float
    pipeline: Amounts


class PlayCounts(Struct, kw_only=True):
    """Plays that were made, by what became of them, and for how many customers; `kept_back` counts occasions that
    fatigue left unused."""

    plays: int = 0
    open: int = 0
    done: int = 0
    dismissed: int = 0
    expired: int = 0
    customers: int = 0
    kept_back: dict[Reason, int] = field(default_factory=lambda: dict.fromkeys(Reason, 0))
    followed_by: Followed

    def add(self, state: str, n: int) -> None:
        self.plays += n
        setattr(self, PlayState(state).value, getattr(self, PlayState(state).value) + n)


class PlayReport(Struct, kw_only=True):
    """By rule and by kind of play. An opportunity that followed plays of two rules stands beside both."""

    followed_days: int
    rules: dict[str, PlayCounts]
    kinds: dict[str, PlayCounts]


class PlayReports:
    """Amounts are told as they are and, where `currency` is given, in that one by `rates`. `kinds` are those of the
    plays of rules that are live, which may have made none yet."""

    def __init__(
        self,
        db: Database,
        calendar: Calendar,
        currency: str | None,
        rates: Mapping[str, float],
        kinds: Mapping[str, str],
    ) -> None:
        self._db = db
        self._calendar = calendar
        self._kinds = kinds
        self._currency = currency
        self._rates = rates

    async def report(self) -> PlayReport:
        rules, kinds = await self._followed("followed_rules"), await self._followed("followed_kinds")
        said = PlayReport(followed_days=FOLLOWED_DAYS, rules={}, kinds={})
        kind_of = dict(self._kinds)
        for rule, kind, state, n in await self._rows("counts"):
            kind_of.setdefault(rule, kind)
            self._counts(said.rules, rule, rules).add(state, n)
            self._counts(said.kinds, kind, kinds).add(state, n)
        for rule, reason, n in await self._rows("kept_back"):
            self._counts(said.rules, rule, rules).kept_back[Reason(reason)] += n
            if rule in kind_of:
                self._counts(said.kinds, kind_of[rule], kinds).kept_back[Reason(reason)] += n
        for name, n in await self._rows("customers_of_rules"):
            said.rules[name].customers = n
        for name, n in await self._rows("customers_of_kinds"):
            said.kinds[name].customers = n
        return said

    def nothing(self) -> PlayCounts:
        """Of a rule that has made nothing yet."""
        return self._counts({}, "", {})

    def _counts(self, known: dict[str, PlayCounts], name: str, followed: Mapping[str, Followed]) -> PlayCounts:
        if name not in known:
            nobody = Followed(customers=0, opportunities=0, pipeline=amounts([], self._currency, self._rates))
            known[name] = PlayCounts(followed_by=followed.get(name, nobody))
        return known[name]

    async def _followed(self, query: str) -> dict[str, Followed]:
        customers: dict[str, set[str]] = defaultdict(set)
        micros: dict[str, int] = defaultdict(int)
        money: dict[str, list[Money]] = defaultdict(list)
        counted: set[tuple[str, str, int]] = set()
        # A day to spare: an opportunity of the day on which a play was done may be told with an hour before it.
        for row in await self._rows(query, within_ms=FOLLOWED_DAYS * DAY_MS, spare_ms=LONGEST_DAY_MS):
            name, customer, conversion, place, currency, micro, minor, closed_at_ms, occurred_at_ms = row
            same_day = self._calendar.day(occurred_at_ms) == self._calendar.day(closed_at_ms)
            if (occurred_at_ms <= closed_at_ms and not same_day) or (name, conversion, place) in counted:
                continue
            counted.add((name, conversion, place))
            customers[name].add(customer)
            micros[name] += micro
            if currency:
                money[name].append(Money(minor, currency))
        return {
            name: Followed(
                customers=len(who),
                opportunities=whole_or_part(micros[name]),
                pipeline=amounts(money[name], self._currency, self._rates),
            )
            for name, who in customers.items()
        }

    async def _rows(self, name: str, **params: Any) -> list[Row]:
        return await self._db.named("plays", name, **params)
