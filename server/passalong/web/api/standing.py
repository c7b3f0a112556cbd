"""How a lead or a deal stands in HubSpot, as a part of what is told of it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from passalong.domain.delivery import Destination
from passalong.domain.instant import at
from passalong.store.standing import Standing
from passalong.web.api.outbox import JobAnswer, job_answer
from passalong.web.services import Services


class CrmPart(Struct, kw_only=True):
    """A record of HubSpot. `record` is its id there, None while there is none; `told_at` is when it was written to, or
    found to say it already, and `ours` whether the first touch that stands there is the one known here. `drift` says in
    words how it differs, as of `checked_at`. `job` is what waits, was refused (its `reason` in HubSpot's own words) or
    was done last; `paused_until` while nothing goes there at all, for `pause_reason`."""

    connected: bool
    record: str | None
    ours: bool
    told_at: datetime | None
    checked_at: datetime | None
    drift: str | None
    job: JobAnswer | None
    paused_until: datetime | None
    pause_reason: str | None


async def crm_part(services: Services, standing: Standing) -> CrmPart:
    now_ms = services.clock()
    pauses = {pause.destination: pause for pause in await services.outbox.pauses() if pause.until_ms > now_ms}
    pause = pauses.get(Destination.HUBSPOT)
    return CrmPart(
        connected=bool(services.settings.hubspot.token),
        record=standing.record,
        ours=standing.ours,
        told_at=at(standing.told_at_ms) if standing.told_at_ms else None,
        checked_at=at(standing.checked_at_ms) if standing.checked_at_ms else None,
        drift=standing.drift,
        job=job_answer(standing.job) if standing.job else None,
        paused_until=at(pause.until_ms) if pause else None,
        pause_reason=pause.reason if pause else None,
    )
