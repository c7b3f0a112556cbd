"""Tokens that a viewer carries: the pass through a gate, the form token, the click id.

None of them holds personal data. Times are Unix milliseconds.
"""

from __future__ import annotations

from msgspec import Struct

from passalong.domain.token import Keyring, Purpose
from passalong.errors import BadToken

PASS_MAX_AGE_MS = 365 * 86_400_000
KNOWN_MAX_AGE_MS = 180 * 86_400_000
FORM_MAX_AGE_MS = 24 * 3_600_000
FORM_MIN_FILL_MS = 1_500
"""Faster than a person with autofill; what arrives sooner is stored, but marked as suspect."""


class Pass(Struct, frozen=True, array_like=True):
    """Says that a lead passed the gate of one share. `visitor` is the day's hash of who was given it."""

    lead: str
    share: str
    issued_at_ms: int
    visitor: int


class Known(Struct, frozen=True, array_like=True):
    """Says that this browser's person already is a lead of a brand and need not be asked again."""

    lead: str
    brand: str
    issued_at_ms: int
    domain: str | None = None
    consent_version: str | None = None
    """The wording that was agreed to last: another gate may ask for more."""


class FormToken(Struct, frozen=True, array_like=True):
    """Proves that a form was rendered here, for this share, at this time."""

    share: str
    rendered_at_ms: int


class Click(Struct, frozen=True, array_like=True):
    """The click id (`pa_click`) that travels to the vendor's site and comes back with a conversion."""

    share: str
    lead: str | None
    at_ms: int
    nonce: str


def open_pass(keyring: Keyring, token: str, share: str, now_ms: int) -> Pass | None:
    """The pass, if it was issued here for this share and is not outdated; None for anything else."""
    try:
        held = keyring.open(Purpose.PASS, token, Pass)
    except BadToken:
        return None
    return held if held.share == share and now_ms - held.issued_at_ms <= PASS_MAX_AGE_MS else None


def open_known(keyring: Keyring, token: str, brand: str, now_ms: int) -> Known | None:
    """The remembered identity, if it was issued here for this brand and is not outdated."""
    try:
        known = keyring.open(Purpose.KNOWN, token, Known)
    except BadToken:
        return None
    return known if known.brand == brand and now_ms - known.issued_at_ms <= KNOWN_MAX_AGE_MS else None


def open_form(keyring: Keyring, token: str, share: str, now_ms: int) -> FormToken | None:
    """The form token, if it belongs to this share and was rendered within the last day."""
    try:
        form = keyring.open(Purpose.FORM, token, FormToken)
    except BadToken:
        return None
    return form if form.share == share and now_ms - form.rendered_at_ms <= FORM_MAX_AGE_MS else None
