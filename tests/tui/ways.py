"""How one gets to each screen: the keys, one after the other."""

from __future__ import annotations

from console_driver import Driver

from passalong_tui.commands import CUSTOMER, DIFFERENCES, LEAD, MAIN, OPPORTUNITY, PLAY_REPORT, SHARE
from passalong_tui.screens.page import Page
from passalong_tui.widgets.listing import Listing
from passalong_tui.words import READING

WAYS = {
    **{screen: (key,) for key, (screen, _) in MAIN.items()},
    CUSTOMER: ("3", "enter"),
    LEAD: ("5", "enter"),
    SHARE: ("4", "enter"),
    OPPORTUNITY: ("6", "enter"),
    PLAY_REPORT: ("7", "w"),
    DIFFERENCES: ("8", "w"),
}


async def go(tui: Driver, screen: str) -> None:
    """Goes there, and waits until it is."""
    for key in WAYS[screen]:
        if key == "enter":
            await tui.until(lambda: tui.console.screen.query_one(Listing).current is not None, "the rows")
        await tui.press(key)
    await tui.until(lambda: isinstance(tui.console.screen, Page) and screen == tui.console.screen.NAME, screen)


async def still(tui: Driver) -> None:
    """Waits until nothing is asked or about to be asked any more, and nothing is drawn."""

    def asking() -> bool:
        return any(not worker.is_finished and worker.group not in ("tail", "ready") for worker in tui.console.workers)

    await tui.until(lambda: not asking(), "all answers")
    before = ""
    for _ in range(50):
        await tui.pilot.pause(0.03)
        shown = tui.screen()
        if shown == before and not asking() and READING not in shown:
            return
        before = shown
    raise AssertionError(f"the screen never rests:\n{before}")
