"""Where webhooks go: endpoints, their secrets, a test, and what happened sent once more."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from litestar import Request, delete, get, post, put
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody
from msgspec import Struct
from msgspec.structs import replace
from uuid_utils import uuid7

from passalong.domain.delivery import OVERLAP_MS, Endpoint, EndpointBody, Secret, Topic, build, new_secret, pause_of
from passalong.domain.instant import Moment, at, ms_of
from passalong.errors import Conflict, Invalid, NotFound
from passalong.outgoing.guard import Unsafe, look_at
from passalong.web.api.access import ADMIN
from passalong.web.api.catalog import OwnId
from passalong.web.api.outbox import Queued
from passalong.web.api.paging import Cursor, Limit, Page, page_by_id
from passalong.web.api.refusals import REFUSALS
from passalong.web.services import FromServices
from passalong.webhooks.messages import sample

if TYPE_CHECKING:
    from passalong.webhooks.carrier import WebhookCarrier


class EndpointAnswer(Struct, kw_only=True):
    """An endpoint. Without `topics` it is told everything; `secret` is shown when it is new, and never again."""

    id: str
    url: str
    topics: tuple[Topic, ...]
    enabled: bool
    disabled_at: datetime | None
    disabled_reason: str | None
    created_at: datetime
    secrets: int
    secret: str | None = None


class ReplayBody(Struct, rename={"first": "from", "last": "to"}, forbid_unknown_fields=True):
    """From when until when, both included."""

    first: Moment
    last: Moment


class TestBody(Struct, forbid_unknown_fields=True):
    topic: Topic = Topic.LEAD_CREATED


class TestAnswer(Struct, kw_only=True):
    """What the endpoint said to a sample: its status, or None with the reason why it could not be asked."""

    id: str
    delivered: bool
    status: int | None
    reason: str | None


@get("/webhooks", tags=["Webhooks"], summary="List endpoints", opt=ADMIN, responses=REFUSALS)
async def list_endpoints(services: FromServices, limit: Limit = 50, cursor: Cursor = None) -> Page[EndpointAnswer]:
    standing = [endpoint for endpoint in services.catalog.endpoints.values() if not endpoint.removed]
    paged = page_by_id(standing, limit, cursor, lambda endpoint: endpoint.id)
    return Page([_answer(endpoint) for endpoint in paged.items], paged.next_cursor)


@put("/webhooks/{id:str}", tags=["Webhooks"], summary="Make or change an endpoint", opt=ADMIN, responses=REFUSALS)
async def put_endpoint(services: FromServices, id: OwnId, data: JSONBody[EndpointBody]) -> EndpointAnswer:
    """A new endpoint gets a signing secret, shown this once. One that was disabled is told again from now on."""
    now_ms = services.clock()

    def made(known: Endpoint | None) -> Endpoint:
        endpoint = build(id, data, now_ms=now_ms, before=known)
        try:
            look_at(endpoint.url, services.settings.webhooks.allow_hosts)
        except Unsafe as refusal:
            raise Invalid.one("url", str(refusal)) from None
        return endpoint

    before, after = await services.catalog.change(Endpoint, id, made)
    new = before is None or before.removed
    if before and (before.disabled_at_ms is not None or before.url != after.url):
        await services.outbox.resume(pause_of(id))  # it has five days again
    return _answer(after, after.secrets[-1].value if new else None)


@delete("/webhooks/{id:str}", tags=["Webhooks"], summary="Remove an endpoint", status_code=200, opt=ADMIN,
        responses=REFUSALS)  # fmt: skip
async def remove_endpoint(services: FromServices, id: FromPath[str]) -> EndpointAnswer:
    """Nothing goes there any more; its secrets are forgotten."""
    _, after = await services.catalog.change(
        Endpoint, id, lambda known: replace(_standing(known, id), removed=True, secrets=())
    )
    await services.outbox.fail_all(id, "The endpoint was removed.")
    await services.outbox.resume(pause_of(id))
    return _answer(after)


@post("/webhooks/{id:str}/rotate", tags=["Webhooks"], summary="Replace the signing secret", status_code=200, opt=ADMIN,
      responses=REFUSALS)  # fmt: skip
async def rotate_secret(services: FromServices, id: FromPath[str]) -> EndpointAnswer:
    """The new secret, shown this once. For a day both sign, so that nothing is refused while you change it."""
    now_ms = services.clock()

    def rotated(known: Endpoint | None) -> Endpoint:
        endpoint = _standing(known, id)
        kept = [secret for secret in endpoint.secrets if secret.until_ms is None or secret.until_ms > now_ms]
        ending = [Secret(s.value, s.until_ms or now_ms + OVERLAP_MS) for s in kept]
        return replace(endpoint, secrets=(*ending, Secret(new_secret())))

    _, after = await services.catalog.change(Endpoint, id, rotated)
    return _answer(after, after.secrets[-1].value)


@post("/webhooks/{id:str}/replay", tags=["Webhooks"], summary="Send a time's messages once more", status_code=200,
      opt=ADMIN, responses=REFUSALS)  # fmt: skip
async def replay_messages(services: FromServices, id: FromPath[str], data: JSONBody[ReplayBody]) -> Queued:
    """All that the endpoint takes and that happened between two times, under the ids that it had or would have had."""
    endpoint = _standing(services.catalog.endpoints.get(id), id)
    for field, moment in (("from", data.first), ("to", data.last)):
        if moment.tzinfo is None:
            raise Invalid.one(field, "Give the time with its zone, as 2026-11-21T09:00:00Z.")
    if data.first > data.last:
        raise Invalid.one("to", "This is before the beginning.")
    if endpoint.disabled_at_ms is not None:
        raise Conflict("The endpoint is disabled; enable it before anything is sent to it.")
    return Queued(queued=await services.outbox.replay(endpoint, ms_of(data.first), ms_of(data.last)))


@post("/webhooks/{id:str}/test", tags=["Webhooks"], summary="Send a sample", status_code=200, opt=ADMIN,
      responses=REFUSALS)  # fmt: skip
async def test_endpoint(
    request: Request[Any, Any, State], services: FromServices, id: FromPath[str], data: JSONBody[TestBody]
) -> TestAnswer:
    """Sends a message marked as a sample, at once and once, and says what came back."""
    endpoint = _standing(services.catalog.endpoints.get(id), id)
    name = f"msg_test_{uuid7()}"
    reach: Callable[[], AbstractAsyncContextManager[WebhookCarrier]] = request.app.state.webhooks
    async with reach() as carrier:
        answer = await carrier.send(endpoint, name, sample(data.topic, services.clock()))
    return TestAnswer(id=name, delivered=answer.taken, status=answer.status, reason=answer.words)


def _standing(known: Endpoint | None, id: str) -> Endpoint:
    if known is None or known.removed:
        raise NotFound(f"There is no webhook endpoint called {id}.")
    return known


def _answer(endpoint: Endpoint, secret: str | None = None) -> EndpointAnswer:
    return EndpointAnswer(
        id=endpoint.id,
        url=endpoint.url,
        topics=endpoint.topics,
        enabled=endpoint.disabled_at_ms is None and not endpoint.removed,
        disabled_at=at(endpoint.disabled_at_ms) if endpoint.disabled_at_ms else None,
        disabled_reason=endpoint.disabled_reason,
        created_at=at(endpoint.created_at_ms),
        secrets=len(endpoint.secrets),
        secret=secret,
    )


ROUTES = [
    list_endpoints,
    put_endpoint,
    remove_endpoint,
    rotate_secret,
    replay_messages,
    test_endpoint,
]
