"""`GET /s/{token}`: the share page. The hot path: bare ASGI, a prepared page, one commit shared with others."""

from __future__ import annotations

from litestar.exceptions import MethodNotAllowedException
from litestar.types import HTTPScope, Send

from passalong.domain.event import EventKind
from passalong.domain.mechanic import Fallback
from passalong.errors import Unavailable
from passalong.web.asgi import answer
from passalong.web.services import Services
from passalong.web.viewer.link import Link
from passalong.web.viewer.record import EVENT_HEADER
from passalong.web.viewer.standing import NOBODY, Standing, standing, view_of
from passalong.web.visitor import Visitor


async def share_page(services: Services, scope: HTTPScope, send: Send, token: str) -> None:
    """The share page; for a redirecting mechanic a 303, for a link that is not ours or no more a refusal."""
    head = scope["method"] == "HEAD"
    link: Link | None = None
    try:
        if not head and scope["method"] != "GET":
            raise MethodNotAllowedException(headers={"allow": "GET, HEAD"})
        link = services.links.find(token)
        now_ms = services.clock()
        link.check(now_ms)
        visitor = await services.visitors.read(scope, now_ms)
        who = standing(services.keyring, link, visitor, now_ms) if link.mechanic.records_viewers else NOBODY
        if who.tidy_url:
            await answer(send, 303, [(b"location", link.path.encode()), (b"cache-control", b"no-store")])
            return
        said = await _record(services, link, visitor, who, now_ms)
        tombstone = link.mechanic.tombstone
        if tombstone and tombstone.fallback is Fallback.REDIRECT and tombstone.redirect_url:
            location = (b"location", tombstone.redirect_url.encode())
            await answer(send, 303, [location, (b"cache-control", b"no-store"), (EVENT_HEADER, said)])
            return
        headers, body = services.pages.share(link, view_of(link, who), who, now_ms, gzip=visitor.gzip)
        await answer(send, 200, [*headers, (EVENT_HEADER, said)], body, head=head)
    except Exception as error:  # the last door before the server's own: every refusal is a page
        status, headers, body = services.refusals.of(error, link)
        await answer(send, status, headers, body, head=head)


async def _record(services: Services, link: Link, visitor: Visitor, who: Standing, now_ms: int) -> bytes:
    """Stores the view, and says in a word what became of it. A page is shown even when nothing can be stored."""
    if not visitor.counted:
        return b"none; reason=prefetch"
    if link.mechanic.records_viewers:
        kind = EventKind.VIEW
    elif link.mechanic.tombstone:
        kind = EventKind.AFTERLIFE
    else:
        return b"none; reason=not-instrumented"
    try:
        await services.recorder.record(link, kind, now_ms=now_ms, visitor=visitor, lead=who.lead)
    except Unavailable:
        return b"none; reason=not-stored"
    return kind.value.encode()
