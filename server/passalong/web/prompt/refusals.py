"""What a prompt says no with: a quiet page in the same frame. What is no prompt of ours is refused like any link."""

from __future__ import annotations

from litestar import Response

from passalong.domain.language import negotiate
from passalong.domain.prompt import Size
from passalong.errors import BadToken, NotFound, PassalongError
from passalong.web.asgi import respond
from passalong.web.problems import Problem
from passalong.web.prompt.asked import Known, Web, known_of
from passalong.web.prompt.invite import INVITE
from passalong.web.prompt.pages import PAGE, headers_of, html_of
from passalong.web.prompt.share import SHARE
from passalong.web.prompt.upgrade import UPGRADE
from passalong.web.services import Services
from passalong.web.viewer.pages import Way
from passalong.web.words import words_of


def refuse(request: Web, error: Exception) -> Response[bytes]:
    """Every refusal of a prompt's routes. Whatever opens in the whole window has a way on."""
    services: Services = request.app.state.services
    accept_language = request.headers.get("accept-language", "")
    known = _known(request, services)
    if known is None or not isinstance(error, PassalongError):
        status, headers, body = services.refusals.of(error, None, accept_language)
        return respond(status, headers, body)
    problem, words = Problem(error), words_of(negotiate(accept_language))
    # What opens in a tab of its own: an upgrade, and of a small frame whatever its forms lead to.
    tabs = (UPGRADE, INVITE, SHARE) if known.prompt.size is Size.SMALL else (UPGRADE,)
    alone = request.url.path.rpartition("/")[2] in tabs
    body = html_of(
        services, known, words, "prompt_quiet.html",
        layout=PAGE if alone else known.prompt.size.value,
        sentence=words.say(problem.sentence),
        way=Way(known.brand.home_url, known.brand.name) if alone else None,
    )  # fmt: skip
    more = [(name.encode(), value.encode()) for name, value in problem.headers.items()]
    return respond(problem.status, [*headers_of(services, known), *more], body)


def _known(request: Web, services: Services) -> Known | None:
    try:
        return known_of(services.keyring, services.catalog, str(request.path_params.get("token", "")))
    except (BadToken, NotFound):
        return None
