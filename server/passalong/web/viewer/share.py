"""`GET /s/{token}` and `/s/{token}/{step}`: the page. The hot path: bare ASGI, a prepared page, one shared commit."""

from __future__ import annotations

from passalong.domain.asset import AssetKind
from passalong.domain.event import Actor
from passalong.errors import NotFound, Sentence
from passalong.web.asgi import Answer, Asked, moved
from passalong.web.services import Services
from passalong.web.viewer.branch import branch_of, parent_lead
from passalong.web.viewer.link import Link
from passalong.web.viewer.record import EVENT_HEADER
from passalong.web.viewer.seen import record_view
from passalong.web.viewer.standing import Standing, standing, view_of
from passalong.web.visitor import Visitor


async def share_page(services: Services, asked: Asked) -> Answer:
    """The share page, or one step of a walkthrough; for a redirecting mechanic a 303.

    Raises BadToken, NotFound or Gone for a link that is not ours or no more.
    """
    link, step = services.links.find(asked.token, asked.door), asked.step
    now_ms = services.clock()
    link.check(now_ms)
    walked = link.asset.kind is AssetKind.WALKTHROUGH
    if step is not None and not (walked and 1 <= step <= len(link.asset.course)):
        raise NotFound(Sentence("There is nothing at this address."))
    visitor = await services.visitors.read(asked.scope, now_ms)
    who = standing(services.keyring, services.catalog, link, visitor, now_ms)
    if (elsewhere := _elsewhere(services, link, who, visitor, step)) is not None:
        return moved(elsewhere)
    number = step or 1
    view = view_of(link, who, number)
    said = await record_view(services, link, visitor, who, now_ms, step=step, open_step=not view.locked)
    if link.redirect_url is not None:
        return moved(link.redirect_url, (EVENT_HEADER, said))
    headers, body = services.pages.share(link, view, who, visitor, now_ms, step=number)
    return 200, [*headers, (EVENT_HEADER, said)], body


def _elsewhere(services: Services, link: Link, who: Standing, visitor: Visitor, step: int | None) -> str | None:
    """Where this request belongs: to the page without its pass, or to the branch of whoever forwarded it.

    A robot that looks at a link is nobody it was forwarded to; and who opens their own branch has no need of another.
    """
    tail = f"/{step}" if step is not None else ""
    if who.tidy_url:
        return link.path + tail
    if who.forwarder is None or who.forwarder == parent_lead(link) or visitor.actor is not Actor.HUMAN:
        return None
    branch = branch_of(services.keyring, link, who.forwarder)
    return f"/{link.door}/{branch}{tail}" if branch is not None else None
