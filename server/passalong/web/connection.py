"""How long a request may take to arrive, and how large its head may be: behind a proxy nobody gets as far as this. How
an answer leaves that is known whole: in one piece. And how a connection ends whose process is replaced.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import lru_cache

from litestar.exceptions import HTTPException
from litestar.types import HTTPReceiveMessage, Receive
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

WHOLE = "passalong.whole"
"""The extension of a request's scope (ASGI 3.0, "Extensions") that takes an answer at once: its status, headers that
many answers have, headers of its own, and its body. One write to the socket, and no look at each header by itself."""
Headers = Sequence[tuple[bytes, bytes]]
Whole = Callable[[int, Headers, Headers, bytes], bool]

REPLACED = "passalong.replaced"
"""The entry of the lifespan's state (ASGI 3.0, "Lifespan State") that is asked when a process is to end: whether
another takes requests in its place, a `Callable[[], bool]`. Without one, nobody does."""

_REFUSAL = "HTTP/1.1 {}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Connection(HttpToolsProtocol):
    """uvicorn's own waits for the end of a head for ever, and keeps what has come of it, however much that is."""

    HEAD_S = 20.0
    HEAD_BYTES = 65_536
    LINGER_S = 1.0
    """What is still on its way is read for so long after a refusal: a connection that is closed upon unread bytes is
    reset, and the client never reads why (RFC 9112, section 9.6)."""
    LAST_S = 3.0
    """What a proxy sends on an idle connection just as that is closed is lost, and a form cannot be sent twice: so a
    process that is replaced waits a little for the last request of each. Proxies are to hang up sooner."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._in_head = True
        self._head_bytes = 0
        self._patience: asyncio.TimerHandle | None = None
        self._refused = False
        self._last = False
        self._idle_until_s: float | None = None
        """By the loop's clock; None while something is asked."""
        self._wait()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        super().data_received(data)
        # Almost every head comes whole and at once, and costs nothing here.
        if self._in_head and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > self.HEAD_BYTES:
                self._refuse("431 Request Header Fields Too Large")
            elif self._patience is None:
                self._wait()

    def on_message_begin(self) -> None:
        self._in_head = True
        self._idle_until_s = None
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head_bytes = 0
        self._rest()
        self.scope["extensions"] = {WHOLE: self._whole}  # type: ignore[dict-item]
        super().on_headers_complete()
        if self._last:
            self.cycle.keep_alive = False

    def on_response_complete(self) -> None:
        """As uvicorn's own, but that one makes a timer for each answer and takes it back with each request, which costs
        a twentieth of a page: here each connection has one, which looks for how long nothing was asked."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._idle_until_s = self.loop.time() + self.timeout_keep_alive
        if self.timeout_keep_alive_task is None:
            self._hang_up_at(self._idle_until_s)

    def timeout_keep_alive_handler(self) -> None:
        self.timeout_keep_alive_task = None
        if self._idle_until_s is not None:
            if self._idle_until_s > self.loop.time():
                self._hang_up_at(self._idle_until_s)
            else:
                super().timeout_keep_alive_handler()

    def _hang_up_at(self, at_s: float) -> None:
        self._stay()
        self.timeout_keep_alive_task = self.loop.call_at(at_s, self.timeout_keep_alive_handler)

    def _unset_keepalive_if_required(self) -> None:
        """Nothing: what still comes of a body that was answered already is no request. Each begins with its head."""

    def shutdown(self) -> None:
        """The process is to end: whatever is answered from now on says that it was the last."""
        replaced: Callable[[], bool] | None = self.app_state.get(REPLACED)
        answered = self.cycle is None or self.cycle.response_complete
        if not answered or replaced is None or not replaced():
            super().shutdown()
            return
        self._last = True
        self._idle_until_s = self.loop.time() + self.LAST_S
        self._hang_up_at(self._idle_until_s)

    def connection_lost(self, exc: Exception | None) -> None:
        self._rest()
        self._stay()
        super().connection_lost(exc)

    def _whole(self, status: int, headers: Headers, own: Headers, body: bytes) -> bool:
        """Writes an answer; False, and nothing is written, where it must go the usual way. The body of HEAD is empty.

        Raises RuntimeError for a header that would be two.
        """
        cycle: RequestResponseCycle = self.cycle
        if self.pipeline or cycle.response_started or cycle.disconnected or self.flow.write_paused:
            return False
        # An answer that is no page leads somewhere else each time, and its cookies are nobody's to keep.
        lines, said = (_KEPT if status == 200 else _lines)((*cycle.default_headers, *headers))
        more, _ = _lines(own)
        last = b"\r\n" if cycle.keep_alive or said else b"connection: close\r\n\r\n"
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        self.transport.write(b"".join((STATUS_LINE[status], lines, more, last, body)))
        cycle.message_event.set()
        if said or not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()
        return True

    def _wait(self) -> None:
        self._patience = self.loop.call_later(self.HEAD_S, self._refuse, "408 Request Timeout")

    def _rest(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _stay(self) -> None:
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None

    def _refuse(self, status: str) -> None:
        self._rest()
        if not self.transport.is_closing():
            # Not into an answer to the request before, where somebody sends the next without waiting for it.
            if self.cycle is None or self.cycle.response_complete:
                self.transport.write(_REFUSAL.format(status).encode())
                if self.transport.can_write_eof():
                    self._refused = True
                    self.transport.write_eof()
                    self._patience = self.loop.call_later(self.LINGER_S, self.transport.close)
                    return
            self.transport.close()


def _lines(headers: Headers) -> tuple[bytes, bool]:
    """Headers as they are written, and whether they say that the connection ends. Raises RuntimeError for one that
    would be two."""
    lines = b"".join([b"%b: %b\r\n" % header for header in headers])
    if lines.count(b"\n") != len(headers) or lines.count(b"\r") != len(headers):
        raise RuntimeError("A header of the answer holds the end of a line.")
    return lines, (b"connection", b"close") in headers


_KEPT = lru_cache(maxsize=1024)(_lines)
"""For as long as the date among them stands: a second."""


BODY_S = 30.0
BYTES_PER_S = 4_000
"""Time for a body: some at once, and more with every byte of it."""


def patient(receive: Receive) -> Receive:
    """The same way in, which gives up on a body that comes too slowly. Raises HTTPException (408)."""
    cycle = getattr(receive, "__self__", None)
    if isinstance(cycle, RequestResponseCycle) and not cycle.more_body:
        return receive  # all of it is here
    until_s = asyncio.get_running_loop().time() + BODY_S
    whole = False

    async def receiving() -> HTTPReceiveMessage:
        nonlocal until_s, whole
        if whole:  # what is waited for now is that the client goes away
            return await receive()  # type: ignore[return-value]
        try:
            async with asyncio.timeout_at(until_s):
                message = await receive()
        except TimeoutError as error:
            raise HTTPException(status_code=408, headers={"connection": "close"}) from error
        if message["type"] == "http.request":
            until_s += len(message["body"]) / BYTES_PER_S
            whole = not message["more_body"]
        return message  # type: ignore[return-value]

    return receiving
