"""`/portal/{token}`: the way in, by a signed link from the vendor's product, and the way out.

Mail scanners open links, so opening one changes nothing and sets no cookie: the button does. A link stays good until it
expires, whoever has pressed its button before.
"""

from __future__ import annotations

from litestar import HttpMethod, Response, post, route
from litestar.datastructures import Cookie
from litestar.params import FromPath, FromQuery

from passalong.domain import portal
from passalong.domain.portal import LINK_MAX_AGE_MS, SESSION_MAX_AGE_MS, PortalToken
from passalong.domain.token import Purpose
from passalong.errors import BadToken, Gone, Invalid, NotFound, Sentence, TooMany
from passalong.web.asgi import respond, see_other
from passalong.web.portal.style import style_href
from passalong.web.portal.visit import COOKIE, PATH, Asked, Visit, posted, visit_of, words_for
from passalong.web.render import HOUSE
from passalong.web.security import cookie
from passalong.web.services import FromServices, Services

_METHODS = [HttpMethod.GET, HttpMethod.HEAD]
_LINK_MINUTES = LINK_MAX_AGE_MS // 60_000
_NO_LINK = Sentence(
    "This address may have been cut short. Go back to the product that you came from and open your pages from there."
)

_OVER = Sentence("It was good for %(minutes)s minutes. Go back to %(brand)s and open your pages from there.")


@route("/{token:str}", http_method=_METHODS, include_in_schema=False)
async def way_in(request: Asked, services: FromServices, token: FromPath[str]) -> Response[bytes]:
    """A page with one button."""
    return _guest(request, services, token).page("entry.html", token=token, problem=None)


@post("/{token:str}", status_code=303, include_in_schema=False)
async def enter(request: Asked, services: FromServices, token: FromPath[str]) -> Response[bytes]:
    """303 into the portal, with a session in a cookie."""
    guest = _guest(request, services, token)
    if request.headers.get("sec-fetch-site") == "cross-site":
        # Somebody else's page pressed the button, to have its reader work in a portal that is not the reader's.
        return guest.page("entry.html", token=token, problem=None)
    try:
        guest.accept(await posted(request))
    except (Invalid, TooMany) as error:
        return guest.again("entry.html", error, token=token)
    session = portal.issue(
        services.keyring, Purpose.PORTAL_SESSION, guest.customer.id, guest.brand.id, services.clock()
    )
    return see_other(PATH, cookies=[_cookie(services, session)])


@post("/leave", status_code=303, include_in_schema=False)
async def leave(request: Asked, services: FromServices) -> Response[bytes]:
    """303 to a goodbye; the browser forgets the session."""
    visit = visit_of(request, services)
    visit.accept(await posted(request))
    return see_other(f"{PATH}/goodbye?brand={visit.brand.id}", cookies=[_cookie(services, "")])


@route("/goodbye", http_method=_METHODS, include_in_schema=False)
async def goodbye(request: Asked, services: FromServices, brand: FromQuery[str] = "") -> Response[bytes]:
    look = services.catalog.brands.get(brand, HOUSE)
    body = services.renderer.html(
        "portal/goodbye.html", look, words_for(request), known=look is not HOUSE, portal_style=style_href()
    )
    return respond(200, services.pages.plain_headers, body.encode())


def _guest(request: Asked, services: Services, token: str) -> Visit:
    """Whom a link names, before the visit begins; raises NotFound for what was not made here, Gone once it is over."""
    now_ms = services.clock()
    try:
        link: PortalToken = portal.open_link(services.keyring, token)
        customer, brand = services.catalog.customers[link.customer], services.catalog.brands[link.brand]
    except (BadToken, KeyError):
        raise NotFound(_NO_LINK) from None
    if not portal.in_time(link, LINK_MAX_AGE_MS, now_ms):
        raise Gone("expired", Sentence(_OVER.text, minutes=_LINK_MINUTES, brand=brand.name))
    return Visit(services, link, customer, brand, words_for(request), now_ms)


def _cookie(services: Services, session: str) -> Cookie:
    return cookie(COOKIE, session, path=PATH, max_age_s=SESSION_MAX_AGE_MS // 1000, secure=services.settings.secure)
