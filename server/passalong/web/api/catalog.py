"""Putting brands, customers, mechanics and assets: whole, idempotent, by an id of the vendor's own."""

from __future__ import annotations

import asyncio
from typing import Annotated

from litestar import post, put
from litestar.datastructures import UploadFile
from litestar.params import JSONBody, MultipartBody, PathParameter
from msgspec import Struct
from msgspec.structs import replace

from passalong.domain import asset as assets
from passalong.domain import brand as brands
from passalong.domain import customer as customers
from passalong.domain import mechanic as mechanics
from passalong.domain.asset import Asset, AssetBody, AssetKind, StoredFile
from passalong.domain.brand import Brand, BrandBody
from passalong.domain.customer import Customer, CustomerBody
from passalong.domain.mechanic import Decision, DecisionKind, Mechanic, MechanicBody
from passalong.domain.share import ID_PATTERN
from passalong.errors import Conflict, Invalid
from passalong.web import logo
from passalong.web.api.mechanics import MechanicAnswer, describe
from passalong.web.api.refusals import REFUSALS
from passalong.web.services import FromServices

_Id = Annotated[str, PathParameter(pattern=ID_PATTERN)]


class AssetAnswer(Struct, kw_only=True):
    """An asset as it is kept; `ready` says whether a page can show it."""

    id: str
    title: str
    kind: AssetKind
    customer: str | None
    summary: str | None
    source: assets.Source
    file: StoredFile | None
    indexable: bool
    ready: bool


class FileForm(Struct):
    """The upload: one part called `file`."""

    file: UploadFile


@put("/brands/{id:str}", tags=["Catalog"], summary="Put a brand", responses=REFUSALS)
async def put_brand(services: FromServices, id: _Id, data: JSONBody[BrandBody]) -> Brand:
    """The vendor's look. The accent is taken as given; where text needs more contrast, pages correct it."""
    picture = await logo.keep(services.files, data.logo)
    _, after = await services.catalog.change(Brand, id, lambda before: brands.build(id, data, picture))
    return after


@put("/customers/{id:str}", tags=["Catalog"], summary="Put a customer", responses=REFUSALS)
async def put_customer(services: FromServices, id: _Id, data: JSONBody[CustomerBody]) -> Customer:
    picture = await logo.keep(services.files, data.logo)
    _, after = await services.catalog.change(Customer, id, lambda before: customers.build(id, data, picture))
    return after


@put("/mechanics/{key:str}", tags=["Catalog"], summary="Put a mechanic", responses=REFUSALS)
async def put_mechanic(services: FromServices, key: _Id, data: JSONBody[MechanicBody]) -> MechanicAnswer:
    """Launches a mechanic, or changes it: each a dated decision. A killed one stays killed until it is revived."""
    now_ms = services.clock()
    if data.brand not in services.catalog.brands:
        raise Invalid.one("brand", f"There is no brand called {data.brand}.")
    _, after = await services.catalog.change(
        Mechanic,
        key,
        lambda before: mechanics.build(key, data, now_ms=now_ms, before=before),
        lambda before, after: _decisions(before, after, now_ms),
    )
    return await describe(services, after)


@put("/assets/{id:str}", tags=["Catalog"], summary="Put an asset", responses=REFUSALS)
async def put_asset(services: FromServices, id: _Id, data: JSONBody[AssetBody]) -> AssetAnswer:
    """A file keeps the bytes that were uploaded before."""
    if data.customer is not None and data.customer not in services.catalog.customers:
        raise Invalid.one("customer", f"There is no customer called {data.customer}.")
    _, after = await services.catalog.change(
        Asset,
        id,
        lambda before: assets.build(
            id, data, file=before.file if before else None, embed_sources=services.settings.embed_sources
        ),
    )
    return _answer(after)


@post("/assets/{id:str}/files", tags=["Catalog"], summary="Upload an asset's file", status_code=200, responses=REFUSALS)
async def upload_file(services: FromServices, id: _Id, data: MultipartBody[FileForm]) -> AssetAnswer:
    """Multipart, one part called `file`. What it is, its first bytes say; it replaces the file from before."""
    asset = services.catalog.find(Asset, id)
    if asset.kind is not AssetKind.FILE:
        raise Conflict(f"{id} is of kind {asset.kind}; only assets of kind file have one.")
    max_bytes = services.settings.limits.upload_mb * 1_000_000
    stored = await asyncio.to_thread(services.files.keep, data.file.file, data.file.filename, max_bytes=max_bytes)
    _, after = await services.catalog.change(Asset, id, lambda before: replace(before or asset, file=stored))
    return _answer(after)


def _answer(asset: Asset) -> AssetAnswer:
    return AssetAnswer(
        id=asset.id,
        title=asset.title,
        kind=asset.kind,
        customer=asset.customer,
        summary=asset.summary,
        source=asset.source,
        file=asset.file,
        indexable=asset.indexable,
        ready=asset.ready,
    )


def _decisions(before: Mechanic | None, after: Mechanic, now_ms: int) -> list[Decision]:
    if before is None:
        reason = "Launched."
    elif changed := [n for n in after.__struct_fields__ if getattr(before, n) != getattr(after, n)]:
        reason = f"Changed: {', '.join(changed)}."
    else:
        return []
    kind = DecisionKind.CHANGE if before else DecisionKind.LAUNCH
    at_ms = now_ms if before else after.launched_at_ms
    return [Decision(mechanic=after.key, kind=kind, at_ms=at_ms, by=after.owner, reason=reason)]
