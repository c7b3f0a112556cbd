"""The dialogs in which something is decided about a mechanic. Each says first what will happen, in numbers."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from passalong.domain.mechanic import Fallback
from passalong_tui import safe
from passalong_tui.answers.mechanics import Mechanic
from passalong_tui.client import Client
from passalong_tui.screens.dialog import BY, REASON, REDIRECT, Dialog, Line
from passalong_tui.widgets.choices import Choices
from passalong_tui.words import counted

T = TypeVar("T")

FALLBACK_CHOICES = {
    Fallback.ASSET_ONLY: "Keep the asset open",
    Fallback.REDIRECT: "Lead elsewhere",
    Fallback.GONE: "Say goodbye",
}
_VERDICTS = {
    "kill": "The verdict is to kill it.",
    "keep": "The verdict is to keep it",
    "review": "The verdict is to look closer",
    "collecting": "It is too early to judge",
}


def links(mechanic: Mechanic) -> str:
    counts = mechanic.counts
    return f"{counted(counts.shares, 'link')} of {counted(counts.customers, 'customer')}"


def consequence(mechanic: Mechanic, fallback: str, redirect_url: str = "") -> str:
    """What a kill does, in numbers from the mechanic's counts."""
    if not mechanic.counts.shares:
        return "No link is out there yet. From now on none can be made, and nothing is attributed."
    ends = "nothing more is attributed"
    match fallback:
        case Fallback.REDIRECT:
            where = safe.line(redirect_url, 60) or "the brand’s home page"
            return f"{links(mechanic)} will lead to {where}; {ends}."
        case Fallback.GONE:
            return f"{links(mechanic)} will say goodbye and name whom to ask; the asset is out of reach, {ends}."
        case _:
            return f"{links(mechanic)}: the asset stays, gate and call to action go, {ends}."


def kept(mechanic: Mechanic) -> str:
    counts = mechanic.counts
    opportunities = counted(counts.opportunities, "opportunity", "opportunities")
    return f"What it brought stays counted: {counted(counts.leads, 'lead')}, {opportunities}. A kill can be undone."


def against(mechanic: Mechanic, decision: str) -> Content:
    """What the verdict is, and whether a decision (keep or kill) goes against it: then that is written down."""
    state = mechanic.verdict.state
    said = _VERDICTS.get(state, f"The verdict is: {safe.line(state, 40)}")
    if decision == "kill" and state != "kill":
        return Content.styled(f"{said}: this is written down as going against it.", "bold $warning")
    if decision != "kill" and state == "kill":
        return Content.styled("The verdict is to kill it: this is written down as going against it.", "bold $warning")
    return Content(said if state == "kill" else f"{said}.")


class DecisionDialog(Dialog[Mechanic]):
    """Asks for a reason and a name."""

    LINES: ClassVar[tuple[Line, ...]] = (REASON, BY)

    def __init__(self, mechanic: Mechanic) -> None:
        super().__init__()
        self.mechanic = mechanic

    @property
    def subject(self) -> str:
        return self.mechanic.key

    def asks(self, verb: str) -> Static:
        return Static(Content.assemble(f"{verb} ", (safe.line(self.mechanic.title, 56), "bold"), "?"), id="title")

    def verdict(self, decision: str) -> ComposeResult:
        yield Static(against(self.mechanic, decision), id="verdict")
        yield Static(safe.content(self.mechanic.verdict.why), classes="aside", id="verdict-why")

    @property
    def words(self) -> dict[str, str]:
        return {"reason": self.value("reason"), "by": self.value("by")}


class Ending(Dialog[T]):
    """A dialog in which it is chosen what becomes of a mechanic's links, with the consequence foretold.

    Its lines have REDIRECT among them, which is shown while links are to lead elsewhere.
    """

    mechanic: Mechanic

    def ending(self, chosen: Fallback = Fallback.ASSET_ONLY) -> ComposeResult:
        yield Static(Content(""), classes="said", id="consequence")
        yield Choices([*FALLBACK_CHOICES.values()], id="fallback", chosen=list(FALLBACK_CHOICES).index(chosen))

    @property
    def fallback(self) -> Fallback:
        return list(FALLBACK_CHOICES)[self.query_one("#fallback", Choices).chosen]

    @property
    def redirect_url(self) -> str:
        """Where links are to lead; nothing where they stay."""
        return self.value("redirect_url") if self.fallback is Fallback.REDIRECT else ""

    def on_mount(self) -> None:
        self._foretell()

    @on(Choices.Changed, "#fallback")
    @on(Input.Changed, "#redirect-url")
    def _foretell(self) -> None:
        self.query_one("#redirect-url-field").display = self.fallback is Fallback.REDIRECT
        sentence = consequence(self.mechanic, self.fallback, self.redirect_url)
        self.query_one("#consequence", Static).update(Content(sentence))


class KillDialog(Ending[Mechanic], DecisionDialog):
    SEND = "Kill it"
    LINES: ClassVar[tuple[Line, ...]] = (REDIRECT, REASON, BY)

    def explain(self) -> ComposeResult:
        yield self.asks("Kill")
        yield from self.verdict("kill")
        yield Static(Content(kept(self.mechanic)), classes="aside")
        yield from self.ending()

    async def send(self, client: Client, attempt: str) -> Mechanic:
        where = self.redirect_url or None
        return await client.kill(
            self.mechanic.key, **self.words, fallback=self.fallback, redirect_url=where, attempt=attempt
        )


class ReviveDialog(DecisionDialog):
    SEND = "Revive it"

    def explain(self) -> ComposeResult:
        dead = self.mechanic.tombstone
        yield self.asks("Revive")
        said = (
            f"{links(self.mechanic)}: gate and call to action return, and what comes from now on is attributed again."
        )
        yield Static(Content(said), classes="said")
        if dead is not None:
            why = f"It was killed by {safe.line(dead.by, 40)}: “{safe.line(dead.reason, 160)}”"
            yield Static(Content(why), classes="aside")

    async def send(self, client: Client, attempt: str) -> Mechanic:
        return await client.revive(self.mechanic.key, **self.words, attempt=attempt)


class KeepDialog(DecisionDialog):
    SEND = "Keep it"

    def explain(self) -> ComposeResult:
        yield self.asks("Keep")
        yield from self.verdict("keep")
        yield Static(
            Content("Nothing changes. That it was kept, by whom and why stays in its history."), classes="said"
        )

    async def send(self, client: Client, attempt: str) -> Mechanic:
        return await client.keep(self.mechanic.key, **self.words, attempt=attempt)


class PauseDialog(DecisionDialog):
    SEND = "Pause it"

    def explain(self) -> ComposeResult:
        yield self.asks("Pause")
        said = f"{links(self.mechanic)} go on as they are; none can be made."
        yield Static(Content(f"{said} Until it is resumed, no day counts for its verdict."), classes="said")

    async def send(self, client: Client, attempt: str) -> Mechanic:
        return await client.pause(self.mechanic.key, **self.words, attempt=attempt)


class ResumeDialog(DecisionDialog):
    SEND = "Resume it"

    def explain(self) -> ComposeResult:
        yield self.asks("Resume")
        said = "Links can be made again, and days count again. Those of the pause count neither for nor against it."
        yield Static(Content(said), classes="said")

    async def send(self, client: Client, attempt: str) -> Mechanic:
        return await client.resume(self.mechanic.key, **self.words, attempt=attempt)
