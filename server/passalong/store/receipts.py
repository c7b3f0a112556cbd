"""What a customer is told of what came of its sharing. Nothing leaves here that `domain/receipt.py` does not tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, field

from passalong.domain.event import EventKind
from passalong.domain.receipt import Receipt, Told
from passalong.domain.share import Claims
from passalong.store.db import Database, Row

_FIELDS = {EventKind.VIEW: "visits", EventKind.LEAD: "leads", EventKind.OPPORTUNITY: "opportunities"}


class Root(Struct, kw_only=True):
    """A share that the customer made itself, with all that was passed along from it.

    `months` and `hops` hold what there was: a month of 202611 or a hop of 1 and more that is missing had nothing.
    """

    share: str
    claims: Claims
    first_seen_ms: int
    months: dict[int, Receipt] = field(default_factory=dict)
    hops: dict[int, Told] = field(default_factory=dict)

    @property
    def total(self) -> Receipt:
        return sum(self.months.values(), Receipt())

    @property
    def passed_along(self) -> Told:
        return sum(self.hops.values(), Told())


class Summary(Struct, frozen=True, kw_only=True):
    this_month: Receipt
    all_time: Receipt


class Receipts:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def summary(self, customer: str, month: int) -> Summary:
        """Over all that a customer has shared; `month` (202611) is the one that counts as this."""
        this_month = earlier = Receipt()
        for row in await self._rows("everything", customer=customer, month=month):
            told = Receipt(**{_FIELDS[row["kind"]]: Told.of(row["n"]).times(row["parts"])})
            if row["now"]:
                this_month += told
            else:
                earlier += told
        return Summary(this_month=this_month, all_time=this_month + earlier)

    async def roots(self, customer: str, *, before: str | None, limit: int) -> list[Root]:
        """A customer's own shares, newest first, from below one of them.

        That one is named by its id: when a link was first opened is a single viewer's moment, and told to nobody.
        """
        rows = await self._rows("roots", customer=customer, before=before, limit=limit)
        return await self._with_numbers(customer, rows)

    async def root(self, customer: str, share: str) -> Root | None:
        """One of them; None for a share that is unknown, another customer's, or a branch that somebody else made."""
        rows = await self._rows("root", customer=customer, share=share)
        found = await self._with_numbers(customer, rows)
        return found[0] if found else None

    async def _with_numbers(self, customer: str, rows: Sequence[Row]) -> list[Root]:
        """The shares with their numbers. `rows` are neighbours, newest first."""
        if not rows:
            return []
        roots = {row["share"]: _root(row) for row in rows}
        newest, oldest = rows[0], rows[-1]
        span = {
            "customer": customer,
            "first_ms": oldest["first_seen_ms"],
            "first": oldest["share"],
            "last_ms": newest["first_seen_ms"],
            "last": newest["share"],
        }
        for row in await self._rows("months", **span):
            if row["share"] in roots:  # else it was made while we read
                months = roots[row["share"]].months
                told = Receipt(**{_FIELDS[row["kind"]]: Told.of(row["n"])})
                months[row["month"]] = months.get(row["month"], Receipt()) + told
        for row in await self._rows("hops", **span):
            if row["share"] in roots:
                roots[row["share"]].hops[row["hop"]] = Told.of(row["n"])
        return list(roots.values())

    async def _rows(self, name: str, **params: Any) -> list[Row]:
        return await self._db.named("receipts", name, **params)


def _root(row: Row) -> Root:
    claims = Claims(**{name: row[name] for name in Claims.__struct_fields__})
    return Root(share=row["share"], claims=claims, first_seen_ms=row["first_seen_ms"])
