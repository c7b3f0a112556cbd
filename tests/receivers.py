"""The vendor's own system that takes webhooks: a real HTTP server which verifies what comes and may answer anything.

    with Receiver() as receiver:
        receiver.trust("/a", secret)
        receiver.say("/a", Say(500, b"not now"), times=2)

Every delivery is checked with the library of Standard Webhooks when it arrives. That library knows real time alone
and refuses what is five minutes off, so a delivery under a moved clock is checked by signing its parts again with it.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import msgspec
from standardwebhooks import Webhook, WebhookVerificationError


@dataclass(frozen=True)
class Delivery:
    """A request as it came. `verified` holds the secrets by which its signature is good."""

    path: str
    headers: dict[str, str]
    raw: bytes
    verified: tuple[str, ...]

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def body(self) -> dict[str, Any]:
        return dict(msgspec.json.decode(self.raw))

    @property
    def topic(self) -> str:
        return str(self.body["type"])

    @property
    def data(self) -> dict[str, Any]:
        return dict(self.body["data"])


@dataclass
class Say:
    """An answer. `until` holds it back; `endless` sends its body for ever, `drip` a byte now and then."""

    status: int = 204
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    until: threading.Event | None = None
    hang_up: bool = False
    endless: bool = False
    drip: bool = False


class Receiver:
    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.asked_with_get: list[str] = []
        self.bytes_taken = 0
        """Of endless answers, how much of them could be handed over."""
        self._secrets: dict[str, list[str]] = defaultdict(list)
        self._says: dict[str, list[Say]] = defaultdict(list)
        self._usual: dict[str, Say] = defaultdict(Say)
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closing.set()
        for say in [*self._usual.values(), *(say for says in self._says.values() for say in says)]:
            if say.until is not None:
                say.until.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    def trust(self, path: str, *secrets: str) -> None:
        self._secrets[path] += secrets

    def say(self, path: str, say: Say, times: int | None = None) -> None:
        """What is answered there: so many times, or from now on."""
        if times is None:
            self._usual[path] = say
        else:
            self._says[path] += [say] * times

    def got(self, path: str, topic: str | None = None) -> list[Delivery]:
        return [d for d in self.deliveries if d.path == path and topic in (None, d.topic)]

    def take(self, path: str, headers: dict[str, str], raw: bytes) -> Say:
        verified = tuple(secret for secret in self._secrets[path] if verifies(secret, headers, raw))
        self.deliveries.append(Delivery(path, headers, raw, verified))
        return self._says[path].pop(0) if self._says[path] else self._usual[path]

    @property
    def closing(self) -> bool:
        return self._closing.wait(0.05)


def verifies(secret: str, headers: dict[str, str], raw: bytes) -> bool:
    webhook = Webhook(secret)
    try:
        webhook.verify(raw, headers)
    except WebhookVerificationError as error:
        if not str(error).startswith("Message timestamp too"):
            return False
        moment = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        return webhook.sign(headers["webhook-id"], moment, raw.decode()) in headers["webhook-signature"].split(" ")
    return True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, address: Any) -> None:
        """Whoever hangs up on us may."""


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            receiver.asked_with_get.append(self.path)
            self.send_response(204)
            self.end_headers()

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            say = receiver.take(self.path, headers, raw)
            if say.until is not None:
                say.until.wait(30)
            if say.hang_up:
                self.close_connection = True
                return
            with suppress(OSError):  # whoever is gone meanwhile
                self._answer(say)

        def _answer(self, say: Say) -> None:
            self.send_response(say.status)
            for name, value in say.headers.items():
                self.send_header(name, value)
            if not (say.endless or say.drip or say.status == 204):
                self.send_header("content-length", str(len(say.body)))
            self.end_headers()
            self.wfile.write(say.body)
            while say.endless and not receiver._closing.is_set():
                receiver.bytes_taken += self.wfile.write(b"x" * 65_536)
            while say.drip and not receiver.closing:
                self.wfile.write(b".")
                self.wfile.flush()
            if say.endless or say.drip:
                self.close_connection = True

        def log_message(self, *said: Any) -> None: ...

    return Handler
