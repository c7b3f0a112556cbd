"""Minting shares from the vendor's product, taking them back, following where they were passed along."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Request, get, post, put
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from passalong.domain.access import ApiKey
from passalong.domain.instant import Moment, at, ms_of
from passalong.domain.money import Money
from passalong.domain.share import MAX_HOPS, Id, claim, mint
from passalong.domain.vanity import Pointing, Vanity, repointed
from passalong.errors import Invalid, NotFound
from passalong.store.reports import Node
from passalong.web.api.access import ADMIN, key_of
from passalong.web.api.audited import AUDITED
from passalong.web.api.paging import Cursor, Limit, Page, decode, page
from passalong.web.api.refusals import REFUSALS
from passalong.web.minting import Addresses, Snippets, addresses, make, snippets, take_back
from passalong.web.services import FromServices, Services

Depth = Annotated[int, QueryParameter(ge=1, le=MAX_HOPS, description="How many hops down")]


class ShareBody(Struct, forbid_unknown_fields=True):
    """`sharer` is an opaque id of the person, never an address; `expires_at` in the future; `slug` for `/go/{slug}`."""

    asset: Id
    customer: Id
    mechanic: Id
    channel: Annotated[str, Meta(max_length=32)] | None = None
    sharer: Annotated[str, Meta(max_length=64)] | None = None
    expires_at: Moment | None = None
    slug: Annotated[str, Meta(max_length=80)] | None = None


class ShareAnswer(Addresses, kw_only=True):
    share: str
    token: str
    snippets: Snippets


class RevocationAnswer(Struct, kw_only=True):
    share: str
    revoked_at: datetime
    by: str | None


class NodeAnswer(Struct, kw_only=True):
    """A share in the tree. `sharer` of a branch is the lead who passed it along, None for an unknown viewer.

    `children` counts the branches right below; numbers and pipeline are the node's own.
    """

    share: str
    parent: str | None
    depth: int
    hop: int
    channel: str
    sharer: str | None
    first_seen_at: datetime
    revoked: bool
    children: int
    visits: int
    leads: int
    opportunities: int
    pipeline: list[Money]


class SlugBody(Struct, forbid_unknown_fields=True):
    """Where a slug shall lead from now on, and why."""

    share: str
    reason: Annotated[str, Meta(min_length=1, max_length=400)]


class PointingAnswer(Struct, kw_only=True):
    share: str
    since: datetime
    by: str
    reason: str


class SlugAnswer(Struct, kw_only=True):
    slug: str
    customer: str
    url: str
    history: list[PointingAnswer]


@post("/shares", tags=["Shares"], summary="Mint a share", responses=REFUSALS)
async def mint_share(services: FromServices, data: JSONBody[ShareBody]) -> ShareAnswer:
    """A link that works at once. 409 for a killed mechanic, and for a slug that is taken."""
    claims = claim(
        asset=data.asset,
        customer=data.customer,
        mechanic=data.mechanic,
        channel=data.channel,
        sharer=data.sharer,
        expires_at_s=expiry_of(data.expires_at, services.clock()),
    )
    link = await make(services, claims, slug=data.slug)
    base_url = services.settings.base_url
    where = addresses(base_url, link, data.slug.strip().lower() if data.slug else None)
    told = msgspec.structs.asdict(where)
    return ShareAnswer(share=link.share, token=link.token, snippets=snippets(base_url, link), **told)


@post("/shares/{share:str}/revoke", tags=["Shares"], summary="Take a share back", status_code=200, opt=AUDITED,
      responses=REFUSALS)  # fmt: skip
async def revoke_share(
    request: Request[None, ApiKey, State], services: FromServices, share: FromPath[str]
) -> RevocationAnswer:
    """Its links, and those passed along from it, say goodbye from now on. What came of them stays counted."""
    after = await take_back(services, share, key_of(request).name)
    return RevocationAnswer(share=share, revoked_at=at(after.at_ms), by=after.by)


@get("/shares/{share:str}/tree", tags=["Shares"], summary="Where a share was passed along", responses=REFUSALS)
async def share_tree(
    services: FromServices, share: FromPath[str], limit: Limit = 50, cursor: Cursor = None, depth: Depth = MAX_HOPS
) -> Page[NodeAnswer]:
    """The share first, then its branches, breadth first, each with what it brought itself. With a `depth` of 1 only
    those right below it."""
    after = decode(cursor, tuple[int, int, str])
    found = await services.reports.branch(share, after=after, limit=limit + 1, deepest=depth)
    if not found and after is None:
        raise NotFound(f"There is no share {share}.")
    nodes = page(found, limit, lambda node: (node.depth, node.first_seen_ms, node.share))
    return Page([_node(services, node) for node in nodes.items], nodes.next_cursor)


@get("/slugs/{slug:str}", tags=["Shares"], summary="A vanity link and where it has led", responses=REFUSALS)
async def get_slug(services: FromServices, slug: FromPath[str]) -> SlugAnswer:
    return _slug(services, services.catalog.find(Vanity, slug))


@put("/slugs/{slug:str}", tags=["Shares"], summary="Point a vanity link elsewhere", opt=ADMIN, responses=REFUSALS)
async def point_slug(
    request: Request[None, ApiKey, State], services: FromServices, slug: FromPath[str], data: JSONBody[SlugBody]
) -> SlugAnswer:
    """To another share of the same customer, with a reason; where it led before stays on record."""
    services.catalog.find(Vanity, slug)
    claims = await services.reports.claims_of(data.share)
    if claims is None:
        raise Invalid.one("share", f"There is no share {data.share}.")
    pointing = Pointing(
        share=data.share,
        token=mint(services.keyring, claims),
        at_ms=services.clock(),
        by=key_of(request).name,
        reason=data.reason,
    )

    def change(before: Vanity | None) -> Vanity:
        if before is None:
            raise NotFound(f"There is no vanity called {slug}.")
        return repointed(before, pointing, claims.customer)

    _, after = await services.catalog.change(Vanity, slug, change)
    return _slug(services, after)


def _node(services: Services, node: Node) -> NodeAnswer:
    return NodeAnswer(
        share=node.share,
        parent=node.parent,
        depth=node.depth,
        hop=node.hop,
        channel=node.channel,
        sharer=node.sharer,
        first_seen_at=at(node.first_seen_ms),
        revoked=services.catalog.is_revoked(node.share),
        children=node.children,
        visits=node.visits,
        leads=node.leads,
        opportunities=node.opportunities,
        pipeline=node.pipeline,
    )


def _slug(services: Services, vanity: Vanity) -> SlugAnswer:
    return SlugAnswer(
        slug=vanity.slug,
        customer=vanity.customer,
        url=f"{services.settings.base_url}/go/{vanity.slug}",
        history=[PointingAnswer(share=p.share, since=at(p.at_ms), by=p.by, reason=p.reason) for p in vanity.history],
    )


def expiry_of(expires_at: datetime | None, now_ms: int) -> int | None:
    """Unix seconds of a time in the future; raises Invalid for any other."""
    if expires_at is None:
        return None
    if expires_at.tzinfo is None:
        raise Invalid.one("expires_at", "Give the time with its zone, as 2027-01-31T18:00:00Z.")
    if ms_of(expires_at) <= now_ms:
        raise Invalid.one("expires_at", "This time has passed already.")
    return ms_of(expires_at) // 1000
