"""Putting away what was kept for long enough: once an hour, by whichever process carries the outbox's jobs."""

from __future__ import annotations

from passalong.domain.audit import Way
from passalong.domain.instant import DAY_MS, Calendar, Clock
from passalong.domain.retention import Retention
from passalong.store.audit import Audit
from passalong.store.db import Database
from passalong.store.erasures import Erasures
from passalong.store.idempotency import Idempotency
from passalong.store.leads import Leads
from passalong.store.outbox import Outbox
from passalong.store.salts import Salts

_AT_ONCE = 5_000
"""Rows of a transaction: pages wait meanwhile."""
_LEADS_AT_ONCE = 100


class Keeper:
    """Knows how long what is kept, and puts away what is over."""

    def __init__(
        self,
        db: Database,
        leads: Leads,
        erasures: Erasures,
        outbox: Outbox,
        idempotency: Idempotency,
        salts: Salts,
        audit: Audit,
        calendar: Calendar,
        clock: Clock,
        kept: Retention,
    ) -> None:
        self._db = db
        self._leads = leads
        self._erasures = erasures
        self._outbox = outbox
        self._idempotency = idempotency
        self._salts = salts
        self._audit = audit
        self._calendar = calendar
        self._clock = clock
        self._kept = kept

    async def sweep(self) -> None:
        """Puts away all that is over now. What is stopped half-way goes on the next time. Raises Unavailable."""
        now_ms, kept = self._clock(), self._kept
        await self._idempotency.forget(now_ms)
        await self._erasures.sweep(now_ms)
        await self._salts.forget(self._calendar.day(now_ms))
        await self._outbox.forget(now_ms - kept.jobs_days * DAY_MS)
        if kept.leads_days:
            await self._erase_leads(now_ms - kept.leads_days * DAY_MS)
        gone = 0
        if kept.signals_days:
            gone += await self._delete("signals", "seq", "occurred_at_ms < ?", now_ms - kept.signals_days * DAY_MS)
        if kept.plays_days:
            over = "state <> 'open' AND closed_at_ms < ?"
            gone += await self._delete("plays", "id", over, now_ms - kept.plays_days * DAY_MS)
        if kept.audit_days:
            gone += await self._audit.forget(now_ms - kept.audit_days * DAY_MS)
        if gone:
            await self._db.forget()

    async def _erase_leads(self, before_ms: int) -> None:
        """Leads of whom nothing has been heard since, a few at a time."""
        while True:
            rows = await self._db.read(
                """SELECT id FROM leads l WHERE erased_at_ms IS NULL AND created_at_ms < ?
                     AND NOT EXISTS (SELECT 1 FROM events e WHERE e.lead = l.id AND e.at_ms >= ?)
                   ORDER BY created_at_ms LIMIT ?""",
                (before_ms, before_ms, _LEADS_AT_ONCE),
            )
            ids = [str(row["id"]) for row in rows]
            if not ids:
                return
            for id in ids:  # noted first: what is stopped in between is done the next time
                await self._audit.note("erase_lead", id, by=Way.RETENTION)
            await self._leads.erase(ids, self._clock())

    async def _delete(self, table: str, key: str, over: str, before_ms: int) -> int:
        gone = 0
        while True:
            async with self._db.transaction() as tx:
                rows = await tx.all(
                    f"""DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE {over} LIMIT ?)
                        RETURNING {key}""",
                    (before_ms, _AT_ONCE),
                )
            gone += len(rows)
            if len(rows) < _AT_ONCE:
                return gone
