"""`GET /oembed?url=`: how another site may show a share (oEmbed 1.0, https://oembed.com)."""

from __future__ import annotations

from html import escape
from typing import Annotated, Any
from urllib.parse import urlsplit

from litestar import HttpMethod, Response, route
from litestar.params import FromQuery, QueryParameter

from passalong.domain.asset import AssetKind
from passalong.errors import BadToken, NotFound
from passalong.web.minting import addresses, aspect_ratio
from passalong.web.services import FromServices, Services
from passalong.web.unfurl.card_of import is_over
from passalong.web.viewer.link import Link

WIDTH = 800
CACHE_AGE_S = 3600
CARD = (1200, 630)
_HEADERS = {"access-control-allow-origin": "*", "cache-control": "public, max-age=300"}


@route("/oembed", http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
async def oembed(
    services: FromServices,
    url: FromQuery[str] = "",
    maxwidth: Annotated[int | None, QueryParameter(ge=1)] = None,
    maxheight: Annotated[int | None, QueryParameter(ge=1)] = None,
    format: FromQuery[str] = "json",  # noqa: A002 - the standard's word
) -> Response[Any]:
    """A frame as `rich`, or a `link` where the brand lets nobody frame its pages. 404 for what is no share here,
    401 for one that is over, 501 for anything but JSON."""
    if format != "json":
        return _no(501, "Only JSON is spoken here.")
    link = _link(services, url)
    if link is None:
        return _no(404, "There is no share at this URL.")
    if is_over(link, services.clock()):
        return _no(401, "This share is over.")
    at = addresses(services.settings.base_url, link)
    answer: dict[str, Any] = {
        "version": "1.0",
        "type": "rich" if link.brand.embed_hosts else "link",
        "title": link.asset.title,
        "author_name": str(link.sharer),
        "provider_name": link.brand.name,
        "provider_url": link.brand.home_url,
        "cache_age": CACHE_AGE_S,
    }
    if link.brand.embed_hosts:
        width, height = _fit(link, maxwidth or WIDTH, maxheight)
        frame = (
            f'<iframe src="{escape(at.embed_url)}" title="{escape(link.asset.title)}" width="{width}" '
            f'height="{height}" style="border:0;max-width:100%" loading="lazy" allow="fullscreen"></iframe>'
        )
        answer |= {"html": frame, "width": width, "height": height}
    if (maxwidth or CARD[0]) >= CARD[0] and (maxheight or CARD[1]) >= CARD[1]:
        answer |= {"thumbnail_url": at.card_url, "thumbnail_width": CARD[0], "thumbnail_height": CARD[1]}
    return Response(answer, headers=_HEADERS)


def _link(services: Services, url: str) -> Link | None:
    """The share whose page, step, frame or vanity link this is; None for anything else."""
    try:
        ours, asked = urlsplit(services.settings.base_url), urlsplit(url)
    except ValueError:
        return None
    if (asked.scheme, asked.netloc) != (ours.scheme, ours.netloc):
        return None
    parts = asked.path.removeprefix(ours.path).split("/")
    if len(parts) == 3 and parts[1] == "go":
        vanity = services.catalog.slugs.get(parts[2].lower())
        parts = ["", "s", vanity.now.token] if vanity else []
    if len(parts) not in (3, 4) or parts[1] not in ("s", "e"):
        return None
    try:
        return services.links.find(parts[2])
    except (BadToken, NotFound):
        return None


def _fit(link: Link, maxwidth: int, maxheight: int | None) -> tuple[int, int]:
    """Width and height in pixels of a frame within the maxima. A live view keeps its shape; pages flow."""
    across, down = (int(part) for part in aspect_ratio(link).split("/"))
    width = min(maxwidth, WIDTH)
    height = max(1, round(width * down / across))
    if maxheight is not None and height > maxheight:
        if link.asset.kind is AssetKind.EMBED:
            width = max(1, round(maxheight * across / down))
        height = maxheight
    return width, height


def _no(status: int, sentence: str) -> Response[Any]:
    return Response({"error": sentence}, status_code=status, headers=_HEADERS)
