"""What is told to the world outside: jobs, the endpoints of webhooks, and when to try again."""

from __future__ import annotations

import base64
import hashlib
import secrets
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from passalong.domain.address import web_url
from passalong.domain.event import Actor, EventKind
from passalong.domain.instant import DAY_MS
from passalong.domain.share import Id
from passalong.errors import Invalid

HOUR_MS = 3_600_000
MINUTE_MS = 60_000

RETRY_MS = (
    5_000, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 5 * HOUR_MS, 10 * HOUR_MS, 14 * HOUR_MS, 20 * HOUR_MS,
    24 * HOUR_MS,
)  # fmt: skip
"""How long to wait after each refusal before the next attempt; after the last one a job has failed."""
JITTER = 0.1
"""By how much of itself a wait may grow at random, so that what failed together is not tried together."""
FAILING_MS = 5 * DAY_MS
"""An endpoint that has taken nothing for so long is disabled."""
OVERLAP_MS = DAY_MS
"""How long a replaced secret goes on signing beside the new one."""


class Destination(StrEnum):
    PIPELINE = "pipeline"
    """Ourselves: a conversion is looked at again."""
    HUBSPOT = "hubspot"
    WEBHOOK = "webhook"
    PAGES = "pages"
    """The public pages of pieces of advocacy: they are read."""
    MAIL = "mail"
    PLAYS = "plays"
    """Ourselves: a customer is looked at with every rule."""


class JobState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"


class Topic(StrEnum):
    """What an endpoint can subscribe to."""

    SHARE_CREATED = "share.created"
    LEAD_CREATED = "lead.created"
    LEAD_ERASED = "lead.erased"
    CLICK_CREATED = "click.created"
    CONVERSION_CREATED = "conversion.created"
    ATTRIBUTION_CHANGED = "attribution.changed"
    MECHANIC_KILLED = "mechanic.killed"
    MECHANIC_REVIVED = "mechanic.revived"
    PLAY_CREATED = "play.created"
    PLAY_CLOSED = "play.closed"


TELLING = (Actor.HUMAN, Actor.SYSTEM)
"""Whose doing is told: people's, and an integrator's who mints a share. No machine's that looks at pages."""
TOPIC_OF = {
    EventKind.SHARE: Topic.SHARE_CREATED,
    EventKind.LEAD: Topic.LEAD_CREATED,
    EventKind.CLICK: Topic.CLICK_CREATED,
}
"""Of the events of the ledger, what is told."""


class Job(Struct, frozen=True, kw_only=True):
    """A row of the outbox. `reason` is the last refusal, in the refuser's own words."""

    id: str
    destination: str
    endpoint: str
    topic: str
    subject: str
    state: JobState
    attempts: int
    created_at_ms: int
    due_at_ms: int
    done_at_ms: int | None
    reason: str | None


class Pause(Struct, frozen=True, kw_only=True):
    """Why nothing goes to a destination until `until_ms`."""

    destination: str
    since_ms: int
    until_ms: int
    attempts: int
    reason: str


class Secret(Struct, frozen=True):
    """A signing secret as Standard Webhooks writes it; signs until `until_ms`, or for good."""

    value: str
    until_ms: int | None = None


class EndpointBody(Struct, forbid_unknown_fields=True):
    """An endpoint as an admin writes it. Without `topics` it is told everything."""

    url: Annotated[str, Meta(max_length=1000)]
    topics: Annotated[list[Topic], Meta(max_length=20)] = []
    enabled: bool = True


class Endpoint(Struct, frozen=True, kw_only=True):
    """Where webhooks go. `disabled_reason` says why nothing goes there any more."""

    id: Id
    url: str
    topics: tuple[Topic, ...] = ()
    secrets: tuple[Secret, ...] = ()
    created_at_ms: int = 0
    disabled_at_ms: int | None = None
    disabled_reason: str | None = None
    removed: bool = False

    def takes(self, topic: Topic) -> bool:
        return not self.removed and self.disabled_at_ms is None and (not self.topics or topic in self.topics)

    def signing(self, now_ms: int) -> list[str]:
        """The secrets that sign now, newest first."""
        return [s.value for s in reversed(self.secrets) if s.until_ms is None or s.until_ms > now_ms]


def build(id: str, body: EndpointBody, *, now_ms: int, before: Endpoint | None) -> Endpoint:
    """A checked endpoint with the secrets it had, or a fresh one; raises Invalid."""
    url = web_url(body.url)
    if url is None:
        raise Invalid.one("url", "Use a full address, as https://hooks.example.com/passalong.")
    known = before is not None and not before.removed
    disabled_at_ms = None
    if not body.enabled:
        disabled_at_ms = (before.disabled_at_ms if before else None) or now_ms
    return Endpoint(
        id=id,
        url=url,
        topics=tuple(dict.fromkeys(body.topics)),
        secrets=before.secrets if before and known else (Secret(new_secret()),),
        created_at_ms=before.created_at_ms if before and known else now_ms,
        disabled_at_ms=disabled_at_ms,
        disabled_reason="Disabled by an admin." if not body.enabled else None,
    )


def new_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def pause_of(endpoint: str) -> str:
    """Under which the outbox remembers since when an endpoint has been failing."""
    return f"{Destination.WEBHOOK}:{endpoint}"


def message_id(endpoint: str, topic: str, subject: str) -> str:
    """The `webhook-id`: of one thing told to one endpoint always the same, in retries and replays."""
    return f"msg_{hashlib.sha256(f'{endpoint}|{topic}|{subject}'.encode()).hexdigest()[:32]}"


def wait_ms(attempts: int, dice: float) -> int | None:
    """How long to wait after so many attempts, with jitter by `dice` in [0, 1]; None when there were enough."""
    if attempts > len(RETRY_MS):
        return None
    return round(RETRY_MS[attempts - 1] * (1 + JITTER * dice))
