"""`/privacy`: what is kept, why, how long and who receives it; and the form by which one asks to be erased.

Whoever asks gets one answer, whether anybody is known by the address or not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import HttpMethod, Request, Response, post, route
from litestar.datastructures import State

from passalong.domain.brand import Brand
from passalong.domain.delivery import Topic
from passalong.domain.erasure import LINK_MAX_AGE_MS
from passalong.domain.gate import HONEYPOT, address_of
from passalong.domain.instant import DAY_MS
from passalong.domain.language import negotiate
from passalong.domain.passes import KNOWN_MAX_AGE_MS, PASS_MAX_AGE_MS, FormToken, open_form
from passalong.domain.prompt import REMEMBERED_MS, WAITING_MS
from passalong.domain.text import tidy
from passalong.domain.token import Purpose
from passalong.errors import Fault, Invalid, PassalongError, Sentence, TooMany, Unavailable
from passalong.settings import Settings
from passalong.store.catalog import Catalog
from passalong.store.salts import KEPT_DAYS
from passalong.web.asgi import respond, see_other
from passalong.web.problems import Problem
from passalong.web.render import HOUSE
from passalong.web.services import FromServices, Services
from passalong.web.viewer.gate import STALE, kept_typed
from passalong.web.viewer.pages import Blank
from passalong.web.visitor import has_opted_out
from passalong.web.words import Words, words_of

Web = Request[Any, Any, State]

FORM = "privacy:erase"
"""What the form token is bound to."""
BACK = "/privacy#erasure"
_METHODS = [HttpMethod.GET, HttpMethod.HEAD]
_MAX_ECHO = 254


@route("/privacy", http_method=_METHODS, include_in_schema=False)
async def privacy(request: Web, services: FromServices) -> Response[bytes]:
    varying = (b"vary", b"Accept-Language, Sec-GPC, DNT")
    return respond(200, [*services.pages.plain_headers, varying], _page(request, services).encode())


@route("/privacy/erase", http_method=_METHODS, include_in_schema=False)
async def back_to_form(services: FromServices) -> Response[bytes]:
    """The answer to a form, opened by its address: to the form."""
    return see_other(BACK)


@post("/privacy/erase", status_code=200, include_in_schema=False)
async def ask_for_erasure(request: Web, services: FromServices) -> Response[bytes]:
    """What happens next; 422, 429 or 503 with the form, the address in it, and what to do."""
    sent = await request.form()
    values = {name: tidy(str(sent.get(name, "")))[:_MAX_ECHO] for name in ("email", HONEYPOT)}
    now_ms, by_mail = services.clock(), bool(services.settings.mail.host)
    visitor = await services.visitors.read(request.scope, now_ms)
    words = words_of(negotiate(visitor.accept_language))
    form = open_form(services.keyring, str(sent.get("csrf_token", "")), FORM, now_ms)
    try:
        services.submissions.take(visitor.hash)
        email = _checked(values)
        if form is None:
            raise Invalid([])
        await services.erasures.ask(email, language=words.language, by_mail=by_mail)
    except Invalid as error:
        return _again(request, services, values, error, None if form else STALE)
    except (TooMany, Unavailable) as error:
        return _again(request, services, values, error, kept_typed(error))
    body = services.renderer.html("erasure-asked.html", look_of(services.catalog), words, by_mail=by_mail, days=_DAYS)
    return respond(200, services.pages.plain_headers, body.encode())


_DAYS = LINK_MAX_AGE_MS // DAY_MS


def look_of(catalog: Catalog) -> Brand:
    """Whose page it is that belongs to no share: the brand's if there is one alone."""
    return next(iter(catalog.brands.values())) if len(catalog.brands) == 1 else HOUSE


def _checked(values: Mapping[str, str]) -> str:
    """The address; raises Invalid with every fault."""
    faults: list[Fault] = []
    email = ""
    try:
        email, _ = address_of(values["email"])
    except Invalid as refused:
        faults += refused.faults
    if values[HONEYPOT]:
        faults.append(Fault(HONEYPOT, Sentence("Please leave this field empty.")))
    if faults:
        raise Invalid(faults)
    return email


def _again(
    request: Web, services: Services, values: Mapping[str, str], error: PassalongError, problem: str | None
) -> Response[bytes]:
    """The page with what was typed, and what needs another look beside it."""
    found = Problem(error)
    faults = {fault.field: fault.message for fault in found.faults}
    headers = [(name.encode(), value.encode()) for name, value in found.headers.items()]
    page = _page(request, services, values=values, faults=faults, problem=problem)
    return respond(found.status, [*services.pages.plain_headers, *headers], page.encode())


def _page(
    request: Web,
    services: Services,
    *,
    values: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
    problem: str | None = None,
) -> str:
    """The page as the settings have it; the only brand lends its look."""
    settings, catalog = services.settings, services.catalog
    words: Words = words_of(negotiate(request.headers.get("accept-language", "")))
    now_ms = services.clock()
    return services.renderer.html(
        "privacy.html",
        look_of(catalog),
        words,
        companies=[brand for _, brand in sorted(catalog.brands.items())],
        kept=_kept(settings),
        hubspot=bool(settings.hubspot.token),
        mail=bool(settings.mail.host),
        webhooks=any(endpoint.takes(Topic.LEAD_CREATED) for endpoint in catalog.endpoints.values()),
        opted_out=has_opted_out(request.scope["headers"]),
        form_token=services.keyring.seal(Purpose.FORM, FormToken(FORM, now_ms)),
        values=Blank(values or {}),
        faults=Blank({field: words.say(message) for field, message in (faults or {}).items()}),
        problem=words.say(problem) if problem else None,
    )


def _kept(settings: Settings) -> dict[str, int]:
    """How long what a visitor leaves is kept, in days; 0 for good."""
    return {
        "salt_days": KEPT_DAYS,
        "leads_days": settings.retention.leads_days,
        "cookie_days": max(KNOWN_MAX_AGE_MS, PASS_MAX_AGE_MS) // DAY_MS,
        "invited_days": WAITING_MS // DAY_MS,
        "remembered_days": REMEMBERED_MS // DAY_MS,
        "asked_days": _DAYS,
        "backups_days": settings.retention.backups_days,
    }
