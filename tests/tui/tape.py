"""A server's answers, recorded once and played again: pictures of the console need the same numbers every day.

`python tests/tui/tape.py` records them anew from a demonstration of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx2

FILE = Path(__file__).parent / "tape.json"
BASE_URL = "https://share.acme.example"

EMPTY: dict[str, Any] = {
    "items": [],
    "next_cursor": None,
}


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
    """Answers what was recorded; what was not is not there. `change` makes another answer of one."""

    def __init__(self, answers: dict[str, Any], change: Callable[[str, Any], Any] | None = None) -> None:
        self.answers = answers
        self.change = change

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        name = _name(request)
        if name == "/api/v1/events" and "after" in dict(parse_qsl(request.url.query.decode())):
            # Nothing happens any more.
            tail = self.answers[name]
            return httpx2.Response(200, json={**tail, "items": []})
        if name not in self.answers:
            return httpx2.Response(404, json={"title": "Not found", "detail": f"{name} was not recorded."})
        said = self.answers[name]
        return httpx2.Response(200, json=self.change(name, said) if self.change else said)


def _name(request: httpx2.Request) -> str:
    """The path with its query, but for what only says how much is asked for and how long one waits."""
    query = [(k, v) for k, v in parse_qsl(request.url.query.decode()) if k not in ("limit", "wait", "after", "cursor")]
    return request.url.path + (f"?{urlencode(sorted(query))}" if query else "")


def recorded() -> tuple[datetime, dict[str, Any]]:
    """When it was recorded, and the answers by path and query."""
    tape = json.loads(FILE.read_text("utf-8"))
    return datetime.fromisoformat(tape["at"]), tape["answers"]


def emptied(name: str, said: Any) -> Any:
    """The same answer of a server on its first day: lists are empty, numbers nothing."""
    if isinstance(said, dict):
        return {key: value if key in _KEPT else emptied(key, value) for key, value in said.items()}
    if isinstance(said, list):
        return []
    if isinstance(said, bool) or said is None or isinstance(said, str):
        return said
    return 0


_KEPT = {"timezone", "months", "role", "name"}
