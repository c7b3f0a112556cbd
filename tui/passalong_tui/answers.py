"""What the server answers, as far as the console reads it. Unknown fields are skipped, unknown words kept as text."""

from __future__ import annotations

from datetime import datetime
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


class Source(Struct, kw_only=True):
    """A part of a month's pipeline. `mechanic` is None for what was declared, or not attributed."""

    mechanic: str | None
    motion: str | None
    attributed: bool
    opportunities: int | float
    amount: Money | None


class Month(Struct, kw_only=True):
    """`month` as 2026-11; `attributed` is the one number, `coverage` its part of all known in [0, 1]."""

    month: str
    attributed: int | float
    opportunities: int
    coverage: float | None
    sources: list[Source]


class Metric(Struct, kw_only=True):
    """Months oldest first; `funnel` counts the present month by kind of event."""

    timezone: str
    months: list[Month]
    funnel: dict[str, int]


class Field(Struct):
    name: str
    required: bool = False


class Gate(Struct, kw_only=True):
    mode: str = "none"
    step: int | None = None
    fields: list[Field] = []


class Cta(Struct):
    label: str
    url: str


class Tombstone(Struct, kw_only=True):
    at: datetime
    by: str
    reason: str
    fallback: str
    redirect_url: str | None = None


class Decision(Struct, kw_only=True):
    at: datetime
    kind: str
    by: str
    reason: str
    fallback: str | None = None


class Mechanic(Struct, kw_only=True):
    """`decisions` is filled only where one mechanic was asked for."""

    key: str
    kind: str
    title: str
    owner: str
    brand: str
    status: str
    gate: Gate
    cta: Cta | None
    target_per_1000: float | None
    floor_days: int
    launched_at: datetime
    tombstone: Tombstone | None
    counts: Counts
    decisions: list[Decision] = []

    @property
    def killed(self) -> bool:
        return self.tombstone is not None


class Customer(Struct, kw_only=True):
    id: str
    name: str
    domains: list[str] = []
    region: str | None = None
    counts: Counts


class ShareOf(Struct, kw_only=True):
    """A share of a customer, with what came of it."""

    share: str
    url: str
    asset: str
    asset_title: str | None
    mechanic: str
    channel: str
    sharer: str | None
    hop: int
    first_seen_at: datetime
    expires_at: datetime | None
    revoked: bool
    visits: int
    leads: int
    opportunities: int


class Credit(Struct, kw_only=True):
    customer: str
    mechanic: str | None
    micro: int
    amount_minor: int | None
    evidence: str
    motion: str
    why: str


class Conversion(Struct, kw_only=True):
    id: str
    external_id: str
    kind: str
    occurred_at: datetime
    amount: Money | None


class Attribution(Struct, kw_only=True):
    credits: list[Credit]
    unattributed_reason: str | None


class Reported(Struct, kw_only=True):
    """A conversion and whose it is."""

    conversion: Conversion
    attribution: Attribution


class CustomerDetail(Struct, kw_only=True):
    customer: Customer
    shares: list[ShareOf]
    conversions: list[Reported]


class Lead(Struct, kw_only=True):
    """A lead. Personal fields are None where the key may not see them, and empty after an erasure."""

    id: str
    email: str | None
    name: str | None
    company: str | None
    role: str | None
    heard_from: str | None
    extra: dict[str, str] | None
    domain: str | None
    customer: str
    mechanic: str
    asset: str
    share: str
    parent: str | None
    hop: int
    motion: str
    consent_at: datetime | None
    suspect: bool
    sample: bool
    created_at: datetime
    erased_at: datetime | None


class Event(Struct, kw_only=True):
    seq: int
    at: datetime
    kind: str
    actor: str
    customer: str | None
    mechanic: str | None
    asset: str | None
    share: str | None
    lead: str | None
    hop: int


class LeadDetail(Struct, kw_only=True):
    """A lead's events, oldest first, and the conversions that it is credited in."""

    lead: Lead
    events: list[Event]
    conversions: list[Reported]


class Tail(Struct, kw_only=True):
    items: list[Event]
    last_seq: int


class Fault(Struct):
    field: str
    message: str


class Problem(Struct, kw_only=True):
    """RFC 9457 problem details."""

    title: str = ""
    detail: str = ""
    faults: list[Fault] = []
