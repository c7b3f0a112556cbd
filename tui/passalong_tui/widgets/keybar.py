"""The footer, made from the table of commands. What does not fit is left out, but never the way to the help."""

from __future__ import annotations

from textual.content import Content
from textual.events import Click
from textual.screen import Screen
from textual.widget import Widget

from passalong_tui.commands import Command, available, read

_GAP = "  "
_ALWAYS = "app.help"


class KeyBar(Widget):
    """One line; a click on a key presses it."""

    def __init__(self, screen: str) -> None:
        """`screen` by its name in the table of commands."""
        super().__init__()
        self._commands = [command for command in available(screen) if command.footer]

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._renew)

    def _renew(self, screen: Screen[object]) -> None:
        self.refresh()

    @property
    def _named(self) -> list[Command]:
        """The commands, some by the name that the screen gives them for now."""
        names: dict[str, str] = getattr(self.screen, "names", {})
        return [command._replace(name=names.get(command.action, command.name)) for command in self._commands]

    @property
    def offered(self) -> list[Command]:
        """Every command that the keys reach now, whether or not there is room for it; refused ones are left out."""
        active = self.screen.active_bindings
        return [command for command in self._named if _first(command) in active]

    @property
    def shown(self) -> list[Command]:
        """As many of them as there is room for; where there is little, what makes no sense now is left out."""
        return [command for command, _ in self._fitting()]

    def _fitting(self) -> list[tuple[Command, bool]]:
        """The commands that are shown, each with whether it makes sense now."""
        active = self.screen.active_bindings  # worked out anew each time it is asked for, and that takes a while
        keys = [(command, _first(command)) for command in self._named]
        offered = [(command, active[key].enabled) for command, key in keys if key in active]
        if self.screen.has_class("-narrow"):
            offered = [(command, enabled) for command, enabled in offered if enabled]
        room = self.content_size.width - sum(_width(command) for command, _ in offered if command.action == _ALWAYS)
        chosen = []
        for command, enabled in offered:
            if command.action != _ALWAYS:
                room -= _width(command)
                if room < 0:
                    continue
            chosen.append((command, enabled))
        return chosen

    def render(self) -> Content:
        parts: list[tuple[str, str]] = []
        for command, enabled in self._fitting():
            parts.append((read(_first(command)), "bold $footer-key-foreground" if enabled else "$faint"))
            parts.append((f" {command.name}{_GAP}", "$quiet" if enabled else "$faint"))
        return Content.assemble(*parts)

    def on_click(self, event: Click) -> None:
        left = self.styles.padding.left
        for command in self.shown:
            right = left + _width(command)
            if left <= event.x < right - len(_GAP):
                self.app.simulate_key(_first(command))
            left = right


def _first(command: Command) -> str:
    return command.key.partition(",")[0]


def _width(command: Command) -> int:
    return len(read(_first(command))) + 1 + len(command.name) + len(_GAP)
