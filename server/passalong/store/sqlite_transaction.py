"""Transactions of a SQLite file: statement by statement from the event loop, or many of them whole in the connection's
own thread, with one commit.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, Generic

import aiosqlite

from passalong.domain.event import Event
from passalong.store.db import Params, Row, T, Transaction, Work

MOST_ROWS = 128
"""So many events in one statement: more marks than 32,766 are refused, and few batches are larger."""
COUNT = "UPDATE counted SET seq = (SELECT max(seq) FROM events) WHERE seq < (SELECT max(seq) FROM events)"
_EVENT_COLUMNS = Event.__struct_fields__


class _SqliteTransaction(Transaction):
    async def append(self, events: Sequence[Event]) -> None:
        for start in range(0, len(events), MOST_ROWS):
            some = events[start : start + MOST_ROWS]
            await self.all(insertion(len(some)), flat(some))


class FromAfar(_SqliteTransaction):
    """Each statement goes to the connection's thread by itself, and is waited for. What is appended is counted."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def append(self, events: Sequence[Event]) -> None:
        await super().append(events)
        await self.all(COUNT)

    async def all(self, sql: str, params: Params = ()) -> list[Row]:
        return list(await self._connection.execute_fetchall(sql, params))

    async def _many(self, sql: str, rows: Sequence[Params]) -> None:
        await self._connection.executemany(sql, rows)


class _AtHand(_SqliteTransaction):
    """For work that is in the connection's thread itself. What is appended is to be counted."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.appended = False

    async def append(self, events: Sequence[Event]) -> None:
        await super().append(events)
        self.appended = True

    async def all(self, sql: str, params: Params = ()) -> list[Row]:
        return self._connection.execute(sql, params).fetchall()

    async def _many(self, sql: str, rows: Sequence[Params]) -> None:
        self._connection.executemany(sql, rows)


class Waiting(Generic[T]):
    """Work that waits to be done, and then what came of it."""

    def __init__(self, work: Work[T]) -> None:
        self.work = work
        self.future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.came: T
        self.error: Exception | None = None

    def tell(self) -> None:
        if self.future.done():
            return  # nobody waits any more; it is done all the same
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.came)


class _Failed(Exception):
    """One of several cannot be done."""


def done(connection: sqlite3.Connection, waiting: Sequence[Waiting[Any]]) -> bool:
    """Does some work, each all or nothing, and commits it together. Gives whether there is something to count. Only
    where one of them fails has each a savepoint, which costs two more statements and a copy of every page touched."""
    with suppress(_Failed), _committed(connection):
        return _at_once(connection, waiting)
    with _committed(connection):
        return _each_apart(connection, waiting)


@contextmanager
def _committed(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.rollback()


def _at_once(connection: sqlite3.Connection, waiting: Sequence[Waiting[Any]]) -> bool:
    tx = _AtHand(connection)
    try:
        for each in waiting:
            each.came = _driven(each.work(tx))
    except Exception as error:
        raise _Failed from error
    return tx.appended


def _each_apart(connection: sqlite3.Connection, waiting: Sequence[Waiting[Any]]) -> bool:
    appended = False
    for each in waiting:
        connection.execute("SAVEPOINT work")
        tx = _AtHand(connection)
        try:
            each.came = _driven(each.work(tx))
            appended = appended or tx.appended
        except Exception as error:
            if not connection.in_transaction:  # SQLite has taken all of it back: a full disk, say
                raise
            each.error = error
            connection.execute("ROLLBACK TO work")
        connection.execute("RELEASE work")
    return appended


def _driven(work: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine that waits for nothing, without an event loop. Raises RuntimeError if it does wait."""
    try:
        work.send(None)
    except StopIteration as over:
        came: T = over.value
        return came
    work.close()
    raise RuntimeError("Work within a transaction has waited for something else.")


@cache
def insertion(rows: int) -> str:
    marks = "(" + ",".join("?" * len(_EVENT_COLUMNS)) + ")"
    return f"INSERT INTO events ({','.join(_EVENT_COLUMNS)}) VALUES {','.join([marks] * rows)}"


_plain = str.__str__


def flat(events: Sequence[Event]) -> list[Any]:
    """The values of many rows in one list. Enum members go as plain text, which SQLite takes without a detour."""
    values: list[Any] = []
    for e in events:
        values += (
            e.at_ms, e.day, _plain(e.kind), _plain(e.actor), e.share, e.customer, e.mechanic, e.asset, e.hop, e.visitor,
            e.lead, e.ref,
        )  # fmt: skip
    return values
