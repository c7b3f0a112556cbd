"""What the server answers, as far as the console reads it. Unknown fields are skipped, unknown words kept as text."""

from __future__ import annotations

from datetime import date, datetime
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


class ListedShare(ShareOf, kw_only=True):
    """A share in the list of all: `branches` counts what was passed along from it, at any hop; the rest is its own."""

    customer: str
    customer_name: str | None
    parent: str | None
    state: str
    branches: int
    pipeline: list[Money]


class Below(Struct, kw_only=True):
    """What everything brought that was passed along from a share, itself not counted."""

    branches: int
    visits: int
    leads: int
    opportunities: int
    pipeline: list[Money]


class ShareMonth(Struct, kw_only=True):
    """`month` as 2026-10."""

    month: str
    visits: int
    leads: int


class ShareDetail(Struct, kw_only=True):
    """`months` are the share's own, oldest first; those in which nobody came are left out."""

    share: ListedShare
    below: Below
    months: list[ShareMonth]


class Node(Struct, kw_only=True):
    """A share in a tree. `children` counts those right below; numbers are its own, `depth` counts from the top."""

    share: str
    parent: str | None
    depth: int
    hop: int
    channel: str
    sharer: str | None
    first_seen_at: datetime
    revoked: bool
    children: int
    visits: int
    leads: int
    opportunities: int
    pipeline: list[Money]


class Revocation(Struct, kw_only=True):
    share: str
    revoked_at: datetime
    by: str | None


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


class Job(Struct, kw_only=True):
    """Something that is to be told outside. `subject` names a lead, a deal, a piece and so on, by `topic`; `reason` is
    the last refusal, in the refuser’s own words."""

    id: str
    destination: str
    endpoint: str | None
    topic: str
    subject: str
    state: str
    attempts: int
    created_at: datetime
    due_at: datetime
    done_at: datetime | None
    reason: str | None


class Way(Struct, kw_only=True):
    """A destination with its jobs by state; `paused_until` while nothing goes there."""

    destination: str
    pending: int
    sending: int
    failed: int
    oldest_pending_at: datetime | None
    paused_until: datetime | None
    pause_reason: str | None


class EndpointTrouble(Struct, kw_only=True):
    """A webhook endpoint that takes nothing."""

    endpoint: str
    since: datetime
    reason: str


class Differences(Struct, kw_only=True):
    """`lacking` leads HubSpot has never been sent; of `drifted` records it says something else now; `deals_to_tell`
    carry another credit than was last written to them."""

    lacking: int
    drifted_contacts: int
    drifted_deals: int
    deals_to_tell: int
    deals: int
    contacts: int


class Drift(Struct, kw_only=True):
    """A record of HubSpot, `contact` or `deal` by its id there, and what it no longer says."""

    kind: str
    record: str
    lead: str | None
    drift: str


class CrmStatus(Struct, kw_only=True):
    connected: bool
    troubles: list[str]
    differences: Differences
    drifts: list[Drift]
    polled_at: datetime | None
    reconciled_at: datetime | None


class OutboxStatus(Struct, kw_only=True):
    destinations: list[Way]
    failing_endpoints: list[EndpointTrouble]
    crm: CrmStatus

    @property
    def paused(self) -> list[Way]:
        return [way for way in self.destinations if way.paused_until is not None]


class Queued(Struct):
    """How many jobs wait again."""

    queued: int


class Endpoint(Struct, kw_only=True):
    """Where webhooks go; without `topics` it is told everything."""

    id: str
    url: str
    topics: list[str]
    enabled: bool
    disabled_at: datetime | None
    disabled_reason: str | None


class ApiKey(Struct, kw_only=True):
    """A key as the server keeps it; `yours` is the one in use. `key` is its secret, in the answer that made it."""

    id: str
    name: str
    role: str
    created_at: datetime
    revoked_at: datetime | None
    yours: bool
    key: str | None = None


class Brand(Struct, kw_only=True):
    id: str
    name: str
    accent: str
    home_url: str
    logo: str | None
    privacy_url: str | None
    embed_hosts: list[str]


class Kept(Struct, kw_only=True):
    """How long something is kept; `days` None for good."""

    kind: str
    days: int | None
    what: str


class Settings(Struct, kw_only=True):
    """What the server says of its settings. `entries` are as it names them: a newer one knows more."""

    file: str | None
    by_variable: list[str]
    retention: list[Kept]
    entries: dict[str, object] = {}


class Fault(Struct):
    field: str
    message: str


class Problem(Struct, kw_only=True):
    """RFC 9457 problem details."""

    title: str = ""
    detail: str = ""
    faults: list[Fault] = []
