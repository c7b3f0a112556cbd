"""How a request looks when it has arrived: what `passalong doctor` asks its own server, by way of the world.

The question is signed, so that nobody else learns whom this server believes about addresses.
"""

from __future__ import annotations

from msgspec import Struct

from passalong.domain.delivery import MINUTE_MS
from passalong.domain.token import Keyring, Purpose
from passalong.errors import BadToken

_FRESH_MS = 60 * MINUTE_MS
"""Wide, since a clock that is wrong is one of the things that are looked for."""


class Seen(Struct, frozen=True, kw_only=True):
    """`peer` is who holds the other end, `client` who counts as the visitor; the rest is as the headers had it."""

    peer: str
    client: str
    trusted: bool
    forwarded_for: str
    forwarded_proto: str


def question(keyring: Keyring, now_ms: int) -> str:
    return keyring.seal(Purpose.PROBE, now_ms)


def asked(keyring: Keyring, token: str, now_ms: int) -> bool:
    """Whether somebody who holds a signing key asks, and lately."""
    try:
        return abs(now_ms - keyring.open(Purpose.PROBE, token, int)) < _FRESH_MS
    except BadToken:
        return False
