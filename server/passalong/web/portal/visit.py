"""A visit of a customer to its portal: who it is, in which words, and its pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Request, Response
from litestar.datastructures import State
from markupsafe import Markup

from passalong.domain import portal
from passalong.domain.brand import Brand
from passalong.domain.customer import Customer
from passalong.domain.language import negotiate
from passalong.domain.passes import FormToken
from passalong.domain.portal import SESSION_MAX_AGE_MS, PortalToken
from passalong.domain.receipt import Told
from passalong.domain.text import tidy
from passalong.errors import Invalid, PassalongError, Sentence, Unauthenticated
from passalong.web.asgi import respond
from passalong.web.portal.style import accent_href, style_href
from passalong.web.problems import Problem
from passalong.web.security import Headers
from passalong.web.services import Services
from passalong.web.words import Words, words_of

COOKIE = "pa_portal"
PATH = "/portal"
FORM_TOKEN = "csrf_token"
_MAX_VALUE = 1024
_STALE = Sentence("This page had been open for too long. Please check what it says and send it once more.")
_OVER = Sentence("Your visit has ended.")

Asked = Request[Any, Any, State]


@dataclass(frozen=True, slots=True)
class Visit:
    services: Services
    held: PortalToken
    customer: Customer
    brand: Brand
    words: Words
    now_ms: int

    def page(self, template: str, status: int = 200, headers: Headers | None = None, **context: Any) -> Response[bytes]:
        """A page of the portal. Counts are written with `told`, so that each is told as receipts may be."""
        body = self.services.renderer.html(
            f"portal/{template}",
            self.brand,
            self.words,
            customer=self.customer,
            form_token=self.form_token(),
            portal_style=style_href(),
            own_style=accent_href(self.customer.accent),
            told=self.told,
            told_large=self.told_large,
            **context,
        )
        return respond(status, [*self.services.pages.plain_headers, *(headers or [])], body.encode())

    def told(self, count: Told) -> str:
        return self.words.say(count.words(self.words.number))

    def told_large(self, count: Told) -> Markup:
        """The same with the number itself marked, to be set larger than the words around it."""
        said = self.words.say(count.words(lambda number: f"\0{self.words.number(number)}\0")).split("\0")
        return (
            Markup("{}<b>{}</b>{}").format(*said)
            if len(said) == 3
            else Markup('<span class="none">{}</span>').format(*said)
        )

    def day(self, ms: int) -> str:
        """A date in words, as the vendor's calendar has it."""
        day = self.services.calendar.day(ms)
        return self.words.day(datetime(day // 10_000, day // 100 % 100, day % 100))  # noqa: DTZ001 - a day has no zone

    def form_token(self, about: str = "") -> str:
        return portal.form_token(self.services.keyring, self.held, self.now_ms, about)

    def accept(self, values: Mapping[str, str]) -> FormToken:
        """Lets a form in that was shown to this visit; raises TooMany, or Invalid for one that was not."""
        self.services.submissions.take(self.held.subject)
        form = portal.form_of(self.services.keyring, self.held, values.get(FORM_TOKEN, ""), self.now_ms)
        if form is None:
            raise Invalid.one(FORM_TOKEN, _STALE)
        return form

    def again(self, template: str, error: PassalongError, **context: Any) -> Response[bytes]:
        """The page of a form that was refused: `faults` by field, and in `problem` what belongs to no field."""
        found = Problem(error)
        faults = {fault.field: self.words.say(fault.message) for fault in found.faults}
        problem = faults.pop(FORM_TOKEN, None) if faults else self.words.say(found.sentence)
        headers = [(name.encode(), value.encode()) for name, value in found.headers.items()]
        return self.page(template, found.status, headers, faults=faults, problem=problem, **context)


def visit_of(request: Asked, services: Services) -> Visit:
    """Whose pages these are; raises Unauthenticated without a session that still lasts."""
    now_ms = services.clock()
    held = portal.open_session(services.keyring, request.cookies.get(COOKIE))
    if held is None or not portal.in_time(held, SESSION_MAX_AGE_MS, now_ms):
        raise Unauthenticated(_OVER)
    customer, brand = services.catalog.customers.get(held.customer), services.catalog.brands.get(held.brand)
    if customer is None or brand is None:
        raise Unauthenticated(_OVER)
    return Visit(services, held, customer, brand, words_for(request), now_ms)


def words_for(request: Asked) -> Words:
    return words_of(negotiate(request.headers.get("accept-language", "")))


async def posted(request: Asked) -> dict[str, str]:
    """The form's text fields, each one tidy line."""
    form = await request.form()
    return {name: tidy(value)[:_MAX_VALUE] for name, value in form.items() if isinstance(value, str)}
