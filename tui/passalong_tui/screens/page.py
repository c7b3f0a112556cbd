"""What all screens share: the line on top, the banner, the footer, and reading from the server without blocking."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import work
from textual.app import ComposeResult
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static
from textual.worker import Worker

from passalong_tui.client import Client, Lost, Refusal
from passalong_tui.known import Known
from passalong_tui.messages import Answered, ConnectionLost, ConnectionRefused, Fact
from passalong_tui.widgets.banner import Banner
from passalong_tui.widgets.keybar import KeyBar
from passalong_tui.widgets.listing import Listing
from passalong_tui.widgets.nav import Nav

if TYPE_CHECKING:
    from passalong_tui.app import Console

_READING = "reading"


class Page(Screen[None]):
    """A screen that reads. A subclass says in `fetch` what it asks and in `body` what it shows."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012  as Textual declares it
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]  # noqa: RUF012

    NAME: ClassVar[str]
    """The screen's name in the table of commands."""
    TAB: ClassVar[str]
    """Which of the main screens is marked in the top line."""
    QUESTION: ClassVar[str]

    def compose(self) -> ComposeResult:
        yield Nav(self.TAB, self.console.client.base_url)
        yield Banner()
        yield Static(Content(self.QUESTION), id="question")
        yield from self.body()
        yield KeyBar()

    def body(self) -> ComposeResult:
        raise NotImplementedError

    async def fetch(self, client: Client) -> list[Fact]:
        """Asks the server, and gives what was learnt as facts; may raise Lost or Refusal."""
        raise NotImplementedError

    def draw(self) -> None:
        """Shows what is known already, before and between answers."""

    @property
    def console(self) -> Console:
        return cast("Console", self.app)

    @property
    def known(self) -> Known:
        return self.console.known

    def ask(self, question: Content) -> None:
        """Replaces the title."""
        self.query_one("#question", Static).update(question)

    def on_mount(self) -> None:
        # Drawn once the widgets have a size, which fitted columns depend on.
        self.call_after_refresh(self.draw)
        self.watch(self.app, "trouble", self._tell, init=True)

    def on_screen_resume(self) -> None:
        self.call_after_refresh(self.draw)
        self.load()

    def load(self) -> None:
        """Reads again now, giving up on a reading that is under way."""
        self._read()

    def tick(self) -> None:
        """Reads again unless a reading is under way: a slow server would otherwise never get to answer."""
        for nav in self.query(Nav):  # none in the first moment, before the screen is composed
            nav.show_age(self.known.answered_at)
        if not any(self._is_reading(worker) for worker in self.workers):
            self.load()

    def _is_reading(self, worker: Worker[object]) -> bool:
        return worker.group == _READING and worker.node is self and not worker.is_finished

    @work(group=_READING, exclusive=True)
    async def _read(self) -> None:
        try:
            facts = await self.fetch(self.console.client)
        except Lost:
            self.post_message(ConnectionLost())
        except Refusal as refused:
            self.post_message(ConnectionRefused(str(refused)))
        else:
            # Before the facts, so that they are drawn as fresh.
            self.post_message(Answered())
            for fact in facts:
                fact.keep(self.known)
                self.post_message(fact)

    def _tell(self, trouble: str) -> None:
        self.query_one(Banner).say(trouble)
        self.query_one(Nav).show_age(self.known.answered_at)


class TablePage(Page):
    """A page with tables; keys for them act on the one that has the focus, or on the first."""

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

    def action_filter(self) -> None:
        self.listing.open_filter()

    def action_sort(self) -> None:
        self.listing.sort()

    def action_reverse(self) -> None:
        self.listing.reverse()

    def action_top(self) -> None:
        self.listing.grid.action_scroll_top()

    def action_bottom(self) -> None:
        self.listing.grid.action_scroll_bottom()

    def key_escape(self) -> None:
        self.escape()

    def escape(self) -> bool:
        """Clears a filter; whether there was one to clear."""
        cleared = [listing.clear_filter() for listing in self.query(Listing)]
        return any(cleared)
