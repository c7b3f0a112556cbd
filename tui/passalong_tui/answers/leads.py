"""Leads, and the way that each came."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from passalong_tui.answers.conversions import Reported
from passalong_tui.answers.metric import Event
from passalong_tui.answers.outbox import InCrm


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


class LeadDetail(Struct, kw_only=True):
    """A lead's way, the customer's own link first; its events, oldest first; the conversions it is credited in."""

    lead: Lead
    events: list[Event]
    conversions: list[Reported]
    consent_text: str | None = None
    way: list[Hop] = []
    crm: InCrm | None = None


class ErasureRequest(Struct, kw_only=True):
    """Somebody asked to be erased, and waits for an admin."""

    id: str


class Erasure(Struct, kw_only=True):
    lead: str
    erased_at: datetime
