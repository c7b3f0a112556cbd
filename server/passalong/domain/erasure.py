"""Erasures: how somebody asks for one, and what it leaves to show: a certificate that names nobody."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from passalong.domain.instant import DAY_MS
from passalong.domain.token import Keyring, Purpose
from passalong.errors import Gone, Sentence

LINK_MAX_AGE_MS = 3 * DAY_MS
"""How long the link in a letter is good, counted from when it was asked for."""
AGAIN_MS = DAY_MS
"""Nobody gets more letters than one in so long, whoever enters the address."""
OVER = Sentence(
    "It was good for one time, and for %(days)s days. If something may still be kept of you, ask once more.",
    days=LINK_MAX_AGE_MS // DAY_MS,
)

BACKUPS = (
    "Backups made before hold what was erased. Put them away when their time has come, and erase again after one of "
    "them was restored."
)
IN_HUBSPOT = Sentence("HubSpot is asked to erase the contact; the outbox says when it has.")
NOT_IN_HUBSPOT = Sentence("HubSpot was not told of this person by us, so there is nothing to erase there.")
REMAINS = Sentence("The ids of leads, and the events that were counted under them, without anything that says whose.")


class ErasureToken(Struct, frozen=True, array_like=True):
    """What the link in a letter says: which request it confirms, and when that was made. No address is in it."""

    request: str
    asked_at_ms: int


def issue(keyring: Keyring, request: str, asked_at_ms: int) -> str:
    return keyring.seal(Purpose.ERASURE, ErasureToken(request, asked_at_ms))


def open_link(keyring: Keyring, token: str, now_ms: int) -> str:
    """The id of the request that a link confirms; raises BadToken for what was not made here, Gone when it is over."""
    link = keyring.open(Purpose.ERASURE, token, ErasureToken)
    if now_ms - link.asked_at_ms > LINK_MAX_AGE_MS:
        raise Gone("expired", OVER)
    return link.request


class Emptied(Struct, frozen=True, kw_only=True):
    """What one erasure did, in one transaction. `addresses` are keyed hashes (`store/addresses.py`), `rows` how many
    rows of each table no longer say who it was, `hubspot` whether the contact's erasure there was asked for, `webhooks`
    how many endpoints are told."""

    leads: list[str]
    addresses: list[str]
    rows: dict[str, int]
    hubspot: bool
    webhooks: int


class Certificate(Struct, frozen=True, kw_only=True):
    """Shows that somebody was erased, without saying who: whoever knows the address and has this database can make the
    same `addresses`. It is handed out once and kept nowhere. `by` is the id of the API key that asked, or a way (as in
    the audit trail); `rows` and the others as in `Emptied`; `remains` says what stays, and why that names nobody."""

    erased_at: datetime
    by: str
    leads: list[str]
    addresses: list[str]
    rows: dict[str, int]
    hubspot: str
    webhooks: int
    remains: str
    backups: str


def certificate(emptied: Emptied, *, at: datetime, by: str) -> Certificate:
    return Certificate(
        erased_at=at,
        by=by,
        leads=emptied.leads,
        addresses=emptied.addresses,
        rows=emptied.rows,
        hubspot=str(IN_HUBSPOT if emptied.hubspot else NOT_IN_HUBSPOT),
        webhooks=emptied.webhooks,
        remains=str(REMAINS),
        backups=BACKUPS,
    )


def in_words(told: Certificate) -> str:
    """The certificate as text, to print or to send."""
    lines = [
        f"Erased at {told.erased_at:%Y-%m-%d %H:%M:%S} UTC by {told.by}.",
        f"Lead: {', '.join(told.leads) or 'none; an invitation alone'}",
        f"Address, as a keyed hash: {', '.join(told.addresses) or 'none was kept'}",
        "Rows that no longer say who it was: "
        + (", ".join(f"{table} {n}" for table, n in told.rows.items() if n) or "none"),
        told.hubspot,
        f"Webhook endpoints that are told: {told.webhooks}",
        f"What stays: {told.remains}",
        told.backups,
    ]
    return "\n".join(lines)
