"""The dialog in which somebody takes a share back, once it is clear what that takes with it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from passalong_tui import safe
from passalong_tui.answers.shares import Revocation, ShareDetail
from passalong_tui.client import Client
from passalong_tui.screens.dialog import Dialog, Line
from passalong_tui.widgets.share_card import title, whose
from passalong_tui.words import counted


class RevokeDialog(Dialog[Revocation]):
    SEND = "Revoke it"
    LINES: ClassVar[tuple[Line, ...]] = ()
    FINAL = True

    def __init__(self, detail: ShareDetail) -> None:
        super().__init__()
        self.detail = detail

    def explain(self) -> ComposeResult:
        share = self.detail.share
        about = f"{safe.line(title(share), 50)} by {safe.line(whose(share), 40)}, {safe.line(share.channel)}"
        yield Static(Content.assemble("Revoke: ", (about, "bold")), id="title")
        yield Static(Content(what_stops(self.detail)), classes="said")
        yield Static(Content(what_stays(self.detail)), classes="said")
        yield Static(
            Content("A share that was taken back is not given out again: its customer makes a new one."),
            classes="aside",
        )

    async def send(self, client: Client, attempt: str) -> Revocation:
        return await client.revoke(self.detail.share.share, attempt=attempt)


def what_stops(detail: ShareDetail) -> str:
    branches = detail.below.branches
    if not branches:
        return "This share stops opening. Whoever follows it is told so in words."
    return (
        f"This share and its {counted(branches, 'branch', 'branches')} stop opening. "
        "Whoever follows one is told so in words."
    )


def what_stays(detail: ShareDetail) -> str:
    share, below = detail.share, detail.below
    leads = share.leads + below.leads
    deals = share.opportunities + below.opportunities
    stays = [counted(leads, "lead")] + ([counted(deals, "opportunity", "opportunities")] if deals else [])
    if not leads and not deals:
        return "Nothing came of it yet that would have to stay."
    return f"{' and '.join(stays)} {'stays' if leads + deals == 1 else 'stay'}, with what is credited for them."
