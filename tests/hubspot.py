"""A stand-in for HubSpot's CRM: a real HTTP server with a portal's rules behind it, and with the network's faults.

    with HubSpot() as crm:
        crm.deal(name="Big one", stage="qualifiedtobuy", contacts=["ann@umbrella.example"])
        crm.faults.next("429", path="deals/search")

`Portal` holds the records and the rules, the functions under `endpoint` speak HubSpot's JSON, `HubSpot` serves them
on 127.0.0.1. Error bodies follow developers.hubspot.com/docs/api-reference/error-handling and published answers.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import random
import re
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qs, unquote, urlsplit

from jsonschema import Draft202012Validator

Json = dict[str, Any]

PORTAL_ID = 4_711_042
APP_ID = 1_160_452
SINGULAR = {"contacts": "contact", "companies": "company", "deals": "deal"}
TYPE_IDS = {"contacts": "0-1", "companies": "0-2", "deals": "0-3"}
LAST_MODIFIED = {"contacts": "lastmodifieddate", "companies": "hs_lastmodifieddate", "deals": "hs_lastmodifieddate"}
DEFAULTS = {
    "contacts": "email firstname lastname".split(),
    "companies": "domain name".split(),
    "deals": "amount closedate dealname dealstage pipeline".split(),
}
"""What is shown of a record if no properties are asked for."""
BUILT_IN = {
    "contacts": "email firstname lastname company phone website jobtitle city country hubspot_owner_id hs_lead_status"
    " hs_analytics_source lifecyclestage:enumeration createdate:datetime lastmodifieddate:datetime hs_object_id:number",
    "companies": "domain name website phone city country hubspot_owner_id lifecyclestage:enumeration"
    " createdate:datetime hs_lastmodifieddate:datetime hs_object_id:number",
    "deals": "dealname dealstage pipeline deal_currency_code dealtype description hubspot_owner_id amount:number"
    " closedate:datetime createdate:datetime hs_is_closed:bool hs_is_closed_won:bool hs_lastmodifieddate:datetime"
    " hs_object_id:number",
}
READ_ONLY = {"hs_object_id", "lastmodifieddate", "hs_lastmodifieddate", "hs_is_closed", "hs_is_closed_won"}
FIELD_TYPES = {"string": "text", "number": "number", "datetime": "date", "enumeration": "select"}
LIFECYCLE = "subscriber lead marketingqualifiedlead salesqualifiedlead opportunity customer evangelist other".split()
ASSOCIATION_TYPES = {
    ("deals", "contacts"): 3,
    ("contacts", "deals"): 4,
    ("deals", "companies"): 341,
    ("companies", "deals"): 342,
    ("contacts", "companies"): 279,
    ("companies", "contacts"): 280,
}
EMAIL = re.compile(r'[^@\s"<>(),;:\\]+@([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]', re.IGNORECASE)
LONGEST_VALUE = 65_536
SEARCH_WINDOW = 10_000

FAULTS_BEFORE = ("429", "500", "503", "401", "refuse", "html")
"""Nothing is done: refused, the connection closed, or another's page in place of HubSpot's answer."""
FAULTS_AFTER = ("slow", "hang up", "partial", "bad json", "html after")
"""The work is done (of "partial": all but one input), and the asker learns of it late, wrongly or never."""
GATEWAY_PAGE = "<html><head><title>Gateway</title></head><body><h1>The page cannot be shown</h1></body></html>"


class Refused(Exception):
    """HubSpot's error answer."""

    def __init__(
        self, status: int, message: str, category: str = "VALIDATION_ERROR", context: Json | None = None, **more: Any
    ) -> None:
        super().__init__(message)
        self.status = status
        self.said: Json = {"status": "error", "message": message, "category": category, **more}
        if context:
            self.said["context"] = context

    def in_batch(self, context: Json) -> Json:
        """The same as one entry of a 207's `errors`."""
        return {**self.said, "context": {**self.said.get("context", {}), **context}}


@dataclass
class Record:
    """A contact, company or deal. `history` holds every property write in order, the system's own left out."""

    id: str
    type: str
    created_at_ms: int
    updated_at_ms: int
    properties: dict[str, str] = field(default_factory=dict)
    history: list[tuple[str, str]] = field(default_factory=list)
    archived: bool = False
    unseen_for: int = 0
    """Searches that do not find it yet."""


class Request(NamedTuple):
    """A request as it came. `status` is 0 where no answer was given; `path` is without the query."""

    method: str
    path: str
    body: Any
    status: int
    fault: str | None
    query: dict[str, list[str]]


@dataclass
class Faults:
    """What goes wrong. Scripted faults come first, in the order they were asked for, then random ones at `rate`."""

    rate: float = 0.0
    kinds: Sequence[str] = FAULTS_BEFORE + FAULTS_AFTER
    retry_after: int = 0
    """Seconds that a 429 names."""
    slow_s: float = 1.0
    random: random.Random = field(default_factory=lambda: random.Random(2026))
    _script: list[tuple[str, str]] = field(default_factory=list)

    def next(self, kind: str, times: int = 1, path: str = "") -> None:
        """The next `times` requests whose path contains `path` meet this fault."""
        if kind not in FAULTS_BEFORE + FAULTS_AFTER:
            raise ValueError(f"no such fault: {kind}")
        self._script += [(kind, path)] * times

    def draw(self, path: str) -> str | None:
        for at, (kind, part) in enumerate(self._script):
            if part in path:
                del self._script[at]
                return kind
        if self.rate and self.random.random() < self.rate:
            return self.random.choice(list(self.kinds))
        return None


def iso(ms: int) -> str:
    """A time as HubSpot writes it: with milliseconds, and without a fraction on the full second."""
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds" if ms % 1000 else "seconds").replace("+00:00", "Z")


def milliseconds(text: str) -> int:
    """Epoch milliseconds of either form of a time that HubSpot takes. ValueError if it is neither."""
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    moment = datetime.fromisoformat(text)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def comparable(kind: str, text: str) -> Any:
    """A value as searches compare and sort it. ValueError if it is none of its kind."""
    if kind in ("datetime", "date"):
        return milliseconds(text)
    if kind == "number":
        try:
            number = Decimal(text)
        except InvalidOperation as error:
            raise ValueError(text) from error
        if not number.is_finite():
            raise ValueError(text)
        return number
    return text.lower()


class Portal:
    """The records and rules of one HubSpot account.

    `required` names, for each object type, the properties without which none may be created. `poison` maps an address
    or id to the words in which every write to it is refused. `blocklist` holds the addresses that were to be erased and
    were not known. `search_lag` is the number of searches that do not find a new record. `closed_stages` maps a deal
    stage that closes to whether it wins. `forbidden` is a part of the paths that the key's scopes do not reach.
    `association_page` is how many associated records one answer holds.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000
        self.required: dict[str, set[str]] = {}
        self.poison: dict[str, str] = {}
        self.blocklist: set[str] = set()
        self.search_lag = 0
        self.forbidden = ""
        self.association_page = 500
        self.closed_stages = {"closedwon": True, "closedlost": False}
        self.records: dict[str, dict[str, Record]] = {kind: {} for kind in SINGULAR}
        self.links: dict[tuple[str, str, str], list[str]] = {}
        self.properties = {kind: dict(_built_in(kind)) for kind in SINGULAR}
        self.groups: dict[str, dict[str, Json]] = {}
        for kind, word in SINGULAR.items():
            group = {"name": f"{word}information", "label": f"{word.title()} information"}
            self.groups[kind] = {group["name"]: {**group, "displayOrder": 0, "archived": False}}
        # One row of numbers for all types, too long for 32 bits: an id of the wrong type is never another's by chance.
        self._ids = itertools.count(50_000_000_001)
        self._by_email: dict[str, str] = {}

    # What tests use

    @property
    def contacts(self) -> dict[str, Record]:
        """All contacts by id, archived ones as well."""
        with self.lock:
            return dict(self.records["contacts"])

    @property
    def companies(self) -> dict[str, Record]:
        with self.lock:
            return dict(self.records["companies"])

    @property
    def deals(self) -> dict[str, Record]:
        with self.lock:
            return dict(self.records["deals"])

    def find(self, email: str) -> Record | None:
        """The contact with this address, whatever the case."""
        with self.lock:
            id = self._by_email.get(email.lower())
            return self.live("contacts", id) if id else None

    def associated(self, from_type: str, id: str, to_type: str) -> list[str]:
        with self.lock:
            return list(self.links.get((from_type, id, to_type), ()))

    def contact(self, email: str, **properties: str) -> str:
        """A contact made by hand, exempt from the portal's rules; the one that has this address if there is one."""
        with self.lock:
            found = self.find(email)
            values = {"email": email.lower(), **properties}
            if found is None:
                return self.create("contacts", values).id
            if properties:
                self.write(found, properties)
            return found.id

    def company(self, domain: str, name: str = "") -> str:
        with self.lock:
            for record in self.records["companies"].values():
                if record.properties.get("domain") == domain and not record.archived:
                    return record.id
            return self.create("companies", {"domain": domain, "name": name or domain}).id

    def deal(
        self,
        name: str = "A deal",
        stage: str = "appointmentscheduled",
        amount: str | None = None,
        currency: str | None = None,
        contacts: Iterable[str] = (),
        companies: Iterable[str] = (),
        created_at_ms: int | None = None,
        closed_at_ms: int | None = None,
        **properties: str,
    ) -> str:
        """A deal made by hand, with contacts (by address) and companies (by domain) that are created when missing."""
        values = {"dealname": name, "dealstage": stage, "pipeline": "default", **properties}
        optional = {"amount": amount, "deal_currency_code": currency, "closedate": closed_at_ms and iso(closed_at_ms)}
        with self.lock:
            values |= {name: value for name, value in optional.items() if value}
            deal = self.create("deals", values, created_at_ms)
            self._attach(deal.id, contacts, companies)
            return deal.id

    def change_deal(
        self,
        id: str,
        stage: str | None = None,
        amount: str | None = None,
        add_contacts: Iterable[str] = (),
        add_companies: Iterable[str] = (),
        **properties: str,
    ) -> None:
        """What a sales person does to a deal."""
        given = {"dealstage": stage, "amount": amount, **properties}
        values = {name: value for name, value in given.items() if value is not None}
        with self.lock:
            if values:
                self.write(self.records["deals"][id], values)
            self._attach(id, add_contacts, add_companies)

    def _attach(self, deal: str, contacts: Iterable[str], companies: Iterable[str]) -> None:
        for email in contacts:
            known = self.find(email)
            self.link("deals", deal, "contacts", known.id if known else self.contact(email))
        for domain in companies:
            self.link("deals", deal, "companies", self.company(domain))

    # The rules

    def live(self, kind: str, id: str) -> Record | None:
        record = self.records[kind].get(id)
        return None if record is None or record.archived else record

    def by(self, kind: str, id: str, id_property: str | None) -> Record | None:
        """The record with this id, or with this value of a unique property."""
        if id_property in (None, "hs_object_id"):
            return self.live(kind, id)
        if (kind, id_property) != ("contacts", "email"):
            raise Refused(400, f"{id_property} is not a unique property of {TYPE_IDS[kind]}")
        return self.find(id)

    def check(self, kind: str, record: Record | None, given: Json) -> dict[str, str]:
        """The values as they would be stored, for a record or a new one. Raises `Refused` in HubSpot's words."""
        email = str(given.get("email") or (record.properties.get("email", "") if record else "")).lower()
        for name in (email, record.id if record else ""):
            if name in self.poison:
                raise Refused(400, self.poison[name])
        wrong = [fault for name, value in given.items() if (fault := self._fault(kind, name, value))]
        if wrong:
            raise Refused(
                400,
                f"Property values were not valid: {json.dumps(wrong, separators=(',', ':'))}",
                errors=[
                    {"message": f["message"], "code": f["error"], "context": {"propertyName": [f["name"]]}}
                    for f in wrong
                ],
            )
        values = {name: _text(value) for name, value in given.items()}
        if "email" in values:
            values["email"] = values["email"].lower()
            owner = self.find(values["email"])
            if kind == "contacts" and owner is not None and owner is not record:
                raise Refused(409, f"Contact already exists. Existing ID: {owner.id}", "CONFLICT")
        if record is None:
            if kind == "contacts" and email in self.blocklist:
                raise Refused(400, f"Contact {email} was permanently deleted and cannot be created again.")
            missing = sorted(name for name in self.required.get(kind, ()) if not values.get(name))
            if missing:
                message = f"Error creating {SINGULAR[kind].upper()}. Some required properties were not set."
                raise Refused(400, message, context={"properties": missing})
        return values

    def _fault(self, kind: str, name: str, value: Any) -> Json | None:
        known = self.properties[kind].get(name)
        text = _text(value)
        if known is None:
            code, message = "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist'
        elif name in READ_ONLY or (name == "createdate" and kind != "deals"):
            code, message = "READ_ONLY_VALUE", f'"{name}" is a calculated property; its value cannot be set.'
        elif name == "email" and text and not EMAIL.fullmatch(text):
            code, message = "INVALID_EMAIL", f"Email address {text} is invalid"
        elif known["options"] and text and text not in (options := [option["value"] for option in known["options"]]):
            code, message = "INVALID_OPTION", f"{text} was not one of the allowed options: {options}"
        elif text and not _is_a(known["type"], text):
            code, message = f"INVALID_{known['type'].upper()}", f"{text} was not a valid {known['type']}."
        elif len(text) > LONGEST_VALUE:
            code, message = "VALUE_TOO_LONG", f"{name} is longer than {LONGEST_VALUE} characters"
        else:
            return None
        return {"isValid": False, "message": message, "error": code, "name": name, "portalId": PORTAL_ID}

    def create(self, kind: str, values: dict[str, str], created_at_ms: int | None = None) -> Record:
        """A new record of checked values."""
        now = self.clock()
        created = now if created_at_ms is None else created_at_ms
        record = Record(str(next(self._ids)), kind, created, now, unseen_for=self.search_lag)
        record.properties = {"hs_object_id": record.id, "createdate": iso(created)}
        if kind == "contacts":
            record.properties["lifecyclestage"] = "lead"
        self.records[kind][record.id] = record
        return self.write(record, values)

    def write(self, record: Record, values: dict[str, str]) -> Record:
        """Writes checked values. An empty one clears."""
        for name, value in values.items():
            record.history.append((name, value))
            if name == "lifecyclestage" and _goes_back(record.properties.get(name, ""), value):
                continue  # HubSpot keeps the further stage and does not say so
            if name == "email" and record.type == "contacts":
                self._by_email.pop(record.properties.get("email", ""), None)
                if value:
                    self._by_email[value] = record.id
            if value:
                record.properties[name] = value
            else:
                record.properties.pop(name, None)
        if record.type == "deals":
            wins = self.closed_stages.get(record.properties.get("dealstage", ""))
            record.properties["hs_is_closed"] = str(wins is not None).lower()
            record.properties["hs_is_closed_won"] = str(bool(wins)).lower()
        self._touch(record)
        return record

    def _touch(self, record: Record) -> None:
        record.updated_at_ms = self.clock()
        record.properties[LAST_MODIFIED[record.type]] = iso(record.updated_at_ms)

    def link(self, from_type: str, from_id: str, to_type: str, to_id: str) -> None:
        """Associates two records, both ways. A deal counts as changed by it."""
        for one, its_id, other, other_id in (
            (from_type, from_id, to_type, to_id),
            (to_type, to_id, from_type, from_id),
        ):
            ids = self.links.setdefault((one, its_id, other), [])
            if other_id not in ids:
                ids.append(other_id)
                if one == "deals":
                    self._touch(self.records[one][its_id])

    def erase(self, contact: Record) -> None:
        """Deletes for good: what was known and what it was associated with."""
        for kind in SINGULAR:
            for other in self.links.pop(("contacts", contact.id, kind), ()):
                self.links[kind, other, "contacts"].remove(contact.id)
                if kind == "deals":
                    self._touch(self.records[kind][other])
        self._by_email.pop(contact.properties.get("email", ""), None)
        contact.properties.clear()
        contact.history.clear()
        contact.archived = True

    def shown(self, record: Record, asked: Iterable[str] = ()) -> Json:
        """A record as HubSpot answers it: null for what is not set, silence on what does not exist."""
        always = ["createdate", "hs_object_id", LAST_MODIFIED[record.type]]
        names = sorted({*(asked or DEFAULTS[record.type]), *always} & self.properties[record.type].keys())
        return {
            "id": record.id,
            "properties": {name: record.properties.get(name) for name in names},
            "createdAt": iso(record.created_at_ms),
            "updatedAt": iso(record.updated_at_ms),
            "archived": record.archived,
        }


def _built_in(kind: str) -> Iterator[tuple[str, Json]]:
    for word in BUILT_IN[kind].split():
        name, _, sort = word.partition(":")
        options = [{"label": o.title(), "value": o, "hidden": False} for o in LIFECYCLE if name == "lifecyclestage"]
        yield (
            name,
            {
                "name": name,
                "label": name.replace("_", " ").title(),
                "description": "",
                "type": sort or "string",
                "fieldType": FIELD_TYPES.get(sort or "string", "booleancheckbox"),
                "groupName": f"{SINGULAR[kind]}information",
                "options": options,
                "hubspotDefined": True,
                "hasUniqueValue": name == "email",
                "archived": False,
            },
        )


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | dict):
        raise Refused(400, f"Invalid input JSON on line 1, column 2: Cannot deserialize a string of {value!r}")
    return "" if value is None else str(value)


def _is_a(kind: str, text: str) -> bool:
    if kind == "bool":
        return text in ("true", "false")
    try:
        comparable(kind, text)
    except ValueError:
        return False
    return True


def _goes_back(stage: str, new: str) -> bool:
    return stage in LIFECYCLE and new in LIFECYCLE and LIFECYCLE.index(new) < LIFECYCLE.index(stage)


# The endpoints


@dataclass
class Call:
    """One request at an endpoint. `spoil` picks the input that a batch is to lose, if it is to lose one."""

    query: dict[str, list[str]]
    body: Any
    spoil: random.Random | None = None

    def needs(self, *names: str) -> list[Any]:
        return _needed(self.body, *names)

    def inputs(self, most: int = 100) -> list[Json]:
        (inputs,) = self.needs("inputs")
        if not isinstance(inputs, list) or not all(isinstance(given, dict) for given in inputs):
            raise Refused(400, "Invalid input JSON on line 1, column 2: inputs is not a list of objects")
        if not 1 <= len(inputs) <= most:
            raise Refused(400, f"The number of inputs in a batch request must be from 1 to {most}")
        return inputs

    def asked(self, name: str) -> list[str]:
        """A list in the query: repeated, with commas, or both."""
        return [word for value in self.query.get(name, ()) for word in value.split(",") if word]


def _needed(given: Any, *names: str) -> list[Any]:
    missing = [name for name in names if not isinstance(given, dict) or given.get(name) is None]
    if missing:
        message = f"Invalid input JSON on line 1, column 2. Some required fields were not set: [{', '.join(missing)}]"
        raise Refused(400, message)
    return [given[name] for name in names]


Answer = tuple[int, Json | None]
Endpoint = Callable[..., Answer]
ENDPOINTS: list[tuple[str, re.Pattern[str], Endpoint]] = []


def endpoint(method: str, area: str, path: str) -> Callable[[Endpoint], Endpoint]:
    """Serves `/crm/{area}/{version}` and this path; what stands in braces is handed over by name."""
    pattern = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", rf"/crm/{area}/(?P<version>[^/]+){path}")

    def add(function: Endpoint) -> Endpoint:
        ENDPOINTS.append((method, re.compile(pattern), function))
        return function

    return add


def _batch(crm: Portal, results: list[Json], errors: list[Json] | None = None, status: int = 200) -> Answer:
    now = iso(crm.clock())
    body: Json = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    if errors:
        return 207, {**body, "numErrors": len(errors), "errors": errors}
    return status, body


def _not_found(kind: str, ids: list[str]) -> Json:
    """One entry for all of them, as HubSpot has it: `numErrors` is 1."""
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": f"Could not get some {SINGULAR[kind].upper()} objects, they may be deleted or not exist."
        " Check that ids are valid.",
        "context": {"ids": ids},
    }


@endpoint("POST", "objects", "/{kind}/batch/read")
def read_batch(crm: Portal, call: Call, kind: str) -> Answer:
    ids = list(dict.fromkeys(str(_needed(given, "id")[0]) for given in call.inputs()))
    found = {id: crm.by(kind, id, call.body.get("idProperty")) for id in ids}
    results = {r.id: crm.shown(r, call.body.get("properties") or ()) for r in found.values() if r}
    unknown = [id for id, record in found.items() if record is None]
    return _batch(crm, list(results.values()), [_not_found(kind, unknown)] if unknown else None)


@endpoint("POST", "objects", "/{kind}/batch/upsert")
def upsert_batch(crm: Portal, call: Call, kind: str) -> Answer:
    if kind != "contacts":
        raise Refused(501, "The stand-in upserts contacts alone.", "NOT_IMPLEMENTED")
    for given in call.inputs():
        if _needed(given, "id", "idProperty")[1] != "email":
            raise Refused(400, "Unable to perform update/upsert by non-unique 0-1 property")

    def write(given: Json) -> Json:
        record = crm.find(given["id"])
        values = crm.check(kind, record, {"email": given["id"], **given["properties"]})
        if record is None:
            return {**crm.shown(crm.create(kind, values), [*DEFAULTS[kind], *values]), "new": True}
        crm.write(record, {name: value for name, value in values.items() if name in given["properties"]})
        return {**crm.shown(record, [*DEFAULTS[kind], *values]), "new": False}

    def check(given: Json) -> None:
        crm.check(kind, crm.find(given["id"]), {"email": given["id"], **given["properties"]})

    return _write_batch(crm, call, call.inputs(), check, write)


@endpoint("POST", "objects", "/{kind}/batch/update")
def update_batch(crm: Portal, call: Call, kind: str) -> Answer:
    inputs = call.inputs()
    for given in inputs:
        if given.get("idProperty") not in (None, "hs_object_id"):
            raise Refused(400, f"Unable to perform update/upsert by non-unique {TYPE_IDS[kind]} property")
    known = [given for given in inputs if crm.live(kind, str(_needed(given, "id")[0]))]
    unknown = [str(given["id"]) for given in inputs if given not in known]

    def write(given: Json) -> Json:
        record = crm.records[kind][str(given["id"])]
        crm.write(record, crm.check(kind, record, given["properties"]))
        return crm.shown(record, [*DEFAULTS[kind], *given["properties"]])

    def check(given: Json) -> None:
        crm.check(kind, crm.records[kind][str(given["id"])], given["properties"])

    errors = [_not_found(kind, unknown)] if unknown else []
    return _write_batch(crm, call, known, check, write, errors)


def _write_batch(
    crm: Portal,
    call: Call,
    inputs: list[Json],
    check: Callable[[Json], None],
    write: Callable[[Json], Json],
    errors: Iterable[Json] = (),
) -> Answer:
    """All or nothing, unless every input carries a trace id: then each is taken or refused by itself."""
    given_ids = [_needed(given, "id", "properties") for given in call.inputs()]
    if not all(isinstance(id, str) and isinstance(values, dict) for id, values in given_ids):
        raise Refused(400, "Invalid input JSON on line 1, column 2: an id is a string and properties are an object")
    ids = [id.lower() for id, _ in given_ids]
    if twice := sorted({id for id in ids if ids.count(id) > 1}):
        message = f"Duplicate IDs found in batch input: [{', '.join(twice)}]. IDs must be unique"
        raise Refused(400, message, context={"ids": twice})
    traces = [given.get("objectWriteTraceId") for given in call.inputs()]
    traced = all(traces)
    if len(set(filter(None, traces))) < len(list(filter(None, traces))):
        raise Refused(400, "Each objectWriteTraceId of a batch must be unique")
    if not traced:
        for given in inputs:
            check(given)
    spoiled = call.spoil.choice(inputs) if call.spoil and inputs else None
    results, refused = [], list(errors)
    for given in inputs:
        trace = given.get("objectWriteTraceId")
        try:
            if given is spoiled:
                raise Refused(500, "Internal error, please try again", "INTERNAL_ERROR")
            done = write(given)
        except Refused as error:
            if not traced and given is not spoiled:
                raise
            refused.append(error.in_batch({"objectWriteTraceId": [trace]} if trace else {"ids": [str(given["id"])]}))
        else:
            results.append({**done, "objectWriteTraceId": trace} if trace else done)
    return _batch(crm, results, refused)


@endpoint("POST", "objects", "/{kind}/search")
def search(crm: Portal, call: Call, kind: str) -> Answer:
    body = call.body if isinstance(call.body, dict) else {}
    if body.get("query"):
        raise Refused(501, "The stand-in does not search by words.", "NOT_IMPLEMENTED")
    limit, after = body.get("limit", 10), str(body.get("after") or 0)
    if not isinstance(limit, int) or not 1 <= limit <= 200:
        raise Refused(400, "The limit of a search must be from 1 to 200")
    if not after.isdecimal():
        raise Refused(400, f"Invalid after: {after}")
    start = int(after)
    if start + limit > SEARCH_WINDOW:
        raise Refused(400, f"Cannot page past {SEARCH_WINDOW} results of one search")
    groups = [group.get("filters") or [] for group in body.get("filterGroups") or []]
    if len(groups) > 5 or any(len(group) > 6 for group in groups) or sum(map(len, groups)) > 18:
        raise Refused(400, "A search has at most 5 filter groups, 6 filters in each and 18 in all")
    tests = [[_filter(crm.properties[kind], given) for given in group] for group in groups]
    records = [record for record in crm.records[kind].values() if not record.archived]
    found = [r for r in records if not r.unseen_for and (not tests or any(all(t(r) for t in group) for group in tests))]
    for record in records:
        record.unseen_for = max(0, record.unseen_for - 1)
    found = _ordered(crm.properties[kind], found, body.get("sorts") or [])
    page = [crm.shown(record, body.get("properties") or ()) for record in found[start : start + limit]]
    answer: Json = {"total": len(found), "results": page}
    if start + limit < len(found):
        answer["paging"] = {"next": {"after": str(start + limit)}}
    return 200, answer


def _filter(known: dict[str, Json], given: Json) -> Callable[[Record], bool]:
    name, operator = _needed(given, "propertyName", "operator")
    if name not in known:
        raise Refused(400, f"There was a problem with the request: there is no property {name}")
    kind = known[name]["type"]

    def value_of(record: Record) -> Any:
        text = record.properties.get(name)
        return None if text is None else comparable(kind, text)

    if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return lambda record: (value_of(record) is not None) == (operator == "HAS_PROPERTY")
    try:
        if operator == "IN":
            texts = [str(text) for text in _needed(given, "values")[0]]
            # HubSpot lowers the stored string and not the ones asked for.
            values = texts if kind == "string" else [comparable(kind, text) for text in texts]
            return lambda record: value_of(record) in values
        value = comparable(kind, str(_needed(given, "value")[0]))
    except ValueError as error:
        raise Refused(400, f"There was a problem with the request: {name} is a {kind}, not {error}") from error
    compare: dict[str, Callable[[Any], bool]] = {
        "EQ": lambda found: found == value,
        "GT": lambda found: found > value,
        "GTE": lambda found: found >= value,
        "LT": lambda found: found < value,
        "LTE": lambda found: found <= value,
    }
    if operator not in compare:
        raise Refused(501, f"The stand-in does not know the operator {operator}.", "NOT_IMPLEMENTED")
    return lambda record: (found := value_of(record)) is not None and compare[operator](found)


def _ordered(known: dict[str, Json], found: list[Record], sorts: list[Any]) -> list[Record]:
    """In the order of creation if none is asked for. What lacks the property comes last."""
    if len(sorts) > 1:
        raise Refused(400, "A search takes one sort")
    for sort in sorts:
        if isinstance(sort, dict):
            name, down = _needed(sort, "propertyName")[0], sort.get("direction") == "DESCENDING"
        else:
            name, down = sort.removeprefix("-"), sort.startswith("-")
        if name not in known:
            raise Refused(400, f"There was a problem with the request: there is no property {name}")
        have = [record for record in found if name in record.properties]
        have.sort(key=lambda r: (comparable(known[name]["type"], r.properties[name]), int(r.id)), reverse=down)
        return have + [record for record in found if name not in record.properties]
    return found


@endpoint("POST", "objects", "/contacts/gdpr-delete")
def gdpr_delete(crm: Portal, call: Call) -> Answer:
    id = str(call.needs("objectId")[0])
    contact = crm.by("contacts", id, call.body.get("idProperty"))
    if contact is not None:
        crm.erase(contact)
    elif call.body.get("idProperty") == "email":
        crm.blocklist.add(id.lower())
    else:
        raise Refused(404, "resource not found", "OBJECT_NOT_FOUND")
    return 204, None


def _one(crm: Portal, call: Call, kind: str, id: str) -> Record:
    record = crm.by(kind, id, next(iter(call.asked("idProperty")), None))
    if record is None:
        raise Refused(404, "resource not found", "OBJECT_NOT_FOUND")
    return record


@endpoint("GET", "objects", "/{kind}/{id}")
def get_one(crm: Portal, call: Call, kind: str, id: str) -> Answer:
    record = _one(crm, call, kind, id)
    answer = crm.shown(record, call.asked("properties"))
    for other in call.asked("associations"):
        if ids := crm.associated(kind, record.id, other):
            sort = f"{SINGULAR[kind]}_to_{SINGULAR[other]}"
            found = {"results": [{"id": id, "type": sort} for id in ids]}
            answer.setdefault("associations", {})[other] = found
    return 200, answer


@endpoint("PATCH", "objects", "/{kind}/{id}")
def change_one(crm: Portal, call: Call, kind: str, id: str) -> Answer:
    record = _one(crm, call, kind, id)
    (given,) = call.needs("properties")
    crm.write(record, crm.check(kind, record, given))
    return 200, crm.shown(record, [*DEFAULTS[kind], *given])


@endpoint("POST", "associations", "/{kind}/{other}/batch/read")
def read_associations(crm: Portal, call: Call, kind: str, other: str) -> Answer:
    results: list[Json] = []
    errors: list[Json] = []
    for given in call.inputs(most=1000):
        id, start = str(_needed(given, "id")[0]), int(given.get("after") or 0)
        ids = crm.associated(kind, id, other)
        if not ids:
            errors.append(_nothing_associated(kind, id, other))
            continue
        end = start + crm.association_page
        found: Json = {
            "from": {"id": id},
            "to": [
                {"toObjectId": int(to), "associationTypes": _association_types(kind, other, first=to == ids[0])}
                for to in ids[start:end]
            ],
        }
        if end < len(ids):
            found["paging"] = {"next": {"after": str(end), "link": f"?after={end}"}}
        results.append(found)
    return _batch(crm, results, errors)


def _association_types(kind: str, other: str, *, first: bool) -> list[Json]:
    """The plain type, and for a deal's first company also the one of the primary company."""
    types = [{"category": "HUBSPOT_DEFINED", "typeId": ASSOCIATION_TYPES[kind, other], "label": None}]
    if first and (kind, other) == ("deals", "companies"):
        types.append({"category": "HUBSPOT_DEFINED", "typeId": 5, "label": "Primary"})
    return types


def _nothing_associated(kind: str, id: str, other: str) -> Json:
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": f"No {SINGULAR[other]} is associated with {SINGULAR[kind]} {id}.",
        "context": {"fromObjectId": [id], "fromObjectType": [SINGULAR[kind]], "toObjectType": [SINGULAR[other]]},
    }


@endpoint("POST", "associations", "/{kind}/{other}/batch/associate/default")
def associate(crm: Portal, call: Call, kind: str, other: str) -> Answer:
    results: list[Json] = []
    errors: list[Json] = []
    for given in call.inputs(most=2000):
        one, to = (str(_needed(end, "id")[0]) for end in _needed(given, "from", "to"))
        lost = [(sort, id) for sort, id in ((kind, one), (other, to)) if crm.live(sort, id) is None]
        errors += [_not_found(sort, [id]) for sort, id in lost]
        if lost:
            continue
        crm.link(kind, one, other, to)
        for a, a_id, b, b_id in ((kind, one, other, to), (other, to, kind, one)):
            spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": ASSOCIATION_TYPES[a, b]}
            results.append({"from": {"id": a_id}, "to": {"id": b_id}, "associationSpec": spec})
    return _batch(crm, results, errors)


@endpoint("GET", "properties", "/{kind}")
def get_properties(crm: Portal, call: Call, kind: str) -> Answer:
    return 200, {"results": list(crm.properties[kind].values())}


@endpoint("GET", "properties", "/{kind}/groups")
def get_groups(crm: Portal, call: Call, kind: str) -> Answer:
    return 200, {"results": list(crm.groups[kind].values())}


@endpoint("GET", "properties", "/{kind}/groups/{name}")
def get_group(crm: Portal, call: Call, kind: str, name: str) -> Answer:
    if name not in crm.groups[kind]:
        raise Refused(404, "resource not found", "OBJECT_NOT_FOUND")
    return 200, crm.groups[kind][name]


@endpoint("GET", "properties", "/{kind}/{name}")
def get_property(crm: Portal, call: Call, kind: str, name: str) -> Answer:
    if name not in crm.properties[kind]:
        raise Refused(404, "resource not found", "OBJECT_NOT_FOUND")
    return 200, crm.properties[kind][name]


@endpoint("POST", "properties", "/{kind}/groups")
def create_group(crm: Portal, call: Call, kind: str) -> Answer:
    name, label = call.needs("name", "label")
    _new_name(name, crm.groups[kind], "property group")
    group = {"name": name, "label": label, "displayOrder": call.body.get("displayOrder", -1), "archived": False}
    crm.groups[kind][name] = group
    return 201, group


@endpoint("POST", "properties", "/{kind}")
def create_property(crm: Portal, call: Call, kind: str) -> Answer:
    return 201, _create_property(crm, kind, call.body)


@endpoint("POST", "properties", "/{kind}/batch/create")
def create_properties(crm: Portal, call: Call, kind: str) -> Answer:
    results, errors = [], []
    for given in call.inputs():
        try:
            results.append(_create_property(crm, kind, given))
        except Refused as error:
            if error.status != 409:
                raise
            errors.append(error.in_batch({"name": [given["name"]]}))
    return _batch(crm, results, errors, 201)


def _create_property(crm: Portal, kind: str, given: Json) -> Json:
    name, _, sort, field_type, group = _needed(given, "name", "label", "type", "fieldType", "groupName")
    if sort not in ("string", "number", "date", "datetime", "enumeration", "bool"):
        raise Refused(400, f"Invalid input JSON on line 1, column 2: there is no property type {sort}")
    if field_type not in "textarea text date file number select radio checkbox booleancheckbox".split():
        raise Refused(400, f"Invalid input JSON on line 1, column 2: there is no field type {field_type}")
    if group not in crm.groups[kind]:
        raise Refused(400, f"Property group {group} does not exist")
    _new_name(name, crm.properties[kind], "property")
    defaults = {"description": "", "options": [], "hubspotDefined": False, "archived": False}
    crm.properties[kind][name] = {**defaults, **given}
    return crm.properties[kind][name]


def _new_name(name: str, taken: dict[str, Json], what: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,99}", name):
        raise Refused(400, f"The name of a {what} is in lower case, digits and underscores: {name}")
    if name in taken:
        raise Refused(409, f"A {what} named '{name}' already exists.", "OBJECT_ALREADY_EXISTS")


# The server


class HubSpot(Portal):
    """A portal that is served at `url` to whoever brings `token`, with `faults` between the two."""

    def __init__(self) -> None:
        super().__init__()
        self.token = "pat-eu1-a-token-for-tests"
        self.version = "2026-09"
        self.faults = Faults()
        self.requests: list[Request] = []
        self.url = ""
        self._stopping = threading.Event()

    def __enter__(self) -> Self:
        self._server = _Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopping.set()
        self._server.stop()
        self._thread.join(timeout=5)
        if self._server.crashes and error is None:
            raise self._server.crashes[0]

    def answer(self, method: str, target: str, headers: Message, raw: bytes) -> bytes | None:
        """The whole answer as it goes over the wire; None to close the connection without one."""
        parts = urlsplit(target)
        path, query = unquote(parts.path), parse_qs(parts.query)
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            body = raw.decode("utf-8", "replace")
        with self.lock:
            fault = self.faults.draw(path)
            call = Call(query, body, self.faults.random if fault == "partial" else None)
            writes = re.search(r"/objects/[^/]+/[^/]+/batch/(upsert|update)$", path)
            if fault in FAULTS_BEFORE or (fault == "partial" and not writes):
                status, sent = self._before(str(fault))
            else:
                said = self._work(method, path, headers, call)
                status, sent = said[0], self._after(fault, *said)
            status = 502 if fault == "html after" else status
            self.requests.append(Request(method, path, body, status if sent else 0, fault, query))
        if fault == "slow":
            self._stopping.wait(self.faults.slow_s)
        return sent

    def _before(self, fault: str) -> tuple[int, bytes | None]:
        if fault == "refuse":
            return 0, None
        if fault == "html":
            return 200, _http(200, GATEWAY_PAGE.encode(), "text/html; charset=utf-8")
        if fault == "401":
            return self._refusal(_unauthenticated())
        if fault == "429":
            words = "You have reached your ten_secondly_rolling limit."
            said = Refused(429, words, "RATE_LIMITS", policyName="TEN_SECONDLY_ROLLING", errorType="RATE_LIMIT")
            return self._refusal(said, f"Retry-After: {self.faults.retry_after}")
        if fault == "500":
            return self._refusal(Refused(500, "internal error", "INTERNAL_ERROR"))
        return self._refusal(Refused(503, "Service temporarily unavailable", "SERVICE_UNAVAILABLE"))

    def _refusal(self, error: Refused, *headers: str) -> tuple[int, bytes]:
        return error.status, _json(error.status, _with_id(error.said), *headers)

    def _after(self, fault: str | None, status: int, body: Json | None) -> bytes | None:
        if fault == "hang up":
            return None
        if fault == "html after":
            return _http(502, GATEWAY_PAGE.encode(), "text/html; charset=utf-8")
        if fault == "bad json" and body is not None:
            whole = json.dumps(body).encode()
            return _http(status, whole[: len(whole) // 2], "application/json;charset=utf-8")
        return _json(status, body)

    def _work(self, method: str, path: str, headers: Message, call: Call) -> Answer:
        try:
            if headers.get("authorization") != f"Bearer {self.token}":
                raise _unauthenticated()
            if self.forbidden and self.forbidden in path:
                raise Refused(
                    403, "This app hasn't been granted all required scopes to make this call.", "MISSING_SCOPES"
                )
            if isinstance(call.body, str):
                raise Refused(400, "Invalid input JSON on line 1, column 1: it cannot be read")
            if call.body is not None and not headers.get("content-type", "").startswith("application/json"):
                raise Refused(415, "Unsupported media type", "UNSUPPORTED_MEDIA_TYPE")
            for verb, pattern, function in ENDPOINTS:
                found = pattern.fullmatch(path)
                if verb != method or found is None or found["version"] != self.version:
                    continue
                named = {name: value for name, value in found.groupdict().items() if name != "version"}
                if all(named.get(kind, "deals") in SINGULAR for kind in ("kind", "other")):
                    return function(self, call, **named)
            raise Refused(404, "resource not found", "OBJECT_NOT_FOUND")
        except Refused as error:
            return error.status, _with_id(error.said)


def _unauthenticated() -> Refused:
    return Refused(
        401,
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details"
        " at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
        "INVALID_AUTHENTICATION",
    )


def _with_id(said: Json) -> Json:
    return {**said, "correlationId": str(uuid.uuid4())}


def _json(status: int, body: Json | None, *headers: str) -> bytes:
    raw = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
    return _http(status, raw, "application/json;charset=utf-8", *headers)


def _http(status: int, body: bytes, content_type: str, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *headers]
    if status != 204:
        lines += [f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, crm: HubSpot) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.crm = crm
        self.crashes: list[BaseException] = []
        self._open: set[socket.socket] = set()

    def get_request(self) -> tuple[socket.socket, Any]:
        request, address = super().get_request()
        self._open.add(request)
        return request, address

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        self._open.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None: ...

    def stop(self) -> None:
        """Closes the kept connections too: their threads wait for a next request that never comes."""
        self.shutdown()
        self.server_close()
        for held in list(self._open):
            with suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)
        deadline = time.monotonic() + 5
        while self._open and time.monotonic() < deadline:
            time.sleep(0.005)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            sent = self.server.crm.answer(self.command, self.path, self.headers, raw)
        except Exception as error:
            # A mistake of the stand-in must fail the test, and not look like one of HubSpot's faults.
            self.server.crashes.append(error)
            sent = None
        if sent is None:
            self.close_connection = True
            return
        with suppress(ConnectionError):  # who has given up waiting is not there to be told
            self.wfile.write(sent)

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET  # noqa: N815 -- the base class looks for these names

    def log_message(self, *said: Any) -> None: ...


# What the other side of the wire needs


def check_against(document: Json, requests: Iterable[Request]) -> list[str]:
    """What requests ask that HubSpot's OpenAPI document does not know, as sentences; none if all is well.

    The dated paths are looked up as the document's v3 and v4 ones, companies as contacts, whose shapes are the same.
    The published schemas allow any field by omission, so here every field must be declared.
    """
    components = _strict(document["components"])
    said: list[str] = []
    for request in requests:
        words = f"{request.method} {request.path}: "
        operation = _operation(document, request)
        if operation is None:
            said.append(words + "no such path")
            continue
        expected = operation.get("requestBody")
        if expected is None:
            said += [words + "takes no body"] * (request.body is not None)
            continue
        schema = {**expected["content"]["application/json"]["schema"], "components": components}
        for error in Draft202012Validator(schema).iter_errors(request.body):
            said.append(f"{words}{error.json_path}: {error.message}")
    return said


def _operation(document: Json, request: Request) -> Json | None:
    """What the document says of a request; of two paths that fit, the one with fewer parameters is meant."""
    path = re.sub(r"^/crm/(objects|properties)/[^/]+", r"/crm/v3/\1", request.path)
    path = re.sub(r"^/crm/associations/[^/]+", "/crm/v4/associations", path)
    path = path.replace("/v3/objects/companies", "/v3/objects/contacts")
    method = request.method.lower()
    fits = [
        template
        for template, operations in document["paths"].items()
        if method in operations and re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path)
    ]
    found = min(fits, key=lambda template: template.count("{"), default=None)
    return document["paths"][found][method] if found else None


def _strict(schema: Any) -> Any:
    """The same, with nothing allowed that is not declared."""
    if isinstance(schema, list):
        return [_strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {name: _strict(part) for name, part in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        strict.setdefault("additionalProperties", False)
    return strict


def signed(secret: str, method: str, url: str, body: bytes, at_ms: int) -> dict[str, str]:
    """The headers of a webhook post: HubSpot's request signature, version 3. `url` is the one the world calls."""
    source = f"{method}{url}".encode() + body + str(at_ms).encode()
    digest = hmac.new(secret.encode(), source, hashlib.sha256).digest()
    return {
        "X-HubSpot-Signature-v3": base64.b64encode(digest).decode(),
        "X-HubSpot-Request-Timestamp": str(at_ms),
    }


def webhook_event(
    kind: str = "object.propertyChange",
    object_type: str = "0-3",
    object_id: int | str = 1,
    event_id: int = 1,
    **more: Any,
) -> Json:
    """One event of a webhook post, whose body is a list of them. `contact.privacyDeletion` carries no object type."""
    event: Json = {
        "eventId": event_id,
        "subscriptionId": 7_662_269,
        "portalId": PORTAL_ID,
        "appId": APP_ID,
        "occurredAt": time.time_ns() // 1_000_000,
        "subscriptionType": kind,
        "attemptNumber": 0,
        "objectId": int(object_id),
    }
    if kind.startswith("object."):
        event |= {"objectTypeId": object_type, "changeSource": "CRM_UI", "sourceId": "userId:98499705"}
    if kind == "object.propertyChange":
        event |= {"propertyName": "dealstage", "propertyValue": "closedwon", "isSensitive": False}
    if kind == "object.creation":
        event["changeFlag"] = "CREATED"
    return {**event, **more}
