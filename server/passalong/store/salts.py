"""The daily salts of the visitor hashes: shared by all processes, thrown away after two days.

With the salt gone, nobody can tell which address a hash was made of, or that two hashes were one person.
"""

from __future__ import annotations

import secrets
from datetime import date, timedelta

from passalong.store.db import Database, Transaction, retried

KEPT_DAYS = 2


class Salts:
    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[int, bytes] = {}

    def known(self, day: int) -> bytes | None:
        """The day's salt if this process has it already."""
        return self._known.get(day)

    @retried
    async def of(self, day: int) -> bytes:
        """The day's salt, made by whichever process asks first. Raises Unavailable."""
        row = await self._db.read_one("SELECT salt FROM salts WHERE day = ?", (day,))
        if row is None:
            async with self._db.transaction() as tx:
                made = (day, secrets.token_bytes(32))
                await tx.all("INSERT INTO salts (day, salt) VALUES (?, ?) ON CONFLICT DO NOTHING", made)
                row = await tx.one("SELECT salt FROM salts WHERE day = ?", (day,))
                await _forget(tx, day)
        if len(self._known) > KEPT_DAYS:
            self._known.clear()
        salt = self._known[day] = bytes(row["salt"]) if row else b""
        return salt

    @retried
    async def forget(self, day: int) -> None:
        """Throws away what is too old on this day, though nobody comes who would need a new one."""
        async with self._db.transaction() as tx:
            await _forget(tx, day)


async def _forget(tx: Transaction, day: int) -> None:
    oldest = _days_before(day, KEPT_DAYS)
    await tx.all("DELETE FROM salts WHERE day < ?", (oldest,))
    await tx.all("DELETE FROM visits WHERE day < ?", (oldest,))


def _days_before(day: int, days: int) -> int:
    before = date(day // 10_000, day // 100 % 100, day % 100) - timedelta(days=days)
    return before.year * 10_000 + before.month * 100 + before.day
