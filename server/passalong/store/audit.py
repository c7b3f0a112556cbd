"""The audit trail: appended to, read, and never changed."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from passalong.domain.audit import Act, Detail, Way
from passalong.domain.instant import Clock
from passalong.store.addresses import addresses
from passalong.store.db import Database, Transaction, retried

_SETTINGS = "settings_seen"


class Audit:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    @retried
    async def note(self, action: str, subject: str = "", *, by: str, **detail: int | str | list[str]) -> None:
        """On the disk when this returns. `by` is the id of an API key, or a `Way`. Raises Unavailable."""
        async with self._db.transaction() as tx:
            await self._note(tx, action, subject, by, detail)

    async def page(
        self, *, limit: int, before: int | None = None, action: str | None = None, subject: str | None = None
    ) -> list[Act]:
        """The latest first, from below the id `before`; of one action, or done to one thing, if that is given."""
        where, params = ["1 = 1"], []  # type: tuple[list[str], list[object]]
        for condition, value in (("id < ?", before), ("action = ?", action), ("subject = ?", subject)):
            if value is not None:
                where.append(condition)
                params.append(value)
        rows = await self._db.read(
            f"SELECT * FROM audit WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT ?", [*params, limit]
        )
        return [msgspec.convert({**dict(row), "detail": msgspec.json.decode(row["detail"])}, Act) for row in rows]

    @retried
    async def note_settings(self, told: Mapping[str, object]) -> None:
        """Notes which settings are others than when a server started last: by name, never what they are. Of what they
        were a keyed hash is kept."""
        async with self._db.transaction() as tx:
            hashes = await addresses(tx)
            present = {name: hashes.digest(msgspec.json.encode([name, value]))[:16] for name, value in told.items()}
            row = await tx.one("SELECT value FROM meta WHERE name = ?", (_SETTINGS,))
            seen = msgspec.json.decode(row["value"], type=dict[str, str]) if row else None
            if seen == present:
                return
            await tx.all(
                "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                (_SETTINGS, msgspec.json.encode(present).decode()),
            )
            if seen is not None:
                changed = sorted(name for name in present.keys() | seen.keys() if present.get(name) != seen.get(name))
                await self._note(tx, "change_settings", "", Way.START, {"settings": changed})

    @retried
    async def forget(self, before_ms: int) -> int:
        """Deletes what was done before a time; gives how much that was."""
        async with self._db.transaction() as tx:
            return len(await tx.all("DELETE FROM audit WHERE at_ms < ? RETURNING id", (before_ms,)))

    async def _note(self, tx: Transaction, action: str, subject: str, by: str, detail: Detail) -> None:
        await tx.all(
            "INSERT INTO audit (at_ms, api_key, action, subject, detail) VALUES (?, ?, ?, ?, ?)",
            (self._clock(), str(by), action, subject, msgspec.json.encode(detail).decode()),
        )
