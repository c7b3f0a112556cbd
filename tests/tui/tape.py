"""A server's answers, recorded once and played again: pictures of the console need the same numbers every day.

`python tests/tui/tape.py` records them anew, from a demonstration and from a server on its first day.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx2

TAPES = Path(__file__).parent / "tapes"
BASE_URL = "https://share.tidewater.example"
_PASSED_OVER = ("wait", "after")
"""What only says how long one waits, and since when."""


class Recorder(httpx2.AsyncHTTPTransport):
    """A real network that keeps every answer to a reading."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[str, Any] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await super().handle_async_request(request)
        content = await answer.aread()
        if request.method == "GET" and answer.status_code == 200:
            self.answers.setdefault(_name(request), json.loads(content))
        return httpx2.Response(answer.status_code, headers={"content-type": "application/json"}, content=content)


class Tape(httpx2.AsyncBaseTransport):
    """Answers what was recorded; what was not is not there, and nothing happens any more."""

    def __init__(self, name: str) -> None:
        recorded = json.loads((TAPES / f"{name}.json").read_text("utf-8"))
        self.at = datetime.fromisoformat(recorded["at"])
        self.answers: dict[str, Any] = recorded["answers"]

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        name = _name(request)
        if name not in self.answers:
            return httpx2.Response(404, json={"title": "Not found", "detail": f"{name} was not recorded."})
        if "after" in dict(parse_qsl(request.url.query.decode())):
            await asyncio.sleep(3600)
        return httpx2.Response(200, json=self.answers[name])


def _name(request: httpx2.Request) -> str:
    asked = [(name, value) for name, value in parse_qsl(request.url.query.decode()) if name not in _PASSED_OVER]
    return request.url.path + (f"?{urlencode(sorted(asked))}" if asked else "")


async def record(url: str, key: str, name: str) -> None:
    """Goes to every screen, and keeps what was answered on the way."""
    from console_driver import Driver
    from ways import WAYS, go, still

    from passalong_tui.app import Console
    from passalong_tui.client import Client

    recorder = Recorder()
    async with Client(url, key, recorder) as client:
        console = Console(client, "mara", refresh_s=3600, long_poll_s=0.2)
        async with console.run_test(size=(160, 50)) as pilot:
            tui = Driver(console, pilot)
            for screen in WAYS:
                try:
                    await go(tui, screen)
                except AssertionError:
                    print(f"{name}: there is no way to {screen}")
                    continue
                for _ in range(8 if screen == "customer" else 1):
                    await still(tui)
                    await tui.press("right")
    said = {path: recorder.answers[path] for path in sorted(recorder.answers)}
    text = json.dumps({"at": datetime.now(UTC).isoformat(timespec="seconds"), "answers": said}, ensure_ascii=False)
    TAPES.mkdir(exist_ok=True)
    text = re.sub(r'"[^"]*/(passalong\.(?:db|toml))"', r'"/srv/passalong/\1"', text.replace(url, BASE_URL))
    text = text.replace('}, "/api', '},\n"/api')
    (TAPES / f"{name}.json").write_text(text + "\n", "utf-8")


@contextmanager
def _process(*command: str, cwd: Path) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-m", "passalong", *command], cwd=cwd, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _ready(url: str) -> None:
    for _ in range(600):
        try:
            if httpx2.get(f"{url}/readyz").status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
    raise TimeoutError(url)


def main() -> None:
    sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    from faults.running import running
    from ports import free_port

    with tempfile.TemporaryDirectory() as folder:
        home, port = Path(folder), free_port()
        url = f"http://localhost:{port}"
        with _process("demo", "--dir", str(home / "demo"), "--port", str(port), cwd=home):
            links = home / "demo" / "links.json"
            while not links.exists():
                time.sleep(0.2)
            _ready(url)
            asyncio.run(record(url, json.loads(links.read_text())["admin_key"], "full"))
        (home / "empty").mkdir()
        with running(home / "empty") as server:
            asyncio.run(record(server.url, server.new_key()[1], "empty"))


if __name__ == "__main__":
    main()
