"""Which mechanic produces pipeline; what the verdict is, and what is decided upon it."""

from __future__ import annotations

from typing import Any

import pytest
from console_driver import DAY_MS, Driver, Flaky, console, failed, lead, looked, opportunity, story
from textual.widgets import Input

from factories import Server, eventually, mechanic
from passalong_tui.screens.decide import KeepDialog, KillDialog, PauseDialog, ResumeDialog, ReviveDialog
from passalong_tui.screens.mechanics import MechanicsScreen
from passalong_tui.widgets.choices import Choices


async def _to_mechanics(tui: Driver) -> None:
    await tui.press("2")
    await tui.until(lambda: isinstance(tui.console.screen, MechanicsScreen) and tui.column("title"), "the table")


async def test_the_most_pipeline_stands_first_with_its_rule_beside(server: Server) -> None:
    story(server)
    async with console(server, size=(160, 50)) as tui:
        await _to_mechanics(tui)
        await tui.until(lambda: tui.column("title")[0] == "Customer reports", "the order")
        assert tui.column("pipeline")[0] == "EUR 12,000"
        assert set(tui.column("status")) == {"● live"}
        await tui.until_shown("10 opportunities per 1,000 visits", "90 days", "Start a free account", "Launched")


async def test_kill_takes_form_and_cta_away_and_revive_brings_them_back(server: Server) -> None:
    path = story(server)
    assert "csrf_token" in server.viewer.get(path).text
    async with console(server, size=(160, 50)) as tui:
        await _to_mechanics(tui)
        await tui.dialog("K", KillDialog)
        await tui.until_shown("1 link of 1 customer: the asset stays, gate and call to action go")
        assert tui.console.screen.query_one("#by", Input).value == "mara"
        await tui.type("Nobody came")
        await tui.press("enter")
        await tui.until(lambda: "✕ killed" in tui.column("status"), "the row to change")
        page = server.viewer.get(path).text
        assert "csrf_token" not in page
        assert "Start a free account" not in page
        await tui.until_shown("Killed", "Nobody came", "the asset stays, without gate")

        await tui.dialog("r", ReviveDialog)
        await tui.until_shown("gate and call to action return", "Nobody came")
        await tui.type("A second look")
        await tui.press("enter")
        await tui.until(lambda: set(tui.column("status")) == {"● live"}, "the row to change back")
        assert "csrf_token" in server.viewer.get(path).text
        await tui.until_shown("Revived", "A second look")


async def test_an_empty_reason_stays_in_the_dialog(server: Server) -> None:
    async with console(server, size=(80, 24)) as tui:
        await _to_mechanics(tui)
        await tui.dialog("K", KillDialog)
        await tui.press("enter")
        await tui.until_shown("! Say why, in a few words.")
        assert isinstance(tui.console.screen, KillDialog)
        await tui.press("escape")
        await tui.until(lambda: isinstance(tui.console.screen, MechanicsScreen), "the dialog to close")
        assert set(tui.column("status")) == {"● live"}


async def test_a_refusal_is_said_in_the_dialog_and_keeps_what_was_typed(server: Server) -> None:
    story(server)
    async with console(server, size=(80, 24)) as tui:
        await _to_mechanics(tui)
        await tui.dialog("K", KillDialog)
        await tui.type("Too little")
        dialog = tui.console.screen
        dialog.query_one(Choices).focus()
        await tui.press("right")
        await tui.until_shown("will lead to the brand’s home page")
        dialog.query_one("#redirect-url", Input).value = "ftp://nowhere"
        await tui.until_shown("will lead to ftp://nowhere")
        await tui.pilot.click("#decide")
        await tui.until_shown("Give the full https:// address")
        assert dialog.query_one("#reason", Input).value == "Too little"
        dialog.query_one("#redirect-url", Input).value = "https://acme.example/next"
        # The field to be mended has the focus, so Enter sends.
        await tui.until(lambda: dialog.query_one("#redirect-url", Input).has_focus, "the focus")
        await tui.press("enter")
        await tui.until(lambda: "✕ killed" in tui.column("status"), "the row to change")
    found = server.api.get("/api/v1/mechanics/hard").json()["tombstone"]
    assert (found["fallback"], found["redirect_url"], found["by"]) == ("redirect", "https://acme.example/next", "mara")


async def test_killed_meanwhile_by_somebody_else_is_said_in_words(server: Server) -> None:
    story(server)
    async with console(server, refresh_s=60) as tui:
        await _to_mechanics(tui)
        await tui.dialog("K", KillDialog)
        body = {"reason": "Faster", "by": "Jo"}
        assert server.api.post("/api/v1/mechanics/hard/kill", json=body).status_code == 200
        await tui.type("Slower")
        await tui.press("enter")
        await tui.until_shown("hard was killed on", "by Jo")


async def test_narrow_terminals_show_the_rule_on_enter(server: Server) -> None:
    async with console(server, size=(80, 24)) as tui:
        await _to_mechanics(tui)
        await tui.until_shown("Nobody has visited in 0 days.")
        assert "per 1,000 visits" not in tui.screen()
        await tui.press("enter")
        await tui.until_shown("10 opportunities per 1,000 visits")
        await tui.press("escape")
        await tui.until_shown("● live")


async def test_sorting_by_key_and_by_header(server: Server) -> None:
    story(server)
    async with console(server, size=(160, 50)) as tui:
        await _to_mechanics(tui)
        await tui.press("s")
        await tui.until(lambda: tui.column("title") == sorted(tui.column("title")), "the order by title")
        await tui.press("S")
        await tui.until(lambda: tui.column("title") == sorted(tui.column("title"), reverse=True), "the reverse")
        tui.listing().sort("opportunities")
        await tui.until(lambda: tui.column("opportunities")[0] == "1", "the order by opportunities")
        await tui.press("G")
        await tui.until(lambda: tui.listing().grid.cursor_row == len(tui.column("title")) - 1, "the last row")
        await tui.press("g")
        await tui.until(lambda: tui.listing().grid.cursor_row == 0, "the first row")


async def _stand_on(tui: Driver, key: str) -> None:
    await _to_mechanics(tui)
    tui.listing().aim(key)
    await tui.until(lambda: tui.listing().current.key == key, key)


def _cell(tui: Driver, column: str, title: str) -> str:
    return dict(zip(tui.column("title"), tui.column(column), strict=True))[title]


async def test_verdicts_stand_in_the_table_in_words_with_what_was_expected(server: Server, clock: Any) -> None:
    failed(server, clock)
    assert server.api.post("/api/v1/mechanics/open/pause", json={"by": "Jo", "reason": "Redrawn"}).status_code == 200
    async with console(server, size=(160, 50)) as tui:
        await _stand_on(tui, "soft")
        assert (_cell(tui, "verdict", "Soft"), _cell(tui, "status", "Soft")) == ("✗ kill", "◌ stalled")
        assert (_cell(tui, "rate", "Soft"), _cell(tui, "opportunities", "Soft")) == ("10.0 → 0.0", "0")
        await tui.until_shown("Which mechanic produces pipeline?  ✗ 1 kill  ? 1 review  … 3 too early")
        assert (_cell(tui, "verdict", "Open"), _cell(tui, "status", "Open")) == ("… too early", "‖ paused")
        assert _cell(tui, "verdict", "Community") == "? review"
        await tui.until_shown("✗ kill, stalled", "0 of 6.0 expected, chance under 0.1 %", "Stalled: no opportunity")
        row = [line for line in tui.screen().splitlines() if "Soft" in line and "✗ kill" in line]
        assert row, "said without any colour"


async def test_a_kill_on_the_strength_of_a_verdict_is_on_the_page_within_a_second(server: Server, clock: Any) -> None:
    path = server.share(mechanic="soft")
    failed(server, clock)
    assert "csrf_token" in server.viewer.get(path).text
    async with console(server, size=(80, 24)) as tui:
        await _stand_on(tui, "soft")
        await tui.dialog("K", KillDialog)
        await tui.until_shown("The verdict is to kill it.", "601 visits in 100 days", "1 link of 1 customer")
        assert "going against it" not in tui.screen()
        await tui.type("It had its time")
        await tui.press("enter")
        await tui.until(lambda: not isinstance(tui.console.screen, KillDialog), "the dialog to close")
        eventually(lambda: "csrf_token" not in server.viewer.get(path).text, within_s=1)
        found = server.api.get("/api/v1/mechanics/soft").json()
        assert (found["status"], found["decisions"][-1]["overrides"]) == ("killed", False)
        await tui.until(lambda: _cell(tui, "status", "Soft") == "✕ killed", "the row to change")


async def test_a_kill_against_the_verdict_is_said_before_and_after(server: Server) -> None:
    story(server)
    async with console(server, size=(160, 50)) as tui:
        await _stand_on(tui, "hard")
        await tui.dialog("K", KillDialog)
        await tui.until_shown("It is too early to judge: this is written down as going against it.")
        await tui.type("No time")
        await tui.press("enter")
        await tui.until_shown("✕ Killed on", "“No time”", "The last verdict", "… too early", "against the verdict")
        await tui.until_shown("It had produced", "EUR 12,000", "1 link of 1 customer were out", "not opened since")


async def test_a_tombstone_says_how_often_its_links_were_opened_since(server: Server) -> None:
    path = server.share()
    assert server.api.post("/api/v1/mechanics/hard/kill", json={"by": "Jo", "reason": "Out"}).status_code == 200
    server.viewer.get(path)
    async with console(server, size=(160, 50)) as tui:
        await _stand_on(tui, "hard")
        await tui.until_shown("without gate", "opened 1 time since.")


async def test_keeping_what_the_verdict_kills_is_plain_for_ever(server: Server, clock: Any) -> None:
    failed(server, clock)
    async with console(server, size=(160, 50)) as tui:
        await _stand_on(tui, "soft")
        await tui.dialog("e", KeepDialog)
        await tui.until_shown("The verdict is to kill it: this is written down as going against it.")
        await tui.press("enter")
        await tui.until_shown("! Say why, in a few words.")
        await tui.type("Two deals are near")
        await tui.press("enter")
        await tui.until_shown("! It lives on against the verdict, by mara", "“Two deals are near”", "Kept")
        assert "against the verdict" in tui.text("MechanicCard Static").partition("Decisions")[2]


async def test_pause_and_resume(server: Server) -> None:
    async with console(server, size=(160, 50)) as tui:
        await _stand_on(tui, "open")
        await tui.press("u")  # nothing to resume: greyed
        assert isinstance(tui.console.screen, MechanicsScreen)
        await tui.dialog("p", PauseDialog)
        assert tui.text(".said").endswith("Until it is resumed, no day counts for its verdict.")
        await tui.type("Redrawn")
        await tui.press("enter")
        await tui.until(lambda: _cell(tui, "status", "Open") == "‖ paused", "the pause")
        await tui.until_shown("‖ Paused since", "Redrawn")
        await tui.dialog("u", ResumeDialog)
        await tui.type("Drawn")
        await tui.press("enter")
        await tui.until(lambda: _cell(tui, "status", "Open") == "● live", "the end of it")


async def test_the_rule_at_launch_is_told_where_it_was_another(server: Server) -> None:
    softened = mechanic(title="Open", target_per_1000=4, by="Ida", reason="A slow summer.")
    assert server.api.put("/api/v1/mechanics/open", json=softened).status_code == 200
    async with console(server, size=(160, 50)) as tui:
        await _stand_on(tui, "open")
        await tui.until_shown("4 opportunities per 1,000 visits", "Changed", "A slow summer.")
        assert "At launch: 10 opportunities per 1,000 visits. Gate" in tui.text("MechanicCard Static")
        await _stand_on(tui, "soft")
        await tui.until(lambda: tui.text("MechanicCard Static").startswith("Soft"), "the other card")
        assert "At launch" not in tui.text("MechanicCard Static")


@pytest.mark.parametrize(("opportunities", "said"), [(2, "? review"), (8, "✓ keep")])
async def test_what_does_well_is_kept(server: Server, clock: Any, opportunities: int, said: str) -> None:
    path = server.share(mechanic="soft")
    for n in range(opportunities):
        lead(server, path, f"ada{n}@hooli{n}.example", name="Ada")
        opportunity(server, f"D-{n}", [f"ada{n}@hooli{n}.example"])
    clock.ms += 100 * DAY_MS
    looked(server, "soft", 490, at_ms=clock() - 40 * DAY_MS)
    async with console(server, size=(160, 50)) as tui:
        await _stand_on(tui, "soft")
        assert _cell(tui, "verdict", "Soft") == said


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_which_mechanic_to_kill_is_read_from_the_screen_alone(
    server: Server, clock: Any, size: tuple[int, int]
) -> None:
    """Whoever sees the console for the first time: which one, why, and what would happen."""
    server.share(mechanic="soft")
    failed(server, clock)
    async with console(server, size=size) as tui:
        await _stand_on(tui, "soft")
        await tui.until_shown("✗ 1 kill", "✗ kill", "600 visits in 100 days should")
        if size == (80, 24):
            await tui.press("enter")
        await tui.until_shown("━━ 0 opportunities came", "6.0 expected at target")
        await tui.until_shown("here the verdict is to kill: without any today", "launch", "floor, day 90  day 100")
        await tui.dialog("K", KillDialog)
        await tui.until_shown("The verdict is to kill it.", "1 link of 1 customer: the asset stays, gate and call to")


async def test_the_weeks_of_a_mechanic_are_a_line_in_the_table(server: Server, clock: Any) -> None:
    failed(server, clock)
    async with console(server, size=(160, 50)) as tui:
        await _stand_on(tui, "soft")
        assert _cell(tui, "weeks", "Open") == "........."
        line = _cell(tui, "weeks", "Soft")
        assert line.count("█") == 1
        assert line.endswith(".")


async def test_the_course_follows_the_cursor(server: Server, clock: Any) -> None:
    story(server)
    failed(server, clock)
    async with console(server, size=(160, 50)) as tui:
        await _stand_on(tui, "soft")
        await tui.until_shown("Does Soft earn its life?", "━━ 0 opportunities came")
        await _stand_on(tui, "hard")
        await tui.until_shown("Does Customer reports earn its life?", "━━ 1 opportunity came")
        assert server.api.post("/api/v1/mechanics/open/pause", json={"by": "Jo", "reason": "R"}).status_code == 200
        await _stand_on(tui, "open")
        await tui.until_shown("Does Open earn its life?", "‖ paused, or killed for a time")


async def test_a_kill_is_taken_back_by_undo_and_so_is_that(server: Server) -> None:
    async with console(server, size=(160, 50)) as tui:
        await _stand_on(tui, "open")
        await tui.press("ctrl+z")
        assert isinstance(tui.console.screen, MechanicsScreen), "there is nothing to take back"
        await tui.dialog("K", KillDialog)
        await tui.type("Out")
        await tui.press("enter")
        await tui.until_shown("Open: killed. ^z takes it back.")
        await tui.dialog("ctrl+z", ReviveDialog)
        await tui.type("Back")
        await tui.press("enter")
        await tui.until(lambda: _cell(tui, "status", "Open") == "● live", "the row to change back")
        await tui.dialog("p", PauseDialog)
        await tui.type("Later")
        await tui.press("enter")
        await tui.until_shown("Open: paused. ^z takes it back.")
        await tui.press("1")
        await tui.dialog("ctrl+z", ResumeDialog)
        await tui.type("Now")
        await tui.press("enter")
        await tui.until(lambda: not isinstance(tui.console.screen, ResumeDialog), "the dialog to close")
    decisions = server.api.get("/api/v1/mechanics/open").json()["decisions"]
    assert [d["kind"] for d in decisions] == ["launch", "kill", "revive", "pause", "resume"]


async def test_what_somebody_else_took_back_meanwhile_is_not_taken_back_again(server: Server) -> None:
    async with console(server, size=(160, 50)) as tui:
        await _stand_on(tui, "open")
        await tui.dialog("K", KillDialog)
        await tui.type("Out")
        await tui.press("enter")
        await tui.until(lambda: _cell(tui, "status", "Open") == "✕ killed", "the kill")
        assert server.api.post("/api/v1/mechanics/open/revive", json={"by": "Jo", "reason": "No"}).status_code == 200
        await tui.until(lambda: _cell(tui, "status", "Open") == "● live", "the life")
        await tui.press("ctrl+z")
        await tui.until_shown("It was decided about again meanwhile")


async def test_what_was_typed_into_a_dialog_that_was_left_is_there_again(server: Server) -> None:
    async with console(server, size=(80, 24)) as tui:
        await _stand_on(tui, "open")
        await tui.dialog("K", KillDialog)
        await tui.type("Nobody came")
        tui.console.screen.query_one(Choices).chosen = 1
        tui.console.screen.query_one("#redirect-url", Input).value = "https://acme.example/elsewhere"
        await tui.press("escape")
        await tui.dialog("e", KeepDialog)
        assert tui.console.screen.query_one("#reason", Input).value == "", "another dialog is another intention"
        await tui.press("escape")
        await tui.dialog("K", KillDialog)
        await tui.until_shown("https://acme.example/elsewhere")
        assert tui.console.screen.query_one("#reason", Input).value == "Nobody came"
        await tui.press("enter")
        await tui.until(lambda: _cell(tui, "status", "Open") == "✕ killed", "the row to change")
        await tui.dialog("r", ReviveDialog)
        await tui.type("A second look")
        await tui.press("enter")
        await tui.until(lambda: _cell(tui, "status", "Open") == "● live", "the row to change back")
        await tui.dialog("K", KillDialog)
        assert tui.console.screen.query_one("#reason", Input).value == "", "it was sent, and is over"
    assert server.api.get("/api/v1/mechanics/open").json()["status"] == "live"


async def test_what_got_lost_and_was_left_is_not_done_twice(server: Server) -> None:
    network = Flaky()
    async with console(server, size=(80, 24), transport=network, refresh_s=60) as tui:
        await _stand_on(tui, "open")
        await tui.dialog("e", KeepDialog)
        await tui.type("It earns its life")
        network.swallow = True
        await tui.press("enter")
        await tui.until_shown("Sending it again is safe.")
        network.swallow = False
        await tui.press("escape")
        await tui.dialog("e", KeepDialog)
        assert tui.console.screen.query_one("#reason", Input).value == "It earns its life"
        await tui.press("enter")
        await tui.until(lambda: isinstance(tui.console.screen, MechanicsScreen), "the table")
    decisions = server.api.get("/api/v1/mechanics/open").json()["decisions"]
    assert [decision["reason"] for decision in decisions if decision["kind"] == "keep"] == ["It earns its life"]
