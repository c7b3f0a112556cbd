"""The properties in which HubSpot keeps what it is told, made on first connect."""

from __future__ import annotations

from passalong.hubspot.client import Client, Refused

GROUP = "passalong"
OPTED_OUT = "passalong_opted_out"
"""`true` of whoever asked by Global Privacy Control that nothing be sold or shared; never taken back by us."""
_SHARED = {
    "passalong_customer_id": "Passalong: customer",
    "passalong_mechanic": "Passalong: mechanic",
    "passalong_share": "Passalong: share",
    "passalong_hop": "Passalong: hop",
    "passalong_evidence": "Passalong: evidence",
}
WRITTEN: dict[str, dict[str, str]] = {
    "contacts": {**_SHARED, "passalong_lead": "Passalong: lead", OPTED_OUT: "Passalong: not to be sold or shared"},
    "deals": _SHARED,
}
"""Of each kind of record, our properties and their labels. On contacts the first touch, on deals the credit."""


async def prepare(client: Client) -> None:
    """Makes the group and the properties that are not there yet. Safe to do again, and beside somebody else."""
    for kind, labels in WRITTEN.items():
        there = {str(found.get("name")) for found in (await client.get(client.properties(kind))).get("results", [])}
        missing = {name: label for name, label in labels.items() if name not in there}
        if not missing:
            continue
        await _make(client, client.properties(kind, "/groups"), {"name": GROUP, "label": "Passalong"})
        for name, label in missing.items():
            number = name == "passalong_hop"
            await _make(
                client,
                client.properties(kind),
                {
                    "name": name,
                    "label": label,
                    "groupName": GROUP,
                    "type": "number" if number else "string",
                    "fieldType": "number" if number else "text",
                },
            )


async def _make(client: Client, path: str, body: dict[str, str]) -> None:
    try:
        await client.post(path, body)
    except Refused as refusal:
        if refusal.status != 409:  # it is there already: somebody was faster, or an answer was lost
            raise
