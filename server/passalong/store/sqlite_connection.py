"""The connection that writes to a SQLite file: what it waits for on the spot, and what in its thread."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import aiosqlite

from passalong.domain.event import Event
from passalong.store.sqlite_transaction import Waiting, done, flat, insertion

BUSY_TIMEOUT_MS = 2_000

Pragmas = tuple[tuple[str, int], ...]
"""Names and values for `PRAGMA`."""


class Writer(aiosqlite.Connection):
    """Its thread also takes whole transactions; and while the disk is quick, events are not handed
    to it at all. Opens with `check_same_thread=False`."""

    QUICK_S = 0.002
    """A disk this quick is waited for on the spot: to change threads and back takes longer than the flush does."""
    FORGETS = 0.95
    """How much of its slowest flush is held against a disk after each that was quicker."""
    IN_THREAD: Pragmas = (("busy_timeout", BUSY_TIMEOUT_MS), ("wal_autocheckpoint", 1_000))
    """There it may wait: for programs that know nothing of our lock file, and for the log to be folded into the file,
    once it has so many pages."""
    ON_THE_SPOT: Pragmas = (("busy_timeout", 0), ("wal_autocheckpoint", 0))

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._pace_s = self.QUICK_S
        """The slowest flush of late."""
        self._set: Pragmas = ()

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """As the library's; but who is cancelled waits until the thread has done what it was asked to: whoever writes
        next has the connection alone, and finds no transaction that was begun for nobody."""
        try:
            return await super()._execute(self._in_thread, fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        except asyncio.CancelledError:
            idle = asyncio.ensure_future(super()._execute(_nothing))  # type: ignore[no-untyped-call]
            while not idle.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([idle])
            raise

    def _in_thread(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self._settle(self.IN_THREAD)
        return fn(*args, **kwargs)

    def _settle(self, pragmas: Pragmas) -> None:
        if pragmas is not self._set:
            for name, value in pragmas:
                self._conn.execute(f"PRAGMA {name} = {value}")
            self._set = pragmas

    async def append(self, events: Sequence[Event]) -> None:
        """Adds to the ledger, in a transaction of its own. A flush that is slow holds up the event loop only if none
        was among the last few dozen: those after it are waited for in the thread."""
        if self._pace_s < self.QUICK_S:
            try:
                self._settle(self.ON_THE_SPOT)
                self._append(events)
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
        await self._execute(self._append, events)

    def _append(self, events: Sequence[Event]) -> None:
        began_s = time.perf_counter()
        try:
            self._conn.execute(insertion(len(events)), flat(events))
        finally:
            self._pace_s = max(time.perf_counter() - began_s, self._pace_s * self.FORGETS)

    async def take(self, waiting: Sequence[Waiting[Any]]) -> bool:
        """As `done`."""
        return bool(await self._execute(done, self._conn, waiting))


def _nothing() -> None:
    """What the thread does after all that came before."""
