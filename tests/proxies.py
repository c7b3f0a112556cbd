"""What may stand before a server: a proxy that forwards everything, and says of whom what it was told to say."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2

Rewrite = Callable[[dict[str, str]], dict[str, str]]


def appending(headers: dict[str, str]) -> dict[str, str]:
    """As most proxies do: the visitor's address behind whatever the visitor has said."""
    said = headers.get("x-forwarded-for")
    return headers | {"x-forwarded-for": f"{said}, 203.0.113.5" if said else "203.0.113.5"}


def silent(headers: dict[str, str]) -> dict[str, str]:
    """Says nothing of whom it forwards for."""
    return {name: value for name, value in headers.items() if name != "x-forwarded-for"}


def unchanged(headers: dict[str, str]) -> dict[str, str]:
    return headers


@contextmanager
def proxy(
    to: str, rewrite: Rewrite = appending, *, clock_s: float = 0, status: int = 0, location: str = "",
    tls: ssl.SSLContext | None = None,
) -> Iterator[str]:  # fmt: skip
    """Its address. Its clock is that many seconds ahead; with `status` it answers so and forwards nothing."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            code, body = status, b"not from the server"
            if not status:
                headers = {name.lower(): value for name, value in self.headers.items()} | {"host": "inside"}
                answer = httpx2.get(to + self.path, headers=rewrite(headers), timeout=10)
                code, body = answer.status_code, answer.content
            self.send_response_only(code)
            self.send_header("date", formatdate(time.time() + clock_s, usegmt=True))
            self.send_header("content-length", str(len(body)))
            if location:
                self.send_header("location", location)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
