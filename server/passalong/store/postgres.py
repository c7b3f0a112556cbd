"""PostgreSQL, for more than one machine: the extra `postgres`.

One writer at a time, on whichever server: a lock of the database stands for the lock file of SQLite, so whatever is
true of transactions there is true here. Appending to the ledger takes it within the one statement that it is. Reads run
beside each other. A connection that broke is replaced; what was being stored then is answered as unavailable.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from passalong.domain.address import without_password
from passalong.domain.event import Event
from passalong.errors import Sentence, Unavailable, Unusable
from passalong.store.db import PROBE_BYTES, Contended, Database, Params, Row, T, Taken, Transaction, Turn, Work, retried
from passalong.store.dialect import numbered, of_both
from passalong.store.migrate import Engine, check, migrations
from passalong.store.named import queries

try:
    import asyncpg
except ImportError:  # pragma: no cover - said by `database_at`
    raise Unusable(
        "database: PostgreSQL needs the extra `postgres`: install passalong[postgres], or name a SQLite file."
    ) from None

OLDEST_VERSION = 15
READERS = 4
REPORTERS = 2
CHANNEL = "passalong_catalog"
QUIET_S = 1.0
"""Without a word from the engine the catalog is looked at this often: a notice may be lost with its connection."""
_TURN = "SELECT writers_turn()"
_SESSION = {
    "application_name": "passalong",
    "lock_timeout": "2000",
    "idle_in_transaction_session_timeout": "15000",  # a server that hangs holds up the others no longer
    "synchronous_commit": "on",
    "jit": "off",  # compiling takes longer than any of these statements
    "TimeZone": "UTC",
}
_EVENT = dict.fromkeys(("at_ms", "day", "hop", "visitor"), "bigint")
_COLUMNS = Event.__struct_fields__
_APPEND = (
    f"INSERT INTO events ({', '.join(_COLUMNS)}) SELECT * FROM unnest("
    + ", ".join(f"${place}::{_EVENT.get(name, 'text')}[]" for place, name in enumerate(_COLUMNS, 1))
    + ")"
)


class PostgresTransaction(Transaction):
    def __init__(self, connection: Any, months: set[int]) -> None:
        self._connection = connection
        self._known = months
        self.made: set[int] = set()
        """Months that have room since this transaction; for all to know once it is committed."""

    async def all(self, sql: str, params: Params = ()) -> list[Row]:
        return list(await self._connection.fetch(numbered(sql), *map(_bound, params)))

    async def _many(self, sql: str, rows: Sequence[Params]) -> None:
        await self._connection.executemany(numbered(sql), [[*map(_bound, row)] for row in rows])

    async def append(self, events: Sequence[Event]) -> None:
        if not events:
            return
        for month in {event.day // 100 for event in events} - self._known - self.made:
            await make_room(self._connection, month)
            self.made.add(month)
        await self._connection.execute(_APPEND, *_columns(events))


_OF_PEOPLE = (
    "leads, contacts, conversions, touchpoints, credits, evaluations, invitations, outbox, idempotency, erasures"
)
"""The tables in which an erasure empties rows, or deletes them."""


class PostgresDatabase(Database):
    """One PostgreSQL database, by its address; several servers may share it."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._lock = asyncio.Lock()
        self._months: set[int] = set()
        self._told = asyncio.Event()
        self._listener: Any = None

    async def open(self) -> None:
        with _spoken(self.address, opening=True):
            await self._prepare()
            async with AsyncExitStack() as opened:
                self._writers = await self._pool(opened, 1)
                self._readers = await self._pool(opened, READERS, default_transaction_read_only="on")
                self._reporters = await self._pool(opened, REPORTERS, default_transaction_read_only="on")
                opened.push_async_callback(self._stop_listening)
                self._opened = opened.pop_all()

    async def close(self) -> None:
        async with self._lock:
            await self._opened.aclose()

    async def read(self, sql: str, params: Params = ()) -> list[Row]:
        return await self._fetch(self._readers, sql, params)

    async def report(self, sql: str, params: Params = ()) -> list[Row]:
        return await self._fetch(self._reporters, sql, params)

    async def named(self, file: str, name: str, **params: Any) -> list[Row]:
        with _spoken(self.address):
            async with self._reporters.acquire() as connection:
                asked = getattr(queries(file, "asyncpg", of_both), name)
                bound = {key: _bound(value) for key, value in params.items()}
                return [row async for row in asked(connection, **bound)]

    @retried
    async def write(self, sql: str, params: Params = ()) -> None:
        async with self.transaction() as tx:
            await tx.all(sql, params)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Turn]:
        with _spoken(self.address):
            async with self._lock, self._writers.acquire() as connection:
                yield _Turn(self, connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        with _spoken(self.address):
            async with self._lock, self._writers.acquire() as connection, self._within(connection) as tx:
                yield tx

    @asynccontextmanager
    async def _within(self, connection: Any) -> AsyncIterator[PostgresTransaction]:
        async with connection.transaction():
            await connection.execute(_TURN)
            tx = PostgresTransaction(connection, self._months)
            yield tx
        self._months |= tx.made

    def _has_room(self, events: Sequence[Event]) -> bool:
        return all(event.day // 100 in self._months for event in events)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """One of its own, for copying all there is: neither a writer's turn nor a reader's place is taken."""
        with _spoken(self.address):
            connection = await asyncpg.connect(self.address, server_settings=_SESSION | {"lock_timeout": "60000"})
            try:
                await _numbers(connection)
                yield connection
            finally:
                await connection.close()

    async def news(self) -> None:
        if self._listener is None or self._listener.is_closed():
            await self._listen()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(QUIET_S):  # wait_for may lose a cancellation
                await self._told.wait()
        self._told.clear()

    async def probe(self) -> None:
        async with self.transaction() as tx:
            await tx.all(
                "INSERT INTO meta VALUES ('probe', repeat('0', ?)) ON CONFLICT (name) DO UPDATE SET "
                "value = excluded.value",
                (PROBE_BYTES,),
            )

    async def sizes(self) -> dict[str, int]:
        row = await self.read_one("SELECT pg_database_size(current_database()) AS bytes")
        return {"data": int(row["bytes"]) if row else 0}

    async def integrity(self) -> list[str]:
        return []  # PostgreSQL's own checksums speak when a page is read

    async def backup(self, target: Path) -> None:
        from passalong.store.copying import copy_out

        await copy_out(self, target)

    async def forget(self) -> None:
        with _spoken(self.address):
            async with self._lock, self._writers.acquire() as connection:
                await connection.execute(f"VACUUM {_OF_PEOPLE}")

    async def _prepare(self) -> None:
        """Looks at what is there before anything is touched, and brings the schema up to this code's."""
        connection = await asyncpg.connect(self.address, server_settings=_SESSION)
        try:
            await self._suits(connection)
            async with connection.transaction():
                await connection.execute("SELECT pg_advisory_xact_lock(7238552)")  # of several that start at once, one
                await connection.execute("CREATE TABLE IF NOT EXISTS schema_version (number BIGINT NOT NULL)")
                present = await connection.fetchval("SELECT coalesce(max(number), 0) FROM schema_version")
                check(Engine.POSTGRES, present, without_password(self.address))
                for number, script in migrations(Engine.POSTGRES):
                    if number > present:
                        await connection.execute(script)
                        await connection.execute("INSERT INTO schema_version VALUES ($1)", number)
            rows = await connection.fetch("SELECT inhrelid::regclass::text AS part FROM pg_inherits "
                                          "WHERE inhparent = 'events'::regclass")  # fmt: skip
            self._months = {int(row["part"].rpartition("_")[2]) for row in rows}
        finally:
            await connection.close()

    async def _suits(self, connection: Any) -> None:
        """Raises Unusable for a server that is too old, or a database that would sort or store text otherwise."""
        version = connection.get_server_version()
        if version.major < OLDEST_VERSION:
            raise Unusable(f"database: PostgreSQL {version.major} is too old; {OLDEST_VERSION} or newer is needed.")
        row = await connection.fetchrow(
            "SELECT pg_encoding_to_char(encoding) AS encoding, datcollate AS locale FROM pg_database "
            "WHERE datname = current_database()"
        )
        if row["encoding"] != "UTF8" or row["locale"] not in {"C", "POSIX", "C.UTF-8", "C.utf8"}:
            raise Unusable(
                f"database: {without_password(self.address)} has the encoding {row['encoding']} and the locale "
                f"{row['locale']}; make one with UTF8 and C: CREATE DATABASE … TEMPLATE template0 "
                "ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'."
            )

    async def _pool(self, opened: AsyncExitStack, size: int, **session: str) -> Any:
        pool = await asyncpg.create_pool(
            self.address, min_size=1, max_size=size, server_settings={**_SESSION, **session}, init=_numbers,
            reset=_nothing, command_timeout=None,
        )  # fmt: skip
        opened.push_async_callback(_closed, pool)
        return pool

    async def _fetch(self, pool: Any, sql: str, params: Params) -> list[Row]:
        with _spoken(self.address):
            return list(await pool.fetch(numbered(sql), *map(_bound, params)))

    async def _listen(self) -> None:
        """Hears of the catalog's changes from now on; tried again at the next turn if the server is gone."""
        with contextlib.suppress(Unavailable), _spoken(self.address):
            self._listener = await asyncpg.connect(self.address, server_settings=_SESSION)
            await self._listener.add_listener(CHANNEL, lambda *_: self._told.set())
            self._told.set()

    async def _stop_listening(self) -> None:
        if self._listener is not None and not self._listener.is_closed():
            await self._listener.close()


class _Turn(Turn):
    """With the one connection that writes: whoever waits on another server waits in the statement."""

    def __init__(self, db: PostgresDatabase, connection: Any) -> None:
        self._db, self._connection = db, connection

    async def append(self, events: Sequence[Event]) -> None:
        if self._db._has_room(events):
            await self._connection.execute(_APPEND, *_columns(events))
        else:
            await self.within(lambda tx: tx.append(events))

    async def within(self, work: Work[T]) -> T:
        async with self._db._within(self._connection) as tx:
            return await work(tx)


async def make_room(connection: Any, month: int) -> None:
    """The part of the ledger for a month (202611), if it is not there yet."""
    await connection.execute("SELECT events_room($1)", month)


def _bound(value: Any) -> Any:
    """A value as it is bound. PostgreSQL's text has no NUL; what holds one is found nowhere, and kept with a sign
    that something is missing."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value


def _columns(events: Sequence[Event]) -> list[list[Any]]:
    """The values of many rows, a list for each column."""
    return [[getattr(event, name) for event in events] for name in _COLUMNS]


async def _numbers(connection: Any) -> None:
    """Sums of whole numbers come as whole numbers, as SQLite gives them."""
    await connection.set_type_codec("numeric", encoder=str, decoder=_number, schema="pg_catalog", format="text")


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)


async def _nothing(connection: Any) -> None:
    """Nothing is left on a connection that would need resetting: no session state is ever set."""


async def _closed(pool: Any) -> None:
    try:
        async with asyncio.timeout(5):
            await pool.close()
    except (TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        pool.terminate()


@contextmanager
def _spoken(address: str, *, opening: bool = False) -> Iterator[None]:
    """Turns what PostgreSQL and the network say into sentences; told apart by code, never by message."""
    try:
        yield
    except asyncpg.IntegrityConstraintViolationError as error:
        raise Taken(str(error)) from error
    except asyncpg.PostgresError as error:
        code = str(error.sqlstate or "")
        if opening and (code[:2] in {"28", "3D"} or code == "42501"):
            raise Unusable(f"database: {without_password(address)}: {error}.") from error
        if code == "53100":
            raise Unavailable(Sentence("The disk is full; nothing was stored."), retry_after_s=30) from error
        if code in {"40001", "40P01"}:
            raise Contended from error
        if code in {"55P03", "57014"}:
            raise Unavailable(Sentence("The database is locked; nothing was stored."), retry_after_s=5) from error
        if code[:2] in {"08", "53", "57", "58"} or code == "25006":
            raise _gone(address, opening, error) from error
        raise
    except (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError) as error:
        # The second is what a connection says that was cut while it was being read from.
        raise _gone(address, opening, error) from error


def _gone(address: str, opening: bool, error: BaseException) -> Unavailable | Unusable:
    if opening:
        return Unusable(f"database: {without_password(address)} cannot be reached: {error}.")
    return Unavailable(Sentence("The database cannot be reached; nothing was stored."), retry_after_s=5)
