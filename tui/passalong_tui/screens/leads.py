"""Who came, and through whom?"""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from passalong_tui.client import Client
from passalong_tui.commands import LEADS
from passalong_tui.messages import Fact
from passalong_tui.screens.page import Page


class LeadsScreen(Page):
    NAME = TAB = LEADS
    QUESTION = "Who came, and through whom?"

    def body(self) -> ComposeResult:
        yield Static(Content(""))

    async def fetch(self, client: Client) -> list[Fact]:
        return []
