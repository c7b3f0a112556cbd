"""The two dialogs of a review: what is to be done about one mechanic, and the whole of it before it is recorded."""

from __future__ import annotations

from typing import ClassVar

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from passalong.domain.mechanic import Fallback
from passalong_tui import safe
from passalong_tui.answers.mechanics import Mechanic
from passalong_tui.answers.reviews import Review
from passalong_tui.client import Client, Refusal
from passalong_tui.draft import Decided, Draft, needs_reason
from passalong_tui.held import review_of, standing
from passalong_tui.screens.decide import Ending, against
from passalong_tui.screens.dialog import REDIRECT, Dialog, Line
from passalong_tui.screens.review_words import hands, held_before, left_out
from passalong_tui.widgets.choices import Choices
from passalong_tui.words import CHOICES, ROLES, month_name, said

_VERBS = {"keep": "Keep", "change": "Change", "kill": "Kill"}
OWNER = Line("owner", "Owner", "Who sees to it", "Say who sees to it.")
REASON = Line("reason", "Reason", "")
NOTE = Line("note", "Note", "For the whole review; may stay empty")
HELD_BY = Line("by", "By", "Your name", "Say who held the review.")


class DecideDialog(Dialog[Decided]):
    """Nothing is sent yet: what is said here waits until the review is held."""

    SEND, LEAVE = "Decide", "Leave it open"
    LINES: ClassVar[tuple[Line, ...]] = (OWNER, REASON)

    def __init__(self, mechanic: Mechanic, choice: str, before: Decided) -> None:
        super().__init__()
        self.mechanic = mechanic
        self._choice = choice
        self._before = before
        self._needed = needs_reason(choice, mechanic.verdict.state)

    @property
    def subject(self) -> str:
        return f"{self.mechanic.key} {self._choice}"

    def explain(self) -> ComposeResult:
        title = safe.line(self.mechanic.title, 56)
        yield Static(Content.assemble(f"{_VERBS[self._choice]} ", (title, "bold"), "?"), id="title")
        if self._choice == "change":
            yield Static(Content("It goes on as it is until somebody changes it; the review remembers."), id="verdict")
        else:
            yield Static(against(self.mechanic, self._choice), id="verdict")
        yield Static(safe.content(self.mechanic.verdict.why), classes="aside")
        yield Static(Content("Nothing happens until the review is recorded."), classes="aside")
        roles = list(ROLES)
        chosen = roles.index(self._before.role) if self._before.role in roles else 0
        yield Choices([*ROLES.values()], id="role", chosen=chosen)

    def initial(self, name: str) -> str:
        return str(getattr(self._before, name, ""))

    def hint(self, line: Line) -> str:
        if line.name != "reason":
            return line.hint
        if self._choice == "keep" and self._needed:
            return "Needed: it goes against the verdict"
        return f"Needed. {self._needed}" if self._needed else "May stay empty: the verdict says it"

    def lacks(self) -> tuple[str, str] | None:
        if self._needed and not self.value("reason"):
            return "reason", self._needed
        return super().lacks()

    async def send(self, client: Client, attempt: str) -> Decided:
        return replace(
            self._before,
            mechanic=self.mechanic.key,
            decision=self._choice,
            role=list(ROLES)[self.query_one("#role", Choices).chosen],
            owner=self.value("owner"),
            reason=self.value("reason"),
            fault="",
        )


class DecideKillDialog(Ending[Decided], DecideDialog):
    """The same of a kill: with what is to become of its links."""

    LINES: ClassVar[tuple[Line, ...]] = (REDIRECT, OWNER, REASON)

    def explain(self) -> ComposeResult:
        yield from super().explain()
        yield from self.ending(Fallback(self._before.fallback))

    async def send(self, client: Client, attempt: str) -> Decided:
        decided = await super().send(client, attempt)
        return replace(decided, fallback=self.fallback, redirect_url=self.redirect_url)


class HoldDialog(Dialog[Review]):
    """The summary: what is recorded, and done, the moment it is sent."""

    SEND, LEAVE = "Record it", "Go back"
    LINES: ClassVar[tuple[Line, ...]] = (NOTE, HELD_BY)
    FIRST = "note"

    def __init__(self, draft: Draft, living: list[Mechanic], reviews: list[Review]) -> None:
        """`reviews` are those that were held before, of whatever month."""
        super().__init__()
        self._held = review_of(reviews, draft.month)
        self._past = standing(reviews, draft.month)
        self._draft = draft
        self._living = living

    @property
    def subject(self) -> str:
        return f"review {self._draft.month}"

    def explain(self) -> ComposeResult:
        month = month_name(self._draft.month) if self._draft.month else ""
        again = " again" if self._held is not None else ""
        yield Static(Content.assemble("Record the review of ", (month, "bold"), f"{again}?"), id="title")
        if self._held is not None:
            before = held_before(self._draft, self._past, self._held)
            yield Static(Content.styled(f"! {before}", "bold $warning"), id="held")
        yield Static(self._summary(), classes="said", id="summary")
        yield Static(Content(left_out(self._draft, self._living, self._past)), classes="aside", id="left-out")

    def _summary(self) -> Content:
        """Each decision, and beneath it what the server found wrong with it."""
        titles = {mechanic.key: mechanic.title for mechanic in self._living}
        lines = []
        for decided in self._draft.decisions.values():
            title = safe.line(titles.get(decided.mechanic, decided.mechanic), 34)
            line = Content.assemble(
                (f"{said(CHOICES, decided.decision):<9}", "bold"),
                f"{title}  ",
                (safe.line(hands(decided), 25), "$quiet"),
            )
            if decided.fault:
                line = Content.assemble(line, "\n         ", (f"! {safe.line(decided.fault)}", "bold $error"))
            lines.append(line)
        return Content("\n").join(lines)

    def refused(self, refusal: Refusal) -> str:
        self._draft.find_fault(refusal.faults)
        self.query_one("#summary", Static).update(self._summary())
        mend = super().refused(refusal)
        if any(decided.fault for decided in self._draft.decisions.values()):
            self.say("Some decisions need another look. Go back and decide about them again; the rest stays.")
        return mend

    async def send(self, client: Client, attempt: str) -> Review:
        return await client.hold_review(
            month=self._draft.month or "",
            by=self.value("by"),
            note=self.value("note"),
            decisions=[decided.body for decided in self._draft.decisions.values()],
            attempt=attempt,
        )
