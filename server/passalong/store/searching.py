"""Finding leads and conversions by what somebody types: conditions for their lists.

Text is looked for anywhere in a field, so every row is looked at; the lists that use this have the reports' connection.
Customers and mechanics are found by name in the catalog's memory first, and then by id.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from passalong.store.addresses import addresses
from passalong.store.catalog import Catalog
from passalong.store.db import Database

Condition = tuple[str, list[object]]
"""A condition of a WHERE clause, and what its marks stand for."""

_LEAD = """email || ' ' || name || ' ' || company || ' ' || role || ' ' || heard_from || ' ' || coalesce(domain, '') ||
    iif(extra = '{}', '', (SELECT coalesce(group_concat(' ' || value, ''), '') FROM json_each(extra)))"""


class Wanted(Struct, frozen=True, kw_only=True):
    """What is looked for: the text, and the ids (JSON arrays) of customers and mechanics whose names have it. `people`
    says whether addresses may be looked through; `address` is the keyed hash of the text, if it is a whole one."""

    text: str
    customers: str
    mechanics: str
    people: bool
    address: str | None = None


async def wanted(db: Database, catalog: Catalog, text: str, *, people: bool) -> Wanted:
    said = text.strip()
    folded = said.casefold()
    customers = (c.id for c in catalog.customers.values() if folded in f"{c.id}\n{c.name}".casefold())
    mechanics = (m.key for m in catalog.mechanics.values() if folded in f"{m.key}\n{m.title}".casefold())
    return Wanted(
        text=said,
        customers=_json(customers),
        mechanics=_json(mechanics),
        people=people,
        address=(await addresses(db)).hash(said) if people and "@" in said else None,
    )


def lead_matches(wanted: Wanted) -> Condition:
    """Leads who answered so, who work at such a domain, or whom such a customer or mechanic brought."""
    return (
        f"""(instr(lower({_LEAD}), lower(?)) > 0
             OR customer IN (SELECT value FROM json_each(?)) OR mechanic IN (SELECT value FROM json_each(?)))""",
        [wanted.text, wanted.customers, wanted.mechanics],
    )


def conversion_matches(wanted: Wanted) -> Condition:
    """Conversions known as this, of such a company, or credited to such a customer or mechanic; with `people` also
    those that such a lead has to do with, whose contacts have this address, or whose deal has such a name."""
    sql = """(instr(lower(external_id || ' ' || coalesce(company_domain, '')), lower(?)) > 0
        OR id IN (SELECT conversion FROM credits WHERE customer IN (SELECT value FROM json_each(?)))
        OR id IN (SELECT conversion FROM credits WHERE mechanic IN (SELECT value FROM json_each(?)))"""
    params: list[object] = [wanted.text, wanted.customers, wanted.mechanics]
    if wanted.people:
        found = "(SELECT id FROM leads WHERE instr(lower(email || ' ' || name || ' ' || company), lower(?)) > 0)"
        sql += f"""
        OR id IN (SELECT conversion FROM touchpoints WHERE lead IN {found})
        OR id IN (SELECT conversion FROM contacts WHERE lead IN {found})
        OR id IN (SELECT conversion FROM contacts WHERE address = ?)
        OR deal IN (SELECT id FROM deals WHERE instr(lower(name), lower(?)) > 0)"""
        params += [wanted.text, wanted.text, wanted.address, wanted.text]
    return f"{sql})", params


def _json(ids: Iterable[str]) -> str:
    return msgspec.json.encode(list(ids)).decode()
