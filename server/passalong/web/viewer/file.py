"""`GET /s/{token}/file`: the file behind the page, for those who may see it."""

from __future__ import annotations

from typing import Any

from litestar import HttpMethod, Request, Response, route
from litestar.datastructures import State
from litestar.params import FromPath
from litestar.response import Stream

from passalong.domain.asset import AssetKind
from passalong.errors import NotFound, PassalongError
from passalong.web import ranges
from passalong.web.asgi import respond, see_other
from passalong.web.services import FromServices
from passalong.web.viewer.link import Link
from passalong.web.viewer.standing import standing, view_of

_INLINE = ("image/", "video/", "application/pdf", "text/")


@route("/s/{token:str}/file", http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
async def send_file(
    request: Request[Any, Any, State], services: FromServices, token: FromPath[str]
) -> Response[bytes] | Stream:
    """The file, or the range of it that was asked for; to the page and its gate for those who have not passed."""
    now_ms = services.clock()
    link: Link | None = None
    try:
        link = services.links.find(token)
        link.check(now_ms)
        if link.asset.kind is not AssetKind.FILE or link.asset.file is None:
            raise NotFound("This page has no file.")
    except PassalongError as error:
        return respond(*services.refusals.of(error, link))
    visitor = await services.visitors.read(request.scope, now_ms)
    if view_of(link, standing(services.keyring, link, visitor, now_ms)).locked:
        return see_other(link.path)
    file = link.asset.file
    inline = file.media_type.startswith(_INLINE) and "download" not in visitor.query
    text = file.media_type.startswith("text/")
    headers = {
        "etag": f'"{file.sha256[:32]}"',
        "cache-control": "private, max-age=3600",
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        # A file is data: whatever is in it runs nothing and reaches nothing of ours.
        "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:",
        "content-disposition": ranges.disposition(file.name, download=not inline),
    }
    if file.media_type == "application/pdf":
        headers["content-security-policy"] = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'"
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(b"", status_code=304, headers=headers)
    asked = request.headers.get("range")
    if asked and request.headers.get("if-range", headers["etag"]) != headers["etag"]:
        asked = None
    span = ranges.span_of(asked, file.size)
    if span is not None and not ranges.satisfiable(span):
        return Response(
            b"", status_code=416, headers={**headers, "content-range": f"bytes */{file.size}"}, media_type="text/plain"
        )
    headers |= ranges.partial_headers(span, file.size)
    media_type = "text/plain; charset=utf-8" if text else file.media_type
    status = 206 if span else 200
    if request.method == HttpMethod.HEAD:
        return Response(b"", status_code=status, headers=headers, media_type=media_type)
    first, length = (span.first, span.length) if span else (0, file.size)
    content = ranges.read(services.files.path(file.sha256), first, length)
    return Stream(content, status_code=status, headers=headers, media_type=media_type)
