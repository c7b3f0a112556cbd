"""Deals: every one of them read, with all its contacts and companies; and the credit written back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from passalong.domain.deal import Deal, amount_of
from passalong.domain.instant import ms_of
from passalong.domain.text import without_addresses
from passalong.hubspot.client import MOST_INPUTS, Client, Refused
from passalong.hubspot.contacts import difference
from passalong.hubspot.properties import WRITTEN
from passalong.store.crm import Told

T = TypeVar("T")

OVERLAP_MS = 10 * 60_000
"""How far before the watermark is asked again: HubSpot's search lags behind its records."""
_EARLIEST_MS, _LATEST_MS = 946_684_800_000, 7_258_118_400_000
"""The years 2000 to 2199: what lies outside is a slip of the pen."""
_READ = [
    "dealname", "dealstage", "pipeline", "amount", "deal_currency_code", "createdate", "closedate",
    "hs_lastmodifieddate",
]  # fmt: skip


async def changed_since(client: Client, since_ms: int, after: str, currency: str) -> tuple[list[Deal], str | None]:
    """A page of deals changed since a time, the longest ago first; and where the next page begins, None at the end."""
    body = {
        "filterGroups": [
            {"filters": [{"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": str(since_ms)}]}
        ],
        "sorts": ["hs_lastmodifieddate"],
        "properties": _READ,
        "limit": MOST_INPUTS,
        "after": after,
    }
    answer = await client.post(client.objects("deals", "search"), body)
    following = ((answer.get("paging") or {}).get("next") or {}).get("after")
    return await _with_people(client, answer.get("results", []), currency), following


async def by_id(client: Client, ids: Sequence[str], currency: str) -> list[Deal]:
    """These deals; those that are gone are left out."""
    return await _with_people(client, await _read(client, "deals", ids, _READ), currency)


async def tell(client: Client, values: Mapping[str, Told]) -> dict[str, str]:
    """Writes credits to up to a hundred deals; gives of those that were refused HubSpot's own words."""
    if not values:
        return {}
    inputs = [{"id": id, "properties": value, "objectWriteTraceId": id} for id, value in values.items()]
    try:
        answer = await client.post(client.objects("deals", "batch/update"), {"inputs": inputs})
    except Refused as refusal:
        if len(values) == 1:
            return dict.fromkeys(values, refusal.words)
        found: dict[str, str] = {}
        for half in _chunks(values.items(), (len(values) + 1) // 2):
            found |= await tell(client, dict(half))
        return found
    written = {str(found["id"]) for found in answer.get("results", [])}
    refused = {}
    for error in answer.get("errors") or []:
        context = error.get("context") or {}
        named = context.get("objectWriteTraceId") or context.get("ids") or []
        for id in named if isinstance(named, list) else [named]:
            refused[str(id)] = without_addresses(str(error.get("message") or "Refused."))
    return {id: refused.get(id, "HubSpot said nothing about this deal.") for id in values if id not in written}


async def drifts(client: Client, ours: Mapping[str, Told]) -> dict[str, str | None]:
    """By deal, how it differs from what was written; None where it does not."""
    found = await _read(client, "deals", list(ours), list(WRITTEN["deals"]))
    there = {str(deal["id"]): deal["properties"] for deal in found}
    return {id: difference(value, there.get(id), "deal") for id, value in ours.items()}


async def _with_people(client: Client, found: Sequence[dict[str, Any]], currency: str) -> list[Deal]:
    """Deals with all their contacts' addresses and their companies' domains."""
    ids = [str(deal["id"]) for deal in found]
    contacts = await _tied(client, ids, "contacts")
    companies = await _tied(client, ids, "companies")
    emails = await _values(client, "contacts", contacts, "email")
    domains = await _values(client, "companies", companies, "domain")
    return [
        _deal(
            str(deal["id"]),
            deal.get("properties") or {},
            [emails[id] for id in contacts.get(str(deal["id"]), []) if id in emails],
            [domains[id] for id in companies.get(str(deal["id"]), []) if id in domains],
            currency,
        )
        for deal in found
    ]


def _deal(id: str, said: Mapping[str, str | None], emails: list[str], domains: list[str], currency: str) -> Deal:
    code = (said.get("deal_currency_code") or currency).upper()
    modified_at_ms = _ms(said.get("hs_lastmodifieddate"))
    created_at_ms = _ms(said.get("createdate")) or modified_at_ms or _EARLIEST_MS
    return Deal(
        id=id,
        name=(said.get("dealname") or "")[:200],
        stage=said.get("dealstage") or "",
        amount=amount_of(said.get("amount"), code if len(code) == 3 and code.isalpha() else currency),
        created_at_ms=created_at_ms,
        closed_at_ms=_ms(said.get("closedate")),
        modified_at_ms=modified_at_ms or created_at_ms,
        emails=tuple(dict.fromkeys(emails)),
        domains=tuple(dict.fromkeys(domains)),
    )


async def _tied(client: Client, deals: Sequence[str], to: str) -> dict[str, list[str]]:
    """By deal, the records of a kind that are associated with it, in HubSpot's order, all pages of them."""
    tied: dict[str, list[str]] = {}
    inputs: list[dict[str, str]] = [{"id": id} for id in deals]
    while inputs:
        batch, inputs = inputs[:MOST_INPUTS], inputs[MOST_INPUTS:]
        answer = await client.post(client.associations("deals", to, "batch/read"), {"inputs": batch})
        for found in answer.get("results", []):
            of = str(found["from"]["id"])
            tied.setdefault(of, []).extend(str(each["toObjectId"]) for each in found.get("to", []))
            if following := ((found.get("paging") or {}).get("next") or {}).get("after"):
                inputs.append({"id": of, "after": str(following)})
    return tied


async def _values(client: Client, kind: str, tied: Mapping[str, Sequence[str]], name: str) -> dict[str, str]:
    """One property of all records named, by id, as far as they have it."""
    ids = list(dict.fromkeys(id for of in tied.values() for id in of))
    found = await _read(client, kind, ids, [name])
    return {str(record["id"]): str(record["properties"][name]) for record in found if record["properties"].get(name)}


async def _read(client: Client, kind: str, ids: Sequence[str], properties: Sequence[str]) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = []
    for chunk in _chunks(ids, MOST_INPUTS):
        body = {"inputs": [{"id": id} for id in chunk], "properties": list(properties), "propertiesWithHistory": []}
        records += (await client.post(client.objects(kind, "batch/read"), body)).get("results", [])
    return records


def _chunks(values: Any, size: int) -> Iterator[list[Any]]:
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk


def _ms(text: str | None) -> int | None:
    """Unix milliseconds of HubSpot's ISO time, or of its own milliseconds as text; None for what cannot be right."""
    if not text:
        return None
    try:
        ms = int(text) if text.isascii() and text.isdecimal() else ms_of(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None
    return ms if _EARLIEST_MS <= ms < _LATEST_MS else None
