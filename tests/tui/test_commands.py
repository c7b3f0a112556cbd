"""One table of commands: whatever stands in it is bound, in the footer, in the help and in the palette."""

from __future__ import annotations

import subprocess
import sys

import pytest
from console_driver import console, story
from textual.command import CommandPalette
from textual.widgets import Static
from ways import WAYS, go

from factories import Server
from passalong_tui.commands import (
    COMMANDS,
    CUSTOMER,
    MECHANICS,
    SCREENS,
    available,
)
from passalong_tui.palette import ConsoleCommands
from passalong_tui.screens.help import HelpScreen
from passalong_tui.screens.page import Page


def test_every_screen_has_its_way() -> None:
    assert set(WAYS) == set(SCREENS)


@pytest.mark.parametrize("screen", WAYS)
async def test_every_command_is_in_footer_palette_and_help(server: Server, screen: str) -> None:
    story(server)
    async with console(server, size=(160, 60)) as tui:
        await go(tui, screen)
        expected = available(screen)

        await tui.until(lambda: tui.offered() >= {c.action for c in expected if c.footer}, "the footer")
        entries = {entry.name for entry in ConsoleCommands(tui.console.screen).commands()}
        assert entries == {f"{command.name}  {command.keys}" for command in expected}
        await tui.press("question_mark")
        await tui.until(lambda: isinstance(tui.console.screen, HelpScreen), "the help")
        words = " ".join(str(static.visual) for static in tui.console.screen.query(Static))
        for command in COMMANDS:
            assert command.help in words
            assert command.keys in words
        await tui.press("escape")
        await tui.until(lambda: isinstance(tui.console.screen, Page), "the page again")


async def test_the_palette_runs_a_command_and_finds_a_customer(server: Server) -> None:
    story(server)
    async with console(server) as tui:
        await tui.until(lambda: tui.console.known.customers, "the customers")
        await tui.press("ctrl+p")
        await tui.until(lambda: isinstance(tui.console.screen, CommandPalette), "the palette")
        await tui.type("mechanics")
        await tui.until_shown("Which mechanic produces pipeline?")
        await tui.press("enter", "enter")
        await tui.until(lambda: getattr(tui.console.screen, "NAME", "") == MECHANICS, "the mechanics")
        await tui.press("ctrl+p")
        await tui.type("globex")
        await tui.until_shown("Open this customer")
        await tui.press("enter", "enter")
        await tui.until_shown("What did Globex bring?")


async def test_light_and_dark_and_no_colour_at_all(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    story(server)
    monkeypatch.setenv("NO_COLOR", "1")
    async with console(server, size=(80, 24)) as tui:
        await tui.until_shown("1 of 2 known")
        before = tui.console.theme
        await tui.press("t")
        await tui.until(lambda: tui.console.theme != before, "the other look")
        await tui.press("2")
        await tui.until_shown("● live")


async def test_a_reader_is_not_offered_what_it_may_not(server: Server, reader_key: str) -> None:
    story(server)
    async with console(server, key=reader_key) as tui:
        await tui.until(lambda: tui.console.known.role == "reader", "the role")
        await go(tui, "mechanics")
        for screen in ("mechanics", "plays", "review"):
            await go(tui, screen)
            refused = {c.action for c in available(screen) if c.needs}
            assert refused
            await tui.until(lambda r=refused: not r & tui.offered(), "less")
            assert not {c.name for c in available(screen) if c.needs} & {
                entry.name.partition("  ")[0] for entry in ConsoleCommands(tui.console.screen).commands()
            }
            await tui.press("K", "e", "d")
            assert isinstance(tui.console.screen, Page)
        await tui.press("question_mark")
        await tui.until(lambda: isinstance(tui.console.screen, HelpScreen), "the help")
        words = " ".join(str(static.visual) for static in tui.console.screen.query(Static))
        assert not [command for command in COMMANDS if command.needs and command.help in words]
        assert f"{sum(bool(command.needs) for command in COMMANDS)} commands more with a key of another role." in words
        await tui.press("escape")
        await go(tui, CUSTOMER)
        await tui.until_shown("hooli.example")


async def test_an_integrator_acts_on_plays_and_decides_nothing(server: Server, integrator_key: str) -> None:
    async with console(server, key=integrator_key) as tui:
        await tui.until(lambda: tui.console.known.role == "integrator", "the role")
        await go(tui, "plays")
        await tui.until(lambda: "done" in tui.offered(), "done")
        await go(tui, "review")
        await tui.until(lambda: "hold" not in tui.offered(), "less")


def test_starting_imports_nothing_heavy() -> None:
    code = (
        "import sys, passalong_tui.__main__\n"
        "sys.exit(any(name in sys.modules for name in ('textual', 'httpx2', 'rich', 'msgspec')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
