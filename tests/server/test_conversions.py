"""Conversions over the API: who is credited, on what evidence, and in which words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from factories import ANN, SAFARI, Server, rfc3339

Browser = Callable[..., httpx2.Client]
DAY_MS = 86_400_000
EUR = {"amount_minor": 120_001, "currency": "EUR"}


def click(server: Server, path: str, client: httpx2.Client | None = None) -> str:
    location = (client or server.viewer).get(f"{path}/go").headers["location"]
    return parse_qs(urlsplit(location).query)["pa_click"][0]


def test_a_click_id_credits_the_customer_whose_link_it_was(server: Server, clock: Any) -> None:
    path = server.share(mechanic="open", sharer="u-17")
    clicked = click(server, path)
    clock.ms += 21 * DAY_MS
    said = server.convert("D-1", occurred_at=rfc3339(clock()), click=clicked, amount=EUR)
    [credit] = said["credits"]
    assert said["unattributed_reason"] is None
    assert (credit["customer"], credit["mechanic"], credit["asset"]) == ("initech", "open", "report")
    assert (credit["sharer"], credit["hop"], credit["lead"]) == ("u-17", 0, None)
    assert (credit["micro"], credit["amount_minor"]) == (1_000_000, 120_001)
    assert (credit["evidence"], credit["motion"]) == ("observed", "new_logo")
    assert credit["why"] == "Came through the call to action on Initech’s link 21 days before."
    assert server.counts("open")["opportunities"] == 1
    assert server.counts("open")["pipeline"] == [{"amount_minor": 120_001, "currency": "EUR"}]


def test_the_third_contact_of_four_is_enough(server: Server, clock: Any) -> None:
    server.admit(server.share(customer="globex"))
    clock.ms += 3 * DAY_MS
    emails = ["one@umbrella.example", "two@umbrella.example", "ANN@umbrella.example", "four@umbrella.example"]
    said = server.convert("D-2", occurred_at=rfc3339(clock()), emails=emails)
    [credit] = said["credits"]
    assert (credit["customer"], credit["evidence"], credit["amount_minor"]) == ("globex", "observed", None)
    assert credit["why"] == "The third of 4 contacts filled the gate on Globex’s link 3 days before."
    lead = server.api.get(f"/api/v1/leads/{credit['lead']}").json()
    assert lead["lead"]["email"] == ANN["email"]
    assert [c["conversion"]["external_id"] for c in lead["conversions"]] == ["D-2"]
    assert [e["kind"] for e in lead["events"]][:2] == ["lead", "view"]


def test_a_colleague_at_the_companys_domain_is_a_guess_and_is_called_one(server: Server, clock: Any) -> None:
    server.admit(server.share())
    clock.ms += DAY_MS
    said = server.convert("D-3", occurred_at=rfc3339(clock()), company_domain="www.umbrella.example")
    [credit] = said["credits"]
    assert credit["evidence"] == "inferred"
    assert credit["why"] == "Somebody at umbrella.example filled the gate on Initech’s link the day before."
    by_mail = server.convert("D-4", occurred_at=rfc3339(clock()), emails=["boss@eu.umbrella.example"])
    assert by_mail["credits"][0]["evidence"] == "inferred"


def test_an_answer_that_names_a_customer_is_a_declaration(server: Server, clock: Any) -> None:
    said = server.convert("D-5", occurred_at=rfc3339(clock()), heard_from="somebody at GLOBEX showed us")
    [credit] = said["credits"]
    assert (credit["customer"], credit["evidence"]) == ("globex", "declared")
    assert (credit["share"], credit["mechanic"]) == (None, None)
    assert credit["why"] == "Asked how they heard of us, they named Globex (“somebody at GLOBEX showed us”)."


def test_what_was_seen_is_not_diluted_by_what_was_said(server: Server, clock: Any) -> None:
    clicked = click(server, server.share(mechanic="open"))
    said = server.convert("D-6", occurred_at=rfc3339(clock()), click=clicked, heard_from="Globex")
    assert [(c["customer"], c["evidence"]) for c in said["credits"]] == [("initech", "observed")]


def test_the_customer_at_the_root_gets_the_credit_of_several_touches(
    server: Server, browser: Browser, clock: Any
) -> None:
    server.admit(server.share(customer="globex"))
    clock.ms += 5 * DAY_MS
    later = browser(SAFARI)
    server.admit(server.share(customer="initech"), later)
    clicked = click(server, server.share(mechanic="open"))
    clock.ms += DAY_MS
    said = server.convert("D-7", occurred_at=rfc3339(clock()), click=clicked, emails=[ANN["email"]], amount=EUR)
    assert [(c["customer"], c["micro"], c["amount_minor"]) for c in said["credits"]] == [("globex", 1_000_000, 120_001)]


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        ({"emails": ["x@gmail.com"]}, "freemail"),
        ({"click": "not.ours"}, "click id was not issued here"),
        ({}, "no click id, no e-mail address and no company domain"),
        ({"emails": ["x@stranger.example"]}, "none of the contacts"),
        ({"company_domain": "stranger.example"}, "nobody at the company’s domain"),
        ({"heard_from": "the radio"}, "“the radio” names no customer"),
    ],
)
def test_without_evidence_nobody_is_credited_and_the_reason_is_said(
    server: Server, clock: Any, report: dict[str, Any], reason: str
) -> None:
    said = server.convert("D-8", occurred_at=rfc3339(clock()), amount=EUR, **report)
    assert said["credits"] == []
    assert reason.lower() in said["unattributed_reason"].lower()
    month = server.api.get("/api/v1/metric?months=1").json()["months"][-1]
    assert (month["opportunities"], month["attributed"], month["coverage"]) == (1, 0, 0.0)


def test_a_touch_outside_the_window_or_after_the_fact_counts_for_nothing(server: Server, clock: Any) -> None:
    server.admit(server.share())
    yesterday = rfc3339(clock() - DAY_MS)
    assert server.convert("D-9", occurred_at=yesterday, emails=[ANN["email"]])["credits"] == []
    clock.ms += 181 * DAY_MS
    late = server.convert("D-10", occurred_at=rfc3339(clock()), emails=[ANN["email"]])
    assert late["credits"] == []
    assert "within the window" in late["unattributed_reason"]


def test_a_click_older_than_the_window_counts_for_nothing_either(server: Server, clock: Any) -> None:
    clicked = click(server, server.share(mechanic="open"))
    clock.ms += 181 * DAY_MS
    assert server.convert("D-11", occurred_at=rfc3339(clock()), click=clicked)["credits"] == []


def test_the_customers_own_people_are_expansion(server: Server, browser: Browser, clock: Any) -> None:
    server.admit(server.share(), browser(), email="sam@initech.example")
    said = server.convert("D-12", occurred_at=rfc3339(clock()), emails=["sam@initech.example"])
    assert said["credits"][0]["motion"] == "expansion"
    clicked = click(server, server.share(mechanic="open"))
    by_domain = {"click": clicked, "company_domain": "eu.initech.example"}
    assert server.convert("D-13", occurred_at=rfc3339(clock()), **by_domain)["credits"][0]["motion"] == "expansion"


def test_the_same_report_gets_the_same_answer_and_another_is_a_conflict(server: Server, clock: Any) -> None:
    body = {"external_id": "D-1", "kind": "opportunity", "occurred_at": rfc3339(clock()), "heard_from": "Initech"}
    first = server.api.post("/api/v1/conversions", json=body)
    again = server.api.post("/api/v1/conversions", json=body)
    assert first.status_code == again.status_code == 201
    assert again.json() == first.json()
    other = server.api.post("/api/v1/conversions", json={**body, "amount": EUR})
    assert other.status_code == 409
    assert "D-1" in other.json()["detail"]
    assert server.api.post("/api/v1/conversions", json={**body, "kind": "won"}).status_code == 201
    assert len([e for e in server.events() if e["kind"] == "opportunity"]) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"occurred_at": "2026-01-01T00:00:00"}, "occurred_at"),
        ({"occurred_at": "1999-01-01T00:00:00Z"}, "occurred_at"),
        ({"emails": ["a@b.example", "nonsense"]}, "emails[1]"),
        ({"company_domain": "no domain"}, "company_domain"),
        ({"kind": "maybe"}, "kind"),
        ({"amount": {"amount_minor": -1, "currency": "EUR"}}, "amount.amount_minor"),
        ({"amount": {"amount_minor": 1.5, "currency": "EUR"}}, "amount.amount_minor"),
        ({"amount": {"amount_minor": 1, "currency": "euro"}}, "amount.currency"),
        ({"external_id": ""}, "external_id"),
        ({"probability": 0.5}, "probability"),
    ],
)
def test_a_report_that_cannot_be_right_is_refused_by_field(
    server: Server, clock: Any, change: dict[str, Any], field: str
) -> None:
    body = {"external_id": "D-1", "kind": "opportunity", "occurred_at": rfc3339(clock()), **change}
    refused = server.api.post("/api/v1/conversions", json=body)
    assert refused.status_code in (400, 422)
    assert [fault["field"] for fault in refused.json()["faults"]] == [field]
    assert server.events() == []


def test_the_one_number_counts_opportunities_that_carry_a_name(server: Server, clock: Any) -> None:
    clicked = click(server, server.share(mechanic="open"))
    when = rfc3339(clock())
    server.convert("A", occurred_at=when, click=clicked, amount=EUR)
    server.convert("B", occurred_at=when, amount={"amount_minor": 500, "currency": "JPY"})
    server.convert("C", occurred_at=when, kind="won", click=clicked, amount=EUR)
    metric = server.api.get("/api/v1/metric?months=3").json()
    assert [m["opportunities"] for m in metric["months"]] == [0, 0, 2]
    month = metric["months"][-1]
    assert (month["attributed"], month["coverage"]) == (1, 0.5)
    sources = {
        (s["mechanic"], s["attributed"], s["amount"]["amount_minor"], s["amount"]["currency"]) for s in month["sources"]
    }
    assert sources == {("open", True, 120_001, "EUR"), (None, False, 500, "JPY")}
    assert (metric["funnel"]["won"], metric["funnel"]["click"]) == (1, 1)
    detail = server.api.get("/api/v1/customers/initech").json()
    assert {c["conversion"]["external_id"] for c in detail["conversions"]} == {"A", "C"}
    assert detail["customer"]["counts"]["pipeline"] == [EUR]
    assert [s["opportunities"] for s in detail["shares"]] == [1]
