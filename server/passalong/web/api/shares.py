"""Minting shares from the vendor's product, and taking them back."""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import Annotated

from litestar import Request, post
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from passalong.domain.access import ApiKey
from passalong.domain.event import EventKind
from passalong.domain.instant import at, ms_of
from passalong.domain.share import Id, claim, mint, share_url
from passalong.errors import BadToken, Conflict, Invalid, NotFound
from passalong.store.catalog import Revocation
from passalong.web.api.access import key_of
from passalong.web.api.refusals import REFUSALS
from passalong.web.services import FromServices


class ShareBody(Struct, forbid_unknown_fields=True):
    """`sharer` is an opaque id of the person, never an address; `expires_at` in the future."""

    asset: Id
    customer: Id
    mechanic: Id
    channel: Annotated[str, Meta(max_length=32)] | None = None
    sharer: Annotated[str, Meta(max_length=64)] | None = None
    expires_at: datetime | None = None


class Snippets(Struct):
    html: str
    markdown: str


class ShareAnswer(Struct, kw_only=True):
    share: str
    token: str
    url: str
    snippets: Snippets


class RevocationAnswer(Struct, kw_only=True):
    share: str
    revoked_at: datetime
    by: str | None


@post("/shares", tags=["Shares"], summary="Mint a share", responses=REFUSALS)
async def mint_share(services: FromServices, data: JSONBody[ShareBody]) -> ShareAnswer:
    """A link that works at once. 409 for a killed mechanic."""
    expires_at_s = _expiry(data.expires_at, services.clock())
    claims = claim(
        asset=data.asset,
        customer=data.customer,
        mechanic=data.mechanic,
        channel=data.channel,
        sharer=data.sharer,
        expires_at_s=expires_at_s,
    )
    catalog = services.catalog
    named = (
        ("asset", catalog.assets, data.asset),
        ("customer", catalog.customers, data.customer),
        ("mechanic", catalog.mechanics, data.mechanic),
    )
    for field, entries, id in named:
        if id not in entries:
            raise Invalid.one(field, f"There is no {field} called {id}.")
    tombstone = catalog.mechanics[data.mechanic].tombstone
    if tombstone is not None:
        raise Conflict(
            f"The mechanic {data.mechanic} was killed on {at(tombstone.at_ms):%Y-%m-%d} ({tombstone.reason}). "
            "It takes no new shares."
        )
    token = mint(services.keyring, claims)
    try:
        link = services.links.find(token)
    except (NotFound, BadToken) as error:
        raise Conflict(str(error)) from None
    await services.recorder.record(link, EventKind.SHARE, now_ms=services.clock(), visitor=None)
    url = share_url(services.settings.base_url, token)
    title = link.asset.title
    markdown_title = title.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    return ShareAnswer(
        share=link.share,
        token=token,
        url=url,
        snippets=Snippets(html=f'<a href="{escape(url)}">{escape(title)}</a>', markdown=f"[{markdown_title}]({url})"),
    )


@post("/shares/{share:str}/revoke", tags=["Shares"], summary="Take a share back", status_code=200, responses=REFUSALS)
async def revoke_share(
    request: Request[None, ApiKey, State], services: FromServices, share: FromPath[str]
) -> RevocationAnswer:
    """Its links say goodbye from now on. What came of it stays counted. Again changes nothing."""
    if await services.reports.share(share) is None:
        raise NotFound(f"There is no share {share}.")
    fresh = Revocation(share=share, at_ms=services.clock(), by=key_of(request).name)
    _, after = await services.catalog.change(
        Revocation, share, lambda before: before if before and before.by else fresh
    )
    return RevocationAnswer(share=share, revoked_at=at(after.at_ms), by=after.by)


def _expiry(expires_at: datetime | None, now_ms: int) -> int | None:
    if expires_at is None:
        return None
    if expires_at.tzinfo is None:
        raise Invalid.one("expires_at", "Give the time with its zone, as 2027-01-31T18:00:00Z.")
    if ms_of(expires_at) <= now_ms:
        raise Invalid.one("expires_at", "This time has passed already.")
    return ms_of(expires_at) // 1000
