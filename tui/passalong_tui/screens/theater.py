"""The theater report: what looks like growth by customers and is not, each with its numbers and the way out."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from passalong_tui import safe
from passalong_tui.answers.metric import Finding, Theater
from passalong_tui.client import Client
from passalong_tui.commands import THEATER, bindings
from passalong_tui.messages import Fact, MechanicsFetched, TheaterFetched
from passalong_tui.screens.courses import CoursePage
from passalong_tui.widgets.course import CourseChart
from passalong_tui.widgets.listing import Column, Listing
from passalong_tui.words import CHECKS, chance, number, said

_PARTS = {"part", "coverage", "probability"}
"""Numbers of findings that are parts of a whole, in [0, 1]."""
Part = str | tuple[str, str]


class TheaterScreen(CoursePage):
    NAME = TAB = THEATER
    QUESTION = "What only looks like pipeline?"
    CSS_PATH = "theater.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(THEATER)]

    def body(self) -> ComposeResult:
        with Container(classes="pair"):
            yield Listing(
                self._columns(),
                key=lambda f: f"{f.kind} {f.subject or ''}",
                found_by=lambda f: f"{f.title} {f.why} {f.subject or ''}",
                empty="Nothing was found that only looks like pipeline.",
                order="weight",
                descending=False,
            )
            with VerticalScroll(classes="detail"):
                yield Static(Content(""), id="finding")
                yield CourseChart()
                yield Static(Content(""), id="clear")

    def _columns(self) -> tuple[Column[Finding], ...]:
        return (
            Column(key="weight", label="#", cell=lambda f, w: str(self._weight(f)), order=self._weight, width=4),
            Column(
                key="title",
                label="Finding",
                least=46,
                cell=lambda f, w: f.title,
                order=lambda f: safe.clean(f.title).casefold(),
            ),
            Column(
                key="about",
                label="About",
                cell=lambda f, w: self.known.title(f.subject) or "the whole",
                order=lambda f: f.subject or "",
                width=24,
                drop=1,
            ),
        )

    def _weight(self, finding: Finding) -> int:
        """Its place, from 1: what weighs most stands first."""
        theater = self.known.theater
        return theater.findings.index(finding) + 1 if theater and finding in theater.findings else 0

    async def fetch(self, client: Client) -> list[Fact]:
        facts: list[Fact] = []
        if self.known.mechanics is None:
            facts.append(MechanicsFetched(await client.mechanics()))
        return [*facts, TheaterFetched(await client.theater())]

    def draw(self) -> None:
        if self.known.theater is not None:
            self._show(self.known.theater)

    @on(TheaterFetched)
    def _fetched(self, fact: TheaterFetched) -> None:
        self._show(fact.theater)

    def _show(self, theater: Theater) -> None:
        listing: Listing[Finding] = self.query_one(Listing)
        listing.show(theater.findings)
        self.query_one("#clear", Static).update(clear(theater))
        if self.focused is None:
            listing.focus_rows()

    @property
    def finding(self) -> Finding | None:
        listings = self.query(Listing)
        current: Finding | None = listings.first().current if listings else None
        return current

    @on(Listing.Moved)
    def _moved(self) -> None:
        finding = self.finding
        self.query_one("#finding", Static).update(told(finding) if finding is not None else Content(""))
        self.query_one("#finding").display = finding is not None
        self.show_course(finding.subject if finding is not None else None)
        self.rebind(finding is not None and finding.subject is not None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "open":
            return True if self.finding is not None and self.finding.subject else None
        return True

    async def action_open(self) -> None:
        if self.finding is not None and self.finding.subject:
            await self.console.open_mechanic(self.finding.subject)


def told(finding: Finding) -> Content:
    """The finding in words: why, with which numbers, and the way out."""
    numbers = [f"{name.replace('_', ' ')} {_number(name, n)}" for name, n in finding.numbers.items()]
    return Content.assemble(
        (safe.line(finding.title), "bold"),
        "\n",
        safe.line(finding.why),
        "\n",
        (safe.line(", ".join(numbers)), "$quiet"),
        "\n",
        ("Way out: ", "bold $accent"),
        safe.line(finding.way_out),
        "\n",
    )


def _number(name: str, n: float) -> str:
    if name in _PARTS and 0 < n < 1:
        return chance(n)
    return number(int(n) if n == int(n) else n)


def clear(theater: Theater) -> Content:
    """Which checks found nothing."""
    checks = ", ".join(safe.line(said(CHECKS, kind)) for kind in theater.clear)
    return (
        Content.assemble(("Looked for and not found: ", "$quiet"), (f"{checks}.", "$quiet")) if checks else Content("")
    )
