"""The list of shares, newest first, and what came of each. The ledger writes their rows, with the first event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from passalong.domain.money import Money
from passalong.domain.share import EXPIRY_SKEW_S, PROMPT_CHANNEL, Claims, ShareState
from passalong.store.db import Database

_REVOKED = "SELECT id FROM catalog WHERE noun = 'revocation' AND body ->> 'by' IS NOT NULL"
_IS_REVOKED = f"EXISTS ({_REVOKED} AND id = s.share)"


class Wanted(Struct, frozen=True, kw_only=True):
    """Which shares. `text` is looked for in ids, channels and sharers; `customers` and `assets` are those that it
    means by their names, which the catalog knows."""

    customer: str | None = None
    mechanic: str | None = None
    asset: str | None = None
    state: ShareState | None = None
    text: str = ""
    customers: Sequence[str] = ()
    assets: Sequence[str] = ()


class Listed(Struct, frozen=True, kw_only=True):
    """A share and what it brought itself; `branches` counts what was passed along from it, over any number of hops."""

    claims: Claims
    first_seen_ms: int
    visits: int
    leads: int
    opportunities: int
    branches: int
    pipeline: list[Money]


class Below(Struct, frozen=True, kw_only=True):
    """What everything that was passed along from a share brought, itself not counted."""

    branches: int
    visits: int
    leads: int
    opportunities: int
    pipeline: list[Money]


class Shares:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def page(self, wanted: Wanted, *, limit: int, before: tuple[int, str] | None, now_ms: int) -> list[Listed]:
        """Shares, newest first, from below the (first_seen_ms, share) `before`; none that upgrades are credited to,
        for those lead to no page."""
        where, params = condition(wanted, before, now_ms)
        found = await self._db.report(
            f"SELECT s.share FROM shares s WHERE {where} ORDER BY s.first_seen_ms DESC, s.share DESC LIMIT ?",
            [*params, limit],
        )
        return await self._listed([row["share"] for row in found])

    async def find(self, share: str) -> Listed | None:
        """One share, if anybody has looked at it yet."""
        found = await self._listed([share])
        return found[0] if found else None

    async def below(self, share: str) -> Below:
        [sums] = await self._db.named("shares", "below", share=share)
        money = await self._db.named("shares", "pipeline_below", share=share)
        pipeline = [Money(row["amount_minor"] or 0, row["currency"]) for row in money]
        return Below(**dict(sums), pipeline=pipeline)

    async def months(self, share: str) -> list[tuple[str, int, int]]:
        """Visits and leads of a share by month (as 2026-10), oldest first; months without any are left out."""
        rows = await self._db.named("shares", "months", share=share)
        return [(f"{row['month'] // 100}-{row['month'] % 100:02d}", row["visits"], row["leads"]) for row in rows]

    async def _listed(self, shares: Sequence[str]) -> list[Listed]:
        asked = msgspec.json.encode(list(shares)).decode()
        branches = {row["id"]: row["n"] for row in await self._db.named("shares", "branches", shares=asked)}
        pipeline: dict[str, list[Money]] = {}
        for row in await self._db.named("shares", "pipeline_of", shares=asked):
            pipeline.setdefault(row["id"], []).append(Money(row["amount_minor"] or 0, row["currency"]))
        return [
            Listed(
                claims=Claims(**{name: row[name] for name in Claims.__struct_fields__}),
                first_seen_ms=row["first_seen_ms"],
                visits=row["visits"],
                leads=row["leads"],
                opportunities=row["opportunities"],
                branches=branches.get(row["share"], 0),
                pipeline=pipeline.get(row["share"], []),
            )
            for row in await self._db.named("shares", "listed", shares=asked)
        ]


def condition(wanted: Wanted, before: tuple[int, str] | None, now_ms: int) -> tuple[str, list[Any]]:
    """What `page` asks of a row `s`, and the values to bind. A plus keeps SQLite from an index that would have it sort
    what it finds."""
    parts: list[tuple[str, Sequence[Any]]] = [("s.channel <> ?", [PROMPT_CHANNEL])]
    if before is not None:
        parts.append(("(s.first_seen_ms, s.share) < (?, ?)", before))
    if wanted.customer is not None:
        parts.append(("s.customer = ?", [wanted.customer]))
    if wanted.mechanic is not None:
        parts.append(("+s.mechanic = ?", [wanted.mechanic]))
    if wanted.asset is not None:
        parts.append(("s.asset = ?", [wanted.asset]))
    if wanted.state is not None:
        parts.append(_standing(wanted.state, now_ms))
    if wanted.text:
        sought = " OR ".join(f"instr(lower(s.{column}), lower(?)) > 0" for column in ("share", "channel", "sharer"))
        named = " OR ".join(f"+s.{column} IN (SELECT value FROM json_each(?))" for column in ("customer", "asset"))
        ids = [msgspec.json.encode(list(some)).decode() for some in (wanted.customers, wanted.assets)]
        parts.append((f"({sought} OR {named})", [*[wanted.text] * 3, *ids]))
    return " AND ".join(part for part, _ in parts), [value for _, values in parts for value in values]


def _standing(state: ShareState, now_ms: int) -> tuple[str, Sequence[Any]]:
    """Each share is in one state: what was taken back and has expired since was taken back."""
    latest_s = -(-now_ms // 1000) - EXPIRY_SKEW_S
    if state is ShareState.REVOKED:
        return f"s.share IN ({_REVOKED})", []
    if state is ShareState.EXPIRED:
        return f"s.expires_at_s < ? AND NOT {_IS_REVOKED}", [latest_s]
    return f"(s.expires_at_s IS NULL OR s.expires_at_s >= ?) AND NOT {_IS_REVOKED}", [latest_s]
