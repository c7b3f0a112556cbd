"""Prompts for the vendor's product: a page to frame beside what a customer is doing."""

from __future__ import annotations

from datetime import datetime
from html import escape

from litestar import get, post
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from passalong.domain.instant import at
from passalong.domain.mechanic import MechanicKind
from passalong.domain.prompt import FRAMES, MAX_AGE_MS, PromptBody, PromptKind, Size, State, build, seal
from passalong.errors import BadToken, Conflict, Invalid, NotFound
from passalong.web.api.refusals import REFUSALS
from passalong.web.api.shares import expiry_of
from passalong.web.prompt.asked import Known, known_of
from passalong.web.services import FromServices, Services

_TITLES = {
    PromptKind.INVITE_TEAMMATES: "Invite your teammates",
    PromptKind.SHARE_WITH_TEAM: "Share with your team",
    PromptKind.USAGE_CAP: "How much of your plan is used",
}


class PromptSnippets(Struct):
    """To put into a page of yours."""

    iframe: str


class PromptStatus(Struct, kw_only=True):
    """A prompt and how it stands. While `dismissed_until` says when it may show again, leave the frame out."""

    prompt: str
    customer: str
    kind: PromptKind
    mechanic: str
    asset: str | None
    member: str | None
    size: Size
    plan: str | None
    state: State
    expires_at: datetime
    dismissed_until: datetime | None


class PromptAnswer(PromptStatus, kw_only=True):
    """`frame_hosts` may show it, and no other: they are the brand's `embed_hosts`."""

    token: str
    url: str
    width: int
    height: int
    frame_hosts: list[str]
    snippets: PromptSnippets


@post("/prompts", tags=["Prompts"], summary="Ask a customer something in your product", responses=REFUSALS)
async def make_prompt(services: FromServices, data: JSONBody[PromptBody]) -> PromptAnswer:
    """A page for a frame. It has no row, so ask for one as often as you show it. 409 for a mechanic that was killed
    or is paused."""
    catalog, now_ms = services.catalog, services.clock()
    named = (
        ("customer", catalog.customers, data.customer),
        ("mechanic", catalog.mechanics, data.mechanic),
        ("asset", catalog.assets, data.asset),
    )
    for field, entries, id in named:
        if id is not None and id not in entries:
            raise Invalid.one(field, f"There is no {field} called {id}.")
    mechanic = catalog.mechanics[data.mechanic]
    if mechanic.kind is MechanicKind.COMMUNITY:
        raise Invalid.one("mechanic", "Community links record nothing about anybody, so nobody is prompted by them.")
    if (tombstone := mechanic.tombstone) is not None:
        raise Conflict(
            f"The mechanic {mechanic.key} was killed on {at(tombstone.at_ms):%Y-%m-%d} ({tombstone.reason}). "
            "It prompts nobody any more."
        )
    if mechanic.paused_at_ms is not None:
        raise Conflict(f"The mechanic {mechanic.key} is paused since {at(mechanic.paused_at_ms):%Y-%m-%d}.")
    prompt = build(data, expiry_of(data.expires_at, now_ms) or (now_ms + MAX_AGE_MS) // 1000)
    try:
        known = known_of(services.keyring, catalog, seal(services.keyring, prompt))
    except (BadToken, NotFound) as error:
        raise Conflict(str(error)) from None
    status = await _status(services, known, now_ms)
    url = services.settings.base_url + known.path
    frame = FRAMES[prompt.size]
    return PromptAnswer(
        **{name: getattr(status, name) for name in PromptStatus.__struct_fields__},
        token=known.token,
        url=url,
        width=frame.width,
        height=frame.height,
        frame_hosts=list(known.brand.embed_hosts),
        snippets=PromptSnippets(
            iframe=(
                f'<iframe src="{escape(url)}" title="{_TITLES[prompt.kind]}" width="{frame.width}" '
                f'height="{frame.height}" loading="lazy" style="border:0;max-width:100%"></iframe>'
            )
        ),
    )


@get("/prompts/{token:str}", tags=["Prompts"], summary="How a prompt stands", responses=REFUSALS)
async def get_prompt(services: FromServices, token: FromPath[str]) -> PromptStatus:
    """By its token, as your billing gets it in `pa_prompt`: who is asked what, and whether it still shows."""
    try:
        known = known_of(services.keyring, services.catalog, token)
    except BadToken:
        raise NotFound("This is the token of no prompt.") from None
    return await _status(services, known, services.clock())


async def _status(services: Services, known: Known, now_ms: int) -> PromptStatus:
    prompt = known.prompt
    hidden_until_ms = await services.dismissals.until_ms(prompt, now_ms)
    return PromptStatus(
        prompt=prompt.id,
        customer=prompt.customer,
        kind=prompt.kind,
        mechanic=prompt.mechanic,
        asset=prompt.asset,
        member=prompt.member,
        size=prompt.size,
        plan=prompt.cap.plan if prompt.cap else None,
        state=known.state(now_ms, hidden_until_ms),
        expires_at=at(prompt.expires_at_s * 1000),
        dismissed_until=at(hidden_until_ms) if hidden_until_ms is not None else None,
    )
