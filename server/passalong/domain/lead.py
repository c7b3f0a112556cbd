"""A lead: a person who passed a gate. The only home of personal data."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from passalong.domain.customer import Customer


class Motion(StrEnum):
    NEW_LOGO = "new_logo"
    EXPANSION = "expansion"


def motion(customer: Customer, domain: str | None) -> Motion:
    """The customer's own people are expansion, everyone else a new logo. `domain` is registrable."""
    return Motion.EXPANSION if customer.owns(domain) else Motion.NEW_LOGO


class Lead(Struct, kw_only=True):
    """A lead as stored. After erasure the personal fields are empty and `erased_at_ms` says when.

    `share`, `customer`, `mechanic` and `asset` are of the first gate passed; `parent` is the lead whose
    forwarded page it was. `consent_version` names the wording agreed to.
    """

    id: str
    email: str
    email_key: str | None
    domain: str | None
    share: str
    customer: str
    mechanic: str
    asset: str
    created_at_ms: int
    name: str = ""
    company: str = ""
    role: str = ""
    heard_from: str = ""
    extra: dict[str, str] = {}
    motion: Motion = Motion.NEW_LOGO
    parent: str | None = None
    hop: int = 0
    consent_text: str | None = None
    consent_version: str | None = None
    consent_at_ms: int | None = None
    suspect: bool = False
    """Submitted faster than people do; kept, and marked."""
    sample: bool = False
    """Made up for a demonstration."""
    erased_at_ms: int | None = None
    opted_out: bool = False
    """The browser asked, at one of the gates, that nothing of this person be sold or shared."""
