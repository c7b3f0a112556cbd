"""`GET /portal`: what came of everything that a customer has shared, and its shares."""

from __future__ import annotations

from litestar import HttpMethod, Response, route
from litestar.params import FromQuery

from passalong.web.api.paging import decode, page
from passalong.web.portal.entries import entry_of
from passalong.web.portal.visit import Asked, visit_of
from passalong.web.services import FromServices

SHARES_A_PAGE = 50


@route("/", http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
async def your_shares(request: Asked, services: FromServices, cursor: FromQuery[str | None] = None) -> Response[bytes]:
    """The numbers, then the customer's own shares, newest first; what others passed along counts with its root."""
    visit = visit_of(request, services)
    customer = visit.customer.id
    before = decode(cursor, str)
    found = await services.receipts.roots(customer, before=before, limit=SHARES_A_PAGE + 1)
    shown = page(found, SHARES_A_PAGE, lambda root: root.share)
    month = services.calendar.month(visit.now_ms)
    return visit.page(
        "home.html",
        summary=await services.receipts.summary(customer, month),
        month=month,
        entries=[entry_of(visit, root) for root in shown.items],
        older=shown.next_cursor,
        continued=before is not None,
    )
