"""Answers: bare ASGI for the paths where every microsecond counts, Litestar responses for the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from litestar import Response
from litestar.datastructures import Cookie
from litestar.types import Send

from passalong.web.security import Headers


async def answer(
    send: Send, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes = b"", *, head: bool = False
) -> None:
    """Sends a whole response; without its body for HEAD, but with its length."""
    fields = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": b"" if head else body, "more_body": False})


def respond(status: int, headers: Headers, body: bytes = b"", *, cookies: Iterable[Cookie] = ()) -> Response[bytes]:
    """The same as a Litestar response. Header names must be in lower case and differ."""
    fields = {name.decode(): value.decode() for name, value in headers}
    media_type = fields.pop("content-type", "text/plain").partition(";")[0]  # Litestar adds the charset
    return Response(body, status_code=status, headers=fields, media_type=media_type, cookies=list(cookies))


def see_other(location: str, *extra: tuple[bytes, bytes], cookies: Iterable[Cookie] = ()) -> Response[bytes]:
    """303: go there with a GET."""
    headers = [(b"location", location.encode()), (b"cache-control", b"no-store"), *extra]
    return respond(303, headers, cookies=cookies)
