"""What was dismissed: the memory of prompts, which keep no cookie."""

from __future__ import annotations

from passalong.domain.prompt import Prompt, hidden_ms
from passalong.store.db import Database, retried


class Dismissals:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def until_ms(self, prompt: Prompt, now_ms: int) -> int | None:
        """Until when the prompt stays away from this customer's member; None if it does not."""
        row = await self._db.read_one(
            "SELECT until_ms FROM dismissals WHERE customer = ? AND kind = ? AND member = ? AND until_ms > ?",
            (*_whose(prompt), now_ms),
        )
        return int(row["until_ms"]) if row else None

    @retried
    async def dismiss(self, prompt: Prompt, now_ms: int) -> int:
        """Sends it away, and gives until when. Again while it is away changes nothing: that was one decision."""
        async with self._db.transaction() as tx:
            row = await tx.one(
                "SELECT times, until_ms FROM dismissals WHERE customer = ? AND kind = ? AND member = ?", _whose(prompt)
            )
            if row is not None and row["until_ms"] > now_ms:
                return int(row["until_ms"])
            times = (row["times"] if row else 0) + 1
            until_ms = now_ms + hidden_ms(times)
            await tx.all(
                """INSERT INTO dismissals VALUES (?, ?, ?, ?, ?)
                   ON CONFLICT (customer, kind, member) DO UPDATE SET
                     times = excluded.times, until_ms = excluded.until_ms""",
                (*_whose(prompt), times, until_ms),
            )
        return until_ms

    async def take_back(self, prompt: Prompt, now_ms: int) -> None:
        """It may show again, and the dismissal that was taken back does not count."""
        await self._db.write(
            """UPDATE dismissals SET times = times - 1, until_ms = 0
               WHERE customer = ? AND kind = ? AND member = ? AND until_ms > ?""",
            (*_whose(prompt), now_ms),
        )


def _whose(prompt: Prompt) -> tuple[str, str, str]:
    return prompt.customer, prompt.kind.value, prompt.member or ""
