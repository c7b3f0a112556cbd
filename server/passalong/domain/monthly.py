"""The monthly review as a value: everything that is said about one month. How it looks is decided elsewhere."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from passalong.domain.attribution import Evidence
from passalong.domain.decision import DecisionKind
from passalong.domain.lead import Motion
from passalong.domain.mechanic import MechanicKind, Status
from passalong.domain.money import Amounts
from passalong.domain.review import Choice, ReviewRole
from passalong.domain.theater import Finding
from passalong.domain.verdict import Answers, Verdict

MONTHS = 12
"""How many months the review looks back over, the month itself included."""


class Look(Struct, kw_only=True):
    """A brand as the document names it; `accent` as six hex digits."""

    id: str
    name: str
    accent: str


class MonthLine(Struct, kw_only=True):
    """`attributed` is the one number, of all known `opportunities`; `coverage` its part in [0, 1], None without any."""

    month: str
    attributed: int | float
    opportunities: int
    coverage: float | None
    k_factor: float | None
    pipeline: Amounts


class SourceLine(Struct, kw_only=True):
    """Where a part of the pipeline came from. Without a mechanic: declared, or (not `attributed`) nobody's."""

    mechanic: str | None
    title: str
    motion: Motion | None
    attributed: bool
    opportunities: int | float
    pipeline: Amounts


class Stage(Struct, kw_only=True):
    """A stage of the funnel, this month and the month before. From `signup` on, only what is attributed counts."""

    stage: Literal["visit", "lead", "click", "signup", "trial", "opportunity", "won"]
    now: int
    before: int


class CustomerLine(Struct, kw_only=True):
    """What a customer brought in the month."""

    customer: str
    name: str
    opportunities: int | float
    pipeline: Amounts
    leads: int


class Tree(Struct, kw_only=True):
    """A share with all that was passed along from it by the end of the month; `links` counts the share itself.

    Visits, leads and opportunities are the whole tree's, in the month. `hops` is how far the farthest link is away.
    """

    share: str
    asset: str
    title: str
    customer: str
    name: str
    channel: str
    visits: int
    leads: int
    opportunities: int | float
    hops: int
    links: int


class HopLine(Struct, kw_only=True):
    """What came in the month from links so many hops away from the customer."""

    hop: int
    leads: int
    opportunities: int | float


class Launch(Struct, kw_only=True):
    """Days from a mechanic's launch to its first attributed opportunity; None if there was none by the month's end."""

    mechanic: str
    title: str
    launched_on: str
    days: int | None


class Decided(Struct, kw_only=True):
    """A decision about a mechanic, made in the month."""

    mechanic: str
    title: str
    kind: DecisionKind
    at: datetime
    by: str
    reason: str


class Mover(Struct, kw_only=True):
    """A mechanic or customer with more, or fewer, opportunities than the month before."""

    what: Literal["mechanic", "customer"]
    id: str
    name: str
    now: int | float
    before: int | float


class Cause(Struct, kw_only=True):
    """Why credits were worked out anew in the month, and how often."""

    cause: str
    times: int


class Judged(Struct, kw_only=True):
    """A mechanic that lives, with the verdict as it stands today and what it brought in the month. `decision` is what
    the month's review says about it, None before there is one."""

    mechanic: str
    title: str
    kind: MechanicKind
    owner: str
    status: Status
    verdict: Verdict
    opportunities: int | float
    pipeline: Amounts
    decision: Choice | None


class Outcome(Struct, kw_only=True):
    """What a review decided about a mechanic, and what came of it. `overrides`: against the verdict of that day."""

    mechanic: str
    title: str
    decision: Choice
    role: ReviewRole
    owner: str
    reason: str
    overrides: bool
    done: bool | None
    came_of: str


class Held(Struct, kw_only=True):
    """A review that was held, of the month named."""

    month: str
    at: datetime
    by: str
    note: str
    outcomes: list[Outcome]


class Agenda(Struct, kw_only=True):
    """What is to be decided. `most` are the mechanics that brought the most pipeline of the month (several where
    amounts in different currencies do not compare), `stalled` those without an opportunity in a whole floor period.
    `judged` and `theater` are as of today, and empty unless the month is `recent`: the present one or the last.
    `review` is the month's own, `last` the one of the month before. `answers` tell of the month how buyers had heard,
    where a community is counted on."""

    recent: bool
    most: list[Judged]
    stalled: list[Judged]
    judged: list[Judged]
    review: Held | None
    last: Held | None
    theater: list[Finding]
    answers: Answers | None


class Monthly(Struct, kw_only=True):
    """The review of a month in the vendor's time zone.

    `state` is `unused` for a database in which nothing was ever set up, `quiet` for a month in which nothing was
    recorded. `running` says that the month is not over: `days` of `days_in_month` have begun. `months` are twelve,
    oldest first, this one last; `expansion_pipeline` and `advocacy_revenue` are the month's, `_12` those of the twelve.
    """

    month: str
    month_before: str
    running: bool
    days: int
    days_in_month: int
    timezone: str
    made_at: datetime
    state: Literal["unused", "quiet", "told"]
    brands: list[Look]
    months: list[MonthLine]
    sources: list[SourceLine]
    evidence: dict[Evidence, int | float]
    funnel: list[Stage]
    customers: list[CustomerLine]
    customers_by: Literal["pipeline", "opportunities"]
    trees: list[Tree]
    k_factor_12: float | None
    hops: list[HopLine]
    expansion_pipeline: Amounts
    expansion_pipeline_12: Amounts
    advocacy_revenue: Amounts
    advocacy_revenue_12: Amounts
    first_opportunities: list[Launch]
    decisions: list[Decided]
    movers: list[Mover]
    credited_anew: list[Cause]
    agenda: Agenda

    @property
    def now(self) -> MonthLine:
        return self.months[-1]

    @property
    def before(self) -> MonthLine:
        return self.months[-2]
