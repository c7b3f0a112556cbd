"""`/s/{token}/pass-along`: a link of one's own to the same page, to copy, to send, to post, to scan."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from litestar import HttpMethod, Request, Response, post, route
from litestar.datastructures import State
from litestar.params import FromPath
from msgspec import Struct

from passalong.domain.event import EventKind
from passalong.domain.share import MAX_HOPS, share_url
from passalong.errors import BadToken, Conflict, NotFound, Sentence
from passalong.web.asgi import respond, see_other
from passalong.web.services import FromServices, Services
from passalong.web.viewer.branch import branch_of
from passalong.web.viewer.link import Link, door_of
from passalong.web.viewer.pages import query
from passalong.web.viewer.standing import Standing, standing
from passalong.web.visitor import Visitor
from passalong.web.words import Words

_PATHS = ["/s/{token:str}/pass-along", "/e/{token:str}/pass-along"]
_MADE = "link"
MAX_TEXT = 180
"""Characters of the title in a post: networks cut what is longer."""


class Intent(Struct, frozen=True):
    """A way to send a link on: its name, and the address that opens with everything filled in."""

    name: str
    href: str


@route(_PATHS, http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
async def pass_along_page(
    request: Request[Any, Any, State], services: FromServices, token: FromPath[str]
) -> Response[bytes]:
    """Offers a link, or shows the one that was just made (`?link=`). Looking makes nothing."""
    link, who, visitor = await _asker(request, services, token)
    words = services.pages.words(link, visitor.accept_language)
    branch = _shown(services, link, request.query_params.get(_MADE))
    text = words.say(Sentence("%(title)s, shared by %(who)s", title=link.asset.title[:MAX_TEXT], who=link.sharer))
    url = share_url(services.settings.base_url, branch.token) if branch else None
    body = services.pages.of_link(
        "pass-along.html",
        link,
        words,
        query=query(who),
        url=url,
        branch=branch,
        text=text,
        intents=intents_of(url, link.asset.title[:MAX_TEXT], text, words) if url else [],
        last=link.claims.hop >= MAX_HOPS,
        most=MAX_HOPS,
        own_url=share_url(services.settings.base_url, link.token),
    )
    return respond(200, services.pages.headers(link), body.encode())


@post(_PATHS, status_code=303, include_in_schema=False)
async def make_link(request: Request[Any, Any, State], services: FromServices, token: FromPath[str]) -> Response[bytes]:
    """303 to the page with the link. Who is known has one link of each page; it is theirs for good."""
    link, who, visitor = await _asker(request, services, token)
    now_ms = services.clock()
    services.submissions.take(visitor.hash)
    branch = branch_of(services.keyring, link, who.lead)
    if branch is None:
        return see_other(f"{link.path}/pass-along{query(who)}")
    child = services.links.find(branch)
    await services.recorder.record(child, EventKind.SHARE, now_ms=now_ms, visitor=visitor, lead=who.lead, once=True)
    carried = query(who, "&")
    return see_other(f"{link.path}/pass-along?{_MADE}={branch}{carried}")


async def _asker(request: Request[Any, Any, State], services: Services, token: str) -> tuple[Link, Standing, Visitor]:
    """The live link and who asks; raises Conflict where nothing is passed along any more."""
    now_ms = services.clock()
    link = services.links.live(token, now_ms, door_of(request.url.path))
    if not link.mechanic.records_viewers:
        raise Conflict(
            Sentence(
                "%(brand)s no longer hands out new links to this page. The one that you have still works.",
                brand=link.brand.name,
            )
        )
    visitor = await services.visitors.read(request.scope, now_ms)
    return link, standing(services.keyring, services.catalog, link, visitor, now_ms), visitor


def _shown(services: Services, link: Link, made: str | None) -> Link | None:
    """The link that was made here; None for none, and for one that belongs to another page."""
    try:
        branch = services.links.find(made) if made else None
    except (BadToken, NotFound):
        return None
    return branch if branch and branch.claims.parent == link.share else None


def intents_of(url: str, title: str, text: str, words: Words) -> list[Intent]:
    """The addresses that networks document for a prepared post. Nothing of theirs is loaded here."""
    mail = {"subject": title, "body": f"{text}\r\n\r\n{url}"}
    return [
        Intent(words.say(Sentence("E-mail")), f"mailto:?{urlencode(mail).replace('+', '%20')}"),
        Intent("LinkedIn", f"https://www.linkedin.com/sharing/share-offsite/?{urlencode({'url': url})}"),
        Intent("X", f"https://x.com/intent/post?{urlencode({'text': text, 'url': url})}"),
        Intent("WhatsApp", f"https://wa.me/?{urlencode({'text': f'{text} {url}'})}"),
    ]
