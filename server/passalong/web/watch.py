"""What is noted of every request, whichever door answers it: its id and, if the settings say so, how long it took, in
the log and for Prometheus.

A line names the route and never the address that was asked for: tokens, addresses and what a form holds stay out.
"""

from __future__ import annotations

import logging
import random
import re
import secrets
import time
from collections.abc import Callable
from typing import cast

from litestar.types import HTTPScope, Message, Send

from passalong.logs import FIELDS, REQUEST_ID
from passalong.meters import Meters
from passalong.settings import Settings
from passalong.web.connection import WHOLE, Headers, Whole
from passalong.web.proxies import Proxies

HEADER = b"x-request-id"
_WELL_FORMED = re.compile(rb"[A-Za-z0-9._:=+/-]{8,64}")
_LOG = logging.getLogger("passalong.access")
NO_ROUTE = "none"
_DOORS = {
    "s": "share",
    "e": "embed",
    "go": "vanity",
    "p": "prompt",
    "portal": "portal",
    "api": "api",
    "hooks": "hooks",
    "oembed": "oembed",
    "brand": "look",
    "media": "look",
    "healthz": "monitoring",
    "readyz": "monitoring",
    "metrics": "monitoring",
}
_TAIL = "/api/v1/events"
"""It waits for what is yet to come, and so has a name to itself."""


class Watch:
    """Ids are 64 random bits, which tell nobody how many requests there were; guessing one is of no use."""

    def __init__(self, settings: Settings, meters: Meters | None) -> None:
        self._proxies = Proxies(settings.trusted_proxies)
        self._access = settings.log.access
        self._meters = meters
        self._timed = self._access or meters is not None
        self._bits = random.Random(secrets.randbits(256)).getrandbits  # noqa: S311

    def over(self, scope: HTTPScope, send: Send) -> Send:
        """The same way out, past which no answer goes without the id of its request."""
        id = self._given(scope) or b"%016x" % self._bits(64)
        REQUEST_ID.set(id.decode())
        return Outgoing(scope, send, id, self.note if self._timed else None)

    def _given(self, scope: HTTPScope) -> bytes:
        """The id that a trusted proxy has given the request; empty without one that can be kept in a log."""
        if self._proxies:
            for name, value in scope["headers"]:
                if name == HEADER:
                    client = scope["client"]
                    trusted = client is not None and self._proxies.trusts(client[0])
                    return value if trusted and _WELL_FORMED.fullmatch(value) else b""
        return b""

    def note(self, scope: HTTPScope, status: int, seconds: float) -> None:
        if self._meters is not None:
            self._meters.answered(door_of(scope["path"]), status, seconds)
        if self._access:
            fields = {
                "method": scope["method"],
                "route": scope.get("path_template", NO_ROUTE),
                "status": status,
                "duration_ms": round(seconds * 1000, 2),
            }
            _LOG.info("%(method)s %(route)s %(status)s %(duration_ms)s ms", fields, extra={FIELDS: fields})


class Outgoing:
    """The way out of one request, which adds its id and notes what became of it. An answer that is known whole leaves
    `whole`, where the connection takes it so."""

    __slots__ = ("_began_s", "_id", "_note", "_scope", "_send", "_status")

    def __init__(
        self, scope: HTTPScope, send: Send, id: bytes, note: Callable[[HTTPScope, int, float], None] | None
    ) -> None:
        self._scope, self._send, self._id, self._note = scope, send, id, note
        self._began_s = time.perf_counter() if note else 0.0
        self._status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (HEADER, self._id)]
            self._status = message["status"]
        await self._send(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self._noted()

    def whole(self, status: int, headers: Headers, own: Headers, body: bytes) -> bool:
        """Whether it left at once; otherwise it has to be sent as messages. `own` are headers of this
        answer alone."""
        extensions = self._scope.get("extensions")
        write = cast("Whole | None", extensions.get(WHOLE)) if extensions else None
        if write is None or not write(status, headers, (*own, (HEADER, self._id)), body):
            return False
        self._status = status
        self._noted()
        return True

    def _noted(self) -> None:
        if self._note is not None:
            self._note(self._scope, self._status, time.perf_counter() - self._began_s)


def door_of(path: str) -> str:
    """The door that an address belongs to: one of a few names, whatever is asked for."""
    if path == _TAIL:
        return "tail"
    return _DOORS.get(path[1:].partition("/")[0], "other")
