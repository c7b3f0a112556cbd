"""Logos come as `data:` URIs and are kept as files: a page asks no host but its own."""

from __future__ import annotations

import asyncio
import base64
import binascii
import io
import re

from passalong.errors import Invalid
from passalong.store.files import PICTURES, FileStore

MAX_BYTES = 256_000
_DATA_URI = re.compile(r"^data:image/[a-z+.-]+;base64,(?P<data>[A-Za-z0-9+/=\s]+)\Z")
_EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


async def keep(files: FileStore, uri: str | None) -> str | None:
    """The stored name of a logo (`{sha256}.png`); raises Invalid for anything but a PNG, JPEG or WebP."""
    if uri is None:
        return None
    found = _DATA_URI.match(uri)
    if not found:
        raise Invalid.one("logo", "Send the picture itself, as data:image/png;base64,….")
    try:
        data = base64.b64decode(found["data"], validate=False)
    except (binascii.Error, ValueError):
        raise Invalid.one("logo", "The base64 of the picture is damaged.") from None
    stored = await asyncio.to_thread(files.keep, io.BytesIO(data), "logo", max_bytes=MAX_BYTES, field="logo")
    if stored.media_type not in PICTURES:
        raise Invalid.one("logo", "Only PNG, JPEG and WebP pictures can be logos.")
    return f"{stored.sha256}.{_EXTENSIONS[stored.media_type]}"


def media_type_of(name: str) -> str:
    extension = name.rpartition(".")[2]
    return next(media_type for media_type, ending in _EXTENSIONS.items() if ending == extension)
