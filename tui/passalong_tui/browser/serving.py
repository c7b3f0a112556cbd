"""Serves a page with a terminal in it, and a console of its own behind each.

The terminal and the way to the console are textual-serve's; its page is not, since that asks another host for a font.
"""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler
from textual_serve.server import Server

from passalong.errors import Unusable
from passalong_tui.browser.door import LOOPBACK, Door, dress

HERE = Path(__file__).parent
LEAVING_S = 2.0
"""How long consoles have to end when the server does."""


async def serve_until_interrupted(command: str, port: int) -> None:
    """Raises Unusable where the port cannot be had."""
    ended = _interruption()  # heard of from the first: whoever reads the address may end it at once
    door = Door()
    runner = web.AppRunner(application(command, door), access_log=None, shutdown_timeout=LEAVING_S)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, LOOPBACK, port).start()
        except OSError as error:
            raise Unusable(f"Port {port} cannot be had here ({error.strerror}). Choose another with --port.") from None
        print(f"The console is at {door.open(runner.addresses[0][1])}", flush=True)
        print("Whoever has this address has the console. Ctrl+C ends it.", flush=True)
        await ended.wait()
    finally:
        await runner.cleanup()


def application(command: str, door: Door) -> web.Application:
    terminal = Server(command, host=LOOPBACK, title="Passalong")
    app = web.Application(middlewares=[door.guard])
    app.on_response_prepare.append(dress)
    app.add_routes(
        [
            web.get("/", _file("page.html")),
            web.get("/page.css", _file("page.css")),
            web.get("/page.js", _file("page.js")),
            web.get("/ws", terminal.handle_websocket),
            web.get("/download/{key}", terminal.handle_download),
            web.static("/static", terminal.statics_path),
        ]
    )
    return app


def _file(name: str) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.FileResponse(HERE / name)

    return answer


def _interruption() -> asyncio.Event:
    """Comes with the first signal to end."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for kind in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(kind, ended.set)
    return ended
