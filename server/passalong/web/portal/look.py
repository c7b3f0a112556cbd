"""`/portal/brand`: the customer's own mark and colour, as they stand beside the vendor's on what it shares."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping
from typing import Any

from litestar import HttpMethod, Response, post, route
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from msgspec import Struct
from msgspec.structs import replace

from passalong.domain.brand import DARK_PAPER, LIGHT_PAPER, readable
from passalong.domain.customer import Customer
from passalong.domain.passes import FormToken
from passalong.domain.token import Purpose
from passalong.errors import BadToken, Invalid, NotFound, Sentence, TooMany, Unavailable
from passalong.store.files import FileStore
from passalong.store.pictures import opened
from passalong.web.asgi import see_other
from passalong.web.logo import MAX_BYTES
from passalong.web.portal.style import accent_href, colour_of
from passalong.web.portal.visit import PATH, Asked, Visit, posted, visit_of
from passalong.web.services import FromServices

FORM_MAX_BYTES = 4_000_000
"""Enough for a picture that is far too large to be refused in words, beside its field."""
MARK_MAX_PIXELS = 8_000_000
_SIDE = 256
"""Pixels of a kept mark's longer side: it is shown at 32, and on a card at 96."""
_FORMATS = ("PNG", "JPEG", "WEBP")
_BAD_COLOUR = Sentence("Please write a colour as # and six hex digits, like #0b5fff.")
_BAD_PICTURE = Sentence("This picture cannot be used. Please send a PNG, JPEG or WebP.")
_TOO_LARGE = Sentence("This picture is too large. Please send one of at most %(most)s kB.", most=MAX_BYTES // 1000)


class Look(Struct, frozen=True, kw_only=True):
    """A look that is not saved yet. `accent` as typed; `href` is the stylesheet that carries it, if it is a colour."""

    accent: str
    logo: str | None
    held: str = ""
    """Proof that this logo was uploaded here, so that it need not be sent again."""

    @property
    def colour(self) -> str | None:
        return colour_of(self.accent)

    @property
    def href(self) -> str | None:
        return accent_href(self.colour)

    @property
    def on_light(self) -> str:
        return readable(self.colour, LIGHT_PAPER) if self.colour else ""

    @property
    def on_dark(self) -> str:
        return readable(self.colour, DARK_PAPER) if self.colour else ""


@route("/brand", http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
async def your_look(request: Asked, services: FromServices) -> Response[bytes]:
    visit = visit_of(request, services)
    look = Look(accent=visit.customer.accent or "", logo=visit.customer.logo)
    saved = "saved" in request.query_params
    return visit.page("look.html", look=look, shown=False, saved=saved, faults={}, problem=None)


@route("/mark/{held:str}", http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
async def unsaved_mark(request: Asked, services: FromServices, held: FromPath[str]) -> Response[bytes]:
    """A mark that was uploaded during this visit and is not saved yet: nobody else is shown it."""
    logo = _held_logo(visit_of(request, services), held)
    path = services.files.path(logo.partition(".")[0]) if logo else None
    if path is None or not path.is_file():
        raise NotFound(Sentence("There is nothing at this address."))
    headers = {"cache-control": "private, no-store", "content-security-policy": "default-src 'none'; sandbox"}
    return Response(await asyncio.to_thread(path.read_bytes), headers=headers, media_type="image/png")


@post("/brand", status_code=303, include_in_schema=False, request_max_body_size=FORM_MAX_BYTES)
async def change_look(request: Asked, services: FromServices) -> Response[bytes]:
    """`do=preview` shows the look on a sample of a page and stores nothing; otherwise 303 once it is stored."""
    visit = visit_of(request, services)
    values = await posted(request)
    look = Look(accent=values.get("accent", ""), logo=_logo_so_far(visit, values), held=values.get("held", ""))
    try:
        visit.accept(values)
        look = await _with_upload(visit, look, (await request.form()).get("logo"))
        if look.accent and look.colour is None:
            raise Invalid.one("accent", _BAD_COLOUR)
        if values.get("do") == "preview":
            return visit.page("look.html", look=look, shown=True, saved=False, faults={}, problem=None)
        await services.catalog.change(
            Customer,
            visit.customer.id,
            lambda before: replace(before or visit.customer, accent=look.colour, logo=look.logo),
        )
    except (Invalid, TooMany, Unavailable) as error:
        return visit.again("look.html", error, look=look, shown=False, saved=False)
    return see_other(f"{PATH}/brand?saved=1")


def _logo_so_far(visit: Visit, values: Mapping[str, str]) -> str | None:
    """The logo that the form speaks of when it brings none: none at all, one uploaded for a preview, or the present."""
    if values.get("without") == "true":
        return None
    return _held_logo(visit, values.get("held", "")) or visit.customer.logo


async def _with_upload(visit: Visit, look: Look, upload: Any) -> Look:
    """The look with the picture that was sent, if one was; raises Invalid for one that cannot be a mark."""
    if not isinstance(upload, UploadFile) or not upload.filename:
        return look
    data = await upload.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise Invalid.one("logo", _TOO_LARGE)
    try:
        logo = await asyncio.to_thread(_keep, visit.services.files, data)
    except Invalid:
        raise Invalid.one("logo", _BAD_PICTURE) from None
    return replace(look, logo=logo, held=visit.form_token(f"/logo/{logo}"))


def _keep(files: FileStore, data: bytes) -> str:
    """Stores a mark made anew, upright, small and without what cameras write into pictures. Blocking."""
    with opened(io.BytesIO(data), "logo", _FORMATS, MARK_MAX_PIXELS) as image:
        mark = image.convert("RGBA")
    mark.thumbnail((_SIDE, _SIDE))
    packed = io.BytesIO()
    mark.save(packed, "PNG", optimize=True)
    stored = files.keep(io.BytesIO(packed.getvalue()), "logo", max_bytes=packed.tell(), field="logo")
    return f"{stored.sha256}.png"


def _held_logo(visit: Visit, token: str) -> str | None:
    """The logo that a form token names which was made for it here, during this visit."""
    try:
        form = visit.services.keyring.open(Purpose.FORM, token, FormToken)
    except BadToken:
        return None
    start = f"{visit.held.subject}/logo/"
    return form.share.removeprefix(start) if form.share.startswith(start) else None
