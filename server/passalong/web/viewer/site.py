"""The few addresses that belong to no share: robots, privacy, health, the root."""

from __future__ import annotations

from typing import Any

from litestar import HttpMethod, Request, Response, get, route
from litestar.datastructures import State

from passalong.web.asgi import respond
from passalong.web.services import FromServices

_METHODS = [HttpMethod.GET, HttpMethod.HEAD]


@route("/robots.txt", http_method=_METHODS, include_in_schema=False)
async def robots() -> Response[str]:
    """Pages say `noindex` themselves, which a crawler can only read if it may fetch them."""
    return Response("User-agent: *\nDisallow: /api/\nDisallow: /hooks/\nAllow: /\n", media_type="text/plain")


@route("/privacy", http_method=_METHODS, include_in_schema=False)
async def privacy(request: Request[Any, Any, State], services: FromServices) -> Response[bytes]:
    page = services.pages.privacy(request.headers.get("accept-language", ""))
    return respond(200, services.pages.plain_headers, page.encode())


@get("/healthz", include_in_schema=False)
async def alive() -> Response[str]:
    """The process answers."""
    return Response("ok\n", media_type="text/plain")


@get("/readyz", include_in_schema=False)
async def ready(services: FromServices) -> Response[str]:
    """The database takes writes and is migrated; else 503."""
    await services.db.probe()
    return Response("ready\n", media_type="text/plain")
