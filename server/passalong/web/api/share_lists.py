"""Shares as lists show them: all of them, newest first and searched, and one with everything below it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from litestar import get
from litestar.params import FromPath, QueryParameter
from msgspec import Struct

from passalong.domain.instant import at
from passalong.domain.money import Money
from passalong.domain.share import Claims, ShareState, mint, share_url
from passalong.errors import Invalid, NotFound
from passalong.store.shares import Below, Listed, Wanted
from passalong.web.api.paging import Cursor, Limit, Page, decode, page
from passalong.web.api.refusals import REFUSALS
from passalong.web.services import FromServices, Services


class ShareOfCustomer(Struct, kw_only=True):
    share: str
    url: str
    asset: str
    asset_title: str | None
    mechanic: str
    channel: str
    sharer: str | None
    hop: int
    first_seen_at: datetime
    expires_at: datetime | None
    revoked: bool
    visits: int
    leads: int
    opportunities: int


class ListedShare(ShareOfCustomer, kw_only=True):
    """`branches` counts what was passed along from it, over any number of hops; the other numbers, and the pipeline by
    currency, are its own."""

    customer: str
    customer_name: str | None
    parent: str | None
    state: ShareState
    branches: int
    pipeline: list[Money]


class BelowAnswer(Struct, kw_only=True):
    """What everything that was passed along from a share brought, itself not counted."""

    branches: int
    visits: int
    leads: int
    opportunities: int
    pipeline: list[Money]


class MonthOfShare(Struct, kw_only=True):
    month: str
    visits: int
    leads: int


class ShareDetail(Struct, kw_only=True):
    """`months` are the share's own, oldest first, as 2026-10; those in which nobody came are left out."""

    share: ListedShare
    below: BelowAnswer
    months: list[MonthOfShare]


@get("/shares", tags=["Shares"], summary="List shares, newest first", responses=REFUSALS)
async def list_shares(
    services: FromServices,
    limit: Limit = 50,
    cursor: Cursor = None,
    customer: Annotated[str | None, QueryParameter(description="Only this customer's")] = None,
    mechanic: Annotated[str | None, QueryParameter(description="Only of this mechanic")] = None,
    asset: Annotated[str | None, QueryParameter(description="Only of this asset")] = None,
    in_state: Annotated[
        str | None, QueryParameter(name="state", description="Only these", schema_extra={"enum": [*ShareState]})
    ] = None,
    q: Annotated[
        str | None,
        QueryParameter(
            description="Text in the share's id, its customer's or asset's name or id, its channel or sharer",
            max_length=200,
        ),
    ] = None,
) -> Page[ListedShare]:
    """A share is listed from its first event on: what was minted offline, once somebody has looked at it."""
    wanted = Wanted(customer=customer, mechanic=mechanic, asset=asset, state=_state(in_state), **_meant(services, q))
    found = await services.shares.page(
        wanted, limit=limit + 1, before=decode(cursor, tuple[int, str]), now_ms=services.clock()
    )
    paged = page(found, limit, lambda listed: (listed.first_seen_ms, listed.claims.share))
    return Page([_listed(services, listed) for listed in paged.items], paged.next_cursor)


@get("/shares/{share:str}", tags=["Shares"], summary="One share, and what came of what is below it", responses=REFUSALS)
async def get_share(services: FromServices, share: FromPath[str]) -> ShareDetail:
    listed = await services.shares.find(share)
    if listed is None:
        raise NotFound(f"There is no share {share}. One that nobody has looked at yet is not known.")
    return ShareDetail(
        share=_listed(services, listed),
        below=_below(await services.shares.below(share)),
        months=[MonthOfShare(month=m, visits=v, leads=n) for m, v, n in await services.shares.months(share)],
    )


def share_of_customer(services: Services, row: dict[str, Any]) -> ShareOfCustomer:
    """A share of its row with visits, leads and opportunities."""
    claims = Claims(**{name: row[name] for name in Claims.__struct_fields__})
    numbers = {name: row[name] for name in ("visits", "leads", "opportunities")}
    return ShareOfCustomer(**_told(services, claims, row["first_seen_ms"]), **numbers)


def _listed(services: Services, listed: Listed) -> ListedShare:
    claims = listed.claims
    revoked = services.catalog.is_revoked(claims.share)
    expired = ShareState.EXPIRED if claims.expired(services.clock()) else ShareState.OPEN
    customer = services.catalog.customers.get(claims.customer)
    return ListedShare(
        **_told(services, claims, listed.first_seen_ms),
        customer=claims.customer,
        customer_name=customer.name if customer else None,
        parent=claims.parent,
        state=ShareState.REVOKED if revoked else expired,
        visits=listed.visits,
        leads=listed.leads,
        opportunities=listed.opportunities,
        branches=listed.branches,
        pipeline=listed.pipeline,
    )


def _told(services: Services, claims: Claims, first_seen_ms: int) -> dict[str, Any]:
    """What every list says of a share beside its numbers."""
    asset = services.catalog.assets.get(claims.asset)
    return {
        "share": claims.share,
        "url": share_url(services.settings.base_url, mint(services.keyring, claims)),
        "asset": claims.asset,
        "asset_title": asset.title if asset else None,
        "mechanic": claims.mechanic,
        "channel": claims.channel,
        "sharer": claims.sharer,
        "hop": claims.hop,
        "first_seen_at": at(first_seen_ms),
        "expires_at": at(claims.expires_at_s * 1000) if claims.expires_at_s else None,
        "revoked": services.catalog.is_revoked(claims.share),
    }


def _below(below: Below) -> BelowAnswer:
    return BelowAnswer(
        branches=below.branches,
        visits=below.visits,
        leads=below.leads,
        opportunities=below.opportunities,
        pipeline=below.pipeline,
    )


def _state(named: str | None) -> ShareState | None:
    if named is not None and named not in {state.value for state in ShareState}:
        raise Invalid.one("state", f"Name one of {', '.join(state.value for state in ShareState)}.")
    return ShareState(named) if named is not None else None


def _meant(services: Services, q: str | None) -> dict[str, Any]:
    """What a search looks for: its text, and the customers and assets that have it in their names."""
    text = (q or "").strip()
    if not text:
        return {}
    sought = text.casefold()
    customers, assets = services.catalog.customers.values(), services.catalog.assets.values()
    return {
        "text": text,
        "customers": [c.id for c in customers if sought in c.name.casefold() or sought in c.id.casefold()],
        "assets": [a.id for a in assets if sought in a.title.casefold() or sought in a.id.casefold()],
    }
