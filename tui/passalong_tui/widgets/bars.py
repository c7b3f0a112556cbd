"""The months as bars, in whatever room there is: of the one number, and of the pipeline by source."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.widget import Widget

from passalong_tui.answers.metric import Month
from passalong_tui.charts.months import Stacks, month_bars, stacked, stacks
from passalong_tui.words import unread


class MonthBars(Widget):
    """The months' one numbers."""

    def __init__(self) -> None:
        super().__init__()
        self._months: list[Month] = []

    def show(self, months: list[Month]) -> None:
        self._months = months
        self.refresh()

    def render(self) -> Content:
        return month_bars(self._months, *self.size)


class SourceMonths(Widget):
    """The months' pipeline by source, one upon the other."""

    def __init__(self) -> None:
        super().__init__()
        self._read = False
        self._stacks: Stacks | None = None

    def show(self, months: list[Month], title: Callable[[str | None], str]) -> None:
        """`title` gives a mechanic's title for its key."""
        self._read, self._stacks = True, stacks(months, title)
        self.refresh()

    def render(self) -> Content:
        return stacked(self._stacks, *self.size) if self._read else Content.styled(unread(), "$quiet")
