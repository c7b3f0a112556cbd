"""What reaches HubSpot and the webhooks?"""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from passalong_tui.client import Client
from passalong_tui.commands import INTEGRATIONS
from passalong_tui.messages import Fact
from passalong_tui.screens.page import Page


class IntegrationsScreen(Page):
    NAME = TAB = INTEGRATIONS
    QUESTION = "What reaches HubSpot and the webhooks?"

    def body(self) -> ComposeResult:
        yield Static(Content(""))

    async def fetch(self, client: Client) -> list[Fact]:
        return []
