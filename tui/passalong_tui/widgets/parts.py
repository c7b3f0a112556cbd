"""The names of a screen's parts on one line; the one that is shown stands out. A click goes there."""

from __future__ import annotations

from collections.abc import Mapping

from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.widget import Widget

_GAP = 2


class Parts(Widget):
    class Chosen(Message):
        def __init__(self, part: str) -> None:
            self.part = part
            super().__init__()

    def __init__(self, names: Mapping[str, str]) -> None:
        """`names` by part."""
        super().__init__()
        self._names = dict(names)
        self._counts: dict[str, int] = {}
        self._here = next(iter(names))

    def show(self, here: str, counts: Mapping[str, int]) -> None:
        """`counts` of those parts whose extent is known."""
        self._here, self._counts = here, dict(counts)
        self.refresh()

    def render(self) -> Content:
        parts: list[tuple[str, str]] = []
        for part, label, count in self._labels():
            here = part == self._here
            parts += [(label, "bold underline" if here else "$quiet"), (count, "$accent" if here else "$quiet")]
            parts += [(" " * _GAP, "")]
        return Content.assemble(*parts)

    def on_click(self, event: Click) -> None:
        left = self.styles.padding.left
        for part, label, count in self._labels():
            right = left + len(label) + len(count)
            if left <= event.x < right:
                self.post_message(self.Chosen(part))
            left = right + _GAP

    def _labels(self) -> list[tuple[str, str, str]]:
        """Part, name, and how much there is of it as far as there is room: of the one that is shown first."""
        room = self.content_size.width - sum(len(name) + _GAP for name in self._names.values()) + _GAP
        counts: dict[str, str] = {}
        for part in sorted(self._names, key=lambda part: part != self._here):
            count = f" {self._counts[part]:,}" if part in self._counts else ""
            if len(count) <= room:
                counts[part] = count
                room -= len(count)
        return [(part, name, counts.get(part, "")) for part, name in self._names.items()]
