"""What a visitor is told of what is kept, and what a browser that asks not to be tracked gets."""

from __future__ import annotations

import asyncio
import re
from datetime import date
from typing import Any

import pytest

from engine import execute
from factories import ANN, FIREFOX, SAFARI, Server, parsed, words
from passalong.app import opened, wire
from passalong.domain.delivery import Topic
from passalong.domain.retention import Retention
from passalong.settings import HubSpot, Mail
from passalong.webhooks.messages import Messages
from soundness import sound

GPC, DNT = {"sec-gpc": "1"}, {"dnt": "1"}


def visitors(server: Server) -> list[int]:
    found = execute(server.config.database, "SELECT visitor FROM events WHERE actor = 'human' ORDER BY seq")
    return [visitor for (visitor,) in found]


@pytest.mark.parametrize("signal", [GPC, DNT])
def test_who_asks_not_to_be_tracked_is_counted_without_being_told_apart(server: Server, signal: dict[str, str]) -> None:
    path = server.share()
    for _ in range(2):
        assert server.viewer.get(path, headers=signal).headers["passalong-event"] == "view"
    assert visitors(server) == [0, 0]
    assert (server.counts("hard")["views"], server.counts("hard")["visits"]) == (2, 0)
    for other in ({}, {"sec-gpc": "0"}, {"dnt": "0"}, {"dnt": "null"}):
        server.viewer.get(path, headers=other)
    assert 0 not in visitors(server)[2:]
    assert server.counts("hard")["visits"] == 1


def test_a_form_that_such_a_browser_sends_is_an_answer_and_carries_its_wish_on(server: Server, browser: Any) -> None:
    path = server.share()
    asking = browser()
    asking.headers.update(GPC)
    server.admit(path, asking)
    server.admit(path, browser(), email="bob@umbrella.example", name="Bob")
    assert {lead["email"]: lead["opted_out"] for lead in server.leads()} == {
        ANN["email"]: True, "bob@umbrella.example": False,
    }  # fmt: skip
    # Once said it stays said, from whatever browser the next form comes.
    server.submit(server.share(), browser(SAFARI), **ANN)
    assert next(lead for lead in server.leads() if lead["email"] == ANN["email"])["opted_out"] is True

    async def told() -> list[bool]:
        services = wire(server.config)
        async with opened(services):
            messages = Messages(services.catalog, services.ledger, services.leads, services.conversions, services.plays)
            events = [event for event in await services.ledger.tail(0, 100) if event.kind == "lead"]
            return [(await messages._event(Topic.LEAD_CREATED, event)).data["opted_out"] for event in events]

    assert asyncio.run(told()) == [True, False, True]


def test_neither_tries_nor_passes_are_shared_among_those_who_opt_out(server: Server, browser: Any) -> None:
    """They are told apart while they are here; only the ledger does not keep by what."""
    path = server.share()
    one, other = browser(FIREFOX), browser(SAFARI)
    for client in (one, other):
        client.headers.update(GPC)
    forwarded = server.submit(path, one, **ANN).headers["location"]
    assert "pass=" in forwarded
    opened_by_other = other.get(forwarded, follow_redirects=True)
    assert 'name="email"' in opened_by_other.text, "a forward, and no pass"


def test_the_well_known_address_says_that_the_signal_is_honoured(server: Server) -> None:
    answer = server.viewer.get("/.well-known/gpc.json")
    assert answer.headers["content-type"].startswith("application/json")
    told = answer.json()
    assert told["gpc"] is True
    assert date.fromisoformat(told["lastUpdate"])
    assert server.viewer.head("/.well-known/gpc.json").status_code == 200


def test_the_page_says_what_a_browser_has_asked_for(server: Server) -> None:
    plain, asking = server.viewer.get("/privacy"), server.viewer.get("/privacy", headers=GPC)
    assert "Your browser asks for this" not in words(plain.text)
    assert "Your browser asks for this" in words(asking.text)
    assert "Sec-GPC" in plain.headers["vary"]
    assert "set-cookie" not in asking.headers


def test_the_page_of_a_plain_server_tells_of_nobody_who_is_not_told_anything(server: Server) -> None:
    page = server.viewer.get("/privacy")
    sound(page.text)
    said = words(page.text)
    assert "HubSpot" not in said
    assert "Until it is erased by hand" in said
    assert "Acme" in said
    assert parsed(page.text).find(".//*[@id='erasure']") is not None


@pytest.mark.settings(
    retention=Retention(leads_days=400, jobs_days=30, backups_days=14),
    hubspot=HubSpot(token="t", base_url="http://127.0.0.1:9"),
    mail=Mail(host="127.0.0.1", port=9, sender="Acme <a@acme.example>"),
)
def test_the_page_follows_the_settings(server: Server) -> None:
    server.api.put(
        "/api/v1/brands/acme",
        json={
            "name": "Acme", "accent": "#0b5fff", "home_url": "https://acme.example",
            "privacy_url": "https://acme.example/privacy",
        },
    ).raise_for_status()  # fmt: skip
    made = server.api.put(
        "/api/v1/webhooks/crm", json={"url": "https://hooks.acme.example/x", "topics": ["lead.created"]}
    )
    assert made.status_code == 200, made.text
    page = server.viewer.get("/privacy")
    sound(page.text)
    said = words(page.text)
    for told in ("HubSpot", "400 days", "14 days", "other systems of the company", "mail"):
        assert told in said, told
    assert "hooks.acme.example" not in said, "where they are is nobody's business"
    assert 'href="https://acme.example/privacy"' in page.text


def test_days_are_told_in_each_language_and_as_numbers_of_settings(server: Server) -> None:
    for language, days in (
        ("de", "2 Tage"),
        ("fr", "2 jours"),
        ("it", "2 giorni"),
        ("es", "2 días"),
        ("nl", "2 dagen"),
    ):
        page = server.viewer.get("/privacy", headers={"accept-language": language})
        assert parsed(page.text).get("lang") == language
        assert re.search(days, words(page.text)), language
