"""Connections and transactions. One writing connection a process, one lock around every write.

SQLite in WAL mode with `synchronous=FULL`: a transaction that returned is on the disk. Several
processes may share the file; a lock file queues their writers, because waiting inside SQLite
(`busy_timeout`) polls and triples the slowest answers.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiosqlite

from passalong.errors import Sentence, Unavailable, Unusable
from passalong.store import migrate

BUSY_TIMEOUT_MS = 2_000
MAX_CACHED_STATEMENTS = 512
PROBE_BYTES = 64_000

PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "secure_delete = ON",
    "cache_size = -16000",
    "temp_store = MEMORY",
)

ENGINE_VERSION: tuple[int, int, int] = sqlite3.sqlite_version_info
"""Of the SQLite library in use."""

Params = Sequence[Any]


class Transaction:
    """An open transaction. Leaves with COMMIT, or with ROLLBACK on any error or cancellation."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def all(self, sql: str, params: Params = ()) -> list[sqlite3.Row]:
        """Runs one statement and gives its rows."""
        return list(await self._connection.execute_fetchall(sql, params))

    async def one(self, sql: str, params: Params = ()) -> sqlite3.Row | None:
        rows = await self.all(sql, params)
        return rows[0] if rows else None

    async def many(self, sql: str, rows: Iterable[Params]) -> None:
        """Runs one statement for each row of parameters."""
        await (await self._connection.executemany(sql, rows)).close()


class Database:
    """One SQLite file. `open` before use; `close` at the end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = asyncio.Lock()

    async def open(self) -> None:
        """Connects and migrates. Raises Unusable for a file that is broken, newer, or cannot be opened."""
        if not self.path.parent.is_dir():
            raise Unusable(f"{self.path.parent} is no folder, so the database cannot live there.")
        with _spoken(self.path):
            self._lock_file = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
            async with AsyncExitStack() as opened:
                opened.callback(os.close, self._lock_file)
                self._writer = await self._connect()
                opened.push_async_callback(self._writer.close)
                async with self._writing():
                    await migrate.upgrade(self._writer)
                self._reader, self._reporter = await self._connect(), await self._connect()
                for connection in (self._reader, self._reporter):
                    opened.push_async_callback(connection.close)
                    await connection.execute_fetchall("PRAGMA query_only = ON")
                self._opened = opened.pop_all()

    async def close(self) -> None:
        async with self._lock:
            await self._opened.aclose()

    async def read(self, sql: str, params: Params = ()) -> list[sqlite3.Row]:
        """Rows of one statement, from a connection that cannot write."""
        with _spoken(self.path):
            return list(await self._reader.execute_fetchall(sql, params))

    async def read_one(self, sql: str, params: Params = ()) -> sqlite3.Row | None:
        rows = await self.read(sql, params)
        return rows[0] if rows else None

    async def report(self, sql: str, params: Params = ()) -> list[sqlite3.Row]:
        """The same from the connection that reports have: what looks through many rows holds up no page there."""
        with _spoken(self.path):
            return list(await self._reporter.execute_fetchall(sql, params))

    async def named(self, queries: Any, name: str, **params: Any) -> list[sqlite3.Row]:
        """Rows of one of the queries that live in a file of their own. They have a connection to themselves: a report
        that takes its time holds up no page, and no news of a kill."""
        with _spoken(self.path):
            rows = getattr(queries, name)(self._reporter, **params)
            return [row async for row in rows] if hasattr(rows, "__aiter__") else list(await rows)

    async def write(self, sql: str, params: Params = ()) -> None:
        """One statement as a transaction of its own, on the disk when this returns."""
        with _spoken(self.path):
            async with self._writing():
                await self._writer.execute_fetchall(sql, params)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """A transaction that no other writer, here or in another process, can come between."""
        with _spoken(self.path):
            async with self._writing():
                await self._writer.execute_fetchall("BEGIN IMMEDIATE")
                try:
                    yield Transaction(self._writer)
                    await self._writer.execute_fetchall("COMMIT")
                finally:
                    # In a transaction still: an error, or a cancellation at any await above.
                    if self._writer.in_transaction:
                        await asyncio.shield(self._writer.rollback())

    async def probe(self) -> None:
        """Raises Unavailable unless a write would reach the disk now: one as large as a batch of events."""
        async with self.transaction() as tx:
            await tx.all("INSERT OR REPLACE INTO meta VALUES ('probe', hex(randomblob(?)))", (PROBE_BYTES // 2,))

    async def backup(self, target: Path) -> None:
        """Copies the live database through SQLite's backup API; the only safe way while it is written to."""
        with _spoken(target):
            async with aiosqlite.connect(target) as copy:
                await self._reader.backup(copy)
                await copy.execute_fetchall("PRAGMA journal_mode = DELETE")

    async def forget(self) -> None:
        """After an erasure: folds the log back into the file and cuts it off, so that no old page stays."""
        with _spoken(self.path):
            async with self._writing():
                await self._writer.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")

    async def _connect(self) -> aiosqlite.Connection:
        connection = await aiosqlite.connect(
            self.path, isolation_level=None, cached_statements=MAX_CACHED_STATEMENTS, timeout=BUSY_TIMEOUT_MS / 1000
        )
        connection.row_factory = sqlite3.Row
        try:
            await migrate.check(connection, self.path)
            for pragma in PRAGMAS:
                await connection.execute_fetchall(f"PRAGMA {pragma}")
        except BaseException:
            await connection.close()  # its thread would keep the process from ending
            raise
        return connection

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[None]:
        async with self._lock:
            try:
                fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                await self._wait_for_file_lock()
            try:
                yield
            finally:
                fcntl.flock(self._lock_file, fcntl.LOCK_UN)

    async def _wait_for_file_lock(self) -> None:
        """Waits in a thread. A thread cannot be cancelled, so a cancelled wait ends once it has let go again."""
        waiting = asyncio.ensure_future(asyncio.to_thread(fcntl.flock, self._lock_file, fcntl.LOCK_EX))
        cancelled: asyncio.CancelledError | None = None
        while not waiting.done():
            try:
                await asyncio.shield(waiting)
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            fcntl.flock(self._lock_file, fcntl.LOCK_UN)
            raise cancelled
        waiting.result()


@contextmanager
def _spoken(path: Path) -> Iterator[None]:
    """Turns what SQLite and the system say into sentences; told apart by code, never by message."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", "")
        if name in {"SQLITE_NOTADB", "SQLITE_CORRUPT"} or name.startswith("SQLITE_CORRUPT"):
            raise Unusable(f"{path} is not a database that can be read ({error}). It was left untouched.") from error
        if name == "SQLITE_CANTOPEN":
            raise Unusable(f"{path} cannot be opened: {error}.") from error
        if name == "SQLITE_FULL":
            raise Unavailable(Sentence("The disk is full; nothing was stored."), retry_after_s=30) from error
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise Unavailable(Sentence("The database is locked; nothing was stored."), retry_after_s=5) from error
        if name.startswith(("SQLITE_IOERR", "SQLITE_READONLY")):
            raise Unavailable(
                Sentence("The disk refuses to write (%(error)s); nothing was stored.", error=error), retry_after_s=30
            ) from error
        raise
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror}.") from error
