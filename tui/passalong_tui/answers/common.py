"""What many answers are made of."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

from passalong.domain.money import Money

T = TypeVar("T")


class Page(Struct, Generic[T]):
    items: list[T]
    next_cursor: str | None = None


class Counts(Struct, kw_only=True):
    """What a mechanic or a customer brought, over all time."""

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
    pipeline: list[Money] = []


class Amounts(Struct, kw_only=True):
    by_currency: list[Money]


class Fault(Struct):
    field: str
    message: str


class Problem(Struct, kw_only=True):
    """RFC 9457 problem details."""

    title: str = ""
    detail: str = ""
    faults: list[Fault] = []
