"""`Idempotency-Key`: a post repeated with the same key gets the first one's answer, and is not done again."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from passalong.domain.access import digest
from passalong.errors import Conflict, Invalid
from passalong.store.idempotency import KeptAnswer
from passalong.web.asgi import answer, header
from passalong.web.services import Services

MAX_LENGTH = 128
_JSON = (b"content-type", b"application/json")

SHOWN_ONCE = "shown_once"
"""The key of a route's `opt` under which the field of its answer stands that is not kept: a secret."""


ONLY_READS: dict[str, Any] = {"only_reads": True}
"""`opt` of a post that changes nothing: it is answered anew each time, and its answer, which may name people, is kept
nowhere."""


class IdempotencyMiddleware(ASGIMiddleware):
    """Answers of success are kept for a day, by API key and name. Another body under the same name is a conflict. What
    is shown once is left out of the kept answer: whoever repeats the post gets null in its place."""

    scopes = (ScopeType.HTTP,)

    def __init__(self) -> None:
        self._running: set[tuple[str, str]] = set()

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        name = header(scope, b"idempotency-key") if scope["method"] == "POST" else ""  # type: ignore[typeddict-item]
        only_reads = scope["route_handler"].opt.get("only_reads")
        if not name or only_reads or header(scope, b"content-type").startswith("multipart"):
            await next_app(scope, receive, send)
            return
        if len(name) > MAX_LENGTH:
            raise Invalid.one("Idempotency-Key", f"At most {MAX_LENGTH} characters.")
        request: Request[Any, Any, State] = Request(scope, receive, send)
        services: Services = request.app.state.services
        bearer = digest(header(scope, b"authorization"))
        asked = hashlib.sha256(scope["path"].encode() + b"\0" + await request.body()).hexdigest()
        kept = await services.idempotency.find(bearer, name)
        if kept is not None:
            if kept.digest != asked:
                raise Conflict("This Idempotency-Key was used for another request.")
            await answer(send, kept.status, [_JSON, (b"idempotency-replayed", b"true")], kept.body)
            return
        if (bearer, name) in self._running:
            raise Conflict("The first request with this Idempotency-Key is still being worked on.")
        once = scope["route_handler"].opt.get(SHOWN_ONCE)
        started: list[int] = []
        chunks: list[bytes] = []

        async def listen(message: Message) -> None:
            if message["type"] == "http.response.start":
                started.append(message["status"])
            elif message["type"] == "http.response.body":
                chunks.append(message.get("body", b""))
                if not message.get("more_body") and 200 <= started[0] < 300:
                    body = _without(once, b"".join(chunks))
                    await services.idempotency.keep(bearer, name, KeptAnswer(asked, started[0], body))
            await send(message)

        self._running.add((bearer, name))
        try:
            await next_app(scope, receive, listen)
        finally:
            self._running.discard((bearer, name))


def _without(field: str | None, body: bytes) -> bytes:
    """The JSON of an answer with a field emptied."""
    if field is None:
        return body
    return msgspec.json.encode({**msgspec.json.decode(body), field: None})
