"""The one number, and what stands behind it this month."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Digits, Static

from passalong_tui import safe
from passalong_tui.answers import Metric, Month, Theater
from passalong_tui.client import Client
from passalong_tui.commands import OVERVIEW, bindings
from passalong_tui.messages import EventsArrived, Fact, MechanicsFetched, MetricFetched, TheaterFetched
from passalong_tui.screens.page import Page
from passalong_tui.widgets.bars import MonthBars
from passalong_tui.widgets.breakdown import Funnel, Pipeline
from passalong_tui.widgets.tail import LiveTail
from passalong_tui.words import counted, number, percent


class OverviewScreen(Page):
    NAME = TAB = OVERVIEW
    QUESTION = "What did customers bring this month?"
    CSS_PATH = "overview.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(OVERVIEW)]

    def body(self) -> ComposeResult:
        with Horizontal(id="top"):
            with Vertical(id="one"):
                yield Digits("–", id="number")
                yield Static(Content("Reading…"), id="meaning")
            yield MonthBars()
        with Horizontal(id="month"):
            with Vertical(classes="part"):
                yield Static(Content("Pipeline by source"), classes="heading")
                yield Pipeline()
            with Vertical(classes="part"):
                yield Static(Content("From visit to opportunity"), classes="heading")
                yield Funnel()
        yield Static(Content(""), id="theater")
        with Vertical(id="now"):
            yield Static(Content("Right now"), classes="heading")
            yield LiveTail()

    def readings(self, client: Client) -> Iterable[Awaitable[list[Fact]]]:
        yield self.fetch(client)
        yield self._fetch_theater(client)

    async def fetch(self, client: Client) -> list[Fact]:
        metric, mechanics = await asyncio.gather(client.metric(), client.mechanics())
        return [MechanicsFetched(mechanics), MetricFetched(metric)]

    async def _fetch_theater(self, client: Client) -> list[Fact]:
        return [TheaterFetched(await client.theater())]

    def draw(self) -> None:
        if self.known.metric is not None:
            self._draw_metric(self.known.metric)
        if self.known.theater is not None:
            self._draw_theater(self.known.theater)
        self.query_one(LiveTail).show(self.known)

    @on(MetricFetched)
    def _metric(self, fact: MetricFetched) -> None:
        self._draw_metric(fact.metric)
        self.query_one(LiveTail).show(self.known)

    @on(TheaterFetched)
    def _theater(self, fact: TheaterFetched) -> None:
        self._draw_theater(fact.theater)

    @on(EventsArrived)
    def _events(self) -> None:
        self.query_one(LiveTail).show(self.known)

    def _draw_theater(self, theater: Theater) -> None:
        self.query_one("#theater", Static).update(found(theater, 3 if self.has_class("-tall") else 1))

    def _draw_metric(self, metric: Metric) -> None:
        month = metric.months[-1]
        self.query_one("#number", Digits).update(number(month.attributed))
        self.query_one("#meaning", Static).update(meaning(month))
        self.query_one(MonthBars).show(metric.months)
        self.query_one(Pipeline).show(month.sources, self.known.title)
        self.query_one(Funnel).show(metric.funnel)


def meaning(month: Month) -> Content:
    """The number in words, with its coverage."""
    thing = "new opportunity carries" if month.attributed == 1 else "new opportunities carry"
    if month.opportunities:
        known = counted(month.opportunities, "known opportunity", "known opportunities")
        share = percent(month.attributed, month.opportunities)
        coverage = f"{number(month.attributed)} of {known}, {share}"
    else:
        coverage = "No opportunity is known yet"
    said = f"{thing} a customer’s name.\n"
    return Content.assemble(said, (coverage, "$quiet"))


def found(theater: Theater, most: int) -> Content:
    """How many findings the theater report has, the first titles, and where to read them."""
    if not theater.findings:
        return Content.assemble(("T ", "bold $accent"), ("Theater: nothing only looks like pipeline.", "$quiet"))
    many = counted(len(theater.findings), "finding")
    titles = [safe.line(finding.title, 100) for finding in theater.findings[:most]]
    more = len(theater.findings) - len(titles)
    if most == 1:
        rest = f" and {more} more" if more else ""
        return Content.assemble(("T ", "bold $accent"), (f"Theater: {many}. ", "bold"), f"{titles[0]}{rest}")
    lines = [Content.assemble(("! ", "$warning"), title) for title in titles]
    lines += [Content.styled(f"  and {more} more", "$quiet")] if more else []
    return Content("\n").join([Content.assemble(("T ", "bold $accent"), (f"Theater: {many}", "bold")), *lines])
