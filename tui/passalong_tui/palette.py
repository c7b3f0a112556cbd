"""The palette's entries: the commands that work where one is, and the customers by name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.types import IgnoreReturnCallbackType

from passalong_tui import safe
from passalong_tui.commands import available

if TYPE_CHECKING:
    from passalong_tui.app import Console

MOST_CUSTOMERS = 12


class Entry(NamedTuple):
    name: str
    help: str
    callback: IgnoreReturnCallbackType


class ConsoleCommands(Provider):
    @property
    def console(self) -> Console:
        return cast("Console", self.app)

    def commands(self) -> Iterator[Entry]:
        """What can be done on the screen beneath the palette, refused actions left out."""
        names: dict[str, str] = getattr(self.screen, "names", {})
        for command in available(getattr(self.screen, "NAME", None)):
            namespace = self.app if command.action.startswith("app.") else self.screen
            action = command.action.removeprefix("app.")
            if namespace.check_action(action.partition("(")[0], ()) is not False:
                name = f"{names.get(command.action, command.name)}  {command.keys}"
                yield Entry(name, command.help, partial(namespace.run_action, action))

    def customers(self) -> Iterator[Entry]:
        for id, name in self.console.known.names.items():
            yield Entry(safe.line(name, 60), "Open this customer", partial(self.console.open_customer, id))

    async def discover(self) -> Hits:
        for entry in self.commands():
            yield DiscoveryHit(Content(entry.name), entry.callback, text=entry.name, help=entry.help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        found = 0
        for entry, is_customer in [*((e, False) for e in self.commands()), *((e, True) for e in self.customers())]:
            score = matcher.match(entry.name)
            if score > 0 and (not is_customer or found < MOST_CUSTOMERS):
                found += is_customer
                # The matcher would parse a name as markup to highlight it, so it is shown as it is.
                yield Hit(score, Content(entry.name), entry.callback, text=entry.name, help=entry.help)
