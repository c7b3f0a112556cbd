"""Pages with slots: rendered once, filled per request, compressed without compressing.

A Jinja render takes longer than all the rest of a request, so a page is rendered once with sentinels in
the places that differ, split there, and joined with the values. Its fixed parts are deflated once too:
deflate streams may be concatenated at a full flush, values go between as stored blocks (RFC 1951,
3.2.4), and only the checksum of the whole is left to compute (RFC 1952).
"""

from __future__ import annotations

import re
import secrets
import zlib
from collections.abc import Callable, Mapping

_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
_END = b"\x01\x00\x00\xff\xff"


class Slots:
    """A page in pieces. `render` gets a stand-in for each named slot and must put it through unescaped or escaped
    alike: values are filled in as they are, so they must be safe in HTML already (tokens are)."""

    def __init__(self, render: Callable[[Mapping[str, str]], str], names: tuple[str, ...]) -> None:
        mark = secrets.token_hex(8)  # no title or name on the page can guess it
        pieces = re.split(f"{mark}-([a-z_]+)-", render({name: f"{mark}-{name}-" for name in names}))
        self._names = pieces[1::2]
        self._spread = [piece.encode() for piece in pieces]
        """The fixed parts, with room for a value between each two."""
        self._deflated = [_deflate(piece) for piece in self._spread[0::2]]

    def fill(self, values: Mapping[str, bytes]) -> bytes:
        parts = self._spread.copy()
        parts[1::2] = map(values.__getitem__, self._names)
        return b"".join(parts)

    def gzip(self, values: Mapping[str, bytes]) -> bytes:
        """The filled page as a gzip member."""
        whole = self.fill(values)
        parts = [_GZIP_HEADER, self._deflated[0]]
        for name, deflated in zip(self._names, self._deflated[1:], strict=True):
            value = values[name]
            if value:
                size = len(value)
                parts.append(b"\x00" + size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little") + value)
            parts.append(deflated)
        parts += [_END, zlib.crc32(whole).to_bytes(4, "little"), len(whole).to_bytes(4, "little")]
        return b"".join(parts)


def _deflate(piece: bytes) -> bytes:
    """Raw deflate that ends on a byte and refers to nothing before it, so that anything may follow."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)
