"""`GET /s/{token}` and `/s/{token}/{step}`: the page. The hot path: bare ASGI, a prepared page, one shared commit."""

from __future__ import annotations

import asyncio

from litestar.exceptions import MethodNotAllowedException
from litestar.types import HTTPScope, Send

from passalong.domain.asset import AssetKind
from passalong.domain.event import EventKind
from passalong.domain.mechanic import Fallback
from passalong.errors import NotFound, Sentence, Unavailable
from passalong.web.asgi import answer
from passalong.web.services import Services
from passalong.web.viewer.branch import branch_of
from passalong.web.viewer.link import Link
from passalong.web.viewer.record import EVENT_HEADER
from passalong.web.viewer.standing import NOBODY, Standing, View, standing, view_of
from passalong.web.visitor import Visitor, accept_language


async def share_page(
    services: Services, scope: HTTPScope, send: Send, door: str, token: str, step: int | None = None
) -> None:
    """The share page, or one step of a walkthrough; for a redirecting mechanic a 303, for a link that is not ours or
    no more a refusal."""
    head = scope["method"] == "HEAD"
    link: Link | None = None
    try:
        if not head and scope["method"] != "GET":
            raise MethodNotAllowedException(headers={"allow": "GET, HEAD"})
        link = services.links.find(token, door)
        now_ms = services.clock()
        link.check(now_ms)
        walked = link.asset.kind is AssetKind.WALKTHROUGH
        if step is not None and not (walked and 1 <= step <= len(link.asset.course)):
            raise NotFound(Sentence("There is nothing at this address."))
        visitor = await services.visitors.read(scope, now_ms)
        who = standing(services.keyring, link, visitor, now_ms) if link.mechanic.records_viewers else NOBODY
        if (elsewhere := _elsewhere(services, link, who, step)) is not None:
            await answer(send, 303, [(b"location", elsewhere.encode()), (b"cache-control", b"no-store")])
            return
        number = step or 1
        view = view_of(link, who, number)
        said = await _record(services, link, visitor, who, view, step, now_ms)
        tombstone = link.mechanic.tombstone
        if tombstone and tombstone.fallback is Fallback.REDIRECT and tombstone.redirect_url:
            location = (b"location", tombstone.redirect_url.encode())
            await answer(send, 303, [location, (b"cache-control", b"no-store"), (EVENT_HEADER, said)])
            return
        headers, body = services.pages.share(link, view, who, visitor, now_ms, step=number)
        await answer(send, 200, [*headers, (EVENT_HEADER, said)], body, head=head)
    except Exception as error:  # the last door before the server's own: every refusal is a page
        status, headers, body = services.refusals.of(error, link, accept_language(scope))
        await answer(send, status, headers, body, head=head)


def _elsewhere(services: Services, link: Link, who: Standing, step: int | None) -> str | None:
    """Where this request belongs: to the page without its pass, or to the branch of whoever forwarded it."""
    tail = f"/{step}" if step is not None else ""
    if who.tidy_url:
        return link.path + tail
    if who.forwarder is not None and (branch := branch_of(services.keyring, link, who.forwarder)) is not None:
        return f"/{link.door}/{branch}{tail}"
    return None


async def _record(
    services: Services, link: Link, visitor: Visitor, who: Standing, view: View, step: int | None, now_ms: int
) -> bytes:
    """Stores what was seen, and says in a word what became of it. A page is shown even when nothing can be stored."""
    if not visitor.counted:
        return b"none; reason=prefetch"
    if link.mechanic.records_viewers:
        kind = EventKind.VIEW
    elif link.mechanic.tombstone:
        kind = EventKind.AFTERLIFE
    else:
        return b"none; reason=not-instrumented"
    recorder = services.recorder
    try:
        if kind is EventKind.AFTERLIFE or link.asset.kind is not AssetKind.WALKTHROUGH:
            await recorder.record(link, kind, now_ms=now_ms, visitor=visitor, lead=who.lead)
            return kind.value.encode()
        seen: list[tuple[EventKind, str | None]] = []
        if step is None or not _came_from(link, visitor):
            seen.append((EventKind.VIEW, None))
        if not view.locked and link.asset.ready:
            seen.append((EventKind.STEP, str(step or 1)))
        await asyncio.gather(
            *(recorder.record(link, kind, now_ms=now_ms, visitor=visitor, lead=who.lead, ref=ref) for kind, ref in seen)
        )
    except Unavailable:
        return b"none; reason=not-stored"
    return ", ".join(kind.value for kind, _ in seen).encode() or b"none; reason=gate"


def _came_from(link: Link, visitor: Visitor) -> bool:
    """Whether this is the next page of somebody who is here already, not somebody new at a deep link."""
    return f"/{link.token}" in visitor.referer
