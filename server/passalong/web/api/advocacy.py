"""Pieces of advocacy: each with its tracked link, UTM set and QR code, and a report of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from litestar import delete, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Struct
from msgspec.structs import replace
from uuid_utils import uuid7

from passalong.domain.asset import AssetKind
from passalong.domain.instant import at, day_name
from passalong.domain.mechanic import MechanicKind
from passalong.domain.piece import (
    PROVEN_MS,
    Piece,
    PieceBody,
    PieceChange,
    PieceKind,
    Tracking,
    checked,
    nonce,
    told,
    utm,
)
from passalong.domain.share import Claims, claim, mint, share_url
from passalong.errors import Conflict, Invalid, NotFound
from passalong.store.advocacy import PieceCounts
from passalong.web.api.audited import AUDITED
from passalong.web.api.paging import Cursor, Limit, Page, decode, page
from passalong.web.api.refusals import REFUSALS
from passalong.web.minting import make
from passalong.web.services import FromServices, Services
from passalong.web.viewer.cta import tagged


class Utm(Struct, kw_only=True):
    """The UTM set, for sites that take no link but one to the vendor's own pages."""

    source: str
    medium: str
    campaign: str
    content: str
    term: str


class TrackedAnswer(Struct, kw_only=True):
    """Whether the public page leads to the tracked link, and what the last look at it found."""

    state: Tracking
    checked_at: datetime | None
    why: str


class PieceAnswer(Struct, kw_only=True):
    """A piece. `url` is the tracked link, `utm_url` the mechanic's call to action with the UTM set; `counts` are of the
    link and all that was passed along from it, `why` says it in a sentence."""

    id: str
    customer: str
    kind: PieceKind
    title: str
    public_url: str | None
    mechanic: str
    asset: str
    share: str
    slug: str | None
    play: str | None
    url: str
    utm: Utm
    utm_url: str | None
    qr_url: str
    published_at: datetime | None
    created_at: datetime
    withdrawn_at: datetime | None
    tracked: TrackedAnswer
    counts: PieceCounts
    first_visit_on: str | None
    last_visit_on: str | None
    why: str


@post("/advocacy", tags=["Advocacy"], summary="Report a piece of advocacy", responses=REFUSALS)
async def report_piece(services: FromServices, data: JSONBody[PieceBody]) -> PieceAnswer:
    """A tracked link to put into a review, case study, post or talk. The same customer's same page again is the same
    piece, 409 where the second report contradicts the first; `PUT` changes title and address."""
    if data.customer not in services.catalog.customers:
        raise Invalid.one("customer", f"There is no customer called {data.customer}.")
    title, public_url, published_at_ms = checked(data, data.kind, services.settings.base_url)
    piece = Piece(
        id=str(uuid7()),
        customer=data.customer,
        kind=data.kind,
        title=title,
        public_url=public_url,
        mechanic=data.mechanic or "",
        asset=data.asset or "",
        share="",
        slug=data.slug.strip().lower() if data.slug is not None else None,
        play=await _play(services, data),
        published_at_ms=published_at_ms,
        created_at_ms=services.clock(),
    )
    known = await services.advocacy.same(piece)
    if known is None:
        piece = replace(piece, mechanic=_mechanic(services, data.mechanic), asset=_asset(services, data))
        piece = replace(piece, share=await _link(services, piece))
    elif differing := known.reads_as(data):
        raise Conflict(
            f"This page is known already as the {known.kind.words} {known.id}, with another {differing[0]} "
            f"({getattr(known, differing[0]) or 'none'})."
        )
    kept = await services.advocacy.keep(piece)
    [answer] = await _answers(services, [kept])
    return answer


@get("/advocacy", tags=["Advocacy"], summary="List pieces, newest first", responses=REFUSALS)
async def list_pieces(
    services: FromServices,
    limit: Limit = 50,
    cursor: Cursor = None,
    customer: Annotated[str | None, QueryParameter(description="Only this customer's")] = None,
    kind: Annotated[PieceKind | None, QueryParameter(description="Only of this kind")] = None,
    tracked: Annotated[
        Tracking | None, QueryParameter(description="Only tracked, untracked, unknown or unchecked")
    ] = None,
    withdrawn: Annotated[bool, QueryParameter(description="Also those that were withdrawn")] = False,
) -> Page[PieceAnswer]:
    found = await services.advocacy.page(
        limit=limit + 1,
        before=decode(cursor, tuple[int, str]),
        customer=customer,
        kind=kind,
        tracking=tracked,
        proven=_proven(services),
        withdrawn=withdrawn,
    )
    paged = page(found, limit, lambda piece: (piece.created_at_ms, piece.id))
    return Page(await _answers(services, paged.items), paged.next_cursor)


@get("/advocacy/{id:str}", tags=["Advocacy"], summary="One piece and what came of it", responses=REFUSALS)
async def get_piece(services: FromServices, id: FromPath[str]) -> PieceAnswer:
    [answer] = await _answers(services, [await services.advocacy.get(id)])
    return answer


@put("/advocacy/{id:str}", tags=["Advocacy"], summary="Change a piece", responses=REFUSALS)
async def change_piece(services: FromServices, id: FromPath[str], data: JSONBody[PieceChange]) -> PieceAnswer:
    """Its title, address and time of publication, all of them; a new address is read anew. The link stays."""

    def changed(piece: Piece) -> Piece:
        title, public_url, published_at_ms = checked(data, piece.kind, services.settings.base_url)
        return replace(piece, title=title, public_url=public_url, published_at_ms=published_at_ms)

    [answer] = await _answers(services, [await services.advocacy.change(id, changed)])
    return answer


@delete("/advocacy/{id:str}", tags=["Advocacy"], summary="Withdraw a piece", status_code=200, opt=AUDITED,
        responses=REFUSALS)  # fmt: skip
async def withdraw_piece(services: FromServices, id: FromPath[str]) -> PieceAnswer:
    """It counts as a piece no more and its page is not read; its link goes on working, and reporting it again brings
    it back."""
    now_ms = services.clock()
    after = await services.advocacy.change(
        id, lambda piece: replace(piece, withdrawn_at_ms=piece.withdrawn_at_ms or now_ms)
    )
    [answer] = await _answers(services, [after])
    return answer


async def _play(services: Services, data: PieceBody) -> str | None:
    """The play whose invitation brought the piece; raises Invalid for one that is not this customer's."""
    if not data.play:
        return None
    try:
        play = await services.plays.get(data.play)
    except NotFound as absent:
        raise Invalid.one("play", str(absent)) from None
    if play.customer != data.customer:
        raise Invalid.one("play", f"This play is for {play.customer}.")
    return play.id


def _mechanic(services: Services, named: str | None) -> str:
    """The advocacy mechanic that a piece belongs to: as named, or the only one that lives."""
    mechanics = services.catalog.mechanics
    if named is None:
        living = sorted(k for k, m in mechanics.items() if m.kind is MechanicKind.ADVOCACY and not m.tombstone)
        if len(living) != 1:
            raise Invalid.one("mechanic", f"Name the mechanic: {', '.join(living) or 'no advocacy mechanic lives'}.")
        return living[0]
    if named not in mechanics:
        raise Invalid.one("mechanic", f"There is no mechanic called {named}.")
    if mechanics[named].kind is not MechanicKind.ADVOCACY:
        raise Invalid.one("mechanic", f"{named} is of the kind {mechanics[named].kind}; a piece belongs to advocacy.")
    return named


def _asset(services: Services, data: PieceBody) -> str:
    """What the tracked link shows: as named, or the only link that this customer may share."""
    if data.asset is not None:
        return data.asset
    links = sorted(
        asset.id
        for asset in services.catalog.assets.values()
        if asset.kind is AssetKind.LINK and asset.customer in (None, data.customer)
    )
    if len(links) != 1:
        which = f"one of {', '.join(links[:10])}, or any other" if links else "any; there is none of the kind link"
        raise Invalid.one("asset", f"Name the asset that the tracked link shows: {which}.")
    return links[0]


async def _link(services: Services, piece: Piece) -> str:
    """Mints the tracked link; gives its share. A report that comes twice at once has one."""
    claims = claim(asset=piece.asset, customer=piece.customer, mechanic=piece.mechanic, channel=piece.kind.value)
    own = replace(claims, nonce=nonce(piece.customer, piece.public_url, piece.title))
    if await services.advocacy.of_share(own.share) is None or await services.advocacy.same(piece) is not None:
        claims = own  # else the piece that has it was moved to another page
    slug = services.catalog.slugs.get(piece.slug) if piece.slug else None
    taken_for_this = slug is not None and slug.now.share == claims.share
    link = await make(services, claims, slug=None if taken_for_this else piece.slug)
    return link.share


def _proven(services: Services) -> int:
    """The day since which a visit proves that a link is placed."""
    return services.calendar.day(services.clock() - PROVEN_MS)


async def _answers(services: Services, pieces: Sequence[Piece]) -> list[PieceAnswer]:
    counts = await services.advocacy.counts([piece.id for piece in pieces])
    claims = await services.advocacy.claims([piece.share for piece in pieces])
    return [_answer(services, piece, counts[piece.id], claims[piece.share]) for piece in pieces]


def _answer(services: Services, piece: Piece, counts: PieceCounts, claims: Claims) -> PieceAnswer:
    base_url = services.settings.base_url
    page_url = share_url(base_url, mint(services.keyring, claims))
    url = f"{base_url}/go/{piece.slug}" if piece.slug else page_url
    mechanic = services.catalog.mechanics.get(piece.mechanic)
    customer = services.catalog.customers.get(piece.customer)
    tags = utm(piece)
    last_visit = day_name(piece.last_visit_day) if piece.last_visit_day else None
    return PieceAnswer(
        id=piece.id,
        customer=piece.customer,
        kind=piece.kind,
        title=piece.title,
        public_url=piece.public_url,
        mechanic=piece.mechanic,
        asset=piece.asset,
        share=piece.share,
        slug=piece.slug,
        play=piece.play,
        url=url,
        utm=Utm(**tags),
        utm_url=tagged(mechanic.cta.url, tags) if mechanic and mechanic.cta else None,
        qr_url=f"{page_url}/qr.svg",
        published_at=at(piece.published_at_ms) if piece.published_at_ms is not None else None,
        created_at=at(piece.created_at_ms),
        withdrawn_at=at(piece.withdrawn_at_ms) if piece.withdrawn_at_ms else None,
        tracked=TrackedAnswer(
            state=piece.tracking(_proven(services)),
            checked_at=at(piece.checked_at_ms) if piece.checked_at_ms else None,
            why=piece.why,
        ),
        counts=counts,
        first_visit_on=day_name(piece.first_visit_day) if piece.first_visit_day else None,
        last_visit_on=last_visit,
        why=told(
            piece,
            visits=counts.visits,
            last_visit=last_visit,
            advocate=customer.name if customer else piece.customer,
            url=url,
            proven=_proven(services),
            mechanic_dead=mechanic is not None and mechanic.tombstone is not None,
            now_ms=services.clock(),
        ),
    )
