"""Plays: made by looking at customers with every rule, closed by whoever acts on them or by time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec
from uuid_utils import uuid7

from passalong.domain.delivery import Job, Topic
from passalong.domain.history import History
from passalong.domain.instant import DAY_MS, Clock
from passalong.domain.play import Look, Made, OutcomeBody, Play, PlayState, holding, settle
from passalong.domain.rule import LONGEST_DAYS, Rule, Rulebook
from passalong.domain.signal import EARLY_MS
from passalong.errors import Conflict, NotFound
from passalong.store.catalog import Catalog
from passalong.store.db import REMEMBER, Database, Row, Transaction, retried
from passalong.store.outbox import Outbox
from passalong.store.signals import Signals

MUCH = 1_000
"""Signals of one customer that are too many for every rule to be asked in one go."""
_SWEPT = "plays_swept_at_ms"
_COLUMNS = tuple(Play.__struct_fields__)

Read = Callable[[str, Sequence[object]], Awaitable[list[Row]]]
"""Rows of a statement: from the connection that reads, or within a transaction."""


class Plays:
    """`owner` is whose a play is when its rule names nobody."""

    def __init__(
        self, db: Database, catalog: Catalog, signals: Signals, outbox: Outbox, clock: Clock, book: Rulebook, owner: str
    ) -> None:
        self._db = db
        self._catalog = catalog
        self._signals = signals
        self._outbox = outbox
        self._clock = clock
        self._owner = owner
        self.book = book

    # Looking.

    @retried
    async def look(self, jobs: Sequence[Job]) -> int:
        """Looks at the customers of these jobs and is done with them; gives how many plays that made."""
        now_ms = self._clock()
        customers = [job.subject for job in jobs]
        made, held_before = await self._made(self._db.read, customers), await self._holding(self._db.read, customers)
        changed: dict[str, list[tuple[Rule, str]]] = {}
        async for customer, history in self._signals.histories(
            customers, now_ms - self.book.longest_days * DAY_MS, now_ms, ahead_ms=EARLY_MS
        ):
            held, since = await self._held(history, now_ms), held_before.get(customer, {})
            found = settle(held, self.book.fatigue, now_ms, made.get(customer, ()), since)
            if found.plays or found.kept_back or found.holding != since:
                changed[customer] = held
        async with self._db.transaction() as tx:
            played = [await self._settle(tx, customer, held, now_ms) for customer, held in changed.items()]
            await self._outbox.drop(tx, jobs)
        return sum(played)

    async def _held(self, history: History, now_ms: int) -> list[tuple[Rule, str]]:
        """The rules that hold; pages come first, so those who were heard much of are asked about in a thread."""
        if len(history.times) > MUCH:
            return await asyncio.to_thread(holding, self.book, history, now_ms)
        await asyncio.sleep(0)
        return holding(self.book, history, now_ms)

    async def _settle(self, tx: Transaction, customer: str, held: Sequence[tuple[Rule, str]], now_ms: int) -> int:
        """Stores what comes of a look, with what is known now of the customer's plays."""
        await self._expire(tx, now_ms, customer)
        made = (await self._made(tx.all, [customer])).get(customer, ())
        since = (await self._holding(tx.all, [customer])).get(customer, {})
        found = settle(held, self.book.fatigue, now_ms, made, since)
        for rule, why in found.plays:
            await self._insert(tx, customer, rule, why, now_ms)
        await tx.many(
            """INSERT INTO held_back VALUES (?, ?, 1)
               ON CONFLICT (rule, reason) DO UPDATE SET times = held_back.times + 1""",
            [(rule.id, reason.value) for rule, reason in found.kept_back],
        )
        await self._store_holding(tx, customer, found, since)
        return len(found.plays)

    async def _insert(self, tx: Transaction, customer: str, rule: Rule, why: str, now_ms: int) -> None:
        play = Play(
            id=str(uuid7()),
            customer=customer,
            rule=rule.id,
            kind=rule.then.play,
            title=rule.title,
            owner=rule.then.owner or self._owner,
            why=why,
            created_at_ms=now_ms,
            expires_at_ms=now_ms + rule.then.open_days * DAY_MS,
            state=PlayState.OPEN,
        )
        await tx.all(
            f"INSERT INTO plays ({', '.join(_COLUMNS)}) VALUES ({','.join('?' * len(_COLUMNS))})",
            [getattr(play, column) for column in _COLUMNS],
        )
        await self._outbox.tell(tx, Topic.PLAY_CREATED, play.id)

    async def _store_holding(self, tx: Transaction, customer: str, found: Look, since: dict[str, int]) -> None:
        await tx.many(
            "DELETE FROM occasions WHERE customer = ? AND rule = ?",
            [(customer, rule) for rule in since if rule not in found.holding],
        )
        await tx.many(
            "INSERT INTO occasions VALUES (?, ?, ?)",
            [(customer, rule, at_ms) for rule, at_ms in found.holding.items() if rule not in since],
        )

    # Time.

    async def swept_at_ms(self) -> int:
        """When every customer was looked at last because of the day; 0 before the first time."""
        row = await self._db.read_one("SELECT value FROM meta WHERE name = ?", (_SWEPT,))
        return int(row["value"]) if row else 0

    async def sweep(self) -> None:
        """Has every customer looked at: that somebody was not heard of is told by no signal."""
        if self.book.rules:
            await self._signals.mark_all(list(self._catalog.customers))
        await self._db.write(REMEMBER, (_SWEPT, str(self._clock())))

    @retried
    async def expire(self) -> bool:
        """Closes what was open for too long; whether there was any."""
        now_ms = self._clock()
        due = await self._db.read_one(
            "SELECT 1 FROM plays WHERE state = 'open' AND expires_at_ms <= ? LIMIT 1", (now_ms,)
        )
        if due is not None:
            async with self._db.transaction() as tx:
                await self._expire(tx, now_ms)
        return due is not None

    async def _expire(self, tx: Transaction, now_ms: int, customer: str | None = None) -> None:
        rows = await tx.all(
            f"""UPDATE plays SET state = 'expired', closed_at_ms = expires_at_ms
                WHERE state = 'open' AND expires_at_ms <= ? {"AND customer = ?" if customer else ""} RETURNING id""",
            (now_ms, *([customer] if customer else [])),
        )
        for row in rows:
            await self._outbox.tell(tx, Topic.PLAY_CLOSED, f"{row['id']}/{PlayState.EXPIRED}")

    # Acting on them.

    async def get(self, id: str) -> Play:
        """One play; raises NotFound."""
        return await self._get(self._db.read, id)

    @retried
    async def close(self, id: str, body: OutcomeBody) -> Play:
        """Says what came of a play, once: the same again changes nothing, anything else raises Conflict. What expired
        can still be done."""
        async with self._db.transaction() as tx:
            play = await self._get(tx.all, id)
            if play.outcome is not None:
                if (play.result, play.note or "", play.by) != (body.result, body.note, body.by):
                    raise Conflict(f"This play is {play.state} already, as {play.by} said.")
                return play
            await tx.all(
                "UPDATE plays SET state = ?, closed_at_ms = ?, result = ?, note = ?, by = ? WHERE id = ?",
                (body.result.value, self._clock(), body.result.value, body.note, body.by, id),
            )
            await self._outbox.tell(tx, Topic.PLAY_CLOSED, f"{id}/{body.result}")
            return await self._get(tx.all, id)

    @retried
    async def assign(self, id: str, owner: str) -> Play:
        """Gives an open play to somebody else; raises Conflict for one that is closed."""
        async with self._db.transaction() as tx:
            play = await self._get(tx.all, id)
            if play.state is not PlayState.OPEN:
                raise Conflict(f"This play is {play.state}; only an open one changes hands.")
            await tx.all("UPDATE plays SET owner = ? WHERE id = ?", (owner, id))
            return await self._get(tx.all, id)

    async def page(
        self,
        *,
        limit: int,
        before: tuple[int, str] | None = None,
        customer: str | None = None,
        state: PlayState | None = None,
        kind: str | None = None,
        rule: str | None = None,
    ) -> list[Play]:
        """Plays, newest first, from below the (created_at_ms, id) `before`."""
        where, params = ["true"], []  # type: tuple[list[str], list[object]]
        if before is not None:
            where.append("(created_at_ms, id) < (?, ?)")
            params += before
        for column, value in (("customer", customer), ("state", state), ("kind", kind), ("rule", rule)):
            if value is not None:
                where.append(f"{column} = ?")
                params.append(str(value))
        rows = await self._db.read(
            f"SELECT * FROM plays WHERE {' AND '.join(where)} ORDER BY created_at_ms DESC, id DESC LIMIT ?",
            [*params, limit],
        )
        return [msgspec.convert(dict(row), Play) for row in rows]

    async def made_by_others(self, customers: Sequence[str], rule: str) -> dict[str, list[Made]]:
        """What fatigue must know of each customer's plays, but for those of one rule."""
        return await self._made(self._db.read, customers, but=rule)

    async def _get(self, read: Read, id: str) -> Play:
        rows = await read("SELECT * FROM plays WHERE id = ?", (id,))
        if not rows:
            raise NotFound(f"There is no play {id}.")
        return msgspec.convert(dict(rows[0]), Play)

    async def _made(self, read: Read, customers: Sequence[str], but: str = "") -> dict[str, list[Made]]:
        """What fatigue must know. A play from before the clock was set back was made now at the latest."""
        now_ms = self._clock()
        rows = await read(
            """SELECT p.customer, p.kind, min(p.created_at_ms, ?), iif(state = 'open', expires_at_ms, closed_at_ms)
               FROM json_each(?) named CROSS JOIN plays p
               WHERE p.customer = named.value AND p.created_at_ms > ? AND p.rule <> ?""",
            (now_ms, msgspec.json.encode(customers).decode(), now_ms - 2 * LONGEST_DAYS * DAY_MS, but),
        )
        made: dict[str, list[Made]] = {}
        for customer, *play in rows:
            made.setdefault(customer, []).append(Made(*play))
        return made

    async def _holding(self, read: Read, customers: Sequence[str]) -> dict[str, dict[str, int]]:
        rows = await read(
            """SELECT o.customer, o.rule, o.since_ms FROM json_each(?) named
               CROSS JOIN occasions o WHERE o.customer = named.value""",
            (msgspec.json.encode(customers).decode(),),
        )
        holding: dict[str, dict[str, int]] = {}
        for customer, rule, since_ms in rows:
            holding.setdefault(customer, {})[rule] = since_ms
        return holding
