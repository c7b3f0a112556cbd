"""The way into a customer's portal: a link that the vendor's product hands over, then a session in a cookie.

Both are signed and name a customer and the brand whose product it came from; neither names a person.
"""

from __future__ import annotations

import hashlib
import secrets
from enum import StrEnum

from itsdangerous.encoding import base64_encode
from msgspec import Struct

from passalong.domain.passes import FormToken, open_form
from passalong.domain.share import Claims, Id
from passalong.domain.token import Keyring, Purpose
from passalong.errors import BadToken, Sentence

LINK_MAX_AGE_MS = 30 * 60_000
SESSION_MAX_AGE_MS = 12 * 3_600_000
_SKEW_MS = 120_000
"""How far in the future a token may have been made: another server's clock may run ahead of ours."""


class PortalToken(Struct, frozen=True, array_like=True):
    """What a link into the portal and a session say alike; the purpose that each is signed for tells them apart."""

    customer: Id
    brand: Id
    issued_at_ms: int
    nonce: str

    @property
    def subject(self) -> str:
        """What the form tokens of this visit are bound to."""
        return f"portal:{self.customer}:{self.nonce}"


def issue(keyring: Keyring, purpose: Purpose, customer: str, brand: str, now_ms: int) -> str:
    return keyring.seal(purpose, PortalToken(customer, brand, now_ms, secrets.token_urlsafe(9)))


def open_link(keyring: Keyring, token: str) -> PortalToken:
    """What a link says, in time or not; raises BadToken."""
    return keyring.open(Purpose.PORTAL, token, PortalToken)


def open_session(keyring: Keyring, cookie: str | None) -> PortalToken | None:
    """What a session's cookie says, in time or not; None for anything that was not made here."""
    try:
        return keyring.open(Purpose.PORTAL_SESSION, cookie, PortalToken) if cookie else None
    except BadToken:
        return None


def in_time(held: PortalToken, max_age_ms: int, now_ms: int) -> bool:
    return -_SKEW_MS <= now_ms - held.issued_at_ms <= max_age_ms


def form_token(keyring: Keyring, held: PortalToken, now_ms: int, about: str = "") -> str:
    """Proof that a form was shown to this visit; `about` binds it to one thing more, such as a picture shown there."""
    return keyring.seal(Purpose.FORM, FormToken(held.subject + about, now_ms))


def form_of(keyring: Keyring, held: PortalToken, token: str, now_ms: int, about: str = "") -> FormToken | None:
    """The form token, if it was made for this visit within the last day."""
    return open_form(keyring, token, held.subject + about, now_ms)


CHANNELS = {
    "linkedin": "LinkedIn",
    "email": Sentence("E-mail"),
    "slack": "Slack",
    "newsletter": Sentence("Newsletter"),
    "website": Sentence("Website"),
    "talk": Sentence("Event or talk"),
    "print": Sentence("Print"),
}
"""Where a customer says that it will share: the channel in the claims, and its name."""

EXPIRIES = {
    "never": (None, Sentence("Never")),
    "30": (30, Sentence("After 30 days")),
    "90": (90, Sentence("After 90 days")),
}
"""When a link stops working: after how many days, and in words."""


class State(StrEnum):
    """How a share stands."""

    LIVE = "live"
    EXPIRED = "expired"
    REVOKED = "revoked"
    ENDED = "ended"
    """Its mechanic was killed: the link does what the vendor chose, and nothing is counted any more."""


def state_of(claims: Claims, *, revoked: bool, ended: bool, now_ms: int) -> State:
    if revoked:
        return State.REVOKED
    if claims.expired(now_ms):
        return State.EXPIRED
    return State.ENDED if ended else State.LIVE


def nonce_of(form: str) -> str:
    """The nonce of a share made with a form: a form that is sent twice makes one share, not two."""
    return base64_encode(hashlib.sha256(form.encode()).digest()[:6]).decode()
