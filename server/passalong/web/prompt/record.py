"""What happens on a prompt, told to the ledger. Who is asked is a customer's member, so no lead is ever named."""

from __future__ import annotations

from passalong.domain.event import Event, EventKind
from passalong.domain.prompt import SUSPECT
from passalong.domain.share import Claims
from passalong.errors import Unavailable
from passalong.store.ledger import Entry
from passalong.web.prompt.asked import Asked
from passalong.web.services import Services


def event_of(
    services: Services, asked: Asked, kind: EventKind, *, share: str | None = None, ref: str | None = None
) -> Event:
    known, visitor = asked.known, asked.visitor
    return Event(
        at_ms=asked.now_ms,
        day=services.calendar.day(asked.now_ms),
        kind=kind,
        actor=visitor.actor,
        share=share,
        customer=known.customer.id,
        mechanic=known.mechanic.key,
        asset=asked.prompt.asset,
        visitor=visitor.kept,
        ref=ref,
    )


async def record_shown(services: Services, asked: Asked) -> bytes:
    """Stores that the prompt was shown, or its empty page after a kill; says in a word what became of it. It shows even
    when nothing can be stored."""
    if not asked.visitor.counted:
        return b"none; reason=prefetch"
    ended = asked.known.mechanic.tombstone is not None
    if not ended and not asked.known.mechanic.records_viewers:
        return b"none; reason=not-instrumented"
    kind = EventKind.AFTERLIFE if ended else EventKind.PROMPT
    try:
        await services.ledger.append(Entry(event_of(services, asked, kind, ref=asked.prompt.kind.value)))
    except Unavailable:
        return b"none; reason=not-stored"
    return kind.value.encode()


async def record_done(
    services: Services, asked: Asked, kind: EventKind, claims: Claims, *, suspect: bool, once: bool = False
) -> None:
    """Stores what a form has led to, with its share. Raises Unavailable."""
    event = event_of(services, asked, kind, share=claims.share, ref=SUSPECT if suspect else None)
    await services.ledger.append(Entry(event, claims, once=once))
