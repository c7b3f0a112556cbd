"""What the portal says no with: what happened, and the one way on, which is back into the vendor's product."""

from __future__ import annotations

from litestar import Response

from passalong.domain import portal
from passalong.domain.brand import Brand
from passalong.errors import BadToken, PassalongError, Sentence, Unauthenticated
from passalong.web.asgi import respond
from passalong.web.portal.visit import COOKIE, PATH, Asked, visit_of, words_for
from passalong.web.problems import Problem
from passalong.web.render import HOUSE
from passalong.web.services import Services
from passalong.web.viewer.pages import OTHERWISE, TITLES, Way

_TITLES = TITLES | {
    401: Sentence("Your visit has ended"),
    404: Sentence("There is nothing here"),
    410: Sentence("This link has expired"),
}
_REOPEN = Sentence("Open your pages again from %(brand)s. Nothing that you did is lost.")
_REOPEN_SOMEWHERE = Sentence("Open your pages again from the product that brought you here. Nothing is lost.")


def refuse(request: Asked, error: Exception) -> Response[bytes]:
    """Every refusal of the portal's routes. Whoever has a session finds back to its pages, anybody else to the vendor.

    A page of nobody's and a page of another customer's read alike, to the byte.
    """
    services: Services = request.app.state.services
    problem, words = Problem(error), words_for(request)
    brand = _brand(request, services)
    sentence = problem.sentence
    if isinstance(error, Unauthenticated):
        problem.headers["www-authenticate"] = f'Cookie realm="{PATH}"'  # no API key would help here
        sentence = Sentence(_REOPEN.text, brand=brand.name) if brand is not HOUSE else _REOPEN_SOMEWHERE
    if len(problem.faults) == 1:
        sentence = problem.faults[0].message
    way = _way(request, services, brand)
    body = services.renderer.html(
        "refusal.html",
        brand,
        words,
        status=problem.status,
        title=words.say(_TITLES.get(problem.status, OTHERWISE)),
        sentence=words.say(sentence),
        way=Way(way.href, words.say(way.label)) if way else None,
        reference=problem.reference,
    )
    headers = [(name.encode(), value.encode()) for name, value in problem.headers.items()]
    return respond(problem.status, [*services.pages.plain_headers, *headers], body.encode())


def _way(request: Asked, services: Services, brand: Brand) -> Way | None:
    try:
        visit_of(request, services)
    except PassalongError:
        return Way(brand.home_url, Sentence("Go to %(brand)s", brand=brand.name)) if brand is not HOUSE else None
    return Way(PATH, Sentence("Back to your pages"))


def _brand(request: Asked, services: Services) -> Brand:
    """The brand that the visitor came from, as far as its cookie or link still tells; the only one if there is one."""
    brands = services.catalog.brands
    held = portal.open_session(services.keyring, request.cookies.get(COOKIE))
    token = request.path_params.get("token")
    if held is None and token is not None:
        try:
            held = portal.open_link(services.keyring, token)
        except BadToken:
            held = None
    if held is not None and held.brand in brands:
        return brands[held.brand]
    return next(iter(brands.values())) if len(brands) == 1 else HOUSE
