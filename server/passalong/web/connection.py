"""How long a request may take to arrive, and how large its head may be. Behind a proxy nobody gets as far as this."""

from __future__ import annotations

import asyncio

from litestar.exceptions import HTTPException
from litestar.types import HTTPReceiveMessage, Receive
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_REFUSAL = "HTTP/1.1 {}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Connection(HttpToolsProtocol):
    """uvicorn's own waits for the end of a head for ever, and keeps what has come of it, however much that is."""

    HEAD_S = 20.0
    HEAD_BYTES = 65_536

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._in_head = True
        self._head_bytes = 0
        self._patience: asyncio.TimerHandle | None = None
        self._wait()

    def data_received(self, data: bytes) -> None:
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
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head_bytes = 0
        self._rest()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._rest()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._patience = self.loop.call_later(self.HEAD_S, self._refuse, "408 Request Timeout")

    def _rest(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _refuse(self, status: str) -> None:
        self._rest()
        if not self.transport.is_closing():
            # Not into an answer to the request before, where somebody sends the next without waiting for it.
            if self.cycle is None or self.cycle.response_complete:
                self.transport.write(_REFUSAL.format(status).encode())
            self.transport.close()


BODY_S = 30.0
BYTES_PER_S = 4_000
"""Time for a body: some at once, and more with every byte of it."""


def patient(receive: Receive) -> Receive:
    """The same way in, which gives up on a body that comes too slowly. Raises HTTPException (408)."""
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
