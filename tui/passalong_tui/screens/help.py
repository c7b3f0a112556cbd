"""Every key, made from the one table of commands."""

from __future__ import annotations

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

_WIDEST, _AROUND = 96, 8
"""Cells of the page, and those of them around the text."""
_INDENT = 24
"""Cells before what a key does."""


class HelpScreen(Reading):
    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q", "leave", "Close"),
    ]

    def __init__(self, here: str | None) -> None:
        """`here` is the screen that help was asked on: its keys come first."""
        super().__init__()
        read_styles(self)
        self._here = here

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help"):
            yield Static(Content("What can I do here?"), id="title")
            yield Static(_sections(self._here, min(self.app.size.width, _WIDEST) - _AROUND))
            yield Static(Content("Arrow keys move, Tab goes to the next part. Esc closes this."), id="closing")


def _sections(here: str | None, width: int) -> Content:
    """The keys of this screen, those of every screen, then the other screens' own, in so many cells."""
    parts: list[str | tuple[str, str]] = []
    order = [here, None, *(screen for screen in SCREENS if screen != here)]
    for screen in order:
        chosen = [c for c in COMMANDS if (screen in c.screens if screen else not c.screens)]
        if chosen:
            parts += [(SCREENS[screen] if screen else "Everywhere", "$accent"), "\n"]
            parts += [part for command in chosen for part in _line(command, width)]
            parts.append("\n")
    return Content.assemble(*parts[:-1])


def _line(command: Command, width: int) -> list[str | tuple[str, str]]:
    note = f" (role {command.needs})" if command.needs else ""
    first, *more = wrap(command.help + note, max(width - _INDENT, 20))
    parts: list[str | tuple[str, str]] = [
        (f"{command.keys:<10}", "bold"),
        f"{command.name:<{_INDENT - 10}}",
        (first, "$quiet"),
        "\n",
    ]
    return [*parts, *((f"{' ' * _INDENT}{line}\n", "$quiet") for line in more)]
