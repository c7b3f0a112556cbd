"""Putting brands, customers, mechanics and assets: whole, idempotent, by an id of the vendor's own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

from litestar import Request, get, post, put
from litestar.datastructures import State, UploadFile
from litestar.params import FromPath, FromQuery, JSONBody, MultipartBody, PathParameter
from msgspec import UNSET, Meta, Struct
from msgspec.structs import replace

from passalong.domain import asset as assets
from passalong.domain import brand as brands
from passalong.domain import customer as customers
from passalong.domain import decision as decisions
from passalong.domain import mechanic as mechanics
from passalong.domain.access import ApiKey, Role
from passalong.domain.asset import Asset, AssetBody, AssetKind, StoredFile
from passalong.domain.brand import Brand, BrandBody
from passalong.domain.customer import Customer, CustomerBody
from passalong.domain.decision import Decision
from passalong.domain.mechanic import Mechanic, MechanicBody
from passalong.domain.share import ID_PATTERN
from passalong.domain.walkthrough import Picture
from passalong.errors import Conflict, Fault, Forbidden, Invalid
from passalong.store.decisions import Known
from passalong.store.files import FileStore
from passalong.store.pictures import prepare
from passalong.web import logo
from passalong.web.api.access import key_of
from passalong.web.api.audited import AUDITED
from passalong.web.api.mechanics import MechanicAnswer, describe
from passalong.web.api.paging import Cursor, Limit, Page, page_by_id
from passalong.web.api.refusals import REFUSALS
from passalong.web.services import FromServices

OwnId = Annotated[str, PathParameter(pattern=ID_PATTERN)]
"""An id of the vendor's own choosing, where a thing is put."""


class AssetAnswer(Struct, kw_only=True):
    """An asset as it is kept; `ready` says whether a page can show it."""

    id: str
    title: str
    kind: AssetKind
    customer: str | None
    summary: str | None
    source: assets.Source
    file: StoredFile | None
    pictures: dict[str, Picture]
    language: str | None
    indexable: bool
    ready: bool
    missing: list[str]
    """Pictures of a walkthrough that have not been uploaded yet."""


class StepAnswer(Struct, kw_only=True):
    """A step with its page views and its visits: people a day, each counted once."""

    number: int
    title: str
    views: int
    visits: int
    reached: float | None


class StepsAnswer(Struct, kw_only=True):
    asset: str
    steps: list[StepAnswer]


class FileForm(Struct):
    """The upload: a part called `file`; of a walkthrough's pictures as many as there are."""

    file: Annotated[list[UploadFile], Meta(min_length=1)]


@get("/brands", tags=["Catalog"], summary="List brands", responses=REFUSALS)
async def list_brands(services: FromServices, limit: Limit = 50, cursor: Cursor = None) -> Page[Brand]:
    return page_by_id(list(services.catalog.brands.values()), limit, cursor, lambda brand: brand.id)


@put("/brands/{id:str}", tags=["Catalog"], summary="Put a brand", opt=AUDITED, responses=REFUSALS)
async def put_brand(services: FromServices, id: OwnId, data: JSONBody[BrandBody]) -> Brand:
    """The vendor's look. The accent is taken as given; where text needs more contrast, pages correct it."""
    picture = await logo.keep(services.files, data.logo)
    _, after = await services.catalog.change(Brand, id, lambda before: brands.build(id, data, picture))
    return after


@put("/customers/{id:str}", tags=["Catalog"], summary="Put a customer", responses=REFUSALS)
async def put_customer(services: FromServices, id: OwnId, data: JSONBody[CustomerBody]) -> Customer:
    picture = UNSET if data.logo is UNSET else await logo.keep(services.files, data.logo)
    _, after = await services.catalog.change(Customer, id, lambda before: customers.build(id, data, picture, before))
    return after


@put("/mechanics/{key:str}", tags=["Catalog"], summary="Put a mechanic", opt=AUDITED, responses=REFUSALS)
async def put_mechanic(
    request: Request[Any, Any, State], services: FromServices, key: OwnId, data: JSONBody[MechanicBody]
) -> MechanicAnswer:
    """Launches a mechanic, or changes it: each a dated decision. A killed one stays killed until it is revived.

    A launch less than 60 days from another draws a warning. The rule that stood at launch stays readable; changing it
    while the verdict is to kill needs a reason and an admin.
    """
    now_ms = services.clock()
    caller = key_of(request)
    known = await services.decisions.known(key) if key in services.catalog.mechanics else None
    if data.brand not in services.catalog.brands:
        raise Invalid.one("brand", f"There is no brand called {data.brand}.")
    before, after = await services.catalog.change(
        Mechanic,
        key,
        lambda before: mechanics.build(key, data, now_ms=now_ms, before=before),
        lambda before, after: _decisions(before, after, data, known, caller, now_ms),
    )
    launched = before is None or before.launched_at_ms != after.launched_at_ms
    others = services.catalog.mechanics.values()
    return await describe(services, after, decisions.warnings(after, others) if launched else ())


@put("/assets/{id:str}", tags=["Catalog"], summary="Put an asset", responses=REFUSALS)
async def put_asset(services: FromServices, id: OwnId, data: JSONBody[AssetBody]) -> AssetAnswer:
    """A file keeps the bytes that were uploaded before, a walkthrough the pictures that its steps still name."""
    if data.customer is not None and data.customer not in services.catalog.customers:
        raise Invalid.one("customer", f"There is no customer called {data.customer}.")
    _, after = await services.catalog.change(
        Asset,
        id,
        lambda before: assets.build(id, data, before=before, embed_sources=services.settings.embed_sources),
    )
    return _answer(after)


@post("/assets/{id:str}/files", tags=["Catalog"], summary="Upload an asset's file", status_code=200, responses=REFUSALS)
async def upload_file(services: FromServices, id: OwnId, data: MultipartBody[FileForm]) -> AssetAnswer:
    """Multipart, parts called `file`. What each is, its first bytes say; it replaces the one from before.

    A walkthrough takes a picture for each name in its steps, all or none of them.
    """
    asset = services.catalog.find(Asset, id)
    if asset.kind is AssetKind.WALKTHROUGH:
        fresh = await asyncio.to_thread(_pictures, services.files, asset, data.file)
        _, after = await services.catalog.change(
            Asset, id, lambda before: replace(before or asset, pictures={**(before or asset).pictures, **fresh})
        )
        return _answer(after)
    if asset.kind is not AssetKind.FILE:
        raise Conflict(f"{id} is of kind {asset.kind}; only a file or a walkthrough has files.")
    if len(data.file) != 1:
        raise Invalid.one("file", "Send one file.")
    [file] = data.file
    max_bytes = services.settings.limits.upload_mb * 1_000_000
    stored = await asyncio.to_thread(services.files.keep, file.file, file.filename, max_bytes=max_bytes)
    _, after = await services.catalog.change(Asset, id, lambda before: replace(before or asset, file=stored))
    return _answer(after)


@get("/assets/{id:str}/steps", tags=["Catalog"], summary="How far people came in a walkthrough", responses=REFUSALS)
async def get_steps(services: FromServices, id: FromPath[str], mechanic: FromQuery[str | None] = None) -> StepsAnswer:
    """Where people stop. `reached` compares a step's visits with those of the step that most people have seen."""
    asset = services.catalog.find(Asset, id)
    if asset.kind is not AssetKind.WALKTHROUGH:
        raise Conflict(f"{id} is of kind {asset.kind}; only a walkthrough has steps.")
    counted = await services.reports.steps(id, mechanic)
    most = max((visits for _, visits in counted.values()), default=0)
    steps = []
    for number, step in enumerate(asset.course.steps, 1):
        views, visits = counted.get(number, (0, 0))
        reached = round(visits / most, 4) if most else None
        title = step.title or f"Step {number}"
        steps.append(StepAnswer(number=number, title=title, views=views, visits=visits, reached=reached))
    return StepsAnswer(asset=id, steps=steps)


def _pictures(files: FileStore, asset: Asset, uploads: Sequence[UploadFile]) -> dict[str, Picture]:
    """The uploaded pictures by name; raises Invalid naming each that is not asked for or cannot be read."""
    wanted = {step.image for step in asset.source.steps or ()}
    fresh: dict[str, Picture] = {}
    faults: list[Fault] = []
    for upload in uploads:
        name = upload.filename
        if name not in wanted:
            faults.append(Fault(name, "No step has a picture of this name."))
            continue
        try:
            fresh[name] = prepare(files, upload.file, name)
        except Invalid as refused:
            faults += refused.faults
    if faults:
        raise Invalid(faults)
    return fresh


def _answer(asset: Asset) -> AssetAnswer:
    return AssetAnswer(
        id=asset.id,
        title=asset.title,
        kind=asset.kind,
        customer=asset.customer,
        summary=asset.summary,
        source=asset.source,
        file=asset.file,
        pictures=asset.pictures,
        language=asset.language,
        indexable=asset.indexable,
        ready=asset.ready,
        missing=asset.course.missing,
    )


def _decisions(
    before: Mechanic | None, after: Mechanic, body: MechanicBody, known: Known | None, caller: ApiKey, now_ms: int
) -> list[Decision]:
    """What putting a mechanic decides. Raises Forbidden where only an admin may."""
    found = decisions.of_put(
        before,
        after,
        body,
        now_ms=now_ms,
        by=f"the key {caller.name}",
        verdict=known.verdict if known else None,
        produced=known.produced if known else None,
    )
    if any(decision.overrides for decision in found) and not caller.role.reaches(Role.ADMIN):
        raise Forbidden("The verdict is to kill it: only an admin may change its rule now.")
    return found
