"""Next best actions: for whom, why, in whose hands, and what came of them."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from passalong_tui import safe
from passalong_tui.answers import Play
from passalong_tui.client import MOST_PLAYS, Client
from passalong_tui.commands import INTEGRATOR, PLAYS, bindings
from passalong_tui.messages import Fact, PlaysFetched
from passalong_tui.screens.page import TablePage
from passalong_tui.widgets.listing import Column, Listing
from passalong_tui.words import PLAY_STATES, ago, day, said

STATES: tuple[str | None, ...] = ("open", "done", "dismissed", "expired", None)
"""What the table shows, one after the other; None stands for all."""
EMPTY = (
    "No play here. Plays follow signals: send what customers do with POST /api/v1/signals, "
    "and see which rules are live with passalong plays rules."
)


def customer_of(play: Play) -> str:
    return play.customer_name or play.customer


COLUMNS: tuple[Column[Play], ...] = (
    Column(key="customer", label="Customer", cell=lambda p, w: customer_of(p),
           order=lambda p: safe.clean(customer_of(p)).casefold(), width=18),
    Column(key="title", label="Play", least=20, cell=lambda p, w: p.title,
           order=lambda p: safe.clean(p.title).casefold()),
    Column(key="kind", label="Kind", cell=lambda p, w: p.kind.replace("_", " "), order=lambda p: p.kind,
           width=19, drop=2),
    Column(key="owner", label="Owner", cell=lambda p, w: p.owner, order=lambda p: safe.clean(p.owner).casefold(),
           width=16),
    Column(key="state", label="State", cell=lambda p, w: said(PLAY_STATES, p.state), order=lambda p: p.state,
           width=11, drop=3),
    Column(key="when", label="Since", cell=lambda p, w: ago(p.created_at), order=lambda p: p.created_at,
           width=12, right=True, drop=1),
)  # fmt: skip


class PlaysScreen(TablePage):
    NAME = TAB = PLAYS
    QUESTION = "Whom to invite, help or call next?"
    CSS_PATH = "plays.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(PLAYS)]

    _state: str | None = "open"
    """Which plays are shown."""

    def body(self) -> ComposeResult:
        with Container(classes="pair"):
            yield Listing(
                COLUMNS,
                key=lambda p: p.id,
                found_by=lambda p: f"{customer_of(p)} {p.title} {p.kind} {p.owner} {p.why} {p.state}",
                empty=EMPTY,
                order="when",
            )
            with VerticalScroll(classes="detail"):
                yield Static(Content(""), id="play")

    async def fetch(self, client: Client) -> list[Fact]:
        state = self._state
        return [PlaysFetched(state, await client.plays(state))]

    def draw(self) -> None:
        plays = self.known.plays.get(self._state)
        which = said(PLAY_STATES, self._state) if self._state else "all"
        most = f", the newest {MOST_PLAYS:,}" if plays is not None and len(plays) == MOST_PLAYS else ""
        self.ask(Content.assemble(self.QUESTION, (f"   {which}{most}", "$quiet")))
        if plays is not None:
            self.query_one(Listing).show(plays)
        if self.focused is None:
            self.query_one(Listing).focus_rows()

    @on(PlaysFetched)
    def _fetched(self) -> None:
        self.draw()

    @property
    def play(self) -> Play | None:
        """The one under the cursor; none before the screen is composed."""
        listings = self.query(Listing)
        current: Play | None = listings.first().current if listings else None
        return current

    @on(Listing.Moved)
    def _moved(self) -> None:
        play = self.play
        self.query_one(".detail").display = play is not None
        if play is not None:
            self.query_one("#play", Static).update(told(play))
        self.rebind(play.state if play is not None else "")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What changes a play is hidden from keys that may not, and greyed where it makes no sense."""
        play = self.play
        if action == "open":
            return True if play is not None else None
        if action not in ("done", "set_aside", "hand_over"):
            return True
        if not self.known.may(INTEGRATOR):
            return False
        # What expired can still be done; what was said of a play was said once.
        states = ("open",) if action == "hand_over" else ("open", "expired")
        return True if play is not None and play.state in states else None

    def action_open(self) -> None:
        if self.play is not None:
            self.console.open_customer(self.play.customer)

    def action_next_state(self) -> None:
        self._state = STATES[(STATES.index(self._state) + 1) % len(STATES)]
        self.draw()
        self.load()

    def action_report(self) -> None:
        from passalong_tui.screens.play_report import PlayReportScreen

        self.app.push_screen(PlayReportScreen())

    def action_done(self) -> None:
        from passalong_tui.screens.act import DoneDialog

        if self.play is not None:
            self.app.push_screen(DoneDialog(self.play), self._changed)

    def action_set_aside(self) -> None:
        from passalong_tui.screens.act import DismissDialog

        if self.play is not None:
            self.app.push_screen(DismissDialog(self.play), self._changed)

    def action_hand_over(self) -> None:
        from passalong_tui.screens.act import OwnerDialog

        if self.play is not None:
            self.app.push_screen(OwnerDialog(self.play), self._changed)

    def _changed(self, play: Play | None) -> None:
        """Shows what was done at once, without waiting for the next reading."""
        if play is None:
            return
        for state, plays in self.known.plays.items():
            self.known.plays[state] = [
                play if known.id == play.id else known
                for known in plays
                if known.id != play.id or state in (None, play.state)
            ]
        self.draw()
        self.load()


def told(play: Play) -> Content:
    """The play with its whole reason, and what was said of it."""
    parts: list[str | tuple[str, str]] = [
        (safe.line(play.title), "bold"),
        "\n",
        (f"{safe.line(play.kind).replace('_', ' ')} for ", "$quiet"),
        safe.line(customer_of(play), 60),
        (", in the hands of ", "$quiet"),
        safe.line(play.owner, 60),
        "\n\n",
        ("Why: ", "bold $accent"),
        safe.line(play.why),
        "\n\n",
        (f"Made {day(play.created_at)} by the rule {safe.line(play.rule, 64)}", "$quiet"),
    ]
    if play.outcome is not None:
        said_so = play.outcome
        parts += [
            "\n",
            (f"{said(PLAY_STATES, said_so.result)} ", "bold"),
            f"on {day(said_so.at)} by {safe.line(said_so.by, 60)}",
        ]
        parts += [f"\n  “{safe.line(said_so.note)}”"] if said_so.note else []
    elif play.closed_at is not None:
        parts += [(f"; {safe.line(play.state)} on {day(play.closed_at)}.", "$quiet")]
    else:
        parts += [(f"; open until {day(play.expires_at)}.", "$quiet")]
    return Content.assemble(*parts)
