"""What both screens of opportunities share: an admin's word over the evidence, its withdrawal, and the way back."""

from __future__ import annotations

from textual import work

from passalong_tui import safe
from passalong_tui.answers.conversions import Case
from passalong_tui.client import Lost, Refusal
from passalong_tui.commands import ADMIN
from passalong_tui.credits import known_as
from passalong_tui.messages import CaseFetched, CustomersFetched, MechanicsFetched
from passalong_tui.screens.page import TablePage

_DECISIONS = ("override", "withdraw")


class DecidingPage(TablePage):
    """A page on which one conversion is at hand."""

    @property
    def case(self) -> Case | None:
        """The conversion at hand, once it was read whole."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Decisions are hidden from keys that may not, and greyed where they make no sense."""
        if action not in _DECISIONS:
            return True
        if not self.known.may(ADMIN):
            return False
        case = self.case if self.is_mounted else None
        if case is None or (action == "withdraw" and case.decision is None):
            return None
        return True

    @work(group="names", exclusive=True)
    async def action_override(self) -> None:
        from passalong_tui.screens.override import OverrideDialog

        case = self.case
        if case is None:
            return
        if self.known.customers is None:  # the dialog completes their names
            try:
                self.console.learn(CustomersFetched(await self.console.client.customers()))
                self.console.learn(MechanicsFetched(await self.console.client.mechanics()))
            except (Lost, Refusal):
                pass  # an id can be typed all the same
        self.app.push_screen(OverrideDialog(case), self._decided)

    def action_withdraw(self) -> None:
        from passalong_tui.screens.override import WithdrawDialog

        if self.case is not None:
            self.app.push_screen(WithdrawDialog(self.case), self._withdrawn)

    def _decided(self, case: Case | None) -> None:
        if case is None:
            return
        self._changed(case)
        decision = case.decision
        whose = self.known.name(decision.customer) if decision and decision.customer else "nobody"
        told = f"{safe.line(known_as(case.conversion), 40)} is credited to {safe.line(whose, 40)}."
        self.console.offer_undo(told, lambda: self._ask_withdrawal(case))

    def _ask_withdrawal(self, case: Case) -> None:
        from passalong_tui.screens.override import WithdrawDialog

        now = self.known.cases.get(case.conversion.id, case)
        if now.decision is None:
            self.console.say("No decision stands any more: there is nothing to withdraw.")
        else:
            self.app.push_screen(WithdrawDialog(now), self._withdrawn)

    def _withdrawn(self, case: Case | None) -> None:
        if case is not None:
            self._changed(case)
            self.console.say("The evidence speaks again.")

    def _changed(self, case: Case) -> None:
        """Shows what was decided at once, without waiting for the next reading: on the page that is there by then."""
        self.console.learn(CaseFetched(case))
        if self.console.page is not None:
            self.console.page.load()
