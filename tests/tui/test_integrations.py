"""What is told outside: refusals read whole, jobs moved on by an admin, pauses ended, differences named."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from console_driver import Driver, Flaky, console, lead

from factories import ANN, Server, eventually
from hubspot import HubSpot
from passalong_tui.screens.delivery import ResendDialog, ResumeDialog, RetryAllDialog, SendOnceMoreDialog, SkipDialog
from passalong_tui.screens.differences import DifferencesScreen
from passalong_tui.screens.integrations import IntegrationsScreen
from serving import Clock, serving

HOSTILE = "[/] \x1b]52;c;aGk=\x07\u202ephone is required"


@pytest.fixture
def crm() -> Iterator[HubSpot]:
    with HubSpot() as portal:
        yield portal


@pytest.fixture
def connected(tmp_path: Path, clock: Clock, crm: HubSpot) -> Iterator[Server]:
    """A server that tells a stand-in of HubSpot."""
    from passalong.settings import HubSpot as Settings

    with serving(tmp_path, clock, hubspot=Settings(base_url=crm.url, token=crm.token, timeout_s=0.5)) as running:
        yield running


def status(server: Server) -> dict[str, Any]:
    return dict(server.api.get("/api/v1/outbox/status").json())


def way(server: Server) -> dict[str, Any]:
    return next(each for each in status(server)["destinations"] if each["destination"] == "hubspot")


def refused(server: Server, crm: HubSpot, words: str, email: str = ANN["email"]) -> dict[str, Any]:
    """A lead whom HubSpot does not take, and says why."""
    crm.poison[email] = words
    before = way(server)["failed"]
    lead(server, server.share(), email, name="Ann")
    eventually(lambda: way(server)["failed"] == before + 1)
    return dict(server.api.get("/api/v1/outbox?state=failed").json()["items"][0])


async def _to_integrations(tui: Driver) -> None:
    await tui.until(lambda: tui.console.known.role is not None, "the role")
    await tui.press("8")
    await tui.until(lambda: isinstance(tui.console.screen, IntegrationsScreen) and tui.console.known.outbox, "it")


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_nothing_is_connected_and_it_says_how(server: Server, size: tuple[int, int]) -> None:
    async with console(server, size=size) as tui:
        await _to_integrations(tui)
        await tui.until_shown("What reaches HubSpot and the webhooks?", "○ not connected", "Nothing is told to anybody")
        told = " ".join(tui.screen().split())
        for name in ("hubspot.token", "PASSALONG_HUBSPOT__TOKEN", "PUT /api/v1/webhooks/{id}", "mail.host"):
            assert name in told
        await tui.press("r", "x", "a", "d", "u")
        assert isinstance(tui.console.screen, IntegrationsScreen), "there is nothing to be done"


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_a_refusal_is_read_whole_and_tried_again(connected: Server, crm: HubSpot, size: tuple[int, int]) -> None:
    words = f"{HOSTILE} and so is the favourite colour, " * 3
    job = refused(connected, crm, words)
    async with console(connected, size=size) as tui:
        await _to_integrations(tui)
        await tui.until(lambda: tui.column("way") == ["HubSpot"], "the job")
        assert tui.column("state") == ["✗ failed"]
        await tui.until(lambda: "✗ failed contact to HubSpot" in tui.text("#job"), "what is known of it")
        told = tui.text("#job")
        assert job["subject"] in told
        assert told.count("phone is required and so is the favourite colour") == 3
        assert not [c for c in tui.screen().replace("\n", "") if c < " " or "\x7f" <= c <= "\x9f" or c == "\u202e"]
        crm.poison.clear()
        await tui.press("r")
        await tui.until_shown("Nothing has failed. f shows")
    eventually(lambda: crm.find(ANN["email"]))


async def test_given_up_with_a_reason_and_taken_back(connected: Server, crm: HubSpot) -> None:
    job = refused(connected, crm, "No.")
    async with console(connected) as tui:
        await _to_integrations(tui)
        await tui.until(lambda: tui.column("way"), "the job")
        await tui.dialog("x", SkipDialog)
        await tui.until_shown("Skip: contact to HubSpot", "Last refusal:", "No.")
        await tui.press("enter")
        await tui.until_shown("! Say why, in a few words.")
        await tui.type("Ours")
        await tui.press("enter")
        await tui.until_shown("Nothing has failed.")
        kept = connected.api.get("/api/v1/outbox?state=skipped").json()["items"]
        assert [(each["id"], each["reason"]) for each in kept] == [(job["id"], "Ours")]
        crm.poison.clear()
        await tui.press("ctrl+z")
        await tui.until(lambda: crm.find(ANN["email"]), "the contact after all")


async def test_everything_that_failed_is_tried_again(connected: Server, crm: HubSpot) -> None:
    for name in ("ann", "bob", "cleo"):
        refused(connected, crm, "Not now.", f"{name}@umbrella.example")
    async with console(connected) as tui:
        await _to_integrations(tui)
        await tui.until(lambda: len(tui.column("way")) == 3, "the jobs")
        await tui.dialog("a", RetryAllDialog)
        await tui.until_shown("Try 3 failed jobs again?", "HubSpot 3")
        await tui.press("escape")
        await tui.until(lambda: isinstance(tui.console.screen, IntegrationsScreen), "nothing done")
        assert way(connected)["failed"] == 3
        crm.poison.clear()
        await tui.dialog("a", RetryAllDialog)
        await tui.press("enter")
        await tui.until(lambda: len(crm.contacts) == 3, "all of them")


async def test_states_one_after_the_other_and_searching(connected: Server, crm: HubSpot) -> None:
    refused(connected, crm, "A phone is required.")
    lead(connected, connected.share(), "bob@umbrella.example", name="Bob")
    eventually(lambda: crm.find("bob@umbrella.example"))
    async with console(connected) as tui:
        await _to_integrations(tui)
        await tui.until(lambda: tui.column("state") == ["✗ failed"], "what failed")
        await tui.press("slash")
        await tui.type("fax")
        await tui.until_shown("Nothing here matches “fax”.")
        await tui.press("escape")
        await tui.until(lambda: tui.column("state") == ["✗ failed"], "all again")
        for shown, states in (("… pending", []), ("✓ sent", ["✓ sent"]), ("✕ skipped", []), ("in any state", None)):
            await tui.press("f")
            await tui.until_shown(f"and the webhooks?   jobs: {shown}")
            if states is not None:
                await tui.until(lambda states=states: tui.column("state") == states, shown)
        await tui.until(lambda: sorted(tui.column("state")) == ["✓ sent", "✗ failed"], "both")
        await tui.press("f")
        await tui.until_shown("and the webhooks?   jobs: ✗ failed")


async def test_what_was_sent_is_sent_once_more_only_when_asked(connected: Server, crm: HubSpot) -> None:
    connected.admit(connected.share())
    eventually(lambda: crm.find(ANN["email"]) and not way(connected)["pending"] and not way(connected)["sending"])
    async with console(connected) as tui:
        await _to_integrations(tui)
        await tui.press("f", "f")
        await tui.until(lambda: tui.column("state") == ["✓ sent"], "what was sent")
        await tui.press("x")
        assert isinstance(tui.console.screen, IntegrationsScreen), "what is done is not given up"
        await tui.dialog("r", SendOnceMoreDialog)
        await tui.until_shown("Send once more: contact to HubSpot", "It was told on")
        asked = len(crm.requests)
        await tui.press("enter")
        await tui.until(lambda: len(crm.requests) > asked, "another call")


async def test_a_paused_way_says_why_and_is_resumed(connected: Server, crm: HubSpot) -> None:
    good, crm.token = crm.token, "locked"
    connected.admit(connected.share())
    eventually(lambda: way(connected)["paused_until"])
    async with console(connected, size=(160, 50)) as tui:
        await _to_integrations(tui)
        await tui.until_shown("‖ paused until", "! HubSpot is paused (u tries again now): ")
        crm.token = good
        await tui.dialog("u", ResumeDialog)
        await tui.until_shown("Send to HubSpot again?")
        await tui.press("enter")
        await tui.until(lambda: crm.find(ANN["email"]), "the contact")
        await tui.until_shown("● connected")


async def test_what_differs_is_named_and_sent(connected: Server, crm: HubSpot, clock: Clock) -> None:
    connected.admit(connected.share())
    contact = eventually(lambda: crm.find(ANN["email"]))
    eventually(lambda: status(connected)["crm"]["reconciled_at"])
    contact.properties["passalong_customer_id"] = "globex"
    clock.ms += 86_400_001
    eventually(lambda: status(connected)["crm"]["drifts"])
    async with console(connected, size=(160, 50)) as tui:
        await _to_integrations(tui)
        await tui.until_shown("≠ 1 contact says something else there.", "w names them, d sends")
        await tui.press("w")
        await tui.until(lambda: isinstance(tui.console.screen, DifferencesScreen) and tui.column("record"), "names")
        assert tui.column("record") == [contact.id]
        assert tui.column("drift") == ["passalong_customer_id is “globex” there and “initech” here."]
        await tui.press("escape")
        await tui.until(lambda: isinstance(tui.console.screen, IntegrationsScreen), "the way back")
        await tui.dialog("d", ResendDialog)
        await tui.until_shown("Send 1 record to HubSpot?")
        await tui.press("enter")
        await tui.until(lambda: contact.properties["passalong_customer_id"] == "initech", "put right")


async def test_an_endpoint_that_takes_nothing_is_named(server: Server, clock: Clock) -> None:
    body = {"url": "https://hooks.invalid/x", "topics": ["share.created"]}
    server.api.put("/api/v1/webhooks/orders", json=body).raise_for_status()
    server.share()
    eventually(lambda: status(server)["failing_endpoints"])
    async with console(server, size=(160, 50)) as tui:
        await _to_integrations(tui)
        await tui.until_shown("● 1 endpoint", "! orders has taken nothing since")
        await tui.press("f")
        await tui.until(lambda: tui.column("way") == ["orders"], "its job")
        await tui.until_shown("Last refusal:")
        server.api.put("/api/v1/webhooks/orders", json={**body, "enabled": False}).raise_for_status()
        await tui.until_shown("● 1 endpoint, 1 disabled")


async def test_a_job_that_was_retried_in_vain_says_so(connected: Server, crm: HubSpot) -> None:
    refused(connected, crm, "No.")
    network = Flaky()
    async with console(connected, transport=network, refresh_s=60) as tui:
        await _to_integrations(tui)
        await tui.until(lambda: tui.column("way"), "the job")
        network.down = True
        await tui.press("r")
        await tui.until_shown("No answer from")
        assert tui.column("state") == ["✗ failed"], "what is known stays"


async def test_a_reader_sees_refusals_and_moves_nothing(connected: Server, crm: HubSpot) -> None:
    refused(connected, crm, "A phone is required.")
    made = connected.api.post("/api/v1/keys", json={"name": secrets.token_hex(4), "role": "reader"}).json()
    async with console(connected, key=made["key"]) as tui:
        await _to_integrations(tui)
        await tui.until_shown("A phone is required.")
        assert not {"retry", "skip", "retry_all", "resend", "resume"} & tui.offered()
        await tui.press("r", "x", "a", "d", "u")
        assert isinstance(tui.console.screen, IntegrationsScreen)
    assert way(connected)["failed"] == 1
