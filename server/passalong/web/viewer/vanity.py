"""`GET /go/{slug}`: a readable address, for talks and print, that leads to a share page."""

from __future__ import annotations

from litestar import HttpMethod, Response, route
from litestar.params import FromPath

from passalong.errors import NotFound, Sentence
from passalong.web.asgi import see_other
from passalong.web.services import FromServices


@route("/go/{slug:str}", http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
async def follow_slug(services: FromServices, slug: FromPath[str]) -> Response[bytes]:
    """303 to the page; what is seen is counted there. Case does not matter: people type these from a slide."""
    vanity = services.catalog.slugs.get(slug.strip().lower())
    if vanity is None:
        raise NotFound(Sentence("There is nothing at this address."))
    return see_other(f"/s/{vanity.now.token}")
