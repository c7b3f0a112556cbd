"""The rows of a table. Only those that are seen are drawn, so that ten thousand answer a key as fast as ten."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

_GAP = 1
"""Cells on either side of a column."""
_HEADER = 1
"""Lines on top that do not scroll."""
_MOST_KEPT = 2_000
"""Lines that are kept once drawn."""


class Head(NamedTuple):
    """A column: its key, its label as it is drawn, and its width in cells without the gap."""

    key: str
    label: Text
    width: int


class Grid(ScrollView, can_focus=True, inherit_bindings=False):
    """A cursor stands on one row. Enter belongs to the screen, so that its command is seen in the footer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "cursor_up", "Up", show=False),
        Binding("down", "cursor_down", "Down", show=False),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
        Binding("home,ctrl+home", "scroll_top", "Top", show=False),
        Binding("end,ctrl+end", "scroll_bottom", "Bottom", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"grid--header", "grid--header-hover", "grid--cursor", "grid--hover"}

    cursor_row: reactive[int] = reactive(0, init=False, repaint=False)
    _hovered: reactive[int | None] = reactive(None, init=False, repaint=False)
    """The line on the screen beneath the mouse."""

    class RowHighlighted(Message):
        """The cursor stands on another row."""

        def __init__(self, cursor_row: int) -> None:
            self.cursor_row = cursor_row
            super().__init__()

    class RowSelected(RowHighlighted):
        """A row was clicked on."""

    class HeaderSelected(Message):
        """The label of a column was clicked on."""

        def __init__(self, column_key: str) -> None:
            self.column_key = column_key
            super().__init__()

    def __init__(self) -> None:
        super().__init__()
        self._heads: Sequence[Head] = ()
        self._keys: Sequence[str] = ()
        self._cells: Callable[[str], Sequence[Text]] = lambda _: ()
        self._drawn: dict[tuple[int, Style, Style], Strip] = {}

    @property
    def row_count(self) -> int:
        return len(self._keys)

    @property
    def columns(self) -> list[str]:
        """The keys of the columns that are shown."""
        return [head.key for head in self._heads]

    def get_column(self, key: str) -> list[Text]:
        """All cells of a column, the unseen ones too."""
        place = self.columns.index(key)
        return [self._cells(row)[place] for row in self._keys]

    def show(
        self, heads: Sequence[Head], keys: Sequence[str], cells: Callable[[str], Sequence[Text]], *, cursor: int
    ) -> None:
        """Draws other rows. `cells` gives those of a row by its key, and is asked for the rows that are seen."""
        self._heads, self._keys, self._cells = heads, keys, cells
        width = sum(head.width + 2 * _GAP for head in heads)
        self.virtual_size = Size(width, len(keys) + _HEADER)
        with self.prevent(self.RowHighlighted):
            self.cursor_row = cursor
        self._renew()

    def move_cursor(self, *, row: int) -> None:
        self.cursor_row = row
        self.call_after_refresh(self._reveal)  # where it has no size yet, it cannot scroll

    def validate_cursor_row(self, row: int) -> int:
        return max(0, min(row, len(self._keys) - 1))

    def watch_cursor_row(self, before: int, row: int) -> None:
        self._reveal()
        for line in (before, row):
            self.refresh_line(line + _HEADER)
        self.post_message(self.RowHighlighted(row))

    def watch__hovered(self, before: int | None, line: int | None) -> None:
        for each in (before, line):
            if each is not None:
                self.refresh_line(each + self.scroll_offset.y)

    def action_cursor_up(self) -> None:
        self.cursor_row -= 1

    def action_cursor_down(self) -> None:
        self.cursor_row += 1

    def action_page_up(self) -> None:
        self.cursor_row -= self._room

    def action_page_down(self) -> None:
        self.cursor_row += self._room

    def action_scroll_top(self) -> None:
        self.cursor_row = 0

    def action_scroll_bottom(self) -> None:
        self.cursor_row = len(self._keys) - 1

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self._hovered = event.y

    def on_leave(self) -> None:
        self._hovered = None

    def on_click(self, event: events.Click) -> None:
        line = event.y
        if line < _HEADER:
            key = self._column_at(event.x + self.scroll_offset.x)
            if key is not None:
                self.post_message(self.HeaderSelected(key))
            return
        row = line - _HEADER + self.scroll_offset.y
        if row < len(self._keys):
            again = row == self.cursor_row
            self.cursor_row = row
            if again:
                self.post_message(self.RowSelected(row))

    @property
    def _room(self) -> int:
        """Rows that are seen at once."""
        return max(self.size.height - _HEADER, 1)

    def _reveal(self) -> None:
        """Scrolls as far as the cursor needs."""
        top = self.scroll_offset.y
        y = min(max(top, self.cursor_row - self._room + 1), self.cursor_row)
        if y != top:
            self.scroll_to(y=y, animate=False, immediate=True, force=True)

    def _renew(self) -> None:
        self._drawn.clear()
        self.refresh()

    def _column_at(self, x: int) -> str | None:
        for head in self._heads:
            x -= head.width + 2 * _GAP
            if x < 0:
                return head.key
        return None

    def render_line(self, y: int) -> Strip:
        left, top = self.scroll_offset
        row = y - _HEADER + top
        base = self.rich_style
        if y < _HEADER:
            name = "grid--header-hover" if self._hovered == y else "grid--header"
            strip = self._line(-1, name, base, [head.label for head in self._heads])
        elif row < len(self._keys):
            name = "grid--cursor" if row == self.cursor_row else "grid--hover" if self._hovered == y else ""
            strip = self._line(row, name, base)
        else:
            strip = Strip.blank(self.size.width, base)
        return strip.crop_extend(left, left + self.size.width, base)

    def _line(self, row: int, component: str, base: Style, cells: Sequence[Text] | None = None) -> Strip:
        """A row in the look of a component over the table's own. How both look depends on the focus too."""
        style = self.get_component_rich_style(component, partial=True) if component else Style.null()
        kept = (row, style, base)
        found = self._drawn.get(kept)
        if found is None:
            if len(self._drawn) >= _MOST_KEPT:
                self._drawn.clear()
            cells = self._cells(self._keys[row]) if cells is None else cells
            found = self._drawn[kept] = self._made(cells, style, base + style)
        return found

    def _made(self, cells: Sequence[Text], style: Style, base: Style) -> Strip:
        gap = Segment(" " * _GAP, base)
        console: Any = self.app.console
        segments: list[Segment] = []
        for head, cell in zip(self._heads, cells, strict=True):
            # A label may be one cell longer, for the mark of the order, which then stands in the gap.
            line = Strip(Segment.apply_style(cell.render(console), base, style)).crop(0, head.width + _GAP)
            room = head.width - line.cell_length
            blank, after = Segment(" " * max(room, 0), base), Segment(" " * min(_GAP + room, _GAP), base)
            segments += [gap, blank, *line, after] if cell.justify == "right" else [gap, *line, blank, after]
        return Strip(segments)
