"""The outbox: what waits to be told outside, what was refused and in which words, and where both sides differ."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from litestar import get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from passalong.domain.delivery import Destination, Job, JobState
from passalong.domain.instant import at
from passalong.errors import Invalid
from passalong.store.crm import Differences, Drift
from passalong.web.api.access import ADMIN
from passalong.web.api.paging import Cursor, Limit, Page, decode, page
from passalong.web.api.refusals import REFUSALS
from passalong.web.services import FromServices, Services


class JobAnswer(Struct, kw_only=True):
    """A job. `subject` names a lead, a deal, a piece and so on, by `topic`; `reason` is the last refusal."""

    id: str
    destination: Destination
    endpoint: str | None
    topic: str
    subject: str
    state: JobState
    attempts: int
    created_at: datetime
    due_at: datetime
    done_at: datetime | None
    reason: str | None


class DestinationAnswer(Struct, kw_only=True):
    """Jobs of a destination by state. `paused_until` while nothing goes there, for `pause_reason`."""

    destination: Destination
    pending: int
    sending: int
    failed: int
    oldest_pending_at: datetime | None
    paused_until: datetime | None
    pause_reason: str | None


class EndpointTrouble(Struct, kw_only=True):
    """A webhook endpoint that has been failing since."""

    endpoint: str
    since: datetime
    reason: str


class CrmAnswer(Struct, kw_only=True):
    """Where HubSpot and this server differ, as far as was compared at `reconciled_at`; deals were asked for last at
    `polled_at`. `troubles` says what HubSpot refuses while it takes the rest."""

    connected: bool
    troubles: list[str]
    differences: Differences
    drifts: list[Drift]
    polled_at: datetime | None
    reconciled_at: datetime | None


class StatusAnswer(Struct, kw_only=True):
    destinations: list[DestinationAnswer]
    failing_endpoints: list[EndpointTrouble]
    crm: CrmAnswer


class SkipBody(Struct, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(min_length=1, max_length=500)]


class ResendBody(Struct, forbid_unknown_fields=True):
    """Which dead letters to try once more; with `crm`, also every lead that HubSpot lacks and all that drifted."""

    destination: Destination | None = None
    crm: bool = False


class ResumeBody(Struct, forbid_unknown_fields=True):
    destination: Destination


class Queued(Struct, kw_only=True):
    """How many jobs wait again."""

    queued: int


@get("/outbox", tags=["Outbox"], summary="List jobs, newest first", responses=REFUSALS)
async def list_jobs(
    services: FromServices,
    limit: Limit = 50,
    cursor: Cursor = None,
    in_state: Annotated[
        str | None, QueryParameter(name="state", description="Only these", schema_extra={"enum": [*JobState]})
    ] = None,
    destination: Annotated[Destination | None, QueryParameter(description="Only for there")] = None,
    endpoint: Annotated[str | None, QueryParameter(description="Only this webhook endpoint's")] = None,
    q: Annotated[
        str | None, QueryParameter(description="Text in topic, subject, endpoint or reason", max_length=200)
    ] = None,
) -> Page[JobAnswer]:
    if in_state is not None and in_state not in {state.value for state in JobState}:
        raise Invalid.one("state", f"Name one of {', '.join(state.value for state in JobState)}.")
    found = await services.outbox.page(
        limit=limit + 1,
        before=decode(cursor, tuple[int, str]),
        state=JobState(in_state) if in_state is not None else None,
        destination=destination,
        endpoint=endpoint,
        search=q,
    )
    paged = page(found, limit, lambda job: (job.created_at_ms, job.id))
    return Page([job_answer(job) for job in paged.items], paged.next_cursor)


@get("/outbox/status", tags=["Outbox"], summary="What waits, what failed, what differs", responses=REFUSALS)
async def outbox_status(services: FromServices) -> StatusAnswer:
    return await status(services)


@post("/outbox/{id:str}/retry", tags=["Outbox"], summary="Try a job again", status_code=200, opt=ADMIN,
      responses=REFUSALS)  # fmt: skip
async def retry_job(services: FromServices, id: FromPath[str]) -> JobAnswer:
    return job_answer(await services.outbox.retry(id))


@post("/outbox/{id:str}/skip", tags=["Outbox"], summary="Give a job up, with a reason", status_code=200, opt=ADMIN,
      responses=REFUSALS)  # fmt: skip
async def skip_job(services: FromServices, id: FromPath[str], data: JSONBody[SkipBody]) -> JobAnswer:
    return job_answer(await services.outbox.skip(id, data.reason))


@post("/outbox/resend", tags=["Outbox"], summary="Try all dead letters again", status_code=200, opt=ADMIN,
      responses=REFUSALS)  # fmt: skip
async def resend(services: FromServices, data: JSONBody[ResendBody]) -> Queued:
    queued = await services.outbox.resend_failed(data.destination)
    if data.crm:
        queued += await services.crm.resend()
    return Queued(queued=queued)


@post("/outbox/resume", tags=["Outbox"], summary="End a destination's pause", status_code=200, opt=ADMIN,
      responses=REFUSALS)  # fmt: skip
async def resume(services: FromServices, data: JSONBody[ResumeBody]) -> StatusAnswer:
    await services.outbox.resume(data.destination)
    return await status(services)


async def status(services: Services) -> StatusAnswer:
    """Everything an admin must know of the ways out."""
    counts = {(count.destination, count.state): count for count in await services.outbox.counts()}
    pauses = {pause.destination: pause for pause in await services.outbox.pauses()}
    now_ms = services.clock()
    destinations = []
    for destination in Destination:
        of = {state: counts.get((destination.value, state)) for state in JobState}
        pending, pause = of[JobState.PENDING], pauses.get(destination)
        waiting = pause is not None and pause.until_ms > now_ms
        destinations.append(
            DestinationAnswer(
                destination=destination,
                pending=pending.n if pending else 0,
                sending=count.n if (count := of[JobState.SENDING]) else 0,
                failed=count.n if (count := of[JobState.FAILED]) else 0,
                oldest_pending_at=at(pending.oldest_ms) if pending else None,
                paused_until=at(pause.until_ms) if pause and waiting else None,
                pause_reason=pause.reason if pause and waiting else None,
            )
        )
    polled_ms, reconciled_ms = await services.crm.polled_at_ms(), await services.crm.reconciled_at_ms()
    return StatusAnswer(
        destinations=destinations,
        failing_endpoints=[
            EndpointTrouble(endpoint=name.partition(":")[2], since=at(pause.since_ms), reason=pause.reason)
            for name, pause in pauses.items()
            if name.startswith(f"{Destination.WEBHOOK}:")
        ],
        crm=CrmAnswer(
            connected=bool(services.settings.hubspot.token),
            troubles=[p.reason for name, p in pauses.items() if name.startswith(f"{Destination.HUBSPOT}:")],
            differences=await services.crm.differences(),
            drifts=await services.crm.drifts(),
            polled_at=at(polled_ms) if polled_ms else None,
            reconciled_at=at(reconciled_ms) if reconciled_ms else None,
        ),
    )


def job_answer(job: Job) -> JobAnswer:
    return JobAnswer(
        id=job.id,
        destination=Destination(job.destination),
        endpoint=job.endpoint or None,
        topic=job.topic,
        subject=job.subject,
        state=job.state,
        attempts=job.attempts,
        created_at=at(job.created_at_ms),
        due_at=at(job.due_at_ms),
        done_at=at(job.done_at_ms) if job.done_at_ms else None,
        reason=job.reason,
    )
