"""Answers kept for a day, so that a post repeated with the same Idempotency-Key is not done twice."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from passalong.domain.instant import DAY_MS, Clock
from passalong.store.db import Database, Transaction, retried

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

    async def forget(self, now_ms: int) -> None:
        """Deletes the answers that are not given again: where nobody posts any more, `keep` does not."""
        await self._db.write("DELETE FROM idempotency WHERE at_ms <= ?", (now_ms - KEPT_MS,))

    @retried
    async def keep(self, api_key: str, name: str, answer: KeptAnswer) -> None:
        now_ms = self._clock()

        async def work(tx: Transaction) -> None:
            await tx.all("DELETE FROM idempotency WHERE at_ms <= ?", (now_ms - KEPT_MS,))
            await tx.all(
                "INSERT INTO idempotency VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (api_key, name, answer.digest, answer.status, answer.body, now_ms),
            )

        await self._db.within(work)


async def erase_answers(tx: Transaction, said: Sequence[str]) -> int:
    """Within an erasure: deletes the kept answers that hold any of these texts; gives how many. Whoever repeats such a
    post is heard as if for the first time."""
    marks = [msgspec.json.encode(text).decode()[1:-1].lower().encode() for text in said]
    rows = await tx.all("SELECT api_key, name, body FROM idempotency")
    telling = [(row["api_key"], row["name"]) for row in rows if any(mark in _folded(row["body"]) for mark in marks)]
    await tx.many("DELETE FROM idempotency WHERE api_key = ? AND name = ?", telling)
    return len(telling)


def _folded(body: bytes) -> bytes:
    return body.decode("utf-8", "replace").lower().encode()
