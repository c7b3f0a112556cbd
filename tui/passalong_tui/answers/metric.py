"""The numbers of the Overview, what only looks like them, and the tail."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from passalong.domain.money import Money


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


class Event(Struct, kw_only=True):
    """`step` of a walkthrough, where one was seen; `suspect` was submitted faster than people do."""

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
    step: int | None = None
    suspect: bool = False


class Tail(Struct, kw_only=True):
    items: list[Event]
    last_seq: int


class Finding(Struct, kw_only=True):
    """`subject` is the key of the mechanic that it is about, None where it is about the whole."""

    kind: str
    subject: str | None
    title: str
    numbers: dict[str, int | float]
    why: str
    way_out: str


class Theater(Struct, kw_only=True):
    """What was found, what weighs most first; `clear` are the checks that found nothing."""

    made_at: datetime
    findings: list[Finding]
    clear: list[str]
