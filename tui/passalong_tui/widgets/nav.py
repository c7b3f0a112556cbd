"""The top line: where one can go, how old the numbers are and which server they come from."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content
from textual.events import Click
from textual.widget import Widget

from passalong_tui import safe
from passalong_tui.commands import MAIN, SCREENS, read
from passalong_tui.words import clock, now

FRESH_S = 30
_GAP = 2


class Nav(Widget):
    """Every screen by its key. Where there is no room for all names, those nearest to the present one keep theirs.

    A click goes there.
    """

    def __init__(self, here: str, server: str) -> None:
        """`here` is the screen that is shown, or the one that it was opened from."""
        super().__init__()
        self._here = here
        self._server = safe.line(server.removeprefix("https://").removeprefix("http://"), 40)
        self._age = Content("")

    def show_age(self, answered_at: datetime | None, *, away: bool = False) -> None:
        """Writes when the server answered last; a word as long as that is now and it has not gone `away` since."""
        if answered_at is not None:
            old_s = (now() - answered_at).total_seconds()
            fresh = old_s < FRESH_S and not away
            self._age = Content.styled("live", "$success") if fresh else _old(answered_at)
        self.refresh()

    def render(self) -> Content:
        width = self.content_size.width
        items = self._items(width - self._age.cell_length - 1)
        line = Content.assemble(*(self._item(screen, label) for screen, label in items))
        right = self._age
        if line.cell_length + right.cell_length + len(self._server) + 2 < width:
            right += Content.styled(f"  {self._server}", "$quiet")
        return line + Content(" " * max(width - line.cell_length - right.cell_length, 1)) + right

    def _item(self, screen: str, label: str) -> Content:
        key, _, name = label.partition(" ")
        style = "bold underline" if screen == self._here else "$quiet"
        return Content.assemble((key, "$accent"), " " if name else "", (name, style), " " * _GAP)

    def _items(self, room: int) -> list[tuple[str, str]]:
        """Screens with what stands for them: key and name, or the key alone."""
        screens = [screen for screen, _ in MAIN.values()]
        keys = [read(key) for key in MAIN]
        at = screens.index(self._here)
        left = room - sum(len(key) + _GAP for key in keys)
        named: set[str] = set()
        for screen in sorted(screens, key=lambda screen: abs(screens.index(screen) - at)):
            left -= len(SCREENS[screen]) + 1
            if left < 0:
                break
            named.add(screen)
        return [(s, f"{key} {SCREENS[s]}" if s in named else key) for key, s in zip(keys, screens, strict=True)]

    async def on_click(self, event: Click) -> None:
        left = self.styles.padding.left
        for screen, label in self._items(self.content_size.width - self._age.cell_length - 1):
            right = left + len(label) + _GAP
            if left <= event.x < right - _GAP:
                await self.run_action(f"app.go('{screen}')")
            left = right


def _old(answered_at: datetime) -> Content:
    return Content.styled(f"as of {clock(answered_at)}", "$warning")
