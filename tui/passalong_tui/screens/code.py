"""The QR code of a link, alone on the screen, to be pointed a telephone at."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Resize
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Static

from passalong_tui import safe
from passalong_tui.answers.shares import ListedShare
from passalong_tui.widgets.qr import QrCode
from passalong_tui.widgets.share_card import title, whose

_BESIDE = 27
"""Cells for the words beside the code."""


class CodeScreen(ModalScreen[None]):
    """Light all over, in every look: the ground is the margin that cameras need."""

    CSS_PATH = "code.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter", "leave", "Close")]

    def __init__(self, share: ListedShare) -> None:
        super().__init__()
        self._share = share

    def compose(self) -> ComposeResult:
        by = f"{safe.line(whose(self._share), 60)}, {safe.line(self._share.channel)}"
        with Horizontal():
            yield QrCode()
            yield Static(Content.assemble((safe.line(title(self._share), 90), "bold"), f"\n{by}\n\nEsc closes this."))

    def on_mount(self) -> None:
        self._fit(self.app.size)

    def on_resize(self, event: Resize) -> None:
        self._fit(event.size)

    def _fit(self, size: Size) -> None:
        self.query_one(QrCode).show(self._share.url, Size(size.width - _BESIDE, size.height))

    def action_leave(self) -> None:
        self.dismiss(None)
