"""The monthly review: gathers everything that is said about one month into one value."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from passalong.domain.instant import Calendar, at, day_name, days_between, month_name, ms_of
from passalong.domain.lead import Motion
from passalong.domain.mechanic import MechanicKind
from passalong.domain.money import Amounts, Money, amounts, comparable, size
from passalong.domain.monthly import (
    MONTHS,
    Cause,
    CustomerLine,
    Decided,
    HopLine,
    Launch,
    Look,
    MonthLine,
    Monthly,
    Mover,
    SourceLine,
    Stage,
    Tree,
)
from passalong.store.agendas import Agendas
from passalong.store.catalog import Catalog, decision_of
from passalong.store.db import Database, Row
from passalong.store.metric import Metrics, Month, added, expansion, k_factor, whole_or_part

LONGEST_LIST = 10
MOST_MOVERS = 3
LATEST_LEADS = 2_000
"""How many of the month's leads, the latest, are asked which link they came by."""
FOLLOWED_UP = 1_000
"""How many links, those that brought most themselves, are followed up to the tree they belong to."""
UPGRADES = "Upgrades in the product"
"""What a link is called that leads to no asset: a usage cap’s."""


class _Span(Struct, frozen=True, kw_only=True):
    """A month as days (20261101) and as Unix milliseconds, up to but without `end_ms`."""

    month: int
    first_day: int
    last_day: int
    start_ms: int
    end_ms: int


class MonthlyReviews:
    """`currency` and `rates` are the settings': into what amounts are converted beside being told as they are."""

    def __init__(
        self,
        db: Database,
        catalog: Catalog,
        metrics: Metrics,
        agendas: Agendas,
        calendar: Calendar,
        currency: str | None,
        rates: Mapping[str, float],
    ) -> None:
        self._db = db
        self._catalog = catalog
        self._metrics = metrics
        self._agendas = agendas
        self._calendar = calendar
        self._currency = currency
        self._rates = rates

    async def of(self, month: int, now_ms: int) -> Monthly:
        """The review of a month (202611) that has begun, as it is known at `now_ms`."""
        span = self._span(month)
        kinds = {key: mechanic.kind for key, mechanic in self._catalog.mechanics.items()}
        advocacy = [key for key, kind in kinds.items() if kind is MechanicKind.ADVOCACY]
        months = await self._metrics.months(month, MONTHS, advocacy)
        credited = await self._credited(span)
        credited_before = await self._credited(self._span(months[-2].month))
        funnel = await self._funnel(months[-1], months[-2])
        decisions = await self._decisions(span)
        running = now_ms < span.end_ms
        customers, customers_by = await self._customers(span, credited)
        return Monthly(
            month=month_name(month),
            month_before=month_name(months[-2].month),
            running=running,
            days=self._calendar.day(now_ms) % 100 if running else span.last_day % 100,
            days_in_month=span.last_day % 100,
            timezone=self._calendar.timezone,
            made_at=at(now_ms),
            state=self._state(months, funnel, decisions),
            brands=[Look(id=b.id, name=b.name, accent=b.accent) for b in self._catalog.brands.values()],
            months=[self._line(found) for found in months],
            sources=self._sources(months[-1]),
            evidence={grade: whole_or_part(micro) for grade, micro in months[-1].evidence.items()},
            funnel=funnel,
            customers=customers,
            customers_by=customers_by,
            trees=await self._trees(span),
            k_factor_12=k_factor(added(found.spread for found in months)),
            hops=_hops(months[-1]),
            expansion_pipeline=self._amounts(expansion(months[-1].sources, kinds)),
            expansion_pipeline_12=self._amounts(a for found in months for a in expansion(found.sources, kinds)),
            advocacy_revenue=self._amounts(months[-1].won),
            advocacy_revenue_12=self._amounts(amount for found in months for amount in found.won),
            first_opportunities=await self._launches(span),
            decisions=decisions,
            movers=[*self._mechanics_moved(months[-1], months[-2]), *self._customers_moved(credited, credited_before)],
            credited_anew=[
                Cause(cause=row["cause"], times=row["n"])
                for row in await self._rows("credited_anew", start_ms=span.start_ms, end_ms=span.end_ms)
            ],
            agenda=await self._agendas.of(months[-1], now_ms),
        )

    def _span(self, month: int) -> _Span:
        zone = ZoneInfo(self._calendar.timezone)
        year, number = divmod(month, 100)
        after = month + 1 if number < 12 else (year + 1) * 100 + 1
        return _Span(
            month=month,
            first_day=month * 100 + 1,
            last_day=month * 100 + monthrange(year, number)[1],
            start_ms=ms_of(datetime(year, number, 1, tzinfo=zone)),
            end_ms=ms_of(datetime(*divmod(after, 100), 1, tzinfo=zone)),
        )

    def _state(
        self, months: Sequence[Month], funnel: Sequence[Stage], decisions: Sequence[Decided]
    ) -> Literal["unused", "quiet", "told"]:
        known = any(found.opportunities or found.spread for found in months)
        if not self._catalog.mechanics and not known:
            return "unused"
        told = months[-1].opportunities or any(stage.now for stage in funnel) or decisions
        return "told" if told else "quiet"

    def _line(self, month: Month) -> MonthLine:
        return MonthLine(
            month=month_name(month.month),
            attributed=month.attributed,
            opportunities=month.opportunities,
            coverage=month.coverage,
            k_factor=month.k_factor,
            pipeline=self._amounts(source.amount for source in month.sources if source.attributed),
        )

    def _sources(self, month: Month) -> list[SourceLine]:
        """By mechanic and motion, the most pipeline first; what nobody is credited for last."""
        micro: dict[tuple[bool, str | None, str | None], float] = {}
        money: dict[tuple[bool, str | None, str | None], list[Money | None]] = {}
        for source in month.sources:
            key = (source.attributed, source.mechanic, source.motion)
            micro[key] = micro.get(key, 0) + source.opportunities
            money.setdefault(key, []).append(source.amount)
        lines = [
            SourceLine(
                mechanic=key[1],
                title=self._source(key[0], key[1]),
                motion=Motion(key[2]) if key[2] else None,
                attributed=key[0],
                opportunities=_plain(micro[key]),
                pipeline=self._amounts(money[key]),
            )
            for key in micro
        ]
        ordered = comparable([line.pipeline for line in lines])
        lines.sort(key=lambda line: (-size(line.pipeline) if ordered else 0, -line.opportunities, line.title))
        return sorted(lines, key=lambda line: not line.attributed)

    def _source(self, attributed: bool, mechanic: str | None) -> str:
        if mechanic is not None:
            return self._title(mechanic)
        return "Named by the buyer or an admin" if attributed else "No customer known"

    async def _funnel(self, now: Month, before: Month) -> list[Stage]:
        mechanics = list(self._catalog.mechanics)
        counts = [
            await self._metrics.funnel(mechanics, of.month * 100, of.month * 100 + 99)
            | await self._metrics.attributed(of.month)
            for of in (now, before)
        ]
        stages: tuple[Any, ...] = ("visit", "lead", "click", "signup", "trial", "opportunity", "won")
        return [Stage(stage=stage, now=counts[0].get(stage, 0), before=counts[1].get(stage, 0)) for stage in stages]

    async def _credited(self, span: _Span) -> list[Row]:
        return await self._rows("credited", first_day=span.first_day, last_day=span.last_day)

    async def _customers(
        self, span: _Span, credited: Sequence[Row]
    ) -> tuple[list[CustomerLine], Literal["pipeline", "opportunities"]]:
        """Those credited with opportunities of the month: by pipeline where its amounts can be compared."""
        money: dict[str, list[Money | None]] = {}
        micro = _micro(credited)
        for row in credited:
            money.setdefault(row["customer"], []).append(_money(row))
        found = {customer: self._amounts(money[customer]) for customer in micro}
        ordered = comparable(found.values())
        first = sorted(
            found, key=lambda c: (-size(found[c]) if ordered else 0, -micro[c], self._customer(c))
        )[:LONGEST_LIST]  # fmt: skip
        leads = {
            row["customer"]: row["n"] for row in await self._rows("leads", customers=_json(first), month=span.month)
        }
        lines = [
            CustomerLine(
                customer=customer,
                name=self._customer(customer),
                opportunities=whole_or_part(micro[customer]),
                pipeline=found[customer],
                leads=leads.get(customer, 0),
            )
            for customer in first
        ]
        return lines, "pipeline" if ordered else "opportunities"

    async def _trees(self, span: _Span) -> list[Tree]:
        """The links of customers whose trees brought the most opportunities, then leads.

        They are found from below, by the credits and the latest leads of the month: the counters of all links in the
        month are too many to be read. So a link that was looked at alone is not among them. What a tree brought is
        then summed exactly.
        """
        credited = await self._rows(
            "credited_shares", first_day=span.first_day, last_day=span.last_day, limit=FOLLOWED_UP
        )
        leading = await self._rows(
            "leading_shares", start_ms=span.start_ms, end_ms=span.end_ms, latest=LATEST_LEADS, limit=FOLLOWED_UP
        )
        micro = {row["share"]: row["n"] for row in credited}
        leads = {row["share"]: row["n"] for row in leading}
        score: dict[str, tuple[int, int]] = {}
        for row in await self._rows("tops", shares=_json(sorted(micro.keys() | leads))):
            opportunities, brought = score.get(row["top"], (0, 0))
            score[row["top"]] = opportunities + micro.get(row["share"], 0), brought + leads.get(row["share"], 0)
        first = sorted(score, key=lambda top: (-score[top][0], -score[top][1], top))[:LONGEST_LIST]
        rows = await self._rows(
            "trees",
            shares=_json(first),
            month=span.month,
            first_day=span.first_day,
            last_day=span.last_day,
            end_ms=span.end_ms,
        )
        trees = [
            Tree(
                share=row["share"],
                asset=row["asset"],
                title=found.title if (found := self._catalog.assets.get(row["asset"])) else row["asset"] or UPGRADES,
                customer=row["customer"],
                name=self._customer(row["customer"]),
                channel=row["channel"],
                visits=row["visits"],
                leads=row["leads"],
                opportunities=whole_or_part(row["micro"]),
                hops=row["hops"],
                links=row["links"],
            )
            for row in rows
        ]
        return sorted(trees, key=lambda tree: (-tree.opportunities, -tree.leads, -tree.visits, tree.share))

    async def _launches(self, span: _Span) -> list[Launch]:
        launched = [m for m in self._catalog.mechanics.values() if m.launched_at_ms < span.end_ms]
        firsts = await self._metrics.first_opportunities([mechanic.key for mechanic in launched])
        lines = []
        for mechanic in launched:
            launched_on = self._calendar.day(mechanic.launched_at_ms)
            first = firsts.get(mechanic.key)
            days = None if first is None or first > span.last_day else max(days_between(launched_on, first), 0)
            lines.append(
                Launch(mechanic=mechanic.key, title=mechanic.title, launched_on=day_name(launched_on), days=days)
            )
        return sorted(lines, key=lambda line: (line.days is None, line.days or 0, line.title))

    async def _decisions(self, span: _Span) -> list[Decided]:
        rows = await self._rows("decisions", start_ms=span.start_ms, end_ms=span.end_ms)
        return [
            Decided(
                mechanic=said.mechanic,
                title=self._title(said.mechanic),
                kind=said.kind,
                at=at(said.at_ms),
                by=said.by,
                reason=said.reason,
            )
            for said in map(decision_of, rows)
        ]

    def _mechanics_moved(self, now: Month, before: Month) -> list[Mover]:
        counts: list[dict[str, float]] = []
        for month in (now, before):
            of: dict[str, float] = {}
            for source in month.sources:
                if source.mechanic is not None:
                    of[source.mechanic] = of.get(source.mechanic, 0) + source.opportunities
            counts.append(of)
        return _moved("mechanic", counts[0], counts[1], {key: self._title(key) for of in counts for key in of})

    def _customers_moved(self, now: Sequence[Row], before: Sequence[Row]) -> list[Mover]:
        counts = [
            {customer: whole_or_part(micro) for customer, micro in _micro(rows).items()} for rows in (now, before)
        ]
        return _moved("customer", counts[0], counts[1], {id: self._customer(id) for of in counts for id in of})

    def _amounts(self, found: Iterable[Money | None]) -> Amounts:
        return amounts((money for money in found if money is not None), self._currency, self._rates)

    def _title(self, mechanic: str) -> str:
        found = self._catalog.mechanics.get(mechanic)
        return found.title if found else mechanic

    def _customer(self, customer: str) -> str:
        found = self._catalog.customers.get(customer)
        return found.name if found else customer

    async def _rows(self, name: str, **params: Any) -> list[Row]:
        return await self._db.named("monthly", name, **params)


def _money(row: Row) -> Money | None:
    return Money(row["amount_minor"], row["currency"]) if row["currency"] else None


def _micro(rows: Iterable[Row]) -> dict[str, int]:
    """Millionths of opportunities by customer."""
    sums: dict[str, int] = {}
    for row in rows:
        sums[row["customer"]] = sums.get(row["customer"], 0) + row["micro"]
    return sums


def _hops(month: Month) -> list[HopLine]:
    return [
        HopLine(hop=hop, leads=month.spread.get(hop, 0), opportunities=whole_or_part(month.hops.get(hop, 0)))
        for hop in sorted(month.spread.keys() | month.hops)
    ]


def _moved(
    what: Literal["mechanic", "customer"],
    now: Mapping[str, float],
    before: Mapping[str, float],
    names: Mapping[str, str],
) -> list[Mover]:
    """The largest changes, up or down; nothing of what stayed as it was."""
    movers = [
        Mover(what=what, id=id, name=name, now=_plain(now.get(id, 0)), before=_plain(before.get(id, 0)))
        for id, name in names.items()
        if _plain(now.get(id, 0)) != _plain(before.get(id, 0))
    ]
    return sorted(movers, key=lambda mover: (-abs(mover.now - mover.before), mover.name))[:MOST_MOVERS]


def _plain(n: float) -> int | float:
    """A sum of parts of opportunities, exact to the millionth, a whole number where it is one."""
    return whole_or_part(round(n * 1_000_000))


def _json(names: Iterable[str]) -> str:
    return msgspec.json.encode(list(names)).decode()
