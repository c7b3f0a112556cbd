"""The theater report: what looks like growth by customers and is not."""

from __future__ import annotations

from datetime import datetime

from litestar import get
from msgspec import Struct

from passalong.domain.instant import at
from passalong.domain.theater import Finding, FindingKind
from passalong.web.api.refusals import REFUSALS
from passalong.web.services import FromServices


class TheaterAnswer(Struct, kw_only=True):
    """What was found, what weighs most first; `clear` are the checks that found nothing."""

    made_at: datetime
    findings: list[Finding]
    clear: list[FindingKind]


@get("/theater", tags=["Reviews"], summary="What only looks like pipeline", responses=REFUSALS)
async def get_theater(services: FromServices) -> TheaterAnswer:
    """Each finding with its numbers and the way out."""
    found = await services.theater.findings()
    kinds = {finding.kind for finding in found}
    return TheaterAnswer(
        made_at=at(services.clock()), findings=found, clear=[kind for kind in FindingKind if kind not in kinds]
    )
