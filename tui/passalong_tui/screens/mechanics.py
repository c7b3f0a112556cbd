"""Every mechanic with what it brought and what the verdict is; the place where one is killed, kept or paused."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from passalong_tui import safe
from passalong_tui.answers import Mechanic
from passalong_tui.client import Client, Lost, Refusal
from passalong_tui.commands import ADMIN, MECHANICS, bindings
from passalong_tui.messages import Fact, MechanicFetched, MechanicsFetched
from passalong_tui.screens.page import TablePage
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
        least=24,
        cell=lambda m, w: m.title,
        order=lambda m: safe.clean(m.title).casefold(),
    ),
    Column(key="kind", label="Kind", cell=lambda m, w: said(KINDS, m.kind), order=lambda m: m.kind, width=13, drop=4),
    Column(key="status", label="Status", cell=lambda m, w: status(m), order=lambda m: status(m), width=9, tone=life),
    Column(
        key="verdict",
        label="Verdict",
        cell=lambda m, w: verdict(m),
        order=lambda m: list(VERDICTS).index(m.verdict.state) if m.verdict.state in VERDICTS else -1,
        width=11,
        tone=lambda m: "quiet" if m.killed else TONES.get(m.verdict.state, ""),
    ),
    Column(
        key="visits",
        label="Visits",
        cell=lambda m, w: number(m.counts.visits),
        order=lambda m: m.counts.visits,
        width=8,
        right=True,
        drop=3,
    ),
    Column(
        key="leads",
        label="Leads",
        cell=lambda m, w: number(m.counts.leads),
        order=lambda m: m.counts.leads,
        width=7,
        right=True,
        drop=2,
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
        drop=1,
    ),
    Column(
        key="pipeline",
        label="Pipeline",
        cell=lambda m, w: money_in(m.counts.pipeline, w),
        order=lambda m: pipeline_order([*m.counts.pipeline]),
        width=14,
        right=True,
    ),
)


_DECISIONS = ("kill", "keep", "pause", "resume", "revive")


class MechanicsScreen(TablePage):
    NAME = TAB = MECHANICS
    QUESTION = "Which mechanic produces pipeline?"
    CSS_PATH = "mechanics.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(MECHANICS)]

    def body(self) -> ComposeResult:
        with Container(id="mechanics"):
            yield Listing(
                COLUMNS,
                key=lambda m: m.key,
                found_by=lambda m: f"{m.title} {m.key} {said(KINDS, m.kind)} {m.owner} {status(m)} {verdict(m)}",
                empty="No mechanic yet. Launch one with PUT /api/v1/mechanics/{key}: "
                "its kind, owner, gate and target, written down before it starts.",
                order="pipeline",
            )
            yield MechanicCard()

    async def fetch(self, client: Client) -> list[Fact]:
        facts: list[Fact] = [MechanicsFetched(await client.mechanics())]
        current = self.mechanic
        if current is not None:
            facts.append(MechanicFetched(await client.mechanic(current.key)))
        return facts

    @property
    def mechanic(self) -> Mechanic | None:
        """The one under the cursor; none before the screen is composed."""
        listings = self.query(Listing)
        current: Mechanic | None = listings.first().current if listings else None
        return current

    def draw(self) -> None:
        if self.known.mechanics is not None:
            self.query_one(Listing).show(self.known.mechanics)
        if self.focused is None:
            self.query_one(Listing).focus_rows()

    @on(MechanicsFetched)
    def _mechanics(self, fact: MechanicsFetched) -> None:
        self.query_one(Listing).show(fact.mechanics)
        if self.focused is None:
            self.query_one(Listing).focus_rows()

    @on(MechanicFetched)
    def _mechanic(self, fact: MechanicFetched) -> None:
        if self.mechanic is not None and self.mechanic.key == fact.mechanic.key:
            self._detail = fact.mechanic
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

    @work(group="history", exclusive=True)
    async def _read_history(self, key: str) -> None:
        try:
            self.console.learn(MechanicFetched(await self.console.client.mechanic(key)))
        except (Lost, Refusal):
            return  # the next reading of the list says so

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
        """On narrow terminals the card takes the table's place."""
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
        from passalong_tui.screens.decide import KillDialog

        self._decide(KillDialog)

    def action_revive(self) -> None:
        from passalong_tui.screens.decide import ReviveDialog

        self._decide(ReviveDialog)

    def action_keep(self) -> None:
        from passalong_tui.screens.decide import KeepDialog

        self._decide(KeepDialog)

    def action_pause(self) -> None:
        from passalong_tui.screens.decide import PauseDialog

        self._decide(PauseDialog)

    def action_resume(self) -> None:
        from passalong_tui.screens.decide import ResumeDialog

        self._decide(ResumeDialog)

    def _decide(self, dialog: type[DecisionDialog]) -> None:
        if self.mechanic is not None:
            self.app.push_screen(dialog(self.mechanic), self._decided)

    def _decided(self, mechanic: Mechanic | None) -> None:
        """Shows a decision at once, without waiting for the next reading."""
        if mechanic is not None:
            self._detail = mechanic
            MechanicFetched(mechanic).keep(self.known)
            self.draw()
            self.load()
