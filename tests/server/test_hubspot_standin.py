"""The stand-in for HubSpot answers as HubSpot does, and its faults are what they say they are."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from hubspot import FAULTS_AFTER, FAULTS_BEFORE, HubSpot, Request, check_against, signed, webhook_event

UPSERT = "/crm/objects/2026-09/contacts/batch/upsert"
UPDATE = "/crm/objects/2026-09/contacts/batch/update"
READ = "/crm/objects/2026-09/contacts/batch/read"
DEALS = "/crm/objects/2026-09/deals/search"
ERASE = "/crm/objects/2026-09/contacts/gdpr-delete"
PROPERTIES = "/crm/properties/2026-09/contacts"
COMPANIES_OF_DEALS = "/crm/associations/2026-09/deals/companies/batch/read"
CONTACTS_OF_DEALS = "/crm/associations/2026-09/deals/contacts/batch/read"
NOON_MS = 1_790_000_000_000


@pytest.fixture
def crm() -> Iterator[HubSpot]:
    with HubSpot() as crm:
        yield crm


@pytest.fixture
def api(crm: HubSpot) -> Iterator[httpx2.Client]:
    headers = {"authorization": f"Bearer {crm.token}"}
    with httpx2.Client(base_url=crm.url, headers=headers, timeout=5) as client:
        yield client


def upsert(*emails: str, traced: bool = False, **properties: str) -> dict[str, Any]:
    inputs: list[dict[str, Any]] = [{"id": e, "idProperty": "email", "properties": properties} for e in emails]
    return {"inputs": [{**i, "objectWriteTraceId": f"t-{i['id']}"} if traced else i for i in inputs]}


def changed_since(ms: int, **more: Any) -> dict[str, Any]:
    since = {"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": str(ms)}
    return {"filterGroups": [{"filters": [since]}], "sorts": ["hs_lastmodifieddate"], **more}


def named(answer: httpx2.Response) -> list[str]:
    return [found["properties"]["dealname"] for found in answer.json()["results"]]


def test_without_the_token_nothing_is_told(crm: HubSpot, api: httpx2.Client) -> None:
    for headers in ({}, {"authorization": "Bearer another"}):
        refused = httpx2.post(crm.url + UPSERT, json=upsert("ann@umbrella.example"), headers=headers)
        assert refused.status_code == 401
        assert refused.json().keys() >= {"status", "message", "correlationId"}
        assert refused.json()["category"] == "INVALID_AUTHENTICATION"
    assert crm.contacts == {}
    assert api.post(UPSERT, json=upsert("ann@umbrella.example")).status_code == 200


def test_an_upsert_twice_is_one_contact(crm: HubSpot, api: httpx2.Client) -> None:
    first = api.post(UPSERT, json=upsert("Ann@Umbrella.example", firstname="Ann"))
    second = api.post(UPSERT, json=upsert("ann@umbrella.EXAMPLE", firstname="Anna"))
    assert [first.status_code, second.status_code] == [200, 200]
    assert [a.json()["results"][0]["new"] for a in (first, second)] == [True, False]
    ((id, record),) = crm.contacts.items()
    assert [a.json()["results"][0]["id"] for a in (first, second)] == [id, id]
    assert record.properties["email"] == "ann@umbrella.example"
    assert record.history == [("email", "ann@umbrella.example"), ("firstname", "Ann"), ("firstname", "Anna")]
    assert crm.find("ANN@umbrella.example") is record


@pytest.mark.parametrize("bad", ["no address", "bad@x.example"])
def test_one_bad_input_fails_all_unless_each_is_traced(crm: HubSpot, api: httpx2.Client, bad: str) -> None:
    crm.poison["bad@x.example"] = "Property values were not valid: []"
    whole = api.post(UPSERT, json=upsert("ann@umbrella.example", bad))
    assert (whole.status_code, whole.json()["category"]) == (400, "VALIDATION_ERROR")
    assert crm.contacts == {}
    partly = api.post(UPSERT, json=upsert("ann@umbrella.example", bad, traced=True))
    body = partly.json()
    assert (partly.status_code, body["numErrors"], body["status"]) == (207, 1, "COMPLETE")
    assert [found["objectWriteTraceId"] for found in body["results"]] == ["t-ann@umbrella.example"]
    assert body["errors"][0]["context"]["objectWriteTraceId"] == [f"t-{bad}"]
    assert body["errors"][0]["message"].startswith("Property values were not valid: [")
    assert [c.properties["email"] for c in crm.contacts.values()] == ["ann@umbrella.example"]


def test_batches_are_unique_and_at_most_a_hundred(crm: HubSpot, api: httpx2.Client) -> None:
    twice = api.post(UPSERT, json=upsert("ann@umbrella.example", "Ann@umbrella.example", traced=True))
    assert twice.status_code == 400
    assert twice.json()["context"] == {"ids": ["ann@umbrella.example"]}
    many = [f"n{n}@umbrella.example" for n in range(101)]
    assert api.post(UPSERT, json=upsert(*many)).status_code == 400
    assert api.post(UPSERT, json={"inputs": []}).status_code == 400
    assert crm.contacts == {}
    assert api.post(UPSERT, json=upsert(*many[:100])).status_code == 200
    assert len(crm.contacts) == 100


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"inputs": [{"idProperty": "email", "properties": {}}]},
        {"inputs": [{"id": "ann@umbrella.example", "properties": {}}]},
        {"inputs": [{"id": "ann@umbrella.example", "idProperty": "email"}]},
        {"inputs": [{"id": "ann@umbrella.example", "idProperty": "email", "properties": {"firstname": ["Ann"]}}]},
    ],
)
def test_what_lacks_something_is_refused(crm: HubSpot, api: httpx2.Client, body: dict[str, Any]) -> None:
    assert api.post(UPSERT, json=body).status_code == 400
    assert api.post(UPSERT, content=b"{", headers={"content-type": "application/json"}).status_code == 400
    assert crm.contacts == {}


def test_the_portals_own_rules_are_told_in_words(crm: HubSpot, api: httpx2.Client) -> None:
    unknown = api.post(UPSERT, json=upsert("ann@umbrella.example", passalong_hop="1"))
    assert unknown.status_code == 400
    assert "PROPERTY_DOESNT_EXIST" in unknown.json()["message"]
    assert unknown.json()["errors"][0]["context"] == {"propertyName": ["passalong_hop"]}
    crm.required = {"contacts": {"phone"}}
    missing = api.post(UPSERT, json=upsert("ann@umbrella.example"))
    assert missing.json()["message"] == "Error creating CONTACT. Some required properties were not set."
    assert missing.json()["context"] == {"properties": ["phone"]}
    assert api.post(UPSERT, json=upsert("ann@umbrella.example", phone="1")).status_code == 200
    assert api.post(UPSERT, json=upsert("ann@umbrella.example", firstname="Ann")).status_code == 200


def test_the_lifecycle_never_goes_back(crm: HubSpot, api: httpx2.Client) -> None:
    id = crm.contact("ann@umbrella.example", lifecyclestage="customer")
    change = api.patch(f"/crm/objects/2026-09/contacts/{id}", json={"properties": {"lifecyclestage": "lead"}})
    assert change.status_code == 200
    assert crm.contacts[id].properties["lifecyclestage"] == "customer"
    assert crm.contacts[id].history[-1] == ("lifecyclestage", "lead")


def test_reading_a_batch_names_what_is_not_there(crm: HubSpot, api: httpx2.Client) -> None:
    id = crm.contact("ann@umbrella.example", firstname="Ann")
    body = {"inputs": [{"id": "ANN@umbrella.example"}, {"id": "x@y.example"}], "idProperty": "email"}
    answer = api.post(READ, json={**body, "properties": ["firstname", "phone", "no_such"], "propertiesWithHistory": []})
    assert answer.status_code == 207
    (found,) = answer.json()["results"]
    assert found["id"] == id
    assert (found["properties"]["firstname"], found["properties"]["phone"]) == ("Ann", None)
    assert found["properties"].keys() == {"createdate", "firstname", "hs_object_id", "lastmodifieddate", "phone"}
    assert answer.json()["numErrors"] == 1
    assert answer.json()["errors"][0]["category"] == "OBJECT_NOT_FOUND"
    assert answer.json()["errors"][0]["context"] == {"ids": ["x@y.example"]}
    assert api.post(READ, json={"inputs": [{"id": id}], "properties": []}).status_code == 200


def test_updates_know_ids_alone(crm: HubSpot, api: httpx2.Client) -> None:
    id = crm.contact("ann@umbrella.example")
    inputs = [{"id": id, "properties": {"firstname": "Ann"}}, {"id": "7", "properties": {"firstname": "Nobody"}}]
    partly = api.post(UPDATE, json={"inputs": inputs})
    assert partly.status_code == 207
    assert partly.json()["errors"][0]["context"] == {"ids": ["7"]}
    assert crm.contacts[id].properties["firstname"] == "Ann"
    assert api.post(UPDATE, json={"inputs": inputs[:1]}).status_code == 200
    by_email = {"id": "ann@umbrella.example", "idProperty": "email", "properties": {"firstname": "A"}}
    assert api.post(UPDATE, json={"inputs": [by_email]}).status_code == 400


def test_one_record_is_read_and_changed_by_id(crm: HubSpot, api: httpx2.Client) -> None:
    id = crm.deal(contacts=["ann@umbrella.example"], amount="1200.50", currency="EUR", closed_at_ms=NOON_MS)
    path = f"/crm/objects/2026-09/deals/{id}"
    found = api.get(path, params={"properties": "amount,closedate", "associations": "contacts"}).json()
    assert (found["properties"]["amount"], found["properties"]["closedate"]) == ("1200.50", "2026-09-21T14:13:20Z")
    ann = crm.find("ann@umbrella.example")
    assert ann is not None
    assert found["associations"]["contacts"]["results"] == [{"id": ann.id, "type": "deal_to_contact"}]
    assert api.patch(path, json={"properties": {"amount": "1"}}).json()["properties"]["amount"] == "1"
    assert api.patch(path, json={"properties": {"amount": "much"}}).status_code == 400
    assert api.patch(path, json={}).status_code == 400
    crm.deals[id].archived = True
    assert api.get(path).status_code == 404
    assert api.get("/crm/objects/2026-09/deals/1").status_code == 404
    assert api.get(f"/crm/objects/2025-09/contacts/{ann.id}").status_code == 404
    other = crm.contact("ben@umbrella.example")
    taken = {"properties": {"email": "ANN@umbrella.example"}}
    assert api.patch(f"/crm/objects/2026-09/contacts/{other}", json=taken).status_code == 409


def test_a_search_pages_in_order_and_shows_each_deal_once(crm: HubSpot, api: httpx2.Client) -> None:
    times = iter([5, 3, 3, 9, 1, 7, 7])
    crm.clock = lambda: NOON_MS
    for n in range(7):
        at_ms = NOON_MS + next(times)
        crm.clock = lambda at_ms=at_ms: at_ms  # type: ignore[misc]
        crm.deal(name=f"deal {n}")
    seen: list[str] = []
    after = None
    while True:
        body = changed_since(NOON_MS + 2, limit=2, properties=["dealname"], **({"after": after} if after else {}))
        answer = api.post(DEALS, json=body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["total"] == 6
        seen += named(answer)
        if "paging" not in answer.json():
            break
        after = answer.json()["paging"]["next"]["after"]
    assert seen == [f"deal {n}" for n in (1, 2, 0, 5, 6, 3)]
    last_first = api.post(DEALS, json={"sorts": ["-hs_lastmodifieddate"], "limit": 1})
    assert named(last_first) == ["deal 3"]


def test_a_search_shows_ten_and_never_goes_past_ten_thousand(crm: HubSpot, api: httpx2.Client) -> None:
    for n in range(11):
        crm.deal(name=f"deal {n}", amount=str(n))
    assert len(api.post(DEALS, json={}).json()["results"]) == 10
    assert api.post(DEALS, json={"limit": 201}).status_code == 400
    assert api.post(DEALS, json={"limit": 200, "after": "9800"}).status_code == 200
    assert api.post(DEALS, json={"limit": 200, "after": "9801"}).status_code == 400
    assert api.post(DEALS, json={"limit": 10, "after": "10000"}).status_code == 400
    assert api.post(DEALS, json={"sorts": ["no_such"]}).status_code == 400


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"propertyName": "amount", "operator": "GT", "value": "9"}, {"big", "huge"}),
        ({"propertyName": "amount", "operator": "LT", "value": "10"}, {"small"}),
        ({"propertyName": "amount", "operator": "EQ", "value": "10.0"}, {"big"}),
        ({"propertyName": "amount", "operator": "HAS_PROPERTY"}, {"small", "big", "huge"}),
        ({"propertyName": "dealstage", "operator": "EQ", "value": "ClosedWon"}, {"huge"}),
        ({"propertyName": "dealstage", "operator": "IN", "values": ["closedwon", "mid"]}, {"huge", "none"}),
        ({"propertyName": "dealstage", "operator": "IN", "values": ["ClosedWon"]}, set()),
        ({"propertyName": "hs_is_closed_won", "operator": "EQ", "value": "true"}, {"huge"}),
        ({"propertyName": "createdate", "operator": "GT", "value": str(NOON_MS)}, {"small", "huge", "none"}),
        ({"propertyName": "createdate", "operator": "LT", "value": "2026-09-21T14:13:20.001Z"}, {"big"}),
    ],
)
def test_filters(crm: HubSpot, api: httpx2.Client, given: dict[str, Any], found: set[str]) -> None:
    crm.deal("small", amount="2")
    crm.deal("big", amount="10", created_at_ms=NOON_MS)
    crm.deal("huge", amount="300", stage="closedwon")
    crm.deal("none", stage="mid")
    answer = api.post(DEALS, json={"filterGroups": [{"filters": [given]}], "properties": ["dealname"]})
    assert set(named(answer)) == found


@pytest.mark.parametrize(
    "given",
    [
        {"propertyName": "no_such", "operator": "EQ", "value": "1"},
        {"propertyName": "amount", "operator": "GT", "value": "much"},
        {"propertyName": "amount", "operator": "GT"},
        {"propertyName": "dealname", "operator": "IN", "value": "a"},
        {"operator": "EQ", "value": "1"},
    ],
)
def test_filters_that_are_none_are_refused(api: httpx2.Client, given: dict[str, Any]) -> None:
    assert api.post(DEALS, json={"filterGroups": [{"filters": [given]}]}).status_code == 400


def test_a_new_record_is_found_late_by_searches_and_at_once_by_reads(crm: HubSpot, api: httpx2.Client) -> None:
    crm.search_lag = 2
    id = crm.contact("ann@umbrella.example")
    path = "/crm/objects/2026-09/contacts/search"
    assert [api.post(path, json={}).json()["total"] for _ in range(3)] == [0, 0, 1]
    assert api.post(READ, json={"inputs": [{"id": id}]}).status_code == 200


def test_whatever_happens_to_a_deal_counts_as_a_change(crm: HubSpot, api: httpx2.Client) -> None:
    crm.clock = lambda: NOON_MS
    id = crm.deal()
    assert crm.deals[id].properties["hs_lastmodifieddate"] == "2026-09-21T14:13:20Z"
    changes: list[dict[str, Any]] = [{"stage": "closedwon"}, {"amount": "5"}, {"add_contacts": ["a@b.example"]}]
    for ms, change in enumerate(changes, 1):
        crm.clock = lambda at_ms=NOON_MS + ms: at_ms  # type: ignore[misc]
        crm.change_deal(id, **change)
        assert crm.deals[id].updated_at_ms == NOON_MS + ms
        assert crm.deals[id].properties["hs_lastmodifieddate"] == f"2026-09-21T14:13:20.00{ms}Z"
        assert api.post(DEALS, json=changed_since(NOON_MS + ms)).json()["total"] == 1
        assert api.post(DEALS, json=changed_since(NOON_MS + ms + 1)).json()["total"] == 0


def test_every_contact_of_a_deal_is_told_page_by_page(crm: HubSpot, api: httpx2.Client) -> None:
    crm.association_page = 2
    id = crm.deal(contacts=[f"n{n}@umbrella.example" for n in range(3)], companies=["umbrella.example"])
    alone = crm.deal()
    answer = api.post(CONTACTS_OF_DEALS, json={"inputs": [{"id": id}, {"id": alone}]})
    assert (answer.status_code, answer.json()["numErrors"]) == (207, 1)
    assert answer.json()["errors"][0]["subCategory"] == "crm.associations.NO_ASSOCIATIONS_FOUND"
    assert answer.json()["errors"][0]["context"]["fromObjectId"] == [alone]
    (found,) = answer.json()["results"]
    assert found["from"] == {"id": id}
    more = api.post(CONTACTS_OF_DEALS, json={"inputs": [{"id": id, "after": found["paging"]["next"]["after"]}]})
    assert more.status_code == 200
    (rest,) = more.json()["results"]
    assert "paging" not in rest
    assert [str(to["toObjectId"]) for to in found["to"] + rest["to"]] == crm.associated("deals", id, "contacts")
    (company,) = api.post(COMPANIES_OF_DEALS, json={"inputs": [{"id": id}]}).json()["results"][0]["to"]
    assert [sort["label"] for sort in company["associationTypes"]] == [None, "Primary"]


def test_records_are_associated_both_ways(crm: HubSpot, api: httpx2.Client) -> None:
    deal, ann = crm.deal(), crm.contact("ann@umbrella.example")
    path = "/crm/associations/2026-09/deals/contacts/batch/associate/default"
    answer = api.post(path, json={"inputs": [{"from": {"id": deal}, "to": {"id": ann}}]})
    assert answer.status_code == 200
    assert [r["associationSpec"]["associationTypeId"] for r in answer.json()["results"]] == [3, 4]
    assert crm.associated("contacts", ann, "deals") == [deal]
    lost = api.post(path, json={"inputs": [{"from": {"id": deal}, "to": {"id": "7"}}]})
    assert (lost.status_code, lost.json()["numErrors"]) == (207, 1)


def test_properties_and_groups_are_made_once(crm: HubSpot, api: httpx2.Client) -> None:
    group = {"name": "passalong", "label": "Pass along"}
    new = {"name": "passalong_hop", "label": "Hop", "type": "number", "fieldType": "number", "groupName": "passalong"}
    assert api.post(PROPERTIES, json=new).status_code == 400
    assert api.post(f"{PROPERTIES}/groups", json=group).status_code == 201
    assert api.post(f"{PROPERTIES}/groups", json=group).status_code == 409
    assert group["name"] in [g["name"] for g in api.get(f"{PROPERTIES}/groups").json()["results"]]
    assert api.post(PROPERTIES, json=new).status_code == 201
    again = api.post(PROPERTIES, json=new)
    assert (again.status_code, again.json()["message"]) == (409, "A property named 'passalong_hop' already exists.")
    partly = api.post(f"{PROPERTIES}/batch/create", json={"inputs": [new, {**new, "name": "passalong_share"}]})
    assert (partly.status_code, [p["name"] for p in partly.json()["results"]]) == (207, ["passalong_share"])
    assert {"email", "passalong_hop"} <= {p["name"] for p in api.get(PROPERTIES).json()["results"]}
    assert api.post(PROPERTIES, json={"name": "lacking"}).status_code == 400
    assert api.post(UPSERT, json=upsert("ann@umbrella.example", passalong_hop="2")).status_code == 200
    assert api.post(UPSERT, json=upsert("ann@umbrella.example", passalong_hop="two")).status_code == 400


def test_erasing_an_address_that_is_not_known_blocks_it(crm: HubSpot, api: httpx2.Client) -> None:
    deal = crm.deal(contacts=["ann@umbrella.example", "ben@umbrella.example"])
    ann, ben = crm.associated("deals", deal, "contacts")
    assert api.post(ERASE, json={"objectId": ann}).status_code == 204
    assert api.post(ERASE, json={"objectId": "Ben@umbrella.example", "idProperty": "email"}).status_code == 204
    assert (crm.contacts[ann].archived, crm.contacts[ann].properties) == (True, {})
    assert crm.associated("deals", deal, "contacts") == []
    assert api.get(f"/crm/objects/2026-09/contacts/{ben}").status_code == 404
    assert crm.blocklist == set()
    assert api.post(UPSERT, json=upsert("ann@umbrella.example")).json()["results"][0]["id"] != ann
    assert api.post(ERASE, json={"objectId": "Cy@umbrella.example", "idProperty": "email"}).status_code == 204
    assert crm.blocklist == {"cy@umbrella.example"}
    assert api.post(UPSERT, json=upsert("cy@umbrella.example")).status_code == 400
    assert api.post(ERASE, json={"objectId": "7"}).status_code == 404
    assert api.post(ERASE, json={}).status_code == 400


@pytest.mark.parametrize("kind", FAULTS_BEFORE + FAULTS_AFTER)
def test_a_fault_does_what_it_says(crm: HubSpot, api: httpx2.Client, kind: str) -> None:
    crm.faults.slow_s = 0.5
    crm.faults.next(kind, path="batch/upsert")
    assert api.get(PROPERTIES).status_code == 200, "the fault was meant for another path"
    try:
        answer = api.post(UPSERT, json=upsert("ann@umbrella.example"), timeout=0.1)
    except httpx2.TransportError as error:
        seen = type(error).__name__
    else:
        seen = f"{answer.status_code} {answer.headers['content-type'].partition(';')[0]}"
    assert (crm.find("ann@umbrella.example") is not None) == (kind in FAULTS_AFTER and kind != "partial")
    json_type = "application/json"
    expected = {
        "html": "200 text/html",
        "html after": "502 text/html",
        "slow": "ReadTimeout",
        "refuse": "RemoteProtocolError",
        "hang up": "RemoteProtocolError",
        "bad json": f"200 {json_type}",
        "partial": f"207 {json_type}",
    }
    assert seen == expected.get(kind, f"{kind} {json_type}")
    if kind == "bad json":
        with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
            answer.json()
    if kind == "429":
        assert (answer.headers["retry-after"], answer.json()["policyName"]) == ("0", "TEN_SECONDLY_ROLLING")
    if kind == "partial":
        assert answer.json()["errors"][0]["category"] == "INTERNAL_ERROR"
    request = crm.requests[-1]
    assert (request.method, request.path, request.body) == ("POST", UPSERT, upsert("ann@umbrella.example"))
    assert request.fault == kind
    assert (request.status == 0) == (kind in ("refuse", "hang up"))
    assert api.post(UPSERT, json=upsert("ann@umbrella.example")).status_code == 200, "one fault, one request"
    assert len(crm.contacts) == 1


def test_a_batch_that_is_partly_lost_says_which(crm: HubSpot, api: httpx2.Client) -> None:
    emails = [f"n{n}@umbrella.example" for n in range(5)]
    for traced in (True, False):
        crm.faults.next("partial")
        body = api.post(UPSERT, json=upsert(*emails, traced=traced)).json()
        (lost,) = body["errors"][0]["context"]["objectWriteTraceId" if traced else "ids"]
        kept = {found["properties"]["email"] for found in body["results"]}
        assert set(emails) - kept == {lost.removeprefix("t-")}
    crm.faults.next("partial")
    assert api.get(PROPERTIES).status_code == 503


def test_random_faults_repeat_with_their_seed(crm: HubSpot, api: httpx2.Client) -> None:
    crm.faults.rate, crm.faults.kinds = 0.5, ("429", "503")
    statuses = [api.get(PROPERTIES).status_code for _ in range(30)]
    assert set(statuses) == {200, 429, 503}
    with HubSpot() as other, httpx2.Client(base_url=other.url, headers=api.headers) as client:
        other.faults.rate, other.faults.kinds = 0.5, ("429", "503")
        assert [client.get(PROPERTIES).status_code for _ in range(30)] == statuses
    with pytest.raises(ValueError, match="no such fault"):
        crm.faults.next("earthquake")


def test_a_mistake_of_the_stand_in_is_not_taken_for_a_fault(api: httpx2.Client) -> None:
    with pytest.raises(KeyError), HubSpot() as crm:  # noqa: PT012 -- it is the end of the block that raises
        del crm.records["contacts"]
        with pytest.raises(httpx2.RemoteProtocolError):
            httpx2.post(crm.url + UPSERT, json=upsert("ann@umbrella.example"), headers=api.headers)


def test_webhooks_are_signed_over_all_that_is_sent() -> None:
    body = json.dumps([webhook_event(object_id="512")]).encode()
    headers = signed("secret", "POST", "https://acme.example/hubspot", body, NOON_MS)
    assert headers["X-HubSpot-Request-Timestamp"] == str(NOON_MS)
    for other in (
        signed("other", "POST", "https://acme.example/hubspot", body, NOON_MS),
        signed("secret", "PUT", "https://acme.example/hubspot", body, NOON_MS),
        signed("secret", "POST", "https://acme.example/", body, NOON_MS),
        signed("secret", "POST", "https://acme.example/hubspot", body + b" ", NOON_MS),
        signed("secret", "POST", "https://acme.example/hubspot", body, NOON_MS + 1),
    ):
        assert other["X-HubSpot-Signature-v3"] != headers["X-HubSpot-Signature-v3"]
    assert "objectTypeId" not in webhook_event("contact.privacyDeletion", object_id=512)
    assert webhook_event(object_id=512)["objectTypeId"] == "0-3"


@pytest.fixture
def document() -> dict[str, Any]:
    path = os.environ.get("HUBSPOT_OPENAPI", "")
    if not path or not os.access(path, os.R_OK):
        pytest.skip("HUBSPOT_OPENAPI names no readable document")
    return dict(json.loads(Path(path).read_text()))


def test_requests_are_held_against_hubspots_own_document(
    crm: HubSpot, api: httpx2.Client, document: dict[str, Any]
) -> None:
    id = crm.deal(contacts=["ann@umbrella.example"], companies=["umbrella.example"])
    api.post(UPSERT, json=upsert("ann@umbrella.example", traced=True, firstname="Ann"))
    api.post(DEALS, json=changed_since(0, limit=100, properties=["dealname"]))
    api.post("/crm/objects/2026-09/companies/search", json={"limit": 1})
    api.post(CONTACTS_OF_DEALS, json={"inputs": [{"id": id}]})
    api.get(f"/crm/objects/2026-09/deals/{id}", params={"properties": "amount"})
    api.get(f"{PROPERTIES}/groups")
    api.post(ERASE, json={"objectId": "ann@umbrella.example", "idProperty": "email"})
    assert [request.status for request in crm.requests] == [200, 200, 200, 200, 200, 200, 204]
    assert check_against(document, crm.requests) == []


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("POST", "/crm/objects/2026-09/contacts/batch/improve", {}, "no such path"),
        ("DELETE", UPSERT, None, "no such path"),
        ("GET", PROPERTIES, {"x": 1}, "takes no body"),
        ("POST", UPSERT, {"input": []}, "'input' was unexpected"),
        ("POST", UPSERT, {}, "'inputs' is a required property"),
        ("POST", UPSERT, {"inputs": [{"id": "a", "properties": {}, "idproperty": "email"}]}, "'idproperty' was unexp"),
        ("POST", UPSERT, {"inputs": [{"id": "a", "properties": {"passalong_hop": 1}}]}, "1 is not of type 'string'"),
        ("POST", DEALS, {"filterGroups": [{"filters": [{"propertyName": "a", "operator": "IS"}]}]}, "is not one of"),
    ],
)
def test_wrong_requests_are_told_in_sentences(
    document: dict[str, Any], method: str, path: str, body: Any, said: str
) -> None:
    sentences = check_against(document, [Request(method, path, body, 200, None, {})])
    assert any(sentence.startswith(f"{method} {path}: ") and said in sentence for sentence in sentences), sentences
