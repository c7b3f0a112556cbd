"""Other people's web sites, for a browser to land on or to come from, and for us to read."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@contextmanager
def website(html: str, asked: list[str]) -> Iterator[int]:
    """A site that answers everything with one page and notes what it was asked for. Gives its port."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = html.encode()
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *said: Any) -> None: ...

    site = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=site.serve_forever)
    thread.start()
    yield site.server_port
    site.shutdown()
    site.server_close()
    thread.join(timeout=5)


@dataclass
class Shown:
    """A page as it is served. `silent` keeps whoever asks waiting."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "text/html; charset=utf-8"})
    silent: bool = False


@dataclass
class Site:
    """A site whose pages can be changed while it runs; others are 404. `asked` holds paths and headers."""

    url: str
    pages: dict[str, Shown] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def show(self, path: str, html: str) -> str:
        """Serves a page from now on; gives its address."""
        self.pages[path] = Shown(html.encode())
        return self.url + path


@contextmanager
def site() -> Iterator[Site]:
    closing = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            running.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            shown = running.pages.get(self.path, Shown(status=404))
            if shown.silent:
                closing.wait(30)
                return
            self.send_response(shown.status)
            for name, value in shown.headers.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):  # whoever has read enough
                self.wfile.write(shown.body)

        def log_message(self, *said: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running = Site(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield running
    closing.set()
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)
