"""Conversions: what the vendor's product or CRM reports, credited as far as there is evidence."""

from __future__ import annotations

from datetime import datetime

from litestar import Response, post
from litestar.params import JSONBody
from msgspec import Struct

from passalong.domain.attribution import Credit
from passalong.domain.conversion import ConversionBody, check
from passalong.domain.instant import at
from passalong.domain.money import Money
from passalong.store.pipeline import Conversion
from passalong.web.api.refusals import REFUSALS
from passalong.web.services import FromServices


class ConversionPart(Struct, kw_only=True):
    id: str
    external_id: str
    kind: str
    occurred_at: datetime
    amount: Money | None


class AttributionPart(Struct, kw_only=True):
    """`micro` of the credits sums to 1,000,000, `amount_minor` to the amount; without credits a reason."""

    model: str
    credits: list[Credit]
    unattributed_reason: str | None


class ConversionAnswer(Struct, kw_only=True):
    conversion: ConversionPart
    attribution: AttributionPart


@post("/conversions", tags=["Conversions"], summary="Report a conversion", responses=REFUSALS)
async def report_conversion(services: FromServices, data: JSONBody[ConversionBody]) -> Response[ConversionAnswer]:
    """201 with the credits; the same report again gives the same answer, another under the same name 409."""
    check(data)
    conversion, _ = await services.pipeline.record(data)
    return Response(answer(conversion), status_code=201)


def answer(conversion: Conversion) -> ConversionAnswer:
    amount = (
        Money(conversion.amount_minor, conversion.currency)
        if conversion.amount_minor is not None and conversion.currency
        else None
    )
    return ConversionAnswer(
        conversion=ConversionPart(
            id=conversion.id,
            external_id=conversion.external_id,
            kind=conversion.kind,
            occurred_at=at(conversion.occurred_at_ms),
            amount=amount,
        ),
        attribution=AttributionPart(
            model=conversion.model,
            credits=conversion.credits,
            unattributed_reason=conversion.unattributed_reason,
        ),
    )
