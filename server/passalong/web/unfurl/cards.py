"""Cards are drawn once and kept as files, named by all that is on them; what has changed has another name.

resvg holds the interpreter's lock for a tenth of a second and more, which would stall every viewer: cards are drawn
one at a time in a process of their own, started with the first one and polite to the rest of the machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import multiprocessing
import os
import signal
import tempfile
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import msgspec

from passalong.errors import TooMany, Unavailable
from passalong.web.unfurl.card import Card, edition

MAX_FILES = 5000
MAX_WAITING = 200
_RETRY_AFTER_S = 10


class Cards:
    """The kept cards of a folder. One per event loop; several processes may share the folder."""

    def __init__(self, folder: Path, *, max_files: int = MAX_FILES, max_waiting: int = MAX_WAITING) -> None:
        self._folder = folder
        self._max_files = max_files
        self._max_waiting = max_waiting
        self._edition = edition().encode()
        self._drawing: dict[str, asyncio.Task[Path]] = {}
        self._turn = asyncio.Lock()
        self._pool: ProcessPoolExecutor | None = None

    async def png(self, card: Card) -> Path:
        """The file of this card, drawn if there is none yet; equal cards asked for at once are drawn once. Raises
        TooMany when too many others wait, Unavailable when the disk or the machine refuses."""
        path, task = self._begin(card)
        return path if task is None else await asyncio.shield(task)  # whoever asked may leave; others wait for it too

    def soon(self, card: Card) -> None:
        """Starts drawing a card that will be asked for. With too many waiting, whoever asks will start it."""
        with contextlib.suppress(TooMany):
            self._begin(card)

    def _begin(self, card: Card) -> tuple[Path, asyncio.Task[Path] | None]:
        """Where the card is kept, and the drawing of it to wait for, if it is not there yet. Raises TooMany."""
        name = hashlib.sha256(self._edition + msgspec.msgpack.encode(card)).hexdigest()[:40] + ".png"
        path = self._folder / name
        if _exists(path):
            return path, None
        task = self._drawing.get(name)
        if task is None:
            if len(self._drawing) >= self._max_waiting:
                raise TooMany(_RETRY_AFTER_S)
            task = self._drawing[name] = asyncio.create_task(self._made(card, path))
            task.add_done_callback(lambda done: self._forget(name, done))
        return path, task

    async def close(self) -> None:
        """Ends the process. Cards not yet drawn are not waited for."""
        for task in list(self._drawing.values()):
            task.cancel()
        await asyncio.gather(*self._drawing.values(), return_exceptions=True)
        pool, self._pool = self._pool, None
        if pool:
            await asyncio.to_thread(pool.shutdown, cancel_futures=True)

    def _forget(self, name: str, done: asyncio.Task[Path]) -> None:
        del self._drawing[name]
        if not done.cancelled():
            done.exception()  # seen, even if everybody who asked has left

    async def _made(self, card: Card, path: Path) -> Path:
        async with self._turn:
            try:
                png = await self._drawn(card)
                await asyncio.to_thread(self._keep, path, png)
            except BrokenProcessPool as error:
                raise Unavailable("The card could not be drawn.", _RETRY_AFTER_S) from error
            except OSError as error:
                raise Unavailable(f"The card could not be stored: {error.strerror}.", _RETRY_AFTER_S) from error
        return path

    async def _drawn(self, card: Card) -> bytes:
        try:
            return await self._in_worker(card)
        except BrokenProcessPool:  # killed, perhaps for its memory
            return await self._in_worker(card)

    async def _in_worker(self, card: Card) -> bytes:
        if self._pool is None:
            spawn = multiprocessing.get_context("spawn")  # a fork would copy locks that other threads hold
            self._pool = ProcessPoolExecutor(max_workers=1, mp_context=spawn, initializer=_settle_in)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, _draw, card)
        except BrokenProcessPool:
            self._pool.shutdown(wait=False)
            self._pool = None
            raise

    def _keep(self, path: Path, png: bytes) -> None:
        """Whole or not at all, and not more than the folder may hold."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._folder, prefix=".", delete=False) as draft:
            try:
                draft.write(png)
                draft.flush()
                os.fsync(draft.fileno())  # or a power cut might leave an empty card for ever
                Path(draft.name).replace(path)
            except BaseException:
                Path(draft.name).unlink(missing_ok=True)
                raise
        self._prune()

    def _prune(self) -> None:
        with os.scandir(self._folder) as entries:
            kept = list(entries)
        if len(kept) > self._max_files:
            kept.sort(key=_age)
            for entry in kept[: len(kept) - self._max_files]:
                Path(entry).unlink(missing_ok=True)


def _exists(path: Path) -> bool:
    return path.is_file()


def _age(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat().st_mtime_ns
    except FileNotFoundError:  # another process prunes too
        return 0


def _draw(card: Card) -> bytes:
    """In the worker, which alone loads what draws."""
    from passalong.web.unfurl.drawing import draw

    return draw(card)


def _settle_in() -> None:
    """In the worker: last in line for the processor, deaf to Ctrl-C, and gone when the server is gone."""
    os.nice(19)
    with contextlib.suppress(AttributeError, OSError):  # only Linux knows work that waits for an idle processor
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    """A killed server cannot end its worker, and the worker would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
    os._exit(0)
