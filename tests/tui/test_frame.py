"""What every screen has in common: memory, the clipboard, files, times, the looks, and the way back."""

from __future__ import annotations

import csv
import stat
from pathlib import Path

import pytest
from console_driver import Driver, console, story
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import Static

from factories import ADMIN_KEY, Server
from passalong_tui.app import Console
from passalong_tui.client import Client
from passalong_tui.commands import CUSTOMERS, MAIN, OVERVIEW
from passalong_tui.export import told, write
from passalong_tui.memory import Arrangement, Memory, home, recall, remember
from passalong_tui.screens.whole import WholeScreen
from passalong_tui.themes import LOOKS
from passalong_tui.words import Zone, today

LONG = "A customer with a name that is far too long for any column of any table, and then some more of it"


async def _to_customers(tui: Driver) -> None:
    await tui.press("3")
    await tui.until(lambda: tui.column("name") and tui.listing().grid.has_focus, "the customers")


async def test_screen_order_search_look_and_times_are_remembered(server: Server, tmp_path: Path) -> None:
    story(server)
    memory, path = Memory(), tmp_path / "state" / "console.json"
    async with console(server, memory=memory) as tui:
        await _to_customers(tui)
        await tui.press("s", "slash")
        await tui.type("initech")
        await tui.until(lambda: tui.column("name") == ["Initech"], "what was looked for")
        await tui.press("enter", "t", "z")
        order, look = tui.listing().arrangement.order, tui.console.theme
    remember(memory, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    async with console(server, memory=recall(path)) as tui:
        assert tui.console.current_mode == CUSTOMERS
        await tui.until(lambda: tui.column("name") == ["Initech"], "the same search")
        assert tui.listing().arrangement == Arrangement(
            order=order, descending=tui.listing().arrangement.descending, filter="initech"
        )
        assert (tui.console.theme, Zone.utc) == (look, True)
        await tui.press("escape")
        await tui.until(lambda: len(tui.column("name")) > 1, "all of them")
    Zone.utc = False


async def test_screens_that_were_made_ahead_take_on_another_look(server: Server) -> None:
    story(server)
    settled: list[bool] = []
    async with console(server, quiet_s=0, settle=lambda: settled.append(True)) as tui:
        await tui.until(lambda: settled, "all screens to be made")
        assert tui.console.current_mode == OVERVIEW, "and none of them to be shown"
        before = tui.console.screen.styles.background
        await tui.press("t", "2")
        await tui.until_shown("Which mechanic produces pipeline?", "● live")
        assert tui.console.screen.styles.background != before
        await tui.press("1")
        await tui.until_shown("What did customers bring this month?")
        assert tui.console.screen.styles.background != before


async def test_what_is_remembered_belongs_to_its_server(server: Server) -> None:
    memory = Memory()
    memory.of("https://elsewhere.example").screen = CUSTOMERS
    async with console(server, memory=memory) as tui:
        assert tui.console.current_mode == OVERVIEW


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"theme": 7}', b"\xff\xfe"])
def test_a_spoilt_memory_is_no_reason_to_fail(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "console.json"
    path.write_bytes(content)
    assert recall(path) == Memory()
    remember(Memory(theme="x"), path)
    assert recall(path).theme == "x"
    assert [left.name for left in tmp_path.iterdir()] == ["console.json"]


def test_memory_lies_where_state_lies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert home() == tmp_path / "passalong" / "console.json"
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert home() == tmp_path / ".local" / "state" / "passalong" / "console.json"


async def test_a_remembered_look_or_screen_that_is_no_more_is_passed_over(server: Server) -> None:
    memory = Memory(theme="neon")
    memory.of(server.config.base_url).screen = "atlantis"
    async with console(server, memory=memory) as tui:
        assert tui.console.theme in LOOKS
        assert tui.console.current_mode == OVERVIEW


async def test_copy_whole_and_export(server: Server, tmp_path: Path) -> None:
    server.api.put("/api/v1/customers/long", json={"name": LONG})
    server.api.put("/api/v1/customers/sum", json={"name": "=SUM(A1)\x1b[31m"})
    story(server)
    (files := tmp_path / "files").mkdir()
    async with console(server, size=(80, 24), exports=files) as tui:
        await _to_customers(tui)
        tui.listing().aim("long")
        await tui.until(lambda: tui.listing().current.id == "long", "the row")
        assert LONG not in tui.screen()
        await tui.press("y")
        await tui.until_shown("Copied long")
        assert tui.console.clipboard == "long"
        await tui.press("v")
        await tui.until(lambda: isinstance(tui.console.screen, WholeScreen), "the whole of it")
        values = [" ".join(str(value.visual).split()) for value in tui.console.screen.query(".value").results(Static)]
        assert LONG in values
        await tui.press("escape", "E")
        await tui.until(lambda: list(files.iterdir()), "the file")
        await tui.until_shown("rows written to")
        await tui.press("E")
        await tui.until(lambda: len(list(files.iterdir())) == 2, "another file beside it")
    first = files / f"passalong-customers-{today().isoformat()}.csv"
    with first.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    by_name = {row["Customer"]: row for row in rows}
    assert by_name[LONG]["Visits"] == "0", "columns that had no room are there, too"
    assert by_name["Initech"]["Leads"] == "1"
    assert "'=SUM(A1)[31m" in by_name


async def test_a_folder_that_takes_nothing_is_said_in_words(server: Server, tmp_path: Path) -> None:
    story(server)
    taken = tmp_path / "file"
    taken.write_text("here already")
    async with console(server, exports=taken) as tui:
        await _to_customers(tui)
        await tui.press("E")
        await tui.until_shown("Nothing was written:")


@given(st.text())
def test_no_cell_is_a_formula_or_moves_a_terminal(text: str) -> None:
    cell = str(told(text))
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert cell.isprintable()


def test_a_file_is_never_written_over(tmp_path: Path) -> None:
    paths = {write("x", ["A"], [[n]], tmp_path, today()) for n in range(3)}
    assert len(paths) == 3


async def test_vi_keys_and_arrows_do_the_same(server: Server) -> None:
    story(server)
    async with console(server) as tui:
        await _to_customers(tui)
        grid = tui.listing().grid
        last = grid.row_count - 1
        for keys, row in ((("j",), 1), (("k",), 0), (("G",), last), (("g",), 0), (("down",), 1)):
            await tui.press(*keys)
            await tui.until(lambda row=row: grid.cursor_row == row, f"{keys}")


@pytest.mark.parametrize("key", MAIN)
@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_every_screen_is_one_key_away_and_named_on_top(server: Server, key: str, size: tuple[int, int]) -> None:
    screen, question = MAIN[key]
    async with console(server, size=size) as tui:
        await tui.press(key)
        await tui.until(lambda: tui.console.current_mode == screen, screen)
        await tui.until(lambda: (question if screen != "review" else "What is kept") in tui.screen(), question)
        first, *_, last = tui.screen().splitlines()
        assert tui.console.page.TAB.capitalize() in first
        assert "? Help" in last
        await tui.press("t", "t", "t", "z", "z", "ctrl+r")


async def test_the_looks_go_round(server: Server) -> None:
    async with console(server) as tui:
        seen = [tui.console.theme]
        for _ in LOOKS:
            await tui.press("t")
            seen.append(tui.console.theme)
        assert set(seen) == set(LOOKS)
        assert seen[0] == seen[-1]


async def test_times_are_told_in_utc_on_demand(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    story(server)
    async with console(server) as tui:
        await tui.until_shown("live")
        await tui.press("z")
        await tui.until_shown("Times are in UTC.")
        assert Zone.utc
        await tui.press("z")
        await tui.until_shown("Times are local.")


async def test_undo_has_nothing_to_take_back_at_first(server: Server) -> None:
    async with console(server) as tui:
        await tui.press("ctrl+z")
        done: list[str] = []
        tui.console.offer_undo("Somebody was handed the play.", lambda: done.append("back"))
        await tui.until_shown("Somebody was handed the play. ^z takes it back.")
        await tui.press("ctrl+z", "ctrl+z")
        await tui.until(lambda: done == ["back"], "once")


async def test_a_click_on_the_top_line_and_on_the_footer(server: Server) -> None:
    story(server)
    async with console(server, size=(160, 50)) as tui:
        line = tui.screen().splitlines()[0]
        await tui.pilot.click("Nav", offset=(line.index("Customers") + 1, 0))
        await tui.until(lambda: tui.console.current_mode == CUSTOMERS, "the customers")
        await tui.until(lambda: tui.column("name"), "the table")
        foot = tui.screen().splitlines()[-1]
        await tui.pilot.click("KeyBar", offset=(foot.index("? Help"), 0))
        await tui.until_shown("What can I do here?")


async def test_run_remembers_on_the_way_out(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    async def left(self: Console) -> None:
        await self.action_go(CUSTOMERS)

    monkeypatch.setattr(Console, "run_async", left)

    async def stay(self: Console, mode: str) -> None:
        pass

    monkeypatch.setattr(Console, "switch_mode", stay)
    monkeypatch.setattr(Console, "screen_stack", [])
    from passalong_tui.__main__ import _run

    await _run(server.config.base_url, ADMIN_KEY, "mara", None)
    assert recall(home()).of(Client(server.config.base_url, ADMIN_KEY).base_url).screen == CUSTOMERS
