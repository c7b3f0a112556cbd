"""Erasing a person: nothing personal stays in any file, and no total changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2

from commands import run
from engine import all_text, everything
from factories import Server, rfc3339

SECRETS = ("zoe.quartermain@umbrella.example", "Zoë Quartermain", "Umbrella Holdings plc", "My aunt Petronella")


def traces(server: Server) -> list[str]:
    """Which secrets stand in the database, in any letter case."""
    content = everything(server.config.database).lower()
    return [secret for secret in (*SECRETS, "quartermain", "petronella") if secret.lower().encode() in content]


def test_an_erased_person_is_in_no_file_and_every_total_stays(
    server: Server, browser: Callable[..., httpx2.Client], clock: Any
) -> None:
    email, name, company, heard = SECRETS
    path = server.share()
    for n in range(12):  # so that rows sit on pages that others share
        server.submit(path, browser(), email=f"n{n}@umbrella.example", name=f"N{n}")
    server.submit(path, browser(), email=email, name=name, company=company, heard_from=heard)
    server.submit(server.share(customer="globex"), browser(), email=email, name=name + " again", company=company)
    server.convert("D-1", occurred_at=rfc3339(clock()), emails=[email], amount={"amount_minor": 5, "currency": "EUR"})
    assert traces(server), "what is looked for must be there at first"
    before = server.counts("hard"), server.api.get("/api/v1/metric?months=1").json(), server.events()
    lead = next(lead for lead in server.leads() if lead["email"] == email)
    answer = server.api.delete(f"/api/v1/leads/{lead['id']}")
    assert answer.status_code == 200
    assert answer.json()["erased"] is True
    assert traces(server) == []
    assert (server.counts("hard"), server.api.get("/api/v1/metric?months=1").json(), server.events()) == before
    detail = server.api.get(f"/api/v1/leads/{lead['id']}").json()
    empty = {key: detail["lead"][key] for key in ("email", "name", "company", "role", "heard_from", "domain", "extra")}
    assert not any(empty.values())
    assert detail["lead"]["erased_at"]
    assert [c["conversion"]["external_id"] for c in detail["conversions"]] == ["D-1"]


def test_erasing_twice_or_nobody_changes_nothing(server: Server) -> None:
    server.submit(server.share(), email=SECRETS[0], name=SECRETS[1])
    [lead] = server.leads()
    first = server.api.delete(f"/api/v1/leads/{lead['id']}").json()
    again = server.api.delete(f"/api/v1/leads/{lead['id']}")
    assert again.status_code == 200
    assert again.json()["erased_at"] == first["erased_at"]
    assert server.api.delete("/api/v1/leads/nobody").status_code == 404


def test_who_comes_back_after_an_erasure_is_somebody_new(server: Server, browser: Callable[..., httpx2.Client]) -> None:
    path = server.share()
    server.submit(path, email=SECRETS[0], name="Z")
    [lead] = server.leads()
    server.api.delete(f"/api/v1/leads/{lead['id']}")
    server.submit(path, browser(), email=SECRETS[0], name="Z")
    newest, erased = server.leads()
    assert newest["id"] != erased["id"] == lead["id"]
    assert newest["email"] == SECRETS[0]
    assert server.api.get("/api/v1/leads", params={"q": "quarterm"}).json()["items"] == [newest]


def test_a_certificate_says_what_was_erased_and_not_whose_it_was(server: Server, clock: Any) -> None:
    email, name, company, heard = SECRETS
    server.submit(server.share(), email=email, name=name, company=company, heard_from=heard)
    server.convert("D-1", occurred_at=rfc3339(clock()), emails=[email], heard_from=heard)
    [lead] = server.leads()
    answer = server.api.delete(f"/api/v1/leads/{lead['id']}").json()
    told = answer["certificate"]
    assert (told["leads"], told["by"], told["erased_at"]) == ([lead["id"]], "operator", answer["erased_at"])
    assert told["rows"] == {
        "leads": 1, "contacts": 1, "conversions": 1, "credits": 1, "invitations": 0, "outbox": 0, "idempotency": 0,
    }  # fmt: skip
    assert "backups" in told["backups"].lower()
    said = json.dumps(told, ensure_ascii=False).lower()
    assert not [secret for secret in (*SECRETS, "umbrella") if secret.lower() in said]
    assert len(told["addresses"][0]) == 32
    assert server.api.delete(f"/api/v1/leads/{lead['id']}").json()["certificate"] is None
    # Handed out and not kept: an address that was erased cannot be tried against the database.
    assert told["addresses"][0].encode() not in everything(server.config.database)


def test_whoever_knows_the_address_and_the_database_can_check_a_certificate(server: Server, beside: Path) -> None:
    server.submit(server.share(), email=SECRETS[0], name="Z")
    first = json.loads(run(beside, "erase", SECRETS[0].upper(), "--yes", "--json").stdout)
    server.submit(server.share(), email=SECRETS[0], name="Z")
    again = json.loads(run(beside, "erase", SECRETS[0], "--yes", "--json").stdout)
    server.submit(server.share(), email="other@umbrella.example", name="Z")
    other = run(beside, "erase", "other@umbrella.example", "--yes").stdout
    assert first["addresses"] == again["addresses"]
    assert first["leads"] != again["leads"]
    assert first["by"] == "command"
    assert first["addresses"][0] not in other
    assert "leads 1" in other
    assert "keyed hash" in other
    assert "other@" not in other


def test_what_only_the_erased_can_have_answered_is_quoted_no_more_and_credits_nobody_else(
    server: Server, browser: Callable[..., httpx2.Client], clock: Any
) -> None:
    one, other = SECRETS[0], "rob@umbrella.example"
    server.submit(server.share(), browser(), email=one, name="Z")
    server.submit(server.share(), browser(), email=other, name="R")
    for id, emails in (("alone", [one]), ("both", [one, other])):
        said = f"Petronella, {id}, showed me what Globex made"
        server.convert(id, occurred_at=rfc3339(clock()), emails=emails, heard_from=said)

    def quoted() -> dict[str, bool]:
        everything = all_text(server.config.database)
        return {id: f"Petronella, {id}" in everything for id in ("alone", "both")}

    def credited() -> list[tuple[str, int]]:
        found = server.api.get("/api/v1/conversions").json()["items"]
        credits = [item["attribution"]["credits"] for item in found]
        assert all(credits)
        return [(credit["customer"], credit["micro"]) for each in credits for credit in each]

    before = credited()
    assert quoted() == {"alone": True, "both": True}
    lead = next(lead for lead in server.leads() if lead["email"] == one)
    server.api.delete(f"/api/v1/leads/{lead['id']}").raise_for_status()
    assert quoted() == {"alone": False, "both": True}, "the other may have said it"
    assert credited() == before
