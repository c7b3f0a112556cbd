"""`/privacy/erase/{token}`: the link in a letter, by which somebody confirms that they want to be erased.

Programs that check letters follow links, and some press what they find: opening the page erases nobody, nor does a
button that was pressed faster than a person can have read what it says.
"""

from __future__ import annotations

from litestar import HttpMethod, Response, post, route
from litestar.params import FromPath

from passalong.domain import erasure
from passalong.domain.audit import Way
from passalong.domain.erasure import OVER, Emptied
from passalong.domain.instant import at
from passalong.domain.language import negotiate
from passalong.domain.passes import FORM_MIN_FILL_MS, FormToken, open_form
from passalong.domain.token import Purpose
from passalong.errors import BadToken, Gone, NotFound, PassalongError, Sentence, Unavailable
from passalong.web.asgi import respond
from passalong.web.problems import Problem
from passalong.web.services import FromServices, Services
from passalong.web.viewer.pages import Way as WayOn
from passalong.web.viewer.privacy import BACK, Web, look_of
from passalong.web.words import Words, words_of

_EXPIRED = Sentence("This link has expired")
_LOST = Sentence("The address may have been cut short. Open it from the letter once more, or ask for another letter.")
_AGAIN = Sentence("Ask once more")
_PRESS = Sentence("Please press once more, so that we know that it is you and no program that checks letters.")


@route("/privacy/erase/{token:str}", http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
async def confirm_page(request: Web, services: FromServices, token: FromPath[str]) -> Response[bytes]:
    """A page with one button."""
    words = _words(request)
    try:
        id = await _asked(services, token)
    except (BadToken, Gone, Unavailable) as error:
        return _refusal(services, words, error)
    return _form(services, words, token, id)


@post("/privacy/erase/{token:str}", status_code=200, include_in_schema=False)
async def confirm(request: Web, services: FromServices, token: FromPath[str]) -> Response[bytes]:
    """Erases whoever asked for it, and says what was done."""
    words, now_ms = _words(request), services.clock()
    sent = str((await request.form()).get("csrf_token", ""))
    try:
        id = await _asked(services, token)
        form = open_form(services.keyring, sent, _bound(id), now_ms)
        if form is None or now_ms - form.rendered_at_ms < FORM_MIN_FILL_MS:
            return _form(services, words, token, id, status=422, problem=_PRESS)
        emptied = await services.erasures.erase_asked(id)
        for lead in emptied.leads or [""]:
            await services.audit.note("erase_lead", lead, by=Way.LETTER, **emptied.rows)
    except NotFound:  # pressed twice, and the other was faster
        return _refusal(services, words, Gone("ended", OVER))
    except (BadToken, Gone, Unavailable) as error:
        return _refusal(services, words, error)
    return _done(services, words, emptied, now_ms)


async def _asked(services: Services, token: str) -> str:
    """The id of the request that waits for this link. Raises BadToken, and Gone for what is over or was done."""
    id = erasure.open_link(services.keyring, token, services.clock())
    try:
        await services.erasures.get(id)
    except NotFound:
        raise Gone("ended", OVER) from None
    return id


def _bound(id: str) -> str:
    """What the form token of the button is bound to."""
    return f"privacy:erase:{id}"


def _form(
    services: Services, words: Words, token: str, id: str, *, status: int = 200, problem: str | None = None
) -> Response[bytes]:
    body = services.renderer.html(
        "erasure-confirm.html",
        look_of(services.catalog),
        words,
        token=token,
        form_token=services.keyring.seal(Purpose.FORM, FormToken(_bound(id), services.clock())),
        problem=words.say(problem) if problem else None,
    )
    return respond(status, services.pages.plain_headers, body.encode())


def _done(services: Services, words: Words, emptied: Emptied, now_ms: int) -> Response[bytes]:
    """The certificate as a page: it is shown this once."""
    told = erasure.certificate(emptied, at=at(now_ms), by=Way.LETTER)
    body = services.renderer.html(
        "erasure-done.html",
        look_of(services.catalog),
        words,
        told=told,
        day=words.day(told.erased_at),
        rows=sum(told.rows.values()),
        hubspot=bool(services.settings.hubspot.token),
        backups_days=services.settings.retention.backups_days,
    )
    return respond(200, services.pages.plain_headers, body.encode())


def _refusal(services: Services, words: Words, error: PassalongError) -> Response[bytes]:
    """What is wrong with the link, and the way to another one."""
    problem = Problem(error)
    body = services.pages.refusal(
        problem.status,
        _LOST if isinstance(error, BadToken) else problem.sentence,
        words,
        brand=look_of(services.catalog),
        way=WayOn(BACK, words.say(_AGAIN)),
        reference=problem.reference,
        title=_EXPIRED if isinstance(error, Gone) else None,
    )
    headers = [(name.encode(), value.encode()) for name, value in problem.headers.items()]
    return respond(problem.status, [*services.pages.plain_headers, *headers], body.encode())


def _words(request: Web) -> Words:
    return words_of(negotiate(request.headers.get("accept-language", "")))
