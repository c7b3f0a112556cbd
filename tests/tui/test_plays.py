"""Next best actions: reading them, saying what came of them, handing them over."""

from __future__ import annotations

from typing import Any

import pytest
from console_driver import Driver, Flaky, console, play
from textual.widgets import Input

from factories import Server, mechanic
from passalong_tui.screens.act import DismissDialog, DoneDialog, OwnerDialog, WithdrawDialog
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
        await tui.until(lambda: tui.column("customer") == ["Initech"], "the play")
        assert tui.column("title") == ["Tickets pile up"]
        assert tui.column("owner") == ["support"]
        assert tui.column("when") == ["just now"]
        whose = "churn warning for Initech, in the hands of support"
        await tui.until(lambda: whose in tui.text("#about"), "more of it")
        told = tui.text("#about")
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


async def test_handing_over_is_seen_at_once_and_taken_back(server: Server, clock: Any) -> None:
    made = play(server, clock)
    path = f"/api/v1/plays/{made['id']}"
    network = Flaky()
    async with console(server, transport=network, refresh_s=60) as tui:
        await _to_plays(tui)
        await tui.dialog("o", OwnerDialog)
        await tui.type("Ines")
        await tui.press("enter")
        await tui.until_shown("Handed over to Ines. ^z takes it back.")
        assert server.api.get(path).json()["owner"] == "Ines"
        await tui.press("ctrl+z")
        await tui.until(lambda: tui.column("owner") == ["support"], "the one before")
        await tui.until(lambda: server.api.get(path).json()["owner"] == "support", "the server, too")
        # What the server did not hear, or refuses, is not so.
        network.down = True
        await tui.dialog("o", OwnerDialog)
        await tui.type("Jo")
        await tui.press("enter")
        await tui.until_shown("It stays in the hands of support.")
        await tui.until(lambda: tui.column("owner") == ["support"], "as it was")
        network.down = False
        body = {"result": "done", "by": "Jo"}
        assert server.api.post(f"{path}/outcome", json=body).status_code == 200
        await tui.dialog("o", OwnerDialog)
        await tui.type("Kim")
        await tui.press("enter")
        await tui.until_shown("only an open one changes hands")


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


def advocacy(server: Server, **more: Any) -> dict[str, Any]:
    """A piece of Initech's, with a link of its own."""
    server.api.put("/api/v1/mechanics/voices", json=mechanic(title="Voices", kind="advocacy"))
    body = {"customer": "initech", "kind": "talk", "title": "How we did it", "asset": "link", **more}
    answer = server.api.post("/api/v1/advocacy", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def _to_pieces(tui: Driver) -> None:
    await _to_plays_screen(tui)
    await tui.press("a")
    await tui.until(lambda: tui.column("title", "#pieces") and tui.listing("#pieces").grid.has_focus, "the pieces")


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_pieces_of_advocacy_and_their_links(server: Server, size: tuple[int, int]) -> None:
    talk = advocacy(server)
    advocacy(server, customer="globex", kind="post", title="On a page", public_url="https://globex.example/post")
    server.share_page(talk["url"].removeprefix(server.config.base_url))
    async with console(server, size=size) as tui:
        await _to_pieces(tui)
        await tui.until_shown("Which advocacy leads somebody to us?   all that stand")
        tui.listing("#pieces").aim(talk["id"])
        await tui.until(lambda: "talk by Initech" in tui.text("#about"), "the talk")
        told = tui.text("#about")
        assert "● linked Known since today; 1 visit has come by its link" in told
        assert f"{talk['url'][-12:]} Page none; it is a talk" in told
        assert f"{talk['qr_url'][-12:]} y copies the link" in told
        await tui.press("v")
        await tui.until_shown("How we did it", "Published")
        await tui.press("end")
        await tui.until_shown("Tracked link", "Link with UTM", "utm_source=initech", "Esc closes this.")
        await tui.press("escape", "y")
        await tui.until_shown("Copied")
        assert tui.console.clipboard == talk["url"]
        await tui.press("enter")
        await tui.until_shown("What did Initech bring?")
        await tui.press("escape")
        await tui.until(lambda: isinstance(tui.console.screen, PlaysScreen), "the way back")
        await tui.press("a")
        await tui.until_shown("Whom to invite, help or call next?", "No play here.")


async def test_pieces_by_the_state_of_their_link(server: Server) -> None:
    talk = advocacy(server)
    advocacy(server, kind="post", title="On a page", public_url="https://initech.example/post")
    advocacy(server, kind="post", title="Gone", public_url="https://initech.example/gone")
    server.share_page(talk["url"].removeprefix(server.config.base_url))
    [gone] = [p for p in server.api.get("/api/v1/advocacy").json()["items"] if p["title"] == "Gone"]
    assert server.api.delete(f"/api/v1/advocacy/{gone['id']}").status_code == 200
    async with console(server) as tui:
        await _to_pieces(tui)
        await tui.until(lambda: sorted(tui.column("title", "#pieces")) == ["How we did it", "On a page"], "what stands")
        await tui.press("f")
        await tui.until_shown("leads somebody to us?   ● linked")
        await tui.until(lambda: tui.column("title", "#pieces") == ["How we did it"], "the linked one")
        for state in ("○ not visited", "! untracked", "? not readable", "… not read yet", "✕ withdrawn"):
            await tui.press("f")
            await tui.until_shown(f"leads somebody to us?   {state}")
        await tui.until(lambda: tui.column("title", "#pieces") == ["Gone"], "the withdrawn one")
        assert not tui.console.screen.active_bindings["W"].enabled, "it was withdrawn once"
        await tui.press("f")
        await tui.until_shown("all that stand")


async def test_a_piece_is_withdrawn_and_brought_back(server: Server) -> None:
    talk = advocacy(server)
    path = f"/api/v1/advocacy/{talk['id']}"
    async with console(server, size=(80, 24), refresh_s=60) as tui:
        await _to_pieces(tui)
        await tui.dialog("W", WithdrawDialog)
        await tui.until_shown("Withdraw: How we did it", "Its link goes on working")
        await tui.press("escape")
        assert server.api.get(path).json()["withdrawn_at"] is None
        await tui.dialog("W", WithdrawDialog)
        await tui.press("enter")
        await tui.until_shown("“How we did it” is withdrawn.", "No piece here.")
        assert server.api.get(path).json()["withdrawn_at"]
        await tui.press("ctrl+z")
        await tui.until(lambda: tui.column("title", "#pieces") == ["How we did it"], "it, again")
        assert server.api.get(path).json()["withdrawn_at"] is None


async def test_a_reader_withdraws_nothing_and_an_integrator_does(
    server: Server, reader_key: str, integrator_key: str
) -> None:
    advocacy(server)
    async with console(server, key=reader_key) as tui:
        await tui.until(lambda: tui.console.known.role == "reader", "the role")
        await _to_pieces(tui)
        await tui.until(lambda: "withdraw" not in tui.offered(), "less")
        await tui.press("W")
        assert isinstance(tui.console.screen, PlaysScreen)
    async with console(server, key=integrator_key) as tui:
        await _to_pieces(tui)
        await tui.dialog("W", WithdrawDialog)
        await tui.press("enter")
        await tui.until_shown("is withdrawn")


async def test_strangers_pieces_are_harmless(server: Server) -> None:
    server.api.put("/api/v1/customers/initech", json={"name": HOSTILE})
    advocacy(server, kind="post", title=HOSTILE + "x", public_url="https://initech.example/%5B/%5D?[bold]=[/]")
    async with console(server, size=(160, 50)) as tui:
        await _to_pieces(tui)
        await tui.until(lambda: "[/]" in tui.text("#about"), "the piece")
        await tui.press("v")
        await tui.until_shown("Esc closes this.")
        _harmless(tui)
        await tui.press("escape")
        await tui.dialog("W", WithdrawDialog)
        _harmless(tui)
        await tui.press("enter")
        await tui.until_shown("is withdrawn.")
        _harmless(tui)


def _harmless(tui: Driver) -> None:
    shown = tui.screen().replace("\n", "")
    assert not [c for c in shown if c < " " or "\x7f" <= c <= "\x9f" or c == "\u202e"]


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
