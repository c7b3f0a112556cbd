"""Histories for tests: what happened long ago, written through the ledger itself, in the file of a running server."""

from __future__ import annotations

import asyncio

from factories import Server
from passalong.app import wire
from passalong.domain.event import Actor, Event, EventKind
from passalong.domain.instant import Calendar
from passalong.store.ledger import Entry, Ledger


def visited(server: Server, mechanic: str, people: int, *, at_ms: int, customer: str = "initech") -> None:
    """So many people looked at a link of a mechanic, each once, on the day of `at_ms`."""
    day = Calendar(server.config.timezone).day(at_ms)
    events = [
        Event(
            at_ms=at_ms,
            day=day,
            kind=EventKind.VIEW,
            actor=Actor.HUMAN,
            share=f"old-{mechanic}",
            customer=customer,
            mechanic=mechanic,
            asset="report",
            visitor=day * 100_000 + n + 1,
        )
        for n in range(people)
    ]
    asyncio.run(_append(server, events))


async def _append(server: Server, events: list[Event]) -> None:
    services = wire(server.config)
    await services.db.open()
    try:
        ledger = Ledger(services.db)
        ledger.start()
        await asyncio.gather(*[ledger.append(Entry(event)) for event in events])
        await ledger.stop()
    finally:
        await services.db.close()
