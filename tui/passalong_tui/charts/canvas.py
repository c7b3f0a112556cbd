"""A grid of characters to draw on, each with its style, that becomes Content."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

_BRAILLE = 0x2800
_DOTS = ((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08))
"""The dots of a braille cell from below, of its left and its right half."""


class Canvas:
    """`width` × `height` cells; rows count from below, as values do."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._cells: list[list[tuple[str, str]]] = [[(" ", "")] * width for _ in range(height)]

    def put(self, column: int, row: int, character: str, style: str = "") -> None:
        """One cell; nothing where it lies outside."""
        if 0 <= column < self.width and 0 <= row < self.height:
            self._cells[row][column] = (character, style)

    def dot(self, half: int, quarter: int, style: str = "") -> None:
        """One of the eight dots of a cell: halves count from the left, quarters from below."""
        column, row = half // 2, quarter // 4
        if 0 <= column < self.width and 0 <= row < self.height:
            before = ord(self._cells[row][column][0]) - _BRAILLE
            bits = (before if 0 <= before < 256 else 0) | _DOTS[half % 2][quarter % 4]
            self._cells[row][column] = (chr(_BRAILLE + bits), style)

    def write(self, column: int, row: int, text: str, style: str = "") -> None:
        for place, character in enumerate(text):
            self.put(column + place, row, character, style)

    def lines(self) -> list[Content]:
        """From the top row down, cells of one style as one span."""
        return [_assembled(row) for row in reversed(self._cells)]


def _assembled(row: Sequence[tuple[str, str]]) -> Content:
    parts: list[tuple[str, str]] = []
    for character, style in row:
        if parts and parts[-1][1] == style:
            parts[-1] = (parts[-1][0] + character, style)
        else:
            parts.append((character, style))
    return Content.assemble(*parts)


def compact(n: float) -> str:
    """A number on an axis, in at most five cells: `950`, `12k`, `1.2M`; never rounded up to what it is not."""
    for size, unit in ((1_000_000_000, "bn"), (1_000_000, "M"), (1_000, "k")):
        if n >= size:
            part = n / size
            return f"{int(part)}{unit}" if part >= 10 else f"{int(part * 10) / 10:g}{unit}"
    return f"{n:g}" if n == int(n) else f"{n:.1f}"


def flowing(entries: Sequence[tuple[str, str, str]], width: int) -> list[Content]:
    """A legend: marks with their styles and words, as many on a line as fit."""
    lines: list[list[Content]] = [[]]
    used = 0
    for mark, style, words in entries:
        entry = Content.assemble((mark, style), " ", (words, "$quiet"))
        if used and used + entry.cell_length + 3 > width:
            lines.append([])
            used = 0
        lines[-1].append(entry)
        used += entry.cell_length + 3
    return [Content("   ").join(line) for line in lines]
