"""`GET /s/{token}/all`: every step of a walkthrough on one page, for paper and for those who search."""

from __future__ import annotations

from typing import Any

from litestar import HttpMethod, Request, Response, route
from litestar.datastructures import State
from litestar.params import FromPath

from passalong.domain.asset import AssetKind
from passalong.errors import NotFound, Sentence
from passalong.web.asgi import respond
from passalong.web.services import FromServices
from passalong.web.viewer.link import door_of
from passalong.web.viewer.record import EVENT_HEADER
from passalong.web.viewer.seen import record_view
from passalong.web.viewer.standing import standing


@route(
    ["/s/{token:str}/all", "/e/{token:str}/all"], http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False
)
async def all_steps(request: Request[Any, Any, State], services: FromServices, token: FromPath[str]) -> Response[bytes]:
    """All steps, up to the gate for those who stand before it. It is a view, and no step: nobody walked."""
    now_ms = services.clock()
    link = services.links.live(token, now_ms, door_of(request.url.path))
    if link.asset.kind is not AssetKind.WALKTHROUGH:
        raise NotFound(Sentence("There is nothing at this address."))
    visitor = await services.visitors.read(request.scope, now_ms)
    who = standing(services.keyring, services.catalog, link, visitor, now_ms)
    said = await record_view(services, link, visitor, who, now_ms)
    headers, body = services.pages.all_steps(link, who, visitor)
    return respond(200, [*headers, (EVENT_HEADER, said)], body)
