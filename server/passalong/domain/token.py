"""Signed tokens: a msgpack payload, URL-safe, and an HMAC-SHA256 made by itsdangerous.

A key signs for one purpose at a time (the purpose is the salt), so a form token can never pass as a
share. Keys come as a list, oldest first: the newest signs, all of them verify.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, TypeVar

import msgspec
from itsdangerous import BadData, Signer
from itsdangerous.encoding import base64_decode, base64_encode, want_bytes
from itsdangerous.signer import SigningAlgorithm

from passalong.errors import BadToken, Unusable

T = TypeVar("T")

MAX_TOKEN_LENGTH = 1024
MIN_KEY_LENGTH = 32


class Purpose(StrEnum):
    """What a token is good for. The value is part of the salt: changing one breaks every link in the world."""

    SHARE = "share"
    PASS = "pass"
    KNOWN = "known"
    FORM = "form"
    CLICK = "click"
    PORTAL = "portal"
    PORTAL_SESSION = "portal-session"
    PROMPT = "prompt"
    PROBE = "probe"
    ERASURE = "erasure"


class _HmacSha256(SigningAlgorithm):
    """The library's HMAC (RFC 2104) in one call."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return hmac.digest(key, value, "sha256")


class _Signer(Signer):
    """Derives each key once."""

    def __init__(self, keys: Sequence[str], purpose: Purpose) -> None:
        super().__init__(
            list(keys),
            salt=f"passalong.{purpose}",
            key_derivation="hmac",
            digest_method=hashlib.sha256,
            algorithm=_HmacSha256(),
        )
        self._derived: dict[bytes, bytes] = {}

    def derive_key(self, secret_key: str | bytes | None = None) -> bytes:
        secret = want_bytes(self.secret_key if secret_key is None else secret_key)
        if secret not in self._derived:
            self._derived[secret] = super().derive_key(secret)
        return self._derived[secret]


class Keyring:
    """The signing keys of a deployment, oldest first.

    >>> Keyring(["k" * 32]).open(Purpose.CLICK, Keyring(["k" * 32]).seal(Purpose.CLICK, [1]), list)
    [1]
    """

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise Unusable("signing_keys is empty: `passalong init` writes one.")
        for position, key in enumerate(keys, 1):
            if len(key) < MIN_KEY_LENGTH:
                raise Unusable(
                    f"signing_keys: key {position} has {len(key)} characters; at least {MIN_KEY_LENGTH} are needed."
                )
        self._signers = {purpose: _Signer(keys, purpose) for purpose in Purpose}

    def seal(self, purpose: Purpose, payload: Any) -> str:
        """Encodes and signs; the token is `payload.signature`, both URL-safe base64 without padding."""
        return self._signers[purpose].sign(base64_encode(msgspec.msgpack.encode(payload))).decode()

    def open(self, purpose: Purpose, token: str, kind: type[T]) -> T:
        """The payload of a token signed here for this purpose; raises BadToken for everything else.

        Exactly one spelling of a token is accepted: base64 leaves spare bits in a last character, and a
        link that differs in them is refused like any other that we did not write.
        """
        if len(token) > MAX_TOKEN_LENGTH or not token.isascii():
            raise BadToken
        try:
            payload = self._signers[purpose].unsign(token)
            signature = token.rpartition(".")[2].encode()
            if base64_encode(base64_decode(signature)) != signature:
                raise BadToken
            return msgspec.msgpack.decode(base64_decode(payload), type=kind)
        except (BadData, msgspec.MsgspecError, ValueError):
            raise BadToken from None
