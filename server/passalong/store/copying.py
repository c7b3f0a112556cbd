"""A whole database from one engine into another: what SQLite has outgrown goes on in PostgreSQL, and a copy of
PostgreSQL is a SQLite file.

Rows are copied as they are, counters and all, with triggers at rest, from a snapshot of one moment: whoever writes
meanwhile is not held up. Of the ledger goes what its counters hold. Copied again, it goes on where it ended and all
else is replaced, so that a second run, with the servers stopped, brings what was written during the first.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import aiosqlite
from msgspec import Struct

from passalong.errors import Unusable
from passalong.store.postgres import PostgresDatabase, make_room
from passalong.store.sqlite import SqliteDatabase

ROWS = 5_000
"""So many rows are in memory at a time."""
LEDGER = "events"
"""The one table that is only added to."""
_SCRATCH = "happened"
"""A table of SQLite alone, empty between two statements."""

Rows = Sequence[Sequence[Any]]


class Table(Struct, frozen=True):
    """A table with the columns that both engines keep; `rows` are those of the source in its snapshot, of the ledger as
    far as it is counted there."""

    name: str
    columns: tuple[str, ...]
    rows: int

    @property
    def listed(self) -> str:
        return ", ".join(f'"{column}"' for column in self.columns)

    def after(self, seq: int) -> str:
        """The statement that reads it; of the ledger what is counted, from behind an event."""
        bound = _counted(self.name, f"seq > {seq} AND ") + " ORDER BY seq" if self.name == LEDGER else ""
        return f"SELECT {self.listed} FROM {self.name}{bound}"


class Copied(Struct, frozen=True):
    """What came of a copy: rows that were written, rows in all, and tables whose contents are not the same."""

    written: int
    rows: int
    different: list[str]


class Side(Protocol):
    """One database while it is copied from or to."""

    async def rows(self, sql: str, *params: Any) -> Rows: ...
    def stream(self, sql: str) -> AsyncIterator[Rows]: ...


class SqliteSide:
    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def rows(self, sql: str, *params: Any) -> Rows:
        return list(await self._connection.execute_fetchall(sql, params))

    async def stream(self, sql: str) -> AsyncIterator[Rows]:
        async with self._connection.execute(sql) as cursor:
            while some := list(await cursor.fetchmany(ROWS)):
                yield some

    async def load(self, table: Table, rows: Rows) -> None:
        marks = ",".join("?" * len(table.columns))
        await self._connection.executemany(f"INSERT INTO {table.name} ({table.listed}) VALUES ({marks})", rows)


class PostgresSide:
    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._streams = 0

    async def rows(self, sql: str, *params: Any) -> Rows:
        return [tuple(row) for row in await self._connection.fetch(sql.replace("?", "$1"), *params)]

    async def stream(self, sql: str) -> AsyncIterator[Rows]:
        self._streams += 1
        name = f"copying_{self._streams}"  # of its own: the driver remembers the columns of a statement
        await self._connection.execute(f"DECLARE {name} NO SCROLL CURSOR FOR {sql}")
        while some := await self._connection.fetch(f"FETCH {ROWS} FROM {name}"):
            yield some
        await self._connection.execute(f"CLOSE {name}")  # a table that is still being read cannot be altered

    async def load(self, table: Table, rows: Rows) -> None:
        if table.name == LEDGER:
            day = table.columns.index("day")
            for month in {row[day] // 100 for row in rows}:
                await make_room(self._connection, month)
        await self._connection.copy_records_to_table(
            table.name, columns=table.columns, records=[tuple(row) for row in rows]
        )


async def copy_in(
    source: SqliteDatabase, target: PostgresDatabase, progress: Callable[[int, int], object] = lambda done, of: None
) -> Copied:
    """Copies a SQLite file, which may be in use, into an opened PostgreSQL database; `progress` hears of rows done and
    rows in all. Both must be opened, and so are of this code's schema. Raises Unusable for a target that holds another
    database's rows."""
    await source.report("SELECT 1")  # which counts what has not been counted
    async with _sqlite_snapshot(source) as here, _postgres_loading(target) as there:
        tables = await _tables(here, there)
        await _refuse_another(here, there)
        written = await _copy(here, there, tables, progress)
        await _go_on_counting(there)
        return Copied(written, sum(table.rows for table in tables), await _different(here, there, tables))


async def copy_out(source: PostgresDatabase, target: Path) -> None:
    """Copies a PostgreSQL database, which may be in use, into a new SQLite file."""
    made = SqliteDatabase(target)
    await made.open()
    await made.close()
    async with _postgres_snapshot(source) as there, _sqlite_loading(target) as here:
        await _copy(there, here, await _tables(here, there, source=there))


async def _copy(
    source: Side, target: SqliteSide | PostgresSide, tables: Sequence[Table],
    progress: Callable[[int, int], object] = lambda done, of: None,
) -> int:  # fmt: skip
    of, done, written = sum(table.rows for table in tables), 0, 0
    for table in reversed(tables):  # what leans on a row goes before it
        if table.name != LEDGER:
            await target.rows(f"DELETE FROM {table.name}")
    for table in tables:
        last = 0
        if table.name == LEDGER:
            [(last, known)] = await target.rows(f"SELECT coalesce(max(seq), 0), count(*) FROM {LEDGER}")
            done += known
        async for some in source.stream(table.after(last)):
            await target.load(table, some)
            done, written = done + len(some), written + len(some)
            progress(done, of)
    return written


async def _tables(here: SqliteSide, there: PostgresSide, source: Side | None = None) -> list[Table]:
    """All tables with the columns that both sides have, those that others lean on first."""
    found = await here.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    names = sorted((str(name) for (name,) in found if name != _SCRATCH), key=lambda name: (name != "conversions", name))
    tables = []
    for name in names:
        mine = [row[1] for row in await here.rows(f"PRAGMA table_info({name})")]
        theirs = {column for (column,) in await there.rows(
            "SELECT column_name::text FROM information_schema.columns WHERE table_schema = current_schema() "
            "AND table_name = ? AND is_generated = 'NEVER'", name)}  # fmt: skip
        [(rows,)] = await (source or here).rows(f"SELECT count(*) FROM {name}{_counted(name)}")
        tables.append(Table(name, tuple(column for column in mine if column in theirs), rows))
    return tables


def _counted(table: str, more: str = "") -> str:
    """Which rows of a table go along: all, but of the ledger those that the counters of the same moment hold."""
    return f" WHERE {more}seq <= (SELECT seq FROM counted)" if table == LEDGER else ""


async def _refuse_another(here: Side, there: Side) -> None:
    asked = "SELECT value FROM meta WHERE name = 'address_key'"
    [(known,)] = await there.rows("SELECT count(*) FROM events")
    if known and await here.rows(asked) != await there.rows(asked):
        raise Unusable("The target holds the ledger of another database; nothing was copied. Name an empty one.")


async def _different(here: Side, there: Side, tables: Iterable[Table]) -> list[str]:
    """Tables whose rows are not the same on both sides, whatever their order."""
    return [table.name for table in tables if await _sum(here, table) != await _sum(there, table)]


async def _sum(side: Side, table: Table) -> tuple[int, int]:
    count, total = 0, 0
    async for some in side.stream(table.after(0)):
        for row in some:
            count += 1
            total += int.from_bytes(hashlib.blake2b(repr(tuple(row)).encode(), digest_size=8).digest())
    return count, total % 2**64


async def _go_on_counting(there: PostgresSide) -> None:
    """Numbers drawn from now on are above those that were copied."""
    drawn = await there.rows(
        "SELECT table_name::text, column_name::text, pg_get_serial_sequence(table_name, column_name) "
        "FROM information_schema.columns WHERE table_schema = current_schema() AND is_identity = 'YES'"
    )
    for table, column, sequence in (*drawn, ("events", "seq", "events_seq")):
        await there.rows(
            f"SELECT setval('{sequence}', greatest((SELECT coalesce(max({column}), 0) FROM {table}), 1), "
            f"EXISTS (SELECT 1 FROM {table}))"
        )


@asynccontextmanager
async def _sqlite_snapshot(database: SqliteDatabase) -> AsyncIterator[SqliteSide]:
    async with aiosqlite.connect(f"file:{database.path}?mode=ro", uri=True, isolation_level=None) as connection:
        await connection.execute_fetchall("BEGIN")
        yield SqliteSide(connection)


@asynccontextmanager
async def _sqlite_loading(path: Path) -> AsyncIterator[SqliteSide]:
    async with aiosqlite.connect(path, isolation_level=None) as connection:
        connection.row_factory = sqlite3.Row
        triggers = list(await connection.execute_fetchall("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
        await connection.execute_fetchall("PRAGMA foreign_keys = OFF")
        await connection.execute_fetchall("BEGIN IMMEDIATE")
        for trigger in triggers:
            await connection.execute_fetchall(f"DROP TRIGGER {trigger['name']}")
        yield SqliteSide(connection)
        for trigger in triggers:
            await connection.execute_fetchall(trigger["sql"])
        await connection.execute_fetchall("COMMIT")
        await connection.execute_fetchall("PRAGMA journal_mode = DELETE")


@asynccontextmanager
async def _postgres_snapshot(database: PostgresDatabase) -> AsyncIterator[PostgresSide]:
    async with (
        database.connection() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        yield PostgresSide(connection)


@asynccontextmanager
async def _postgres_loading(database: PostgresDatabase) -> AsyncIterator[PostgresSide]:
    """In one transaction, so that an interrupted copy leaves nothing."""
    async with database.connection() as connection, connection.transaction():
        await connection.execute("SELECT writers_turn()")
        tables = await connection.fetch(
            "SELECT DISTINCT tgrelid::regclass::text AS name FROM pg_trigger WHERE NOT tgisinternal AND tgparentid = 0"
        )
        for table in tables:
            await connection.execute(f"ALTER TABLE {table['name']} DISABLE TRIGGER USER")
        yield PostgresSide(connection)
        for table in tables:
            await connection.execute(f"ALTER TABLE {table['name']} ENABLE TRIGGER USER")
