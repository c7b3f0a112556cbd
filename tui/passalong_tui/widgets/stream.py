"""Events as they come, the newest on top. What is not seen is not drawn, and no more is kept than was asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from passalong_tui.answers.metric import Event


class Stream(ScrollView, can_focus=True):
    """While the cursor is on top it stays there and what comes is seen; elsewhere it stays with its event, and so does
    everything around it."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"stream--cursor"}
    DEFAULT_CSS = """
    Stream {
        background: $background;
        scrollbar-size-horizontal: 0;
        scrollbar-size-vertical: 1;

        & > .stream--cursor { background: $block-cursor-blurred-background; color: $block-cursor-blurred-foreground; }
        &:focus > .stream--cursor { background: $block-cursor-background; color: $block-cursor-foreground; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "cursor_up", "Up", show=False),
        Binding("down", "cursor_down", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "scroll_home", "Top", show=False),
        Binding("end", "scroll_end", "Bottom", show=False),
    ]

    class Moved(Message):
        """The cursor stands on another event."""

    def __init__(self, line: Callable[[Event, int], Text], most: int, *, id: str | None = None) -> None:
        """`line` draws an event within so many cells; of more than `most` the oldest go."""
        super().__init__(id=id)
        self._line = line
        self._events: deque[Event] = deque(maxlen=most)
        self._cursor = 0

    @property
    def shown(self) -> list[Event]:
        """Newest first."""
        return list(self._events)

    @property
    def current(self) -> Event | None:
        """The event under the cursor."""
        return self._events[self._cursor] if self._events else None

    def put(self, newer: Iterable[Event]) -> None:
        """Newer events, oldest first."""
        before = self._events[0] if self._events else None
        n = 0
        for n, event in enumerate(newer, 1):  # noqa: B007  counted as they go by
            self._events.appendleft(event)
        if not n:
            return
        on_top = self._cursor == 0 and self.scroll_offset.y == 0
        self._measure()
        if before is not None and not on_top:
            self._cursor = min(self._cursor + n, len(self._events) - 1)
            self.scroll_to(y=self.scroll_offset.y + n, animate=False, immediate=True)
        self._changed()

    def replace(self, events: Iterable[Event]) -> None:
        """Other events, oldest first; the cursor goes to its own if that is among them, else to the top."""
        stood = self.current
        self._events.clear()
        self._events.extendleft(events)
        self._cursor = next((n for n, event in enumerate(self._events) if stood and event.seq == stood.seq), 0)
        self._measure()
        self._reveal()
        self._changed()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        place = y + self.scroll_offset.y
        if place >= len(self._events):
            return Strip.blank(width, self.rich_style)
        text = self._line(self._events[place], width - 2)
        text.pad_right(max(width - text.cell_len, 0))
        if place == self._cursor:
            text.stylize_before(self.get_component_rich_style("stream--cursor"))
        line = Strip(text.render(self.app.console), text.cell_len)
        return line.adjust_cell_length(width).apply_style(self.rich_style)

    def move(self, to: int) -> None:
        """Puts the cursor on the event at a place, counted from the newest."""
        self._cursor = min(max(to, 0), max(len(self._events) - 1, 0))
        self._reveal()
        self._changed()

    def action_cursor_up(self) -> None:
        self.move(self._cursor - 1)

    def action_cursor_down(self) -> None:
        self.move(self._cursor + 1)

    def action_page(self, pages: int) -> None:
        self.move(self._cursor + pages * max(self.size.height - 1, 1))

    def action_scroll_home(self) -> None:
        self.move(0)

    def action_scroll_end(self) -> None:
        self.move(len(self._events) - 1)

    async def on_click(self, event: Click) -> None:
        place = event.y + self.scroll_offset.y
        if place < len(self._events):
            self.move(place)
            if event.chain == 2:
                await self.run_action("screen.open")

    def _measure(self) -> None:
        self.virtual_size = Size(self.size.width, len(self._events))  # the same again costs nothing

    def _reveal(self) -> None:
        top, height = self.scroll_offset.y, max(self.size.height, 1)
        if not top <= self._cursor < top + height:
            to = self._cursor if self._cursor < top else self._cursor - height + 1
            self.scroll_to(y=to, animate=False, immediate=True)

    def _changed(self) -> None:
        self.refresh()
        self.post_message(self.Moved())
