"""Files over HTTP: whole, or one range of bytes (RFC 9110, section 14)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import anyio
from litestar import HttpMethod, Request, Response
from litestar.datastructures import State
from litestar.response import Stream

_CHUNK = 256 * 1024
_RANGE = re.compile(r"^bytes=(\d{0,18})-(\d{0,18})\Z")


class Span(NamedTuple):
    """Bytes from `first` up to and with `last`, of `size`. A span that holds nothing is not satisfiable."""

    first: int
    last: int
    size: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1


def span_of(header: str | None, size: int) -> Span | None:
    """The one range asked for; None for the whole file, which several or malformed ranges get too."""
    found = _RANGE.match(header.strip()) if header else None
    if not found or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if first and last and int(last) < int(first):
        return None
    if not first:
        return Span(max(size - int(last), 0), size - 1, size) if int(last) else Span(size, size - 1, size)
    return Span(int(first), min(int(last), size - 1) if last else size - 1, size)


def satisfiable(span: Span) -> bool:
    return span.first < span.size and span.length > 0


async def read(path: Path, first: int, length: int) -> AsyncIterator[bytes]:
    """The bytes of a file from `first` on, in pieces, read off the event loop."""
    async with await anyio.open_file(path, "rb") as file:
        await file.seek(first)
        while length > 0:
            chunk = await file.read(min(_CHUNK, length))
            if not chunk:
                return
            length -= len(chunk)
            yield chunk


def disposition(name: str, *, download: bool) -> str:
    """Content-Disposition with an ASCII name for old clients and the true one beside it (RFC 6266)."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in " ._-()") else "_" for c in name)
    kind = "attachment" if download else "inline"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _holds(if_none_match: str, etag: str) -> bool:
    """Whether a browser says that it has this already; weak comparison (RFC 9110, 13.1.2)."""
    held = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag in held or "*" in held


def send(
    request: Request[Any, Any, State], path: Path, *, size: int, media_type: str, etag: str, headers: Mapping[str, str]
) -> Response[bytes] | Stream:
    """200 with the file, 206 with the range asked for, 304, or 416; without a body for HEAD."""
    fields = {**headers, "etag": etag, "accept-ranges": "bytes"}
    if _holds(request.headers.get("if-none-match", ""), etag):
        return Response(b"", status_code=304, headers=fields)
    asked = request.headers.get("range") if request.headers.get("if-range", etag) == etag else None
    part = span_of(asked, size)
    span = part or Span(0, size - 1, size)
    if not satisfiable(span):
        return Response(b"", status_code=416, headers={**fields, "content-range": f"bytes */{size}"})
    fields["content-length"] = str(span.length)
    if part:
        fields["content-range"] = f"bytes {span.first}-{span.last}/{size}"
    status = 206 if part else 200
    if request.method == HttpMethod.HEAD:
        return Response(b"", status_code=status, headers=fields, media_type=media_type)
    return Stream(read(path, span.first, span.length), status_code=status, headers=fields, media_type=media_type)
