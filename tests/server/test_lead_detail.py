"""One lead: by whose links it came, what it agreed to, and how it stands in HubSpot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from factories import ANN, FIREFOX, SAFARI, Server, eventually, rfc3339
from hubspot import HubSpot
from passalong.settings import HubSpot as HubSpotSettings
from serving import serving

DAY_MS = 86_400_000
OTHER = "Mozilla/5.0 (X11) Firefox/139.0"


def detail(server: Server, email: str, **more: Any) -> dict[str, Any]:
    lead = next(lead for lead in server.leads() if lead["email"] == email)
    answer = server.api.get(f"/api/v1/leads/{lead['id']}", **more)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def passed_along(server: Server, browser: Any, clock: Any) -> None:
    """Gil comes by Initech's link and passes it along to Pam, who passes it along to Ann; two days for each step."""
    path = server.share(channel="linkedin", sharer="u-17")
    for agent, email in ((FIREFOX, "gil@hooli.example"), (SAFARI, "pam@pied.example")):
        viewer = browser(agent)
        server.admit(path, viewer, email=email)
        made = viewer.post(f"{path}/pass-along").headers["location"]
        path = "/s/" + made.partition("link=")[2].partition("&")[0]
        clock.ms += 2 * DAY_MS
    server.admit(path, browser(OTHER))


def test_the_way_of_a_lead_is_told_link_by_link(server: Server, browser: Any, clock: Any) -> None:
    passed_along(server, browser, clock)
    way = detail(server, ANN["email"])["way"]
    assert [hop["hop"] for hop in way] == [0, 1, 2]
    assert [hop["passed_by"] and hop["passed_by"]["email"] for hop in way] == [
        None, "gil@hooli.example", "pam@pied.example",
    ]  # fmt: skip
    assert [hop["reached"]["email"] for hop in way] == ["gil@hooli.example", "pam@pied.example", ANN["email"]]
    assert [hop["sharer"] for hop in way] == ["u-17", None, None]
    assert [hop["channel"] for hop in way] == ["linkedin", "pass-along", "pass-along"]
    assert {(hop["customer"], hop["mechanic"], hop["asset"]) for hop in way} == {("initech", "hard", "report")}
    reached = [hop["reached_at"] for hop in way]
    assert reached == sorted(reached)
    assert all(hop["shared_at"] <= hop["reached_at"] for hop in way)
    assert [hop["hop"] for hop in detail(server, "gil@hooli.example")["way"]] == [0]


def test_the_way_names_addresses_to_admins_alone_and_the_erased_to_nobody(
    server: Server, browser: Any, clock: Any
) -> None:
    passed_along(server, browser, clock)
    _, reader = server.key("reader")
    said = detail(server, ANN["email"], headers=reader)
    assert [hop["reached"]["email"] for hop in said["way"]] == [None, None, None]
    assert [hop["reached"]["domain"] for hop in said["way"]] == ["hooli.example", "pied.example", "umbrella.example"]
    assert "gil@" not in str(said)
    pam = next(lead for lead in server.leads() if lead["email"] == "pam@pied.example")
    assert server.api.delete(f"/api/v1/leads/{pam['id']}").status_code == 200
    said = detail(server, ANN["email"])
    assert (
        said["way"][1]["reached"] == said["way"][2]["passed_by"] == {"lead": pam["id"], "email": None, "domain": None}
    )
    assert "pied.example" not in str(said)


def test_the_wording_that_was_agreed_to_is_told(server: Server) -> None:
    server.submit(server.share(mechanic="strict"), email=ANN["email"], consent="true")
    said = detail(server, ANN["email"])
    assert said["consent_text"] == "Acme may write to me."
    assert said["lead"]["consent_version"]
    assert said["lead"]["consent_at"]


def test_without_a_crm_it_says_that_there_is_none(server: Server) -> None:
    server.admit(server.share())
    crm = detail(server, ANN["email"])["crm"]
    assert (crm["connected"], crm["record"], crm["job"]) == (False, None, None)


@pytest.fixture
def connected(crm: HubSpot, tmp_path: Any, clock: Any) -> Iterator[Server]:
    told = HubSpotSettings(base_url=crm.url, token=crm.token, timeout_s=0.5)
    with serving(tmp_path, clock, hubspot=told) as running:
        yield running


def test_a_lead_tells_which_contact_it_is_and_how_that_differs(connected: Server, crm: HubSpot, clock: Any) -> None:
    connected.admit(connected.share())
    eventually(lambda: (job := detail(connected, ANN["email"])["crm"]["job"]) and job["state"] == "sent")
    said = detail(connected, ANN["email"])["crm"]
    contact = crm.find(ANN["email"])
    assert contact is not None
    assert (said["connected"], said["record"], said["ours"], said["drift"]) == (True, contact.id, True, None)
    assert said["told_at"]
    assert said["job"]["topic"] == "contact"
    crm.write(contact, {"passalong_customer_id": "globex"})
    clock.ms += DAY_MS
    said = eventually(lambda: (now := detail(connected, ANN["email"])["crm"])["drift"] and now, within_s=10)
    assert said["drift"] == "passalong_customer_id is “globex” there and “initech” here."


def test_a_refused_lead_says_so_in_hubspots_own_words(connected: Server, crm: HubSpot) -> None:
    crm.poison[ANN["email"]] = "Property values were not valid: no such lifecycle stage"
    connected.admit(connected.share())
    said = eventually(lambda: (now := detail(connected, ANN["email"])["crm"])["job"]["state"] == "failed" and now)
    assert said["record"] is None
    assert "no such lifecycle stage" in said["job"]["reason"]


def test_a_lead_that_waits_says_why(connected: Server, crm: HubSpot) -> None:
    crm.faults.next("401", times=50)
    connected.admit(connected.share())
    said = eventually(lambda: (now := detail(connected, ANN["email"])["crm"])["pause_reason"] and now)
    assert said["job"]["state"] == "pending"
    assert said["pause_reason"].startswith("HubSpot refuses the key")
    assert said["paused_until"]


def test_a_deal_is_called_what_the_crm_calls_it_and_found_by_that(connected: Server, crm: HubSpot, clock: Any) -> None:
    connected.admit(connected.share())
    eventually(lambda: crm.find(ANN["email"]))
    crm.deal("Umbrella – fifty seats", contacts=[ANN["email"]], amount="1200")
    clock.ms += DAY_MS

    def told(**asked: Any) -> list[dict[str, Any]]:
        return list(connected.api.get("/api/v1/conversions", params=asked, timeout=5).json()["items"])

    [item] = eventually(lambda: told(q="fifty"), within_s=10)
    deal = item["conversion"]
    assert (deal["deal_name"], deal["external_id"]) == ("Umbrella – fifty seats", f"hubspot-{deal['deal']}")
    whole = connected.api.get(f"/api/v1/conversions/{deal['id']}").json()
    assert whole["conversion"]["deal_name"] == "Umbrella – fifty seats"
    assert (whole["crm"]["connected"], whole["crm"]["record"]) == (True, deal["deal"])
    _, reader = connected.key("reader")
    assert "fifty" not in connected.api.get(f"/api/v1/conversions/{deal['id']}", headers=reader).text
    assert connected.api.get("/api/v1/conversions", params={"q": "fifty"}, headers=reader).json()["items"] == []


def test_what_was_reported_by_hand_is_no_deal(server: Server, clock: Any) -> None:
    server.convert("D-1", occurred_at=rfc3339(clock()))
    [item] = server.api.get("/api/v1/conversions").json()["items"]
    assert item["conversion"]["deal_name"] is None
    assert server.api.get(f"/api/v1/conversions/{item['conversion']['id']}").json()["crm"] is None
