"""One of a few, on one line. The choice is a filled circle, not a colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

_GAP = 3


class Choices(Widget, can_focus=True):
    """Left and right choose while it has the focus; a click chooses too."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,up", "move(-1)", "Previous", show=False),
        Binding("right,down,space", "move(1)", "Next", show=False),
    ]

    chosen: reactive[int] = reactive(0)
    """The place of the choice, from 0."""

    class Changed(Message):
        """Another one was chosen."""

        def __init__(self, choices: Choices) -> None:
            self.choices = choices
            super().__init__()

        @property
        def control(self) -> Choices:
            return self.choices

    def __init__(self, labels: Sequence[str], *, id: str | None = None, chosen: int = 0) -> None:
        super().__init__(id=id)
        self._labels = list(labels)
        self.set_reactive(Choices.chosen, chosen)

    def render(self) -> Content:
        parts: list[tuple[str, str]] = []
        for place, label in enumerate(self._labels):
            if place == self.chosen:
                parts.append((f"◉ {label}", "$accent bold underline" if self.has_focus else "$accent bold"))
            else:
                parts.append((f"○ {label}", ""))
            parts.append((" " * _GAP, ""))
        return Content.assemble(*parts)

    def action_move(self, by: int) -> None:
        self.chosen = (self.chosen + by) % len(self._labels)

    def watch_chosen(self) -> None:
        self.post_message(self.Changed(self))

    def on_click(self, event: Click) -> None:
        left = 0
        for place, label in enumerate(self._labels):
            right = left + 2 + len(label)
            if left <= event.x < right:
                self.chosen = place
            left = right + _GAP
