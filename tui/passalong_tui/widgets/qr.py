"""A QR code drawn with half blocks: dark on light in every look, for that is what cameras expect."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

MARGINS = (4, 2, 1)
"""Light modules around the code: four by the standard, fewer where there is less room. Cameras read it with one, on a
light ground."""
_GROUND = "#000000 on #ffffff"
_CELLS = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}

Modules = Sequence[Sequence[bool]]


def modules(url: str, margin: int) -> Modules:
    """The code of an address with its margin, row by row; True is dark."""
    import segno

    code = segno.make(url, error="l", micro=False)
    return [[bool(module) for module in row] for row in code.matrix_iter(border=margin)]


def drawn(code: Modules) -> list[str]:
    """Two rows of modules in each line of cells; a last odd one is completed by margin."""
    light = [False] * len(code[0])
    below = [*code[1::2], light]
    return ["".join(_CELLS[pair] for pair in zip(*rows, strict=True)) for rows in zip(code[::2], below, strict=False)]


class QrCode(Widget):
    """The code of one address, as large as it has to be. What does not fit is no code, so it says so in words."""

    DEFAULT_CSS = "QrCode { width: auto; height: auto; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._drawn: tuple[str, Size] = ("", Size())
        self._lines: list[str] = []
        self.fits = True

    def show(self, url: str, room: Size) -> None:
        """Draws the code of an address into so many cells, with as wide a margin as they leave."""
        if (url, room) == self._drawn:
            return
        self._drawn = url, room
        for margin in MARGINS:
            self._lines = drawn(modules(url, margin))
            self.fits = len(self._lines[0]) <= room.width and len(self._lines) <= room.height
            if self.fits:
                break
        self.refresh(layout=True)

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return len(self._lines[0]) if self._lines and self.fits else super().get_content_width(container, viewport)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines) if self.fits else super().get_content_height(container, viewport, width)

    def render(self) -> Content:
        if self._lines and not self.fits:
            size = f"{len(self._lines[0])} × {len(self._lines)} characters"
            return Content(f"The code takes {size}: make the window larger.")
        return Content("\n").join([Content.styled(line, _GROUND) for line in self._lines])
