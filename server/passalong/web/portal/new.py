"""`/portal/new`: a share in two steps: what, then where to and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import HttpMethod, Response, post, route
from litestar.params import FromPath, FromQuery
from litestar.response import Stream
from msgspec import Struct
from msgspec.structs import replace

from passalong.domain.asset import Asset, AssetKind
from passalong.domain.instant import DAY_MS
from passalong.domain.mechanic import GateMode, Mechanic, MechanicKind, Status
from passalong.domain.passes import FormToken
from passalong.domain.portal import CHANNELS, EXPIRIES, nonce_of
from passalong.domain.share import Claims, claim
from passalong.errors import Conflict, Fault, Invalid, NotFound, Sentence, TooMany, Unavailable
from passalong.web import ranges
from passalong.web.api.paging import decode, page
from passalong.web.asgi import see_other
from passalong.web.minting import make
from passalong.web.portal.visit import FORM_TOKEN, PATH, Asked, Visit, posted, visit_of
from passalong.web.services import FromServices

ASSETS_A_PAGE = 50
_METHODS = [HttpMethod.GET, HttpMethod.HEAD]
_KINDS = {
    AssetKind.WALKTHROUGH: Sentence("Walkthrough"),
    AssetKind.FILE: Sentence("File"),
    AssetKind.PAGE: Sentence("Page"),
    AssetKind.EMBED: Sentence("Live view"),
    AssetKind.LINK: Sentence("Link"),
}
_GATES = {
    GateMode.NONE: Sentence("Open to everybody. Nobody is asked who they are."),
    GateMode.SOFT: Sentence("Open to everybody. Whoever wants to can leave an address."),
    GateMode.HARD: Sentence("Whoever opens it is asked who they are, once."),
    GateMode.AT_STEP: Sentence("It starts open; whoever wants to see the rest is asked who they are, once."),
}
_USUAL = [
    MechanicKind.SHARED_ASSET, MechanicKind.REFERRAL_LOOP, MechanicKind.ADVOCACY, MechanicKind.EXPANSION
]  # fmt: skip
"""Which kind of sharing is offered first."""
_ENDED = Sentence("This way of sharing has just ended. Please choose another.")


class Choice(Struct, frozen=True):
    """One of several: its value in the form, its name, and a line below."""

    value: str
    name: str
    note: str = ""


class Offer(Struct, frozen=True, kw_only=True):
    """An asset that can be shared. `picture` is `{sha256}` of a WebP with `width` and `height`, if there is one."""

    asset: Asset
    kind: str
    picture: tuple[str, int, int] | None


@route("/new", http_method=_METHODS, include_in_schema=False)
async def choose_asset(request: Asked, services: FromServices, cursor: FromQuery[str | None] = None) -> Response[bytes]:
    """Everything that this customer may share and that is ready to be seen, by title."""
    visit = visit_of(request, services)
    after = decode(cursor, tuple[str, str])
    fitting = sorted((a for a in services.catalog.assets.values() if _may_share(visit, a)), key=_by_title)
    rest = [asset for asset in fitting if after is None or _by_title(asset) > after]
    shown = page(rest, ASSETS_A_PAGE, _by_title)
    offers = [_offer(visit, asset) for asset in shown.items]
    return visit.page("new.html", offers=offers, more=shown.next_cursor, open_ways=bool(_ways(visit)))


@route("/picture/{asset:str}", http_method=_METHODS, include_in_schema=False)
async def picture(request: Asked, services: FromServices, asset: FromPath[str]) -> Stream:
    """What an asset looks like, for the customer that may share it; viewers may have a gate to pass first."""
    visit = visit_of(request, services)
    offer = _offer(visit, _asset(visit, asset))
    path = services.files.path(offer.picture[0]) if offer.picture else None
    if path is None or not path.is_file():
        raise NotFound(Sentence("There is nothing at this address."))
    size = path.stat().st_size
    headers = {"cache-control": "private, max-age=3600", "x-content-type-options": "nosniff"}
    headers["content-length"] = str(size)
    return Stream(ranges.read(path, 0, size), headers=headers, media_type="image/webp")


@route("/new/{asset:str}", http_method=_METHODS, include_in_schema=False)
async def choose_way(request: Asked, services: FromServices, asset: FromPath[str]) -> Response[bytes]:
    visit = visit_of(request, services)
    context = _context(visit, _asset(visit, asset), {})
    return visit.page("way.html", faults={}, problem=None, **context)


@post("/new/{asset:str}", status_code=303, include_in_schema=False)
async def make_share(request: Asked, services: FromServices, asset: FromPath[str]) -> Response[bytes]:
    """303 to the new share. A form that is sent twice makes one share."""
    visit = visit_of(request, services)
    chosen = _asset(visit, asset)
    values = await posted(request)
    try:
        claims = _claims(visit, chosen, values, visit.accept(values))
        await make(services, claims)
    except Conflict:
        # Killed between the page and this moment. Why is between the vendor and its mechanics.
        return visit.again("way.html", Invalid.one("mechanic", _ENDED), **_context(visit, chosen, values))
    except (Invalid, TooMany, Unavailable) as error:
        return visit.again("way.html", error, **_context(visit, chosen, values))
    return see_other(f"{PATH}/shares/{claims.share}?made=1")


def _claims(visit: Visit, asset: Asset, values: Mapping[str, str], form: FormToken) -> Claims:
    """What the form claims; raises Invalid with every fault. The time runs from when the form was shown."""
    faults = []
    channel, expires, mechanic = values.get("channel", ""), values.get("expires", ""), values.get("mechanic", "")
    if channel not in CHANNELS:
        faults.append(Fault("channel", Sentence("Please say where you will share it.")))
    if expires not in EXPIRIES:
        faults.append(Fault("expires", Sentence("Please say how long the link should work.")))
    if mechanic not in {way.key for way in _ways(visit)}:
        known = mechanic in visit.services.catalog.mechanics
        faults.append(Fault("mechanic", _ENDED if known else Sentence("Please choose one.")))
    if faults:
        raise Invalid(faults)
    days, _ = EXPIRIES[expires]
    claims = claim(
        asset=asset.id,
        customer=visit.customer.id,
        mechanic=mechanic,
        channel=channel,
        expires_at_s=(form.rendered_at_ms + days * DAY_MS) // 1000 if days else None,
    )
    return replace(claims, nonce=nonce_of(values[FORM_TOKEN]))


def _context(visit: Visit, asset: Asset, values: Mapping[str, str]) -> dict[str, Any]:
    say, ways = visit.words.say, _ways(visit)
    return {
        "offer": _offer(visit, asset),
        "channels": [Choice(key, say(name)) for key, name in CHANNELS.items()],
        "expiries": [Choice(key, say(name)) for key, (_, name) in EXPIRIES.items()],
        "ways": [Choice(way.key, way.title, say(_GATES[way.gate.mode])) for way in ways],
        "values": {"channel": "", "expires": "never", "mechanic": ways[0].key if ways else "", **values},
    }


def _ways(visit: Visit) -> list[Mechanic]:
    """The mechanics by which a customer of this brand can share. Community links are the vendor's to hand out."""
    return sorted(
        (
            mechanic
            for mechanic in visit.services.catalog.mechanics.values()
            if mechanic.brand == visit.brand.id
            and mechanic.status is Status.LIVE
            and mechanic.kind is not MechanicKind.COMMUNITY
        ),
        key=lambda mechanic: (_USUAL.index(mechanic.kind), mechanic.title.casefold(), mechanic.key),
    )


def _asset(visit: Visit, id: str) -> Asset:
    asset = visit.services.catalog.assets.get(id)
    if asset is None or not _may_share(visit, asset):
        raise NotFound(Sentence("There is no such page among yours."))
    return asset


def _may_share(visit: Visit, asset: Asset) -> bool:
    return asset.ready and asset.customer in (None, visit.customer.id)


def _by_title(asset: Asset) -> tuple[str, str]:
    return asset.title.casefold(), asset.id


def _offer(visit: Visit, asset: Asset) -> Offer:
    picture = None
    if asset.kind is AssetKind.WALKTHROUGH and asset.source.steps:
        smallest = asset.pictures[asset.source.steps[0].image].variants[0]
        picture = smallest.sha256, smallest.width, smallest.height
    elif asset.file and asset.file.preview:
        preview = asset.file.preview
        picture = preview.sha256, preview.width, preview.height
    return Offer(asset=asset, kind=visit.words.say(_KINDS[asset.kind]), picture=picture)
