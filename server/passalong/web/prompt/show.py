"""`GET /p/{token}`: the prompt itself; “Not now”, and its being taken back."""

from __future__ import annotations

from typing import Any

from litestar import HttpMethod, Response, post, route
from litestar.params import FromPath

from passalong.domain.instant import at
from passalong.domain.prompt import PromptKind, State
from passalong.errors import Invalid, Sentence
from passalong.web.asgi import see_other
from passalong.web.prompt.asked import STALE, Asked, Web, ask, ask_live, over, submitted
from passalong.web.prompt.pages import EMPTY, page
from passalong.web.prompt.record import record_shown
from passalong.web.services import FromServices, Services
from passalong.web.viewer.record import EVENT_HEADER

DISMISS, SHOW = "dismiss", "show"

_TEMPLATES = {
    PromptKind.INVITE_TEAMMATES: "prompt_invite.html",
    PromptKind.SHARE_WITH_TEAM: "prompt_share.html",
    PromptKind.USAGE_CAP: "prompt_cap.html",
}


@route("/{token:str}", http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
async def show_prompt(request: Web, services: FromServices, token: FromPath[str]) -> Response[bytes]:
    """The prompt; a quiet page once it was dismissed or has expired, an empty one once its mechanic was killed and,
    where it makes links, while that is paused."""
    return await _shown(services, await ask(request, services, token))


@post("/{token:str}/dismiss", status_code=303, include_in_schema=False)
async def dismiss(request: Web, services: FromServices, token: FromPath[str]) -> Response[bytes]:
    """It stays away for thirty days; for half a year from the third time on."""
    asked = await ask_live(request, services, token)
    try:
        await submitted(request, services, asked, DISMISS)
    except Invalid:
        return await _shown(services, asked, again=True)
    await services.dismissals.dismiss(asked.prompt, asked.now_ms)
    return see_other(asked.known.path)


@post("/{token:str}/show", status_code=303, include_in_schema=False)
async def show_again(request: Web, services: FromServices, token: FromPath[str]) -> Response[bytes]:
    """The dismissal is taken back."""
    asked = await ask_live(request, services, token)
    try:
        await submitted(request, services, asked, SHOW)
    except Invalid:
        return await _shown(services, asked, again=True)
    await services.dismissals.take_back(asked.prompt, asked.now_ms)
    return see_other(asked.known.path)


async def _shown(services: Services, asked: Asked, *, again: bool = False) -> Response[bytes]:
    """The prompt as it stands; `again` with the request to press once more, since the form was not of today."""
    until_ms = await services.dismissals.until_ms(asked.prompt, asked.now_ms)
    state = asked.known.state(asked.now_ms, until_ms)
    problem = asked.words.say(STALE) if again else None
    status = 422 if again else 200
    if state is State.PAUSED:
        return page(services, asked, "prompt_empty.html", laid_out=EMPTY, more=[(EVENT_HEADER, b"none; reason=paused")])
    if state is State.EXPIRED:
        return page(services, asked, "prompt_quiet.html", status=410, sentence=asked.words.say(over(asked)))
    if state is State.DISMISSED and until_ms is not None:
        said = Sentence("Hidden until %(day)s.", day=asked.words.day(at(until_ms)))
        return page(
            services, asked, "prompt_quiet.html", status=status, sentence=asked.words.say(said), again=True,
            problem=problem, more=[(EVENT_HEADER, b"none; reason=dismissed")],
        )  # fmt: skip
    event = b"none; reason=refused" if again else await record_shown(services, asked)
    more = [(EVENT_HEADER, event)]
    if state is State.ENDED:
        return page(services, asked, "prompt_empty.html", laid_out=EMPTY, more=more)
    return page(
        services, asked, _TEMPLATES[asked.prompt.kind], status=status, more=more, problem=problem,
        **form_context(services),
    )  # fmt: skip


def form_context(services: Services) -> dict[str, Any]:
    """What the form of invitations asks for, before anything was typed."""
    return {"typed": "", "faults": [], "trapped": False, "by_mail": bool(services.settings.mail.host)}
