"""Answers: bare ASGI for the paths where every microsecond counts, Litestar responses for the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import parse_qsl

from litestar import Response
from litestar.datastructures import Cookie
from litestar.exceptions import HTTPException
from litestar.types import HTTPScope, Receive, Scope, Send
from msgspec import Struct

from passalong.web.connection import patient
from passalong.web.security import FOR_ALL, Headers
from passalong.web.watch import Outgoing

Answer = tuple[int, Headers, bytes]
"""Status, headers and body. The front door adds what every answer says."""
FORM_MAX_BYTES = 64_000
_FORM = "application/x-www-form-urlencoded"


class Asked(Struct, frozen=True, gc=False):
    """A request at the front door: which token, by which door, and of a walkthrough which step."""

    scope: HTTPScope
    receive: Receive
    door: str
    token: str
    step: int | None = None

    async def form(self) -> dict[str, str]:
        """The fields of a form as browsers send it, of those named alike the last.

        Raises HTTPException: 408 for one that comes too slowly, 413 for a larger one, 415 for anything else.
        """
        if header(self.scope, b"content-type").partition(";")[0].strip().lower() != _FORM:
            raise HTTPException(status_code=415, headers={"accept-post": _FORM})
        body, more, receive = b"", True, patient(self.receive)
        while more:
            message = await receive()
            if message["type"] != "http.request":  # gone before all of it had come: nobody reads the answer
                raise HTTPException(status_code=400)
            body, more = body + message["body"], message["more_body"]
            if len(body) > FORM_MAX_BYTES:
                raise HTTPException(status_code=413)
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def header(scope: Scope, name: bytes) -> str:
    """What a request says under a name (in lower case), where nothing else of its headers matters; of two the first."""
    return next((value.decode("latin-1") for said, value in scope["headers"] if said == name), "")


async def answer(
    send: Send, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes = b"", *, head: bool = False
) -> None:
    """Sends a whole response; without its body for HEAD, but with its length."""
    length = [] if status == 204 else [(b"content-length", b"%d" % len(body))]
    if head:
        body = b""
    if isinstance(send, Outgoing) and send.whole(status, headers, length, body):
        return
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *length]})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def moved(location: str, *extra: tuple[bytes, bytes], cookies: Iterable[Cookie] = ()) -> Answer:
    """303: go there with a GET."""
    crumbs = [crumb.to_encoded_header() for crumb in cookies]
    return 303, [(b"location", location.encode()), (b"cache-control", b"no-store"), FOR_ALL, *extra, *crumbs], b""


def respond(status: int, headers: Headers, body: bytes = b"", *, cookies: Iterable[Cookie] = ()) -> Response[bytes]:
    """The same as a Litestar response. Header names must be in lower case and differ."""
    fields = {name.decode(): value.decode() for name, value in headers}
    media_type = fields.pop("content-type", "text/plain").partition(";")[0]  # Litestar adds the charset
    return Response(body, status_code=status, headers=fields, media_type=media_type, cookies=list(cookies))


def see_other(location: str, *extra: tuple[bytes, bytes], cookies: Iterable[Cookie] = ()) -> Response[bytes]:
    """303 as a Litestar response."""
    status, headers, _ = moved(location, *extra)
    return respond(status, headers, cookies=cookies)
