"""Every mechanic with what it brought, what the verdict is and how it came to that; the place where one is killed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Static

from passalong_tui import safe
from passalong_tui.answers.mechanics import Mechanic, Verdict
from passalong_tui.charts.spark import spark
from passalong_tui.client import Client, Lost, Refusal
from passalong_tui.commands import ADMIN, MECHANICS, bindings
from passalong_tui.messages import CourseFetched, Fact, MechanicFetched, MechanicsFetched
from passalong_tui.screens.page import TablePage
from passalong_tui.widgets.course import CourseChart
from passalong_tui.widgets.listing import Column, Listing
from passalong_tui.widgets.mechanic_card import MechanicCard
from passalong_tui.words import KINDS, NOTHING, TONES, VERDICTS, money_in, number, said

if TYPE_CHECKING:
    from passalong_tui.screens.decide import DecisionDialog


def pipeline_order(amounts: list[object]) -> tuple[int, ...]:
    """The largest amount decides; amounts of different currencies cannot be compared fairly, only steadily."""
    return tuple(sorted((getattr(amount, "amount_minor", 0) for amount in amounts), reverse=True)) or (-1,)


def status(mechanic: Mechanic) -> str:
    """A word and a symbol, so that no colour is needed. What lives and brings nothing any more is stalled."""
    if mechanic.killed:
        return "✕ killed"
    if mechanic.paused:
        return "‖ paused"
    return "◌ stalled" if mechanic.verdict.stalled else "● live"


def life(mechanic: Mechanic) -> str:
    """The colour of the status, by its name in the themes."""
    if mechanic.killed or mechanic.paused:
        return "quiet"
    return "warning" if mechanic.verdict.stalled else ""


def verdict(mechanic: Mechanic) -> str:
    """What the numbers say of one that lives; of the dead the card tells the last one."""
    return NOTHING if mechanic.killed else said(VERDICTS, mechanic.verdict.state)


def actual(verdict: Verdict, target_per_1000: float | None) -> float | None:
    """Opportunities per 1,000 visits old enough to have brought any; None without such visits, or without target."""
    if not target_per_1000 or not verdict.expected:
        return None
    return verdict.observed * target_per_1000 / verdict.expected


def against_target(mechanic: Mechanic) -> str:
    """`10.0 → 6.2`: what was registered, and what it does."""
    if mechanic.target_per_1000 is None:
        return "no target"
    rate = actual(mechanic.verdict, mechanic.target_per_1000)
    return f"{mechanic.target_per_1000:,.1f} → {NOTHING if rate is None else f'{rate:,.1f}'}"


def of_target(mechanic: Mechanic) -> float:
    """The part of its target that it reaches; below nothing where that cannot be said."""
    rate = actual(mechanic.verdict, mechanic.target_per_1000)
    return -1.0 if rate is None else rate / (mechanic.target_per_1000 or 1)


def possible(action: str, mechanic: Mechanic) -> bool:
    """Whether a decision makes sense as things stand."""
    match action:
        case "revive":
            return mechanic.killed
        case "resume":
            return mechanic.paused
        case "pause":
            return not mechanic.killed and not mechanic.paused
        case _:
            return not mechanic.killed


COLUMNS: tuple[Column[Mechanic], ...] = (
    Column(
        key="title",
        label="Mechanic",
        least=22,
        cell=lambda m, w: m.title,
        order=lambda m: safe.clean(m.title).casefold(),
    ),
    Column(key="kind", label="Kind", cell=lambda m, w: said(KINDS, m.kind), order=lambda m: m.kind, width=13, drop=6),
    Column(key="status", label="State", cell=lambda m, w: status(m), order=lambda m: status(m), width=9, tone=life),
    Column(
        key="verdict",
        label="Verdict",
        cell=lambda m, w: verdict(m),
        order=lambda m: list(VERDICTS).index(m.verdict.state) if m.verdict.state in VERDICTS else -1,
        width=11,
        tone=lambda m: "quiet" if m.killed else TONES.get(m.verdict.state, ""),
    ),
    Column(
        key="rate",
        label="Per 1,000",
        cell=lambda m, w: against_target(m),
        order=of_target,
        value=lambda m: actual(m.verdict, m.target_per_1000),
        width=13,
        right=True,
        drop=1,
    ),
    Column(
        key="weeks",
        label="26 weeks",
        cell=lambda m, w: spark([week.visits for week in m.weeks], min(w, MOST_WEEKS)),
        order=lambda m: sum(week.visits for week in m.weeks),
        tone=lambda m: "secondary",
        width=9,
        drop=2,
    ),
    Column(
        key="visits",
        label="Visits",
        cell=lambda m, w: number(m.counts.visits),
        order=lambda m: m.counts.visits,
        width=8,
        right=True,
        drop=4,
    ),
    Column(
        key="leads",
        label="Leads",
        cell=lambda m, w: number(m.counts.leads),
        order=lambda m: m.counts.leads,
        width=7,
        right=True,
        drop=5,
    ),
    Column(
        key="opportunities",
        label="Opps",
        cell=lambda m, w: number(m.counts.opportunities),
        order=lambda m: m.counts.opportunities,
        width=6,
        right=True,
    ),
    Column(
        key="expected",
        label="At target",
        cell=lambda m, w: NOTHING if m.verdict.expected is None else f"{m.verdict.expected:,.1f}",
        order=lambda m: m.verdict.expected or 0,
        width=9,
        right=True,
        drop=3,
    ),
    Column(
        key="pipeline",
        label="Pipeline",
        cell=lambda m, w: money_in(m.counts.pipeline, w),
        order=lambda m: pipeline_order([*m.counts.pipeline]),
        amounts=lambda m: m.counts.pipeline,
        width=14,
        right=True,
    ),
)


MOST_WEEKS = 26
_DECISIONS = ("kill", "keep", "pause", "resume", "revive")


_UNDONE_BY = {
    "kill": ("killed", "revive"),
    "revive": ("revived", "kill"),
    "pause": ("paused", "resume"),
    "resume": ("resumed", "pause"),
}
"""Of each decision in its history the word for it, and what takes it back; keeping stays said."""


def _dialog(action: str) -> type[DecisionDialog]:
    """Imported when the first of them is asked for."""
    from passalong_tui.screens import decide

    return {
        "kill": decide.KillDialog,
        "revive": decide.ReviveDialog,
        "keep": decide.KeepDialog,
        "pause": decide.PauseDialog,
        "resume": decide.ResumeDialog,
    }[action]


def question(mechanics: Sequence[Mechanic]) -> Content:
    """The title, with how many of those that live the numbers speak for and against."""
    states = [mechanic.verdict.state for mechanic in mechanics if not mechanic.killed]
    parts: list[str | tuple[str, str]] = [MechanicsScreen.QUESTION]
    for state in ("kill", "review", "keep", "collecting"):
        if n := states.count(state):
            symbol, _, word = VERDICTS[state].partition(" ")
            parts += ["  ", (f"{symbol} {number(n)} {word}", f"not bold ${TONES[state]}")]
    return Content.assemble(*parts)


class MechanicsScreen(TablePage):
    NAME = TAB = MECHANICS
    QUESTION = "Which mechanic produces pipeline?"
    CSS_PATH = "mechanics.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(MECHANICS)]

    def body(self) -> ComposeResult:
        with Container(id="mechanics"):
            with Vertical(id="left"):
                yield Listing(
                    COLUMNS,
                    key=lambda m: m.key,
                    found_by=lambda m: f"{m.title} {m.key} {said(KINDS, m.kind)} {m.owner} {status(m)} {verdict(m)}",
                    empty="No mechanic yet. Launch one with PUT /api/v1/mechanics/{key}: "
                    "its kind, owner, gate and target, written down before it starts.",
                    order="pipeline",
                )
                yield Static(Content(""), id="why")
                with Vertical(id="course"):
                    yield Static(Content(""), classes="heading")
                    yield CourseChart()
            yield MechanicCard()

    async def fetch(self, client: Client) -> list[Fact]:
        facts: list[Fact] = [MechanicsFetched(await client.mechanics())]
        current = self.mechanic
        return facts if current is None else [*facts, *await self._history(client, current.key)]

    async def _history(self, client: Client, key: str) -> list[Fact]:
        mechanic, course = await asyncio.gather(client.mechanic(key), client.course(key))
        return [MechanicFetched(mechanic), CourseFetched(course)]

    @property
    def mechanic(self) -> Mechanic | None:
        """The one under the cursor; none before the screen is composed."""
        listings = self.query(Listing)
        current: Mechanic | None = listings.first().current if listings else None
        return current

    def draw(self) -> None:
        if self.known.mechanics is not None:
            self._show(self.known.mechanics)

    @on(MechanicsFetched)
    def _mechanics(self, fact: MechanicsFetched) -> None:
        self._show(fact.mechanics)

    def _show(self, mechanics: list[Mechanic]) -> None:
        self.ask(question(mechanics))
        self.query_one(Listing).show(mechanics)
        if self.focused is None:
            self.query_one(Listing).focus_rows()

    @on(MechanicFetched)
    def _mechanic(self, fact: MechanicFetched) -> None:
        if self.mechanic is not None and self.mechanic.key == fact.mechanic.key:
            self._detail = fact.mechanic
            self._draw_card()

    @on(CourseFetched)
    def _course(self) -> None:
        self._draw_card()

    @on(Listing.Moved)
    def _moved(self) -> None:
        self._draw_card()
        current = self.mechanic
        self.rebind(status(current) if current is not None else "")
        if current is not None and (self._detail is None or self._detail.key != current.key):
            self._read_history(current.key)

    _detail: Mechanic | None = None
    """The last mechanic that was read with its decisions."""

    def _draw_card(self) -> None:
        current = self.mechanic
        if current is not None and self._detail is not None and self._detail.key == current.key:
            current = self._detail
        self.query_one(MechanicCard).show(current)
        self.query_one("#why", Static).update(Content("") if current is None else safe.content(current.verdict.why))
        title = "" if current is None else f"Does {safe.line(current.title, 40)} earn its life?"
        self.query_one("#course .heading", Static).update(Content(title))
        self.set_class(current is None, "-none")
        self.query_one(CourseChart).show(None if current is None else self.known.courses.get(current.key))

    @work(group="history", exclusive=True)
    async def _read_history(self, key: str) -> None:
        try:
            facts = await self._history(self.console.client, key)
        except (Lost, Refusal):
            return  # the next reading of the list says so
        for fact in facts:
            self.console.learn(fact)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Decisions are hidden from keys that may not, and greyed where they make no sense."""
        if action not in _DECISIONS:
            return True
        if not self.known.may(ADMIN):
            return False
        current = self.mechanic
        return True if current is not None and possible(action, current) else None

    def aim(self, key: str) -> None:
        """Puts the cursor on a mechanic and shows all about it, wherever the card has no place of its own."""
        self.query_one(Listing).aim(key)
        if not self.has_class("-card"):
            self.action_open()

    def action_open(self) -> None:
        """The card and the course take the table's place, and give it back."""
        self.set_class(not self.has_class("-card"), "-card")
        if self.has_class("-card"):
            self.query_one(MechanicCard).focus()
        else:
            self.query_one(Listing).focus_rows()

    def escape(self) -> bool:
        if self.has_class("-card"):
            self.action_open()
            return True
        return super().escape()

    def action_kill(self) -> None:
        self._decide("kill")

    def action_revive(self) -> None:
        self._decide("revive")

    def action_keep(self) -> None:
        self._decide("keep")

    def action_pause(self) -> None:
        self._decide("pause")

    def action_resume(self) -> None:
        self._decide("resume")

    def _decide(self, action: str) -> None:
        if self.mechanic is not None:
            self.app.push_screen(_dialog(action)(self.mechanic), self._decided)

    def _decided(self, mechanic: Mechanic | None) -> None:
        """Shows a decision at once, without waiting for the next reading."""
        if mechanic is not None:
            self._detail = mechanic
            MechanicFetched(mechanic).keep(self.known)
            self.draw()
            self.load()
            self._offer_undo(mechanic)

    def _offer_undo(self, mechanic: Mechanic) -> None:
        """What was decided is taken back by its opposite, which is a decision as well: it asks for a reason."""
        last = max(mechanic.decisions, key=lambda decision: decision.at, default=None)
        if last is not None and last.kind in _UNDONE_BY:
            word, action = _UNDONE_BY[last.kind]
            self.console.offer_undo(f"{mechanic.title}: {word}.", lambda: self._undo(mechanic.key, action))

    def _undo(self, key: str, action: str) -> None:
        known = next((known for known in self.known.mechanics or [] if known.key == key), None)
        if known is None or not possible(action, known):
            self.console.say("It was decided about again meanwhile: there is nothing to take back.", "warning")
            return
        self.app.push_screen(_dialog(action)(known), self._decided)
