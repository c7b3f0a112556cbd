"""Pictures of a share: the card that networks show, its QR code, its badge. They tell nothing from behind a gate."""

from __future__ import annotations

import asyncio
import io
from functools import lru_cache

import segno
from litestar import HttpMethod, Response, route
from litestar.params import FromPath

from passalong.domain.share import share_url
from passalong.errors import Sentence, TooMany
from passalong.web.asgi import Answer, Asked
from passalong.web.security import FOR_ALL
from passalong.web.services import FromServices, Services
from passalong.web.unfurl import badge
from passalong.web.unfurl.card_of import card_of
from passalong.web.words import words_of

_METHODS = [HttpMethod.GET, HttpMethod.HEAD]
_DAY = {"cache-control": "public, max-age=86400"}
_BRIEFLY = {"cache-control": "public, max-age=300"}
_SVG = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}
_PNG = [(b"content-type", b"image/png"), (b"cache-control", _BRIEFLY["cache-control"].encode()), FOR_ALL]
_QR_SCALE = 8
CARD = "card.png"


async def card(services: Services, asked: Asked) -> Answer:
    """The card, 1200×630. Of a link that is over it shows the brand alone, and no title.

    Bare ASGI, like the page: a thousand networks may ask at once. Who is sent away in such a flood gets no page.
    """
    link = services.links.find(asked.token)
    try:
        drawn = await services.cards.png(card_of(services, link))
    except TooMany as error:
        retry = (b"retry-after", str(error.retry_after_s).encode())
        return 429, [retry, (b"cache-control", b"no-store"), FOR_ALL], b""
    return 200, _PNG, await asyncio.to_thread(drawn.read_bytes)


@route("/s/{token:str}/qr.svg", http_method=_METHODS, include_in_schema=False)
async def qr_svg(services: FromServices, token: FromPath[str]) -> Response[bytes]:
    """The link as a QR code to print at any size."""
    return Response(_qr(_address(services, token), "svg"), headers=_DAY | _SVG, media_type="image/svg+xml")


@route("/s/{token:str}/qr.png", http_method=_METHODS, include_in_schema=False)
async def qr_png(services: FromServices, token: FromPath[str]) -> Response[bytes]:
    return Response(_qr(_address(services, token), "png"), headers=_DAY, media_type="image/png")


@route("/s/{token:str}/badge.svg", http_method=_METHODS, include_in_schema=False)
async def badge_svg(services: FromServices, token: FromPath[str]) -> Response[bytes]:
    """A badge for a README or a footer: the asset's title, and who made it possible."""
    link = services.links.live(token, services.clock())
    words = words_of(link.language(""))
    made_with = words.say(Sentence("Made with %(brand)s", brand=link.brand.name))
    svg = badge.svg(link.asset.title, made_with, link.brand.accent)
    return Response(svg.encode(), headers=_BRIEFLY | _SVG, media_type="image/svg+xml")


def _address(services: Services, token: str) -> str:
    link = services.links.live(token, services.clock())
    return share_url(services.settings.base_url, link.token)


@lru_cache(maxsize=512)
def _qr(url: str, kind: str) -> bytes:
    """A QR code as SVG or PNG; working one out takes some 10 ms."""
    code, out = segno.make(url, error="m", micro=False), io.BytesIO()
    if kind == "svg":
        code.save(out, kind="svg", border=4, light="#fff", dark="#000", xmldecl=False, title="QR code", omitsize=True)
    else:
        code.save(out, kind="png", border=4, scale=_QR_SCALE)
    return out.getvalue()
