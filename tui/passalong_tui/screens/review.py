"""The monthly review: every living mechanic with its verdict, one decision each, and what came of the last ones."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from passalong_tui import safe
from passalong_tui.answers.mechanics import Mechanic, Verdict
from passalong_tui.answers.reviews import Review
from passalong_tui.client import Client
from passalong_tui.commands import ADMIN, REVIEW, bindings
from passalong_tui.draft import Decided, Draft
from passalong_tui.export import write_document
from passalong_tui.held import Past, review_of, standing
from passalong_tui.messages import Fact, MechanicsFetched, MetricFetched, ReviewsFetched
from passalong_tui.screens.courses import CoursePage
from passalong_tui.screens.mechanics import verdict
from passalong_tui.screens.review_words import (
    PAST,
    asked,
    decision,
    due,
    hands,
    known_by,
    question,
    told,
    tone,
    urgency,
)
from passalong_tui.widgets.course import CourseChart
from passalong_tui.widgets.listing import Column, Listing
from passalong_tui.words import CHOICES, ROLES, TONES, VERDICTS, said, today

_DECISIONS = ("keep", "change", "kill", "undecide", "hold")


class ReviewScreen(CoursePage):
    NAME = TAB = REVIEW
    QUESTION = "What is kept, changed or killed this month?"
    CSS_PATH = "review.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(REVIEW)]

    def body(self) -> ComposeResult:
        self.past: dict[str, Past] = {}
        """What was decided in the month that is looked at, where it was reviewed before; by mechanic."""
        with Container(classes="pair"):
            with Vertical(id="tables"):
                yield Listing(
                    self._columns(),
                    key=lambda m: m.key,
                    found_by=lambda m: f"{m.title} {m.key} {m.owner} {verdict(m)}",
                    empty="Nothing lives that could be reviewed. Launch a mechanic with PUT /api/v1/mechanics/{key}.",
                    order="verdict",
                    heading="To decide",
                    id="living",
                )
                yield Listing(
                    PAST,
                    key=lambda p: p.key,
                    found_by=lambda p: (
                        f"{p.review.month} {p.said.title} {p.said.decision} {p.said.owner} {p.said.came_of.why}"
                    ),
                    empty="No review was held yet. Decide about each mechanic above, then record the review.",
                    order="month",
                    heading="Decided before",
                    id="past",
                )
            with VerticalScroll(classes="detail"):
                yield Static(Content(""), id="about")
                yield CourseChart()

    def _columns(self) -> tuple[Column[Mechanic], ...]:
        def of(mechanic: Mechanic) -> Decided | Past | None:
            return self.draft.decisions.get(mechanic.key) or self.past.get(mechanic.key)

        def then(mechanic: Mechanic) -> Verdict:
            return known_by(mechanic, of(mechanic))

        return (
            Column(key="title", label="Mechanic", least=24, cell=lambda m, w: m.title,
                   order=lambda m: safe.clean(m.title).casefold()),
            Column(key="verdict", label="Verdict", cell=lambda m, w: said(VERDICTS, then(m).state),
                   order=lambda m: urgency(then(m)), width=11, tone=lambda m: TONES.get(then(m).state, "")),
            Column(key="decision", label="Decision", cell=lambda m, w: decision(of(m)), order=lambda m: decision(of(m)),
                   width=11, tone=lambda m: tone(of(m))),
            Column(key="role", label="In whose hands", cell=lambda m, w: hands(of(m)), order=lambda m: hands(of(m)),
                   width=26, drop=1),
        )  # fmt: skip

    @property
    def names(self) -> dict[str, str]:
        return {"hold": "Hold again"} if self.past else {}

    @property
    def draft(self) -> Draft:
        return self.known.draft

    async def fetch(self, client: Client) -> list[Fact]:
        # A year of months is what Known keeps for the overview.
        metric, mechanics, reviews = await asyncio.gather(client.metric(), client.mechanics(), client.reviews())
        return [MetricFetched(metric), MechanicsFetched(mechanics), ReviewsFetched(reviews)]

    def draw(self) -> None:
        if self.known.metric is not None and self.draft.month is None:
            self.draft.month = due(self.known.metric)
        reviews = self.known.reviews or []
        self.past = standing(reviews, self.draft.month)
        self.ask(question(self.draft, len(self.known.living), review_of(reviews, self.draft.month)))
        if self.known.mechanics is not None:
            self.draft.leave_only({mechanic.key for mechanic in self.known.living})
            self.query_one("#living", Listing).show(self.known.living)
        if self.known.reviews is not None:
            before = [Past(review, n) for review in self.known.reviews for n in range(len(review.decisions))]
            self.query_one("#past", Listing).show(before)
        if self.focused is None:
            self.query_one("#living", Listing).focus_rows()
        self._explain()

    @on(ReviewsFetched)
    def _fetched(self) -> None:
        self.draw()

    @on(Listing.Moved)
    def _explain(self) -> None:
        past: Listing[Past] = self.query_one("#past", Listing)
        shown = None if past.has_focus_within and past.current is not None else self.mechanic
        if past.has_focus_within and past.current is not None:
            about = told(past.current)
        elif shown is not None:
            about = asked(shown, self.draft.decisions.get(shown.key), self.past.get(shown.key))
        else:
            about = Content("")
        self.query_one("#about", Static).update(about)
        self.show_course(None if shown is None else shown.key)
        here = self.mechanic.key if self.mechanic is not None else None
        ready = self.draft.month is not None and self.known.reviews is not None
        self.rebind(
            (ready, bool(self.past), here is not None, here in self.draft.decisions, bool(self.draft.decisions))
        )

    def on_descendant_focus(self) -> None:
        self._explain()

    @property
    def mechanic(self) -> Mechanic | None:
        """The living one under the cursor; none before the screen is composed."""
        listings = self.query("#living").results(Listing)
        current: Mechanic | None = next((listing.current for listing in listings), None)
        return current

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Deciding is hidden from keys that may not, and greyed where it makes no sense."""
        if action not in _DECISIONS:
            return True
        if not self.known.may(ADMIN):
            return False
        if self.draft.month is None or self.known.reviews is None:
            return None  # it is not known yet which month this is about, and whether it was held
        if action == "hold":
            return True if self.draft.decisions else None
        if action == "undecide":
            return True if self.mechanic and self.mechanic.key in self.draft.decisions else None
        return True if self.mechanic is not None else None

    def action_keep(self) -> None:
        self._decide("keep")

    def action_change(self) -> None:
        self._decide("change")

    def action_kill(self) -> None:
        self._decide("kill")

    def _decide(self, choice: str) -> None:
        from passalong_tui.screens.review_dialogs import DecideDialog, DecideKillDialog

        if self.mechanic is not None:
            before = self.draft.decisions.get(self.mechanic.key) or self._suggested(self.mechanic, choice)
            dialog = DecideKillDialog if choice == "kill" else DecideDialog
            self.app.push_screen(dialog(self.mechanic, choice, before), self._decided)

    def _suggested(self, mechanic: Mechanic, choice: str) -> Decided:
        """Whose hands it was in at the last review, and the mechanic's owner."""
        former = (s for review in self.known.reviews or [] for s in review.decisions if s.mechanic == mechanic.key)
        last = next(former, None)
        role = last.role if last is not None and last.role in ROLES else next(iter(ROLES))
        return Decided(mechanic=mechanic.key, decision=choice, role=role, owner=mechanic.owner)

    def _decided(self, decided: Decided | None) -> None:
        """Goes on to the next mechanic that nothing was decided about."""
        if decided is None:
            return
        title = safe.line(self.known.title(decided.mechanic), 40)
        self._offer_undo(decided.mechanic, f"{title}: {said(CHOICES, decided.decision)}.")
        self.draft.decide(decided)
        self.draw()
        living: Listing[Mechanic] = self.query_one("#living", Listing)
        left = [
            mechanic.key for mechanic in living.shown if mechanic.key not in self.draft.decisions.keys() | self.past
        ]
        if left:
            living.aim(left[0])

    def action_undecide(self) -> None:
        if self.mechanic is not None:
            self._offer_undo(self.mechanic.key, f"{safe.line(self.mechanic.title, 40)}: nothing decided.")
            self.draft.decisions.pop(self.mechanic.key, None)
            self.draw()

    def _offer_undo(self, key: str, sentence: str) -> None:
        """Before the draft is changed; nothing of it is on the server yet."""
        decisions = self.draft.decisions  # of this month, whichever is looked at by then
        before = decisions.get(key)

        def restore() -> None:
            if before is None:
                decisions.pop(key, None)
            else:
                decisions[key] = before
            self.draw()

        self.console.offer_undo(sentence, restore)

    @work(group="export", exclusive=True)
    async def action_minutes(self) -> None:
        """Writes the review of the month, be it held or still being prepared, for those who were not there."""
        from passalong_tui.minutes import minutes

        month = self.draft.month
        if month is None or self.known.reviews is None:
            return
        text = minutes(month, self.known.reviews, self.draft, self.known.living, today())
        try:
            path = await asyncio.to_thread(write_document, f"review-{month}", text, self.console.exports)
        except OSError as error:
            self.console.say(f"Nothing was written: {error.strerror or error}.", "error")
        else:
            self.console.say(f"The review is written to {path}.")

    def action_month(self, by: int) -> None:
        if self.known.metric is not None:
            self.draft.turn(by, self.known.metric.months[-1].month)
            self.draw()

    def action_hold(self) -> None:
        from passalong_tui.screens.review_dialogs import HoldDialog

        if self.draft.decisions:
            dialog = HoldDialog(self.draft, self.known.living, self.known.reviews or [])
            self.app.push_screen(dialog, self._held)

    def _held(self, review: Review | None) -> None:
        if review is not None:
            self.console.undoable = None  # what was recorded stays
            self.draft.months.pop(review.month, None)
            self.known.reviews = [review, *(self.known.reviews or [])]
        self.draw()
        self.load()
