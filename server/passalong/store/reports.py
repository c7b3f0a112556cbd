"""What the numbers say. The queries are in `queries/`, to be read and argued about without Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from passalong.domain.money import Money
from passalong.domain.share import MAX_HOPS, Claims
from passalong.store.db import Database, Row
from passalong.store.metric import whole_or_part


class Tally(Struct, kw_only=True):
    """What one mechanic or customer brought, over all time. `views` are page views, `visits` people a day.

    Conversions are counted by their credits, so they may be parts where a model divides them.
    """

    shares: int = 0
    customers: int = 0
    visits: int = 0
    views: int = 0
    bots: int = 0
    leads: int = 0
    clicks: int = 0
    signups: int | float = 0
    opportunities: int | float = 0
    won: int | float = 0
    afterlife: int = 0
    prompts: int = 0
    pipeline: list[Money] = []


class Difference(Struct, kw_only=True):
    """A counter that does not say what the ledger says."""

    counter: str
    subject: str
    kind: str
    actor: str
    kept: int
    rebuilt: int


class Node(Struct, kw_only=True):
    """A share in the tree of what was passed along, with what it brought itself. `depth` counts from the tree's top."""

    share: str
    parent: str | None
    depth: int
    hop: int
    channel: str
    sharer: str | None
    first_seen_ms: int
    children: int
    visits: int
    leads: int
    opportunities: int
    pipeline: list[Money] = []


class Reports:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def mechanics(self) -> dict[str, Tally]:
        tallies = await self._tallies("mechanic")
        for row in await self._rows("mechanic_links"):
            tally = tallies.setdefault(row["id"], Tally())
            tally.shares, tally.customers = row["shares"], row["customers"]
        return tallies

    async def customers(self, ids: Sequence[str]) -> dict[str, Tally]:
        """Of some customers; one that nothing came of is left out."""
        asked = msgspec.json.encode(list(ids)).decode()
        tallies = await self._tallies("customer", ids=asked)
        for row in await self._rows("customer_links", ids=asked):
            tallies.setdefault(row["id"], Tally()).shares = row["shares"]
        return tallies

    async def shares_of(self, customer: str, limit: int = 200) -> list[Row]:
        """A customer's shares, newest first, with visits, leads and opportunities."""
        return await self._rows("shares_of_customer", customer=customer, limit=limit)

    async def share(self, share: str) -> Row | None:
        rows = await self._rows("share", share=share)
        return rows[0] if rows else None

    async def claims_of(self, share: str) -> Claims | None:
        """What a share that was seen claims; enough to write its token anew."""
        row = await self.share(share)
        return Claims(**{name: row[name] for name in Claims.__struct_fields__}) if row else None

    async def branch(
        self, share: str, *, after: tuple[int, int, str] | None, limit: int, deepest: int = MAX_HOPS
    ) -> list[Node]:
        """A share and what was passed along from it, breadth first and so many hops down, from below
        (depth, first_seen_ms, share)."""
        depth, first_seen_ms, last = after or (-1, 0, "")
        rows = await self._rows(
            "branch", share=share, depth=depth, first_seen_ms=first_seen_ms, after=last, limit=limit, deepest=deepest
        )
        nodes = {row["share"]: Node(**{name: row[name] for name in Node.__struct_fields__ if name != "pipeline"})
                 for row in rows}  # fmt: skip
        for row in await self._rows("shares_pipeline", shares=msgspec.json.encode(list(nodes)).decode()):
            nodes[row["id"]].pipeline.append(Money(row["amount_minor"] or 0, row["currency"]))
        return list(nodes.values())

    async def branch_shares(self, share: str) -> list[str]:
        """The ids of a share and of everything that was passed along from it."""
        return [row["share"] for row in await self._rows("branch_shares", share=share)]

    async def steps(self, asset: str, mechanic: str | None = None) -> dict[int, tuple[int, int]]:
        """Of each step of a walkthrough, views and visits (people a day); steps that nobody saw are left out."""
        rows = await self._rows("steps", asset=asset, mechanic=mechanic)
        return {row["step"]: (row["views"], row["visits"]) for row in rows}

    async def opportunities(self, since_ms: int) -> list[Row]:
        """Every conversion since, a row for each of its credits."""
        return await self._rows("export_opportunities", since_ms=since_ms)

    async def verify(self) -> list[Difference]:
        """Rebuilds all counters from the ledger and gives what differs: nothing, or something is wrong."""
        return [Difference(**dict(row)) for row in await self._db.named("verify", "differences")]

    async def integrity(self) -> list[str]:
        """What the database itself finds wrong with what it stores."""
        return await self._db.integrity()

    async def _tallies(self, what: str, **params: Any) -> dict[str, Tally]:
        """What people did by the ledger, and what came of it by the credits as they are now."""
        tallies: dict[str, Tally] = {}
        for id, *counts in await self._rows(f"{what}_counts", **params):
            views, visits, bots, leads, clicks, afterlife, prompts = (count or 0 for count in counts)
            tallies[id] = Tally(
                views=views, visits=visits, bots=bots, leads=leads, clicks=clicks, afterlife=afterlife, prompts=prompts
            )
        for id, *micros in await self._rows(f"{what}_credits", **params):
            tally = tallies.setdefault(id, Tally())
            tally.signups, tally.opportunities, tally.won = (whole_or_part(micro or 0) for micro in micros)
        for id, currency, minor in await self._rows(f"{what}_pipeline", **params):
            tallies.setdefault(id, Tally()).pipeline.append(Money(minor, currency))
        return tallies

    async def _rows(self, name: str, **params: Any) -> list[Row]:
        return await self._db.named("reports", name, **params)
