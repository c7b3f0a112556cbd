"""Customers and mechanics by name: lists carry ids, people read names."""

from __future__ import annotations

from collections.abc import Iterable

from passalong_tui.client import Client
from passalong_tui.known import Known
from passalong_tui.messages import CustomersFetched, Fact, MechanicsFetched


async def names(
    client: Client, known: Known, customers: Iterable[str | None], mechanics: Iterable[str | None] = ()
) -> list[Fact]:
    """What it takes to call these by name, mostly nothing. Each that the server cannot name is asked for once."""
    unnamed = known.unnamed(customers, mechanics)
    if not unnamed:
        return []
    facts: list[Fact] = [CustomersFetched(await client.customers()), MechanicsFetched(await client.mechanics())]
    for fact in facts:
        fact.keep(known)
    known.nameless |= unnamed - set(known.names) - set(known.titles)
    return facts
