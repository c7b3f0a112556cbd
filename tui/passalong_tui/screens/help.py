"""Every key, made from the one table of commands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from passalong_tui.commands import COMMANDS, SCREENS, Command
from passalong_tui.screens.reading import Reading
from passalong_tui.styles import read_styles
from passalong_tui.words import counted

_WIDEST, _AROUND = 96, 8
"""Cells of the page, and those of them around the text."""
_INDENT = 24
"""Cells before what a key does."""


class HelpScreen(Reading):
    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q", "leave", "Close"),
    ]

    def __init__(self, here: str | None, may: Callable[[str], bool]) -> None:
        """`here` is the screen that help was asked on: its keys come first. `may` knows whether the key of the console
        may do what needs a role: the rest is not offered here either."""
        super().__init__()
        read_styles(self)
        self._here = here
        self._may = may

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help"):
            yield Static(Content("What can I do here?"), id="title")
            commands = [command for command in COMMANDS if self._may(command.needs)]
            yield Static(_sections(commands, self._here, min(self.app.size.width, _WIDEST) - _AROUND))
            yield Static(Content(self._last_words(len(COMMANDS) - len(commands))), id="closing")

    def _last_words(self, withheld: int) -> str:
        moves = "Arrow keys move, Tab goes to the next part. Esc closes this."
        return f"{moves} {counted(withheld, 'command')} more with a key of another role." if withheld else moves


def _sections(commands: Sequence[Command], here: str | None, width: int) -> Content:
    """The keys of this screen, those of every screen, then the other screens' own, in so many cells."""
    parts: list[str | tuple[str, str]] = []
    order = [here, None, *(screen for screen in SCREENS if screen != here)]
    for screen in order:
        chosen = [c for c in commands if (screen in c.screens if screen else not c.screens)]
        if chosen:
            parts += [(SCREENS[screen] if screen else "Everywhere", "$accent"), "\n"]
            parts += [part for command in chosen for part in _line(command, width)]
            parts.append("\n")
    return Content.assemble(*parts[:-1])


def _line(command: Command, width: int) -> list[str | tuple[str, str]]:
    first, *more = wrap(command.help, max(width - _INDENT, 20))
    parts: list[str | tuple[str, str]] = [
        (f"{command.keys:<10}", "bold"),
        f"{command.name:<{_INDENT - 10}}",
        (first, "$quiet"),
        "\n",
    ]
    return [*parts, *((f"{' ' * _INDENT}{line}\n", "$quiet") for line in more)]
