"""Next best actions: reading them, saying what came of them, handing them over."""

from __future__ import annotations

from typing import Any

import pytest
from console_driver import Driver, Flaky, console, play
from textual.widgets import Input

from factories import Server
from passalong_tui.screens.act import DismissDialog, DoneDialog, OwnerDialog
from passalong_tui.screens.customer import CustomerScreen
from passalong_tui.screens.play_report import PlayReportScreen
from passalong_tui.screens.plays import PlaysScreen

HOSTILE = "[/]\x1b]52;c;aGk=\x07\u202eevil"


async def _to_plays(tui: Driver) -> None:
    await tui.press("7")
    await tui.until(lambda: isinstance(tui.console.screen, PlaysScreen) and tui.column("title"), "the plays")


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_a_play_with_its_whole_reason(server: Server, clock: Any, size: tuple[int, int]) -> None:
    play(server, clock)
    async with console(server, size=size) as tui:
        await _to_plays(tui)
        assert (tui.column("customer"), tui.column("title")) == (["Initech"], ["Tickets pile up"])
        assert tui.column("owner") == ["support"]
        assert tui.column("when") == ["just now"]
        told = tui.text("#play")
        assert "churn warning for Initech, in the hands of support" in told
        assert "Why: 3 open tickets." in told
        assert "by the rule tickets-pile-up; open until" in told
        await tui.press("enter")
        await tui.until(lambda: isinstance(tui.console.screen, CustomerScreen), "its customer")
        await tui.until_shown("What did Initech bring?")


async def test_done_with_a_note(server: Server, clock: Any) -> None:
    made = play(server, clock)
    async with console(server) as tui:
        await _to_plays(tui)
        await tui.dialog("d", DoneDialog)
        await tui.until_shown("Done: Tickets pile up", "3 open tickets.")
        await tui.type("They are calm again")
        await tui.press("enter")
        await tui.until_shown("No play here.", "/api/v1/signals", "passalong plays rules")
        found = server.api.get(f"/api/v1/plays/{made['id']}").json()["outcome"]
        assert (found["result"], found["note"], found["by"]) == ("done", "They are calm again", "mara")
        await tui.press("f")
        await tui.until(lambda: tui.column("title") == ["Tickets pile up"], "what was done")
        await tui.until_shown("✓ done on", "“They are calm again”")
        await tui.press("d")  # said once
        assert isinstance(tui.console.screen, PlaysScreen)


async def test_dismissed_without_a_word_survives_a_lost_answer(server: Server, clock: Any) -> None:
    made = play(server, clock)
    network = Flaky()
    async with console(server, transport=network, refresh_s=60) as tui:
        await _to_plays(tui)
        await tui.dialog("x", DismissDialog)
        network.down = True
        await tui.press("enter")
        await tui.until_shown("Sending it again is safe.")
        network.down = False
        await tui.press("enter")
        await tui.until_shown("No play here.")
    assert server.api.get(f"/api/v1/plays/{made['id']}").json()["state"] == "dismissed"


async def test_handed_over(server: Server, clock: Any) -> None:
    play(server, clock)
    async with console(server) as tui:
        await _to_plays(tui)
        await tui.dialog("o", OwnerDialog)
        await tui.until_shown("It is in the hands of support now.")
        await tui.press("enter")
        await tui.until_shown("! Say who sees to it.")
        await tui.type("Ines")
        await tui.press("enter")
        await tui.until(lambda: tui.column("owner") == ["Ines"], "the new owner")


async def test_a_refusal_keeps_the_note(server: Server, clock: Any) -> None:
    made = play(server, clock)
    async with console(server, refresh_s=60) as tui:
        await _to_plays(tui)
        await tui.dialog("d", DoneDialog)
        await tui.type("Mine")
        body = {"result": "dismissed", "by": "Jo"}
        assert server.api.post(f"/api/v1/plays/{made['id']}/outcome", json=body).status_code == 200
        await tui.press("enter")
        await tui.until(lambda: tui.console.screen.query_one("#message").display, "the refusal")
        assert tui.console.screen.query_one("#note", Input).value == "Mine"


async def test_states_one_after_the_other_and_the_filter(server: Server, clock: Any) -> None:
    play(server, clock)
    play(server, clock, "globex")
    async with console(server) as tui:
        await _to_plays(tui)
        await tui.press("slash")
        await tui.type("glob")
        await tui.until(lambda: tui.column("customer") == ["Globex"], "one")
        await tui.press("escape")
        await tui.until(lambda: sorted(tui.column("customer")) == ["Globex", "Initech"], "both")
        for state in ("✓ done", "✕ dismissed", "… expired", "all", "● open"):
            await tui.press("f")
            await tui.until_shown(f"call next?   {state}")
        await tui.until(lambda: len(tui.column("customer")) == 2, "both again")


async def test_which_rules_fired_and_what_followed(server: Server, clock: Any) -> None:
    made = play(server, clock)
    server.api.post(f"/api/v1/plays/{made['id']}/outcome", json={"result": "done", "by": "Jo"})
    async with console(server, size=(160, 50)) as tui:
        await _to_plays_screen(tui)
        await tui.press("w")
        await tui.until(lambda: isinstance(tui.console.screen, PlayReportScreen) and tui.column("title"), "the report")
        assert tui.column("title")[0] == "Tickets pile up"
        assert (tui.column("plays")[0], tui.column("done")[0], tui.column("followed")[0]) == ("1", "1", "0")
        assert len(tui.column("title")) == 10, "rules that never fired stand there too"
        await tui.until_shown("within 90 days after a play was done", "Whether it came of the play, nobody knows.")
        await tui.press("escape")
        await tui.until(lambda: isinstance(tui.console.screen, PlaysScreen), "the way back")


async def _to_plays_screen(tui: Driver) -> None:
    await tui.press("7")
    await tui.until(lambda: isinstance(tui.console.screen, PlaysScreen), "the plays")


async def test_strangers_names_are_harmless_here_too(server: Server, clock: Any) -> None:
    server.api.put("/api/v1/customers/initech", json={"name": HOSTILE})
    made = play(server, clock)
    server.api.post(f"/api/v1/plays/{made['id']}/owner", json={"owner": HOSTILE})
    async with console(server, size=(80, 24)) as tui:
        await _to_plays(tui)
        await tui.until_shown("[/]")
        await tui.dialog("d", DoneDialog)
        shown = tui.screen().replace("\n", "")
        assert not [c for c in shown if c < " " or "\x7f" <= c <= "\x9f" or c == "\u202e"]
