"""What stands on the card of a link: nothing from behind a gate, and of a link that is over the brand alone."""

from __future__ import annotations

from passalong.domain.asset import AssetKind
from passalong.errors import Gone, Sentence
from passalong.store.files import FileStore
from passalong.web.services import Services
from passalong.web.unfurl.card import Card
from passalong.web.viewer.link import Link
from passalong.web.viewer.standing import NOBODY, view_of
from passalong.web.words import words_of


def is_over(link: Link, now_ms: int) -> bool:
    """Whether a link is expired, revoked or killed: then nothing of what it showed goes out any more."""
    try:
        link.check(now_ms)
    except Gone:
        return True
    return link.mechanic.tombstone is not None


def card_of(services: Services, link: Link) -> Card:
    """What stands on the card of a link. A picture only of what everybody may see."""
    words = words_of(link.language(""))
    brand, customer = link.brand, link.cobrand
    made_with = words.say(Sentence("Made with %(brand)s", brand=brand.name))
    if is_over(link, services.clock()):
        return Card(
            title=brand.name, fallback=brand.name, kicker="", maker=made_with, brand=brand.name, accent=brand.accent,
            brand_logo=_logo(services.files, brand.logo), customer_logo=None, picture=None,
        )  # fmt: skip
    shared_by = words.say(Sentence("Shared by %(who)s", who=customer.name)) if customer else ""
    fallback = words.say(Sentence("A page for you, by way of %(brand)s", brand=brand.name))
    return Card(
        title=link.asset.title,
        fallback=fallback,
        kicker=shared_by,
        maker=made_with,
        brand=brand.name,
        customer=customer.name if customer else "",
        accent=brand.accent,
        brand_logo=_logo(services.files, brand.logo),
        customer_logo=_logo(services.files, customer.logo) if customer else None,
        picture=_picture(services.files, link),
    )


def _logo(files: FileStore, name: str | None) -> str | None:
    return str(files.path(name.partition(".")[0])) if name else None


def _picture(files: FileStore, link: Link) -> str | None:
    """The asset's own picture, if a stranger would see it on the page."""
    if view_of(link, NOBODY).locked:
        return None
    asset = link.asset
    if asset.kind is AssetKind.WALKTHROUGH and asset.ready:
        return str(files.path(asset.course.picture(1).largest.sha256))
    if asset.file is None:
        return None
    if asset.file.preview is not None:
        return str(files.path(asset.file.preview.sha256))
    return str(files.path(asset.file.sha256)) if asset.file.media_type.startswith("image/") else None
