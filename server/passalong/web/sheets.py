"""Stylesheets that stand beside a brand's: the same for everybody, named by content, kept by browsers for ever."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from typing import Any

from litestar import Request, Response
from litestar.datastructures import State

from passalong import paths

FOR_EVER = {
    "cache-control": "public, max-age=31536000, immutable",
    "x-content-type-options": "nosniff",
    "vary": "accept-encoding",
}


@cache
def _sheet(name: str) -> tuple[bytes, bytes, str]:
    """A stylesheet, the same deflated, and a name for its content."""
    css = (paths.widget_templates() / name).read_bytes()
    return css, gzip.compress(css, 9, mtime=0), hashlib.sha256(css).hexdigest()[:10]


def version(name: str) -> str:
    return _sheet(name)[2]


def send(request: Request[Any, Any, State], name: str) -> Response[bytes]:
    css, packed, _ = _sheet(name)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed, headers=FOR_EVER | {"content-encoding": "gzip"}, media_type="text/css")
    return Response(css, headers=FOR_EVER, media_type="text/css")
