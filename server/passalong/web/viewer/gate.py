"""`POST /s/{token}/gate`: the form. A viewer becomes a lead, and gets a pass."""

from __future__ import annotations

from collections.abc import Mapping

from litestar import Response, post
from litestar.params import FromPath
from uuid_utils import uuid7

from passalong.domain import gate
from passalong.domain.asset import AssetKind
from passalong.domain.domains import domain_of
from passalong.domain.event import Actor, EventKind
from passalong.domain.gate import Answers
from passalong.domain.lead import Lead, motion
from passalong.domain.mechanic import GateMode
from passalong.domain.passes import (
    FORM_MIN_FILL_MS,
    KNOWN_MAX_AGE_MS,
    PASS_MAX_AGE_MS,
    Known,
    Pass,
    open_form,
)
from passalong.domain.text import tidy
from passalong.domain.token import Purpose
from passalong.errors import Invalid, PassalongError, Sentence, TooMany, Unavailable
from passalong.web.asgi import Answer, Asked, moved, see_other
from passalong.web.problems import Problem
from passalong.web.security import cookie
from passalong.web.services import FromServices, Services
from passalong.web.viewer.branch import parent_lead
from passalong.web.viewer.link import Link
from passalong.web.viewer.record import EVENT_HEADER
from passalong.web.viewer.standing import KNOWN_COOKIE, PASS_COOKIE, PASS_PARAMETER, Standing, standing
from passalong.web.visitor import Visitor

_MAX_ECHO = 1024
"""How much of an answer is given back to be mended. A form token is the longest that comes."""
STALE = Sentence("This page had been open for more than a day. Please check your entries and send them once more.")


async def submit_gate(services: Services, asked: Asked) -> Answer:
    """303 to the asset with a pass; 422, 429 or 503 with the form, its values and what to do."""
    now_ms = services.clock()
    link = services.links.live(asked.token, now_ms, asked.door)
    visitor = await services.visitors.read(asked.scope, now_ms)
    who = standing(services.keyring, services.catalog, link, visitor, now_ms)
    if link.mechanic.tombstone or link.mechanic.gate.mode is GateMode.NONE:
        return moved(link.path)
    values = {name: tidy(value)[:_MAX_ECHO] for name, value in (await asked.form()).items()}
    step = _step(link, values)

    def again(error: PassalongError, problem: str | None = None) -> Answer:
        return _again(services, link, who, visitor, now_ms, step, values, error, problem)

    form = open_form(services.keyring, values.get("csrf_token", ""), link.share, now_ms)
    try:
        services.submissions.take(visitor.hash)
        answers = gate.check(link.mechanic.gate, values)
        if form is None:
            raise Invalid([])
        suspect = now_ms - form.rendered_at_ms < FORM_MIN_FILL_MS or visitor.actor is not Actor.HUMAN
        person = _lead(link, answers, who, now_ms, suspect=suspect, opted_out=visitor.opted_out)
        lead = await services.recorder.record(
            link,
            EventKind.LEAD,
            now_ms=now_ms,
            visitor=visitor,
            person=person,
            ref=who.forwarder or parent_lead(link),
        )
    except Invalid as error:
        return again(error, STALE if form is None else None)
    except (TooMany, Unavailable) as error:
        return again(error, kept_typed(error))
    return _admitted(services, link, visitor, person, str(lead), now_ms, step)


@post("/s/{token:str}/forget", status_code=303, include_in_schema=False)
async def forget(services: FromServices, token: FromPath[str]) -> Response[bytes]:
    """“Not you?”: the browser forgets who it is, for this page and for the brand."""
    link = services.links.find(token)
    secure = services.settings.secure
    forgotten = [
        cookie(PASS_COOKIE, "", path=link.path, max_age_s=0, secure=secure),
        cookie(KNOWN_COOKIE, "", path="/s", max_age_s=0, secure=secure),
    ]
    return see_other(link.path, cookies=forgotten)


def kept_typed(error: PassalongError) -> str:
    """What is said above a form that could not be taken now."""
    return Sentence("%(problem)s What you typed is still here.", problem=error.sentence)


def _step(link: Link, values: Mapping[str, str]) -> int:
    """The step of a walkthrough that the form stands before: where its sender wants to go on."""
    said = values.get("step", "")
    number = int(said) if said.isascii() and said.isdecimal() and len(said) < 4 else 1
    return number if 1 <= number <= len(link.asset.course) else 1


def _lead(link: Link, answers: Answers, who: Standing, now_ms: int, *, suspect: bool, opted_out: bool) -> Lead:
    consent_text = link.mechanic.gate.consent_text
    domain = domain_of(answers.email)
    return Lead(
        id=str(uuid7()),
        email=answers.email,
        email_key=answers.email_key,
        domain=domain,
        share=link.share,
        customer=link.customer.id,
        mechanic=link.mechanic.key,
        asset=link.asset.id,
        created_at_ms=now_ms,
        name=answers.name,
        company=answers.company,
        role=answers.role,
        heard_from=answers.heard_from,
        extra=answers.extra,
        motion=motion(link.customer, domain),
        parent=who.forwarder or parent_lead(link),
        hop=link.claims.hop,
        consent_text=consent_text,
        consent_version=gate.consent_version(consent_text) if consent_text else None,
        consent_at_ms=now_ms if consent_text else None,
        suspect=suspect,
        opted_out=opted_out,
    )


def _admitted(
    services: Services, link: Link, visitor: Visitor, person: Lead, lead: str, now_ms: int, step: int
) -> Answer:
    """To the asset, with the pass in a cookie and, until the cookie has been seen to work, in the URL. In a frame
    cookies come and go with the browser, so there the URL alone carries it."""
    held = services.keyring.seal(Purpose.PASS, Pass(lead, link.share, now_ms, visitor.hash))
    known = services.keyring.seal(
        Purpose.KNOWN, Known(lead, link.brand.id, now_ms, person.domain, person.consent_version)
    )
    secure = services.settings.secure
    cookies = [
        cookie(PASS_COOKIE, held, path=link.path, max_age_s=PASS_MAX_AGE_MS // 1000, secure=secure),
        cookie(KNOWN_COOKIE, known, path="/s", max_age_s=KNOWN_MAX_AGE_MS // 1000, secure=secure),
    ]
    stored = (EVENT_HEADER, EventKind.LEAD.value.encode())
    tail = f"/{step}" if link.asset.kind is AssetKind.WALKTHROUGH else ""
    location = f"{link.path}{tail}?{PASS_PARAMETER}={held}"
    return moved(location, stored, cookies=[] if link.embedded else cookies)


def _again(
    services: Services,
    link: Link,
    who: Standing,
    visitor: Visitor,
    now_ms: int,
    step: int,
    values: dict[str, str],
    error: PassalongError,
    problem: str | None,
) -> Answer:
    found = Problem(error)
    words = services.pages.words(link, visitor.accept_language)
    body = services.pages.form_again(
        link,
        who,
        visitor,
        now_ms,
        step=step,
        values=values,
        faults={fault.field: fault.message for fault in found.faults},
        problem=words.say(problem) if problem else None,
    )
    headers = [*services.pages.headers(link), *((k.encode(), v.encode()) for k, v in found.headers.items())]
    return found.status, headers, body.encode()
