"""What waits for HubSpot and the webhooks, and where they differ."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


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
