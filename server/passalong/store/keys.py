"""API keys: made, listed and revoked. A key's secret is handed out once and stored nowhere, its digest is."""

from __future__ import annotations

import secrets

import msgspec
from msgspec.structs import replace

from passalong.domain import access
from passalong.domain.access import ApiKey, Role
from passalong.domain.instant import Clock
from passalong.errors import Conflict, NotFound
from passalong.store.catalog import Catalog
from passalong.store.db import Database, retried


class Keys:
    def __init__(self, db: Database, catalog: Catalog, clock: Clock) -> None:
        self._db = db
        self._catalog = catalog
        self._clock = clock

    def stored(self) -> list[ApiKey]:
        """All keys but those that were lent to one process, the oldest first."""
        kept = (key for key in self._catalog.api_keys.values() if key.id not in self._catalog.lent)
        return sorted(kept, key=lambda key: (key.created_at_ms, key.id))

    async def make(self, name: str, role: Role) -> tuple[ApiKey, str]:
        """A new key, and its secret."""
        secret = access.new_secret()
        key = ApiKey(
            id=secrets.token_hex(4),
            name=name,
            role=role,
            digest=access.digest(secret),
            created_at_ms=self._clock(),
        )
        await self._catalog.put_all([key])
        return key, secret

    @retried
    async def revoke(self, id: str, *, asking: str | None = None) -> ApiKey:
        """Makes a key worthless in every process; one that is so already stays as it was. Raises NotFound.

        With the id of the key that is `asking`, raises Conflict for that key itself and for the last admin's: nobody
        could make another without the machine that this server runs on.
        """
        if id == asking:
            raise Conflict("This is the key that you are asking with. Revoke it with another one.")
        async with self._db.transaction() as tx:
            # Read here and not from memory: two admins may revoke each other at the same moment in two processes.
            rows = await tx.all("SELECT body FROM catalog WHERE noun = 'api_key'")
            keys = {key.id: key for key in (msgspec.json.decode(row["body"], type=ApiKey) for row in rows)}
            if id not in keys:
                raise NotFound(f"There is no API key {id}.")
            admins = {key.id for key in keys.values() if key.role is Role.ADMIN and key.revoked_at_ms is None}
            if asking is not None and admins == {id}:
                raise Conflict("This is the last valid key of an admin. Make another before you revoke it.")
            now_ms = self._clock()
            _, after = await self._catalog.change_in(tx, ApiKey, id, lambda key: _revoked(key or keys[id], now_ms))
        await self._catalog.load()
        return after


def _revoked(key: ApiKey, now_ms: int) -> ApiKey:
    return key if key.revoked_at_ms is not None else replace(key, revoked_at_ms=now_ms)
