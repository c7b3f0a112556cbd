"""The top line: where one can go, how old the numbers are and which server they come from."""

from __future__ import annotations

from datetime import UTC, datetime

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from passalong_tui import safe
from passalong_tui.commands import MAIN, SCREENS

FRESH_S = 30


class NavItem(Static):
    """A screen by its number and name; a click goes there."""

    def __init__(self, number: int, screen: str, *, here: bool) -> None:
        text = Content.assemble((str(number), "$quiet"), " ", SCREENS[screen])
        super().__init__(text, classes="here" if here else "")
        self._target = screen

    async def on_click(self) -> None:
        await self.run_action(f"app.go('{self._target}')")


class Nav(Horizontal):
    """`here` is the screen that is shown, or the one that it was opened from."""

    def __init__(self, here: str, server: str) -> None:
        super().__init__()
        self._here = here
        self._server = safe.line(server.removeprefix("https://").removeprefix("http://"), 40)

    def compose(self) -> ComposeResult:
        yield Static(Content("Passalong"), classes="brand")
        for number, screen in enumerate(MAIN, 1):
            yield NavItem(number, screen, here=screen == self._here)
        yield Static(Content(""), classes="age")

    def show_age(self, answered_at: datetime | None) -> None:
        """Writes when the server answered last; a word as long as that is now."""
        parts: list[str | tuple[str, str]] = []
        if answered_at is not None:
            old_s = (datetime.now(UTC) - answered_at).total_seconds()
            parts = [
                ("live", "$success") if old_s < FRESH_S else (f"as of {answered_at.astimezone():%H:%M}", "$warning")
            ]
            parts.append("  ")
        if self.app.size.width >= 100:
            parts.append((self._server, "$quiet"))
        for age in self.query(".age").results(Static):  # none while the page is still being put together
            age.update(Content.assemble(*parts))
