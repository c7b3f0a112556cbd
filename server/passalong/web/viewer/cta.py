"""`GET /s/{token}/go`: the call to action. Records a click and leads on, with a click id and UTM tags."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from litestar import HttpMethod, Request, Response, route
from litestar.datastructures import State
from litestar.params import FromPath

from passalong.domain.event import Actor, EventKind
from passalong.domain.passes import Click
from passalong.domain.token import Purpose
from passalong.errors import Unavailable
from passalong.web.asgi import see_other
from passalong.web.services import FromServices
from passalong.web.viewer.link import Link, door_of
from passalong.web.viewer.record import EVENT_HEADER
from passalong.web.viewer.standing import standing

CLICK_PARAMETER = "pa_click"
_PATHS = ["/s/{token:str}/go", "/e/{token:str}/go"]


@route(_PATHS, http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
async def follow_cta(
    request: Request[Any, Any, State], services: FromServices, token: FromPath[str]
) -> Response[bytes]:
    """303 to the mechanic's CTA; of a killed mechanic, or one without a CTA, back to the page."""
    now_ms = services.clock()
    link = services.links.live(token, now_ms, door_of(request.url.path))
    cta = link.mechanic.cta
    if cta is None or link.mechanic.tombstone:
        return see_other(link.path)
    if not link.mechanic.records_viewers:
        return see_other(cta.url)
    visitor = await services.visitors.read(request.scope, now_ms)
    if not visitor.counted:
        return see_other(destination(link, cta.url, None), (EVENT_HEADER, b"none; reason=prefetch"))
    who = standing(services.keyring, services.catalog, link, visitor, now_ms)
    said = EventKind.CLICK.value.encode()
    try:
        await services.recorder.record(link, EventKind.CLICK, now_ms=now_ms, visitor=visitor, lead=who.lead)
    except Unavailable:
        said = b"none; reason=not-stored"
    click = None
    if visitor.actor is Actor.HUMAN:
        # The id stands for itself: even a click that could not be stored still names its share.
        click = services.keyring.seal(Purpose.CLICK, Click(link.share, who.lead, now_ms, secrets.token_urlsafe(6)))
    return see_other(destination(link, cta.url, click), (EVENT_HEADER, said))


def destination(link: Link, url: str, click: str | None) -> str:
    """The CTA's address with click id and UTM tags."""
    tags = {
        "utm_source": link.customer.id,
        "utm_medium": "customer_share",
        "utm_campaign": link.mechanic.key,
        "utm_content": link.asset.id,
    }
    return tagged(url, tags, {CLICK_PARAMETER: click} if click else {})


def tagged(url: str, tags: Mapping[str, str], ours: Mapping[str, str]) -> str:
    """An address with UTM tags, of which those that it has already stay as they are, and with what is ours to say."""
    parts = urlsplit(url)
    given = parse_qsl(parts.query, keep_blank_values=True)
    present = {name for name, _ in given}
    added = [(name, value) for name, value in tags.items() if name not in present]
    return urlunsplit(parts._replace(query=urlencode([*given, *added, *ours.items()])))
