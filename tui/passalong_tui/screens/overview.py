"""The one number, and what stands behind it this month."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Iterable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Digits, Static

from passalong_tui import safe
from passalong_tui.answers.metric import Metric, Month, Theater
from passalong_tui.charts.coverage import coverage
from passalong_tui.client import Client
from passalong_tui.commands import ADMIN, OVERVIEW, bindings
from passalong_tui.messages import ErasuresFetched, EventsArrived, Fact, MechanicsFetched, MetricFetched, TheaterFetched
from passalong_tui.screens.page import Page
from passalong_tui.widgets.bars import MonthBars, SourceMonths
from passalong_tui.widgets.breakdown import Funnel, Pipeline
from passalong_tui.widgets.first_steps import FirstSteps
from passalong_tui.widgets.tail import LiveTail
from passalong_tui.words import counted, number, unread

MOST_FINDINGS = 3
WIDE, RICH_WIDTH = 120, 150
"""From which width on the months by source have a column, and the findings one beside the tail."""
SOURCES_HEIGHT, RICH_SOURCES_HEIGHT = 40, 36
"""From which height on the months by source have room above their legend; less where the findings stand beside."""
FUNNEL_HEIGHT, LEAN_FUNNEL_HEIGHT = 38, 42
"""From which height on the funnel has room below the sources of the month; more where that is all of the middle."""
_SOURCES_MOST, _FUNNEL = 8, 7
"""Rows of the sources of the month, at most, and those of the funnel with its heading."""


class OverviewScreen(Page):
    NAME = TAB = OVERVIEW
    QUESTION = "What did customers bring this month?"
    CSS_PATH = "overview.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(OVERVIEW)]

    def body(self) -> ComposeResult:
        with Horizontal(id="top"):
            with Vertical(id="one"):
                yield Digits("–", id="number")
                yield Static(Content(unread()), id="meaning")
            yield MonthBars()
        yield Static(Content(""), id="coverage")
        yield FirstSteps()
        with Horizontal(id="middle"):
            with Vertical(id="sources", classes="part"):
                yield Static(Content("Pipeline by source, month by month"), classes="heading")
                yield SourceMonths()
            with Vertical(id="month", classes="part"):
                yield Static(Content("Pipeline by source, this month"), classes="heading")
                yield Pipeline()
                yield Static(Content("From visit to opportunity"), classes="heading", id="funnel-heading")
                yield Funnel()
        with Horizontal(id="below"):
            with Vertical(id="now", classes="part"):
                yield Static(Content("Right now"), classes="heading")
                yield LiveTail()
            with Vertical(id="findings", classes="part"):
                yield Static(Content(""), id="theater")

    def readings(self, client: Client) -> Iterable[Awaitable[list[Fact]]]:
        yield self.fetch(client)
        yield self._fetch_theater(client)
        if self.known.role == ADMIN:
            yield self._fetch_asked(client)

    async def fetch(self, client: Client) -> list[Fact]:
        metric, mechanics = await asyncio.gather(client.metric(), client.mechanics())
        return [MechanicsFetched(mechanics), MetricFetched(metric)]

    async def _fetch_theater(self, client: Client) -> list[Fact]:
        return [TheaterFetched(await client.theater())]

    async def _fetch_asked(self, client: Client) -> list[Fact]:
        return [ErasuresFetched(await client.asked_to_be_erased())]

    def draw(self) -> None:
        if self.known.metric is not None:
            self._draw_metric(self.known.metric)
        if self.known.theater is not None:
            self._draw_theater(self.known.theater)
        self.query_one(LiveTail).show(self.known)

    def on_resize(self) -> None:
        width, height = self.app.size
        lean = width < WIDE or height < (SOURCES_HEIGHT if width < RICH_WIDTH else RICH_SOURCES_HEIGHT)
        self.set_class(width < RICH_WIDTH, "-middling")
        self.set_class(lean, "-lean")
        self.set_class(height < (LEAN_FUNNEL_HEIGHT if lean else FUNNEL_HEIGHT), "-squat")
        self.call_after_refresh(self.draw)

    @on(MetricFetched)
    def _metric(self, fact: MetricFetched) -> None:
        self._draw_metric(fact.metric)
        self.query_one(LiveTail).show(self.known)

    @on(TheaterFetched)
    def _theater(self, fact: TheaterFetched) -> None:
        self._draw_theater(fact.theater)

    @on(ErasuresFetched)
    def _asked(self) -> None:
        if self.known.metric is not None:
            self._draw_metric(self.known.metric)

    @on(EventsArrived)
    def _events(self) -> None:
        self.query_one(LiveTail).show(self.known)

    def _draw_theater(self, theater: Theater) -> None:
        line = self.query_one("#theater", Static)
        line.update(found(theater, 0 if self.has_class("-short") else line.content_size.width))

    def _draw_metric(self, metric: Metric) -> None:
        month = metric.months[-1]
        self.query_one("#number", Digits).update(number(month.attributed))
        self.query_one("#meaning", Static).update(meaning(month, self.known.asked_to_be_erased))
        self.query_one(MonthBars).show(metric.months)
        line = self.query_one("#coverage", Static)
        line.update(coverage(month.attributed, month.opportunities, line.content_size.width))
        self.query_one(SourceMonths).show(metric.months, self.known.title)
        self.query_one(Pipeline).show(month.sources, self.known.title)
        self.query_one(Funnel).show(metric.funnel)
        self.query_one("#middle").styles.height = self._middle(len(month.sources)) if self.has_class("-lean") else "3fr"
        beginning = not any(month.opportunities for month in metric.months)
        self.set_class(beginning, "-beginning")
        if beginning:
            self.query_one(FirstSteps).show(self.known)

    def _middle(self, sources: int) -> int:
        """As many rows as it holds and no more, and so few that three are left for the tail: where there is no chart
        of the months by source, that takes whatever room there is."""
        squat = self.has_class("-squat")
        others = 19 if self.has_class("-short") else 26 if squat else 29
        holds = 1 + min(max(sources, 1), _SOURCES_MOST) + (0 if squat else _FUNNEL)
        return max(min(holds, self.app.size.height - others), 3)


def meaning(month: Month, asked: int) -> Content:
    """The number in words; and in a line of its own how many people asked to be erased and wait for an admin, who
    answers for that. Where there is room, with the command that lists them."""
    thing = "new opportunity carries" if month.attributed == 1 else "new opportunities carry"
    said = Content(f"{thing} a customer’s name.")
    if not asked:
        return said
    waiting = Content.assemble(("! ", "$warning"), f"{asked} asked to be erased")
    return Content("\n").join([said, waiting, Content.assemble(("passalong erase --asked", "$quiet"))])


def found(theater: Theater, width: int) -> Content:
    """How many findings the theater report has, the first titles, and the key that leads to them. What is wider than
    `width` goes on under itself; 0 leaves each on one line."""
    if not theater.findings:
        return Content.assemble(("T ", "bold $accent"), ("Theater: nothing only looks like pipeline.", "$quiet"))
    titles = Counter(safe.line(finding.title, 100) for finding in theater.findings)
    first = list(titles.items())[:MOST_FINDINGS]
    lines = []
    for title, n in first:
        said = Content.assemble(title, (f"  {n} times" if n > 1 else "", "$quiet"))
        parts = said.wrap(width - 2) if width > 2 else [said]
        lines += [Content.assemble(("  ", "") if k else ("! ", "$warning"), part) for k, part in enumerate(parts)]
    more = len(titles) - len(first)
    head = Content.assemble(
        ("T ", "bold $accent"),
        (f"Theater: {counted(len(theater.findings), 'finding')}", "bold"),
        (f"  {more} of other kinds not shown" if more else "", "$quiet"),
    )
    return Content("\n").join([head, *lines])
