"""A QR code drawn with half blocks: dark on light in every look, for that is what cameras expect."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

QUIET_MODULES = 2
"""The light margin. The standard asks for four; cameras read it with two, and a terminal is narrow."""
_GROUND = "#000000 on #ffffff"
_CELLS = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}

Modules = Sequence[Sequence[bool]]


def modules(url: str) -> Modules:
    """The code of an address with its margin, row by row; True is dark."""
    import segno

    code = segno.make(url, error="l", micro=False)
    return [[bool(module) for module in row] for row in code.matrix_iter(border=QUIET_MODULES)]


def drawn(code: Modules) -> list[str]:
    """Two rows of modules in each line of cells; a last odd one is completed by margin."""
    light = [False] * len(code[0])
    below = [*code[1::2], light]
    return ["".join(_CELLS[pair] for pair in zip(*rows, strict=True)) for rows in zip(code[::2], below, strict=False)]


class QrCode(Widget):
    """The code of one address, as large as it has to be. What does not fit is no code, so it says so in words."""

    DEFAULT_CSS = "QrCode { width: auto; height: auto; }"

    def __init__(self, room: Size | None = None, *, id: str | None = None) -> None:
        """`room` is what may be filled, in cells; None: no limit."""
        super().__init__(id=id)
        self.room = room
        self._url = ""
        self._lines: list[str] = []

    def show(self, url: str) -> None:
        if url != self._url:
            self._url = url
            self._lines = drawn(modules(url)) if url else []
            self.refresh(layout=True)

    @property
    def needs(self) -> Size:
        """Cells that the code takes."""
        return Size(len(self._lines[0]) if self._lines else 0, len(self._lines))

    @property
    def fits(self) -> bool:
        return self.room is None or (self.needs.width <= self.room.width and self.needs.height <= self.room.height)

    def render(self) -> Content:
        if not self.fits:
            width, height = self.needs
            return Content.styled(f"The code takes {width} × {height} characters: make the window larger.", "$quiet")
        return Content("\n").join([Content.styled(line, _GROUND) for line in self._lines])
