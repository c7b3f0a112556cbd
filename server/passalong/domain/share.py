"""A share: signed claims that tie an asset to the customer who shares it and the mechanic it travels by."""

from __future__ import annotations

import hashlib
import secrets
from enum import StrEnum
from typing import Annotated

import msgspec
from itsdangerous.encoding import base64_encode
from msgspec import Meta, Struct

from passalong.domain.token import Keyring, Purpose
from passalong.errors import Fault, Invalid

EXPIRY_SKEW_S = 120
"""How far a clock may run ahead before a link expires early: two minutes."""

LATEST_EXPIRY_S = 7_258_118_400
"""The first of January 2200."""

MAX_HOPS = 8

UTM_MEDIUM = "customer_share"
"""Of everything that a customer sends around, whatever the channel."""
PROMPT_CHANNEL = "prompt"
"""Of the shares that upgrades are credited to. Nobody mints one, so the name says for sure what they are."""

ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$(?!\n)"
Id = Annotated[str, Meta(pattern=ID_PATTERN, description="1 to 64 letters, digits, dots, dashes, underscores")]
"""The form of every id that a vendor chooses: customers, assets, brands, mechanics."""

STAFF = "staff"
"""The sharer of links that the vendor's own people made; `staff:mara` tells them apart. No customer's doing."""

Channel = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$(?!\n)", description="linkedin, email, slack, …")]


class ShareState(StrEnum):
    """Whether a link opens; each share is in one. What was taken back is `revoked`, expired or not."""

    OPEN = "open"
    REVOKED = "revoked"
    EXPIRED = "expired"


class Claims(Struct, frozen=True, array_like=True):
    """What a share token says. Encoded as a msgpack array, so new claims are only ever added at the end."""

    asset: Id
    customer: Id
    mechanic: Id
    channel: Channel = "link"
    sharer: Annotated[str, Meta(max_length=64)] | None = None
    """An opaque id of the person who shares, never an address."""
    parent: str | None = None
    """The share that this one was passed along from."""
    hop: Annotated[int, Meta(ge=0, le=MAX_HOPS)] = 0
    expires_at_s: int | None = None
    """Unix seconds."""
    nonce: str = ""
    """Tells apart two shares that claim the same."""

    @property
    def share(self) -> str:
        """The share's id: 96 bits of the SHA-256 of the claims, 16 URL-safe characters."""
        return base64_encode(hashlib.sha256(msgspec.msgpack.encode(self)).digest()[:12]).decode()

    def expired(self, now_ms: int) -> bool:
        return self.expires_at_s is not None and now_ms > (self.expires_at_s + EXPIRY_SKEW_S) * 1000


def claim(
    *,
    asset: str,
    customer: str,
    mechanic: str,
    channel: str | None = None,
    sharer: str | None = None,
    expires_at_s: int | None = None,
) -> Claims:
    """New claims with a nonce of their own. Raises Invalid naming every field that cannot be claimed."""
    if sharer is not None and "@" in sharer:
        # A token travels through strangers' hands and logs.
        raise Invalid([Fault("sharer", "Use an opaque id here, not an e-mail address: links are public.")])
    claims = Claims(
        asset=asset,
        customer=customer,
        mechanic=mechanic,
        channel=channel or "link",
        sharer=sharer or None,
        expires_at_s=expires_at_s,
        nonce=secrets.token_urlsafe(6),
    )
    faults = []
    for name, kind in (("asset", Id), ("customer", Id), ("mechanic", Id), ("channel", Channel)):
        try:
            msgspec.convert(getattr(claims, name), kind)
        except msgspec.ValidationError:
            allowed = "lower-case letters, digits, - and _" if name == "channel" else "letters, digits, . - and _"
            faults.append(Fault(name, f"Only {allowed} are allowed here."))
    if channel == PROMPT_CHANNEL:
        faults.append(Fault("channel", "This one is kept for upgrades from prompts in the product."))
    if expires_at_s is not None and not 0 <= expires_at_s <= LATEST_EXPIRY_S:
        faults.append(Fault("expires_at", "This is too far away. A link that shall never expire is given no time."))
    if sharer is not None and len(sharer) > 64:
        faults.append(Fault("sharer", "At most 64 characters."))
    if faults:
        raise Invalid(faults)
    return claims


def mint(keyring: Keyring, claims: Claims) -> str:
    """The token of a share. Needs the signing key alone: no database, no network."""
    return keyring.seal(Purpose.SHARE, claims)


def verify(keyring: Keyring, token: str) -> Claims:
    """The claims of a token minted with one of our keys, expired or not. Raises BadToken."""
    return keyring.open(Purpose.SHARE, token, Claims)


def share_url(base_url: str, token: str) -> str:
    return f"{base_url}/s/{token}"
