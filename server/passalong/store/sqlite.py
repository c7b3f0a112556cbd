"""SQLite: one writing connection a process, one lock around every write.

A file in WAL mode with `synchronous=FULL`: a transaction that returned is on the disk. Several
processes may share the file; a lock file queues their writers, because waiting inside SQLite
(`busy_timeout`) polls and triples the slowest answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite

from passalong.domain.event import Event
from passalong.errors import Sentence, Unavailable, Unusable
from passalong.store.db import PROBE_BYTES, Database, Params, Row, T, Taken, Transaction, Turn, Work
from passalong.store.migrate import Engine, check, migrations
from passalong.store.named import queries
from passalong.store.sqlite_connection import BUSY_TIMEOUT_MS, Writer
from passalong.store.sqlite_transaction import COUNT, MOST_ROWS, FromAfar, Waiting

MAX_CACHED_STATEMENTS = 512

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

MOST_WORKS = 64
"""So many transactions share a commit."""
POLL_S = 0.05
"""How often the catalog's generation is looked at: reading one row of a file in memory."""

COUNT_S = 0.1
"""So long the counters may be behind the ledger while nobody asks for them."""
_BEHIND = "SELECT 1 FROM counted WHERE seq < (SELECT max(seq) FROM events)"

AnyConnection = TypeVar("AnyConnection", bound=aiosqlite.Connection)


class SqliteDatabase(Database):
    """One SQLite file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = asyncio.Lock()
        self._behind = False
        """Whether the counters have yet to follow what was appended here."""
        self._counting: asyncio.Task[None] | None = None
        self._waiting: list[Waiting[Any]] = []
        self._working: asyncio.Task[None] | None = None

    async def open(self) -> None:
        if not self.path.parent.is_dir():
            raise Unusable(f"{self.path.parent} is no folder, so the database cannot live there.")
        with _spoken(self.path):
            self._lock_file = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
            async with AsyncExitStack() as opened:
                opened.callback(os.close, self._lock_file)
                self._writer = await self._connect(Writer)
                opened.push_async_callback(self._writer.close)
                async with self._writing():
                    await _upgrade(self._writer)
                self._reader = await self._connect(aiosqlite.Connection)
                self._reporter = await self._connect(aiosqlite.Connection)
                for connection in (self._reader, self._reporter):
                    opened.push_async_callback(connection.close)
                    await connection.execute_fetchall("PRAGMA query_only = ON")
                self._opened = opened.pop_all()

    async def close(self) -> None:
        if self._working is not None:
            await self._working
        if self._counting is not None:
            self._counting.cancel()
            await asyncio.gather(self._counting, return_exceptions=True)
            await self._count()
        async with self._lock:
            await self._opened.aclose()

    async def read(self, sql: str, params: Params = ()) -> list[Row]:
        with _spoken(self.path):
            return list(await self._reader.execute_fetchall(sql, params))

    async def report(self, sql: str, params: Params = ()) -> list[Row]:
        await self._catch_up()
        with _spoken(self.path):
            return list(await self._reporter.execute_fetchall(sql, params))

    async def named(self, file: str, name: str, **params: Any) -> list[Row]:
        await self._catch_up()
        with _spoken(self.path):
            return [row async for row in getattr(queries(file, "aiosqlite"), name)(self._reporter, **params)]

    async def write(self, sql: str, params: Params = ()) -> None:
        with _spoken(self.path):
            async with self._writing():
                await self._writer.execute_fetchall(sql, params)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Turn]:
        with _spoken(self.path):
            async with self._writing():
                yield _Turn(self)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        with _spoken(self.path):
            async with self._writing():
                try:
                    await self._writer.execute_fetchall("BEGIN IMMEDIATE")
                    if self._behind:
                        await self._writer.execute_fetchall(COUNT)
                    yield FromAfar(self._writer)
                    await self._writer.execute_fetchall("COMMIT")
                finally:
                    # In a transaction still: an error, or a cancellation at any await above.
                    if self._writer.in_transaction:
                        await self._writer.rollback()

    def _count_soon(self) -> None:
        self._behind = True
        if self._counting is None:
            self._counting = asyncio.create_task(self._count_in_time(), name="counting")

    async def within(self, work: Work[T]) -> T:
        waiting = Waiting(work)
        self._waiting.append(waiting)
        if self._working is None:
            self._working = asyncio.create_task(self._work(), name="working")
        return await waiting.future

    async def _work(self) -> None:
        """Does together whatever has come to wait while the last commit was on its way to the disk."""
        try:
            while self._waiting:
                waiting: list[Waiting[Any]] = []
                try:
                    async with self._writing():
                        waiting, self._waiting = self._waiting[:MOST_WORKS], self._waiting[MOST_WORKS:]
                        await self._take(waiting)
                except Exception as error:  # nothing was stored
                    if not waiting:
                        waiting, self._waiting = self._waiting, []
                    for each in waiting:
                        each.error = error
                for each in waiting:
                    each.error = each.error and _said(self.path, each.error)
                    each.tell()
        finally:
            self._working = None

    async def _take(self, waiting: Sequence[Waiting[Any]]) -> None:
        if await self._writer.take(waiting):
            self._count_soon()

    async def _append(self, events: Sequence[Event]) -> None:
        await self._writer.append(events)
        self._count_soon()

    async def _catch_up(self) -> None:
        """Whoever reads counters counts first what is missing, whichever process appended it. Where nothing can be
        written they are read as they are."""
        with contextlib.suppress(Unavailable):
            if await self.read(_BEHIND):
                await self.write(COUNT)

    async def _count_in_time(self) -> None:
        """Counts a moment after an append, and goes on as long as there are more."""
        try:
            while self._behind:
                await asyncio.sleep(COUNT_S)
                await self._count()
        finally:
            self._counting = None

    async def _count(self) -> None:
        self._behind = False
        with contextlib.suppress(Unavailable):  # a full disk or a lock: whoever comes next counts
            await self.write(COUNT)

    async def news(self) -> None:
        await asyncio.sleep(POLL_S)

    async def sizes(self) -> dict[str, int]:
        parts = {"data": self.path, "log": Path(f"{self.path}-wal")}
        return {part: path.stat().st_size if path.exists() else 0 for part, path in parts.items()}

    async def integrity(self) -> list[str]:
        said = [str(row[0]) for row in await self.read("PRAGMA integrity_check")]
        return [] if said == ["ok"] else said

    async def probe(self) -> None:
        async with self.transaction() as tx:
            await tx.all("INSERT OR REPLACE INTO meta VALUES ('probe', hex(randomblob(?)))", (PROBE_BYTES // 2,))

    async def backup(self, target: Path) -> None:
        # Through SQLite's own backup: the only safe way while it is written to.
        with _spoken(target):
            async with aiosqlite.connect(target) as copy:
                await self._reader.backup(copy)
                await copy.execute_fetchall("PRAGMA journal_mode = DELETE")

    async def forget(self) -> None:
        # The log is folded back into the file and cut off, so that no old page stays.
        with _spoken(self.path):
            async with self._writing():
                await self._writer.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")

    async def _connect(self, kind: type[AnyConnection]) -> AnyConnection:
        connection = kind(
            lambda: sqlite3.connect(
                self.path,
                isolation_level=None,
                cached_statements=MAX_CACHED_STATEMENTS,
                timeout=BUSY_TIMEOUT_MS / 1000,
                check_same_thread=kind is not Writer,
            ),
            iter_chunk_size=64,
        )
        await connection
        connection.row_factory = sqlite3.Row
        try:
            check(Engine.SQLITE, await _version(connection), str(self.path))
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


class _Turn(Turn):
    """While the lock of the file is held."""

    def __init__(self, db: SqliteDatabase) -> None:
        self._db = db

    async def append(self, events: Sequence[Event]) -> None:
        if len(events) > MOST_ROWS:
            await self.within(lambda tx: tx.append(events))
        else:
            await self._db._append(events)

    async def within(self, work: Work[T]) -> T:
        waiting = Waiting(work)
        await self._db._take([waiting])
        if waiting.error is not None:
            raise waiting.error
        return waiting.came


async def _version(connection: aiosqlite.Connection) -> int:
    rows = await connection.execute_fetchall("PRAGMA user_version")
    return int(next(iter(rows))[0])


async def _upgrade(connection: aiosqlite.Connection) -> None:
    """Brings a file up to this code's schema; each step is one transaction, and `user_version` says how far it came."""
    present = await _version(connection)
    for number, script in migrations(Engine.SQLITE):
        if number > present:
            try:
                await connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")
            finally:
                if connection.in_transaction:
                    await connection.rollback()


def _said(path: Path, error: Exception) -> Exception:
    """The same error in words."""
    try:
        with _spoken(path):
            raise error
    except Exception as said:
        return said


@contextmanager
def _spoken(path: Path) -> Iterator[None]:
    """Turns what SQLite and the system say into sentences; told apart by code, never by message."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise Taken(str(error)) from error
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
