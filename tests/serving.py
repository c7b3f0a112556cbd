"""A real server on a real port with a real SQLite file: what most tests talk to."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import uvicorn

from factories import ADMIN_KEY, Server, seed, settings_for
from passalong.app import create_app
from passalong.commands.common import UVICORN
from passalong.outgoing.asking import trust
from ports import free_port


class Clock:
    """Real time, moved on by hand: `clock.ms += …`."""

    def __init__(self) -> None:
        self.ms = 0

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000 + self.ms


def client(address: str, headers: dict[str, str], **more: Any) -> httpx2.Client:
    """A client of a server on this machine. Certificates are read once for all of them: that takes 30 ms."""
    return httpx2.Client(base_url=address, headers=headers, verify=trust(), timeout=20, **more)


@contextmanager
def serving(folder: Path, clock: Clock, *, seeded: bool = True, port: int = 0, **more: Any) -> Iterator[Server]:
    """A running server with a vendor, two customers, mechanics of every gate and assets of every kind; without
    them unless it is `seeded`. Its `port` is any that is free, unless told; `more` are settings beside those of every
    test."""
    port = port or free_port()
    address = f"http://127.0.0.1:{port}"
    config = settings_for(folder, **{"base_url": address, **more})
    app = create_app(config, clock, operator_key=ADMIN_KEY)
    runner = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, **UVICORN))
    thread = threading.Thread(target=runner.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not runner.started:
        assert thread.is_alive(), "the server did not start"
        assert time.monotonic() < deadline, "the server did not start in time"
        time.sleep(0.005)
    with (
        client(address, {"authorization": f"Bearer {ADMIN_KEY}"}) as api,
        client(address, {"user-agent": "Mozilla/5.0 (X11) Firefox/140.0"}) as viewer,
    ):
        if seeded:
            seed(api)
        try:
            yield Server(config=config, address=address, api=api, viewer=viewer)
        finally:
            runner.should_exit = True
            thread.join(timeout=10)
