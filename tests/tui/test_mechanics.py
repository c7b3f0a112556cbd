"""Which mechanic produces pipeline; killing one and bringing it back."""

from __future__ import annotations

from console_driver import Driver, console, story
from textual.widgets import Input

from factories import Server
from passalong_tui.screens.decide import KillDialog, ReviveDialog
from passalong_tui.screens.mechanics import MechanicsScreen
from passalong_tui.widgets.choices import Choices


async def _to_mechanics(tui: Driver) -> None:
    await tui.press("2")
    await tui.until(lambda: isinstance(tui.console.screen, MechanicsScreen) and tui.column("title"), "the table")


async def _dialog(tui: Driver, key: str, kind: type) -> None:
    await tui.press(key)
    await tui.until(lambda: isinstance(tui.console.screen, kind), kind.__name__)


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
        await _dialog(tui, "k", KillDialog)
        await tui.until_shown("1 link of 1 customer: the asset stays, gate and call to action go")
        assert tui.console.screen.query_one("#by", Input).value == "mara"
        await tui.type("Nobody came")
        await tui.press("enter")
        await tui.until(lambda: "✕ killed" in tui.column("status"), "the row to change")
        page = server.viewer.get(path).text
        assert "csrf_token" not in page
        assert "Start a free account" not in page
        await tui.until_shown("Killed", "Nobody came", "the asset stays, without gate")

        await _dialog(tui, "r", ReviveDialog)
        await tui.until_shown("gate and call to action return", "Nobody came")
        await tui.type("A second look")
        await tui.press("enter")
        await tui.until(lambda: set(tui.column("status")) == {"● live"}, "the row to change back")
        assert "csrf_token" in server.viewer.get(path).text
        await tui.until_shown("Revived", "A second look")


async def test_an_empty_reason_stays_in_the_dialog(server: Server) -> None:
    async with console(server, size=(80, 24)) as tui:
        await _to_mechanics(tui)
        await _dialog(tui, "k", KillDialog)
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
        await _dialog(tui, "k", KillDialog)
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
        await _dialog(tui, "k", KillDialog)
        body = {"reason": "Faster", "by": "Jo"}
        assert server.api.post("/api/v1/mechanics/hard/kill", json=body).status_code == 200
        await tui.type("Slower")
        await tui.press("enter")
        await tui.until_shown("hard was killed on", "by Jo")


async def test_narrow_terminals_show_the_rule_on_enter(server: Server) -> None:
    async with console(server, size=(80, 24)) as tui:
        await _to_mechanics(tui)
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
        tui.listing().sort("leads")
        await tui.until(lambda: tui.column("leads")[0] == "1", "the order by leads")
        await tui.press("G")
        await tui.until(lambda: tui.listing().grid.cursor_row == len(tui.column("title")) - 1, "the last row")
        await tui.press("g")
        await tui.until(lambda: tui.listing().grid.cursor_row == 0, "the first row")
