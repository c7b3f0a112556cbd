"""What all dialogs share: lines to fill in, one button that sends, and nothing typed is lost before it is sent."""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, Static

from passalong_tui import safe
from passalong_tui.client import Client, Lost, Refusal
from passalong_tui.messages import RoleKnown
from passalong_tui.styles import read_styles
from passalong_tui.widgets.choices import Choices

if TYPE_CHECKING:
    from passalong_tui.app import Console

T = TypeVar("T")


class Line(NamedTuple):
    """A line to fill in. `name` as on the wire; `missing` is said when it is empty, or it may be."""

    name: str
    label: str
    hint: str
    missing: str = ""


REASON = Line("reason", "Reason", "In a few words, for the history", "Say why, in a few words.")
BY = Line("by", "By", "Your name", "Say who decides this.")
REDIRECT = Line("redirect_url", "Address", "https:// … or empty for the brand’s home page")


class Unsent(NamedTuple):
    """What was filled into a dialog that was left. `attempt` is set where it is not known whether it was done."""

    lines: dict[str, str]
    choices: dict[str, int]
    attempt: str = ""


class Dialog(ModalScreen[T | None]):
    """Says first what will happen, sends what was filled in, and stays open when it is refused.

    A subclass says in `explain` what it is about and in `send` what it asks of the server.
    """

    CSS_PATH = "dialog.tcss"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]  # noqa: RUF012  as Textual declares it
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Leave it as it is")]
    SEND: ClassVar[str]
    LEAVE: ClassVar[str] = "Leave it"
    LINES: ClassVar[tuple[Line, ...]]
    FIRST: ClassVar[str] = "reason"
    """The line that has the focus, and gets it back after a refusal that names none."""
    FINAL: ClassVar[bool] = False
    """Whether it cannot be undone and nothing has to be typed: then Enter by itself must not do it."""

    def __init__(self) -> None:
        super().__init__()
        read_styles(self)
        # Sent again after an answer got lost, the same thing is not done twice.
        self._attempt = secrets.token_hex(16)
        self._unsure = False
        """Whether it was sent and no answer has said what came of it."""
        self._left = Unsent({}, {})

    @property
    def subject(self) -> str:
        """What it is about, by id: left and opened again about the same, it shows what was typed. Empty where that is
        not to be kept."""
        return ""

    def compose(self) -> ComposeResult:
        self._left = self.console.unsent.get(self._place_kept, self._left)
        self._attempt = self._left.attempt or self._attempt
        with VerticalScroll(id="dialog", can_focus=False):
            yield from self.explain()
            for line in self.LINES:
                yield from self._field(line)
            yield Static(Content(""), id="message")
            with Horizontal(id="buttons"):
                yield Button(Content(self.SEND), id="decide", variant="primary", compact=True)
                yield Button(Content(self.LEAVE), id="leave", compact=True)
                yield Static(Content("Tab goes on, Esc leaves" if self.FINAL else "Enter sends, Esc leaves"), id="keys")

    def explain(self) -> ComposeResult:
        raise NotImplementedError

    def initial(self, name: str) -> str:
        """What stands in a line before anything is typed."""
        return self.console.operator if name == "by" else ""

    def hint(self, line: Line) -> str:
        """What stands in a line while it is empty."""
        return line.hint

    async def send(self, client: Client, attempt: str) -> T:
        """Does it; may raise Lost or Refusal. `attempt` names the intention."""
        raise NotImplementedError

    def lacks(self) -> tuple[str, str] | None:
        """The first line that has to be filled in and is not, and what to say."""
        for line in self.LINES:
            if line.missing and not self.value(line.name):
                return line.name, line.missing
        return None

    def refused(self, refusal: Refusal) -> str:
        """Says it with the names of the dialog's lines; gives the line that is to be mended."""
        labels = {line.name: line.label for line in self.LINES}
        said = [f"{labels.get(name, name)}: {message}" for name, message in refusal.faults.items()]
        self.say(" ".join(said) or str(refusal))
        return next((name for name in refusal.faults if name in labels), self.FIRST)

    @property
    def console(self) -> Console:
        return cast("Console", self.app)

    def _field(self, line: Line) -> ComposeResult:
        with Horizontal(classes="field", id=f"{_id(line.name)}-field"):
            yield Label(Content(line.label))
            value = self._left.lines.get(line.name)
            yield Input(
                self.initial(line.name) if value is None else value,
                placeholder=self.hint(line),
                id=_id(line.name),
                compact=True,
                max_length=1000,
            )

    def on_mount(self) -> None:
        for id, chosen in self._left.choices.items():
            self.query_one(f"#{id}", Choices).chosen = chosen
        if self.FINAL:
            self.query_one("#leave").focus()
        else:
            self._focus(self.FIRST)

    def value(self, name: str) -> str:
        return safe.clean(self.query_one(f"#{_id(name)}", Input).value)

    def say(self, sentence: str) -> None:
        message = self.query_one("#message", Static)
        message.update(Content.assemble(("! ", "bold"), safe.line(sentence)) if sentence else Content(""))
        message.display = bool(sentence)

    @on(Button.Pressed, "#decide")
    @on(Input.Submitted)
    def _submit(self) -> None:
        if self.query_one("#decide", Button).disabled:
            return
        lacking = self.lacks()
        if lacking is not None:
            name, sentence = lacking
            self.say(sentence)
            self._focus(name)
            return
        self.say("")
        self._waiting(True)
        self._unsure = True
        self._send()

    @work(group="decision", exclusive=True)
    async def _send(self) -> None:
        mend = self.FIRST
        try:
            answer = await self.send(self.console.client, self._attempt)
        except Lost as lost:
            self.say(f"{lost} It is not known whether this was done. Sending it again is safe.")
        except Refusal as refused:
            self._unsure = False
            if refused.forbidden:
                await self._ask_role()
            mend = self.refused(refused)
        else:
            self._done()
            self.dismiss(answer)
            return
        self._waiting(False)
        # The disabled button lost the focus; Enter must send again.
        self._focus(mend)

    async def _ask_role(self) -> None:
        """The key reaches less far than was thought: what it may not is to be offered no longer."""
        with suppress(Lost, Refusal):
            self.console.learn(RoleKnown(await self.console.client.role()))

    def _focus(self, name: str) -> None:
        """On a line; on the button where there is none to fill in."""
        self.query_one(f"#{_id(name)}" if self.LINES else "#decide").focus()

    def _waiting(self, waiting: bool) -> None:
        button = self.query_one("#decide", Button)
        button.disabled = waiting
        button.label = Content("Sending…" if waiting else self.SEND)

    @property
    def _place_kept(self) -> tuple[type, str]:
        return type(self), self.subject

    def _keep(self) -> None:
        """Keeps what was typed until this dialog is opened about the same again."""
        if self.subject and self.LINES:
            lines = {line.name: self.query_one(f"#{_id(line.name)}", Input).value for line in self.LINES}
            choices = {each.id: each.chosen for each in self.query(Choices) if each.id}
            self.console.unsent[self._place_kept] = Unsent(lines, choices, self._attempt if self._unsure else "")

    def _done(self) -> None:
        """It is kept no longer. What else was left about the same is a new intention from now on, as it may have been
        done before, and undone by this."""
        unsent = self.console.unsent
        unsent.pop(self._place_kept, None)
        for place, kept in unsent.items():
            if place[1] == self.subject:
                unsent[place] = kept._replace(attempt="")

    @on(Button.Pressed, "#leave")
    def action_leave(self) -> None:
        self._keep()
        self.dismiss(None)


def _id(name: str) -> str:
    return name.replace("_", "-")
