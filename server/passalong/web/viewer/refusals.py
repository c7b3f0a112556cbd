"""Refusals as pages: in the look of the brand they belong to, with one way on."""

from __future__ import annotations

from passalong.domain.language import negotiate
from passalong.errors import BadToken, NotFound, Sentence
from passalong.store.catalog import Catalog
from passalong.web.problems import Problem
from passalong.web.render import HOUSE
from passalong.web.security import Headers
from passalong.web.viewer.link import Link
from passalong.web.viewer.pages import Pages, Way
from passalong.web.words import words_of

_LOST = Sentence("The address may have been cut short or mistyped. Ask whoever sent it to you for a new one.")


class Refusals:
    def __init__(self, pages: Pages, catalog: Catalog) -> None:
        self._pages = pages
        self._catalog = catalog

    def of(self, error: Exception, link: Link | None = None, accept_language: str = "") -> tuple[int, Headers, bytes]:
        """Status, headers and page for an error, as far as we know whose link it was."""
        words = words_of(link.language(accept_language) if link else negotiate(accept_language))
        problem = Problem(error)
        # Unknown and forged read alike, to the byte: the page tells nobody which tokens exist.
        sentence = _LOST if isinstance(error, BadToken | NotFound) and link is None else problem.sentence
        brand = link.brand if link else min(self._catalog.brands.values(), key=lambda b: b.id, default=HOUSE)
        visit = words.say(Sentence("Visit %(brand)s", brand=brand.name))
        body = self._pages.refusal(
            problem.status,
            sentence,
            words,
            brand=brand,
            customer=link.customer if link else None,
            way=Way(brand.home_url, visit) if brand is not HOUSE else None,
            embedded=link is not None and link.embedded,
            reference=problem.reference,
        )
        headers = [*(self._pages.headers(link) if link else self._pages.plain_headers)]
        headers += [(name.encode(), value.encode()) for name, value in problem.headers.items()]
        return problem.status, headers, body.encode()
