"""What is only read, above a page: it moves by the same keys as everything else."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from passalong_tui.screens.page import step


class Reading(ModalScreen[None]):
    """A subclass binds the keys that close it, and puts its words into one part that scrolls."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "move('down')", show=False),
        Binding("k", "move('up')", show=False),
        Binding("g", "move('top')", show=False),
        Binding("G", "move('bottom')", show=False),
    ]

    def action_move(self, way: str) -> None:
        step(self.query_one(VerticalScroll), way)

    def action_leave(self) -> None:
        self.dismiss(None)
