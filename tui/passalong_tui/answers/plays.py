"""Plays, pieces of advocacy, and what followed."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from passalong.domain.money import Money
from passalong_tui.answers.common import Amounts


class Outcome(Struct, kw_only=True):
    result: str
    note: str
    by: str
    at: datetime


class Play(Struct, kw_only=True):
    """`closed_at` is when it was done, dismissed or expired; `outcome` is None of what nobody said anything of."""

    id: str
    customer: str
    customer_name: str | None
    rule: str
    kind: str
    title: str
    owner: str
    why: str
    state: str
    created_at: datetime
    expires_at: datetime
    closed_at: datetime | None
    outcome: Outcome | None


class Utm(Struct, kw_only=True):
    source: str
    medium: str
    campaign: str
    content: str
    term: str


class Tracked(Struct, kw_only=True):
    """Whether the public page leads to the tracked link, and what the last look at it found."""

    state: str
    checked_at: datetime | None
    why: str


class PieceCounts(Struct, kw_only=True):
    """What came by a piece's link and by all that was passed along from it."""

    visits: int
    leads: int
    clicks: int
    opportunities: int | float
    pipeline: list[Money]


class Piece(Struct, kw_only=True):
    """A piece of advocacy. `url` is its tracked link, `why` says in a sentence what became of it."""

    id: str
    customer: str
    kind: str
    title: str
    public_url: str | None
    mechanic: str
    asset: str
    share: str
    url: str
    utm: Utm
    utm_url: str | None
    qr_url: str
    published_at: datetime | None
    created_at: datetime
    withdrawn_at: datetime | None
    tracked: Tracked
    counts: PieceCounts
    why: str


class Followed(Struct, kw_only=True):
    """Opportunities credited to customers in the days after a play was done for them."""

    customers: int
    opportunities: int | float
    pipeline: Amounts


class PlayCounts(Struct, kw_only=True):
    """Plays by what became of them; `kept_back` counts occasions that were left unused, by reason."""

    plays: int
    open: int
    done: int
    dismissed: int
    expired: int
    customers: int
    kept_back: dict[str, int]
    followed_by: Followed


class PlayReport(Struct, kw_only=True):
    """By id of the rule."""

    followed_days: int
    rules: dict[str, PlayCounts]


class RuleTitle(Struct, kw_only=True):
    id: str
    title: str


class LiveRule(Struct, kw_only=True):
    """A rule that is live, with the owner of its plays."""

    rule: RuleTitle
    owner: str
    counts: PlayCounts


class Rules(Struct, kw_only=True):
    items: list[LiveRule]
