"""`/brand/…` and `/media/…`: stylesheet, mark, logos, pictures. Named by content, so a browser keeps them for ever."""

from __future__ import annotations

import gzip
import re
from html import escape
from typing import Any

from litestar import HttpMethod, Request, Response, route
from litestar.datastructures import State
from litestar.params import FromPath
from litestar.response import Stream

from passalong.domain.brand import Brand, on
from passalong.errors import NotFound, Sentence
from passalong.web import ranges
from passalong.web.logo import media_type_of
from passalong.web.render import HOUSE
from passalong.web.services import FromServices, Services

_METHODS = [HttpMethod.GET, HttpMethod.HEAD]
_FOR_EVER = {"cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff"}
_PICTURE = re.compile(r"^[0-9a-f]{64}\.webp\Z")
_COLOUR = re.compile(r"^[0-9a-f]{6}\Z")
_LOGO = re.compile(r"^[0-9a-f]{64}\.(png|jpg|webp)\Z")


@route("/brand/{file:str}", http_method=_METHODS, include_in_schema=False)
async def brand_file(request: Request[Any, Any, State], services: FromServices, file: FromPath[str]) -> Response[bytes]:
    """`{brand}.css`, the stylesheet (with `?accent=`, a customer's colour in it), or `{brand}.svg`, a mark of one
    letter for the browser's tab."""
    id, _, kind = file.rpartition(".")
    brand = _brand(services, id)
    if kind == "svg":
        return Response(_mark(brand), headers=_FOR_EVER, media_type="image/svg+xml")
    if kind != "css":
        raise NotFound("There is no such file.")
    headers = _FOR_EVER | {"vary": "accept-encoding"}
    accent = request.query_params.get("accent", "")
    css = services.renderer.stylesheet(brand, f"#{accent}" if _COLOUR.match(accent) else None).encode()
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(
            gzip.compress(css, 9, mtime=0), headers=headers | {"content-encoding": "gzip"}, media_type="text/css"
        )
    return Response(css, headers=headers, media_type="text/css")


@route("/brand/logo/{name:str}", http_method=_METHODS, include_in_schema=False)
async def logo(services: FromServices, name: FromPath[str]) -> Stream:
    """A logo by its content's name."""
    return _named(services, name, _LOGO)


@route("/media/{name:str}", http_method=_METHODS, include_in_schema=False)
async def picture(services: FromServices, name: FromPath[str]) -> Stream:
    """A picture of a walkthrough by its content's name, which only its pages tell: `{sha256}.webp`."""
    return _named(services, name, _PICTURE)


def _named(services: Services, name: str, form: re.Pattern[str]) -> Stream:
    """A picture that pages show. Of everything else that was uploaded, nothing is given out without a link."""
    sha256 = name.partition(".")[0]
    path = services.files.path(sha256)
    if not form.match(name) or not services.catalog.is_public(sha256) or not path.is_file():
        raise NotFound(Sentence("There is nothing at this address."))
    size = path.stat().st_size
    headers = _FOR_EVER | {"content-length": str(size), "content-security-policy": "default-src 'none'; sandbox"}
    return Stream(ranges.read(path, 0, size), headers=headers, media_type=media_type_of(name))


def _brand(services: Services, id: str) -> Brand:
    if id == HOUSE.id:
        return HOUSE
    return services.catalog.find(Brand, id)


def _mark(brand: Brand) -> bytes:
    letter = escape(next((letter for letter in brand.name if letter.isalnum()), "·").upper())
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
        f'<rect width="32" height="32" rx="7" fill="{brand.accent}"/>'
        f'<text x="16" y="22.5" font-family="Georgia,serif" font-size="19" font-weight="600" text-anchor="middle" '
        f'fill="{on(brand.accent)}">{letter}</text></svg>'
    ).encode()
