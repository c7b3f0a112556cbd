"""From a prompt's token to who is asked what, and whether it is still asked."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.datastructures import State as AppState
from msgspec import Struct

from passalong.domain.asset import Asset
from passalong.domain.brand import Brand
from passalong.domain.customer import Customer
from passalong.domain.instant import at
from passalong.domain.language import negotiate
from passalong.domain.mechanic import Mechanic
from passalong.domain.passes import FORM_MIN_FILL_MS, FormToken, open_form
from passalong.domain.prompt import MAKES_LINKS, Prompt, State, subject, verify
from passalong.domain.token import Keyring, Purpose
from passalong.errors import Gone, Invalid, NotFound, Sentence
from passalong.store.catalog import Catalog
from passalong.web.services import Services
from passalong.web.visitor import Visitor
from passalong.web.words import Words, words_of

Web = Request[Any, Any, AppState]

STALE = Sentence("This had been open for more than a day. Please press once more.")


class Known(Struct, frozen=True):
    """A verified prompt with what the catalog has for it."""

    token: str
    prompt: Prompt
    customer: Customer
    mechanic: Mechanic
    brand: Brand
    asset: Asset | None

    @property
    def path(self) -> str:
        return f"/p/{self.token}"

    def state(self, now_ms: int, hidden_until_ms: int | None) -> State:
        if self.mechanic.tombstone is not None:
            return State.ENDED
        if self.prompt.expired(now_ms):
            return State.EXPIRED
        if self.mechanic.paused_at_ms is not None and self.prompt.kind in MAKES_LINKS:
            return State.PAUSED
        return State.LIVE if hidden_until_ms is None else State.DISMISSED


class Asked(Struct, frozen=True):
    """One request: the prompt, who asks for it, when, and in which words it is answered."""

    known: Known
    visitor: Visitor
    words: Words
    now_ms: int

    @property
    def prompt(self) -> Prompt:
        return self.known.prompt


def known_of(keyring: Keyring, catalog: Catalog, token: str) -> Known:
    """Raises BadToken for what was not minted here, NotFound for what names unknown things."""
    prompt = verify(keyring, token)
    customer = catalog.customers.get(prompt.customer)
    mechanic = catalog.mechanics.get(prompt.mechanic)
    brand = catalog.brands.get(mechanic.brand) if mechanic else None
    asset = catalog.assets.get(prompt.asset) if prompt.asset else None
    if customer is None or mechanic is None or brand is None or (prompt.asset and asset is None):
        raise NotFound("What this prompt speaks of is not here.")
    if asset is not None and asset.customer not in (None, customer.id):
        raise NotFound("What this prompt leads to is not this customer's to share.")
    return Known(token, prompt, customer, mechanic, brand, asset)


async def ask(request: Web, services: Services, token: str) -> Asked:
    """The request, whatever state its prompt is in. Raises BadToken or NotFound."""
    known = known_of(services.keyring, services.catalog, token)
    now_ms = services.clock()
    visitor = await services.visitors.read(request.scope, now_ms)
    return Asked(known, visitor, words_of(negotiate(visitor.accept_language)), now_ms)


async def ask_live(request: Web, services: Services, token: str) -> Asked:
    """The same of a prompt that still stands; raises Gone. Having been dismissed keeps nobody from going on."""
    asked = await ask(request, services, token)
    match asked.known.state(asked.now_ms, None):
        case State.ENDED:
            raise Gone("ended", Sentence("%(brand)s no longer asks this.", brand=asked.known.brand.name))
        case State.PAUSED:
            raise Gone("ended", Sentence("%(brand)s does not ask this for now.", brand=asked.known.brand.name))
        case State.EXPIRED:
            raise Gone("expired", over(asked))
    return asked


def over(asked: Asked) -> Sentence:
    day = asked.words.day(at(asked.prompt.expires_at_s * 1000))
    return Sentence("This was open until %(day)s.", day=day)


def form_token(services: Services, asked: Asked, action: str) -> str:
    """Proof that a form of this prompt was shown, for one action alone."""
    return services.keyring.seal(Purpose.FORM, FormToken(subject(asked.prompt, action), asked.now_ms))


async def sent_form(request: Web) -> str:
    """The form token that came with a form."""
    return str((await request.form()).get("csrf_token", ""))


async def submitted(request: Web, services: Services, asked: Asked, action: str, *, limited: bool = True) -> bool:
    """Whether a form was sent faster than people do, or by a machine that says so.

    Raises TooMany if presses are `limited`, and Invalid without a fault for a form that was not shown here within the
    last day. People of one office look alike from outside, so each member that is named has a limit of its own.
    """
    if limited:
        prompt, visitor = asked.prompt, asked.visitor.hash
        named = prompt.member is not None
        services.submissions.take(f"{visitor} {prompt.customer} {prompt.member}" if named else visitor)
    sent = await sent_form(request)
    form = open_form(services.keyring, sent, subject(asked.prompt, action), asked.now_ms)
    if form is None:
        raise Invalid([])
    return asked.now_ms - form.rendered_at_ms < FORM_MIN_FILL_MS
