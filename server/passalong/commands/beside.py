"""The server of a console that looks at a local database: a process beside the console's own.

Both start at the same time and neither waits for the other's imports; what the server works out never holds up a key.
The console speaks HTTP to it as to any server, over a socket in a folder that nobody else can enter. The socket
listens before the server runs, so that the first question waits there, and nobody has to look whether it is up yet.

The server hears over a pipe what to serve, and ends when that pipe does: however the console ends, by kill -9 too.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import asyncio

    import httpx2

    from passalong.settings import Settings
    from passalong.web.desk import Desk

_CONFIG = "PASSALONG_CONFIG"
_WAITING = 16
"""Connections that may wait to be taken."""
_LONGEST_FOLDER = 90
"""Of the socket's path, systems take 103 to 107 bytes."""
_REST_S = 1.0
"""After the first answers, before the rest of the API is put together."""
_AGAIN_S = 1.0
"""Before a server that was killed is started anew."""
_PATIENCE_S = 5.0
"""For a server that nobody needs any more to close its database."""


class Beside:
    """The server beside. `with` starts it at once, and leaves nothing of it behind."""

    def __enter__(self) -> Self:
        self._told = b""
        self._folder = _private_folder()
        self._path = self._folder / "http"
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(self._path))
        self._listening.listen(_WAITING)
        self._server = self._started()
        return self

    def __exit__(self, *raised: object) -> None:
        self._listening.close()
        _close(self._server)
        shutil.rmtree(self._folder, ignore_errors=True)

    def tell(self, config: Settings, secret: str) -> None:
        """Says what to serve, and which key to let in. Not by arguments, which everybody on the machine can read."""
        import msgspec

        self._told = msgspec.json.encode((config, secret, os.environ.get(_CONFIG))) + b"\n"
        self._pass_on()

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[httpx2.AsyncBaseTransport]:
        """The way to the server. If that says that it cannot serve, whoever is in here is cancelled, and Unusable with
        its sentence raised."""
        import asyncio

        from passalong.errors import Unusable

        console = asyncio.current_task()
        watch = asyncio.create_task(self._watch(), name="beside")
        over = False

        def tell_the_console(_: asyncio.Task[str]) -> None:
            if console is not None and not over:
                console.cancel()

        watch.add_done_callback(tell_the_console)
        try:
            yield _way_to(self._path)
        except asyncio.CancelledError:
            if not watch.done():
                raise
        finally:
            over = True
            watch.cancel()
        if watch.done() and not watch.cancelled():
            if console is not None:
                console.uncancel()
            raise Unusable(watch.result())

    async def _watch(self) -> str:
        """Starts a server that was killed anew; comes back when one says why it cannot serve, with what it says."""
        import asyncio

        while True:
            said = await _last_words(self._server)
            if self._server.wait() > 0:
                return said
            await asyncio.sleep(_AGAIN_S)
            _close(self._server)
            self._server = self._started()
            self._pass_on()

    def _pass_on(self) -> None:
        pipe = self._server.stdin
        if pipe is not None:
            with suppress(BrokenPipeError):  # what it says on its end is heard by whoever watches
                pipe.write(self._told)
                pipe.flush()

    def _started(self) -> subprocess.Popen[bytes]:
        number = self._listening.fileno()
        code = f"from passalong.commands.beside import serve; serve({number}, {str(self._folder)!r})"
        return subprocess.Popen(  # noqa: S603 - of this very program
            [sys.executable, "-P", "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=[number],
            # It finds what the console has found, and nothing else in the folder where both happen to run.
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,  # keys that interrupt or suspend the console are not meant for it
        )


def _private_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="passalong-"))
    if len(os.fsencode(folder)) > _LONGEST_FOLDER:
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix="passalong-", dir="/tmp"))
    return folder


def _close(server: subprocess.Popen[bytes]) -> None:
    """Lets a server end, and sees to it that it does."""
    with server:  # which closes its pipes and waits
        if server.stdin is not None:
            with suppress(BrokenPipeError):
                server.stdin.close()
        try:
            server.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            server.kill()


async def _last_words(server: subprocess.Popen[bytes]) -> str:
    """The last line that a server says on standard error, when it has said everything."""
    import asyncio

    line = ""
    reader = asyncio.StreamReader()
    pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), server.stderr
    )
    try:
        async for said in reader:
            line = said.decode(errors="replace").strip() or line
    finally:
        pipe.close()
    return line or "The server beside the console has ended."


def _way_to(path: Path) -> httpx2.AsyncBaseTransport:
    import httpx2

    class Way(httpx2.AsyncHTTPTransport):
        """Plain HTTP through the socket, whatever the address by which the world reaches this database's pages."""

        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            request.url = request.url.copy_with(scheme="http")
            return await super().handle_async_request(request)

    return Way(uds=str(path), verify=False)  # without TLS, nothing is to be verified: and that takes 30 ms to load


def serve(number: int, folder: str) -> None:
    """The life of the server: on the listening socket of that number, until the pipe at standard input ends."""
    import asyncio
    import gc

    gc.disable()  # nothing of what is imported and wired is ever rubbish, and looking for it takes a fifth of the time
    import msgspec

    from passalong.app import create_desk
    from passalong.errors import PassalongError, refusal_in
    from passalong.settings import Settings

    line = sys.stdin.buffer.readline()
    if line:
        config, secret, file = msgspec.json.decode(line, type=tuple[Settings, str, str | None])
        if file is not None:
            os.environ[_CONFIG] = file  # it tells where its settings stand
        try:
            desk = create_desk(config, secret)
            gc.freeze()
            gc.enable()
            asyncio.run(_serve(socket.socket(fileno=number), desk))
        except* PassalongError as raised:
            sys.exit(str(refusal_in(raised)))
    shutil.rmtree(folder, ignore_errors=True)


async def _serve(listening: socket.socket, desk: Desk) -> None:
    import asyncio

    import uvicorn

    server = uvicorn.Server(
        uvicorn.Config(
            desk, loop="none", http="httptools", ws="none", lifespan="off", log_config=None, access_log=False,
            server_header=False, proxy_headers=False,
        )
    )  # fmt: skip
    loop = asyncio.get_running_loop()
    alone = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), alone.set)  # which is never written to again: it can only end
    loop.call_later(_REST_S, desk.complete)
    async with desk.lifespan():
        serving = asyncio.create_task(server.serve([listening]))
        left = asyncio.create_task(alone.wait())
        await asyncio.wait([serving, left], return_when=asyncio.FIRST_COMPLETED)
        loop.remove_reader(sys.stdin.fileno())
        # Nobody reads any answer now. What is being stored is stored whole, or not at all.
        tasks = [serving, left, *server.server_state.tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
