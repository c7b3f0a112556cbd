"""The HTML of prompts, and the headers under which they may stand in the vendor's product."""

from __future__ import annotations

from typing import Any

from litestar import Response

from passalong.domain.prompt import Size
from passalong.web import sheets
from passalong.web.asgi import respond
from passalong.web.prompt.asked import Asked, Known, form_token
from passalong.web.security import Headers, csp, page_headers
from passalong.web.services import Services
from passalong.web.words import Words

SHEET = "prompt.css"
PAGE = "page"
"""The layout of what opens in a tab of its own: there is no room for it in a small frame."""
EMPTY = "empty"
"""The layout of a frame that has nothing to say any more."""


def layout(asked: Asked) -> str:
    """How the answer to a prompt's form is laid out: like its frame, but for the small one, whose forms open a tab."""
    return PAGE if asked.prompt.size is Size.SMALL else asked.prompt.size.value


def headers_of(services: Services, known: Known, **policy: str) -> Headers:
    """The brand's hosts may frame a prompt. `policy` is what else one page's content security policy says."""
    ancestors = " ".join(("'self'", *known.brand.embed_hosts))
    return page_headers(csp(**{"frame_ancestors": ancestors, **policy}))


def page(
    services: Services,
    asked: Asked,
    template: str,
    *,
    laid_out: str | None = None,
    status: int = 200,
    more: Headers | None = None,
    headers: Headers | None = None,
    **context: Any,
) -> Response[bytes]:
    """A page of a prompt. `more` are headers beside those of every prompt, `headers` stand in their place."""
    known = asked.known
    body = html_of(
        services,
        known,
        asked.words,
        template,
        layout=laid_out or asked.prompt.size.value,
        token_for=lambda action: form_token(services, asked, action),
        **context,
    )
    return respond(status, [*(headers or headers_of(services, known)), *(more or [])], body)


def html_of(services: Services, known: Known, words: Words, template: str, *, layout: str, **context: Any) -> bytes:
    values = {
        "prompt": known.prompt,
        "asset": known.asset,
        "cap": known.prompt.cap,
        "path": known.path,
        "layout": layout,
        "sheet": f"/p/style.css?v={sheets.version(SHEET)}",
        "problem": None,
        "way": None,
        "again": False,
        **context,
    }
    return services.renderer.html(template, known.brand, words, **values).encode()
