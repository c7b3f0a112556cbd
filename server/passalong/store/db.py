"""What the store asks of a database, whichever engine it is. `sqlite.py` and `postgres.py` are the engines.

Statements are written once, in the SQL that both speak: marks are `?` (`:name` in `queries/`), conflicts name their
columns, truth is 0 or 1, and lists come as JSON arrays through `json_each`. What only one of them can do stands in its
own module, and in its own folder of `migrations/`.
"""

from __future__ import annotations

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar

from passalong.domain.address import on_server
from passalong.domain.event import Event
from passalong.errors import Sentence, Unavailable

Params = Sequence[Any]

PROBE_BYTES = 64_000
"""As large as a batch of events."""

REMEMBER = "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
"""Keeps a value under a name, over the one before."""


class Row(Protocol):
    """A row: a value by its column's name or place; iterating gives the values."""

    def __getitem__(self, key: Any, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __len__(self) -> int: ...
    def keys(self) -> Any: ...


class Taken(Exception):
    """What a row must have alone, another row has; or it leans on one that is not there. Nothing was stored."""


class Contended(Unavailable):
    """Another transaction came between, and this one was taken back: the same again may well pass."""

    def __init__(self) -> None:
        super().__init__(Sentence("The database is busy; nothing was stored."), retry_after_s=1)


Ps = ParamSpec("Ps")
T = TypeVar("T")
PAUSES_S = (0.01, 0.05, 0.2)


def retried(method: Callable[Ps, Awaitable[T]]) -> Callable[Ps, Coroutine[Any, Any, T]]:
    """For a method that is one transaction: run again when another came between, a few times and after a little while
    that no two servers share. Engines with one writer at a time never ask for it; those that shard do (40001)."""

    @wraps(method)
    async def again(*args: Ps.args, **kwargs: Ps.kwargs) -> T:
        for pause_s in PAUSES_S:
            try:
                return await method(*args, **kwargs)
            except Contended:
                await asyncio.sleep(pause_s * random.uniform(0.5, 1.5))  # noqa: S311 - spreads, hides nothing
        return await method(*args, **kwargs)

    return again


class Transaction(ABC):
    """An open transaction. Leaves with COMMIT, or with ROLLBACK on any error or cancellation."""

    @abstractmethod
    async def all(self, sql: str, params: Params = ()) -> list[Row]:
        """Runs one statement and gives its rows."""

    async def one(self, sql: str, params: Params = ()) -> Row | None:
        rows = await self.all(sql, params)
        return rows[0] if rows else None

    async def many(self, sql: str, rows: Sequence[Params]) -> None:
        """Runs one statement for each row of parameters, none for no rows."""
        if rows:
            await self._many(sql, rows)

    @abstractmethod
    async def _many(self, sql: str, rows: Sequence[Params]) -> None: ...

    @abstractmethod
    async def append(self, events: Sequence[Event]) -> None:
        """Adds to the ledger."""


Work = Callable[[Transaction], Coroutine[Any, Any, T]]


class Turn(ABC):
    """To write, while no other process here or elsewhere does."""

    @abstractmethod
    async def append(self, events: Sequence[Event]) -> None:
        """Adds to the ledger, on the disk when this returns; one statement, however many. The counters follow in it or
        a moment later, and before any report and any `transaction`."""

    @abstractmethod
    async def within(self, work: Work[T]) -> T:
        """As `Database.within`, with a commit of its own."""


class Database(ABC):
    """`open` before use; `close` at the end. All of it raises Unavailable while nothing can be read or stored, Taken
    where a key is taken."""

    @abstractmethod
    async def open(self) -> None:
        """Connects and migrates. Raises Unusable for what is broken, written by newer code, or cannot be opened."""

    @abstractmethod
    async def close(self) -> None: ...

    @abstractmethod
    async def read(self, sql: str, params: Params = ()) -> list[Row]:
        """Rows of one statement, from a connection that cannot write."""

    async def read_one(self, sql: str, params: Params = ()) -> Row | None:
        rows = await self.read(sql, params)
        return rows[0] if rows else None

    @abstractmethod
    async def report(self, sql: str, params: Params = ()) -> list[Row]:
        """The same from a connection of reports, for what may take its time: it holds up no page, and no news of a
        kill. Counters say then what the ledger says, whichever process appended to it."""

    async def report_one(self, sql: str, params: Params = ()) -> Row | None:
        rows = await self.report(sql, params)
        return rows[0] if rows else None

    @abstractmethod
    async def named(self, file: str, name: str, **params: Any) -> list[Row]:
        """Rows of one of the queries that live in a file of their own, from a connection of reports."""

    @abstractmethod
    async def write(self, sql: str, params: Params = ()) -> None:
        """One statement as a transaction of its own, on the disk when this returns."""

    @abstractmethod
    def turn(self) -> AbstractAsyncContextManager[Turn]:
        """Waits until this process may write. What is to be written is best gathered then: more has come meanwhile."""

    @abstractmethod
    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """A transaction that no other writer, here or in another process, can come between."""

    async def within(self, work: Work[T]) -> T:
        """Does some work within a transaction of its own, and gives what comes of it. It awaits nothing but the
        transaction, and so may be done in another thread, share its commit with other work, and be taken back and done
        again. It reads no counters: they follow a moment after what is appended. Cancelling whoever waits for it does
        not take it back."""
        async with self.transaction() as tx:
            return await work(tx)

    @abstractmethod
    async def news(self) -> None:
        """Waits until the catalog may have changed: a moment, or until the engine says so."""

    @abstractmethod
    async def probe(self) -> None:
        """Raises Unavailable unless a write would reach the disk now: one as large as a batch of events."""

    @abstractmethod
    async def sizes(self) -> dict[str, int]:
        """Bytes on the disk, by part: `data`, and `log` where that is a file of its own."""

    @abstractmethod
    async def integrity(self) -> list[str]:
        """What the engine itself finds wrong with what it stores, in its words."""

    @abstractmethod
    async def backup(self, target: Path) -> None:
        """A copy as a SQLite file, of one moment, while others write."""

    @abstractmethod
    async def forget(self) -> None:
        """After an erasure: cuts off what the engine keeps of rows that are gone."""


def database_at(where: str) -> Database:
    """The database that the setting `database` names, not yet opened. Raises Unusable without what its engine needs."""
    if on_server(where):
        from passalong.store.postgres import PostgresDatabase

        return PostgresDatabase(where)
    from passalong.store.sqlite import SqliteDatabase

    return SqliteDatabase(Path(where))
