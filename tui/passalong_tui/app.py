"""The console: a thin app that knows its screens, follows the ledger's tail and keeps what was answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual import work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.events import Event, InputEvent
from textual.notifications import SeverityLevel
from textual.reactive import reactive

from passalong_tui import safe
from passalong_tui.client import MOST_EVENTS, Client, Lost, Refusal
from passalong_tui.commands import (
    CUSTOMER,
    CUSTOMERS,
    INTEGRATIONS,
    LEAD,
    LEADS,
    LIVE,
    MAIN,
    MECHANICS,
    OPPORTUNITIES,
    OPPORTUNITY,
    OVERVIEW,
    PLAYS,
    REVIEW,
    SETTINGS,
    SHARE,
    SHARES,
    THEATER,
    app_bindings,
)
from passalong_tui.draft import Draft
from passalong_tui.export import folder
from passalong_tui.known import Known
from passalong_tui.memory import Memory
from passalong_tui.messages import (
    Answered,
    ConnectionLost,
    ConnectionRefused,
    CustomersFetched,
    EventsArrived,
    Fact,
    MechanicsFetched,
    RoleKnown,
)
from passalong_tui.opening import open_in_browser
from passalong_tui.palette import ConsoleCommands
from passalong_tui.screens.page import Page
from passalong_tui.themes import DARK, LOOKS, SAID
from passalong_tui.words import Server, Zone, clock

if TYPE_CHECKING:
    from passalong_tui.screens.dialog import Unsent

REFRESH_S = 5.0
RETRY_S = 1.0
LONG_POLL_S = 5.0
QUIET_S = 0.2
"""How long no key was pressed when nobody seems to be waiting: what is not urgent holds up a key for some time."""
_TIDY_S = 30.0
"""How long nothing is tidied up."""
GATHER_S = 0.1

_CLASSES = {
    OVERVIEW: "OverviewScreen",
    MECHANICS: "MechanicsScreen",
    CUSTOMERS: "CustomersScreen",
    CUSTOMER: "CustomerScreen",
    SHARES: "SharesScreen",
    SHARE: "ShareScreen",
    LEADS: "LeadsScreen",
    LEAD: "LeadScreen",
    OPPORTUNITIES: "OpportunitiesScreen",
    OPPORTUNITY: "OpportunityScreen",
    PLAYS: "PlaysScreen",
    INTEGRATIONS: "IntegrationsScreen",
    REVIEW: "ReviewScreen",
    LIVE: "LiveScreen",
    SETTINGS: "SettingsScreen",
    THEATER: "TheaterScreen",
}
"""The classes of the screens, each in the module that is called as the screen is."""


def _screen(name: str, *about: str) -> Page:
    """A screen by name, imported when it is first asked for: the console starts with one of them."""
    made: Page = getattr(import_module(f"passalong_tui.screens.{name}"), _CLASSES[name])(*about)
    return made


def _later(name: str) -> Callable[[], Page]:
    return lambda: _screen(name)


def _nothing() -> None:
    """What there is to do where nothing is told."""


class Undo(NamedTuple):
    """How to take back what was decided last, and what that was, in a sentence."""

    sentence: str
    act: Callable[[], object]


_NOT_IN_DIALOGS = {"command_palette", "help", "next_look", "toggle_utc", "go", "undo"}


class Console(App[None], inherit_bindings=False):
    TITLE = "Passalong"
    CSS_PATH = "console.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *app_bindings(),
        Binding("ctrl+c", "help_quit", show=False, system=True),
    ]
    COMMANDS = {ConsoleCommands}  # noqa: RUF012  as Textual declares it
    MODES = {screen: _later(screen) for screen, _ in MAIN.values()}  # noqa: RUF012
    DEFAULT_MODE = OVERVIEW
    NOTIFICATION_TIMEOUT = 3.0  # they lie upon rows

    trouble: reactive[str] = reactive("")
    """Why the numbers may be old, in a sentence; empty while all is well."""

    def __init__(
        self,
        client: Client,
        operator: str,
        *,
        memory: Memory | None = None,
        exports: Path | None = None,
        refresh_s: float = REFRESH_S,
        retry_s: float = RETRY_S,
        long_poll_s: float = LONG_POLL_S,
        quiet_s: float = QUIET_S,
        settle: Callable[[], None] = _nothing,
        tidy: Callable[[], object] = _nothing,
    ) -> None:
        """`operator` is the name that decisions suggest; `memory` what is remembered of earlier runs, written by the
        caller; `exports` the folder of exported tables. `client` is opened and closed by the caller. `settle` is called
        once all screens are made, `tidy` now and then after that, both while nobody is waiting."""
        self.memory = memory or Memory()
        self.remembered = self.memory.of(client.base_url)
        if self.remembered.screen in self.MODES:
            # An own default beside the class's: the first screen is not made only to be left.
            self.DEFAULT_MODE = self.remembered.screen  # type: ignore[misc]
        super().__init__()
        self.client = client
        self.operator = operator
        self.exports = exports or folder()
        self.known = Known(Draft(months=self.remembered.drafts))
        self.undoable: Undo | None = None
        self.unsent: dict[tuple[type, str], Unsent] = {}
        """What was filled into dialogs that were left, by the dialog and what it was about."""
        self._pressed = 0
        """How many keys, and moves of the mouse."""
        self._looked = asyncio.Event()
        """Whether the first screen has had its answer, or none."""
        self.opener: Callable[[str], bool] = open_in_browser
        self._refresh_s = refresh_s
        self._retry_s = retry_s
        self._long_poll_s = long_poll_s
        self._quiet_s = quiet_s
        self._settle = settle
        self._tidy = tidy
        for look in LOOKS.values():
            self.register_theme(look)
        # Not by assignment, which would read all styles once more than they are read anyway.
        self.set_reactive(Console.theme, self.memory.theme if self.memory.theme in LOOKS else DARK.name)
        self.stylesheet.set_variables(self.get_css_variables())
        Zone.utc = self.memory.utc
        Server.away = False

    def on_mount(self) -> None:
        self.set_interval(self._refresh_s, self._tick)
        self._follow()
        self._get_ready()

    @work(group="ready")
    async def _get_ready(self) -> None:
        """Puts the other screens together while nobody is waiting, so that a first key to them is as fast as a second.
        After that there is time to tidy up, now and then."""
        await self._looked.wait()
        for name in self.MODES:
            await self._quiet()
            await self._init_mode(name)  # Textual has no public way to put a screen together without showing it
        await self._quiet()
        self._settle()
        while True:
            await asyncio.sleep(_TIDY_S)
            await self._quiet()
            self._tidy()

    async def _quiet(self) -> None:
        """Waits until nothing has been pressed for a moment."""
        while True:
            pressed = self._pressed
            await asyncio.sleep(self._quiet_s)
            if pressed == self._pressed:
                return

    async def on_event(self, event: Event) -> None:
        if isinstance(event, InputEvent):
            self._pressed += 1
        await super().on_event(event)

    def open_customer(self, id: str) -> None:
        self.push_screen(_screen(CUSTOMER, id))

    def open_share(self, share: str) -> None:
        self.push_screen(_screen(SHARE, share))

    def open_lead(self, id: str) -> None:
        self.push_screen(_screen(LEAD, id))

    def open_opportunity(self, id: str) -> None:
        """`id` is the conversion's."""
        self.push_screen(_screen(OPPORTUNITY, id))

    async def open_mechanic(self, key: str) -> None:
        from passalong_tui.screens.mechanics import MechanicsScreen

        await self._turn_to(MECHANICS)
        if isinstance(self.screen, MechanicsScreen):
            self.screen.aim(key)

    async def action_go(self, screen: str) -> None:
        """To one of the main screens, to its list, whatever was open above it."""
        self.remembered.screen = screen
        if self.current_mode != screen:
            await self._turn_to(screen)
        while len(self.screen_stack) > 1:
            self.pop_screen()

    async def _turn_to(self, screen: str) -> None:
        with self.batch_update():  # not shown before it is put together
            await self.switch_mode(screen)

    def delay_update(self, delay: float = 0.0) -> None:
        """Textual would hide for a moment what is gone to, as it may be half made. Here it is not."""

    def refresh_css(self, animate: bool = True) -> None:
        # Textual reads all styles anew, twice, where a screen is gone to for the first time: only a look needs it.
        pages = [screen for screen in self.screen_stack if isinstance(screen, Page)]
        if any(page.look != self.theme for page in pages):
            super().refresh_css(animate)
            for page in pages:
                page.look = self.theme

    def action_next_look(self) -> None:
        looks = list(LOOKS)
        self.theme = self.memory.theme = looks[(looks.index(self.theme) + 1) % len(looks)]
        self.say(f"The look is {SAID[self.theme]}.")

    def action_toggle_utc(self) -> None:
        self.memory.utc = Zone.utc = not Zone.utc
        self.say("Times are in UTC." if Zone.utc else "Times are local.")
        if self.page is not None:
            self.page.draw()
            self.page.load()

    def action_help(self) -> None:
        from passalong_tui.screens.help import HelpScreen

        self.push_screen(HelpScreen(getattr(self.screen, "NAME", None), self.known.may))

    def action_undo(self) -> None:
        undoable, self.undoable = self.undoable, None
        if undoable is not None:
            undoable.act()
            self.screen.refresh_bindings()

    def offer_undo(self, sentence: str, act: Callable[[], object]) -> None:
        """Says what was decided, and that one key takes it back: `act` does, or asks in a dialog first."""
        self.undoable = Undo(sentence, act)
        self.say(f"{sentence} ^z takes it back.")
        self.screen.refresh_bindings()

    @work(group="browser")
    async def browse(self, url: str) -> None:
        """Opens an address in the operator's browser, which may take its time to start."""
        if not await asyncio.to_thread(self.opener, url):
            self.say("There is no browser here that could be opened. y copies the link.", "warning")

    def say(self, sentence: str, severity: SeverityLevel = "information", *, beneath: str = "") -> None:
        """A word in the corner that goes by itself, with a path or the like on a line of its own."""
        told = [safe.line(part) for part in (sentence, beneath) if part]
        self.notify("\n".join(told), severity=severity, markup=False)

    def copy(self, text: str) -> None:
        """To the clipboard, as far as the terminal lets it: what it got is shown."""
        if text:
            self.copy_to_clipboard(text)
            self.say(f"Copied {safe.line(text, 60)}")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        # A dialog is answered or left before anything else; quitting always works.
        if action in _NOT_IN_DIALOGS and self.screen_stack and not isinstance(self.screen, Page | CommandPalette):
            return False
        return None if action == "undo" and self.undoable is None else True

    @property
    def page(self) -> Page | None:
        """The page that is shown, be it beneath a dialog."""
        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, Page)), None)

    def learn(self, fact: Fact) -> None:
        fact.keep(self.known)
        (self.page or self).post_message(fact)

    def _tick(self) -> None:
        if self.page is not None:
            self.page.tick()

    @work(group="tail", exclusive=True)
    async def _follow(self) -> None:
        """Long-polls the ledger's tail for ever, through any loss of the server."""
        after: int | None = None
        await self._looked.wait()  # what the first screen asks goes first: the tail's names may be many pages
        while True:
            try:
                if self.known.role is None:
                    self.learn(RoleKnown(await self.client.role()))
                # The first reading does not wait, so that an empty ledger is seen to be empty.
                wait_s = 0.0 if after is None or self.trouble else self._long_poll_s
                tail = await self.client.events(after, wait_s=wait_s)
                after = tail.last_seq
                if self.known.stranger(tail.items):
                    self.learn(CustomersFetched(await self.client.customers()))
                    self.learn(MechanicsFetched(await self.client.mechanics()))
                self.post_message(Answered())
                if tail.items or not self.known.following:
                    self.learn(EventsArrived(tail.items))
                if not wait_s and self.trouble:
                    await asyncio.sleep(self._retry_s)
                elif 0 < len(tail.items) < MOST_EVENTS:
                    # What follows within a moment comes in one answer: a busy ledger is not asked for each event.
                    await asyncio.sleep(GATHER_S)
            except Lost:
                self.post_message(ConnectionLost())
                await asyncio.sleep(self._retry_s)
            except Refusal as refused:
                self.post_message(ConnectionRefused(str(refused)))
                await asyncio.sleep(self._retry_s)

    def watch_trouble(self, trouble: str) -> None:
        Server.away = bool(trouble)

    def on_answered(self) -> None:
        self._looked.set()
        was_away = bool(self.trouble)
        self.known.heard()
        self.trouble = ""
        if self.page is not None:
            self.page.show_age()
            if was_away:
                self.page.load()

    def on_connection_lost(self) -> None:
        self._looked.set()
        known = self.known.answered_at
        if known is None:
            self.trouble = f"No answer from {self.client.base_url}. Nothing is known yet. Trying again…"
        else:
            self.trouble = (
                f"No answer from {self.client.base_url} since {clock(known)}. "
                "Showing what was known then. Trying again…"
            )

    def on_connection_refused(self, fact: ConnectionRefused) -> None:
        self._looked.set()
        self.trouble = f"{self.client.base_url} refuses: {fact.sentence}"

    def on_role_known(self) -> None:
        if self.screen_stack:  # it may come when the last screen has gone
            self.screen.refresh_bindings()
