"""What only looks like pipeline, as the console tells it."""

from __future__ import annotations

from typing import Any

import pytest
from console_driver import Driver, console, failed

from factories import Server
from passalong_tui.screens.mechanics import MechanicsScreen
from passalong_tui.screens.theater import TheaterScreen


async def _to_theater(tui: Driver) -> None:
    await tui.press("T")
    await tui.until(lambda: isinstance(tui.console.screen, TheaterScreen) and tui.column("title"), "the findings")


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_a_finding_with_its_numbers_its_way_out_and_its_mechanic(
    server: Server, clock: Any, size: tuple[int, int]
) -> None:
    failed(server, clock)
    async with console(server, size=size) as tui:
        await _to_theater(tui)
        await tui.until_shown(
            "What only looks like pipeline?", "Soft failed its rule and lives on", "No review was held"
        )
        finding = tui.text("#finding")
        assert "600 visits in 100 days should have brought 6 opportunities" in finding
        assert "visits 600, expected 6, observed 0, probability under 0.1 %" in finding
        assert "Way out: Kill it: its links go on showing their assets." in finding
        assert "low coverage" in tui.text("#clear")
        await tui.press("enter")
        await tui.until(lambda: isinstance(tui.console.screen, MechanicsScreen), "the mechanics")
        await tui.until(lambda: tui.listing().current.key == "soft", "the cursor on it")
        await tui.until_shown("0 of 6.0 expected")


async def test_what_is_about_the_whole_leads_nowhere(server: Server, clock: Any) -> None:
    failed(server, clock)
    async with console(server) as tui:
        await _to_theater(tui)
        await tui.press("G")
        await tui.until(lambda: tui.listing().current.subject is None, "the last finding")
        await tui.press("enter")
        assert isinstance(tui.console.screen, TheaterScreen)


async def test_finding_nothing_is_said_with_what_was_looked_for(server: Server) -> None:
    for key in ("soft", "open", "plain", "strict"):
        server.api.post(f"/api/v1/mechanics/{key}/kill", json={"by": "Mara", "reason": "One is enough"})
    async with console(server, size=(80, 24)) as tui:
        await tui.until_shown("T Theater: nothing only looks like pipeline.")
        await tui.press("T")
        await tui.until_shown("Nothing was found that only looks like pipeline.", "Looked for and not found:")
        checks = tui.text("#clear")
        for check in ("shares by your own people", "mechanics that failed and live on", "no review"):
            assert check in checks


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_the_overview_names_the_first_findings(server: Server, clock: Any, size: tuple[int, int]) -> None:
    failed(server, clock)
    async with console(server, size=size) as tui:
        await tui.until(lambda: "T Theater: " in tui.text("#theater"), "the line")
        assert "Soft failed its rule and lives on" in tui.text("#theater")
        await tui.until_shown("Soft failed its rule and lives on", "Right now", "? Help")


async def test_the_course_of_what_a_finding_is_about_stands_beside_it(server: Server, clock: Any) -> None:
    failed(server, clock)
    async with console(server, size=(160, 50)) as tui:
        await _to_theater(tui)
        await tui.until_shown("Way out:", "━━ 0 opportunities came", "6.0 expected at target")
        await tui.press("G")
        await tui.until(lambda: "opportunities came" not in tui.screen(), "no course of the whole")
