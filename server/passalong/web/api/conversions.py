"""Conversions: what the vendor's product or CRM reports, credited as far as there is evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Annotated

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from passalong.domain.access import ApiKey, Role
from passalong.domain.attribution import MODELS, Credit, Evidence, Override, Policy, Via, left_out, parts_of, why
from passalong.domain.conversion import ConversionBody, ConversionKind, check
from passalong.domain.instant import at
from passalong.domain.lead import Motion
from passalong.domain.money import Money
from passalong.errors import Invalid
from passalong.store.conversions import Case, Conversion
from passalong.store.replay import Replay, replayed
from passalong.web.api.access import ADMIN, key_of
from passalong.web.api.paging import Cursor, Limit, Page, decode, page
from passalong.web.api.refusals import REFUSALS
from passalong.web.api.standing import CrmPart, crm_part
from passalong.web.services import FromServices, Services


class ConversionPart(Struct, kw_only=True):
    """A conversion. `version` counts how often it was credited; `deal` is the CRM's id, if it came from there, and
    `deal_name` what it is called there, told where conversions are read, to admins alone; `withdrawn` says that the CRM
    has taken it back, and that it counts for nothing."""

    id: str
    external_id: str
    kind: str
    occurred_at: datetime
    amount: Money | None
    version: int
    deal: str | None
    deal_name: str | None = None
    withdrawn: bool


class AttributionPart(Struct, kw_only=True):
    """`micro` of the credits sums to 1,000,000, `amount_minor` to the amount; without credits a reason."""

    model: str
    credits: list[Credit]
    unattributed_reason: str | None


class ConversionAnswer(Struct, kw_only=True):
    conversion: ConversionPart
    attribution: AttributionPart


class TouchpointAnswer(Struct, kw_only=True):
    """A trace from the conversion to a share, whether or not it counts. `via` says by what it was found, `micro` what
    it brings in millionths of the credit, and `why` why that is so."""

    via: Via
    evidence: Evidence
    at: datetime
    customer: str
    mechanic: str | None
    share: str | None
    asset: str | None
    hop: int
    lead: str | None
    motion: Motion
    micro: int
    why: str


class EvaluationAnswer(Struct, kw_only=True):
    """A version of the credits: when and why it came to be, under which rule."""

    version: int
    at: datetime
    cause: str
    model: str
    window_days: int
    amount: Money | None
    credits: list[Credit]
    unattributed_reason: str | None


class OverrideAnswer(Struct, kw_only=True):
    at: datetime
    by: str
    reason: str
    customer: str | None
    mechanic: str | None
    withdrawn: bool


class ConversionDetail(Struct, kw_only=True):
    """All there is to argue about. `models` holds what the credits would be under each model; `crm` how the deal stands
    in HubSpot, None of what did not come from there."""

    conversion: ConversionPart
    attribution: AttributionPart
    touchpoints: list[TouchpointAnswer]
    models: dict[str, list[Credit]]
    evaluations: list[EvaluationAnswer]
    overrides: list[OverrideAnswer]
    crm: CrmPart | None


class OverrideBody(Struct, forbid_unknown_fields=True):
    """An admin's word over the evidence: all to `customer`, or to nobody with null; `withdraw` lets the evidence
    speak again."""

    by: Annotated[str, Meta(min_length=1, max_length=120)]
    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    customer: str | None = None
    mechanic: str | None = None
    withdraw: bool = False


@post("/conversions", tags=["Conversions"], summary="Report a conversion", responses=REFUSALS)
async def report_conversion(services: FromServices, data: JSONBody[ConversionBody]) -> Response[ConversionAnswer]:
    """201 with the credits; the same report again gives the same answer, another under the same name 409."""
    check(data)
    conversion, _ = await services.pipeline.record(data)
    return Response(answer(conversion), status_code=201)


@get("/conversions", tags=["Conversions"], summary="List conversions, newest first", responses=REFUSALS)
async def list_conversions(
    request: Request[None, ApiKey, State],
    services: FromServices,
    limit: Limit = 50,
    cursor: Cursor = None,
    kind: Annotated[ConversionKind | None, QueryParameter(description="Only of this kind")] = None,
    attributed: Annotated[bool | None, QueryParameter(description="Only with, or without, a customer's name")] = None,
    customer: Annotated[str | None, QueryParameter(description="Only what is credited to this customer")] = None,
    q: Annotated[
        str | None,
        QueryParameter(
            description="Text in the external id, the company's domain, a credited customer's or mechanic's name; "
            "for admins also in the name of the deal and in who its people are",
            max_length=200,
        ),
    ] = None,
) -> Page[ConversionAnswer]:
    admin = key_of(request).role is Role.ADMIN
    found = await services.conversions.page(
        limit=limit + 1,
        before=decode(cursor, tuple[int, str]),
        kind=kind,
        attributed=attributed,
        customer=customer,
        search=q,
        people=admin,
    )
    paged = page(found, limit, lambda conversion: (conversion.occurred_at_ms, conversion.id))
    names = await _deal_names(services, paged.items, admin=admin)
    return Page([answer(conversion, names) for conversion in paged.items], paged.next_cursor)


@get("/conversions/{id:str}", tags=["Conversions"], summary="One conversion, and why", responses=REFUSALS)
async def get_conversion(
    request: Request[None, ApiKey, State], services: FromServices, id: FromPath[str]
) -> ConversionDetail:
    admin = key_of(request).role is Role.ADMIN
    return await _detail(services, await services.conversions.case(id), admin=admin)


@post("/conversions/{id:str}/override", tags=["Conversions"], summary="Decide over the evidence", status_code=200,
      opt=ADMIN, responses=REFUSALS)  # fmt: skip
async def override_conversion(
    services: FromServices, id: FromPath[str], data: JSONBody[OverrideBody]
) -> ConversionDetail:
    """A dated decision with a reason: nothing is edited, and the credits that were stay readable."""
    if data.withdraw and (data.customer or data.mechanic):
        raise Invalid.one("withdraw", "A withdrawal names nobody.")
    for field, text in (("by", data.by), ("reason", data.reason)):
        if not text.strip():
            raise Invalid.one(field, "Please fill this in.")
    if data.mechanic and not data.customer:
        raise Invalid.one("mechanic", "Name the customer, too.")
    if data.customer is not None and data.customer not in services.catalog.customers:
        raise Invalid.one("customer", f"There is no customer called {data.customer}.")
    if data.mechanic and data.mechanic not in services.catalog.mechanics:
        raise Invalid.one("mechanic", f"There is no mechanic called {data.mechanic}.")
    override = Override(
        at_ms=services.clock(),
        by=data.by,
        reason=data.reason,
        customer=data.customer,
        mechanic=data.mechanic,
        withdrawn=data.withdraw,
    )
    return await _detail(services, await services.pipeline.decide(id, override), admin=True)


@get("/attribution/replay", tags=["Conversions"], summary="Attribution under another model", responses=REFUSALS)
async def replay_attribution(
    services: FromServices,
    model: Annotated[str, QueryParameter(description="Whose credits to work out", schema_extra={"enum": [*MODELS]})],
    window_days: Annotated[int | None, QueryParameter(ge=1, le=3650, description="Else as it is set")] = None,
) -> Replay:
    """Today's credit beside the other model's, of opportunities and what was won: whose moves, and by how much."""
    if model not in MODELS:
        raise Invalid.one("model", f"Name one of {', '.join(MODELS)}.")
    present = services.pipeline.policy
    policy = Policy(model=model, half_life_days=present.half_life_days, window_days=window_days or present.window_days)
    return await replayed(services.pipeline, policy)


async def _deal_names(services: Services, conversions: Sequence[Conversion], *, admin: bool) -> Mapping[str, str]:
    deals = [conversion.deal for conversion in conversions if conversion.deal]
    return await services.standings.names(deals) if admin and deals else {}


async def _detail(services: Services, case: Case, *, admin: bool) -> ConversionDetail:
    told = answer(case.conversion, await _deal_names(services, [case.conversion], admin=admin))
    deal = case.conversion.deal
    present = services.pipeline.policy
    policies = {
        name: Policy(model=name, half_life_days=present.half_life_days, window_days=present.window_days)
        for name in MODELS
    }
    return ConversionDetail(
        conversion=told.conversion,
        attribution=told.attribution,
        touchpoints=_touchpoints(services, case),
        models={name: services.pipeline.under(policy, case) for name, policy in policies.items()},
        evaluations=[
            EvaluationAnswer(
                version=version.version,
                at=at(version.at_ms),
                cause=version.cause,
                model=version.model,
                window_days=version.window_days,
                amount=Money(version.amount_minor, version.currency)
                if version.amount_minor is not None and version.currency
                else None,
                credits=version.credits,
                unattributed_reason=version.unattributed_reason,
            )
            for version in await services.conversions.evaluations(case.conversion.id)
        ],
        overrides=[
            OverrideAnswer(
                at=at(override.at_ms),
                by=override.by,
                reason=override.reason,
                customer=override.customer,
                mechanic=override.mechanic,
                withdrawn=override.withdrawn,
            )
            for override in case.overrides
        ],
        crm=await crm_part(services, await services.standings.of_deal(deal)) if deal else None,
    )


def _touchpoints(services: Services, case: Case) -> list[TouchpointAnswer]:
    """Each with what it brings, and why."""
    occurred_at_ms, counted = case.traces.occurred_at_ms, services.pipeline.counted(case)
    parts = parts_of(case.touchpoints, case.conversion.credits, occurred_at_ms)
    told = []
    for place, touch in enumerate(case.touchpoints):
        sentence, micro = why(touch, occurred_at_ms), parts.get(place, 0)
        if not micro:
            sentence = left_out(
                touch,
                counted=counted,
                occurred_at_ms=occurred_at_ms,
                decided=case.standing is not None,
                policy=services.pipeline.policy,
            )
        told.append(
            TouchpointAnswer(
                via=touch.via,
                evidence=touch.evidence,
                at=at(touch.at_ms),
                customer=touch.customer,
                mechanic=touch.mechanic,
                share=touch.share,
                asset=touch.asset,
                hop=touch.hop,
                lead=touch.lead,
                motion=touch.motion,
                micro=micro,
                why=sentence,
            )
        )
    return told


def answer(conversion: Conversion, names: Mapping[str, str] = MappingProxyType({})) -> ConversionAnswer:
    """`names` are what the CRM calls deals, for whoever may know it."""
    return ConversionAnswer(
        conversion=ConversionPart(
            id=conversion.id,
            external_id=conversion.external_id,
            kind=conversion.kind,
            occurred_at=at(conversion.occurred_at_ms),
            amount=conversion.amount,
            version=conversion.version,
            deal=conversion.deal,
            deal_name=names.get(conversion.deal or ""),
            withdrawn=conversion.withdrawn,
        ),
        attribution=AttributionPart(
            model=conversion.model,
            credits=conversion.credits,
            unattributed_reason=conversion.unattributed_reason,
        ),
    )
