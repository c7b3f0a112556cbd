"""Files over HTTP: whole, or one range of bytes (RFC 9110, section 14)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import anyio

_CHUNK = 256 * 1024
_RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")


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


def partial_headers(span: Span | None, size: int) -> Mapping[str, str]:
    if span is None:
        return {"accept-ranges": "bytes", "content-length": str(size)}
    return {
        "accept-ranges": "bytes",
        "content-length": str(span.length),
        "content-range": f"bytes {span.first}-{span.last}/{span.size}",
    }
