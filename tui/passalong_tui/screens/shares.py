"""Which links are out, and where did they go?"""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from passalong_tui.client import Client
from passalong_tui.commands import SHARES
from passalong_tui.messages import Fact
from passalong_tui.screens.page import Page


class SharesScreen(Page):
    NAME = TAB = SHARES
    QUESTION = "Which links are out, and where did they go?"

    def body(self) -> ComposeResult:
        yield Static(Content(""))

    async def fetch(self, client: Client) -> list[Fact]:
        return []
