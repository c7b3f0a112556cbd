"""The one metric: opportunities that carry a customer's name, and what it takes to believe the number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct, field

from passalong.domain.attribution import WHOLE, Evidence
from passalong.domain.event import EventKind
from passalong.domain.instant import months_back
from passalong.domain.lead import Motion
from passalong.domain.mechanic import PRODUCT_TOUCH, MechanicKind
from passalong.domain.money import Money
from passalong.store.db import Database, Row


class Slice(Struct, frozen=True, kw_only=True):
    """A part of the pipeline: of some customers, one asset, one channel, or all of these at once."""

    customers: tuple[str, ...] | None = None
    asset: str | None = None
    channel: str | None = None

    @property
    def whole(self) -> bool:
        return self.customers is None and self.asset is None and self.channel is None

    @property
    def suffix(self) -> str:
        """Which of the queries reads the fewest rows for it."""
        if self.customers is not None:
            return "_of_customers"
        return "_of_asset" if self.asset is not None else "_of_channel" if self.channel is not None else ""


class Source(Struct, kw_only=True):
    """A part of a month's pipeline. `mechanic` is None for what was declared, or not attributed.

    `opportunities` is a sum of parts where a model divides them, and whole under `origin`.
    """

    mechanic: str | None
    motion: str | None
    attributed: bool
    opportunities: int | float
    amount: Money | None


class Month(Struct, kw_only=True):
    """The one number of a month: `attributed` of all known `opportunities`.

    `evidence` and `hops` divide what is attributed by grade and by how far the link had travelled, in millionths;
    `spread` counts new leads by hop. `won` is the money that advocacy won.
    """

    month: int
    opportunities: int = 0
    attributed: int | float = 0
    sources: list[Source] = field(default_factory=list)
    evidence: dict[Evidence, int] = field(default_factory=lambda: dict.fromkeys(Evidence, 0))
    hops: dict[int, int] = field(default_factory=dict)
    spread: dict[int, int] = field(default_factory=dict)
    won: list[Money] = field(default_factory=list)

    @property
    def coverage(self) -> float | None:
        """The attributed part in [0, 1]; None where nothing is known."""
        return self.attributed / self.opportunities if self.opportunities else None

    def credited_to(self, mechanic: str) -> int | float:
        """Opportunities credited to a mechanic."""
        return whole_or_part(round(WHOLE * sum(s.opportunities for s in self.sources if s.mechanic == mechanic)))

    @property
    def k_factor(self) -> float | None:
        """New leads by passed-along links for each new lead: those at hop 1 and beyond, by all. None without any."""
        return k_factor(self.spread)


class Metrics:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def months(self, last: int, count: int, advocacy: Sequence[str], of: Slice = Slice()) -> list[Month]:  # noqa: B008 - immutable
        """The `count` months up to and with `last` (202611), oldest first, empty ones included.

        Of a slice, `attributed` is the slice's own, while `opportunities` stays all that are known. `advocacy` are the
        mechanics whose victories `won` adds up.
        """
        names = months_back(last, count)
        span = {"first": names[0], "last": last}
        found = {month: Month(month=month) for month in names}
        unnamed = []
        for month_, attributed, currency, n, minor in await self._rows("known", **span):
            month = found[month_]
            month.opportunities += n
            if attributed and of.whole:
                month.attributed += n
            elif not attributed and of.whole:
                amount = Money(minor, currency) if currency else None
                unnamed.append(
                    (month, Source(mechanic=None, motion=None, attributed=False, opportunities=n, amount=amount))
                )
        if of.whole:
            await self._fill(found, span, advocacy)
        else:
            await self._fill_slice(found, span, advocacy, of)
        for month, source in unnamed:
            month.sources.append(source)
        for month_, hop, n in await self._rows(f"spread{of.suffix}", **span, **_params(of)):
            found[month_].spread[hop] = n
        return list(found.values())

    async def attributed(self, month: int) -> dict[str, int]:
        """Conversions of a month that carry a customer's name, by kind."""
        return {row["kind"]: row["n"] for row in await self._rows("attributed", month=month)}

    async def _fill(self, found: Mapping[int, Month], span: Mapping[str, int], advocacy: Sequence[str]) -> None:
        """From the bounded sums."""
        for month, mechanic, motion, currency, micro, minor in await self._rows("sources", **span):
            found[month].sources.append(_source(mechanic, motion, currency, micro, minor))
        for month, evidence, hop, micro in await self._rows("grades", **span):
            _grade(found[month], evidence, hop, micro)
        for month, currency, minor in await self._rows("won", **span, mechanics=_json(advocacy)):
            found[month].won.append(Money(minor, currency))

    async def _fill_slice(
        self, found: Mapping[int, Month], span: Mapping[str, int], advocacy: Sequence[str], of: Slice
    ) -> None:
        """The same, added up from the parts of a slice."""
        sums: dict[tuple[int, str, str, str], list[int]] = {}
        won: dict[tuple[int, str], int] = {}
        rows = await self._rows(f"parts{of.suffix}", **span, **_params(of))
        for month, kind, mechanic, hop, motion, evidence, currency, micro, minor in rows:
            if kind == "opportunity":
                both = sums.setdefault((month, mechanic, motion, currency), [0, 0])
                both[0] += micro
                both[1] += minor
                _grade(found[month], evidence, hop, micro)
            elif kind == "won" and currency and mechanic in advocacy:
                won[month, currency] = won.get((month, currency), 0) + minor
        for (month, mechanic, motion, currency), (micro, minor) in sorted(
            sums.items(), key=lambda item: (item[0][0], -item[1][1], item[0])
        ):
            found[month].sources.append(_source(mechanic, motion, currency, micro, minor))
        for (month, currency), minor in won.items():
            found[month].won.append(Money(minor, currency))
        for each in found.values():
            each.attributed = whole_or_part(sum(each.evidence.values()))

    async def funnel(self, mechanics: Sequence[str], first_day: int, last_day: int) -> dict[str, int]:
        """What people did between two days of a month, by event kind; `visit` beside them."""
        rows = await self._rows("funnel", mechanics=_json([*mechanics, ""]), first_day=first_day, last_day=last_day)
        return {row["kind"]: row["n"] for row in rows} | {
            "visit": sum(row["visits"] for row in rows if row["kind"] == EventKind.VIEW)
        }

    async def first_opportunities(
        self,
        mechanics: Sequence[str],
        of: Slice = Slice(),  # noqa: B008 - immutable
    ) -> dict[str, int]:
        """The day (20261121) of the first opportunity credited to each of these mechanics that has one."""
        name, more = ("first", {}) if of.whole else ("firsts", {"asset": None, "channel": None} | _params(of))
        rows = await self._rows(name, mechanics=_json(mechanics), **more)
        return {row["mechanic"]: row["day"] for row in rows if row["day"] is not None}

    async def _rows(self, name: str, **params: Any) -> list[Row]:
        return await self._db.named("metric", name, **params)


def k_factor(spread: dict[int, int]) -> float | None:
    """New leads by passed-along links for each lead; None without any lead."""
    leads = sum(spread.values())
    return sum(n for hop, n in spread.items() if hop) / leads if leads else None


def added(counts: Iterable[Mapping[int, int]]) -> dict[int, int]:
    """Sums of counts by the same keys."""
    sums: dict[int, int] = {}
    for count in counts:
        for key, n in count.items():
            sums[key] = sums.get(key, 0) + n
    return sums


def whole_or_part(micro: int) -> int | float:
    """Millionths as conversions: a whole number where they are one."""
    return micro / WHOLE if micro % WHOLE else micro // WHOLE


def expansion(sources: Iterable[Source], kinds: Mapping[str, MechanicKind]) -> list[Money]:
    """Money of opportunities that product-touch mechanics caused among customers themselves."""
    return [
        source.amount
        for source in sources
        if source.amount and source.motion == Motion.EXPANSION and kinds.get(source.mechanic or "") in PRODUCT_TOUCH
    ]


def _source(mechanic: str, motion: str, currency: str, micro: int, minor: int) -> Source:
    return Source(
        mechanic=mechanic or None,
        motion=motion,
        attributed=True,
        opportunities=whole_or_part(micro),
        amount=Money(minor, currency) if currency else None,
    )


def _grade(month: Month, evidence: str, hop: int, micro: int) -> None:
    grade = Evidence(evidence)
    month.evidence[grade] += micro
    month.hops[hop] = month.hops.get(hop, 0) + micro


def _params(of: Slice) -> dict[str, Any]:
    return (
        {}
        if of.whole
        else {
            "customers": _json(of.customers) if of.customers is not None else None,
            "asset": of.asset,
            "channel": of.channel,
        }
    )


def _json(names: Sequence[str]) -> str:
    return msgspec.json.encode(list(names)).decode()
