"""Signals: taken in by group commit like the ledger's events, each stored once, its customer marked to be looked at.

Rules are not asked here. Whoever is heard of waits in the outbox, once however much is heard of it, so that fifty
rules cost the sender nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator, Sequence
from functools import cache

import msgspec
from msgspec import Struct

from passalong.domain.history import Heard, History
from passalong.domain.instant import Clock
from passalong.domain.signal import Signal
from passalong.errors import Conflict, Sentence, Unavailable
from passalong.store.db import Database, Row, Taken, Transaction, retried
from passalong.store.outbox import Outbox

MOST_AT_ONCE = 2_000
"""Signals in one commit; a request is never divided."""
ONE_STATEMENT = 128
"""So many rows fit into one statement; more are a statement each."""
ROWS_AT_ONCE = 1_000
"""So many signals are read at a time; customers with more of them are read alone, and piece by piece."""

Post = tuple[list[Signal], asyncio.Future["Stored"]]


class Stored(Struct, frozen=True):
    """What came of a request: signals that are new, and those that were known with the same contents."""

    stored: int
    repeated: int


class SignalRow(Struct, frozen=True, kw_only=True):
    """A signal as it stands in the file."""

    seq: int
    external_id: str
    customer: str
    kind: str
    value: float | None
    occurred_at_ms: int
    recorded_at_ms: int


class Signals:
    """The writer and the reader. `start` before the first post; `stop` drains."""

    def __init__(self, db: Database, outbox: Outbox, clock: Clock) -> None:
        self._db = db
        self._outbox = outbox
        self._clock = clock
        self._queue: list[Post] = []
        self._wake = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="signals")

    async def stop(self) -> None:
        """Stores what is queued, then ends."""
        self._stopping = True
        self._wake.set()
        if self._task:
            await self._task

    def post(self, signals: list[Signal]) -> Awaitable[Stored]:
        """Await it: it comes when all of them are on the disk.

        Raises Conflict, and nothing is stored, if any external id is known with other contents; Unavailable when
        nothing could be stored. Cancelling the caller does not take them back.
        """
        if self._stopping:
            raise Unavailable(Sentence("The server is stopping; nothing was stored."), retry_after_s=2)
        future: asyncio.Future[Stored] = asyncio.get_running_loop().create_future()
        self._queue.append((signals, future))
        self._wake.set()
        return future

    async def page(self, customer: str, *, limit: int, before: tuple[int, int] | None) -> list[SignalRow]:
        """A customer's signals, newest first, from below the (occurred_at_ms, seq) `before`."""
        below = "AND (occurred_at_ms, seq) < (?, ?)" if before is not None else ""
        rows = await self._db.read(
            f"""SELECT * FROM signals WHERE customer = ? {below} ORDER BY occurred_at_ms DESC, seq DESC LIMIT ?""",
            (customer, *(before or ()), limit),
        )
        return [msgspec.convert(dict(row), SignalRow) for row in rows]

    async def histories(
        self, customers: Sequence[str], first_ms: int, last_ms: int, *, ahead_ms: int = 0
    ) -> AsyncIterator[tuple[str, History]]:
        """Each of these customers with what was heard of it after one time and up to another. What lies up to
        `ahead_ms` later, since a sender's clock is ahead of ours, was heard then."""
        sizes = await self._db.read(
            """SELECT named.value AS customer,
                 (SELECT min(s.occurred_at_ms, ?) FROM signals s WHERE s.customer = named.value
                  ORDER BY s.occurred_at_ms LIMIT 1) AS at_ms,
                 (SELECT count(*) FROM signals s WHERE s.customer = named.value
                    AND s.occurred_at_ms > ? AND s.occurred_at_ms <= ?) AS n
               FROM json_each(?) named""",
            (last_ms, first_ms, last_ms + ahead_ms, msgspec.json.encode(customers).decode()),
        )
        for some in _together(sizes):
            heard = {row["customer"]: History((), row["at_ms"]) for row in some}
            if len(some) == 1:
                async for piece in self._pieces(some[0]["customer"], first_ms, last_ms, ahead_ms):
                    heard[some[0]["customer"]].hear(piece)
            else:
                for customer, *one in await self._of_several(list(heard), first_ms, last_ms, ahead_ms):
                    heard[customer].hear([tuple(one)])
            for customer, history in heard.items():
                yield customer, history

    async def _of_several(self, customers: Sequence[str], first_ms: int, last_ms: int, ahead_ms: int) -> list[Row]:
        return await self._db.read(
            """SELECT s.customer, min(s.occurred_at_ms, ?), s.kind, s.value
               FROM json_each(?) named CROSS JOIN signals s INDEXED BY signals_by_customer
               WHERE s.customer = named.value AND s.occurred_at_ms > ? AND s.occurred_at_ms <= ?
               ORDER BY named.key, s.occurred_at_ms, s.seq""",
            (last_ms, msgspec.json.encode(customers).decode(), first_ms, last_ms + ahead_ms),
        )

    async def _pieces(
        self, customer: str, first_ms: int, last_ms: int, ahead_ms: int
    ) -> AsyncIterator[Iterable[Heard]]:
        """The same of one customer, so much at a time that others can read meanwhile."""
        after = (first_ms + 1, 0)
        while True:
            rows = await self._db.read(
                """SELECT min(occurred_at_ms, ?), kind, value, occurred_at_ms, seq
                   FROM signals INDEXED BY signals_by_customer
                   WHERE customer = ? AND (occurred_at_ms, seq) > (?, ?) AND occurred_at_ms <= ?
                   ORDER BY occurred_at_ms, seq LIMIT ?""",
                (last_ms, customer, *after, last_ms + ahead_ms, ROWS_AT_ONCE),
            )
            yield ((at_ms, kind, value) for at_ms, kind, value, *_ in rows)
            if len(rows) < ROWS_AT_ONCE:
                return
            after = (rows[-1]["occurred_at_ms"], rows[-1]["seq"])

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                batch = self._next()
                try:
                    said = await self._store([signals for signals, _ in batch])
                except Exception as error:  # whatever it is, the writer lives on and its waiters hear of it
                    said = [error] * len(batch)
                for (_, future), answer in zip(batch, said, strict=True):
                    if future.done():
                        continue
                    if isinstance(answer, Stored):
                        future.set_result(answer)
                    else:
                        future.set_exception(answer)
            if self._stopping:
                return

    def _next(self) -> list[Post]:
        """What is committed next: the first request, and those behind it that there is room for."""
        room, n = MOST_AT_ONCE, 0
        for signals, _ in self._queue:
            room -= len(signals)
            if n and room < 0:
                break
            n += 1
        batch, self._queue = self._queue[:n], self._queue[n:]
        return batch

    async def _store(self, posts: Sequence[list[Signal]]) -> list[Stored | Exception]:
        """Stores requests in one commit, the usual way if all of it is new."""
        try:
            await self._insert([signal for signals in posts for signal in signals])
        except Taken:
            return await self._sort_out(posts)
        return [Stored(len(signals), 0) for signals in posts]

    @retried
    async def _insert(self, signals: Sequence[Signal]) -> None:
        """As few statements as may be: one of many rows is one transaction, one hop to the database's thread."""
        now_ms = self._clock()
        if len(signals) <= ONE_STATEMENT:
            await self._db.write(_insert(len(signals)), [value for s in signals for value in (*_values(s), now_ms)])
            return
        rows = [(*_values(s), now_ms) for s in signals]
        await self._db.within(lambda tx: tx.many(_insert(1), rows))

    @retried
    async def _sort_out(self, posts: Sequence[list[Signal]]) -> list[Stored | Exception]:
        """The same where some are known: a request that contradicts what is known is refused whole, and alone."""
        async with self._db.transaction() as tx:
            known = await _known(tx, [signal.external_id for signals in posts for signal in signals])
            fresh: dict[str, Signal] = {}
            said = [_merge(signals, known, fresh) for signals in posts]
            now_ms = self._clock()
            await tx.many(_insert(1), [(*_values(s), now_ms) for s in fresh.values()])
        return said

    @retried
    async def mark_all(self, customers: Sequence[str]) -> None:
        """All of these are looked at: a day has passed, which changes what holds."""
        for start in range(0, len(customers), MOST_AT_ONCE):
            async with self._db.transaction() as tx:
                await self._outbox.add_looks(tx, customers[start : start + MOST_AT_ONCE])


def _together(sizes: Sequence[Row]) -> Iterator[list[Row]]:
    """Customers in groups whose signals are read at once."""
    group: list[Row] = []
    room = ROWS_AT_ONCE
    for row in sizes:
        if group and row["n"] > room:
            yield group
            group, room = [], ROWS_AT_ONCE
        group.append(row)
        room -= row["n"]
    if group:
        yield group


@cache
def _insert(rows: int) -> str:
    marks = ",".join(["(?, ?, ?, ?, ?, ?)"] * rows)
    return f"INSERT INTO signals (external_id, customer, kind, value, occurred_at_ms, recorded_at_ms) VALUES {marks}"


def _values(s: Signal) -> tuple[object, ...]:
    return s.external_id, s.customer, s.kind, s.value, s.occurred_at_ms


async def _known(tx: Transaction, names: Sequence[str]) -> dict[str, Signal]:
    rows = await tx.all(
        """SELECT s.external_id, s.customer, s.kind, s.value, s.occurred_at_ms
           FROM json_each(?) asked JOIN signals s ON s.external_id = asked.value""",
        (msgspec.json.encode(names).decode(),),
    )
    return {row["external_id"]: Signal(*row) for row in rows}


def _merge(signals: Sequence[Signal], known: dict[str, Signal], fresh: dict[str, Signal]) -> Stored | Exception:
    """Adds a request's new signals to the fresh ones of a commit, all of them or none."""
    new: dict[str, Signal] = {}
    for signal in signals:
        name = signal.external_id
        before = known.get(name) or fresh.get(name) or new.get(name)
        if before is None:
            new[name] = signal
        elif before != signal:
            return Conflict(
                f"The signal {name} is known with other contents; nothing was stored. "
                "What is reported stays; report a correction under an external_id of its own."
            )
    fresh.update(new)
    return Stored(len(new), len(signals) - len(new))
