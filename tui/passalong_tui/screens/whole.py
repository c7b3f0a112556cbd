"""One row with nothing cut short."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from passalong_tui.screens.reading import Reading
from passalong_tui.styles import read_styles
from passalong_tui.words import NOTHING


class WholeScreen(Reading):
    CSS_PATH = "whole.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,v,q,enter", "leave", "Close")]

    def __init__(self, cells: list[tuple[str, str]]) -> None:
        """`cells` by the names of their columns, made harmless already."""
        super().__init__()
        read_styles(self)
        self._cells = cells

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="whole"):
            for label, value in self._cells:
                yield Static(Content(label), classes="label")
                yield Static(Content(value or NOTHING), classes="value")
            yield Static(Content("Esc closes this."), id="closing")
