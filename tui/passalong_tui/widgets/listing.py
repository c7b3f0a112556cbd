"""A table as every screen uses it: searched as one types, sorted by key or header, fitted to its width."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from msgspec import Struct
from rich.cells import cell_len
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import Resize
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Static

from passalong.domain.money import Money
from passalong_tui import safe
from passalong_tui.memory import Arrangement
from passalong_tui.widgets.grid import Grid, Head
from passalong_tui.words import money_header, money_told, unread

T = TypeVar("T")

_PADDING = 2
_NEAR_END = 20
"""So many rows before the last one read, more are asked for."""
_WHOLE = 10_000
"""Cells enough for any value."""
_NARROWEST_WORDS = 8
"""Cells that a column of words keeps as long as others can give way."""
_PAUSE_S = 0.2
"""So long nobody types before the server is asked for what was typed."""


class Column(Struct, Generic[T], frozen=True, kw_only=True):
    """One column. `cell` gets the entry and the column's width in cells; `order` is what it sorts by.

    `width` 0 takes what the others leave, `least` or more. Where the table is narrow, columns with the highest `drop`
    go first; those with 0 stay.
    """

    key: str
    label: str
    cell: Callable[[T, int], str | Text]
    order: Callable[[T], Any]
    width: int = 0
    least: int = 14
    right: bool = False
    drop: int = 0
    tone: Callable[[T], str] | None = None
    """Gives the colour of a cell by its name in the themes, or nothing; never the only thing that says something."""
    value: Callable[[T], object] | None = None
    """What a program reads in its place: else the number or the time that it sorts by, or the cell's own words."""
    amounts: Callable[[T], Sequence[Money]] | None = None
    """Money, which a program reads as two columns: the amounts and their currencies."""
    hidden: bool = False
    """Never drawn: for programs alone."""

    def whole(self, entry: T) -> str:
        """The cell with nothing cut short."""
        cell = self.cell(entry, _WHOLE)
        return cell if isinstance(cell, str) else cell.plain

    @property
    def header(self) -> list[str]:
        """Its names in a file."""
        return money_header(self.label) if self.amounts is not None else [self.label]

    def exported(self, entry: T) -> list[object]:
        if self.amounts is not None:
            return [*money_told(self.amounts(entry))]
        if self.value is not None:
            return [self.value(entry)]
        order = self.order(entry)
        return [order if isinstance(order, int | float | datetime) else self.whole(entry)]


def unseen(key: str, label: str, value: Callable[[T], str]) -> Column[T]:
    """A column that only files have: ids and addresses, by which programs go on."""
    return Column(key=key, label=label, cell=lambda entry, w: value(entry), order=value, value=value, hidden=True)


class Listing(Vertical, Generic[T]):
    """A table of entries, each with a key of its own."""

    class Moved(Message):
        """The cursor stands on another entry."""

        def __init__(self, listing: Listing[Any]) -> None:
            self.listing = listing
            super().__init__()

        @property
        def control(self) -> Listing[Any]:
            return self.listing

    class Arranged(Moved):
        """It is sorted or searched in another way."""

    class Sought(Moved):
        """Something is to be looked for, which the table cannot do by itself: it holds only a part."""

    class Ended(Moved):
        """The cursor nears the last entry: more may be asked for."""

    def __init__(
        self,
        columns: Sequence[Column[T]],
        *,
        key: Callable[[T], str],
        found_by: Callable[[T], str],
        empty: str,
        order: str,
        descending: bool = True,
        heading: str | None = None,
        copies: Callable[[T], str] | None = None,
        id: str | None = None,
    ) -> None:
        """`found_by` gives the text that is searched; `empty` says what to do when there is nothing yet; `copies` what
        an entry puts into the clipboard, else its key."""
        super().__init__(id=id)
        self._copies = copies or key
        self._all = columns
        self._columns = [column for column in columns if not column.hidden]
        self._key = key
        self._found_by = found_by
        self._empty = empty
        """What is said where there is no entry; a screen that shows several kinds of things changes it with them."""
        self._order, self._descending = order, descending
        self._first_order = (order, descending)
        self._heading = heading
        self._entries: list[T] | None = None
        self._searched: list[str] | None = None
        """The text of each entry that is searched, once somebody searches."""
        self._shown: dict[str, T] = {}
        self._keys: list[str] = []
        """Of what is shown, in its order."""
        self._aim: str | None = None
        self.filter = ""
        self.partial = False
        """Whether it may hold a part only: then the server searches, and more is asked for near the end."""
        self._pause: Timer | None = None
        self._left_empty = False
        """Whether the focus was here when nothing was left to stand on."""
        # Made here and not in compose: a screen may ask for its entries before it is composed.
        self.grid = Grid()
        self.grid.display = False
        self._filter_line = Input(placeholder="Type to find, Enter to go to the rows, Esc to show all", compact=True)
        self._filter_line.display = False

    def compose(self) -> ComposeResult:
        if self._heading is not None:
            yield Static(Content(self._heading), classes="heading")
        yield self.grid
        yield Static(Content(unread()), classes="empty")
        yield self._filter_line

    @property
    def current(self) -> T | None:
        """The entry under the cursor."""
        row = self.grid.cursor_row
        return self._shown[self._keys[row]] if 0 <= row < len(self._keys) else None

    @property
    def shown(self) -> list[T]:
        return list(self._shown.values())

    def aim(self, key: str) -> None:
        """Puts the cursor on an entry as soon as it is there."""
        self.clear_filter()
        self._aim = key
        self._draw()

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._recolour, init=False)

    def _recolour(self) -> None:
        self.call_after_refresh(self._draw)  # the new colours are known by then

    def show(self, entries: Sequence[T]) -> None:
        """Draws new entries; the cursor stays on the entry where it stood."""
        self._entries = list(entries)
        self._searched = None
        self._draw()

    def explain_empty(self, sentence: str) -> None:
        """What is said from now on while there is nothing."""
        self._empty = sentence

    def grow(self, most: int) -> None:
        """As high as its entries, up to so many rows: for a table among other things on a page that scrolls."""
        self.grid.styles.height = min(len(self._entries or ()), most) + 1

    @property
    def arrangement(self) -> Arrangement:
        return Arrangement(order=self._order, descending=self._descending, filter=self.filter)

    def restore(self, wanted: Arrangement) -> None:
        """As it was arranged before; a column that is no more is passed over."""
        if wanted.order in {column.key for column in self._columns}:
            self._order, self._descending = wanted.order, wanted.descending
        if wanted.filter:
            self.filter = wanted.filter
            with self.prevent(Input.Changed):
                self._filter_line.value = wanted.filter
            self._filter_line.display = True
        self._draw()

    @property
    def in_first_order(self) -> bool:
        """Whether nobody has sorted it in another way."""
        return (self._order, self._descending) == self._first_order

    @property
    def header(self) -> list[str]:
        return [name for column in self._all for name in column.header]

    def rows(self, entries: Sequence[T] | None = None) -> list[list[object]]:
        """What it shows, or what it would show of these, as a program reads it, with what there is no room for."""
        shown = self.shown if entries is None else self._sorted(self._found(entries))
        return [[cell for column in self._all for cell in column.exported(entry)] for entry in shown]

    def whole(self) -> list[tuple[str, str]]:
        """Every cell of the entry under the cursor with nothing cut short, by its column."""
        current = self.current
        return [] if current is None else [(c.label, safe.line(c.whole(current))) for c in self._columns]

    def copied(self) -> str:
        """What the entry under the cursor puts into the clipboard; nothing where there is none."""
        current = self.current
        return "" if current is None else safe.line(self._copies(current))

    def sort(self, column: str | None = None) -> None:
        """By a column, or by the next one; the same column again turns round."""
        keys = [c.key for c in self._columns if c.key in self.columns_shown]
        if column is None:
            place = keys.index(self._order) if self._order in keys else -1
            self._order = keys[(place + 1) % len(keys)]
        elif column == self._order:
            self.reverse()
            return
        else:
            self._order = column
        self._descending = self._column(self._order).right
        self._arranged()

    def reverse(self) -> None:
        self._descending = not self._descending
        self._arranged()

    def _arranged(self, *, to_top: bool = True) -> None:
        """Whoever sorts wants to see what comes first; whoever searches stays where they are."""
        self._draw(to_top=to_top)
        self.post_message(self.Arranged(self))

    @property
    def columns_shown(self) -> list[str]:
        return self.grid.columns

    def open_filter(self) -> None:
        self._filter_line.display = True
        self.screen.set_focus(self._filter_line)  # at once, for what is typed next
        # It has no place on the page yet to be scrolled to.
        self.call_after_refresh(self._filter_line.scroll_visible, animate=False)

    def clear_filter(self) -> bool:
        """Takes the filter away; whether there was one."""
        had = self._filter_line.display
        self._filter_line.display = False
        self._filter_line.value = ""
        if had:
            self.focus_rows()
        return had

    def focus_rows(self) -> None:
        """Where there is no row, nothing has the focus of this table, so that keys are commands again."""
        if self.grid.display:
            self.grid.focus()
        elif self._filter_line.has_focus:
            self._left_empty = True
            self.screen.set_focus(None)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.filter = event.value
        if self._pause is not None:
            self._pause.stop()
        if self.partial:
            self._pause = self.set_timer(_PAUSE_S, self._seek)
        else:
            self._arranged(to_top=False)

    def _seek(self) -> None:
        self._pause = None
        self.post_message(self.Sought(self))
        self.post_message(self.Arranged(self))

    @on(Input.Submitted)
    def _filtered(self, event: Input.Submitted) -> None:
        event.stop()
        if self._pause is not None:
            self._pause.stop()
            self._seek()
        self._filter_line.display = bool(self.filter)
        self.focus_rows()

    @on(Grid.HeaderSelected)
    def _header(self, event: Grid.HeaderSelected) -> None:
        event.stop()
        self.sort(event.column_key)

    @on(Grid.RowHighlighted)
    def _moved(self, event: Grid.RowHighlighted) -> None:
        event.stop()
        self.post_message(self.Moved(self))
        if event.cursor_row >= len(self._shown) - _NEAR_END:
            self.post_message(self.Ended(self))

    @on(Grid.RowSelected)
    async def _clicked(self, event: Grid.RowSelected) -> None:
        event.stop()
        await self.run_action("screen.open")

    def on_resize(self, event: Resize) -> None:
        self._draw()

    def _draw(self, *, to_top: bool = False) -> None:
        if self._entries is None or not self.size.width:
            return
        found = self._found(self._entries)
        self._say_empty(found)
        widths = self._fitted(self.size.width)
        found = self._sorted(found)
        stood, place = self.current, self.grid.cursor_row
        self._shown = {self._key(entry): entry for entry in found}
        self._keys = list(self._shown)
        sought = self._aim if self._aim in self._shown else self._key(stood) if stood is not None else None
        if to_top:
            place = 0
        elif sought in self._shown:
            place = self._keys.index(sought)
        heads = [Head(key, self._label(self._column(key), width), width) for key, width in widths.items()]
        self.grid.show(heads, self._keys, lambda key: self._cells(self._shown[key], widths), cursor=place)
        if self._aim in self._shown:
            self.grid.move_cursor(row=place)
            self._aim = None
        self.post_message(self.Moved(self))

    def _sorted(self, found: list[T]) -> list[T]:
        by = self._column(self._order)
        return sorted(found, key=lambda entry: (by.order(entry), self._key(entry)), reverse=self._descending)

    def _found(self, entries: Sequence[T]) -> list[T]:
        """What matches the filter; all of it where the server searches."""
        wanted = "" if self.partial else safe.clean(self.filter).casefold()
        if not wanted:
            return list(entries)
        if entries is not self._entries:
            return [entry for entry in entries if wanted in self._text(entry)]
        if self._searched is None:
            self._searched = [self._text(entry) for entry in entries]
        return [entry for entry, text in zip(entries, self._searched, strict=True) if wanted in text]

    def _text(self, entry: T) -> str:
        return safe.clean(self._found_by(entry)).casefold()

    def _say_empty(self, found: list[T]) -> None:
        empty = self.query_one(".empty", Static)
        if self.filter and not found:
            empty.update(Content(f"Nothing here matches “{safe.line(self.filter, 40)}”. Esc shows all again."))
        elif not found:
            empty.update(Content(self._empty))
        focused = self.grid.has_focus
        self.grid.display, empty.display = bool(found), not found
        if focused and not found:
            self._left_empty = True
            self.screen.set_focus(None)
        elif found and self._left_empty:
            self._left_empty = False
            if self.screen.focused is None:
                self.grid.focus()
        if self._heading is not None:
            total = len(self._entries or ())
            count = f"{len(found):,} of {total:,}" if len(found) != total else f"{total:,}"
            heading = Content.assemble((self._heading, "bold"), (f"  {count}" if total else "", "$quiet"))
            self.query_one(".heading", Static).update(heading)

    def _fitted(self, available: int) -> dict[str, int]:
        """The width of each column that fits, in cells without padding."""
        available -= 2  # the scrollbar
        columns = list(self._columns)

        def needed() -> int:
            return sum((c.width or c.least) + _PADDING for c in columns)

        while needed() > available and any(c.drop for c in columns):
            columns.remove(max(columns, key=lambda c: c.drop))
        flexible = [c for c in columns if not c.width]
        spare = max(available - needed(), 0)
        share = {c.key: spare // len(flexible) + (n < spare % len(flexible)) for n, c in enumerate(flexible)}
        widths = {c.key: (c.width or c.least) + share.get(c.key, 0) for c in columns}
        # Where even those that stay do not fit, words give way first, the widest before others; numbers last.
        words = [c.key for c in columns if not c.right]
        for _ in range(needed() - available):
            wide = [key for key in words if widths[key] > _NARROWEST_WORDS] or [k for k in widths if widths[k] > 1]
            if wide:
                widths[max(wide, key=lambda key: widths[key])] -= 1
        return widths

    def _cells(self, entry: T, widths: dict[str, int]) -> list[Text]:
        cells = []
        for key, width in widths.items():
            column = self._column(key)
            cell = column.cell(entry, width)
            cell = safe.text(cell, width) if isinstance(cell, str) else cell
            cell.truncate(width, overflow="ellipsis")
            if column.tone is not None and (tone := column.tone(entry)):
                cell.stylize(self.app.theme_variables[tone])
            cell.justify = "right" if column.right else "left"
            cells.append(cell)
        return cells

    def _label(self, column: Column[T], width: int) -> Text:
        arrow = (" ↓" if self._descending else " ↑") if column.key == self._order else ""
        if arrow and cell_len(column.label) + len(arrow) > width:
            arrow = arrow.strip()
            width += 1  # the arrow may stand in the gap beside the column
        label = safe.cut(column.label, width - len(arrow)) + arrow
        return Text(label, justify="right" if column.right else "left", no_wrap=True)

    def _column(self, key: str) -> Column[T]:
        return next(column for column in self._columns if column.key == key)
