"""The portal's own stylesheet, and the few lines that carry a customer's colour: pages have no inline style."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from litestar import HttpMethod, Request, Response, route
from litestar.params import FromQuery

from passalong.domain.brand import DARK_PAPER, LIGHT_PAPER, on, readable
from passalong.errors import NotFound, Sentence
from passalong.web import sheets

_METHODS = [HttpMethod.GET, HttpMethod.HEAD]
_SHEET = "portal.css"
_COLOUR = re.compile(r"#[0-9a-f]{6}")


def style_href() -> str:
    return f"/portal/style.css?v={sheets.version(_SHEET)}"


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
    return sheets.send(request, _SHEET)


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
    return Response(css.encode(), headers=sheets.FOR_EVER, media_type="text/css")
