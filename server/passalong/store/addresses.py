"""Addresses as keyed hashes: enough to recognise somebody, useless to whoever reads the file without its key."""

from __future__ import annotations

import hashlib
import hmac
from functools import cache

from passalong.domain.domains import email_key
from passalong.store.db import Database, Transaction


class Addresses:
    """HMAC-SHA256 of an address under a key of this database, 128 bits in hexadecimal."""

    def __init__(self, key: bytes) -> None:
        self._mac = hmac.new(key, digestmod=hashlib.sha256)

    def hash(self, email: str) -> str:
        mac = self._mac.copy()
        mac.update(email_key(email).encode())
        return mac.hexdigest()[:32]

    def digest(self, body: bytes) -> str:
        """Of a whole report that carries addresses: enough to tell it from another."""
        mac = self._mac.copy()
        mac.update(b"report:" + body)
        return mac.hexdigest()


async def addresses(source: Transaction | Database) -> Addresses:
    """The hashes of this database, within a transaction or outside of one."""
    asked = "SELECT value FROM meta WHERE name = 'address_key'"
    row = await (source.one(asked) if isinstance(source, Transaction) else source.read_one(asked))
    return _keyed(row["value"] if row else "")


@cache
def _keyed(key: str) -> Addresses:
    return Addresses(bytes.fromhex(key))
