"""What became of plays, rule by rule, and which opportunities followed."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from msgspec import Struct
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from passalong_tui import safe
from passalong_tui.answers.plays import Followed, LiveRule, PlayCounts, PlayReport
from passalong_tui.client import Client
from passalong_tui.commands import PLAY_REPORT, PLAYS, bindings
from passalong_tui.messages import Fact, PlayReportFetched
from passalong_tui.screens.mechanics import pipeline_order
from passalong_tui.screens.page import TablePage
from passalong_tui.widgets.columns import count
from passalong_tui.widgets.listing import Column, Listing
from passalong_tui.words import money_in, number, unread


class Row(Struct, frozen=True):
    """A rule with what became of its plays."""

    id: str
    title: str
    owner: str
    counts: PlayCounts

    @property
    def kept_back(self) -> int:
        return sum(self.counts.kept_back.values())

    @property
    def after(self) -> Followed:
        return self.counts.followed_by


COLUMNS: tuple[Column[Row], ...] = (
    Column(key="title", label="Rule", least=24, cell=lambda r, w: r.title,
           order=lambda r: safe.clean(r.title).casefold()),
    Column(key="owner", label="Owner", cell=lambda r, w: r.owner, order=lambda r: safe.clean(r.owner).casefold(),
           width=16, drop=6),
    count("plays", "Fired", 7, lambda r: r.counts.plays),
    count("open", "Open", 6, lambda r: r.counts.open, drop=1),
    count("done", "Done", 6, lambda r: r.counts.done),
    count("dismissed", "Dismissed", 10, lambda r: r.counts.dismissed, drop=3),
    count("expired", "Expired", 8, lambda r: r.counts.expired, drop=4),
    Column(key="kept_back", label="Kept back", cell=lambda r, w: number(r.kept_back), order=lambda r: r.kept_back,
           width=11, right=True, drop=5),
    Column(key="followed", label="Opps after", cell=lambda r, w: number(r.after.opportunities),
           order=lambda r: r.after.opportunities, width=11, right=True),
    Column(key="pipeline", label="Pipeline after", cell=lambda r, w: money_in(r.after.pipeline.by_currency, w),
           order=lambda r: pipeline_order([*r.after.pipeline.by_currency]),
           amounts=lambda r: r.after.pipeline.by_currency, width=16, right=True, drop=2),
)  # fmt: skip


class PlayReportScreen(TablePage):
    NAME, TAB = PLAY_REPORT, PLAYS
    QUESTION = "Which rules fired, and what followed?"
    CSS_PATH = "play_report.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(PLAY_REPORT)]

    def body(self) -> ComposeResult:
        yield Static(Content(unread()), id="meaning")
        yield Listing(
            COLUMNS,
            key=lambda r: r.id,
            found_by=lambda r: f"{r.title} {r.id} {r.owner}",
            empty="No rule is live and none ever was. Name a file of rules in the setting plays.rules.",
            order="plays",
        )

    async def fetch(self, client: Client) -> list[Fact]:
        report, rules = await asyncio.gather(client.play_report(), client.rules())
        return [PlayReportFetched(report, rules)]

    @on(PlayReportFetched)
    def _fetched(self, fact: PlayReportFetched) -> None:
        days = fact.report.followed_days
        self.query_one("#meaning", Static).update(
            Content(
                f"“After” means: credited to the customer within {days} days after a play was done. "
                "Whether it came of the play, nobody knows."
            )
        )
        self.query_one(Listing).show(rows(fact.report, fact.rules))
        if self.focused is None:
            self.query_one(Listing).focus_rows()

    def action_back(self) -> None:
        if not self.escape():
            self.app.pop_screen()


def rows(report: PlayReport, rules: list[LiveRule]) -> list[Row]:
    """The live rules, and those of former times that made plays."""
    live = [Row(rule.rule.id, rule.rule.title, rule.owner, rule.counts) for rule in rules]
    known = {row.id for row in live}
    former = [Row(id, f"{id} (no longer live)", "", counts) for id, counts in report.rules.items() if id not in known]
    return live + former
