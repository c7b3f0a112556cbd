"""A table of any length: what is seen is drawn, the cursor stays where it stood, keys and mouse go where they say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.app import App, ComposeResult
from textual.pilot import Pilot

from passalong.domain.money import Money
from passalong_tui.themes import DARK
from passalong_tui.widgets.grid import Grid
from passalong_tui.widgets.listing import Column, Listing

MANY = 10_000


def _rest(number: int, width: int) -> str:
    return str(number % 7)


class Shown(App[None]):
    """One table of numbers, which counts the cells that it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.asked = 0
        self.opened: list[int | None] = []

    def compose(self) -> ComposeResult:
        yield Listing(
            [
                Column(key="name", label="Name", cell=self._worded, order=lambda n: f"{n:05d}"),
                Column(
                    key="rest", label="Rest", cell=lambda n, w: str(n % 7), order=lambda n: n % 7, right=True, width=6
                ),
            ],
            key=str,
            found_by=lambda n: f"number {n}",
            empty="There is none.",
            order="name",
            descending=False,
        )

    def _worded(self, number: int, width: int) -> str:
        self.asked += 1
        return f"number {number}"

    def action_open(self) -> None:
        self.opened.append(self.query_one(Listing).current)


@asynccontextmanager
async def table(entries: int = MANY) -> AsyncIterator[tuple[Shown, Pilot[None], Listing[int]]]:
    app = Shown()
    async with app.run_test(size=(60, 20)) as pilot:
        listing: Listing[int] = app.query_one(Listing)
        listing.show(range(entries))
        listing.focus_rows()
        await pilot.pause()
        yield app, pilot, listing


def lines(app: Shown) -> list[str]:
    return [strip.text for strip in app.screen._compositor.render_strips(app.size)]


async def test_only_what_is_seen_is_drawn() -> None:
    async with table() as (app, pilot, listing):
        assert listing.grid.row_count == MANY
        for key in ("down", "pagedown", "end", "up", "home"):
            await pilot.press(key)
        listing.sort("rest")
        await pilot.pause()
        listing.open_filter()
        await pilot.press("7")
        await pilot.pause()
        assert 0 < app.asked < 400, "not all of ten thousand, nine times over"
        assert all("7" in cell.plain for cell in listing.grid.get_column("name"))


async def test_the_cursor_is_always_in_sight() -> None:
    async with table() as (app, pilot, listing):
        for key, row in (("end", MANY - 1), ("up", MANY - 2), ("home", 0), ("pagedown", None), ("down", None)):
            await pilot.press(key)
            await pilot.pause()
            assert row in (None, listing.grid.cursor_row)
            assert any(f"number {listing.current} " in line for line in lines(app)), key
            assert lines(app)[0].strip().startswith("Name"), "the labels stay on top"
        await pilot.press("up", "up", "home", "up")
        assert listing.grid.cursor_row == 0


async def test_the_cursor_stays_on_its_entry() -> None:
    async with table(100) as (_, pilot, listing):
        await pilot.press("down", "down", "down")
        assert listing.current == 3
        listing.show([*range(1000, 1100), *range(100)])
        await pilot.pause()
        assert listing.current == 3
        listing.show(range(50, 60))
        await pilot.pause()
        assert listing.current in range(50, 60)
        listing.show([])
        await pilot.pause()
        assert listing.current is None


async def test_whoever_sorts_sees_what_comes_first() -> None:
    async with table(100) as (_, pilot, listing):
        await pilot.press("down", "down", "down")
        listing.sort("rest")
        await pilot.pause()
        assert listing.grid.cursor_row == 0
        assert listing.current == 97, "the largest rest"
        listing.show(range(98))
        await pilot.press("down")
        listing.reverse()
        await pilot.pause()
        assert listing.current == 0


async def test_a_search_that_finds_nothing_gives_the_keys_back() -> None:
    async with table(100) as (app, pilot, listing):
        listing.open_filter()
        await pilot.press("x", "y", "enter")
        await pilot.pause()
        assert app.focused is None
        listing.clear_filter()
        await pilot.pause()
        await pilot.pause()
        assert listing.grid.has_focus


async def test_a_narrow_table_cuts_with_a_mark_and_keeps_its_labels() -> None:
    columns: list[Column[int]] = [
        Column(key="name", label="Name", cell=lambda n, w: f"a long name of {n}", order=str, least=30),
        Column(key="many", label="Visits", cell=lambda n, w: f"{n:,}", order=lambda n: n, width=7, right=True),
        Column(key="id", label="Id", cell=lambda n, w: str(n), order=str, hidden=True),
    ]
    narrow = Narrow(columns)
    async with narrow.run_test(size=(26, 8)) as pilot:
        listing: Listing[int] = narrow.query_one(Listing)
        listing.show([123_456_789, 1_204])
        await pilot.pause()
        drawn = [strip.text.rstrip() for strip in narrow.screen._compositor.render_strips(narrow.size)]
        assert drawn[0].endswith(" Visits↓"), drawn
        assert "…" in drawn[1].rsplit(" ", 1)[1], "a number that is cut says so"
        assert drawn[2].endswith(" 1,204")
        assert listing.header == ["Name", "Visits", "Id"]
        assert listing.rows()[1] == ["a long name of 1204", 1204, "1204"]


class Narrow(App[None]):
    def __init__(self, columns: list[Column[int]]) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self._columns = columns

    def compose(self) -> ComposeResult:
        yield Listing(self._columns, key=str, found_by=str, empty="None.", order="many")


def test_money_is_for_programs() -> None:
    def told(*amounts: Money) -> list[object]:
        column: Column[list[Money]] = Column(
            key="m", label="Pipeline", cell=lambda e, w: "", order=len, amounts=lambda entry: entry
        )
        assert column.header == ["Pipeline amount", "Pipeline currency"]
        return column.exported([*amounts])

    assert told() == ["", ""]
    assert told(Money(1_200_000, "EUR")) == ["12000.00", "EUR"]
    assert told(Money(5, "USD"), Money(700, "JPY"), Money(1_500, "KWD")) == ["0.05;700;1.500", "USD;JPY;KWD"]


async def test_a_click_goes_to_a_row_a_second_opens_it_and_a_label_sorts() -> None:
    async with table(100) as (app, pilot, listing):
        await pilot.click(Grid, offset=(5, 4))
        assert listing.current == 3
        assert app.opened == []
        await pilot.click(Grid, offset=(5, 0))
        await pilot.pause()
        assert listing.arrangement.descending, "the same column again turns round"
        await pilot.click(Grid, offset=(57, 0))
        await pilot.pause()
        assert listing.arrangement.order == "rest"
        await pilot.hover(Grid, offset=(5, 2))
        await pilot.pause()
        assert "number" in lines(app)[2]
