"""The one number, and what stands behind it this month."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Digits, Static

from passalong_tui.answers import Metric, Month
from passalong_tui.client import Client
from passalong_tui.commands import OVERVIEW, bindings
from passalong_tui.messages import EventsArrived, Fact, MechanicsFetched, MetricFetched
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
        with Vertical(id="now"):
            yield Static(Content("Right now"), classes="heading")
            yield LiveTail()

    async def fetch(self, client: Client) -> list[Fact]:
        metric, mechanics = await asyncio.gather(client.metric(), client.mechanics())
        return [MechanicsFetched(mechanics), MetricFetched(metric)]

    def draw(self) -> None:
        if self.known.metric is not None:
            self._draw_metric(self.known.metric)
        self.query_one(LiveTail).show(self.known)

    @on(MetricFetched)
    def _metric(self, fact: MetricFetched) -> None:
        self._draw_metric(fact.metric)
        self.query_one(LiveTail).show(self.known)

    @on(EventsArrived)
    def _events(self) -> None:
        self.query_one(LiveTail).show(self.known)

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
