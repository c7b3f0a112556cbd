"""The two dialogs in which a mechanic ends or begins again. Each says first what will happen, in numbers."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, Static

from passalong.domain.mechanic import Fallback
from passalong_tui import safe
from passalong_tui.answers import Mechanic
from passalong_tui.client import Client, Lost, Refusal
from passalong_tui.messages import RoleKnown
from passalong_tui.widgets.choices import Choices
from passalong_tui.words import counted

if TYPE_CHECKING:
    from passalong_tui.app import Console

CHOICES = {
    Fallback.ASSET_ONLY: "Keep the asset open",
    Fallback.REDIRECT: "Lead elsewhere",
    Fallback.GONE: "Say goodbye",
}
_LABELS = {"reason": "Reason", "by": "By", "redirect_url": "Address"}


def consequence(mechanic: Mechanic, fallback: Fallback, redirect_url: str = "") -> str:
    """What a kill does, in numbers from the mechanic's counts."""
    counts = mechanic.counts
    if not counts.shares:
        return "No link is out there yet. From now on none can be made, and nothing is attributed."
    links = f"{counted(counts.shares, 'link')} of {counted(counts.customers, 'customer')}"
    ends = "nothing more is attributed"
    match fallback:
        case Fallback.ASSET_ONLY:
            return f"{links}: the asset stays, gate and call to action go, {ends}."
        case Fallback.REDIRECT:
            where = safe.line(redirect_url, 60) or "the brand’s home page"
            return f"{links} will lead to {where}; {ends}."
        case Fallback.GONE:
            return f"{links} will say goodbye and name whom to ask; the asset is out of reach, {ends}."


def kept(mechanic: Mechanic) -> str:
    counts = mechanic.counts
    opportunities = counted(counts.opportunities, "opportunity", "opportunities")
    return f"What it brought stays counted: {counted(counts.leads, 'lead')}, {opportunities}. A kill can be undone."


class DecisionDialog(ModalScreen[Mechanic | None]):
    """Asks for a reason and a name, sends the decision, and stays open with what was typed when it is refused."""

    CSS_PATH = "decide.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Leave it as it is")]
    DECIDE: ClassVar[str]
    LEAVE: ClassVar[str]

    def __init__(self, mechanic: Mechanic) -> None:
        super().__init__()
        self.mechanic = mechanic
        # Sent again after an answer got lost, the same decision is not made twice.
        self._attempt = secrets.token_hex(16)

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="dialog", can_focus=False):
            yield from self.explain()
            yield from self.field("reason", "", "In a few words, for the history")
            yield from self.field("by", cast("Console", self.app).operator, "Your name")
            yield Static(Content(""), id="message")
            with Horizontal(id="buttons"):
                yield Button(Content(self.DECIDE), id="decide", variant="primary", compact=True)
                yield Button(Content(self.LEAVE), id="leave", compact=True)
                yield Static(Content("Enter sends, Esc leaves"), id="keys")

    def explain(self) -> ComposeResult:
        raise NotImplementedError

    async def decide(self, client: Client, reason: str, by: str, attempt: str) -> Mechanic:
        raise NotImplementedError

    def field(self, name: str, value: str, hint: str) -> ComposeResult:
        with Horizontal(classes="field", id=f"{name.replace('_', '-')}-field"):
            yield Label(Content(_LABELS[name]))
            yield Input(value, placeholder=hint, id=name.replace("_", "-"), compact=True, max_length=1000)

    def on_mount(self) -> None:
        self.query_one("#reason", Input).focus()

    def value(self, name: str) -> str:
        return safe.clean(self.query_one(f"#{name}", Input).value)

    def say(self, sentence: str) -> None:
        message = self.query_one("#message", Static)
        message.update(Content.assemble(("! ", "bold"), safe.line(sentence)) if sentence else Content(""))
        message.display = bool(sentence)

    @on(Button.Pressed, "#decide")
    @on(Input.Submitted)
    def _submit(self) -> None:
        if self.query_one("#decide", Button).disabled:
            return
        for name, sentence in (("reason", "Say why, in a few words."), ("by", "Say who decides this.")):
            if not self.value(name):
                self.say(sentence)
                self.query_one(f"#{name}", Input).focus()
                return
        self.say("")
        self._waiting(True)
        self._send()

    @work(group="decision", exclusive=True)
    async def _send(self) -> None:
        client = cast("Console", self.app).client
        mend = "reason"
        try:
            mechanic = await self.decide(client, self.value("reason"), self.value("by"), self._attempt)
        except Lost as lost:
            self.say(f"{lost} It is not known whether this was done. Sending it again is safe.")
        except Refusal as refused:
            if refused.forbidden:
                cast("Console", self.app).learn(RoleKnown(may_decide=False))
            self.say(_in_words(refused))
            mend = next((field for field in refused.faults if field in _LABELS), mend)
        else:
            self.dismiss(mechanic)
            return
        self._waiting(False)
        # The disabled button lost the focus; Enter must send again.
        self.query_one(f"#{mend.replace('_', '-')}", Input).focus()

    def _waiting(self, waiting: bool) -> None:
        button = self.query_one("#decide", Button)
        button.disabled = waiting
        button.label = Content("Sending…" if waiting else self.DECIDE)

    @on(Button.Pressed, "#leave")
    def action_leave(self) -> None:
        self.dismiss(None)


class KillDialog(DecisionDialog):
    DECIDE, LEAVE = "Kill it", "Keep it"

    def explain(self) -> ComposeResult:
        yield Static(Content.assemble("Kill ", (safe.line(self.mechanic.title, 56), "bold"), "?"), id="title")
        yield Static(Content(consequence(self.mechanic, Fallback.ASSET_ONLY)), id="consequence")
        yield Static(Content(kept(self.mechanic)), id="kept")
        yield Choices([*CHOICES.values()], id="fallback")
        yield from self.field("redirect_url", "", "https:// … or empty for the brand’s home page")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#redirect-url-field").display = False

    @property
    def fallback(self) -> Fallback:
        return list(CHOICES)[self.query_one("#fallback", Choices).chosen]

    @on(Choices.Changed)
    @on(Input.Changed, "#redirect-url")
    def _foretell(self) -> None:
        fallback = self.fallback
        self.query_one("#redirect-url-field").display = fallback is Fallback.REDIRECT
        sentence = consequence(self.mechanic, fallback, self.value("redirect-url"))
        self.query_one("#consequence", Static).update(Content(sentence))

    async def decide(self, client: Client, reason: str, by: str, attempt: str) -> Mechanic:
        address = self.value("redirect-url") if self.fallback is Fallback.REDIRECT else ""
        return await client.kill(
            self.mechanic.key,
            reason=reason,
            by=by,
            fallback=self.fallback,
            redirect_url=address or None,
            attempt=attempt,
        )


class ReviveDialog(DecisionDialog):
    DECIDE, LEAVE = "Revive it", "Leave it"

    def explain(self) -> ComposeResult:
        counts = self.mechanic.counts
        links = f"{counted(counts.shares, 'link')} of {counted(counts.customers, 'customer')}"
        dead = self.mechanic.tombstone
        yield Static(Content.assemble("Revive ", (safe.line(self.mechanic.title, 56), "bold"), "?"), id="title")
        yield Static(
            Content(f"{links}: gate and call to action return, and what comes from now on is attributed again."),
            id="consequence",
        )
        if dead is not None:
            yield Static(
                Content(f"It was killed by {safe.line(dead.by, 40)}: “{safe.line(dead.reason, 160)}”"), id="kept"
            )

    async def decide(self, client: Client, reason: str, by: str, attempt: str) -> Mechanic:
        return await client.revive(self.mechanic.key, reason=reason, by=by, attempt=attempt)


def _in_words(refused: Refusal) -> str:
    """The refusal, naming the fields as the dialog does."""
    if not refused.faults:
        return str(refused)
    return " ".join(f"{_LABELS.get(field, field)}: {message}" for field, message in refused.faults.items())
