"""`/p/{token}/invite`: colleagues are invited, each with a link of their own; by mail where mail is configured."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from litestar import HttpMethod, Response, post, route
from litestar.params import FromPath
from msgspec import Struct

from passalong.domain.event import EventKind
from passalong.domain.gate import HONEYPOT
from passalong.domain.prompt import SUSPECT, PromptKind, addresses_in
from passalong.domain.share import Claims, mint, share_url
from passalong.errors import Fault, Invalid, NotFound, PassalongError, Sentence, TooMany, Unavailable
from passalong.store.invitations import Invited
from passalong.web.problems import Problem
from passalong.web.prompt.asked import STALE, Asked, Web, ask_live, submitted
from passalong.web.prompt.letters import said_of, subject_of
from passalong.web.prompt.pages import layout, page
from passalong.web.prompt.record import event_of
from passalong.web.prompt.show import form_context
from passalong.web.services import FromServices, Services
from passalong.web.viewer.record import EVENT_HEADER

INVITE = "invite"
_MAX_ECHO = 4000
_FULL = Sentence("No more invitations can be made today. What you typed is still here.")
_ON_ITS_WAY = Sentence("A letter is on its way.")
_SENT = Sentence("Was written to before. No second letter is sent.")
_BEFORE = Sentence("Was invited before. This is the same link.")


class Person(Struct, frozen=True):
    """Somebody who was invited: the link, what has happened, and a letter to send oneself where none is sent."""

    address: str
    url: str
    said: str
    mailto: str | None


@route("/{token:str}/invite", http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
async def invite_page(request: Web, services: FromServices, token: FromPath[str]) -> Response[bytes]:
    """The form on a page of its own, for where the frame has no room for it."""
    asked = await _asked(request, services, token)
    return _form(services, asked)


@post("/{token:str}/invite", status_code=200, include_in_schema=False)
async def invite(request: Web, services: FromServices, token: FromPath[str]) -> Response[bytes]:
    """The links, in the answer itself: addresses stand in no URL, and are kept for no page to come."""
    asked = await _asked(request, services, token)
    values = await request.form()
    typed = str(values.get("addresses", ""))[:_MAX_ECHO]
    trapped = bool(values.get(HONEYPOT))
    try:
        suspect = await submitted(request, services, asked, INVITE)
        if trapped:
            raise Invalid.one(HONEYPOT, Sentence("Please leave this field empty."))
        people = addresses_in(typed)
        invited = await services.invitations.invite(
            people,
            event_of(services, asked, EventKind.SHARE, ref=SUSPECT if suspect else None),
            _claims(asked),
            inviter=asked.prompt.name or "",
            language=asked.words.language,
            by_mail=bool(services.settings.mail.host),
        )
    except (Invalid, TooMany, Unavailable) as error:
        return _again(services, asked, typed, trapped, error)
    return page(
        services, asked, "prompt_invited.html", laid_out=layout(asked), more=[(EVENT_HEADER, b"share")],
        people=[_person(services, asked, one) for one in invited],
        posted=any(one.waiting for one in invited),
    )  # fmt: skip


async def _asked(request: Web, services: Services, token: str) -> Asked:
    asked = await ask_live(request, services, token)
    if asked.prompt.kind is not PromptKind.INVITE_TEAMMATES:
        raise NotFound(Sentence("There is nothing at this address."))
    return asked


def _claims(asked: Asked) -> Claims:
    prompt = asked.prompt
    return Claims(
        asset=prompt.asset or "",
        customer=prompt.customer,
        mechanic=prompt.mechanic,
        channel=prompt.channel,
        sharer=prompt.member,
    )


def _person(services: Services, asked: Asked, invited: Invited) -> Person:
    known = asked.known
    url = share_url(services.settings.base_url, mint(services.keyring, invited.claims))
    if invited.waiting or invited.sent_at_ms is not None:
        said = _ON_ITS_WAY if invited.waiting else _SENT
        return Person(invited.address, url, asked.words.say(said), None)
    letter = {
        "subject": subject_of(asked.words, known.asset),
        "body": "\r\n".join(said_of(asked.words, known.asset, known.brand, url)),
    }
    mailto = f"mailto:{quote(invited.address, safe='@')}?{urlencode(letter).replace('+', '%20')}"
    return Person(invited.address, url, "" if invited.fresh else asked.words.say(_BEFORE), mailto)


def _form(services: Services, asked: Asked) -> Response[bytes]:
    return page(services, asked, "prompt_invite.html", laid_out=layout(asked), **form_context(services))


def _again(services: Services, asked: Asked, typed: str, trapped: bool, error: PassalongError) -> Response[bytes]:
    """The form with what was typed, and what needs another look beside it."""
    found = Problem(error)
    faults: list[Fault] = list(found.faults)
    problem: str | None = None
    if isinstance(error, TooMany) and error.left is not None:
        some = Sentence("Invitations left for today: %(left)s. What you typed is still here.", left=error.left)
        problem = some if error.left else _FULL
    elif not faults:
        problem = STALE if isinstance(error, Invalid) else found.sentence
    return page(
        services, asked, "prompt_invite.html", laid_out=layout(asked), status=found.status,
        more=[(name.encode(), value.encode()) for name, value in found.headers.items()],
        typed=typed, trapped=trapped, by_mail=bool(services.settings.mail.host),
        faults=[asked.words.say(fault.message) for fault in faults if fault.field != HONEYPOT],
        problem=asked.words.say(problem) if problem else None,
    )  # fmt: skip
