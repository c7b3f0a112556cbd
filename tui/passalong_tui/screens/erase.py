"""The dialog in which somebody's data is erased for good: it says what goes and what stays, and asks to be sure."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from passalong_tui import safe
from passalong_tui.answers.leads import Erasure, Lead
from passalong_tui.client import Client
from passalong_tui.screens.customer import who
from passalong_tui.screens.dialog import Dialog, Line

WORD = "erase"
TYPED = Line("typed", "Type", f"{WORD}, or the address", f"Type {WORD}, or the address, to say that you are sure.")


class EraseDialog(Dialog[Erasure]):
    SEND, LEAVE = "Erase for good", "Leave it"
    LINES: ClassVar[tuple[Line, ...]] = (TYPED,)
    FIRST = "typed"

    def __init__(self, lead: Lead, *, in_crm: bool) -> None:
        """`in_crm` says that the CRM knows this lead, or may."""
        super().__init__()
        self.lead = lead
        self._in_crm = in_crm

    def explain(self) -> ComposeResult:
        yield Static(Content.assemble("Erase ", (safe.line(who(self.lead), 56), "bold"), "?"), id="title")
        there = " HubSpot is told to erase its contact for good, too." if self._in_crm else ""
        goes = f"Goes: address, name, company, role and every answer, here and in every file of the server.{there}"
        yield Static(Content(goes), classes="said", id="goes")
        stays = "Stays: that somebody came, by which link and when. Every total stays, and nobody’s credit changes."
        yield Static(Content(stays), classes="said")
        yield Static(Content.styled("! This cannot be undone.", "bold $warning"), classes="said")

    def lacks(self) -> tuple[str, str] | None:
        typed = self.value("typed").casefold()
        allowed = {WORD, safe.clean(self.lead.email).casefold()} - {""}
        return None if typed in allowed else (TYPED.name, TYPED.missing)

    async def send(self, client: Client, attempt: str) -> Erasure:
        return await client.erase(self.lead.id)
