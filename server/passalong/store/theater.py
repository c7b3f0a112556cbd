"""What the theater report looks at, gathered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from passalong.domain.domains import registrable
from passalong.domain.instant import DAY_MS, Calendar, Clock
from passalong.domain.piece import PROVEN_MS, Tracking
from passalong.domain.theater import Finding, Placed, Programme, Surface, findings
from passalong.domain.verdict import Verdict
from passalong.store.advocacy import Advocacy
from passalong.store.catalog import Catalog
from passalong.store.db import Database, Row
from passalong.store.decisions import Decisions
from passalong.store.metric import Metrics
from passalong.store.verdicts import Verdicts

HALF_YEAR_MS = 180 * DAY_MS
YEAR_MS = 365 * DAY_MS
COVERED_MONTHS = 3


class Theater:
    def __init__(
        self,
        db: Database,
        catalog: Catalog,
        verdicts: Verdicts,
        decisions: Decisions,
        metrics: Metrics,
        advocacy: Advocacy,
        calendar: Calendar,
        clock: Clock,
    ) -> None:
        self._db = db
        self._catalog = catalog
        self._verdicts = verdicts
        self._decisions = decisions
        self._metrics = metrics
        self._advocacy = advocacy
        self._calendar = calendar
        self._clock = clock

    async def findings(self, verdicts: Mapping[str, Verdict] | None = None) -> list[Finding]:
        """As things stand, what weighs most first. `verdicts` are those of all mechanics, where they are known."""
        return findings(await self.programme(verdicts))

    async def programme(self, verdicts: Mapping[str, Verdict] | None = None) -> Programme:
        now_ms = self._clock()
        [links] = await self._rows("links", customers=msgspec.json.encode(self._own_customers()).decode())
        [late] = await self._rows("late", since=self._calendar.day(now_ms - YEAR_MS))
        since_ms = now_ms - HALF_YEAR_MS
        satisfied = await self._rows("satisfied", since_ms=since_ms, since=self._calendar.day(since_ms))
        months = await self._metrics.months(self._calendar.month(now_ms), COVERED_MONTHS, [])
        return Programme(
            now_ms=now_ms,
            surfaces=await self._surfaces(now_ms, verdicts),
            pieces=[
                Placed(
                    title=piece.title,
                    days=max(now_ms - (piece.published_at_ms or piece.created_at_ms), 0) // DAY_MS,
                    untracked=piece.tracking is Tracking.UNTRACKED,
                    by_utm=piece.by_utm,
                    visits=piece.visits,
                )
                for piece in await self._advocacy.pieces(self._calendar.day(now_ms - PROVEN_MS))
                if self._lives(piece.mechanic)
            ],
            links=links["links"],
            staff_links=links["staff"],
            touched=late["touched"],
            late=late["late"],
            satisfaction=sum(row["signals"] for row in satisfied),
            satisfied=len(satisfied),
            productive=sum(row["productive"] for row in satisfied),
            known=sum(month.opportunities for month in months),
            attributed=sum(month.attributed for month in months),
            reviewed_at_ms=await self._decisions.last_reviewed_ms(),
            crm_silent=await self._verdicts.silent() is not None,
        )

    async def _surfaces(self, now_ms: int, verdicts: Mapping[str, Verdict] | None) -> list[Surface]:
        mechanics = list(self._catalog.mechanics.values())
        if verdicts is None:
            verdicts = await self._verdicts.of(mechanics)
        kept = {row["mechanic"]: row["reason"] for row in await self._rows("kept")}
        return [
            Surface(
                key=mechanic.key,
                title=mechanic.title,
                kind=mechanic.kind,
                status=mechanic.status,
                launched_at_ms=mechanic.launched_at_ms,
                days=mechanic.days_live(now_ms),
                floor_days=mechanic.floor_days,
                verdict=verdicts[mechanic.key],
                kept=kept.get(mechanic.key),
            )
            for mechanic in sorted(mechanics, key=lambda mechanic: mechanic.key)
        ]

    def _lives(self, mechanic: str) -> bool:
        known = self._catalog.mechanics.get(mechanic)
        return known is not None and known.tombstone is None

    def _own_customers(self) -> list[str]:
        """Customers that are the vendor itself, by the domains of its brands."""
        hosts = [urlsplit(brand.home_url).hostname for brand in self._catalog.brands.values()]
        own = {registrable(host) for host in hosts if host}
        return [c.id for c in self._catalog.customers.values() if any(domain in own for domain in c.domains)]

    async def _rows(self, name: str, **params: Any) -> list[Row]:
        return await self._db.named("theater", name, **params)
