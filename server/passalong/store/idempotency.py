"""Answers kept for a day, so that a post repeated with the same Idempotency-Key is not done twice."""

from __future__ import annotations

from msgspec import Struct

from passalong.domain.instant import DAY_MS, Clock
from passalong.store.db import Database

KEPT_MS = DAY_MS


class KeptAnswer(Struct, frozen=True):
    digest: str
    status: int
    body: bytes


class Idempotency:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def find(self, api_key: str, name: str) -> KeptAnswer | None:
        row = await self._db.read_one(
            "SELECT digest, status, body FROM idempotency WHERE api_key = ? AND name = ? AND at_ms > ?",
            (api_key, name, self._clock() - KEPT_MS),
        )
        return KeptAnswer(*row) if row else None

    async def keep(self, api_key: str, name: str, answer: KeptAnswer) -> None:
        now_ms = self._clock()
        async with self._db.transaction() as tx:
            await tx.all("DELETE FROM idempotency WHERE at_ms <= ?", (now_ms - KEPT_MS,))
            await tx.all(
                "INSERT OR IGNORE INTO idempotency VALUES (?, ?, ?, ?, ?, ?)",
                (api_key, name, answer.digest, answer.status, answer.body, now_ms),
            )
