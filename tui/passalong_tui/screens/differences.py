"""Where HubSpot says something else than was written there, record by record."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from passalong_tui import safe
from passalong_tui.answers.outbox import Drift
from passalong_tui.client import Client
from passalong_tui.commands import ADMIN, DIFFERENCES, INTEGRATIONS, bindings
from passalong_tui.messages import Fact, OutboxFetched
from passalong_tui.screens.page import TablePage
from passalong_tui.screens.ways import told
from passalong_tui.widgets.listing import Column, Listing
from passalong_tui.words import NOTHING, ago, unread

COLUMNS: tuple[Column[Drift], ...] = (
    Column(key="kind", label="Record", cell=lambda d, w: d.kind, order=lambda d: d.kind, width=9),
    Column(key="record", label="In HubSpot", cell=lambda d, w: d.record, order=lambda d: d.record, width=16),
    Column(key="lead", label="Lead here", cell=lambda d, w: d.lead or NOTHING, order=lambda d: d.lead or "", width=20,
           drop=1),
    Column(key="drift", label="What it no longer says", least=24, cell=lambda d, w: d.drift,
           order=lambda d: safe.clean(d.drift).casefold()),
)  # fmt: skip


class DifferencesScreen(TablePage):
    NAME, TAB = DIFFERENCES, INTEGRATIONS
    QUESTION = "Where does HubSpot say something else?"
    CSS_PATH = "differences.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(DIFFERENCES)]

    def body(self) -> ComposeResult:
        yield Static(Content(unread()), id="meaning")
        yield Listing(
            COLUMNS,
            key=lambda d: f"{d.kind} {d.record} {d.lead or ''}",
            found_by=lambda d: f"{d.kind} {d.record} {d.lead or ''} {d.drift}",
            empty="No record of HubSpot is known to say anything else than was written there.",
            order="kind",
            descending=False,
            copies=lambda d: d.record,
        )

    async def fetch(self, client: Client) -> list[Fact]:
        endpoints = await client.endpoints() if self.known.role == ADMIN else None
        return [OutboxFetched(await client.outbox(), endpoints)]

    def draw(self) -> None:
        if self.known.outbox is None:
            return
        crm = self.known.outbox.crm
        compared = f"Compared {ago(crm.reconciled_at)}." if crm.reconciled_at else "Never compared yet."
        counts = f"{crm.differences.contacts:,} contacts and {crm.differences.deals:,} deals are known."
        self.query_one("#meaning", Static).update(Content(f"{compared} {counts} {told(crm.differences)}"))
        self.query_one(Listing).show(crm.drifts)
        if self.focused is None:
            self.query_one(Listing).focus_rows()

    @on(OutboxFetched)
    def _fetched(self) -> None:
        self.draw()

    def action_back(self) -> None:
        if not self.escape():
            self.app.pop_screen()
