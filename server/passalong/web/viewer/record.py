"""What a viewer does, told to the ledger."""

from __future__ import annotations

from collections.abc import Sequence

from passalong.domain.event import Actor, Event, EventKind
from passalong.domain.instant import Calendar
from passalong.domain.lead import Lead
from passalong.store.ledger import Entry, Ledger
from passalong.web.viewer.link import Link
from passalong.web.visitor import Visitor

EVENT_HEADER = b"passalong-event"
"""Says which event is on the disk when the answer leaves, or why there is none."""

_MAX_SEEN = 50_000


class Recorder:
    """Stores events of links. Remembers which shares have a row already, to send each only once."""

    def __init__(self, ledger: Ledger, calendar: Calendar) -> None:
        self._ledger = ledger
        self._calendar = calendar
        self._seen: set[str] = set()

    async def record(
        self,
        link: Link,
        kind: EventKind,
        *,
        now_ms: int,
        visitor: Visitor | None,
        lead: str | None = None,
        person: Lead | None = None,
        ref: str | None = None,
        once: bool = False,
    ) -> str | None:
        """Returns once the event is on the disk: the lead's id if `person` was given. Raises Unavailable.

        Without a visitor, an integrator's call is what happened. With `once` nothing is stored of a share that has
        a row already.
        """
        stood = await self._ledger.append(self._entry(link, kind, now_ms, visitor, lead, ref, person, once))
        self._has_row(link.share)
        return stood

    async def record_seen(
        self,
        link: Link,
        seen: Sequence[tuple[EventKind, str | None]],
        *,
        now_ms: int,
        visitor: Visitor,
        lead: str | None,
    ) -> None:
        """The same for what one request has seen, kind and ref of each: all on their way before one is waited for."""
        append, entry = self._ledger.append, self._entry
        for stored in [append(entry(link, kind, now_ms, visitor, lead, ref)) for kind, ref in seen]:
            await stored
        self._has_row(link.share)

    def _entry(
        self,
        link: Link,
        kind: EventKind,
        now_ms: int,
        visitor: Visitor | None,
        lead: str | None,
        ref: str | None,
        person: Lead | None = None,
        once: bool = False,
    ) -> Entry:
        event = Event(
            at_ms=now_ms,
            day=self._calendar.day(now_ms),
            kind=kind,
            actor=visitor.actor if visitor else Actor.SYSTEM,
            share=link.share,
            customer=link.customer.id,
            mechanic=link.mechanic.key,
            asset=link.asset.id,
            hop=link.claims.hop,
            visitor=visitor.kept if visitor else 0,
            lead=lead,
            ref=ref,
        )
        return Entry(event, link.claims if once or link.share not in self._seen else None, person, once)

    def _has_row(self, share: str) -> None:
        if share not in self._seen:
            if len(self._seen) >= _MAX_SEEN:
                self._seen.clear()
            self._seen.add(share)
