"""The monthly review: every living mechanic with its verdict, one decision each, and what came of the last ones."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from passalong_tui import safe
from passalong_tui.answers import Mechanic, Metric, Review, Reviewed
from passalong_tui.client import Client
from passalong_tui.commands import ADMIN, REVIEW, bindings
from passalong_tui.draft import Decided, Draft, month_due
from passalong_tui.messages import Fact, MechanicsFetched, MetricFetched, ReviewsFetched
from passalong_tui.screens.mechanics import verdict
from passalong_tui.screens.page import TablePage
from passalong_tui.widgets.listing import Column, Listing
from passalong_tui.widgets.mechanic_card import judgement
from passalong_tui.words import CHOICES, NOTHING, ROLES, TONES, counted, day, month_name, number, said

_TONES = {"keep": "success", "change": "warning", "kill": "error"}
_DECISIONS = ("keep", "change", "kill", "undecide", "hold")


class Past:
    """One decision of a review that was held."""

    def __init__(self, review: Review, place: int) -> None:
        self.review = review
        self.said: Reviewed = review.decisions[place]
        self.key = f"{review.id} {place}"


class ReviewScreen(TablePage):
    NAME = TAB = REVIEW
    QUESTION = "What is kept, changed or killed this month?"
    CSS_PATH = "review.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(REVIEW)]

    def body(self) -> ComposeResult:
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

    def _columns(self) -> tuple[Column[Mechanic], ...]:
        def of(mechanic: Mechanic) -> Decided | None:
            return self.draft.decisions.get(mechanic.key)

        return (
            Column(key="title", label="Mechanic", least=24, cell=lambda m, w: m.title,
                   order=lambda m: safe.clean(m.title).casefold()),
            Column(key="verdict", label="Verdict", cell=lambda m, w: verdict(m), order=_urgency, width=11,
                   tone=lambda m: TONES.get(m.verdict.state, "")),
            Column(key="decision", label="Decision", cell=lambda m, w: decision(of(m)), order=lambda m: decision(of(m)),
                   width=11, tone=lambda m: _tone(of(m))),
            Column(key="role", label="In whose hands", cell=lambda m, w: hands(of(m)), order=lambda m: hands(of(m)),
                   width=26, drop=1),
        )  # fmt: skip

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
        self.ask(question(self.draft, len(self.known.living)))
        if self.known.mechanics is not None:
            for key in set(self.draft.decisions) - {mechanic.key for mechanic in self.known.living}:
                del self.draft.decisions[key]  # killed meanwhile: there is nothing left to decide
            self.query_one("#living", Listing).show(self.known.living)
        if self.known.reviews is not None:
            past = [Past(review, n) for review in self.known.reviews for n in range(len(review.decisions))]
            self.query_one("#past", Listing).show(past)
        if self.focused is None:
            self.query_one("#living", Listing).focus_rows()
        self._explain()

    @on(ReviewsFetched)
    def _fetched(self) -> None:
        self.draw()

    @on(Listing.Moved)
    def _explain(self) -> None:
        past: Listing[Past] = self.query_one("#past", Listing)
        if past.has_focus_within and past.current is not None:
            about = told(past.current)
        elif self.mechanic is not None:
            about = asked(self.mechanic, self.draft.decisions.get(self.mechanic.key))
        else:
            about = Content("")
        self.query_one("#about", Static).update(about)
        here = self.mechanic.key if self.mechanic is not None else None
        self.rebind((here is not None, here in self.draft.decisions, bool(self.draft.decisions)))

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
        from passalong_tui.screens.review_dialogs import DecideDialog

        if self.mechanic is not None:
            before = self.draft.decisions.get(self.mechanic.key) or self._suggested(self.mechanic, choice)
            self.app.push_screen(DecideDialog(self.mechanic, choice, before), self._decided)

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
        self.draft.decide(decided)
        self.draw()
        living: Listing[Mechanic] = self.query_one("#living", Listing)
        left = [mechanic.key for mechanic in living.shown if mechanic.key not in self.draft.decisions]
        if left:
            living.aim(left[0])

    def action_undecide(self) -> None:
        if self.mechanic is not None:
            self.draft.decisions.pop(self.mechanic.key, None)
            self.draw()

    def action_month(self, by: int) -> None:
        if self.known.metric is not None:
            self.draft.turn(by, self.known.metric.months[-1].month)
            self.draw()

    def action_hold(self) -> None:
        from passalong_tui.screens.review_dialogs import HoldDialog

        if self.draft.decisions:
            held = next((review for review in self.known.reviews or [] if review.month == self.draft.month), None)
            self.app.push_screen(HoldDialog(self.draft, self.known.living, held), self._held)

    def _held(self, review: Review | None) -> None:
        if review is not None:
            self.known.draft = Draft(month=self.draft.month)
            self.known.reviews = [review, *(self.known.reviews or [])]
        self.draw()
        self.load()


PAST: tuple[Column[Past], ...] = (
    Column(key="month", label="Month", cell=lambda p, w: p.review.month,
           order=lambda p: (p.review.month, p.review.held_at), width=8),
    Column(key="title", label="Mechanic", cell=lambda p, w: p.said.title,
           order=lambda p: safe.clean(p.said.title).casefold()),
    Column(key="decision", label="Decided", cell=lambda p, w: said(CHOICES, p.said.decision),
           order=lambda p: p.said.decision, width=10, tone=lambda p: _TONES.get(p.said.decision, "")),
    Column(key="came", label="What came of it", least=24, cell=lambda p, w: p.said.came_of.why,
           order=lambda p: safe.clean(p.said.came_of.why).casefold()),
)  # fmt: skip


def due(metric: Metric) -> str:
    """The month to review, by the server's calendar."""
    return month_due(metric.months[-1].month, datetime.now(ZoneInfo(metric.timezone)).date())


def question(draft: Draft, living: int) -> Content:
    which = month_name(draft.month) if draft.month else "this month"
    decided = f"   {number(len(draft.decisions))} of {number(living)} decided" if living else ""
    return Content.assemble("What is kept, changed or killed in ", (which, "$accent"), "?", (decided, "$quiet"))


def decision(decided: Decided | None) -> str:
    """The choice; what the server refused is marked."""
    if decided is None:
        return NOTHING
    return ("! " if decided.fault else "") + said(CHOICES, decided.decision)


def hands(decided: Decided | None) -> str:
    return f"{said(ROLES, decided.role)}: {decided.owner}" if decided else ""


def _tone(decided: Decided | None) -> str:
    return "" if decided is None else "error" if decided.fault else _TONES.get(decided.decision, "")


def _urgency(mechanic: Mechanic) -> int:
    """What the numbers speak against comes first."""
    order = ("collecting", "keep", "review", "kill")
    return order.index(mechanic.verdict.state) if mechanic.verdict.state in order else -1


def asked(mechanic: Mechanic, decided: Decided | None) -> Content:
    """What is known of a mechanic, and what was decided about it so far."""
    parts: list[str | tuple[str, str] | Content] = [
        (safe.line(mechanic.title), "bold"),
        (f"   owned by {safe.line(mechanic.owner, 40)}", "$quiet"),
        "\n",
        judgement(mechanic.verdict),
    ]
    if decided is not None:
        parts += ["\n\n", (f"Decided: {said(CHOICES, decided.decision)}", f"bold ${_TONES[decided.decision]}")]
        parts += [f"   {safe.line(hands(decided), 80)}"]
        parts += [f"\n  “{safe.line(decided.reason)}”"] if decided.reason else []
        parts += ["\n", (f"! {safe.line(decided.fault)}", "bold $error")] if decided.fault else []
    return Content.assemble(*parts)


def told(past: Past) -> Content:
    """A former decision: by whom, why, what was known, and what came of it."""
    review, decided = past.review, past.said
    who = f"{said(ROLES, decided.role)}: {safe.line(decided.owner, 60)}"
    parts: list[str | tuple[str, str]] = [
        (f"{said(CHOICES, decided.decision)} {safe.line(decided.title)}", "bold"),
        ("  against the verdict" if decided.overrides else "", "$warning"),
        "\n",
        (f"{month_name(review.month)}, held on {day(review.held_at)} by {safe.line(review.by, 40)}; {who}", "$quiet"),
        f"\n“{safe.line(decided.reason)}”" if decided.reason else "",
        "\n",
        ("Then known: ", "$quiet"),
        (safe.line(decided.verdict.why), "$quiet"),
        "\n",
        ("Since: ", "bold $accent"),
        safe.line(decided.came_of.why),
    ]
    if review.note:
        parts += ["\n", ("Note: ", "$quiet"), safe.line(review.note)]
    return Content.assemble(*parts)


def left_out(draft: Draft, living: list[Mechanic]) -> str:
    """What the review will say nothing about, in a sentence."""
    titles = [safe.line(mechanic.title, 40) for mechanic in living if mechanic.key not in draft.decisions]
    if not titles:
        return "Every living mechanic is decided about."
    return f"Nothing is said of {counted(len(titles), 'mechanic')}: {', '.join(titles)}."
