"""Leads and credits to HubSpot: each is one contact, whatever goes wrong on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

import engine
from factories import ANN, Server, eventually
from hubspot import FAULTS_AFTER, FAULTS_BEFORE, HubSpot
from passalong.settings import HubSpot as HubSpotSettings
from serving import serving

Browser = Callable[..., httpx2.Client]
DAY_MS = 86_400_000


@pytest.fixture
def server(request: pytest.FixtureRequest, crm: HubSpot, tmp_path: Any, clock: Any) -> Iterator[Server]:
    """A server that is connected to the stand-in."""
    marker = request.node.get_closest_marker("hubspot")
    more = {"timeout_s": 0.5, **(marker.kwargs if marker else {})}
    with serving(tmp_path, clock, hubspot=HubSpotSettings(base_url=crm.url, token=crm.token, **more)) as running:
        yield running


def told(server: Server) -> dict[str, Any]:
    """What the API says of the way to HubSpot."""
    status = server.api.get("/api/v1/outbox/status").json()
    return next(each for each in status["destinations"] if each["destination"] == "hubspot") | status["crm"]


def idle(server: Server) -> bool:
    now = told(server)
    return not now["pending"] and not now["sending"]


def touch(record: Any) -> dict[str, str]:
    return {name.removeprefix("passalong_"): value for name, value in record.properties.items() if "passalong" in name}


def test_a_lead_becomes_a_contact_that_says_who_brought_it(server: Server, crm: HubSpot) -> None:
    company = crm.company("umbrella.example", "Umbrella")
    server.admit(server.share(), company="Umbrella Holdings")
    contact = eventually(lambda: crm.find(ANN["email"]))
    eventually(lambda: idle(server))
    [lead] = server.leads()
    assert touch(contact) == {
        "customer_id": "initech", "mechanic": "hard", "share": lead["share"], "hop": "0", "evidence": "observed",
        "lead": lead["id"],
    }  # fmt: skip
    assert {name: contact.properties[name] for name in ("firstname", "lastname", "company", "lifecyclestage")} == {
        "firstname": "Ann", "lastname": "Umber", "company": "Umbrella Holdings", "lifecyclestage": "lead",
    }  # fmt: skip
    assert crm.associated("contacts", contact.id, "companies") == [company]
    assert set(crm.groups["contacts"]) & set(crm.groups["deals"]) >= {"passalong"}
    status = told(server)
    assert (status["connected"], status["differences"]["contacts"], status["differences"]["lacking"]) == (True, 1, 0)


def test_what_stands_there_is_not_written_over(server: Server, crm: HubSpot) -> None:
    theirs = {
        "firstname": "Annie", "lifecyclestage": "customer", "passalong_customer_id": "globex",
        "passalong_mechanic": "older",
    }  # fmt: skip
    for kind in ("contacts", "deals"):  # as an earlier installation left them
        crm.groups[kind]["passalong"] = {"name": "passalong", "label": "Passalong"}
    for name in ("passalong_customer_id", "passalong_mechanic"):
        crm.properties["contacts"][name] = {"name": name, "groupName": "passalong", "type": "string"}
    id = crm.contact(ANN["email"], **theirs)
    server.admit(server.share(), company="Umbrella")
    eventually(lambda: idle(server) and told(server)["differences"]["contacts"])
    [contact] = crm.contacts.values()
    assert contact.id == id
    assert {name: contact.properties[name] for name in theirs} == theirs
    assert (contact.properties["lastname"], contact.properties["company"]) == ("Umber", "Umbrella")
    assert all(value != "lead" for name, value in contact.history if name == "lifecyclestage")


def test_the_first_touch_is_written_once(server: Server, crm: HubSpot, browser: Browser, clock: Any) -> None:
    server.admit(server.share(customer="globex"))
    eventually(lambda: crm.find(ANN["email"]) and idle(server))
    clock.ms += DAY_MS
    server.admit(server.share(customer="initech"), browser(), company="Umbrella")
    eventually(lambda: crm.find(ANN["email"]).properties.get("company"))
    [contact] = crm.contacts.values()
    writes = [value for name, value in contact.history if name == "passalong_customer_id"]
    assert writes == ["globex"]


ELSEWHERE = ("batch/read", "associate", "companies/search", "/crm/properties")
WRONG = [(fault, "batch/upsert") for fault in (*FAULTS_BEFORE, *FAULTS_AFTER)] + [
    (fault, path) for path in ELSEWHERE for fault in ("401", "503", "html", "hang up")
]


@pytest.mark.parametrize(("fault", "path"), WRONG)
def test_whatever_goes_wrong_it_is_one_contact_in_the_end(
    server: Server, crm: HubSpot, fault: str, path: str, clock: Any
) -> None:
    crm.company("umbrella.example")
    crm.faults.slow_s = 0.7
    crm.faults.next(fault, times=2, path=path)
    server.admit(server.share())

    def arrived() -> bool:
        clock.ms += 1_000 if fault == "partial" else 0  # a record that was refused for now waits longer than a batch
        paused = told(server)["pause_reason"]
        if paused and "refuses the key" in paused:
            assert "HubSpot" in paused
            answer = server.api.post("/api/v1/outbox/resume", json={"destination": "hubspot"})
            assert answer.status_code == 200
        return bool(idle(server) and crm.find(ANN["email"]))

    eventually(arrived, within_s=30)
    [contact] = crm.contacts.values()
    assert contact.properties["passalong_customer_id"] == "initech"
    assert [value for name, value in contact.history if name == "passalong_customer_id"] == ["initech"]
    assert told(server)["differences"]["contacts"] == 1
    assert told(server)["failed"] == 0


def test_a_refused_key_stops_everything_until_an_admin_has_seen_to_it(server: Server, crm: HubSpot) -> None:
    eventually(lambda: told(server)["polled_at"])
    good, crm.token = crm.token, "another"
    server.admit(server.share())
    status = eventually(lambda: (now := told(server))["paused_until"] and now)
    assert status["pause_reason"].startswith("HubSpot refuses the key: ")
    assert (status["pending"], status["failed"]) == (1, 0)
    crm.token = good
    server.api.post("/api/v1/outbox/resume", json={"destination": "hubspot"})
    eventually(lambda: crm.find(ANN["email"]) and idle(server))


def test_one_bad_record_fails_alone_in_hubspots_own_words(server: Server, crm: HubSpot, browser: Browser) -> None:
    words = "Property values were not valid: phone is required for this portal"
    crm.poison["bad@umbrella.example"] = words
    crm.faults.next("503", times=1, path="batch/read")  # so that all of them travel together
    path = server.share()
    for name in ("one", "bad", "two", "three"):
        server.admit(path, browser(), email=f"{name}@umbrella.example")
    eventually(lambda: told(server)["failed"] == 1 and idle(server), within_s=10)
    assert sorted(record.properties["email"] for record in crm.contacts.values()) == [
        f"{name}@umbrella.example" for name in ("one", "three", "two")
    ]
    [letter] = server.api.get("/api/v1/outbox?state=failed").json()["items"]
    assert words in letter["reason"]
    del crm.poison["bad@umbrella.example"]
    assert server.api.post(f"/api/v1/outbox/{letter['id']}/retry").json()["state"] == "pending"
    eventually(lambda: crm.find("bad@umbrella.example") and idle(server))


def test_a_batch_that_is_refused_whole_is_halved_until_the_bad_one_stands_alone(
    server: Server, crm: HubSpot, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from passalong.hubspot import contacts

    crm.poison["bad@umbrella.example"] = "No."
    upsert = contacts._upsert

    async def untraced(client: Any, inputs: Any) -> Any:
        """As HubSpot answers where it does not heed trace ids."""
        if any(each["id"] == "bad@umbrella.example" for each in inputs) and len(inputs) > 1:
            middle = len(inputs) // 2
            return await untraced(client, inputs[:middle]) + await untraced(client, inputs[middle:])
        return await upsert(client, inputs)

    monkeypatch.setattr(contacts, "_upsert", untraced)
    path = server.share()
    for name in ("one", "bad", "two", "three"):
        server.admit(path, browser(), email=f"{name}@umbrella.example")
    eventually(lambda: told(server)["failed"] == 1 and idle(server), within_s=10)
    assert len(crm.contacts) == 3


def test_a_dead_letter_can_be_skipped_with_a_reason(server: Server, crm: HubSpot) -> None:
    crm.poison[ANN["email"]] = "Never."
    server.admit(server.share())
    [letter] = eventually(lambda: server.api.get("/api/v1/outbox?state=failed").json()["items"])
    assert server.api.post(f"/api/v1/outbox/{letter['id']}/skip", json={"reason": ""}).status_code in (400, 422)
    skipped = server.api.post(f"/api/v1/outbox/{letter['id']}/skip", json={"reason": "A test address."}).json()
    assert (skipped["state"], skipped["reason"]) == ("skipped", "A test address.")
    assert server.api.post(f"/api/v1/outbox/{letter['id']}/skip", json={"reason": "Again."}).status_code == 409
    assert told(server)["failed"] == 0
    assert server.api.post("/api/v1/outbox/nothing/retry").status_code == 404


def test_an_erased_lead_is_erased_there_and_looked_up_first(server: Server, crm: HubSpot) -> None:
    server.admit(server.share())
    contact = eventually(lambda: crm.find(ANN["email"]))
    eventually(lambda: idle(server))
    [lead] = server.leads()
    server.api.delete(f"/api/v1/leads/{lead['id']}")
    eventually(lambda: idle(server) and crm.find(ANN["email"]) is None)
    assert crm.blocklist == set()
    paths = [request.path for request in crm.requests if contact.id in request.path or "gdpr" in request.path]
    assert [path.rpartition("/")[2] for path in paths[-2:]] == [contact.id, "gdpr-delete"]


def test_an_erased_lead_whose_answer_was_lost_is_found_and_erased(server: Server, crm: HubSpot, clock: Any) -> None:
    crm.faults.next("hang up", times=1, path="batch/upsert")
    crm.search_lag = 1
    server.admit(server.share())
    eventually(lambda: crm.find(ANN["email"]))
    crm.token, good = "locked", crm.token  # nothing more gets through until the erasure is there
    [lead] = server.leads()
    server.api.delete(f"/api/v1/leads/{lead['id']}")
    crm.token = good
    server.api.post("/api/v1/outbox/resume", json={"destination": "hubspot"})

    def gone() -> bool:
        clock.ms += 6_000
        return crm.find(ANN["email"]) is None and idle(server)

    eventually(gone, within_s=10)
    assert crm.blocklist == set()


def test_somebody_who_was_never_sent_is_erased_without_a_call(server: Server, crm: HubSpot, browser: Browser) -> None:
    eventually(lambda: told(server)["polled_at"])
    crm.token = "locked"
    path = server.share()
    server.admit(path)
    eventually(lambda: told(server)["paused_until"])
    server.admit(path, browser(), email="bob@umbrella.example")  # waits, and was never tried
    bob = next(lead for lead in server.leads() if lead["email"].startswith("bob"))
    server.api.delete(f"/api/v1/leads/{bob['id']}")
    jobs = server.api.get("/api/v1/outbox?destination=hubspot").json()["items"]
    assert [(job["topic"], job["state"]) for job in jobs if job["subject"] == bob["id"]] == [("contact", "skipped")]


def test_what_drifted_is_found_told_and_put_right(server: Server, crm: HubSpot, clock: Any) -> None:
    server.admit(server.share())
    contact = eventually(lambda: crm.find(ANN["email"]))
    eventually(lambda: idle(server) and told(server)["reconciled_at"])
    contact.properties["passalong_customer_id"] = "globex"
    clock.ms += DAY_MS + 1
    status = eventually(lambda: (now := told(server))["drifts"] and now)
    [drift] = status["drifts"]
    assert (drift["kind"], drift["record"]) == ("contact", contact.id)
    assert drift["drift"] == "passalong_customer_id is “globex” there and “initech” here."
    assert server.api.post("/api/v1/outbox/resend", json={"crm": True}).json()["queued"] == 1
    eventually(lambda: contact.properties["passalong_customer_id"] == "initech" and not told(server)["drifts"])


def test_leads_from_before_the_connection_are_lacking_and_can_be_sent(tmp_path: Any, clock: Any, crm: HubSpot) -> None:
    with serving(tmp_path, clock) as alone:
        alone.admit(alone.share())
        assert alone.api.get("/api/v1/outbox").json()["items"] == []
    with serving(tmp_path, clock, hubspot=HubSpotSettings(base_url=crm.url, token=crm.token)) as connected:
        assert told(connected)["differences"]["lacking"] == 1
        assert connected.api.post("/api/v1/outbox/resend", json={"crm": True}).json()["queued"] == 1
        eventually(lambda: crm.find(ANN["email"]) and idle(connected))
        assert told(connected)["differences"]["lacking"] == 0


def test_the_credit_is_written_to_the_deal(server: Server, crm: HubSpot, clock: Any) -> None:
    server.admit(server.share(customer="globex"))
    eventually(lambda: idle(server) and crm.find(ANN["email"]))
    clock.ms += DAY_MS
    id = crm.deal(contacts=["x@umbrella.example", ANN["email"]], amount="1200", currency="EUR", created_at_ms=clock())
    clock.ms += 6 * 60_000
    deal = crm.deals[id]
    eventually(lambda: deal.properties.get("passalong_customer_id"), within_s=10)
    [credit] = server.api.get("/api/v1/conversions").json()["items"][0]["attribution"]["credits"]
    assert touch(deal) == {
        "customer_id": "globex", "mechanic": "hard", "share": credit["share"], "hop": "0", "evidence": "observed",
    }  # fmt: skip
    assert credit["why"].startswith("The second of 2 contacts filled the gate on Globex’s link")
    [conversion] = server.api.get("/api/v1/conversions").json()["items"]
    body = {"by": "Mara", "reason": "Initech opened the door", "customer": "initech", "mechanic": "soft"}
    server.api.post(f"/api/v1/conversions/{conversion['conversion']['id']}/override", json=body)
    eventually(lambda: deal.properties["passalong_customer_id"] == "initech")
    assert (deal.properties["passalong_mechanic"], deal.properties["passalong_evidence"]) == ("soft", "declared")


def test_a_key_that_may_not_read_companies_still_writes_contacts(server: Server, crm: HubSpot) -> None:
    crm.company("umbrella.example")
    crm.forbidden = "companies/search"
    server.admit(server.share())
    eventually(lambda: crm.find(ANN["email"]) and idle(server))
    status = told(server)
    assert (status["paused_until"], status["failed"], status["differences"]["contacts"]) == (None, 0, 1)
    [trouble] = status["troubles"]
    assert trouble.startswith("Companies are not associated: ")


def test_a_first_touch_that_stood_there_is_no_drift(server: Server, crm: HubSpot, browser: Browser, clock: Any) -> None:
    server.admit(server.share())
    contact = eventually(lambda: crm.find(ANN["email"]))
    eventually(lambda: idle(server))
    contact.properties |= {"passalong_customer_id": "globex", "passalong_lead": "another"}
    server.admit(server.share(customer="globex"), browser(), company="Umbrella")
    eventually(lambda: contact.properties.get("company") and idle(server))
    before = told(server)["reconciled_at"]
    clock.ms += DAY_MS + 1
    eventually(lambda: told(server)["reconciled_at"] != before)
    assert told(server)["drifts"] == []


def test_hubspots_words_name_nobodys_address(server: Server, crm: HubSpot) -> None:
    crm.poison[ANN["email"]] = f"Property values were not valid: Email address {ANN['email']} is invalid"
    server.admit(server.share())
    [letter] = eventually(lambda: server.api.get("/api/v1/outbox?state=failed").json()["items"])
    assert "Email address … is invalid" in letter["reason"]
    assert ANN["email"] not in letter["reason"]


def test_a_deal_without_credit_that_drifted_is_put_right(server: Server, crm: HubSpot, clock: Any) -> None:
    id = crm.deal(contacts=["x@stranger.example"], created_at_ms=clock())
    clock.ms += 6 * 60_000
    eventually(lambda: server.api.get("/api/v1/conversions").json()["items"], within_s=10)
    [conversion] = server.api.get("/api/v1/conversions").json()["items"]
    path = f"/api/v1/conversions/{conversion['conversion']['id']}/override"
    server.api.post(path, json={"by": "Mara", "reason": "I was there.", "customer": "initech"})
    eventually(lambda: crm.deals[id].properties.get("passalong_customer_id") == "initech")
    server.api.post(path, json={"by": "Mara", "reason": "I was not.", "withdraw": True})
    eventually(lambda: not crm.deals[id].properties.get("passalong_customer_id"))
    eventually(lambda: idle(server))
    crm.deals[id].properties["passalong_customer_id"] = "somebody"
    clock.ms += DAY_MS + 1
    eventually(lambda: told(server)["drifts"], within_s=10)
    assert server.api.post("/api/v1/outbox/resend", json={"crm": True}).json()["queued"] == 1
    eventually(lambda: not crm.deals[id].properties.get("passalong_customer_id") and not told(server)["drifts"])


def test_a_database_that_is_locked_for_long_keeps_no_job_back(server: Server, crm: HubSpot) -> None:
    crm.faults.slow_s = 0.4
    crm.faults.next("slow", times=1, path="batch/read")
    server.admit(server.share())
    eventually(lambda: any("batch/read" in request.path for request in crm.requests))
    with engine.held(server.config.database):
        time.sleep(6)  # longer than a writer waits, and longer than one attempt to put the job back
    eventually(lambda: idle(server) and crm.find(ANN["email"]), within_s=20)
