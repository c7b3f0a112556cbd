"""Twelve months as bars, each with its name and its number, so that nothing rests on the bar alone."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from passalong_tui.answers import Month
from passalong_tui.words import month_label, number

_EIGHTHS = " ▁▂▃▄▅▆▇█"


class MonthBars(Widget):
    """The months' one numbers. As many of the newest months as the width takes."""

    def __init__(self) -> None:
        super().__init__()
        self._months: list[Month] = []

    def show(self, months: list[Month]) -> None:
        self._months = months
        self.refresh()

    def render(self) -> Content:
        width, height = self.size
        if not self._months or width < 4 or height < 3:
            return Content("")
        slot = max(min(width // len(self._months), 9), 4)
        months = self._months[-(width // slot) :]
        top = max(max(month.attributed for month in months), 1)
        rows = height - 2
        lines = [self._row(months, slot, top, rows, row) for row in range(rows, -1, -1)]
        names = [month_label(month.month).center(slot) for month in months]
        lines.append(Content.assemble(("".join(names[:-1]), "$quiet"), (names[-1], "bold")))
        return Content("\n").join(lines)

    def _row(self, months: list[Month], slot: int, top: float, rows: int, row: int) -> Content:
        """One line of the chart, `rows` of them above the lowest; a number stands on top of its bar."""
        parts: list[tuple[str, str]] = []
        for place, month in enumerate(months, 1):
            last = place == len(months)
            eighths = round(month.attributed * rows * 8 / top)
            if month.attributed:
                eighths = max(eighths, 1)
            here = eighths - row * 8
            if here > 0:
                bar = _EIGHTHS[min(here, 8)] * (slot - 2)
                parts.append((f" {bar} ", "$accent" if last else "$faint"))
            elif here > -8 or (row == 0 and eighths == 0):
                parts.append((number(month.attributed).center(slot), "bold" if last else "$quiet"))
            else:
                parts.append((" " * slot, ""))
        return Content.assemble(*parts)
