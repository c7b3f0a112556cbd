"""`/portal/shares/{share}`: one share: the link and everything made of it, what came of it, and how to stop it."""

from __future__ import annotations

from typing import Any

from litestar import HttpMethod, Response, post, route
from litestar.params import FromPath

from passalong.domain.instant import months_back
from passalong.domain.portal import State
from passalong.domain.receipt import Receipt
from passalong.domain.share import mint
from passalong.errors import BadToken, Gone, NotFound, Sentence
from passalong.store.receipts import Root
from passalong.web.asgi import see_other
from passalong.web.minting import addresses, snippets, take_back
from passalong.web.portal.chart import chart
from passalong.web.portal.entries import entry_of
from passalong.web.portal.visit import PATH, Asked, Visit, posted, visit_of
from passalong.web.services import FromServices
from passalong.web.viewer.link import Link

MONTHS = 12


@route("/shares/{share:str}", http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
async def one_share(request: Asked, services: FromServices, share: FromPath[str]) -> Response[bytes]:
    """`?made` and `?stopped` say what was just done; the page says so only where it is so."""
    visit = visit_of(request, services)
    root = await _root(visit, share)
    entry = entry_of(visit, root)
    months = months_back(services.calendar.month(visit.now_ms), MONTHS)
    return visit.page(
        "share.html",
        entry=entry,
        made="made" in request.query_params and entry.state is State.LIVE,
        stopped="stopped" in request.query_params and entry.state is State.REVOKED,
        expires_on=visit.day(root.claims.expires_at_s * 1000) if root.claims.expires_at_s else None,
        chart=chart(months, root.months),
        receipts=_since(root, services.calendar.month(root.first_seen_ms), months),
        hops=sorted(root.hops.items()),
        **_handout(visit, root),
    )


@post("/shares/{share:str}/revoke", status_code=303, include_in_schema=False)
async def stop_sharing(request: Asked, services: FromServices, share: FromPath[str]) -> Response[bytes]:
    """303 back. The link and all that grew from it say goodbye from now on; what came of them stays counted."""
    visit = visit_of(request, services)
    root = await _root(visit, share)
    visit.accept(await posted(request))
    await take_back(services, root.share, by=f"{visit.customer.name} in its portal")
    return see_other(f"{PATH}/shares/{root.share}?stopped=1")


async def _root(visit: Visit, share: str) -> Root:
    """A share that the visitor made; raises NotFound alike for one that is unknown, another's, or a branch of it.

    A branch has no page: its numbers would tell what one recipient's friends did.
    """
    root = await visit.services.receipts.root(visit.customer.id, share)
    if root is None:
        raise NotFound(Sentence("There is no such page among yours."))
    return root


def _since(root: Root, first: int, months: list[int]) -> list[tuple[int, Receipt]]:
    """What there is to tell of each month, newest first, as far back as the share or its numbers go."""
    first = min([first, *root.months])
    return [(month, root.months.get(month, Receipt())) for month in reversed(months) if month >= first]


def _handout(visit: Visit, root: Root) -> dict[str, Any]:
    """Everything to copy, while the link still opens; nothing of it afterwards."""
    link = _open_link(visit, root)
    if link is None:
        return {"link": None, "snippets": None, "where": None}
    base_url = visit.services.settings.base_url
    return {"link": link, "snippets": snippets(base_url, link), "where": addresses(base_url, link)}


def _open_link(visit: Visit, root: Root) -> Link | None:
    try:
        return visit.services.links.live(mint(visit.services.keyring, root.claims), visit.now_ms)
    except (BadToken, NotFound, Gone):
        return None
