"""The composition root: settings in, application out. Every wire is visible here. Start reading here.

What only a server needs that strangers can reach (pages, and the ways out) is imported in the functions that wire it:
a console starts a server of its own, and is to be there at once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from litestar import Litestar, Request, Response, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme

from passalong import __version__, mail, meters, settings
from passalong.domain.access import ApiKey, Role, digest
from passalong.domain.instant import Calendar, Clock
from passalong.domain.passes import FORM_MAX_AGE_MS
from passalong.domain.token import Keyring
from passalong.errors import Elsewhere, PassalongError, Unusable
from passalong.meters import Meters
from passalong.settings import Settings
from passalong.store.advocacy import Advocacy
from passalong.store.aftermath import Aftermath
from passalong.store.agendas import Agendas
from passalong.store.audit import Audit
from passalong.store.catalog import Catalog
from passalong.store.conversions import Conversions
from passalong.store.courses import Courses
from passalong.store.crm import Crm
from passalong.store.db import database_at
from passalong.store.decisions import Decisions
from passalong.store.dismissals import Dismissals
from passalong.store.erasures import Erasures
from passalong.store.files import FileStore
from passalong.store.idempotency import Idempotency
from passalong.store.invitations import Invitations
from passalong.store.keys import Keys
from passalong.store.leads import Leads
from passalong.store.ledger import Ledger
from passalong.store.metric import Metrics
from passalong.store.monthly import MonthlyReviews
from passalong.store.outbox import Outbox
from passalong.store.people import People
from passalong.store.pipeline import Pipeline
from passalong.store.play_reports import PlayReports
from passalong.store.plays import Plays
from passalong.store.ranking import Rankings
from passalong.store.receipts import Receipts
from passalong.store.rehearsal import Rehearsals
from passalong.store.reports import Reports
from passalong.store.retention import Keeper
from passalong.store.salts import Salts
from passalong.store.shares import Shares
from passalong.store.signals import Signals
from passalong.store.standing import Standings
from passalong.store.theater import Theater
from passalong.store.timeline import Timelines
from passalong.store.touchpoints import Touchpoints
from passalong.store.verdicts import Verdicts
from passalong.web.api.access import AccessMiddleware
from passalong.web.api.audited import AuditMiddleware
from passalong.web.api.bodies import BodyRequest
from passalong.web.api.description import Description
from passalong.web.api.idempotent import IdempotencyMiddleware
from passalong.web.asgi import FORM_MAX_BYTES, respond, see_other
from passalong.web.limits import Limiter
from passalong.web.problems import Problem
from passalong.web.render import Renderer
from passalong.web.services import Services
from passalong.web.unfurl.cards import Cards
from passalong.web.viewer.link import Links
from passalong.web.viewer.pages import Pages
from passalong.web.viewer.record import Recorder
from passalong.web.viewer.refusals import Refusals
from passalong.web.visitor import Visitors

if TYPE_CHECKING:
    from passalong.courier import Carrier, Courier
    from passalong.hubspot.carrier import HubSpotCarrier
    from passalong.web.desk import Desk
    from passalong.web.front import FrontDoor
    from passalong.webhooks.carrier import WebhookCarrier

JSON_MAX_BYTES = 2_000_000
MULTIPART_OVERHEAD_BYTES = 100_000


def system_clock() -> int:
    """The present in Unix milliseconds."""
    import time

    return time.time_ns() // 1_000_000


def wire(config: Settings, clock: Clock = system_clock, meters: Meters | None = None) -> Services:
    """Everything the doors need, wired and not yet opened. Raises Unusable."""
    keyring = Keyring(config.signing_keys)
    calendar = Calendar(config.timezone)
    db = database_at(config.database)
    catalog = Catalog(db, clock)
    outbox = Outbox(db, catalog, clock, crm=bool(config.hubspot.token))
    touchpoints = Touchpoints(catalog, keyring)
    conversions = Conversions(db, catalog, touchpoints)
    policy = config.attribution.policy
    pipeline = Pipeline(db, catalog, conversions, touchpoints, outbox, calendar, clock, policy)
    ledger = Ledger(db, outbox, meters.flushed if meters else None)
    crm = Crm(db, pipeline, outbox, clock, config.hubspot.stages)
    metrics, reports = Metrics(db), Reports(db)
    verdicts = Verdicts(db, calendar, clock, crm if config.hubspot.token else None)
    decisions = Decisions(db, catalog, reports, metrics, verdicts, calendar, clock)
    aftermath = Aftermath(catalog, metrics, calendar, clock)
    advocates = Advocacy(db, outbox)
    theatre = Theater(db, catalog, verdicts, decisions, metrics, advocates, calendar, clock)
    to = config.reporting
    agendas = Agendas(catalog, verdicts, decisions, aftermath, theatre, calendar, to.currency, to.rates)
    heard = Signals(db, outbox, clock)
    book = settings.read_rules(config)
    playing = Plays(db, catalog, heard, outbox, clock, book, config.plays.owner)
    renderer = Renderer(catalog)
    pages = Pages(config, renderer, keyring)
    leads, salts, audit = Leads(db, catalog, pipeline, outbox), Salts(db), Audit(db, clock)
    idempotency, invitations = Idempotency(db, clock), Invitations(db, catalog, outbox)
    erasures = Erasures(db, leads, invitations, outbox, clock)
    return Services(
        settings=config,
        clock=clock,
        calendar=calendar,
        keyring=keyring,
        db=db,
        files=FileStore(config.files),
        catalog=catalog,
        ledger=ledger,
        leads=leads,
        people=People(db),
        conversions=conversions,
        pipeline=pipeline,
        outbox=outbox,
        crm=crm,
        standings=Standings(db),
        metrics=metrics,
        reports=reports,
        rankings=Rankings(db, conversions, pipeline, clock, to.currency, to.rates),
        timelines=Timelines(db, calendar),
        verdicts=verdicts,
        courses=Courses(db, verdicts, calendar, clock),
        decisions=decisions,
        aftermath=aftermath,
        shares=Shares(db),
        receipts=Receipts(db),
        advocacy=advocates,
        theater=theatre,
        monthly=MonthlyReviews(db, catalog, metrics, agendas, calendar, to.currency, to.rates),
        idempotency=idempotency,
        links=Links(keyring, catalog),
        visitors=Visitors(config, calendar, salts),
        renderer=renderer,
        pages=pages,
        refusals=Refusals(pages, catalog),
        recorder=Recorder(ledger, calendar),
        cards=Cards(config.files / "cards"),
        submissions=Limiter(clock, config.limits.submissions_per_10_minutes, 600),
        upgrades=Limiter(clock, 1, FORM_MAX_AGE_MS // 1000),
        signals=heard,
        plays=playing,
        play_reports=PlayReports(db, calendar, to.currency, to.rates, {r.id: r.then.play for r in book.rules}),
        rehearsals=Rehearsals(playing, heard, catalog, calendar, clock),
        invitations=invitations,
        erasures=erasures,
        dismissals=Dismissals(db),
        keys=Keys(db, catalog, clock),
        meters=meters,
        audit=audit,
        keeper=Keeper(db, leads, erasures, outbox, idempotency, salts, audit, calendar, clock, config.retention),
    )


class Outside(NamedTuple):
    """The ways out. `hubspot` is None without a key."""

    courier: Courier
    webhooks: WebhookCarrier
    hubspot: HubSpotCarrier | None


@asynccontextmanager
async def opened(services: Services) -> AsyncIterator[Services]:
    """Opens the database, keeps catalog and ledger going, and closes in the order that loses nothing."""
    await services.db.open()
    try:
        await services.catalog.load()
        services.ledger.start()
        services.signals.start()
        follower = asyncio.create_task(services.catalog.follow(), name="catalog")
        try:
            yield services
        finally:
            await _ended(follower)
            await services.signals.stop()
            await services.ledger.stop()
            await services.cards.close()
            await services.rankings.stop()
    finally:
        await services.db.close()


@asynccontextmanager
async def webhooks(services: Services) -> AsyncIterator[WebhookCarrier]:
    """Who carries webhooks, with a client of its own."""
    from passalong.outgoing.asking import client
    from passalong.webhooks.carrier import WebhookCarrier
    from passalong.webhooks.messages import Messages

    messages = Messages(services.catalog, services.ledger, services.leads, services.conversions, services.plays)
    async with client() as http:
        config = services.settings.webhooks
        yield WebhookCarrier(config, http, services.outbox, services.catalog, messages, services.clock)


@asynccontextmanager
async def outside(services: Services) -> AsyncIterator[Outside]:
    """The ways out: to HubSpot if there is a key, by mail if there is a server for it, to webhooks, to the pages of
    advocacy, and back into the pipeline. Raises Unusable without what mail needs."""
    import httpx2

    from passalong.advocacy.carrier import PagesCarrier
    from passalong.courier import Courier, PipelineCarrier, PlaysCarrier
    from passalong.outgoing.asking import client, trust

    config, outbox, clock = services.settings, services.outbox, services.clock
    async with httpx2.AsyncClient(verify=trust()) as crm, client() as web, webhooks(services) as hooks:
        carriers: list[Carrier] = [
            PipelineCarrier(outbox, services.pipeline, services.invitations, services.keeper, clock),
            PlaysCarrier(outbox, services.plays, clock),
            PagesCarrier(config, web, outbox, services.advocacy, services.reports, services.keyring, clock),
            hooks,
        ]
        hubspot = None
        if config.hubspot.token:
            from passalong.hubspot.carrier import HubSpotCarrier
            from passalong.hubspot.client import Client

            hubspot = HubSpotCarrier(config.hubspot, Client(config.hubspot, crm), outbox, services.crm, clock)
            carriers.append(hubspot)
        if config.mail.host:
            carriers.append(_post(services))
        yield Outside(Courier(outbox, carriers), hooks, hubspot)


def _post(services: Services) -> Carrier:
    """Who carries letters, with those who write them."""
    if not mail.installed():
        raise Unusable(mail.MISSING)
    from passalong.mail.carrier import Composer, MailCarrier
    from passalong.mail.review import REVIEW, Review
    from passalong.store.erasures import TOPIC as CONFIRMATION
    from passalong.store.invitations import TOPIC as INVITATION
    from passalong.store.letters import Letters
    from passalong.web.prompt.letters import InvitationLetters
    from passalong.web.viewer.letters import ErasureLetters

    config, outbox, clock = services.settings.mail, services.outbox, services.clock
    letters = Letters(services.db, outbox)
    review = Review(config, letters, services.monthly, services.catalog, services.calendar, clock)
    invited = InvitationLetters(
        services.settings, services.invitations, services.links, services.keyring, services.clock
    )
    asked = ErasureLetters(services.settings, services.erasures, services.catalog, services.keyring)
    composers: dict[str, Composer] = {REVIEW: review, INVITATION: invited, CONFIRMATION: asked}
    return MailCarrier(config, outbox, composers, clock, looks=[review.look])


def create_app(config: Settings, clock: Clock = system_clock, *, operator_key: str | None = None) -> FrontDoor:
    """The application, with every door. `operator_key` is an admin key that lives as long as the process."""
    from passalong.hubspot import hook
    from passalong.web.api.settings import told_apart
    from passalong.web.front import FrontDoor
    from passalong.web.portal import refusals as portal_refusals
    from passalong.web.portal.routes import ROUTES as PORTAL
    from passalong.web.prompt import refusals as prompt_refusals
    from passalong.web.prompt.routes import ROUTES as PROMPTS
    from passalong.web.viewer.routes import ROUTES as VIEWER

    services = wire(config, clock, Meters() if meters.wanted(config.metrics) else None)
    services.renderer.load()

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with opened(services), outside(services) as ways:
            _lend(services, operator_key)
            await services.audit.note_settings(told_apart(config))
            courier = asyncio.create_task(ways.courier.run(), name="courier")
            looking = _looking(services)
            try:
                yield
            finally:
                await _ended(looking)
                await _ended(courier)

    public = [
        Router("/", route_handlers=VIEWER, request_max_body_size=FORM_MAX_BYTES),
        Router(
            "/portal",
            route_handlers=PORTAL,
            request_max_body_size=FORM_MAX_BYTES,
            exception_handlers={PassalongError: portal_refusals.refuse, HTTPException: portal_refusals.refuse},
        ),
        Router(
            "/p",
            route_handlers=PROMPTS,
            request_max_body_size=FORM_MAX_BYTES,
            exception_handlers={PassalongError: prompt_refusals.refuse, HTTPException: prompt_refusals.refuse},
        ),
        Router("/", route_handlers=[hook.take_notices], request_max_body_size=JSON_MAX_BYTES),
    ]
    return FrontDoor(_house([*public, *_api(services)], services, [lifespan]), services)


def create_desk(config: Settings, operator_key: str, clock: Clock = system_clock) -> Desk:
    """What a console of a local database talks to: the API alone, with an admin key that lives as long as the process.
    It sends nothing anywhere by itself: servers and `passalong sync` do that."""
    from passalong.web.api.first import FIRST
    from passalong.web.desk import Desk

    services = wire(config, clock)

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        async with opened(services):
            _lend(services, operator_key)
            yield

    first = _house([Router("/api/v1", route_handlers=FIRST, middleware=[AccessMiddleware()])], services)
    return Desk(first, lambda: _house(_api(services), services), lifespan)


def _api(services: Services) -> list[Router]:
    from passalong.web.api.routes import ROUTES as API
    from passalong.web.api.routes import UPLOADS
    from passalong.webhooks.endpoints import ROUTES as ENDPOINTS

    # Nothing is read of who may not ask; what is answered once more is not done once more.
    middleware = [AccessMiddleware(), IdempotencyMiddleware(), AuditMiddleware()]

    def under(handlers: list[Any], max_bytes: int) -> Router:
        return Router(
            "/api/v1",
            route_handlers=handlers,
            middleware=middleware,
            request_class=BodyRequest,
            request_max_body_size=max_bytes,
        )

    upload_bytes = services.settings.limits.upload_mb * 1_000_000 + MULTIPART_OVERHEAD_BYTES
    return [under([*API, *ENDPOINTS], JSON_MAX_BYTES), under(UPLOADS, upload_bytes)]


def _house(
    routers: list[Router],
    services: Services,
    lifespan: Sequence[Callable[[Litestar], AbstractAsyncContextManager[None]]] = (),
) -> Litestar:
    return Litestar(
        route_handlers=routers,
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
        state=State({"services": services, "webhooks": lambda: webhooks(services)}),
        lifespan=lifespan,
        exception_handlers={PassalongError: refuse, HTTPException: refuse, Exception: refuse},
        openapi_config=OpenAPIConfig(
            title="Passalong",
            version=__version__,
            path="/api",
            render_plugins=[Description(path="/openapi.json")],
            security=[{"key": []}],
            components=Components(security_schemes={"key": SecurityScheme(type="http", scheme="bearer")}),
        ),
        logging_config=None,
    )


def _lend(services: Services, key: str | None) -> None:
    """Lets an admin key in for as long as the process lives."""
    if key is not None:
        now_ms = services.clock()
        services.catalog.lend(
            ApiKey(id="operator", name="operator", role=Role.ADMIN, digest=digest(key), created_at_ms=now_ms)
        )


def _looking(services: Services) -> asyncio.Task[None] | None:
    found = services.meters
    return asyncio.create_task(found.keep_looking(services), name="meters") if found is not None else None


async def _ended(task: asyncio.Task[None] | None) -> None:
    """Cancels a task and waits until it has let go of everything."""
    if task is not None:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def refuse(request: Request[Any, Any, State], error: Exception) -> Response[Any]:
    """Every refusal: problem details under /api, a page everywhere else, from one table."""
    services: Services = request.app.state.services
    if isinstance(error, Elsewhere):
        return see_other(error.url)
    if request.url.path.startswith(("/api/", "/hooks/")):
        problem = Problem(error)
        return Response(
            problem.details(),
            status_code=problem.status,
            headers=problem.headers,
            media_type="application/problem+json",
        )
    status, headers, body = services.refusals.of(
        error, services.links.behind(request.url.path), request.headers.get("accept-language", "")
    )
    return respond(status, headers, b"" if request.method == "HEAD" else body)
