"""A server that goes away takes nothing off the screen, and comes back by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from console_driver import Flaky, console, opportunity, story

from factories import ADMIN_KEY, Server
from passalong_tui import __main__ as entry
from passalong_tui.app import Console


async def test_banner_and_recovery(server: Server) -> None:
    story(server)
    network = Flaky()
    async with console(server, size=(160, 40), transport=network) as tui:
        await tui.until_shown("50 %  1 of 2 known opportunities")
        network.down = True
        await tui.until_shown(f"No answer from {server.config.base_url} since", "Showing what was known then.")
        assert " live " not in tui.screen().splitlines()[0]
        assert "50 %  1 of 2 known opportunities" in tui.screen()
        await tui.press("2")
        await tui.until_shown("No answer from", "Customer reports")
        opportunity(server, "D-3", ["ada@hooli.example"])
        network.down = False
        await tui.press("1")
        await tui.until(lambda: not tui.console.trouble, "the server to be back")
        await tui.until_shown("67 %  2 of 3 known opportunities")
        assert "No answer" not in tui.screen()


async def test_a_server_that_was_never_there(server: Server) -> None:
    network = Flaky()
    network.down = True
    async with console(server, transport=network) as tui:
        await tui.until_shown("Nothing is known yet. Trying again…")
        await tui.press("3")
        await tui.until_shown("Which customers bring others?", "No answer from", "Not read yet.")
        assert "Reading…" not in tui.screen()
        network.down = False
        await tui.until_shown("Initech")


async def test_a_dialog_survives_a_lost_server_and_decides_once(server: Server) -> None:
    story(server)
    network = Flaky()
    async with console(server, transport=network, refresh_s=60) as tui:
        await tui.press("2")
        await tui.until(lambda: tui.listing().grid.has_focus, "the rows")
        await tui.press("K")
        await tui.type("Enough")
        network.down = True
        await tui.press("enter")
        await tui.until_shown("Sending it again is safe.")
        network.down = False
        await tui.press("enter")
        await tui.until(lambda: "✕ killed" in tui.column("status"), "the row to change")


async def test_an_unknown_key_is_said_in_words(server: Server) -> None:
    async with console(server, key="pak_wrong") as tui:
        await tui.until_shown("refuses: This key is not valid")


def test_run_enters_and_leaves_the_connection_in_one_loop(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []

    @asynccontextmanager
    async def connect() -> AsyncIterator[httpx2.AsyncBaseTransport | None]:
        steps.append("entered")
        yield None
        steps.append("left")

    async def headless(self: Console) -> None:
        self._long_poll_s = 0.3
        async with self.run_test() as pilot:
            await pilot.pause()
            steps.append("ran")

    monkeypatch.setattr(Console, "run_async", headless)
    entry.run(base_url=server.config.base_url, key=ADMIN_KEY, operator="mara", connect=connect)
    assert steps == ["entered", "ran", "left"]
