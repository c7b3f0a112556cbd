"""The dialogs in which an admin decides over the evidence whose a deal is, or lets the evidence speak again."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

from passalong_tui import safe
from passalong_tui.answers.conversions import Case
from passalong_tui.client import Client
from passalong_tui.credits import amount_of, customers, known_as
from passalong_tui.screens.dialog import BY, REASON, Dialog, Line
from passalong_tui.widgets.choices import Choices
from passalong_tui.words import NOTHING, day

CUSTOMER = Line("customer", "Customer", "Its name or id; → completes")
MECHANIC = Line("mechanic", "Mechanic", "Its title or key, or empty; → completes")
_MOST_MEANINGS = 3
_NAMED = (CUSTOMER.name, MECHANIC.name)


class CaseDialog(Dialog[Case]):
    """Asks for a reason and a name, and says whose the deal is now."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.case = case

    @property
    def subject(self) -> str:
        return self.case.conversion.id

    def about(self, verb: str) -> ComposeResult:
        conversion = self.case.conversion
        title = (safe.line(known_as(conversion), 48), "bold")
        yield Static(Content.assemble(f"{verb} ", title, f"  {amount_of(conversion)}"), id="title")
        yield Static(Content(f"Now: {self._now()}."), classes="aside", id="now")

    def _now(self) -> str:
        whose = safe.line(customers(self.case.attribution, self.console.known), 48)
        decision = self.case.decision
        by = f", as {safe.line(decision.by, 40)} decided on {day(decision.at)}" if decision else ", by the evidence"
        return f"{'credited to nobody' if whose == NOTHING else f'credited to {whose}'}{by}"


class OverrideDialog(CaseDialog):
    SEND = "Decide"
    LINES: ClassVar[tuple[Line, ...]] = (CUSTOMER, MECHANIC, REASON, BY)
    FIRST = "customer"

    def explain(self) -> ComposeResult:
        yield from self.about("Decide whose is")
        yield Choices(["One customer’s", "Nobody’s"], id="whose")
        yield Static(Content(""), classes="said", id="foretold")

    def on_mount(self) -> None:
        known = self.console.known
        for field, words in (("#customer", known.names), ("#mechanic", known.titles)):
            self.query_one(field, Input).suggester = SuggestFromList(_callable(words), case_sensitive=False)
        self._foretell()

    @property
    def nobodys(self) -> bool:
        return self.query_one("#whose", Choices).chosen == 1

    def _meant(self, field: str, words: dict[str, str]) -> str:
        """The id that was meant: by itself, or by a name that only one has; else what was typed."""
        typed = self.value(field)
        if typed in words:
            return typed
        meant = [id for id, name in words.items() if safe.clean(name).casefold() == typed.casefold()]
        return meant[0] if len(meant) == 1 else typed

    @property
    def customer(self) -> str:
        return self._meant("customer", self.console.known.names)

    @on(Choices.Changed)
    @on(Input.Changed)
    def _foretell(self) -> None:
        for name in _NAMED:
            self.query_one(f"#{name}-field").display = not self.nobodys
        whole = amount_of(self.case.conversion)
        what = "All of it" if whole == NOTHING else f"All {whole}"
        if self.nobodys:
            said = "It will carry nobody’s name, whatever the evidence says."
        elif not self.value("customer"):
            said = f"{what} will be one customer’s, whatever the evidence says."
        elif self.customer in self.console.known.names:
            said = f"{what} will be {safe.line(self.console.known.name(self.customer), 48)}’s, by declaration."
        else:
            said = self._meanings(self.value("customer"))
        self.query_one("#foretold", Static).update(Content(f"{said} The credits of now stay readable."))

    def _meanings(self, typed: str) -> str:
        """Whom it may become."""
        found = [name for name in _callable(self.console.known.names) if typed.casefold() in name.casefold()]
        if not found:
            return f"No customer is called “{safe.line(typed, 40)}”."
        some = ", ".join(safe.line(name, 24) for name in found[:_MOST_MEANINGS])
        return f"Type on: {some}{' …' if len(found) > _MOST_MEANINGS else ''}."

    def lacks(self) -> tuple[str, str] | None:
        if not self.nobodys and not self.value("customer"):
            return "customer", "Name the customer, or choose that it is nobody’s."
        if not self.value("reason"):
            return "reason", REASON.missing
        return ("by", BY.missing) if not self.value("by") else None

    async def send(self, client: Client, attempt: str) -> Case:
        known = self.console.known
        mechanic = None if self.nobodys else self._meant("mechanic", known.titles)
        return await client.override(
            self.case.conversion.id,
            customer=None if self.nobodys else self.customer,
            mechanic=mechanic or None,
            reason=self.value("reason"),
            by=self.value("by"),
            attempt=attempt,
        )


def _callable(words: dict[str, str]) -> list[str]:
    """The names, readable and sorted; where several have the same, their ids."""
    ids: dict[str, list[str]] = {}
    for id, name in words.items():
        ids.setdefault(safe.line(name), []).append(id)
    told = [word for name, those in ids.items() for word in ([name] if name and len(those) == 1 else those)]
    return sorted(told, key=str.casefold)


class WithdrawDialog(CaseDialog):
    SEND = "Withdraw it"
    LINES: ClassVar[tuple[Line, ...]] = (REASON, BY)

    def explain(self) -> ComposeResult:
        yield from self.about("Withdraw the decision about")
        decision = self.case.decision
        if decision is not None:
            said = f"{safe.line(decision.by, 40)} had said: “{safe.line(decision.reason, 200)}”"
            yield Static(Content(said), classes="aside")
        yield Static(Content("The evidence speaks again. The decision stays in the history."), classes="said")

    async def send(self, client: Client, attempt: str) -> Case:
        return await client.withdraw(
            self.case.conversion.id, reason=self.value("reason"), by=self.value("by"), attempt=attempt
        )
