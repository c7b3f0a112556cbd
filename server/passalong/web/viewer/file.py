"""`GET /s/{token}/file` and `/preview`: the file behind the page, for those who may see it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from litestar import HttpMethod, Request, Response, route
from litestar.datastructures import State
from litestar.params import FromPath
from litestar.response import Stream

from passalong.domain.asset import AssetKind, StoredFile
from passalong.errors import NotFound
from passalong.store.previews import MEDIA_TYPE
from passalong.web import ranges
from passalong.web.asgi import see_other
from passalong.web.services import FromServices, Services
from passalong.web.viewer.link import door_of
from passalong.web.viewer.standing import PASS_PARAMETER, standing, view_of

_METHODS = [HttpMethod.GET, HttpMethod.HEAD]
_INLINE = ("image/", "video/", "application/pdf", "text/")

# A file is data: whatever is in it runs nothing and reaches nothing of ours. Browsers do not show a PDF in a sandbox.
_SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; media-src 'self'"
_PDF = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'"

Sent = Response[bytes] | Stream


@route(["/s/{token:str}/file", "/e/{token:str}/file"], http_method=_METHODS, include_in_schema=False)
async def send_file(request: Request[Any, Any, State], services: FromServices, token: FromPath[str]) -> Sent:
    """The file, or the range of it that was asked for; to the page and its gate for those who have not passed."""
    file = await _file_for(request, services, token)
    if file is None:
        return _to_the_page(request, token)
    inline = file.media_type.startswith(_INLINE) and "download" not in request.query_params
    return ranges.send(
        request,
        services.files.path(file.sha256),
        size=file.size,
        media_type="text/plain" if file.media_type.startswith("text/") else file.media_type,
        etag=f'"{file.sha256[:32]}"',
        headers=_headers(_PDF if file.media_type == "application/pdf" else _SANDBOX)
        | {"content-disposition": ranges.disposition(file.name, download=not inline)},
    )


@route(["/s/{token:str}/preview", "/e/{token:str}/preview"], http_method=_METHODS, include_in_schema=False)
async def send_preview(request: Request[Any, Any, State], services: FromServices, token: FromPath[str]) -> Sent:
    """The first page of a document as a picture, under the same rule as the document."""
    file = await _file_for(request, services, token)
    if file is None:
        return _to_the_page(request, token)
    if file.preview is None:
        raise NotFound("This file has no preview.")
    path = services.files.path(file.preview.sha256)
    return ranges.send(
        request,
        path,
        size=path.stat().st_size,
        media_type=MEDIA_TYPE,
        etag=f'"{file.preview.sha256[:32]}"',
        headers=_headers(_SANDBOX),
    )


def _to_the_page(request: Request[Any, Any, State], token: str) -> Response[bytes]:
    """To the gate; with the pass that came along, which tells the page who forwarded it."""
    held = request.query_params.get(PASS_PARAMETER)
    carried = f"?{urlencode({PASS_PARAMETER: held})}" if held else ""
    return see_other(f"/{door_of(request.url.path)}/{token}{carried}")


async def _file_for(request: Request[Any, Any, State], services: Services, token: str) -> StoredFile | None:
    """The file of a live link; None if the gate is still before it. Raises NotFound when there is none."""
    now_ms = services.clock()
    link = services.links.live(token, now_ms, door_of(request.url.path))
    file = link.asset.file
    if link.asset.kind is not AssetKind.FILE or file is None or not services.files.path(file.sha256).is_file():
        raise NotFound("This page has no file.")
    visitor = await services.visitors.read(request.scope, now_ms)
    return None if view_of(link, standing(services.keyring, services.catalog, link, visitor, now_ms)).locked else file


def _headers(policy: str) -> dict[str, str]:
    return {
        "cache-control": "private, max-age=3600",
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "content-security-policy": policy,
    }
