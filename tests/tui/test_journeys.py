"""What a new admin finds out without having read anything: only words on the screen lead from step to step."""

from __future__ import annotations

import re
from typing import Any

import pytest
from console_driver import Driver, console, failed, lead, opportunity, story

from factories import Server
from passalong_tui.screens.decide import KillDialog

SIZES = [(80, 24), (160, 50)]
_PRESSED = {"Enter": "enter", "Esc": "escape", "/": "slash", "?": "question_mark", ",": "comma", "Space": "space"}


async def follow(tui: Driver, label: str) -> None:
    """Presses the key that stands before a label on the screen; where there is none, the help is asked for it."""
    key = _key(tui, label)
    if key is None:
        assert _key(tui, "Help") == "question_mark", tui.screen()
        await tui.press("question_mark")
        await tui.until(lambda: "What can I do here?" in tui.screen(), "the help")
        for _ in range(60):
            if (key := _key(tui, label)) is not None:
                break
            await tui.press("down")
        await tui.press("escape")
        await tui.until(lambda: "What can I do here?" not in tui.screen(), "the screen again")
    assert key is not None, f"no key for {label} on the screen nor in the help"
    await tui.press(key)


def _key(tui: Driver, label: str) -> str | None:
    found = re.search(rf"(?:^|\s)(\S+) +{re.escape(label)}(?=\s|$)", tui.screen(), re.MULTILINE)
    if found is None:
        return None
    key = found[1]
    return _PRESSED.get(key, key.replace("^", "ctrl+")) if len(key) == 1 or key in _PRESSED or "^" in key else None


async def stand_on(tui: Driver, words: str) -> None:
    """Goes down from the first row until the row under the cursor has these words."""
    await tui.press("g")  # it may stand above
    for _ in range(40):
        if words in _under_cursor(tui):
            return
        await tui.press("down")
    raise AssertionError(f"no row with {words}:\n{tui.screen()}")


def _under_cursor(tui: Driver) -> str:
    """The row that a person sees marked: it stands on another ground than the rest."""
    ground = tui.console.theme_variables["block-cursor-background"].lower()
    size = tui.console.size
    for strip in tui.console.screen._compositor.render_strips(size):
        marked = [s.text for s in strip if s.style and s.style.bgcolor and s.style.bgcolor.name.lower() == ground]
        if marked:
            return "".join(marked)
    return ""


@pytest.mark.parametrize("size", SIZES)
async def test_which_mechanic_to_kill(server: Server, clock: Any, size: tuple[int, int]) -> None:
    failed(server, clock)
    async with console(server, size=size) as tui:
        await tui.until_shown("Soft failed its rule and lives on")
        await follow(tui, "Mechanics")
        await tui.until_shown("Which mechanic produces pipeline?", "✗ kill")
        await stand_on(tui, "✗ kill")
        assert "Soft" in _under_cursor(tui)
        await follow(tui, "Kill")
        await tui.until(lambda: isinstance(tui.console.screen, KillDialog), "the question")
        await tui.until_shown("Kill Soft?", "The verdict is to kill it.", "visits in 100 days")
        await tui.type("As registered")
        await tui.press("enter")
        await tui.until_shown("✕ killed")
    assert server.api.get("/api/v1/mechanics/soft").json()["status"] == "killed"


@pytest.mark.parametrize("size", SIZES)
async def test_which_customer_brought_the_most(server: Server, size: tuple[int, int]) -> None:
    story(server)
    path = server.share(customer="globex")
    for n in range(2):
        lead(server, path, f"bob{n}@umbrella{n}.example", name="Bob")
        opportunity(server, f"G-{n}", [f"bob{n}@umbrella{n}.example"])
    async with console(server, size=size) as tui:
        await tui.until_shown("What did customers bring this month?")
        await follow(tui, "Customers")
        await tui.until_shown("Which customers bring others?", "Pipeline ↓", "EUR 24,000")
        rows = [line for line in tui.screen().splitlines() if "EUR " in line]
        assert "Globex" in rows[0], "the first row, by a column that says that it is the order"
        assert "EUR 24,000" in rows[0]
        await stand_on(tui, "Globex")
        await follow(tui, "Open")
        await tui.until_shown("What did Globex bring?", "2 opportunities", "EUR 24,000")


@pytest.mark.parametrize("size", SIZES)
async def test_why_a_deal_was_credited(server: Server, size: tuple[int, int]) -> None:
    story(server)
    async with console(server, size=size) as tui:
        await tui.until_shown("What did customers bring this month?")
        await follow(tui, "Opportunities")
        await tui.until_shown("Which opportunities carry a customer’s name, and why?", "D-1")
        await stand_on(tui, "D-1")
        if "filled the gate on" not in " ".join(tui.screen().split()):
            await follow(tui, "Open")
        await tui.until(lambda: "Initech" in tui.screen() and "filled the gate" in tui.screen(), "why")
        await tui.press("escape")
        await stand_on(tui, "D-2")
        await tui.until(
            lambda: "nobody" in tui.screen().casefold() or "no trace" in tui.screen().casefold(), "why it has no name"
        )
