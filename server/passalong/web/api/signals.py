"""Signals: what the vendor's product, community and support have heard of customers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, QueryParameter
from msgspec import Struct

from passalong.domain import signal
from passalong.domain.customer import Customer
from passalong.domain.instant import at
from passalong.domain.signal import SignalBody
from passalong.store.signals import SignalRow, Stored
from passalong.web.api.paging import Cursor, Limit, Page, decode, page
from passalong.web.api.refusals import REFUSALS
from passalong.web.services import FromServices

_ONE = msgspec.json.schema(SignalBody)["$defs"]["SignalBody"]
_SEVERAL = {
    "title": "Signals",
    "type": "object",
    "required": ["signals"],
    "properties": {"signals": {"type": "array", "items": _ONE, "minItems": 1, "maxItems": signal.MOST}},
    "additionalProperties": False,
}
OneOrSeveral = Annotated[
    dict[str, Any], Body(media_type=RequestEncodingType.JSON, schema_extra={"one_of": [_ONE, _SEVERAL]})
]
"""Read by hand, because the first fault would otherwise hide all others."""


class SignalAnswer(Struct, kw_only=True):
    external_id: str
    customer: str
    kind: str
    value: float | None
    occurred_at: datetime
    recorded_at: datetime


@post("/signals", tags=["Plays"], summary="Report signals", responses=REFUSALS)
async def report_signals(services: FromServices, data: OneOrSeveral) -> Response[Stored]:
    """One signal, or `{"signals": […]}` with up to 1,000: all are stored, or none, and every bad one is named.

    The same signal again is counted as repeated; another under the same `external_id` is a conflict.
    """
    found = signal.read(data, services.catalog.customers, services.clock())
    return Response(await services.signals.post(found), status_code=201)


@get("/signals", tags=["Plays"], summary="A customer's signals, newest first", responses=REFUSALS)
async def list_signals(
    services: FromServices,
    customer: Annotated[str, QueryParameter(description="Whose")],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[SignalAnswer]:
    services.catalog.find(Customer, customer)
    found = await services.signals.page(customer, limit=limit + 1, before=decode(cursor, tuple[int, int]))
    paged = page(found, limit, lambda row: (row.occurred_at_ms, row.seq))
    return Page([_answer(row) for row in paged.items], paged.next_cursor)


def _answer(row: SignalRow) -> SignalAnswer:
    return SignalAnswer(
        external_id=row.external_id,
        customer=row.customer,
        kind=row.kind,
        value=row.value,
        occurred_at=at(row.occurred_at_ms),
        recorded_at=at(row.recorded_at_ms),
    )
