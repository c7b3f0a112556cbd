"""Erasing a person: nothing personal stays in any file, and no total changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2

from factories import Server, rfc3339

SECRETS = ("zoe.quartermain@umbrella.example", "Zoë Quartermain", "Umbrella Holdings plc", "My aunt Petronella")


def files(server: Server) -> list[Path]:
    return list(Path(server.config.database).parent.rglob("passalong.db*"))


def traces(server: Server) -> list[tuple[str, str]]:
    """Which secrets stand in which files, in any letter case."""
    return [
        (path.name, secret)
        for path in files(server)
        if path.is_file()
        for content in [path.read_bytes().lower()]
        for secret in (*SECRETS, "quartermain", "petronella")
        if secret.lower().encode() in content
    ]


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
