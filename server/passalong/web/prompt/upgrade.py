"""`/p/{token}/upgrade`: a page that says where the button leads, and the button. Looking buys nothing."""

from __future__ import annotations

import secrets

from litestar import HttpMethod, Response, post, route
from litestar.params import FromPath

from passalong.domain.event import Actor, EventKind
from passalong.domain.passes import Click
from passalong.domain.prompt import Cap
from passalong.domain.token import Purpose
from passalong.errors import Invalid, NotFound, Sentence, TooMany, Unavailable
from passalong.web.asgi import see_other
from passalong.web.prompt.asked import STALE, Asked, Web, ask_live, sent_form, submitted
from passalong.web.prompt.pages import PAGE, headers_of, page
from passalong.web.prompt.record import record_done
from passalong.web.security import origin_of
from passalong.web.services import FromServices, Services
from passalong.web.viewer.cta import CLICK_PARAMETER, tagged
from passalong.web.viewer.record import EVENT_HEADER

UPGRADE = "upgrade"
PROMPT_PARAMETER = "pa_prompt"


@route("/{token:str}/upgrade", http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
async def upgrade_page(request: Web, services: FromServices, token: FromPath[str]) -> Response[bytes]:
    """What the button will do. Any number of scanners may look at it: nothing is stored."""
    asked, cap = await _asked(request, services, token)
    return _page(services, asked, cap)


@post("/{token:str}/upgrade", status_code=303, include_in_schema=False)
async def upgrade(request: Web, services: FromServices, token: FromPath[str]) -> Response[bytes]:
    """303 to the vendor's billing, with a click id. A form that was not shown here is refused, in words; nobody is
    asked to wait."""
    asked, cap = await _asked(request, services, token)
    try:
        suspect = await submitted(request, services, asked, UPGRADE, limited=False)
    except Invalid:
        return _page(services, asked, cap, status=422, problem=asked.words.say(STALE))
    claims = asked.prompt.upgrade_share
    said = b"click; suspect" if suspect else b"click"
    try:
        services.upgrades.take(await sent_form(request))
        await record_done(services, asked, EventKind.CLICK, claims, suspect=suspect)
    except TooMany:
        said = b"none; reason=repeated"  # whoever presses twice wants to go on once
    except Unavailable:
        said = b"none; reason=not-stored"  # nobody who wants to buy waits for a disk
    ours = [(PROMPT_PARAMETER, asked.known.token)]
    if asked.visitor.actor is Actor.HUMAN:
        click = Click(claims.share, None, asked.now_ms, secrets.token_urlsafe(6))
        ours.append((CLICK_PARAMETER, services.keyring.seal(Purpose.CLICK, click)))
    utm = {
        "source": asked.known.customer.id,
        "medium": "in_product",
        "campaign": asked.known.mechanic.key,
        "content": asked.prompt.kind.value,
    }
    return see_other(tagged(cap.upgrade_url, utm, ours), (EVENT_HEADER, said))


async def _asked(request: Web, services: Services, token: str) -> tuple[Asked, Cap]:
    asked = await ask_live(request, services, token)
    if asked.prompt.cap is None:
        raise NotFound(Sentence("There is nothing at this address."))
    return asked, asked.prompt.cap


def _page(
    services: Services, asked: Asked, cap: Cap, *, status: int = 200, problem: str | None = None
) -> Response[bytes]:
    # Chromium holds a form's policy against every redirect that follows the post. Billing sends people on, to a
    # sign-in or to whoever takes the money, so beside its own origin any https address may follow. Nobody frames
    # this page: a button that buys must not lie under another.
    headers = headers_of(
        services,
        asked.known,
        frame_ancestors="'none'",
        form_action=f"'self' {origin_of(cap.upgrade_url)} https:",
    )
    return page(services, asked, "prompt_upgrade.html", laid_out=PAGE, status=status, headers=headers, problem=problem)
