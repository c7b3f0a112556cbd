"""Credits follow the facts: they change when the facts do, say why, and what they were stays readable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

import engine
from factories import ANN, FIREFOX, SAFARI, Server, eventually, rfc3339
from passalong.settings import Attribution, Reporting

Browser = Callable[..., httpx2.Client]
DAY_MS = 86_400_000
EUR = {"amount_minor": 100_000, "currency": "EUR"}


def opportunity(server: Server, external_id: str, **report: Any) -> str:
    """Reports an opportunity and gives its id."""
    body = {"external_id": external_id, "kind": "opportunity", **report}
    answer = server.api.post("/api/v1/conversions", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["conversion"]["id"])


def detail(server: Server, id: str) -> dict[str, Any]:
    answer = server.api.get(f"/api/v1/conversions/{id}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def customers(server: Server, id: str) -> list[str]:
    return [credit["customer"] for credit in detail(server, id)["attribution"]["credits"]]


def decide(server: Server, id: str, **body: Any) -> httpx2.Response:
    return server.api.post(f"/api/v1/conversions/{id}/override", json={"by": "Mara", "reason": "I was there.", **body})


def test_a_lead_that_comes_later_the_same_day_is_credited_anew(server: Server, clock: Any) -> None:
    emails = ["boss@umbrella.example", "ANN@umbrella.example"]
    id = opportunity(server, "D-1", occurred_at=rfc3339(clock()), emails=emails, amount=EUR)
    assert detail(server, id)["attribution"]["credits"] == []
    server.admit(server.share(customer="globex"))
    eventually(lambda: customers(server, id) == ["globex"])
    told = detail(server, id)
    assert told["conversion"]["version"] == 2
    assert told["attribution"]["unattributed_reason"] is None
    first, second = told["evaluations"]
    assert (first["version"], first["cause"], first["credits"]) == (1, "recorded", [])
    assert "none of the contacts" in first["unattributed_reason"].lower()
    assert (second["version"], second["cause"]) == (2, "a lead came in")
    assert second["credits"] == told["attribution"]["credits"]
    month = server.api.get("/api/v1/metric?months=1").json()["months"][0]
    assert (month["attributed"], month["opportunities"], month["coverage"]) == (1, 1, 1.0)
    assert server.counts("hard")["opportunities"] == 1


def test_a_lead_that_comes_weeks_later_explains_and_is_not_credited(server: Server, clock: Any) -> None:
    id = opportunity(server, "D-1", occurred_at=rfc3339(clock()), emails=[ANN["email"]], amount=EUR)
    clock.ms += 20 * DAY_MS
    server.admit(server.share())
    eventually(lambda: detail(server, id)["touchpoints"])
    told = detail(server, id)
    assert told["attribution"]["credits"] == []
    assert "only afterwards" in told["attribution"]["unattributed_reason"]


def test_a_colleague_who_comes_the_same_day_makes_it_a_guess(server: Server, clock: Any) -> None:
    id = opportunity(server, "D-1", occurred_at=rfc3339(clock()), company_domain="umbrella.example")
    by_mail = opportunity(server, "D-2", occurred_at=rfc3339(clock()), emails=["boss@eu.umbrella.example"])
    freemail = opportunity(server, "D-3", occurred_at=rfc3339(clock()), emails=["boss@gmail.com"])
    server.admit(server.share())
    for each in (id, by_mail):
        eventually(lambda each=each: customers(server, each) == ["initech"])
        [credit] = detail(server, each)["attribution"]["credits"]
        assert credit["evidence"] == "inferred"
        assert credit["why"] == "Somebody at umbrella.example filled the gate on Initech’s link on the same day."
    assert customers(server, freemail) == []


def test_freemail_is_never_a_company(server: Server, browser: Browser, clock: Any) -> None:
    server.admit(server.share(mechanic="soft"), browser(), email="neighbour@gmail.com")
    clock.ms += DAY_MS
    id = opportunity(server, "D-1", occurred_at=rfc3339(clock()), emails=["x@gmail.com"], company_domain="gmail.com")
    assert detail(server, id)["touchpoints"] == []
    assert customers(server, id) == []


def test_what_was_seen_of_a_contact_beats_what_is_guessed_of_a_colleague(
    server: Server, browser: Browser, clock: Any
) -> None:
    server.admit(server.share(customer="globex"), browser(), email="cleo@umbrella.example")
    clock.ms += DAY_MS
    server.admit(server.share(customer="initech"), browser(SAFARI))
    clock.ms += DAY_MS
    emails = ["a@umbrella.example", "b@umbrella.example", ANN["email"], "d@umbrella.example"]
    id = opportunity(server, "D-1", occurred_at=rfc3339(clock()), emails=emails)
    told = detail(server, id)
    assert [(c["customer"], c["evidence"]) for c in told["attribution"]["credits"]] == [("initech", "observed")]
    assert {(t["customer"], t["via"]) for t in told["touchpoints"]} == {("initech", "contact"), ("globex", "domain")}


def test_a_credit_names_by_whose_way_the_link_came(server: Server, browser: Browser, clock: Any) -> None:
    path = server.share(mechanic="hard")
    for agent, email in ((FIREFOX, "gil@hooli.example"), (SAFARI, "pam@pied.example")):
        viewer = browser(agent)
        server.admit(path, viewer, email=email)
        made = viewer.post(f"{path}/pass-along").headers["location"]
        path = "/s/" + made.partition("link=")[2].partition("&")[0]
    server.admit(path, browser("Mozilla/5.0 (X11) Firefox/139.0"))
    clock.ms += 12 * DAY_MS
    emails = ["a@umbrella.example", "b@umbrella.example", ANN["email"]]
    id = opportunity(server, "D-1", occurred_at=rfc3339(clock()), emails=emails)
    [credit] = detail(server, id)["attribution"]["credits"]
    assert credit["hop"] == 2
    assert credit["why"] == (
        "The third of 3 contacts filled the gate on Initech’s link 12 days before; "
        "the link had come by way of a lead at pied.example (hop 2)."
    )
    pam = next(lead for lead in server.leads() if lead["email"] == "pam@pied.example")
    before = server.api.get("/api/v1/metric?months=1").json()
    server.api.delete(f"/api/v1/leads/{pam['id']}")
    told = detail(server, id)
    [credit] = told["attribution"]["credits"]
    assert credit["why"].endswith("; the link had been passed along (hop 2).")
    assert "pied.example" not in str(told)
    assert server.api.get("/api/v1/metric?months=1").json() == before


@pytest.mark.parametrize("report", [{"emails": [ANN["email"]]}, {"company_domain": "umbrella.example"}])
def test_erasing_whoever_was_credited_changes_no_total(server: Server, clock: Any, report: dict[str, Any]) -> None:
    server.admit(server.share(customer="globex"))
    clock.ms += DAY_MS
    id = opportunity(server, "D-1", occurred_at=rfc3339(clock()), amount=EUR, **report)
    before = (
        server.api.get("/api/v1/metric?months=2").json(), server.counts("hard"),
        server.api.get("/api/v1/customers").json(),
    )  # fmt: skip
    [lead] = server.leads()
    server.api.delete(f"/api/v1/leads/{lead['id']}")
    after = (
        server.api.get("/api/v1/metric?months=2").json(), server.counts("hard"),
        server.api.get("/api/v1/customers").json(),
    )  # fmt: skip
    assert after == before
    told = detail(server, id)
    assert customers(server, id) == ["globex"]
    assert "umbrella.example" not in str(told["evaluations"]) + str(told["attribution"])


def test_an_admins_word_is_dated_and_reasoned_and_can_be_withdrawn(server: Server, clock: Any) -> None:
    server.admit(server.share(customer="globex"))
    clock.ms += DAY_MS
    id = opportunity(server, "D-1", occurred_at=rfc3339(clock()), emails=[ANN["email"]], amount=EUR)
    told = decide(server, id, customer="initech", mechanic="soft").json()
    [credit] = told["attribution"]["credits"]
    assert (credit["customer"], credit["mechanic"], credit["micro"]) == ("initech", "soft", 1_000_000)
    assert (credit["evidence"], credit["amount_minor"]) == ("declared", 100_000)
    assert credit["why"].startswith("Decided by Mara on 20")
    assert "I was there." in credit["why"]
    assert {tuple(c["customer"] for c in credits) for credits in told["models"].values()} == {("initech",)}
    assert [e["cause"] for e in told["evaluations"]] == ["recorded", "Mara decided: I was there."]
    assert server.counts("hard")["opportunities"] == 0
    assert server.counts("soft")["pipeline"] == [EUR]
    nobody = decide(server, id, reason="It was us.").json()
    assert nobody["attribution"]["credits"] == []
    assert nobody["attribution"]["unattributed_reason"] == "Decided by Mara: “It was us.”."
    again = decide(server, id, withdraw=True, reason="Let the evidence speak.").json()
    assert [c["customer"] for c in again["attribution"]["credits"]] == ["globex"]
    assert [o["customer"] for o in again["overrides"]] == ["initech", None, None]
    assert again["conversion"]["version"] == 4
    assert server.counts("hard")["opportunities"] == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"reason": ""}, "reason"),
        ({"by": ""}, "by"),
        ({"reason": "  "}, "reason"),
        ({"customer": ""}, "customer"),
        ({"customer": "nobody"}, "customer"),
        ({"customer": "initech", "mechanic": "nothing"}, "mechanic"),
        ({"mechanic": "hard"}, "mechanic"),
        ({"withdraw": True, "customer": "initech"}, "withdraw"),
    ],
)
def test_a_decision_without_sense_is_refused_by_field(
    server: Server, clock: Any, body: dict[str, Any], field: str
) -> None:
    id = opportunity(server, "D-1", occurred_at=rfc3339(clock()), heard_from="Initech")
    refused = decide(server, id, **body)
    assert refused.status_code in (400, 422)
    assert [fault["field"] for fault in refused.json()["faults"]] == [field]
    assert detail(server, id)["conversion"]["version"] == 1
    assert decide(server, "nothing", customer="initech").status_code == 404


def test_every_model_stands_beside_the_others(server: Server, browser: Browser, clock: Any) -> None:
    server.admit(server.share(customer="globex"))
    clock.ms += 7 * DAY_MS
    server.admit(server.share(customer="initech"), browser(SAFARI))
    clock.ms += 1000
    id = opportunity(server, "D-1", occurred_at=rfc3339(clock()), emails=[ANN["email"]], amount=EUR)
    models = detail(server, id)["models"]
    shares = {name: {c["customer"]: c["micro"] for c in credits} for name, credits in models.items()}
    assert shares["origin"] == shares["first"] == {"globex": 1_000_000}
    assert shares["last"] == {"initech": 1_000_000}
    assert shares["linear"] == shares["position"] == {"globex": 500_000, "initech": 500_000}
    assert shares["time_decay"]["globex"] == pytest.approx(333_333, abs=2)
    assert all(sum(c["amount_minor"] for c in credits) == 100_000 for credits in models.values())


@pytest.mark.settings(attribution=Attribution(model="linear"))
def test_the_model_of_the_settings_is_what_is_stored(server: Server, browser: Browser, clock: Any) -> None:
    server.admit(server.share(customer="globex"))
    server.admit(server.share(customer="initech", mechanic="soft"), browser(SAFARI))
    id = opportunity(server, "D-1", occurred_at=rfc3339(clock()), emails=[ANN["email"]], amount=EUR)
    told = detail(server, id)
    assert told["attribution"]["model"] == "linear"
    assert sorted(customers(server, id)) == ["globex", "initech"]
    month = server.api.get("/api/v1/metric?months=1").json()["months"][0]
    assert month["attributed"] == 1
    assert sum(source["opportunities"] for source in month["sources"]) == 1
    assert server.counts("hard")["opportunities"] == 0.5
    assert server.counts("hard")["pipeline"] == [{"amount_minor": 50_000, "currency": "EUR"}]
    sliced = server.api.get("/api/v1/metric?months=1&customer=globex").json()["months"][0]
    assert (sliced["attributed"], sliced["opportunities"]) == (0.5, 1)


def test_conversions_are_listed_with_and_without_a_name(server: Server, clock: Any) -> None:
    ids = [
        opportunity(
            server, f"D-{n}", occurred_at=rfc3339(clock() - n * DAY_MS), **({"heard_from": "Globex"} if n % 2 else {})
        )
        for n in range(5)
    ]
    server.convert("W-1", occurred_at=rfc3339(clock()), kind="won")

    def listed(query: str) -> list[str]:
        found, cursor = [], ""
        while True:
            page = server.api.get(f"/api/v1/conversions?limit=2&{query}{cursor}").json()
            found += [item["conversion"]["id"] for item in page["items"]]
            if page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    assert len(listed("")) == 6
    assert listed("kind=opportunity") == ids
    assert listed("kind=opportunity&attributed=true") == [ids[1], ids[3]]
    assert listed("kind=opportunity&attributed=false") == [ids[0], ids[2], ids[4]]


def test_money_is_never_added_across_currencies(server: Server, clock: Any) -> None:
    amounts = [(100_001, "EUR"), (7, "JPY"), (1_234, "KWD"), (99, "EUR")]
    for n, (minor, currency) in enumerate(amounts):
        amount = {"amount_minor": minor, "currency": currency}
        opportunity(server, f"D-{n}", occurred_at=rfc3339(clock()), heard_from="Globex", amount=amount)
    month = server.api.get("/api/v1/metric?months=1").json()["months"][0]
    assert month["pipeline"]["by_currency"] == [
        {"amount_minor": 100_100, "currency": "EUR"},
        {"amount_minor": 1_234, "currency": "KWD"},
        {"amount_minor": 7, "currency": "JPY"},
    ]
    assert month["pipeline"]["converted"] is None
    [globex] = [c for c in server.api.get("/api/v1/customers").json()["items"] if c["id"] == "globex"]
    assert sorted(m["currency"] for m in globex["counts"]["pipeline"]) == ["EUR", "JPY", "KWD"]


@pytest.mark.settings(reporting=Reporting(currency="EUR", rates={"JPY": 0.006, "KWD": 3.0}))
def test_what_is_converted_says_at_which_rates_and_what_was_left_out(server: Server, clock: Any) -> None:
    for n, (minor, currency) in enumerate([(1_000, "EUR"), (1_000, "JPY"), (1_000, "KWD"), (1_000, "USD")]):
        amount = {"amount_minor": minor, "currency": currency}
        opportunity(server, f"D-{n}", occurred_at=rfc3339(clock()), heard_from="Globex", amount=amount)
    converted = server.api.get("/api/v1/metric?months=1").json()["months"][0]["pipeline"]["converted"]
    assert converted == {
        "amount": {"amount_minor": 1_000 + 600 + 300, "currency": "EUR"},
        "rates": {"JPY": 0.006, "KWD": 3.0},
        "left_out": ["USD"],
    }


def test_slices_add_up_and_say_what_is_theirs(server: Server, browser: Browser, clock: Any) -> None:
    api = server.api
    for id, region in (("initech", "emea"), ("globex", "apac")):
        body = {"name": id.title(), "domains": [f"{id}.example"], "region": region}
        assert api.put(f"/api/v1/customers/{id}", json=body).status_code == 200
    server.admit(server.share(customer="initech", channel="linkedin"))
    server.admit(server.share(customer="globex", asset="page", channel="email"), browser(), email="b@b.example")
    clock.ms += 1000
    for n, email in enumerate((ANN["email"], "b@b.example", "nobody@c.example")):
        opportunity(server, f"D-{n}", occurred_at=rfc3339(clock()), emails=[email], amount=EUR)

    def metric(query: str = "") -> dict[str, Any]:
        return dict(api.get(f"/api/v1/metric?months=2{query}").json())

    whole = metric()
    assert (whole["months"][-1]["attributed"], whole["months"][-1]["opportunities"]) == (2, 3)
    for one, other in (
        ("&customer=initech", "&customer=globex"), ("&region=emea", "&region=apac"),
        ("&asset=report", "&asset=page"), ("&channel=linkedin", "&channel=email"),
    ):  # fmt: skip
        parts = [metric(one)["months"][-1], metric(other)["months"][-1]]
        assert [part["attributed"] for part in parts] == [1, 1]
        assert [part["opportunities"] for part in parts] == [3, 3]
        assert [part["pipeline"]["by_currency"] for part in parts] == [[EUR], [EUR]]
        assert [s["attributed"] for part in parts for s in part["sources"]] == [True, True]
        assert [metric(query)["hops"][0]["leads"] for query in (one, other)] == [1, 1]
    assert metric("&customer=initech&channel=email")["months"][-1]["attributed"] == 0
    assert metric("&asset=report&channel=linkedin")["months"][-1]["attributed"] == 1
    assert api.get("/api/v1/metric?customer=nobody").status_code == 404
    assert api.get("/api/v1/metric?region=nowhere").status_code == 404


def test_beside_the_number_stand_evidence_spread_and_the_secondary_ones(
    server: Server, browser: Browser, clock: Any
) -> None:
    from factories import mechanic

    api = server.api
    api.put("/api/v1/mechanics/talks", json=mechanic(title="Talks", kind="advocacy"))
    path = server.share()
    viewer = browser()
    server.admit(path, viewer, email="sam@initech.example")
    made = viewer.post(f"{path}/pass-along").headers["location"]
    server.admit("/s/" + made.partition("link=")[2].partition("&")[0], browser(SAFARI))
    clicked = server.viewer.get(f"{server.share(mechanic='talks')}/go").headers["location"]
    click = clicked.partition("pa_click=")[2].partition("&")[0]
    clock.ms += 3 * DAY_MS
    when = rfc3339(clock())
    opportunity(server, "E-1", occurred_at=when, emails=["sam@initech.example"], amount=EUR)
    opportunity(server, "N-1", occurred_at=when, emails=[ANN["email"]], amount=EUR)
    opportunity(server, "H-1", occurred_at=when, heard_from="Globex")
    server.convert("A-1", occurred_at=when, kind="won", click=click, amount=EUR)
    metric = api.get("/api/v1/metric?months=1").json()
    assert metric["months"][0]["evidence"] == {"observed": 2, "declared": 1, "inferred": 0}
    assert metric["k_factor"] == 0.5
    assert [(h["hop"], h["leads"], h["opportunities"]) for h in metric["hops"]] == [(0, 1, 2), (1, 1, 1)]
    assert metric["secondary"]["expansion_pipeline"]["by_currency"] == [EUR]
    assert metric["secondary"]["advocacy_revenue"]["by_currency"] == [EUR]
    days = {first["mechanic"]: first["days"] for first in metric["secondary"]["first_opportunities"]}
    assert (days["hard"], days["soft"]) == (3, None)


def test_the_counters_are_what_the_ledger_and_the_credits_say(server: Server, browser: Browser, clock: Any) -> None:
    import asyncio

    from passalong.app import opened, wire

    id = opportunity(server, "D-1", occurred_at=rfc3339(clock()), emails=[ANN["email"]], amount=EUR)
    server.admit(server.share(customer="globex"))
    eventually(lambda: customers(server, id) == ["globex"])
    decide(server, id, customer="initech")
    decide(server, id, withdraw=True)

    async def differences() -> list[Any]:
        async with opened(wire(server.config)) as services:
            return list(await services.reports.verify())

    assert asyncio.run(differences()) == []


@pytest.mark.settings(attribution=Attribution(model="linear"))
def test_erasing_one_of_two_changes_nobodys_part(server: Server, browser: Browser, clock: Any) -> None:
    server.admit(server.share(customer="globex"), browser(), email="bob@umbrella.example")
    clock.ms += 1000
    server.admit(server.share(customer="initech"), browser(SAFARI))
    clock.ms += DAY_MS
    emails = ["bob@umbrella.example", ANN["email"]]
    id = opportunity(server, "D-1", occurred_at=rfc3339(clock()), emails=emails, amount=EUR)

    def parts() -> dict[str, int]:
        return {credit["customer"]: credit["micro"] for credit in detail(server, id)["attribution"]["credits"]}

    assert parts() == {"globex": 500_000, "initech": 500_000}
    bob = next(lead for lead in server.leads() if lead["email"].startswith("bob"))
    server.api.delete(f"/api/v1/leads/{bob['id']}")
    assert parts() == {"globex": 500_000, "initech": 500_000}
    for _ in range(2):
        decide(server, id, customer="globex")
        decide(server, id, withdraw=True)
    assert parts() == {"globex": 500_000, "initech": 500_000}
    assert len(detail(server, id)["touchpoints"]) == 2


def test_somebody_who_looks_every_day_is_still_credited(server: Server, clock: Any) -> None:
    path = server.share(customer="globex")
    server.admit(path)
    for _ in range(40):
        clock.ms += 10 * DAY_MS  # for longer than the window
        server.viewer.get(path)
    clock.ms += 1000
    id = opportunity(server, "D-1", occurred_at=rfc3339(clock()), emails=[ANN["email"]])
    [credit] = detail(server, id)["attribution"]["credits"]
    assert credit["customer"] == "globex"


def test_an_answer_keeps_nobodys_address(server: Server, clock: Any) -> None:
    id = opportunity(server, "D-1", occurred_at=rfc3339(clock()), heard_from="zoe@umbrella.example of GLOBEX sent it")
    told = detail(server, id)
    assert "umbrella" not in str(told)
    assert "umbrella" not in str(engine.execute(server.config.database, "SELECT * FROM conversions"))
    [credit] = told["attribution"]["credits"]
    assert credit["why"] == "Asked how they heard of us, they named Globex (“… of GLOBEX sent it”)."


def test_a_page_opened_later_that_day_is_no_reason(server: Server, clock: Any) -> None:
    server.admit(server.share(customer="globex"))
    clock.ms += 2 * DAY_MS
    path = server.share(customer="initech")
    id = opportunity(server, "D-1", occurred_at=rfc3339(clock()), emails=[ANN["email"]])
    server.viewer.get(path)
    decide(server, id, customer="globex")
    decide(server, id, withdraw=True)
    models = detail(server, id)["models"]
    assert {credit["customer"] for credits in models.values() for credit in credits} == {"globex"}
