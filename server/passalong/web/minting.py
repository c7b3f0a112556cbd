"""Making shares and taking them back: the same for the vendor's product and for a customer in its portal."""

from __future__ import annotations

from html import escape

from msgspec import Struct

from passalong.domain.asset import AssetKind
from passalong.domain.event import EventKind
from passalong.domain.instant import at
from passalong.domain.share import Claims, mint, verify
from passalong.domain.vanity import Pointing, Vanity, build, pointed
from passalong.errors import BadToken, Conflict, Invalid, NotFound
from passalong.store.catalog import Revocation
from passalong.web.services import Services
from passalong.web.unfurl.card_of import card_of
from passalong.web.viewer.link import Link


class Addresses(Struct, kw_only=True):
    """Everything that a share can be reached or shown by. `vanity_url` is there for one with a slug."""

    url: str
    embed_url: str
    card_url: str
    qr_url: str
    badge_url: str
    oembed_url: str
    vanity_url: str | None = None


class Snippets(Struct):
    """To paste: a frame, a card of a link and a picture, a line of Markdown, a badge for a README."""

    iframe: str
    html: str
    markdown: str
    badge: str


async def make(services: Services, claims: Claims, *, slug: str | None = None) -> Link:
    """Mints a share and stores that it was; it works at once.

    Raises Invalid for what is not there or a slug that cannot be had, Conflict for a killed mechanic, an asset that
    is another customer's, or a slug that is taken.
    """
    catalog = services.catalog
    named = (
        ("asset", catalog.assets, claims.asset),
        ("customer", catalog.customers, claims.customer),
        ("mechanic", catalog.mechanics, claims.mechanic),
    )
    for field, entries, id in named:
        if id not in entries:
            raise Invalid.one(field, f"There is no {field} called {id}.")
    mechanic = catalog.mechanics[claims.mechanic]
    tombstone = mechanic.tombstone
    if tombstone is not None:
        raise Conflict(
            f"The mechanic {claims.mechanic} was killed on {at(tombstone.at_ms):%Y-%m-%d} ({tombstone.reason}). "
            "It takes no new shares."
        )
    if mechanic.paused_at_ms is not None:
        raise Conflict(f"The mechanic {claims.mechanic} is paused since {at(mechanic.paused_at_ms):%Y-%m-%d}.")
    token = mint(services.keyring, claims)
    try:
        link = services.links.find(token)
    except (NotFound, BadToken) as error:
        raise Conflict(str(error)) from None
    now_ms = services.clock()
    vanity = None
    if slug is not None:
        first = Pointing(share=link.share, token=token, at_ms=now_ms, by=claims.customer)
        vanity = build(slug, first, claims.customer)
        pointed(catalog.slugs.get(vanity.slug), vanity)
    await services.recorder.record(link, EventKind.SHARE, now_ms=now_ms, visitor=None, once=True)
    if vanity is not None:  # last: a slug that is kept must lead to a share that somebody was told of
        await catalog.change(Vanity, vanity.slug, lambda before: pointed(before, vanity))
    if services.settings.unfurl.draw_ahead:
        services.cards.soon(card_of(services, link))
    return link


async def take_back(services: Services, named: str, by: str) -> Revocation:
    """Revokes a share and everything that was passed along from it. Again changes nothing. Raises NotFound.

    `named` is its id or, for one that nobody has looked at yet, its token: whoever minted it offline has that.
    """
    try:
        share = verify(services.keyring, named).share
        shares = await services.reports.branch_shares(share) or [share]
    except BadToken:
        share = named
        shares = await services.reports.branch_shares(share)
    if not shares:
        raise NotFound(f"There is no share {share}. One that nobody has looked at yet is named by its token.")
    now_ms = services.clock()
    fresh = [Revocation(share=s, at_ms=now_ms, by=by) for s in shares if not services.catalog.is_revoked(s)]
    if fresh:
        await services.catalog.put_all(fresh)
    return services.catalog.revoked[share]


def addresses(base_url: str, link: Link, slug: str | None = None) -> Addresses:
    page = f"{base_url}/s/{link.token}"
    return Addresses(
        url=page,
        embed_url=f"{base_url}/e/{link.token}",
        card_url=f"{page}/card.png",
        qr_url=f"{page}/qr.svg",
        badge_url=f"{page}/badge.svg",
        oembed_url=f"{base_url}/oembed?url={page.replace(':', '%3A').replace('/', '%2F')}",
        vanity_url=f"{base_url}/go/{slug}" if slug else None,
    )


def aspect_ratio(link: Link) -> str:
    """The shape of a frame that shows this asset without a scroll bar in most places, as `16/10`."""
    if link.asset.kind is AssetKind.EMBED and link.asset.source.aspect_ratio:
        return link.asset.source.aspect_ratio
    return "4/5" if link.asset.kind in (AssetKind.FILE, AssetKind.PAGE) else "8/7"


def snippets(base_url: str, link: Link) -> Snippets:
    at_ = addresses(base_url, link)
    title, url = escape(link.asset.title), escape(at_.url)
    plain = link.asset.title.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    return Snippets(
        iframe=(
            f'<iframe src="{escape(at_.embed_url)}" title="{title}" loading="lazy" '
            f'style="width:100%;aspect-ratio:{aspect_ratio(link)};border:0" allow="fullscreen"></iframe>'
        ),
        html=(
            f'<a href="{url}"><img src="{escape(at_.card_url)}" alt="{title}" width="600" height="315" '
            f'loading="lazy" style="max-width:100%;height:auto"></a>'
        ),
        markdown=f"[{plain}]({at_.url})",
        badge=f"[![{plain}]({at_.badge_url})]({at_.url})",
    )
