"""The console: a thin app that knows its screens, follows the ledger's tail and keeps what was answered."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.reactive import reactive
from textual.screen import Screen

from passalong_tui.answers import Customer
from passalong_tui.client import Client, Lost, Refusal
from passalong_tui.commands import CUSTOMERS, MECHANICS, OVERVIEW, PLAYS, REVIEW, THEATER, bindings
from passalong_tui.known import Known
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
from passalong_tui.palette import ConsoleCommands
from passalong_tui.screens.customers import CustomersScreen
from passalong_tui.screens.mechanics import MechanicsScreen
from passalong_tui.screens.overview import OverviewScreen
from passalong_tui.screens.page import Page
from passalong_tui.screens.plays import PlaysScreen
from passalong_tui.screens.review import ReviewScreen
from passalong_tui.screens.theater import TheaterScreen
from passalong_tui.themes import DARK, LIGHT
from passalong_tui.words import clock

REFRESH_S = 5.0
RETRY_S = 1.0
LONG_POLL_S = 5.0


class Console(App[None], inherit_bindings=False):
    TITLE = "Passalong"
    CSS_PATH = "console.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(), Binding("ctrl+c", "help_quit", show=False, system=True)]
    COMMANDS = {ConsoleCommands}  # noqa: RUF012  as Textual declares it
    MODES = {  # noqa: RUF012
        OVERVIEW: OverviewScreen,
        MECHANICS: MechanicsScreen,
        CUSTOMERS: CustomersScreen,
        PLAYS: PlaysScreen,
        REVIEW: ReviewScreen,
        THEATER: TheaterScreen,
    }
    DEFAULT_MODE = OVERVIEW

    trouble: reactive[str] = reactive("")
    """Why the numbers may be old, in a sentence; empty while all is well."""

    def __init__(
        self,
        client: Client,
        operator: str,
        *,
        refresh_s: float = REFRESH_S,
        retry_s: float = RETRY_S,
        long_poll_s: float = LONG_POLL_S,
    ) -> None:
        """`operator` is the name that decisions suggest. `client` is opened and closed by the caller."""
        super().__init__()
        self.client = client
        self.operator = operator
        self.known = Known()
        self._refresh_s = refresh_s
        self._retry_s = retry_s
        self._long_poll_s = long_poll_s
        self.register_theme(LIGHT)
        self.register_theme(DARK)
        self.theme = DARK.name

    def on_mount(self) -> None:
        self.set_interval(self._refresh_s, self._tick)
        self._follow()

    def open_customer(self, customer: Customer) -> None:
        from passalong_tui.screens.customer import CustomerScreen

        self.push_screen(CustomerScreen(customer))

    async def open_mechanic(self, key: str) -> None:
        await self.switch_mode(MECHANICS)
        if isinstance(self.screen, MechanicsScreen):
            self.screen.aim(key)

    def action_go(self, screen: str) -> None:
        """To one of the main screens; from a customer or a lead back to the list."""
        if self.current_mode == screen:
            while len(self.screen_stack) > 1:
                self.pop_screen()
        else:
            self.switch_mode(screen)

    def action_refresh_page(self) -> None:
        if self.page is not None:
            self.page.load()

    def action_toggle_look(self) -> None:
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name

    def action_help(self) -> None:
        from passalong_tui.screens.help import HelpScreen

        self.push_screen(HelpScreen(getattr(self.screen, "NAME", None)))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        # A dialog is answered or left before anything else; quitting always works.
        if action in ("command_palette", "refresh_page", "help", "toggle_look") and isinstance(self.screen, Screen):
            return isinstance(self.screen, Page)
        return True

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
        while True:
            try:
                if self.known.may_decide is None:
                    self.learn(RoleKnown(await self.client.may_decide(), await self.client.may_act()))
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
            except Lost:
                self.post_message(ConnectionLost())
                await asyncio.sleep(self._retry_s)
            except Refusal as refused:
                self.post_message(ConnectionRefused(str(refused)))
                await asyncio.sleep(self._retry_s)

    def on_answered(self) -> None:
        was_away = bool(self.trouble)
        self.known.heard()
        self.trouble = ""
        if was_away:
            self.action_refresh_page()

    def on_connection_lost(self) -> None:
        known = self.known.answered_at
        if known is None:
            self.trouble = f"No answer from {self.client.base_url}. Nothing is known yet. Trying again…"
        else:
            self.trouble = (
                f"No answer from {self.client.base_url} since {clock(known)}. "
                "Showing what was known then. Trying again…"
            )

    def on_connection_refused(self, fact: ConnectionRefused) -> None:
        self.trouble = f"{self.client.base_url} refuses: {fact.sentence}"

    def on_role_known(self) -> None:
        if self.screen_stack:  # it may come when the last screen has gone
            self.screen.refresh_bindings()
