"""What all screens share: the line on top, the banner, the footer, and reading from the server without blocking."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.events import ScreenResume
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static
from textual.worker import Worker

from passalong_tui.client import Client, Lost, Refusal
from passalong_tui.commands import page_bindings
from passalong_tui.export import write
from passalong_tui.known import Known
from passalong_tui.messages import Answered, ConnectionLost, ConnectionRefused, Fact
from passalong_tui.styles import read_styles
from passalong_tui.widgets.banner import Banner
from passalong_tui.widgets.keybar import KeyBar
from passalong_tui.widgets.listing import Listing
from passalong_tui.widgets.nav import Nav
from passalong_tui.words import NOT_READ, READING, counted, today, unread

if TYPE_CHECKING:
    from passalong_tui.app import Console

_READING = "reading"
_WAYS = {
    "down": ("cursor_down", "scroll_down"),
    "up": ("cursor_up", "scroll_up"),
    "top": ("scroll_top", "scroll_home"),
    "bottom": ("scroll_bottom", "scroll_end"),
}
"""How widgets call it: those with a cursor first, for scrolling alone would leave it behind."""


def step(part: Widget, way: str) -> None:
    """One of the ways, by whatever name the widget calls it."""
    for name in _WAYS[way]:
        if act := getattr(part, f"action_{name}", None):
            act()
            return


class Page(Screen[None]):
    """A screen that reads. A subclass says in `fetch` what it asks and in `body` what it shows."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012  as Textual declares it
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]  # noqa: RUF012

    NAME: ClassVar[str]
    """The screen's name in the table of commands."""
    TAB: ClassVar[str]
    """Which of the main screens is marked in the top line."""
    QUESTION: ClassVar[str]
    BINDINGS: ClassVar[list[BindingType]] = [*page_bindings()]

    def __init__(self) -> None:
        super().__init__()
        read_styles(self)
        self.look = self.app.theme
        """The theme that its styles are of: those of others change when they are gone to again."""

    def compose(self) -> ComposeResult:
        yield Nav(self.TAB, self.console.client.base_url)
        yield Banner()
        yield Static(Content(self.QUESTION), id="question")
        yield from self.body()
        yield KeyBar(self.NAME)

    def body(self) -> ComposeResult:
        raise NotImplementedError

    async def fetch(self, client: Client) -> list[Fact]:
        """Asks the server, and gives what was learnt as facts; may raise Lost or Refusal."""
        raise NotImplementedError

    def readings(self, client: Client) -> Iterable[Awaitable[list[Fact]]]:
        """What is asked, one after the other: the answer to one is drawn before the next is asked."""
        yield self.fetch(client)

    def draw(self) -> None:
        """Shows what is known already, before and between answers."""

    @property
    def console(self) -> Console:
        return cast("Console", self.app)

    @property
    def known(self) -> Known:
        return self.console.known

    @property
    def names(self) -> dict[str, str]:
        """What the footer calls commands, by action, where they mean more for now than the table of commands says."""
        return {}

    def ask(self, question: Content) -> None:
        """Replaces the title."""
        self.query_one("#question", Static).update(question)

    def on_mount(self) -> None:
        # Textual calls this of every class, a subclass's first: none calls its base's.
        self.watch(self.app, "trouble", self._tell, init=True)

    def on_screen_resume(self, event: ScreenResume) -> None:
        # Textual would look up every style again, and all lines would be drawn anew. The console sees to the look.
        event.refresh_styles = False
        # Drawn once the widgets have a size, which fitted columns depend on.
        self.call_after_refresh(self.draw)
        self.load()

    def load(self) -> None:
        """Reads again now, giving up on a reading that is under way."""
        self._read()

    def tick(self) -> None:
        """Reads again unless a reading is under way: a slow server would otherwise never get to answer."""
        self.show_age()
        if not any(self._is_reading(worker) for worker in self.workers):
            self.load()

    def _is_reading(self, worker: Worker[object]) -> bool:
        return worker.group == _READING and worker.node is self and not worker.is_finished

    @work(group=_READING, exclusive=True)
    async def _read(self) -> None:
        try:
            for reading in self.readings(self.console.client):
                facts = await reading
                # Before the facts, so that they are drawn as fresh.
                self.post_message(Answered())
                for fact in facts:
                    fact.keep(self.known)
                    self.post_message(fact)
        except Lost:
            self.post_message(ConnectionLost())
        except Refusal as refused:
            self.post_message(ConnectionRefused(str(refused)))

    def action_refresh_page(self) -> None:
        self.load()

    def action_move(self, way: str) -> None:
        """Down, up, to the top or the bottom of what has the focus, or of the first part that can be moved through."""
        part = self.focused if self.focused is not None else next(iter(self.query("Grid, Tree, VerticalScroll")), None)
        if part is not None:
            step(part, way)

    @work(group="export", exclusive=True)
    async def save(self, name: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Writes a table to a CSV file, and says where it is."""
        await self.write(name, header, rows)

    async def write(
        self, name: str, header: Sequence[str], rows: Sequence[Sequence[object]], bounded: str = ""
    ) -> None:
        """`bounded` says in the same sentence that there is more."""
        try:
            path = await asyncio.to_thread(write, name, header, rows, self.console.exports, today())
        except OSError as error:
            self.console.say(f"Nothing was written: {error.strerror or error}.", "error")
        else:
            self.console.say(f"{counted(len(rows), 'row')}{bounded} written to", beneath=str(path))

    def _tell(self, trouble: str) -> None:
        self.query_one(Banner).say(trouble)
        self.show_age()
        for part in self.query(Static):
            if str(part.content) in (READING, NOT_READ):
                part.update(Content(unread()))
        self.query("*").refresh()  # some say by themselves that nothing was read
        if self.is_current:
            self.call_after_refresh(self.draw)

    def show_age(self) -> None:
        """Says how old the numbers are."""
        for nav in self.query(Nav):  # none in the first moment, before the screen is composed
            nav.show_age(self.known.answered_at, away=bool(self.console.trouble))


class TablePage(Page):
    """A page with tables; keys for them act on the one that has the focus, or on the first."""

    KEEPS_SEARCH: ClassVar[bool] = True
    """Whether what was looked for is remembered between runs: not where it may be somebody's address."""

    @property
    def listing(self) -> Listing[object]:
        """The table at hand."""
        for listing in self.query(Listing):
            if listing.has_focus_within:
                return listing
        return self.query(Listing).first()

    _standing: object = None

    def rebind(self, standing: object) -> None:
        """Looks again at which commands make sense, if what that depends on has changed: the footer is costly."""
        if standing != self._standing:
            self._standing = standing
            self.refresh_bindings()

    def on_mount(self) -> None:
        for listing in self.query(Listing):
            arrangement = self.console.remembered.tables.get(self._named(listing))
            if arrangement is not None:
                listing.restore(arrangement)

    @on(Listing.Arranged)
    def _arranged(self, event: Listing.Arranged) -> None:
        arrangement = event.listing.arrangement
        if not self.KEEPS_SEARCH:
            arrangement.filter = ""
        self.console.remembered.tables[self._named(event.listing)] = arrangement

    def _named(self, listing: Listing[object]) -> str:
        """A name for the table among all tables, and for the file that it is written to."""
        return f"{self.NAME}-{listing.id}" if listing.id else self.NAME

    def action_filter(self) -> None:
        self.listing.open_filter()

    def action_sort(self) -> None:
        self.listing.sort()

    def action_reverse(self) -> None:
        self.listing.reverse()

    def action_copy(self) -> None:
        self.console.copy(self.listing.copied())

    def action_whole(self) -> None:
        from passalong_tui.screens.whole import WholeScreen

        if cells := self.listing.whole():
            self.app.push_screen(WholeScreen(cells))

    def action_export(self) -> None:
        self.save(self._named(self.listing), self.listing.header, self.listing.rows())

    def key_escape(self) -> None:
        self.escape()

    def escape(self) -> bool:
        """Shows all again; whether anything had been looked for."""
        cleared = [listing.clear_filter() for listing in self.query(Listing)]
        return any(cleared)
