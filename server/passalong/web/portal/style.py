"""The portal's own stylesheet, and the few lines that carry a customer's colour: pages have no inline style."""

from __future__ import annotations

import gzip
import hashlib
import re
from functools import cache
from urllib.parse import urlencode

from litestar import HttpMethod, Request, Response, route
from litestar.params import FromQuery

from passalong import paths
from passalong.domain.brand import DARK_PAPER, LIGHT_PAPER, on, readable
from passalong.errors import NotFound, Sentence

_METHODS = [HttpMethod.GET, HttpMethod.HEAD]
_FOR_EVER = {
    "cache-control": "public, max-age=31536000, immutable",
    "x-content-type-options": "nosniff",
    "vary": "accept-encoding",
}
_COLOUR = re.compile(r"#[0-9a-f]{6}")


@cache
def _sheet() -> tuple[bytes, bytes, str]:
    """The stylesheet, the same deflated, and a name for its content."""
    css = (paths.widget_templates() / "portal.css").read_bytes()
    return css, gzip.compress(css, 9, mtime=0), hashlib.sha256(css).hexdigest()[:10]


def style_href() -> str:
    return f"/portal/style.css?v={_sheet()[2]}"


def accent_href(accent: str | None) -> str | None:
    """The address of a customer's colour."""
    return f"/portal/preview.css?{urlencode({'accent': accent})}" if accent else None


def colour_of(typed: str) -> str | None:
    """The colour `#rrggbb` that somebody wrote, in lower case; None for anything else."""
    lowered = typed.lower()
    return lowered if _COLOUR.fullmatch(lowered) else None


@route("/style.css", http_method=_METHODS, include_in_schema=False)
async def stylesheet(request: Request) -> Response[bytes]:  # type: ignore[type-arg]
    """The same for everybody, so it asks for no session."""
    css, packed, _ = _sheet()
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed, headers=_FOR_EVER | {"content-encoding": "gzip"}, media_type="text/css")
    return Response(css, headers=_FOR_EVER, media_type="text/css")


@route("/preview.css", http_method=_METHODS, include_in_schema=False)
async def preview(accent: FromQuery[str] = "") -> Response[bytes]:
    """A colour, with the nearest to it that can be read as text on light and on dark paper. Tells of nobody."""
    colour = colour_of(accent)
    if colour is None:
        raise NotFound(Sentence("There is nothing at this address."))
    css = (
        f":root {{ --own: {colour}; --on-own: {on(colour)}; --own-light: {readable(colour, LIGHT_PAPER)}; "
        f"--own-dark: {readable(colour, DARK_PAPER)}; --own-text: var(--own-light); }}\n"
        "@media (prefers-color-scheme: dark) { :root { --own-text: var(--own-dark); } }\n"
    )
    return Response(css.encode(), headers=_FOR_EVER, media_type="text/css")
