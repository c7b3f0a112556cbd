"""What is kept of one person, whole: no table that knows people is left out, and nobody else is in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import engine
from commands import run
from factories import Server, eventually, form_token, rfc3339
from hubspot import HubSpot
from passalong.settings import HubSpot as Settings
from passalong.store.people import EXPORTED
from prompts import press, prompt
from serving import Clock, serving

ZOE = {
    "email": "zoe@umbrella.example",
    "name": "Zoë Quartermain",
    "company": "Quartermain Works",
    "heard_from": "A talk",
}
OTHER = {"email": "rob@umbrella.example", "name": "Robert Other"}

TELLING = {
    "lead", "leads", "email", "email_key", "address", "address_key", "contact", "subject", "inviter", "sharer",
    "parent", "name", "member", "visitor", "phone", "person", "recipient", "note", "by",
}  # fmt: skip
"""Names of columns that may say who somebody is. A new table with one of them is exported, or stands here with why."""
OF_NOBODY = {
    "decisions": "`by` is an admin's own word, about a mechanic",
    "reviews": "the same, about a month",
    "overrides": "the same, about a conversion",
    "plays": "about a customer as a company; `note` and `by` are an admin's",
    "visits": "hashes of a day, tied to no lead, and gone after two",
    "dismissals": "a `member` is the vendor's opaque id of somebody in its own product",
    "meta": "names of numbers", "leases": "a process", "idempotency": "the name of an answer, which is gone in a day",
    "deals": "the CRM's own record, whose contacts are in `contacts`",
    "sqlite_sequence": "SQLite's own",
}  # fmt: skip


def columns(server: Server) -> list[tuple[str, str]]:
    return [(table, column) for table, names in engine.columns(server.config.database).items() for column in names]


@pytest.fixture
def server(crm: HubSpot, tmp_path: Path, clock: Clock) -> Iterator[Server]:
    """A server that is connected to the stand-in, so that people are contacts."""
    with serving(tmp_path, clock, hubspot=Settings(base_url=crm.url, token=crm.token, timeout_s=0.5)) as running:
        yield running


def exported(answer: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    assert all(section["what"] for section in answer["sections"])
    return {section["kind"]: section["rows"] for section in answer["sections"]}


def lives(server: Server, browser: Any, clock: Any) -> str:
    """Zoë comes, passes the page along to Robert, and both are contacts of a deal; her lead's id."""
    path = server.share()
    viewer = browser()
    server.admit(path, viewer, **ZOE)
    server.admit(server.share(mechanic="strict"), viewer, **ZOE, x_team="Twelve", consent="true")
    along = viewer.post(f"{path}/pass-along").headers["location"]
    server.admit("/s/" + along.partition("link=")[2].partition("&")[0], browser("Mozilla/5.0 Firefox/139.0"), **OTHER)
    server.convert("D-1", occurred_at=rfc3339(clock()), emails=[ZOE["email"], OTHER["email"]])
    press(
        server,
        prompt(server, "invite_teammates", member="u-17"),
        "invite",
        addresses=f"{ZOE['email']} new@firm.example",
    )
    asked = {"csrf_token": form_token(viewer.get("/privacy").text), "email": ZOE["email"]}
    assert viewer.post("/privacy/erase", data=asked).status_code == 200
    eventually(lambda: server.api.get("/api/v1/outbox?state=sent&destination=hubspot").json()["items"])
    return next(str(lead["id"]) for lead in server.leads() if lead["email"] == ZOE["email"])


def test_every_table_that_may_know_people_is_exported_or_says_why_not(server: Server) -> None:
    tables = {table for table, column in columns(server) if column in TELLING}
    assert sorted(tables - EXPORTED.keys() - OF_NOBODY.keys()) == []
    there = {table for table, _ in columns(server)}
    assert EXPORTED.keys() <= there
    assert OF_NOBODY.keys() - {"sqlite_sequence"} <= there
    assert not EXPORTED.keys() & OF_NOBODY.keys()
    # Whatever names a lead by that word belongs to it.
    assert {table for table, column in columns(server) if column == "lead"} <= EXPORTED.keys()


def test_all_that_is_kept_of_somebody_is_told_and_of_nobody_else(server: Server, browser: Any, clock: Any) -> None:
    lead = lives(server, browser, clock)
    answer = server.api.get(f"/api/v1/leads/{lead}/export")
    assert answer.headers["cache-control"] == "no-store"
    told = exported(answer.json())
    assert [kind for kind, rows in told.items() if not rows] == ["audit"], "a life in every table but one"
    [row] = told["leads"]
    assert (row["email"], row["name"], row["extra"]) == (ZOE["email"], ZOE["name"], {"x_team": "Twelve"})
    assert (row["consent_text"], len(row["consent_version"])) == ("Acme may write to me.", 12)
    assert row["consent_at"].endswith("Z")
    assert {event["kind"] for event in told["events"]} >= {"lead", "view"}
    assert {event["lead"] for event in told["events"]} == {lead}
    assert [c["external_id"] for c in told["conversions"]] == ["D-1"]
    assert [c["place"] for c in told["contacts"]] == [1]
    assert told["crm_contacts"][0]["contact"]
    assert all(share["sharer"] == lead for share in told["shares"])
    for name in (OTHER["email"], OTHER["name"], "new@firm.example"):
        assert name not in answer.text
    [noted] = exported(server.api.get(f"/api/v1/leads/{lead}/export").json())["audit"]
    assert noted["action"] == "export_person"


def test_after_an_erasure_there_is_nothing_left_to_tell_but_ids(server: Server, browser: Any, clock: Any) -> None:
    lead = lives(server, browser, clock)
    server.api.delete(f"/api/v1/leads/{lead}").raise_for_status()
    answer = server.api.get(f"/api/v1/leads/{lead}/export")
    told = exported(answer.json())
    assert told["invitations"] == []
    assert told["erasures"] == []
    assert [row["address"] for row in told["contacts"]] == [None]
    for secret in (*ZOE.values(), "Twelve"):
        assert secret.lower() not in answer.text.lower()


def test_the_command_finds_somebody_by_address_even_who_was_only_invited(
    server: Server, browser: Any, beside: Path, clock: Any
) -> None:
    lead = lives(server, browser, clock)
    told = exported(json.loads(run(beside, "person", ZOE["email"].upper()).stdout))
    assert [row["id"] for row in told["leads"]] == [lead]
    invited = exported(json.loads(run(beside, "person", "new@firm.example").stdout))
    assert {kind for kind, rows in invited.items() if rows} == {"invitations"}
    assert "nobody@firm.example" in run(beside, "person", "nobody@firm.example", code=1).stderr


def test_an_admin_exports_by_address_over_the_api_and_no_answer_of_that_is_kept(
    server: Server, browser: Any, clock: Any
) -> None:
    lead = lives(server, browser, clock)

    def asked(email: str) -> dict[str, list[dict[str, Any]]]:
        answer = server.api.post("/api/v1/people/export", json={"email": email}, headers={"idempotency-key": email})
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        return exported(answer.json())

    assert [row["id"] for row in asked(ZOE["email"].upper())["leads"]] == [lead]
    assert {kind for kind, rows in asked("new@firm.example").items() if rows} == {"invitations"}
    for wrong, status in (("nobody@firm.example", 404), ("nobody", 422)):
        refused = server.api.post("/api/v1/people/export", json={"email": wrong})
        assert refused.status_code == status
        assert wrong not in refused.text
    assert engine.execute(server.config.database, "SELECT name FROM idempotency") == []
    acts = server.api.get("/api/v1/audit?action=export_person_by_address").json()["items"]
    assert sorted(act["subject"] for act in acts) == ["", lead]
