"""What was seen of a share, told to the ledger: a view, the step of a walkthrough, or a look after the end."""

from __future__ import annotations

from passalong.domain.asset import AssetKind
from passalong.domain.event import EventKind
from passalong.errors import Unavailable
from passalong.web.services import Services
from passalong.web.viewer.link import Link
from passalong.web.viewer.standing import Standing
from passalong.web.visitor import Visitor

_SAID = {kind: kind.value.encode() for kind in EventKind}


async def record_view(
    services: Services,
    link: Link,
    visitor: Visitor,
    who: Standing,
    now_ms: int,
    *,
    step: int | None = None,
    open_step: bool | None = None,
) -> bytes:
    """Stores what was seen, and says in a word what became of it. A page is shown even when nothing can be stored.

    `step` is the one that was asked for by number; `open_step` says whether a step was shown, None for a page that
    shows no single one.
    """
    if not visitor.counted:
        return b"none; reason=prefetch"
    if link.mechanic.records_viewers:
        seen = _seen(link, visitor, step, open_step)
    elif link.mechanic.instrumented:
        seen = [(EventKind.AFTERLIFE, None)]
    else:
        return b"none; reason=not-instrumented"
    try:
        await services.recorder.record_seen(link, seen, now_ms=now_ms, visitor=visitor, lead=who.lead)
    except Unavailable:
        return b"none; reason=not-stored"
    return b", ".join([_SAID[kind] for kind, _ in seen]) or b"none; reason=gate"


def _seen(link: Link, visitor: Visitor, step: int | None, open_step: bool | None) -> list[tuple[EventKind, str | None]]:
    """The events, each with what else it names. Somebody who comes from another step is here already."""
    walked = link.asset.kind is AssetKind.WALKTHROUGH
    here_already = walked and (step is not None or open_step is None) and f"/{link.token}" in visitor.referer
    seen: list[tuple[EventKind, str | None]] = [] if here_already else [(EventKind.VIEW, None)]
    if walked and open_step and link.asset.ready:
        seen.append((EventKind.STEP, str(step or 1)))
    return seen
