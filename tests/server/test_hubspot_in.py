"""Deals from HubSpot: every one of them is known, with all its contacts, and credited as far as there is evidence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from factories import ANN, Server, eventually
from hubspot import HubSpot, iso, signed, webhook_event
from passalong.hubspot import deals
from passalong.settings import HubSpot as HubSpotSettings
from serving import serving

DAY_MS = 86_400_000
MINUTE_MS = 60_000
SECRET = "client-secret-of-the-project-app"
PUBLIC = "https://share.acme.example"


@pytest.fixture
def server(request: pytest.FixtureRequest, crm: HubSpot, tmp_path: Any, clock: Any) -> Iterator[Server]:
    """A server that is connected to the stand-in, behind a proxy that the world calls by another name."""
    marker = request.node.get_closest_marker("hubspot")
    crm.clock = clock
    config = HubSpotSettings(
        base_url=crm.url, token=crm.token, client_secret=SECRET, **(marker.kwargs if marker else {})
    )
    with serving(tmp_path, clock, hubspot=config, base_url=PUBLIC) as running:
        eventually(lambda: polled(running))
        yield running


def polled(server: Server) -> str | None:
    return server.api.get("/api/v1/outbox/status").json()["crm"]["polled_at"]


def conversions(server: Server) -> dict[str, dict[str, Any]]:
    """By kind and deal, what is known of it."""
    items = server.api.get("/api/v1/conversions?limit=200").json()["items"]
    return {f"{each['conversion']['kind']} {each['conversion']['deal']}": each for each in items}


def notify(server: Server, *events: dict[str, Any], secret: str = SECRET, at_ms: int, uri: str = "") -> httpx2.Response:
    body = json.dumps(list(events)).encode()
    headers = signed(secret, "POST", f"{PUBLIC}/hooks/hubspot{uri}", body, at_ms)
    return httpx2.post(
        f"{server.address}/hooks/hubspot{uri}", content=body, headers={**headers, "content-type": "application/json"}
    )


def test_a_deal_that_came_while_deals_were_asked_for_is_found_by_the_next_question(
    server: Server, crm: HubSpot, clock: Any
) -> None:
    crm.faults.slow_s = 0.5
    crm.faults.next("slow", times=1, path="deals/search")
    clock.ms += 6 * MINUTE_MS
    eventually(lambda: any(request.fault == "slow" for request in crm.requests))
    crm.deal(contacts=["x@stranger.example"], created_at_ms=clock())  # too late for the answer that is on its way
    clock.ms += 6 * MINUTE_MS
    eventually(lambda: conversions(server))


def test_every_deal_is_known_and_the_one_with_a_customers_touch_is_credited(
    server: Server, crm: HubSpot, clock: Any
) -> None:
    server.admit(server.share(customer="globex"))
    clock.ms += DAY_MS
    crm.deal(
        name="Nobody knows", contacts=["x@stranger.example"], amount="10.50", currency="USD", created_at_ms=clock()
    )
    contacts = ["a@umbrella.example", "b@umbrella.example", ANN["email"], "d@umbrella.example"]
    known = crm.deal(
        name="Umbrella", contacts=contacts, companies=["umbrella.example"], amount="1200", currency="JPY",
        created_at_ms=clock(),
    )  # fmt: skip
    clock.ms += 6 * MINUTE_MS
    found = eventually(lambda: (now := conversions(server)) and len(now) == 2 and now, within_s=10)
    told = found[f"opportunity {known}"]
    assert told["conversion"]["amount"] == {"amount_minor": 1200, "currency": "JPY"}
    assert told["conversion"]["external_id"] == f"hubspot-{known}"
    [credit] = told["attribution"]["credits"]
    assert (credit["customer"], credit["evidence"], credit["amount_minor"]) == ("globex", "observed", 1200)
    assert credit["why"] == "The third of 4 contacts filled the gate on Globex’s link the day before."
    month = server.api.get("/api/v1/metric?months=1").json()["months"][0]
    assert (month["opportunities"], month["attributed"], month["coverage"]) == (2, 1, 0.5)
    other = next(each for key, each in found.items() if not key.endswith(known))
    assert other["conversion"]["amount"] == {"amount_minor": 1050, "currency": "USD"}
    assert other["attribution"]["unattributed_reason"]


def test_contacts_who_share_nothing_but_the_company_make_it_a_guess(server: Server, crm: HubSpot, clock: Any) -> None:
    server.admit(server.share())
    clock.ms += DAY_MS
    work = crm.deal(contacts=["a@umbrella.example"], companies=["umbrella.example"], created_at_ms=clock())
    free = crm.deal(contacts=["a@gmail.com"], companies=["gmail.com"], created_at_ms=clock())
    clock.ms += 6 * MINUTE_MS
    found = eventually(lambda: (now := conversions(server)) and len(now) == 2 and now, within_s=10)
    assert [c["evidence"] for c in found[f"opportunity {work}"]["attribution"]["credits"]] == ["inferred"]
    assert found[f"opportunity {free}"]["attribution"]["credits"] == []


def test_a_contact_that_is_added_later_changes_the_credit(server: Server, crm: HubSpot, clock: Any) -> None:
    server.admit(server.share())
    clock.ms += DAY_MS
    id = crm.deal(contacts=["x@stranger.example"], amount="100", currency="EUR", created_at_ms=clock())
    clock.ms += 6 * MINUTE_MS
    eventually(lambda: conversions(server), within_s=10)
    crm.change_deal(id, add_contacts=[ANN["email"]], amount="250.25")
    clock.ms += 6 * MINUTE_MS
    told = eventually(
        lambda: (now := conversions(server)[f"opportunity {id}"])["attribution"]["credits"] and now, within_s=10
    )
    assert [(c["customer"], c["amount_minor"]) for c in told["attribution"]["credits"]] == [("initech", 25_025)]
    detail = server.api.get(f"/api/v1/conversions/{told['conversion']['id']}").json()
    assert [(e["version"], e["cause"]) for e in detail["evaluations"]] == [(1, "recorded"), (2, "the deal changed")]
    assert [e["amount"]["amount_minor"] for e in detail["evaluations"]] == [10_000, 25_025]
    month = server.api.get("/api/v1/metric?months=1").json()["months"][0]
    assert (month["opportunities"], month["attributed"]) == (1, 1)
    eventually(lambda: crm.deals[id].properties.get("passalong_customer_id") == "initech")


@pytest.mark.hubspot(stages={"demo": "ignore", "signed": "won"}, currency="KWD")
def test_stages_mean_what_the_settings_say(server: Server, crm: HubSpot, clock: Any) -> None:
    now = clock()
    for stage in ("appointmentscheduled", "closedwon", "closedlost", "demo", "signed"):
        crm.deal(name=stage, stage=stage, amount="1.5", created_at_ms=now, closed_at_ms=now)
    clock.ms += 6 * MINUTE_MS
    found = eventually(lambda: (told := conversions(server)) and len(told) == 7 and told, within_s=10)
    names = {id: record.properties["dealname"] for id, record in crm.deals.items()}
    assert sorted(f"{key.partition(' ')[0]} {names[key.partition(' ')[2]]}" for key in found) == [
        "lost closedlost", "opportunity appointmentscheduled", "opportunity closedlost", "opportunity closedwon",
        "opportunity signed", "won closedwon", "won signed",
    ]  # fmt: skip
    assert {each["conversion"]["amount"]["amount_minor"] for each in found.values()} == {1_500}


def test_more_deals_than_a_page_and_asked_again_without_doubles(server: Server, crm: HubSpot, clock: Any) -> None:
    for n in range(230):
        crm.deal(name=f"D{n}", contacts=[f"c{n}@stranger.example"], created_at_ms=clock() - n * MINUTE_MS)
    crm.association_page = 40
    clock.ms += 6 * MINUTE_MS
    eventually(
        lambda: server.api.get("/api/v1/outbox/status").json()["crm"]["differences"]["deals"] == 230, within_s=20
    )
    before = polled(server)
    clock.ms += 6 * MINUTE_MS
    eventually(lambda: polled(server) != before)
    month = server.api.get("/api/v1/metric?months=2").json()["months"]
    assert sum(each["opportunities"] for each in month) == 230
    kinds = [e["kind"] for e in server.api.get("/api/v1/events?after=0&limit=1000").json()["items"]]
    assert kinds.count("opportunity") == 230


def test_all_hundred_contacts_of_a_deal_are_read(server: Server, crm: HubSpot, clock: Any) -> None:
    server.admit(server.share())
    clock.ms += DAY_MS
    crm.association_page = 30
    contacts = [*(f"c{n}@stranger.example" for n in range(70)), ANN["email"]]
    crm.deal(contacts=contacts, created_at_ms=clock())
    clock.ms += 6 * MINUTE_MS
    [told] = eventually(lambda: list(conversions(server).values()), within_s=10)
    assert told["attribution"]["credits"][0]["why"].startswith("The 71st of 71 contacts filled the gate")


def test_a_notice_has_the_deal_read_at_once_and_once(server: Server, crm: HubSpot, clock: Any) -> None:
    id = crm.deal(name="Fresh", created_at_ms=clock())
    event = webhook_event(kind="object.creation", object_type="0-3", object_id=int(id), event_id=77)
    for _ in range(3):  # delivered again, as HubSpot does
        assert notify(server, event, event, at_ms=clock()).status_code == 204
    eventually(lambda: f"opportunity {id}" in conversions(server))
    jobs = server.api.get("/api/v1/outbox?destination=hubspot").json()["items"]
    assert [job["topic"] for job in jobs if job["subject"] == id].count("deal.read") == 1


def test_an_erasure_there_erases_here(server: Server, crm: HubSpot, clock: Any) -> None:
    server.admit(server.share())
    contact = eventually(lambda: crm.find(ANN["email"]))
    eventually(lambda: server.api.get("/api/v1/outbox/status").json()["crm"]["differences"]["contacts"] == 1)
    event = webhook_event(kind="contact.privacyDeletion", object_id=int(contact.id), event_id=5)
    assert notify(server, event, at_ms=clock()).status_code == 204
    [lead] = server.leads()
    assert (lead["email"], bool(lead["erased_at"])) == ("", True)
    topics = [job["topic"] for job in server.api.get("/api/v1/outbox").json()["items"]]
    assert "erasure" not in topics, "HubSpot has done so itself"
    assert notify(server, event, at_ms=clock()).status_code == 204


def test_only_hubspots_own_notices_are_taken(server: Server, crm: HubSpot, clock: Any) -> None:
    id = crm.deal(created_at_ms=clock())
    event = webhook_event(object_type="0-3", object_id=int(id), event_id=1)
    now = clock()
    assert notify(server, event, at_ms=now, secret="another").status_code == 401
    assert notify(server, event, at_ms=now - 301_000).status_code == 401
    assert notify(server, event, at_ms=now + 301_000).status_code == 401
    body = json.dumps([event]).encode()
    headers = signed(SECRET, "POST", f"{PUBLIC}/hooks/hubspot", body, now)
    good = {name.lower(): value for name, value in headers.items()}
    url = f"{server.address}/hooks/hubspot"
    for change in (
        {"content": body + b" "}, {"headers": {**good, "x-hubspot-request-timestamp": str(now + 1)}},
        {"headers": {}}, {"headers": {**good, "x-hubspot-signature-v3": ""}},
        {"headers": {**good, "x-hubspot-request-timestamp": "now"}},
    ):  # fmt: skip
        assert httpx2.post(url, **{"content": body, "headers": good, **change}).status_code == 401, change
    wrong_place = signed(SECRET, "POST", f"{server.address}/hooks/hubspot", body, now)
    assert httpx2.post(url, content=body, headers=wrong_place).status_code == 401, "the address is the public one"
    assert server.api.get("/api/v1/outbox?destination=hubspot").json()["items"] == []
    assert notify(server, event, at_ms=now, uri="?portal=1").status_code == 204
    headers = signed(SECRET, "POST", f"{PUBLIC}/hooks/hubspot", b"{}", now)
    assert httpx2.post(url, content=b"{}", headers=headers).status_code in (400, 422), "signed, and no list of notices"


@pytest.mark.settings(hubspot=HubSpotSettings())
def test_without_a_secret_no_notice_is_believed(tmp_path: Any, clock: Any) -> None:
    with serving(tmp_path, clock, base_url=PUBLIC) as alone:
        assert notify(alone, webhook_event(), at_ms=clock()).status_code == 403


def test_a_search_that_lags_misses_nothing(server: Server, crm: HubSpot, clock: Any) -> None:
    def poll() -> None:
        before = polled(server)
        clock.ms += 6 * MINUTE_MS
        eventually(lambda: polled(server) != before)

    crm.search_lag = 1
    first = crm.deal(name="Seen late", created_at_ms=clock())
    poll()
    second = crm.deal(name="Seen later", created_at_ms=clock())
    poll()
    assert set(conversions(server)) == {f"opportunity {first}"}
    poll()
    assert set(conversions(server)) == {f"opportunity {first}", f"opportunity {second}"}


def test_a_deal_whose_values_make_no_sense_is_known_without_them(server: Server, crm: HubSpot, clock: Any) -> None:
    crm.deal(name="=cmd()|'x'\u202e", amount="-5", currency="EUR", companies=["no domain"], created_at_ms=clock())
    clock.ms += 6 * MINUTE_MS
    [told] = eventually(lambda: list(conversions(server).values()), within_s=10)
    assert told["conversion"]["amount"] is None


def poll(server: Server, clock: Any) -> None:
    """Has the deals asked for, and waits until they are stored."""
    before = polled(server)
    clock.ms += 6 * MINUTE_MS
    eventually(lambda: polled(server) != before, within_s=10)


def test_a_deal_that_changes_after_an_erasure_stays_credited(server: Server, crm: HubSpot, clock: Any) -> None:
    server.admit(server.share())
    eventually(lambda: crm.find(ANN["email"]))
    clock.ms += DAY_MS
    id = crm.deal(contacts=["x@stranger.example", ANN["email"]], amount="100", currency="EUR", created_at_ms=clock())
    poll(server, clock)
    [lead] = server.leads()
    server.api.delete(f"/api/v1/leads/{lead['id']}")
    eventually(lambda: crm.find(ANN["email"]) is None, within_s=10)
    crm.change_deal(id, amount="120")
    poll(server, clock)
    [told] = conversions(server).values()
    assert [(c["customer"], c["amount_minor"]) for c in told["attribution"]["credits"]] == [("initech", 12_000)]
    detail = server.api.get(f"/api/v1/conversions/{told['conversion']['id']}").json()
    assert len(detail["touchpoints"]) == 1


def test_what_a_deal_no_longer_says_counts_for_nothing(server: Server, crm: HubSpot, clock: Any) -> None:
    server.admit(server.share())
    clock.ms += DAY_MS
    now = clock()
    id = crm.deal(
        stage="closedwon", contacts=[ANN["email"]], amount="100", currency="EUR", created_at_ms=now, closed_at_ms=now
    )

    def counted() -> tuple[int, int, list[Any]]:
        metric = server.api.get("/api/v1/metric?months=2").json()
        counts = server.counts("hard")
        return sum(month["opportunities"] for month in metric["months"]), counts["won"], counts["pipeline"]

    euros = [{"amount_minor": 10_000, "currency": "EUR"}]
    poll(server, clock)
    assert counted() == (1, 1, euros)
    crm.change_deal(id, stage="appointmentscheduled")
    poll(server, clock)
    assert counted() == (1, 0, euros)
    won = conversions(server)[f"won {id}"]
    assert won["conversion"]["withdrawn"] is True
    assert won["attribution"]["unattributed_reason"] == "Withdrawn: the deal is in another stage now."
    crm.change_deal(id, stage="closedwon")
    poll(server, clock)
    assert counted() == (1, 1, euros)
    crm.deals[id].archived = True
    event = webhook_event(kind="object.deletion", object_type="0-3", object_id=int(id), event_id=9)
    assert notify(server, event, at_ms=clock()).status_code == 204
    eventually(lambda: counted() == (0, 0, []))


def test_a_deal_that_is_edited_while_pages_are_read_hides_none(
    server: Server, crm: HubSpot, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [crm.deal(name=f"D{n}", created_at_ms=clock()) for n in range(150)]
    for n, id in enumerate(ids):
        crm.deals[id].updated_at_ms = clock() - (200 - n) * 60 * MINUTE_MS
        crm.deals[id].properties["hs_lastmodifieddate"] = iso(crm.deals[id].updated_at_ms)
    read = deals.changed_since
    edited: list[str] = []

    async def changed_since(*args: Any) -> Any:
        answer = await read(*args)
        if not edited:
            crm.change_deal(ids[5], amount="7")  # between the first page and the second
            edited.append(ids[5])
        return answer

    monkeypatch.setattr(deals, "changed_since", changed_since)
    poll(server, clock)
    status = server.api.get("/api/v1/outbox/status").json()
    assert status["crm"]["differences"]["deals"] == 150


def test_a_date_that_cannot_be_right_stops_nothing(server: Server, crm: HubSpot, clock: Any) -> None:
    odd = crm.deal(name="Odd", amount="12", currency="EUR", created_at_ms=clock())
    crm.deals[odd].properties |= {"createdate": "99999999999999999", "amount": "1e999999", "closedate": "soon"}
    fine = crm.deal(name="Fine", created_at_ms=clock())
    poll(server, clock)
    found = conversions(server)
    assert set(found) == {f"opportunity {odd}", f"opportunity {fine}"}
    assert found[f"opportunity {odd}"]["conversion"]["amount"] is None


def test_a_key_that_may_not_read_deals_still_writes_contacts(server: Server, crm: HubSpot, clock: Any) -> None:
    crm.forbidden = "deals/search"
    clock.ms += 6 * MINUTE_MS
    eventually(lambda: server.api.get("/api/v1/outbox/status").json()["crm"]["troubles"], within_s=10)
    server.admit(server.share())
    eventually(lambda: crm.find(ANN["email"]), within_s=10)
    [trouble] = server.api.get("/api/v1/outbox/status").json()["crm"]["troubles"]
    assert trouble.startswith("Deals are not read: ")
