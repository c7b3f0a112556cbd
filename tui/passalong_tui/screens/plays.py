"""Next best actions, and pieces of advocacy: for whom, why, in whose hands, and what came of them."""

from __future__ import annotations

from secrets import token_hex
from typing import Any, ClassVar, TypeVar

from msgspec.structs import replace
from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from passalong_tui import pieces, safe
from passalong_tui.answers.plays import Piece, Play
from passalong_tui.client import MOST_PIECES, MOST_PLAYS, Client, Lost, Refusal
from passalong_tui.commands import INTEGRATOR, PLAYS, bindings
from passalong_tui.messages import Fact, PiecesFetched, PlaysFetched
from passalong_tui.screens.page import TablePage
from passalong_tui.widgets.listing import Column, Listing
from passalong_tui.words import PIECES, PLAY_STATES, ago, day, said

STATES: tuple[str | None, ...] = ("open", "done", "dismissed", "expired", None)
"""What the table shows, one after the other; None stands for all."""
T = TypeVar("T")
_CHOICE = "plays.table"
NO_PIECE = (
    "No piece here. Report a review, case study, post or talk with POST /api/v1/advocacy: "
    "it gets a tracked link, a UTM set and a QR code of its own."
)
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
    OF_PIECES = "Which advocacy leads somebody to us?"
    CSS_PATH = "plays.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(PLAYS)]

    def __init__(self) -> None:
        super().__init__()
        self._state: str | None = "open"
        """Which plays are shown."""
        self._of_pieces: str | None = None
        """Which pieces are shown; None for all that stand."""
        self._sending: dict[str, Play] = {}
        """Plays that were handed over, as they will be once the server has said so."""

    def body(self) -> ComposeResult:
        with Container(classes="pair"):
            yield Listing(
                COLUMNS,
                key=lambda p: p.id,
                found_by=lambda p: f"{customer_of(p)} {p.title} {p.kind} {p.owner} {p.why} {p.state}",
                empty=EMPTY,
                order="when",
                copies=lambda p: p.why,
                id="plays",
            )
            yield Listing(
                pieces.columns(self.known),
                key=lambda p: p.id,
                found_by=lambda p: (
                    f"{p.title} {p.kind} {self.known.name(p.customer)} {p.customer} {p.public_url or ''}"
                ),
                empty=NO_PIECE,
                order="when",
                copies=lambda p: p.url,
                id="pieces",
            )
            with VerticalScroll(classes="detail"):
                yield Static(Content(""), id="about")

    @property
    def listing(self) -> Listing[Any]:
        """The table that is shown."""
        return self.query_one("#pieces" if self.on_pieces else "#plays", Listing)

    @property
    def on_pieces(self) -> bool:
        """Whether pieces of advocacy are shown, and no plays."""
        return self.console.remembered.choices.get(_CHOICE) == "pieces"

    async def fetch(self, client: Client) -> list[Fact]:
        if self.on_pieces:
            return [PiecesFetched(await client.pieces())]
        state = self._state
        return [PlaysFetched(state, await client.plays(state))]

    @on(PlaysFetched)
    @on(PiecesFetched)
    def _fetched(self) -> None:
        self.draw()

    # What is shown.

    def draw(self) -> None:
        plays, on_pieces = self.known.plays.get(self._state), self.on_pieces
        for id in ("plays", "pieces"):
            self.query_one(f"#{id}", Listing).display = (id == "pieces") is on_pieces
        if on_pieces:
            which = said(PIECES, self._of_pieces) if self._of_pieces else "all that stand"
            full = len(self.known.pieces or ()) == MOST_PIECES
            if self.known.pieces is not None:
                self.query_one("#pieces", Listing).show([p for p in self.known.pieces if self._wanted(p)])
        else:
            which = said(PLAY_STATES, self._state) if self._state else "all"
            full = len(plays or ()) == MOST_PLAYS
            if plays is not None:
                self.query_one("#plays", Listing).show([self._sending.get(play.id, play) for play in plays])
        most = f", the newest {MOST_PIECES if on_pieces else MOST_PLAYS:,}" if full else ""
        question = self.OF_PIECES if on_pieces else self.QUESTION
        self.ask(Content.assemble(question, (f"   {which}{most}", "$quiet")))
        if self.focused is None:
            self.listing.focus_rows()
        self._explain()

    def _wanted(self, piece: Piece) -> bool:
        state = pieces.state(piece)
        return state == self._of_pieces if self._of_pieces else state != "withdrawn"

    @property
    def play(self) -> Play | None:
        """The one under the cursor; none before the screen is composed."""
        return self._current(Play)

    @property
    def piece(self) -> Piece | None:
        return self._current(Piece)

    def _current(self, kind: type[T]) -> T | None:
        current = self.listing.current if self.query(Listing) else None
        return current if isinstance(current, kind) else None

    @on(Listing.Moved)
    def _moved(self) -> None:
        if self.focused is None:  # a table that was not drawn before has no rows to focus until now
            self.listing.focus_rows()
        self._explain()

    def _explain(self) -> None:
        play, piece = self.play, self.piece
        self.query_one(".detail").display = play is not None or piece is not None
        about = self.query_one("#about", Static)
        if play is not None:
            about.update(told(play))
        elif piece is not None:
            width = self.query_one(".detail").content_size.width - 1  # its scrollbar
            about.update(pieces.told(piece, self.known.name(piece.customer), width))
        self.rebind((play.state if play is not None else "", pieces.state(piece) if piece is not None else ""))

    def action_switch(self) -> None:
        self.console.remembered.choices[_CHOICE] = "plays" if self.on_pieces else "pieces"
        self.set_focus(None)
        self.draw()
        self.load()

    def action_next_state(self) -> None:
        if self.on_pieces:
            states = (None, *PIECES)
            self._of_pieces = states[(states.index(self._of_pieces) + 1) % len(states)]
        else:
            self._state = STATES[(STATES.index(self._state) + 1) % len(STATES)]
        self.draw()
        self.load()

    # What can be done.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What changes a play or a piece is hidden from keys that may not, and greyed where it makes no sense."""
        play, piece = self.play, self.piece
        if action == "open":
            return True if play is not None or piece is not None else None
        if action in ("done", "set_aside", "hand_over"):
            if not self.known.may(INTEGRATOR):
                return False
            # What expired can still be done; what was said of a play was said once.
            states = ("open",) if action == "hand_over" else ("open", "expired")
            return True if play is not None and play.state in states else None
        if action == "withdraw":
            if not self.known.may(INTEGRATOR):
                return False
            return True if piece is not None and piece.withdrawn_at is None else None
        return True

    def action_open(self) -> None:
        current = self.play or self.piece
        if current is not None:
            self.console.open_customer(current.customer)

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

    def action_hand_over(self) -> None:
        from passalong_tui.screens.act import OwnerDialog

        if (before := self.play) is not None:
            self.app.push_screen(OwnerDialog(before), lambda after: self._hand_over(before, after))

    def _hand_over(self, before: Play, after: Play | None) -> None:
        """Shown at once, and asked of the server meanwhile."""
        if after is not None and after.owner != before.owner:
            self._sending[after.id] = after
            self.draw()
            self._send_owner(before, after)

    @work(group="owner")
    async def _send_owner(self, before: Play, after: Play) -> None:
        """Without an answer, or refused, it is where it was."""
        try:
            handed = await self.console.client.assign_play(after.id, owner=after.owner, attempt=token_hex(16))
        except (Lost, Refusal) as no:
            self.console.say(f"It stays in the hands of {before.owner}. {no}", "error")
            handed = before
        else:
            back = replace(handed, owner=before.owner)
            self.console.offer_undo(f"Handed over to {handed.owner}.", lambda: self._hand_over(handed, back))
        self._sending.pop(after.id, None)
        self._changed(handed)

    def action_withdraw(self) -> None:
        from passalong_tui.screens.act import WithdrawDialog

        if self.piece is not None:
            self.app.push_screen(WithdrawDialog(self.piece), self._withdrawn)

    def _withdrawn(self, piece: Piece | None) -> None:
        if piece is not None:
            self._show_piece(piece)
            self.console.offer_undo(f"“{piece.title}” is withdrawn.", lambda: self._bring_back(piece))

    @work(group="piece")
    async def _bring_back(self, piece: Piece) -> None:
        try:
            self._show_piece(await self.console.client.bring_back(piece, attempt=token_hex(16)))
        except (Lost, Refusal) as no:
            self.console.say(f"It stays withdrawn. {no}", "error")
        else:
            self.console.say(f"“{piece.title}” stands again.")

    def _show_piece(self, piece: Piece) -> None:
        self.known.pieces = [piece if known.id == piece.id else known for known in self.known.pieces or ()]
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
