"""API keys and what their roles may do."""

from __future__ import annotations

import hashlib
import secrets
from enum import StrEnum

from msgspec import Struct

KEY_PREFIX = "pak_"


class Role(StrEnum):
    READER = "reader"
    """Reads, but sees no lead's address."""
    INTEGRATOR = "integrator"
    """Reads and posts; neither kills nor erases nor sees leads' addresses."""
    ADMIN = "admin"
    """Everything."""

    def reaches(self, needed: Role) -> bool:
        return _ORDER.index(self) >= _ORDER.index(needed)


_ORDER = tuple(Role)


class ApiKey(Struct, frozen=True, kw_only=True):
    """A key as it is kept: the SHA-256 of its secret (hex), never the secret."""

    id: str
    name: str
    role: Role
    digest: str
    created_at_ms: int
    revoked_at_ms: int | None = None


def new_secret() -> str:
    """A fresh key of 256 random bits. Shown once; only its digest is kept."""
    return KEY_PREFIX + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
