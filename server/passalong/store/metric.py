"""The one metric: opportunities that carry a customer's name, and what it takes to believe the number."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import aiosql
import msgspec
from msgspec import Struct, field

from passalong.domain.attribution import WHOLE, Evidence
from passalong.domain.event import EventKind
from passalong.domain.instant import months_back
from passalong.domain.lead import Motion
from passalong.domain.money import Money
from passalong.store.db import Database

_QUERIES = files("passalong.store").joinpath("queries")
CONVERSIONS = ("signup", "trial", "opportunity", "won", "lost")


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


class Part(Struct, frozen=True, kw_only=True):
    """What is credited in a month, by everything that a sum may be made over. `micro` in millionths."""

    month: int
    kind: str
    mechanic: str | None
    hop: int
    motion: Motion
    evidence: Evidence
    micro: int
    amount: Money | None


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
    """The one number of a month: `attributed` of all known `opportunities`. `spread` counts new leads by hop."""

    month: int
    opportunities: int = 0
    attributed: int | float = 0
    sources: list[Source] = field(default_factory=list)
    evidence: dict[Evidence, int | float] = field(default_factory=dict)
    spread: dict[int, int] = field(default_factory=dict)
    conversions: dict[str, int] = field(default_factory=dict)

    @property
    def coverage(self) -> float | None:
        """The attributed part in [0, 1]; None where nothing is known."""
        return self.attributed / self.opportunities if self.opportunities else None

    @property
    def k_factor(self) -> float | None:
        """How many new leads each lead brought by passing along: those at hop 1 and beyond, by all. None without."""
        return k_factor(self.spread)


class Metrics:
    def __init__(self, db: Database) -> None:
        self._db = db
        self._named: Any = aiosql.from_str(
            _QUERIES.joinpath("metric.sql").read_text("utf-8"), "aiosqlite", mandatory_parameters=False
        )

    async def months(self, last: int, count: int, of: Slice = Slice()) -> list[Month]:  # noqa: B008 - immutable
        """The `count` months up to and with `last` (202611), oldest first, empty ones included.

        Of a slice, `attributed` is the slice's own, while `opportunities` stays all that are known.
        """
        names = months_back(last, count)
        found = {month: Month(month=month) for month in names}
        parts = await self.parts(names[0], last, of)
        for row in await self._rows("known", first=names[0], last=last):
            month = found[row["month"]]
            if row["kind"] == "opportunity":
                month.opportunities += row["n"]
                month.attributed += row["n"] if row["attributed"] and of.whole else 0
            if row["attributed"] and of.whole:
                month.conversions[row["kind"]] = row["n"]
        for name, month in found.items():
            own = [part for part in parts if part.month == name]
            opportunities = [part for part in own if part.kind == "opportunity"]
            month.sources = _sources(opportunities)
            month.evidence = {
                grade: whole_or_part(sum(part.micro for part in opportunities if part.evidence is grade))
                for grade in Evidence
            }
            if not of.whole:
                month.attributed = whole_or_part(sum(part.micro for part in opportunities))
                month.conversions = {
                    kind: round(sum(part.micro for part in own if part.kind == kind) / WHOLE) for kind in CONVERSIONS
                }
        if of.whole:
            for row in await self._rows("unattributed", first=names[0], last=last):
                amount = Money(row["amount_minor"], row["currency"]) if row["currency"] else None
                found[row["month"]].sources.append(
                    Source(mechanic=None, motion=None, attributed=False, opportunities=row["n"], amount=amount)
                )
        for row in await self._rows(f"spread{of.suffix}", first=names[0], last=last, **_params(of)):
            found[row["month"]].spread[row["hop"]] = row["n"]
        return list(found.values())

    async def parts(self, first: int, last: int, of: Slice = Slice()) -> list[Part]:  # noqa: B008 - immutable
        """Everything credited between two months."""
        rows = await self._rows(f"parts{of.suffix}", first=first, last=last, **_params(of))
        return [
            Part(
                month=row["month"],
                kind=row["kind"],
                mechanic=row["mechanic"] or None,
                hop=row["hop"],
                motion=Motion(row["motion"]),
                evidence=Evidence(row["evidence"]),
                micro=row["micro"],
                amount=Money(row["amount_minor"], row["currency"]) if row["currency"] else None,
            )
            for row in rows
        ]

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

    async def _rows(self, name: str, **params: Any) -> list[sqlite3.Row]:
        return await self._db.named(self._named, name, **params)


def k_factor(spread: dict[int, int]) -> float | None:
    """New leads by passed-along links for each lead; None without any lead."""
    leads = sum(spread.values())
    return sum(n for hop, n in spread.items() if hop) / leads if leads else None


def whole_or_part(micro: int) -> int | float:
    """Millionths as conversions: a whole number where they are one."""
    return micro / WHOLE if micro % WHOLE else micro // WHOLE


def _sources(parts: Sequence[Part]) -> list[Source]:
    """Sums by mechanic, motion and currency, the largest amounts first."""
    micro: dict[tuple[str | None, str, str | None], int] = {}
    minor: dict[tuple[str | None, str, str | None], int] = {}
    for part in parts:
        key = (part.mechanic, part.motion.value, part.amount.currency if part.amount else None)
        micro[key] = micro.get(key, 0) + part.micro
        minor[key] = minor.get(key, 0) + (part.amount.amount_minor if part.amount else 0)
    return [
        Source(
            mechanic=mechanic,
            motion=motion,
            attributed=True,
            opportunities=whole_or_part(micro[mechanic, motion, currency]),
            amount=Money(minor[mechanic, motion, currency], currency) if currency else None,
        )
        for mechanic, motion, currency in sorted(
            micro, key=lambda key: (-minor[key], key[0] or "", key[1], key[2] or "")
        )
    ]


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
