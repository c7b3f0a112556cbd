"""The dialogs in which somebody says what came of a play, whose it is from now on, or that a piece is withdrawn."""

from __future__ import annotations

from typing import ClassVar

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from passalong_tui import safe
from passalong_tui.answers.plays import Piece, Play
from passalong_tui.client import Client
from passalong_tui.screens.dialog import BY, Dialog, Line

NOTE = Line("note", "Note", "What came of it, or why not; may stay empty")
OWNER = Line("owner", "Owner", "Who sees to it from now on", "Say who sees to it.")


class PlayDialog(Dialog[Play]):
    def __init__(self, play: Play) -> None:
        super().__init__()
        self.play = play

    @property
    def subject(self) -> str:
        return self.play.id

    def about(self, verb: str) -> ComposeResult:
        whose = safe.line(self.play.customer_name or self.play.customer, 40)
        yield Static(Content.assemble(f"{verb}: ", (safe.line(self.play.title, 60), "bold")), id="title")
        yield Static(Content.assemble((f"{whose}: ", "bold"), safe.line(self.play.why)), classes="said")


class OutcomeDialog(PlayDialog):
    """Said once of a play."""

    VERB: ClassVar[str]
    RESULT: ClassVar[str]
    LINES: ClassVar[tuple[Line, ...]] = (NOTE, BY)
    FIRST = "note"

    def explain(self) -> ComposeResult:
        yield from self.about(self.VERB)
        yield Static(Content("This is said once, and counted in the report of plays."), classes="aside")

    async def send(self, client: Client, attempt: str) -> Play:
        note, by = self.value("note"), self.value("by")
        return await client.close_play(self.play.id, result=self.RESULT, note=note, by=by, attempt=attempt)


class DoneDialog(OutcomeDialog):
    VERB, RESULT, SEND = "Done", "done", "It was done"


class DismissDialog(OutcomeDialog):
    VERB, RESULT, SEND = "Dismiss", "dismissed", "Dismiss it"


class OwnerDialog(PlayDialog):
    SEND = "Hand it over"
    LINES: ClassVar[tuple[Line, ...]] = (OWNER,)
    FIRST = "owner"

    def explain(self) -> ComposeResult:
        yield from self.about("Hand over")
        yield Static(Content(f"It is in the hands of {safe.line(self.play.owner, 60)} now."), classes="aside")

    async def send(self, client: Client, attempt: str) -> Play:
        """Asks nobody: the screen shows the new owner at once, and takes it back if the server refuses."""
        return replace(self.play, owner=self.value("owner"))


class WithdrawDialog(Dialog[Piece]):
    SEND, LEAVE = "Withdraw it", "Leave it"
    LINES: ClassVar[tuple[Line, ...]] = ()

    def __init__(self, piece: Piece) -> None:
        super().__init__()
        self.piece = piece

    def explain(self) -> ComposeResult:
        yield Static(Content.assemble("Withdraw: ", (safe.line(self.piece.title, 60), "bold")), id="title")
        told = (
            "It counts as a piece of advocacy no more, and its page is not read. Its link goes on working, and what "
            "came by it stays counted. It can be brought back."
        )
        yield Static(Content(told), classes="said")

    async def send(self, client: Client, attempt: str) -> Piece:
        return await client.withdraw_piece(self.piece.id)
