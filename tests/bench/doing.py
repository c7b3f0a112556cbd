"""The server under load: the real application or the bare ceiling, each in a process of its own, on one core.

python tests/bench/doing.py CORE app PORT          in a folder with a passalong.toml
python tests/bench/doing.py CORES bare PORT ANSWERS  answers of the same sizes and headers, and nothing else: as many
                                                     processes as cores, such as 0,1
"""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
import sys
import threading
from pathlib import Path
from typing import Any

from passalong.commands.common import UVICORN
from passalong.commands.supervisor import outlive_nobody


class Bare:
    """The least that an ASGI application can do. `GET /answer/NAME` chooses what it says from then on."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self._messages = {name: _messages(answer) for name, answer in answers.items()}
        self._start, self._body = next(iter(self._messages.values()))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        if scope["path"].startswith("/answer/"):
            self._start, self._body = self._messages[scope["path"][8:]]
        if scope["method"] == "POST":
            while (await receive()).get("more_body"):
                pass
        await send(self._start)
        await send(self._body)


def _messages(answer: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    headers = [(name.encode(), value.encode()) for name, value in answer["headers"]]
    return (
        {"type": "http.response.start", "status": answer["status"], "headers": headers},
        {"type": "http.response.body", "body": b"x" * answer["size"]},
    )


def main(cores: str, what: str, port: str, answers: str = "") -> None:
    on = [int(core) for core in cores.split(",")]
    os.sched_setaffinity(0, set(on))
    if what == "app":
        from passalong.__main__ import main as passalong

        passalong(["serve", "--port", port])
    else:
        bare = Bare(json.loads(Path(answers).read_text()))
        with socket.create_server(("127.0.0.1", int(port)), backlog=2048) as listening:
            for _ in on[1:]:
                multiprocessing.get_context("fork").Process(target=serve, args=(bare, listening), daemon=True).start()
            serve(bare, listening)


def serve(bare: Bare, listening: socket.socket) -> None:
    import uvicorn

    threading.Thread(target=outlive_nobody, daemon=True).start()
    uvicorn.Server(uvicorn.Config(bare, lifespan="off", **UVICORN)).run(sockets=[listening])


if __name__ == "__main__":
    main(*sys.argv[1:])
