"""Letters that are due by the calendar: each is queued once, by whichever process looks first."""

from __future__ import annotations

from collections.abc import Sequence

from passalong.domain.delivery import Destination
from passalong.domain.instant import month_name
from passalong.store.addresses import addresses
from passalong.store.db import Database, retried
from passalong.store.outbox import Outbox


class Letters:
    def __init__(self, db: Database, outbox: Outbox) -> None:
        self._db = db
        self._outbox = outbox

    async def begin_after(self, topic: str, month: int) -> None:
        """The first time it is asked: letters of this month (202610) and earlier ones are never queued."""
        if await self._db.read_one("SELECT 1 FROM meta WHERE name = ?", (_queued(topic),)) is None:
            await self._db.write("INSERT INTO meta VALUES (?, ?) ON CONFLICT DO NOTHING", (_queued(topic), str(month)))

    @retried
    async def queue_once(self, topic: str, month: int, emails: Sequence[str]) -> bool:
        """Queues a month's letter to each of these people, unless that was done; nobody to write to does not count."""
        row = await self._db.read_one("SELECT value FROM meta WHERE name = ?", (_queued(topic),))
        if not emails or (row is not None and int(row["value"]) >= month):
            return False
        async with self._db.transaction() as tx:
            first = await tx.one(
                """INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value
                     WHERE CAST(meta.value AS BIGINT) < CAST(excluded.value AS BIGINT) RETURNING value""",
                (_queued(topic), str(month)),
            )
            if first is None:  # another process was faster
                return False
            hashes = await addresses(tx)
            for hashed in dict.fromkeys(hashes.hash(email) for email in emails):
                await self._outbox.add(tx, Destination.MAIL, topic, f"{month_name(month)}/{hashed}")
        return True

    @retried
    async def by_hash(self, emails: Sequence[str]) -> dict[str, str]:
        """These addresses by their keyed hashes, as subjects of jobs name them."""
        async with self._db.transaction() as tx:
            hashes = await addresses(tx)
        return {hashes.hash(email): email for email in emails}


def _queued(topic: str) -> str:
    """Under which name it is kept up to which month letters were queued."""
    return f"mail_{topic}_queued"
