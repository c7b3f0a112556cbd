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


class OwnKey(Struct, kw_only=True):
    """The key in use."""

    name: str
    role: str


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


class Verdict(Struct, kw_only=True):
    """`expected` opportunities at target and the `probability` in [0, 1] of meeting it: None without a target."""

    state: str
    stalled: bool
    probability: float | None
    expected: float | None
    observed: int | float
    days_left: int
    why: str


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
    rule_at_launch: Rule | None = None
    overridden_by: Decision | None = None
    decisions: list[Decision] = []

    @property
    def killed(self) -> bool:
        return self.tombstone is not None

    @property
    def paused(self) -> bool:
        return self.paused_at is not None and not self.killed


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
    """A customer's part, `micro` in millionths of the whole."""

    customer: str
    mechanic: str | None
    micro: int
    amount_minor: int | None
    evidence: str
    motion: str
    why: str
    share: str | None = None
    lead: str | None = None
    hop: int = 0


class Conversion(Struct, kw_only=True):
    """`version` counts how often it was credited; `deal` is HubSpot's id and `deal_name` its name there, for admins."""

    id: str
    external_id: str
    kind: str
    occurred_at: datetime
    amount: Money | None
    version: int = 1
    deal: str | None = None
    deal_name: str | None = None
    withdrawn: bool = False


class Attribution(Struct, kw_only=True):
    """Credits under one model, or why there are none."""

    credits: list[Credit]
    unattributed_reason: str | None
    model: str = ""


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
    consent_version: str | None = None
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


class Person(Struct, kw_only=True):
    """A lead on another one's way; `email` is None where the key may not see it, and after an erasure."""

    lead: str
    email: str | None
    domain: str | None


class Hop(Struct, kw_only=True):
    """A link on the way to a lead: `passed_by` is whose branch it is, None for the customer's own; `reached` who came
    by it next."""

    share: str
    customer: str
    mechanic: str
    asset: str
    channel: str
    hop: int
    sharer: str | None
    passed_by: Person | None
    shared_at: datetime
    reached: Person | None
    reached_at: datetime | None


class Errand(Struct, kw_only=True):
    """A job for HubSpot; `reason` is the last refusal, in its own words."""

    topic: str
    state: str
    attempts: int
    due_at: datetime
    done_at: datetime | None
    reason: str | None


class InCrm(Struct, kw_only=True):
    """How a record stands in HubSpot. `ours` says that the first touch there is the one known here; `drift` says in
    words how it differs; `job` is what is still to be done, or what was done last."""

    connected: bool
    record: str | None
    ours: bool
    told_at: datetime | None
    checked_at: datetime | None
    drift: str | None
    job: Errand | None
    paused_until: datetime | None
    pause_reason: str | None


class LeadDetail(Struct, kw_only=True):
    """A lead's way, the customer's own link first; its events, oldest first; the conversions it is credited in."""

    lead: Lead
    events: list[Event]
    conversions: list[Reported]
    consent_text: str | None = None
    way: list[Hop] = []
    crm: InCrm | None = None


class Erasure(Struct, kw_only=True):
    lead: str
    erased_at: datetime


class Touchpoint(Struct, kw_only=True):
    """A trace from a conversion to a share; `micro` is what it brings, in millionths, and `why` why that is so."""

    via: str
    evidence: str
    at: datetime
    customer: str
    mechanic: str | None
    share: str | None
    asset: str | None
    hop: int
    lead: str | None
    motion: str
    micro: int
    why: str


class Evaluation(Struct, kw_only=True):
    """A version of the credits: when and why it came to be, under which rule."""

    version: int
    at: datetime
    cause: str
    model: str
    window_days: int
    amount: Money | None
    credits: list[Credit]
    unattributed_reason: str | None


class Override(Struct, kw_only=True):
    """An admin's word over the evidence; the newest stands unless it says that it was `withdrawn`."""

    at: datetime
    by: str
    reason: str
    customer: str | None
    mechanic: str | None
    withdrawn: bool


class Case(Struct, kw_only=True):
    """A conversion with all there is to argue about; `models` are its credits under each model."""

    conversion: Conversion
    attribution: Attribution
    touchpoints: list[Touchpoint]
    models: dict[str, list[Credit]]
    evaluations: list[Evaluation]
    overrides: list[Override]
    crm: InCrm | None = None

    @property
    def decision(self) -> Override | None:
        """The decision that stands."""
        newest = self.overrides[-1] if self.overrides else None
        return newest if newest and not newest.withdrawn else None


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


class Amounts(Struct, kw_only=True):
    by_currency: list[Money]


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


class CameOf(Struct, kw_only=True):
    why: str


class Reviewed(Struct, kw_only=True):
    """One decision of a review, and what came of it since."""

    mechanic: str
    title: str
    decision: str
    role: str
    owner: str
    reason: str
    verdict: Verdict
    overrides: bool
    came_of: CameOf


class Review(Struct, kw_only=True):
    """`month` as 2026-10."""

    id: str
    month: str
    held_at: datetime
    by: str
    note: str
    decisions: list[Reviewed]


class Fault(Struct):
    field: str
    message: str


class Problem(Struct, kw_only=True):
    """RFC 9457 problem details."""

    title: str = ""
    detail: str = ""
    faults: list[Fault] = []
