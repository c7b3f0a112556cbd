"""`/p/{token}/share`: one link for the team, to copy, to send, to post, to scan."""

from __future__ import annotations

from itertools import count

from litestar import HttpMethod, Response, post, route
from litestar.params import FromPath

from passalong.domain.event import EventKind
from passalong.domain.prompt import PromptKind
from passalong.domain.share import Claims, mint, share_url
from passalong.errors import BadToken, Invalid, NotFound, Sentence
from passalong.web.asgi import see_other
from passalong.web.prompt.asked import STALE, Asked, Web, ask_live, submitted
from passalong.web.prompt.pages import layout, page
from passalong.web.prompt.record import record_done
from passalong.web.services import FromServices, Services
from passalong.web.viewer.link import Link
from passalong.web.viewer.pass_along import MAX_TEXT, intents_of

SHARE = "share"
_MADE = "link"


@route("/{token:str}/share", http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
async def team_link(request: Web, services: FromServices, token: FromPath[str]) -> Response[bytes]:
    """The link that was made (`?link=`). Looking makes nothing."""
    asked = await _asked(request, services, token)
    link = _made(services, asked, request.query_params.get(_MADE))
    if link is None:
        return see_other(asked.known.path)
    url = share_url(services.settings.base_url, link.token)
    title = link.asset.title[:MAX_TEXT]
    text = asked.words.say(Sentence("“%(title)s”, for all of us", title=title))
    return page(
        services, asked, "prompt_shared.html", laid_out=layout(asked), url=url, link=link, text=text,
        intents=intents_of(url, title, text, asked.words),
    )  # fmt: skip


@post("/{token:str}/share", status_code=303, include_in_schema=False)
async def share_with_team(request: Web, services: FromServices, token: FromPath[str]) -> Response[bytes]:
    """303 to the page with the link: a member has one, until it is taken back."""
    asked = await _asked(request, services, token)
    try:
        suspect = await submitted(request, services, asked, SHARE)
    except Invalid:
        return page(
            services, asked, "prompt_share.html", laid_out=layout(asked), status=422,
            problem=asked.words.say(STALE),
        )  # fmt: skip
    claims = _claims(services, asked)
    await record_done(services, asked, EventKind.SHARE, claims, suspect=suspect, once=True)
    return see_other(f"{asked.known.path}/share?{_MADE}={mint(services.keyring, claims)}")


async def _asked(request: Web, services: Services, token: str) -> Asked:
    asked = await ask_live(request, services, token)
    if asked.prompt.kind is not PromptKind.SHARE_WITH_TEAM:
        raise NotFound(Sentence("There is nothing at this address."))
    return asked


def _claims(services: Services, asked: Asked) -> Claims:
    attempts = (asked.prompt.team_share(attempt) for attempt in count(1))
    return next(claims for claims in attempts if not services.catalog.is_revoked(claims.share))


def _made(services: Services, asked: Asked, token: str | None) -> Link | None:
    """The link, if it is the one that this prompt makes."""
    try:
        link = services.links.find(token) if token else None
    except (BadToken, NotFound):
        return None
    return link if link is not None and link.claims == _claims(services, asked) else None
