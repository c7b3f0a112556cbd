"""Mechanics: as registered, as judged, as decided."""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct

from passalong.domain.money import Money
from passalong_tui.answers.common import Counts


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


class Verdict(Struct, kw_only=True):
    """`expected` opportunities at target and the `probability` in [0, 1] of meeting it: None without a target."""

    state: str
    stalled: bool
    probability: float | None
    expected: float | None
    observed: int | float
    days_left: int
    why: str


class Week(Struct, kw_only=True):
    """Seven days from `first_day` (2026-11-16)."""

    first_day: date
    visits: int
    opportunities: int | float


class Point(Struct, kw_only=True):
    """The evening of a day since a mechanic's launch. A kill would have been advised with `kills_at_most` opportunities
    or fewer: None as long as none would have been, whatever it brought."""

    day: date
    days: int
    days_left: int
    expected: float | None
    observed: int | float
    state: str
    away: bool
    kills_at_most: int | None


class Course(Struct, kw_only=True):
    """What the verdict on a mechanic would have been, from its launch until now or its kill."""

    mechanic: str
    target_per_1000: float | None
    floor_days: int
    points: list[Point]


class Rule(Struct, kw_only=True):
    """By which a mechanic is judged, as it was registered."""

    kind: str
    owner: str
    target_per_1000: float | None
    floor_days: int
    cycle_days: int
    launched_at: datetime


class Produced(Struct, kw_only=True):
    """What a mechanic had brought when it was decided about, and how many links of how many customers were out."""

    shares: int
    customers: int
    visits: int
    leads: int
    opportunities: int | float
    won: int | float
    pipeline: list[Money]


class Tombstone(Struct, kw_only=True):
    """`verdict` and `produced` are what was known that day, None where only the list was asked for."""

    at: datetime
    by: str
    reason: str
    fallback: str
    redirect_url: str | None = None
    verdict: Verdict | None = None
    produced: Produced | None = None
    opened_since: int = 0


class Decision(Struct, kw_only=True):
    """`overrides` says that it went against the verdict of that day."""

    at: datetime
    kind: str
    by: str
    reason: str
    fallback: str | None = None
    overrides: bool = False


class Mechanic(Struct, kw_only=True):
    """`decisions`, `rule_at_launch` and `overridden_by` are filled only where one mechanic was asked for."""

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
    cycle_days: int
    launched_at: datetime
    paused_at: datetime | None
    tombstone: Tombstone | None
    counts: Counts
    verdict: Verdict
    weeks: list[Week] = []
    rule_at_launch: Rule | None = None
    overridden_by: Decision | None = None
    decisions: list[Decision] = []

    @property
    def killed(self) -> bool:
        return self.tombstone is not None

    @property
    def paused(self) -> bool:
        return self.paused_at is not None and not self.killed
