"""Leads as contacts: sent once, found again whatever happened to the answer, and erased.

Before anything is written it is read what stands there: a first touch is never overwritten, a blank is filled, and a
lifecycle stage only moves forward.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from passalong.domain.domains import is_freemail
from passalong.domain.lead import Lead
from passalong.domain.text import without_addresses
from passalong.hubspot.client import MOST_INPUTS, Client, Refused
from passalong.hubspot.properties import OPTED_OUT, WRITTEN
from passalong.store.crm import Link, Told, told

_BEFORE_LEAD = ("", "subscriber")
_READ = [
    *WRITTEN["contacts"],
    "email",
    "hs_additional_emails",
    "firstname",
    "lastname",
    "company",
    "jobtitle",
    "lifecyclestage",
]
_PERMANENT = ("VALIDATION_ERROR", "CONFLICT", "OBJECT_NOT_FOUND", "BLOCKED", "INVALID")


class Sent(Struct, frozen=True, kw_only=True):
    """What became of each lead: the contact it is, or the words in which it was refused, for good or for now."""

    links: list[Link]
    refused: dict[str, str]
    later: dict[str, str]


async def send(client: Client, leads: Sequence[Lead], *, lifecycle_stage: str, over: bool) -> Sent:
    """Up to a hundred leads. With `over`, our own properties are written over what stands there."""
    known = await _known(client, [lead.email for lead in leads])
    links: list[Link] = []
    refused: dict[str, str] = {}
    later: dict[str, str] = {}
    touched: dict[str, bool] = {}
    inputs = []
    for lead in leads:
        there = known.get(lead.email.lower())
        properties = _properties(lead, there["properties"] if there else {}, lifecycle_stage, over=over)
        said = there["properties"] if there else {}
        touch = first_touch(lead)
        touched[lead.id] = over or not any(said.get(name) for name in touch) or said.get("passalong_lead") == lead.id
        if there and not properties:
            links.append(Link(lead=lead.id, contact=str(there["id"]), touched=touched[lead.id]))
        else:
            inputs.append(
                {"id": lead.email, "idProperty": "email", "properties": properties, "objectWriteTraceId": lead.id}
            )
    for result, error in await _upsert(client, inputs):
        if error is None:
            lead_id = result["lead"]
            links.append(Link(lead=lead_id, contact=result["contact"], touched=touched[lead_id]))
        elif result["permanent"]:
            refused[result["lead"]] = error
        else:
            later[result["lead"]] = error
    return Sent(links=links, refused=refused, later=later)


async def erase(client: Client, contact: str) -> None:
    """Deletes a contact for good. It is looked up first: erasing somebody unknown would bar the address."""
    try:
        await client.get(client.objects("contacts", contact))
        await client.post(client.objects("contacts", "gdpr-delete"), {"objectId": contact})
    except Refused as refusal:
        if refusal.status != 404:
            raise


async def find(client: Client, lead: str) -> str | None:
    """The contact that was made of a lead whose answer was lost."""
    body = {
        "filterGroups": [{"filters": [{"propertyName": "passalong_lead", "operator": "EQ", "value": lead}]}],
        "properties": ["passalong_lead"],
        "sorts": [],
        "limit": 1,
        "after": "0",
    }
    found = (await client.post(client.objects("contacts", "search"), body)).get("results", [])
    return str(found[0]["id"]) if found else None


async def drifts(client: Client, links: Sequence[Link], ours: Mapping[str, Told]) -> dict[str, str | None]:
    """By lead, how its contact differs from what was written; None where it does not."""
    body = {"inputs": [{"id": link.contact} for link in links], "properties": _READ, "propertiesWithHistory": []}
    answer = await client.post(client.objects("contacts", "batch/read"), body)
    there = {str(found["id"]): found["properties"] for found in answer.get("results", [])}
    links = [link for link in links if link.touched]  # of the others, what stands there is not ours
    return {
        link.lead: difference(ours[link.lead], there.get(link.contact), "contact")
        for link in links
        if link.lead in ours
    }


def difference(ours: Told, there: Mapping[str, str | None] | None, what: str) -> str | None:
    """In a sentence, what a record says instead of what was written; None if nothing."""
    if there is None:
        return f"HubSpot has no such {what} any more."
    wrong = [
        f"{name} is “{there.get(name) or ''}” there and “{value}” here"
        for name, value in ours.items()
        if (there.get(name) or "") != value
    ]
    return "; ".join(wrong) + "." if wrong else None


def first_touch(lead: Lead) -> Told:
    """What a contact is told of how its person came."""
    return told(lead.customer, lead.mechanic, lead.share, lead.hop, "observed") | {"passalong_lead": lead.id}


async def _known(client: Client, emails: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Contacts that are there already, by address in lower case."""
    body = {
        "idProperty": "email",
        "inputs": [{"id": email} for email in emails],
        "properties": _READ,
        "propertiesWithHistory": [],
    }
    answer = await client.post(client.objects("contacts", "batch/read"), body)
    known: dict[str, dict[str, Any]] = {}
    for found in answer.get("results", []):
        said = found["properties"]
        for email in (said.get("email"), *(said.get("hs_additional_emails") or "").split(";")):
            known.setdefault(str(email or "").strip().lower(), found)
    return known


def _properties(lead: Lead, there: Mapping[str, str | None], stage: str, *, over: bool) -> Told:
    """What is to be written to a contact that says this now."""
    touch = first_touch(lead)
    taken = any(there.get(name) for name in touch)
    properties = {name: value for name, value in touch.items() if (over or not taken) and there.get(name) != value}
    if lead.opted_out and there.get(OPTED_OUT) != "true":
        properties[OPTED_OUT] = "true"
    first, _, last = lead.name.rpartition(" ")
    blanks = {"firstname": first or last, "lastname": last if first else "", "company": lead.company,
              "jobtitle": lead.role}  # fmt: skip
    properties |= {name: value for name, value in blanks.items() if value and not there.get(name)}
    if stage and (there.get("lifecyclestage") or "") in _BEFORE_LEAD:
        properties["lifecyclestage"] = stage
    return properties


async def _upsert(client: Client, inputs: Sequence[dict[str, Any]]) -> list[tuple[dict[str, Any], str | None]]:
    """Writes contacts; gives of each its lead and contact, or its lead and why not.

    Each input carries a trace id, so that one bad record fails alone. Where a whole batch is refused all the same, its
    halves are tried by themselves until the bad ones stand alone.
    """
    if not inputs:
        return []
    try:
        answer = await client.post(client.objects("contacts", "batch/upsert"), {"inputs": list(inputs)})
    except Refused as refusal:
        if len(inputs) == 1:
            return [({"lead": inputs[0]["objectWriteTraceId"], "permanent": True}, refusal.words)]
        middle = len(inputs) // 2
        return await _upsert(client, inputs[:middle]) + await _upsert(client, inputs[middle:])
    lead_of = {str(each["id"]).lower(): str(each["objectWriteTraceId"]) for each in inputs}
    contact_of = {}
    for found in answer.get("results", []):
        email = str((found.get("properties") or {}).get("email") or "").lower()
        if lead := found.get("objectWriteTraceId") or lead_of.get(email):
            contact_of[str(lead)] = str(found["id"])
    refused = {}
    for error in answer.get("errors") or []:
        words, permanent = (
            without_addresses(str(error.get("message") or "Refused.")),
            str(error.get("category")).startswith(_PERMANENT),
        )
        for lead in _named(error.get("context") or {}, lead_of):
            refused[lead] = (words, permanent)
    outcomes: list[tuple[dict[str, Any], str | None]] = []
    for lead in lead_of.values():
        if lead in contact_of:
            outcomes.append(({"lead": lead, "contact": contact_of[lead]}, None))
        else:
            words, permanent = refused.get(lead, ("HubSpot said nothing about this contact.", False))
            outcomes.append(({"lead": lead, "permanent": permanent}, words))
    return outcomes


def _named(context: Mapping[str, Any], lead_of: Mapping[str, str]) -> list[str]:
    """The leads that an error speaks of, by trace id or by address."""
    traced = context.get("objectWriteTraceId") or []
    by_address = [lead_of[str(id).lower()] for id in context.get("ids") or [] if str(id).lower() in lead_of]
    return [str(id) for id in (traced if isinstance(traced, list) else [traced])] + by_address


async def associate(client: Client, leads: Sequence[Lead], contact_of: Mapping[str, str]) -> None:
    """Ties contacts to the companies that HubSpot knows by their domains. It makes companies itself, or does not."""
    domain_of = {
        contact_of[lead.id]: lead.domain
        for lead in leads
        if lead.id in contact_of and lead.domain and not is_freemail(lead.domain)
    }
    if not domain_of:
        return
    company_of: dict[str, str] = {}
    domains = sorted(set(domain_of.values()))
    body = {
        "filterGroups": [{"filters": [{"propertyName": "domain", "operator": "IN", "values": domains}]}],
        "properties": ["domain"],
        "sorts": [],
        "limit": 2 * MOST_INPUTS,
        "after": "0",
    }
    for found in (await client.post(client.objects("companies", "search"), body)).get("results", []):
        company_of.setdefault(str(found["properties"].get("domain")), str(found["id"]))
    inputs = [
        {"from": {"id": contact}, "to": {"id": company_of[domain]}}
        for contact, domain in domain_of.items()
        if domain in company_of
    ]
    if inputs:
        path = client.associations("contacts", "companies", "batch/associate/default")
        await client.post(path, {"inputs": inputs})
