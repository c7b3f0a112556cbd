"""How is this server set up?"""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from passalong_tui.client import Client
from passalong_tui.commands import SETTINGS
from passalong_tui.messages import Fact
from passalong_tui.screens.page import Page


class SettingsScreen(Page):
    NAME = TAB = SETTINGS
    QUESTION = "How is this server set up?"

    def body(self) -> ComposeResult:
        yield Static(Content(""))

    async def fetch(self, client: Client) -> list[Fact]:
        return []
