"""Customers: ranked, and each with what it brought."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from passalong.domain.money import Money
from passalong_tui.answers.common import Counts, Page
from passalong_tui.answers.conversions import Reported
from passalong_tui.answers.shares import ShareOf


class Customer(Struct, kw_only=True):
    id: str
    name: str
    domains: list[str] = []
    region: str | None = None
    counts: Counts


class Standing(Struct, kw_only=True):
    """Opportunities, and the money of these and of what was won."""

    opportunities: int | float = 0
    pipeline: list[Money] = []
    won: list[Money] = []


class Brought(Struct, kw_only=True):
    """What a customer is credited with, and the same told apart by motion."""

    whole: Standing
    new_logo: Standing
    expansion: Standing


class RankedCustomer(Customer, kw_only=True):
    """A customer with what a model credits it with, and its place among all; `counts` are those of the model in use."""

    place: int
    credited: Brought


class Progress(Struct, kw_only=True):
    """Of a ranking that is being worked out."""

    done: int
    of: int


class Ranking(Page[RankedCustomer], kw_only=True):
    """Customers, most pipeline first. `present` says that the model is the one in use; `made_at` is None where nothing
    was worked out yet."""

    model: str
    present: bool
    made_at: datetime | None
    progress: Progress | None


class Moment(Struct, kw_only=True):
    """Something that happened to a customer; days of signals and months of prompts are one, with their `count`."""

    at: datetime
    kind: str
    subject: str | None
    title: str
    detail: str
    mechanic: str | None
    motion: str | None
    opportunities: int | float | None
    amount: Money | None
    count: int


class Signal(Struct, kw_only=True):
    external_id: str
    kind: str
    value: float | None
    occurred_at: datetime


class CustomerDetail(Struct, kw_only=True):
    customer: Customer
    brought: Brought
    shares: list[ShareOf]
    conversions: list[Reported]
