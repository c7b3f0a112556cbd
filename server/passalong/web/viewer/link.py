"""From a token to the link it is: whose share, of what, by which mechanic, and whether it still stands."""

from __future__ import annotations

from msgspec import Struct

from passalong.domain import share as shares
from passalong.domain.asset import Asset
from passalong.domain.brand import Brand
from passalong.domain.customer import Customer
from passalong.domain.language import Language, negotiate
from passalong.domain.mechanic import Fallback, Mechanic
from passalong.domain.share import Claims
from passalong.domain.token import Keyring
from passalong.errors import BadToken, Elsewhere, Gone, NotFound, Sentence
from passalong.store.catalog import Catalog

_MAX_MEMO = 10_000

PAGE, EMBED = "s", "e"
"""The two doors to a share: a page of its own, and a frame in somebody else's."""


class Link(Struct, gc=False):
    """A verified token with what the catalog has for it."""

    token: str
    share: str
    claims: Claims
    asset: Asset
    customer: Customer
    mechanic: Mechanic
    brand: Brand
    revoked: bool
    door: str = PAGE

    @property
    def path(self) -> str:
        return f"/{self.door}/{self.token}"

    @property
    def embedded(self) -> bool:
        return self.door == EMBED

    @property
    def cobrand(self) -> Customer | None:
        """The customer, where it has agreed to be named."""
        return self.customer if self.customer.consent_to_cobrand else None

    @property
    def sharer(self) -> str:
        """Who shares, as far as it may be said; in the middle of a sentence."""
        return self.cobrand.name if self.cobrand else Sentence("a customer of %(brand)s", brand=self.brand.name)

    @property
    def redirect_url(self) -> str | None:
        """Where its mechanic's kill leads this link, if it leads anywhere."""
        tombstone = self.mechanic.tombstone
        return tombstone.redirect_url if tombstone and tombstone.fallback is Fallback.REDIRECT else None

    def language(self, accept_language: str) -> Language:
        """What its page is said in: the asset's language, else the reader's."""
        return negotiate(accept_language, self.asset.language)

    def check(self, now_ms: int) -> None:
        """Raises Gone for a link that has expired, was revoked, or whose mechanic ended with a goodbye."""
        if self.claims.expired(now_ms):
            over = Sentence("%(who)s shared this for a limited time, and that time is over.", who=self.sharer)
            raise Gone("expired", over)
        if self.revoked:
            raise Gone("revoked", Sentence("%(who)s no longer shares this page.", who=self.sharer))
        if self.mechanic.tombstone and self.mechanic.tombstone.fallback is Fallback.GONE:
            ended = Sentence("%(brand)s has ended this programme, and its pages with it.", brand=self.brand.name)
            raise Gone("ended", ended)


class Links:
    """Verified tokens are remembered, by their full text; what the catalog says is looked up every time."""

    def __init__(self, keyring: Keyring, catalog: Catalog) -> None:
        self._keyring = keyring
        self._catalog = catalog
        self._memo: dict[str, tuple[str, Claims]] = {}

    def live(self, token: str, now_ms: int, door: str = PAGE) -> Link:
        """The link, if it still stands; raises BadToken, NotFound or Gone, and Elsewhere where a kill leads it away."""
        link = self.find(token, door)
        link.check(now_ms)
        if link.redirect_url is not None:
            raise Elsewhere(link.redirect_url)
        return link

    def behind(self, path: str) -> Link | None:
        """The link that a path like `/s/{token}/…` belongs to, live or not: so that a refusal can look like it."""
        try:
            return self.find(path.split("/")[2], path[1]) if path.startswith(("/s/", "/e/")) else None
        except (BadToken, NotFound):
            return None

    def find(self, token: str, door: str = PAGE) -> Link:
        """The link; raises BadToken for what was not minted here, NotFound for what names unknown things.

        No database is asked about either.
        """
        known = self._memo.get(token)
        if known is None:
            claims = shares.verify(self._keyring, token)
            if len(self._memo) >= _MAX_MEMO:
                self._memo.clear()
            known = self._memo[token] = claims.share, claims
        share, claims = known
        catalog = self._catalog
        asset = catalog.assets.get(claims.asset)
        customer = catalog.customers.get(claims.customer)
        mechanic = catalog.mechanics.get(claims.mechanic)
        brand = catalog.brands.get(mechanic.brand) if mechanic else None
        if asset is None or customer is None or mechanic is None or brand is None:
            raise NotFound("What this link leads to is not here.")
        if asset.customer is not None and asset.customer != customer.id:
            raise NotFound("What this link leads to is not this customer's to share.")
        # A branch may have no row yet to be revoked by: its parent's revocation is its own.
        revoked = bool(catalog.revoked) and (
            catalog.is_revoked(share) or (claims.parent is not None and catalog.is_revoked(claims.parent))
        )
        return Link(token, share, claims, asset, customer, mechanic, brand, revoked, door)


def door_of(path: str) -> str:
    """Through which door a path like `/e/{token}/gate` has come."""
    return EMBED if path.startswith(f"/{EMBED}/") else PAGE
