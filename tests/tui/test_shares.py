"""Links in the console: found, looked at with their trees, scanned, opened, copied and taken back."""

from __future__ import annotations

import csv
import webbrowser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
import segno
from console_driver import Driver, console, lead, opportunity
from textual.widgets import Static

import engine
from factories import FIREFOX, Server, element
from passalong_tui.answers.common import Page
from passalong_tui.answers.shares import ListedShare, Node, ShareMonth
from passalong_tui.client import Client
from passalong_tui.opening import open_in_browser
from passalong_tui.screens.code import CodeScreen
from passalong_tui.screens.customer import CustomerScreen
from passalong_tui.screens.revoke import RevokeDialog
from passalong_tui.screens.share import ShareScreen
from passalong_tui.screens.shares import SharesScreen
from passalong_tui.widgets.branches import BranchTree, More
from passalong_tui.widgets.qr import QrCode, drawn, modules
from passalong_tui.widgets.share_card import by_month

HOSTILE = '[/]\x1b]52;c;aGk=\x07\u202eevil\x9b31m=HYPERLINK("x")'
_CELLS = {" ": (False, False), "▀": (True, False), "▄": (False, True), "█": (True, True)}


def branch(server: Server, path: str, email: str = "") -> str:
    """The path of the link that a new viewer, who passes the gate as `email` if one is given, makes of a page."""
    with httpx2.Client(base_url=server.config.base_url, headers={"user-agent": FIREFOX}) as viewer:
        if email:
            assert server.submit(path, viewer, email=email, name="Ada").status_code == 303
        made = viewer.post(f"{path}/pass-along")
        assert made.status_code == 303, made.text
        page = viewer.get(made.headers["location"]).text
    return element(page, "url").get("value", "").removeprefix(server.config.base_url)


def many(server: Server, parent: str | None, count: int, prefix: str) -> None:
    """So many more shares, written straight into the file: branches of one, or links of their own."""
    engine.execute_many(
        server.config.database,
        "INSERT INTO shares VALUES (?, 'report', 'globex', 'open', 'link', NULL, ?, ?, NULL, ?, ?)",
        [(f"{prefix}-{n:05d}", parent, 0 if parent is None else 1, f"{n}", n) for n in range(1, count + 1)],
    )


def listed(server: Server, **params: Any) -> list[dict[str, Any]]:
    return list(server.api.get("/api/v1/shares", params=params).json()["items"])


async def _to_shares(tui: Driver) -> None:
    await tui.press("4")
    await tui.until(lambda: isinstance(tui.console.screen, SharesScreen) and tui.column("asset"), "the links")
    await tui.until(lambda: tui.listing().grid.has_focus, "the rows")


async def _open(tui: Driver) -> BranchTree:
    await tui.press("enter")
    await tui.until(lambda: isinstance(tui.console.screen, ShareScreen) and tree(tui).nodes, "the share")
    return tree(tui)


def tree(tui: Driver) -> BranchTree:
    return tui.console.screen.query_one(BranchTree)


async def test_links_newest_first_with_everything_about_one_beside_it(server: Server, clock: Any) -> None:
    path = server.share(channel="linkedin", sharer="u-8123")
    lead(server, path, "ada@hooli.example", name="Ada Byron")
    opportunity(server, "D-1", ["ada@hooli.example"])
    clock.ms += 60_000
    server.share(asset="page", customer="globex")
    async with console(server, size=(160, 50)) as tui:
        await _to_shares(tui)
        assert tui.column("asset") == ["How we did it", "Quarterly report"]
        await tui.press("j")
        await tui.until_shown(
            "Quarterly report (report)", "Initech (initech)", "Customer reports", "linkedin", "u-8123"
        )
        await tui.until_shown("1 visit, 1 lead, 1 opportunity, EUR 12,000", "nobody has passed it along yet")
        assert tui.console.screen.query_one(QrCode).display


async def test_the_server_finds_what_is_typed_and_narrows_by_state(server: Server) -> None:
    server.share(channel="linkedin")
    server.share(customer="globex", asset="page")
    gone = listed(server, q="globex")[0]["share"]
    server.api.post(f"/api/v1/shares/{gone}/revoke").raise_for_status()
    async with console(server) as tui:
        await _to_shares(tui)
        await tui.press("slash")
        await tui.type("linkedi")
        await tui.until(lambda: tui.column("asset") == ["Quarterly report"], "one")
        await tui.type("[/]")
        await tui.until_shown("Nothing here matches “linkedi[/]”. Esc shows all again.")
        await tui.press("escape", "f")
        await tui.until(lambda: tui.column("state") == ["● open"], "the open one")
        await tui.press("f")
        await tui.until(lambda: tui.column("state") == ["✕ revoked"], "the revoked one")
        assert tui.column("asset") == ["✕ How we did it"]
        await tui.until_shown("only revoked ones")
        await tui.press("f", "f")
        await tui.until(lambda: len(tui.column("asset")) == 2, "both again")


async def test_more_links_are_read_as_one_goes_down(server: Server) -> None:
    many(server, None, 150, "old")
    async with console(server, size=(80, 24), refresh_s=60) as tui:
        await _to_shares(tui)
        await tui.until_shown("the newest 100 shares, more below")
        await tui.press("G")
        await tui.until(lambda: tui.listing().grid.row_count == 150, "the rest")
        await tui.until_shown("all 150 shares")


async def test_nothing_yet_says_what_to_do(server: Server) -> None:
    async with console(server, size=(80, 24)) as tui:
        await tui.press("4")
        await tui.until_shown("No share is out yet. Mint one with POST /api/v1/shares")
        await tui.press("f", "f")
        await tui.until_shown("No share is revoked. f shows others.")


async def test_the_tree_shows_what_each_branch_brought(server: Server) -> None:
    root = server.share(channel="linkedin")
    child = branch(server, root, "ada@hooli.example")
    lead(server, child, "bea@hooli.example", name="Bea")
    opportunity(server, "D-1", ["bea@hooli.example"])
    branch(server, child, "cleo@hooli.example")
    async with console(server, size=(120, 50)) as tui:
        await _to_shares(tui)
        await tui.press(*["j"] * [share["hop"] for share in listed(server)].index(0))
        shown = await _open(tui)
        await tui.until_shown("Where did “Quarterly report” by Initech go?", "2 with 2 visits, 2 leads")
        await tui.until(lambda: len(shown.nodes) == 3, "the whole tree")
        rows = [line for line in tui.screen().splitlines() if "lead 0" in line or "This share" in line]
        assert [row.partition(f" {datetime.now(UTC).year} ")[2].split() for row in rows] == [
            ["1", "1", "0", "–"],
            ["2", "2", "1", "EUR", "12,000"],
            ["0", "0", "0", "–"],
        ]
        await tui.press("j", "enter")
        await tui.until(lambda: [n.depth for n in tree(tui).nodes] == [0, 1], "the branch for itself")
        await tui.until_shown("Passed from", "hop 1")
        await tui.press("u")
        await tui.until(lambda: len(tree(tui).nodes) == 3, "the link above")
        await tui.press("space")
        await tui.until(lambda: "lead 0" not in tui.screen(), "it folded")
        await tui.press("escape", "escape", "escape")
        await tui.until(lambda: isinstance(tui.console.screen, SharesScreen), "the list again")


async def test_a_large_tree_is_read_as_it_opens(server: Server) -> None:
    server.share()
    root = listed(server)[0]["share"]
    many(server, root, 450, "wide")
    many(server, "wide-00001", 3, "deep")
    async with console(server, refresh_s=60) as tui:
        await tui.console.switch_mode("shares")
        tui.console.open_share(root)
        await tui.until(lambda: len(tree(tui).nodes) == 200, "the first of them")
        assert {node.depth for node in tree(tui).nodes} == {0, 1}
        shown = tree(tui)
        for expected in (399, 451):
            await tui.press("G")
            await tui.until(lambda: isinstance(shown.current, More), "the line that says how many more")
            await tui.press("space")
            await tui.until(lambda n=expected: len(shown.nodes) >= n, f"{expected} of them")
        assert not [child for child in shown.root.children if isinstance(child.data, More)]
        await tui.press("g", "j")
        await tui.until(lambda: isinstance(shown.current, Node) and shown.current.share == "wide-00001", "the first")
        await tui.press("space")
        await tui.until(lambda: {n.share for n in shown.nodes} >= {"deep-00001", "deep-00003"}, "what is below it")


async def test_revoking_says_first_what_stops_and_what_stays(server: Server) -> None:
    root = server.share()
    child = branch(server, root, "ada@hooli.example")
    kept = server.share()
    top = next(share for share in listed(server) if share["branches"])
    async with console(server, size=(80, 24)) as tui:
        await tui.until(lambda: tui.console.known.role == "admin", "the role")
        tui.console.open_share(top["share"])
        await tui.until_shown("1 with")
        await tui.dialog("R", RevokeDialog)
        await tui.until_shown("This share and its 1 branch stop opening.", "1 lead stays, with what is credited")
        await tui.press("escape")
        assert server.share_page(root)
        await tui.dialog("R", RevokeDialog)
        await tui.press("enter")
        assert server.share_page(root), "what cannot be undone is not done by a slip"
        await tui.dialog("R", RevokeDialog)
        await tui.press("tab", "enter")
        await tui.until_shown("✕ revoked")
        assert [server.viewer.get(path).status_code for path in (root, child, kept)] == [410, 410, 200]
        await tui.press("R")
        assert isinstance(tui.console.screen, ShareScreen), "what is revoked is not revoked again"


async def test_a_link_is_revoked_from_the_list_too(server: Server) -> None:
    path = server.share()
    async with console(server) as tui:
        await _to_shares(tui)
        await tui.dialog("R", RevokeDialog)
        await tui.until_shown("This share stops opening.", "Nothing came of it yet")
        await tui.press("tab", "enter")
        await tui.until(lambda: tui.column("state") == ["✕ revoked"], "its new state")
        assert server.viewer.get(path).status_code == 410


async def test_a_reader_is_not_offered_to_revoke(server: Server, reader_key: str) -> None:
    server.share()
    async with console(server, key=reader_key) as tui:
        await tui.until(lambda: tui.console.known.role == "reader", "the role")
        await _to_shares(tui)
        await tui.until(lambda: "revoke" not in tui.offered() and "code" in tui.offered(), "less")
        await tui.press("R")
        assert isinstance(tui.console.screen, SharesScreen)
        await _open(tui)
        assert "revoke" not in tui.offered()


async def test_copied_opened_and_scanned(server: Server) -> None:
    url = server.config.base_url + server.share()
    opened: list[str] = []
    async with console(server, size=(160, 50)) as tui:
        tui.console.opener = lambda asked: not opened.append(asked)  # type: ignore[func-returns-value]
        await _to_shares(tui)
        await tui.press("y", "b")
        await tui.until(lambda: opened == [url], "the browser")
        assert tui.console.clipboard == url
        await tui.dialog("q", CodeScreen)
        await tui.until(lambda: scanned(tui.screen()) == matrix(url), "the code")
        await tui.press("escape")
        await _open(tui)
        tui.console.opener = lambda asked: False
        await tui.press("b")
        await tui.until_shown("There is no browser here")
        await tui.press("c")
        await tui.until(lambda: isinstance(tui.console.screen, CustomerScreen), "its customer")


async def test_a_code_that_has_no_room_says_how_much_it_needs(server: Server) -> None:
    server.share()
    async with console(server, size=(60, 20)) as tui:
        await _to_shares(tui)
        await tui.dialog("q", CodeScreen)
        await tui.until_shown("make the window")
        assert "█" not in tui.screen()


@pytest.mark.parametrize("theme", ["passalong-light", "passalong-dark"])
async def test_a_code_is_dark_on_light_in_every_look(server: Server, theme: str) -> None:
    server.share()
    async with console(server, size=(160, 50)) as tui:
        tui.console.theme = theme
        await _to_shares(tui)
        await tui.dialog("q", CodeScreen)
        code = tui.console.screen.query_one(QrCode)
        await tui.until(lambda: code.size.height > 20, "the code")
        colours = {
            (str(segment.style.color.name), str(segment.style.bgcolor.name))
            for y in range(code.size.height)
            for segment in code.render_line(y)
            if segment.style and segment.style.color and segment.style.bgcolor and segment.text
        }
        assert colours == {("#000000", "#ffffff")}


@pytest.mark.parametrize("length", [10, 57, 150, 300])
@pytest.mark.parametrize("margin", [1, 2, 4])
def test_what_is_drawn_is_the_code(length: int, margin: int) -> None:
    url = "https://share.example.com/s/" + "aB3_" * (length // 4)
    lines = drawn(modules(url, margin))
    seen = [[half for cell in line for half in [_CELLS[cell][row]]] for line in lines for row in (0, 1)]
    expected = [[bool(m) for m in row] for row in segno.make(url, error="l", micro=False).matrix_iter(border=margin)]
    assert seen[: len(expected)] == expected
    assert not any(any(row) for row in seen[len(expected) :]), "what completes the last line is light"


def scanned(screen: str) -> list[list[bool]]:
    """The dark and light modules on a screen, without what is light around them."""
    lines = [line.partition("  Quarterly")[0] for line in screen.splitlines()]
    cells = [[_CELLS.get(character, (False, False)) for character in line] for line in lines]
    rows = [[pair[half] for pair in line] for line in cells for half in (0, 1)]
    dark = [(y, x) for y, row in enumerate(rows) for x, module in enumerate(row) if module]
    if not dark:
        return []
    (top, bottom), (left, right) = ([f(p[axis] for p in dark) for f in (min, max)] for axis in (0, 1))
    return [(row + [False] * right)[left : right + 1] for row in rows[top : bottom + 1]]


def matrix(url: str) -> list[list[bool]]:
    return [[bool(module) for module in row] for row in segno.make(url, error="l", micro=False).matrix]


async def test_strangers_words_reach_no_terminal(server: Server) -> None:
    path = server.share(sharer="\x1b]52;c;aGk=\x07[/]\u202eevil")
    server.api.put("/api/v1/customers/initech", json={"name": HOSTILE}).raise_for_status()
    server.api.put("/api/v1/assets/report", json={"title": HOSTILE, "kind": "file"}).raise_for_status()
    branch(server, path, "eve@evil.example")
    top = next(share for share in listed(server) if share["branches"])
    async with console(server, size=(160, 50)) as tui:
        await _to_shares(tui)
        await tui.until_shown("[/]", "evil")
        harmless(tui)
        await tui.dialog("R", RevokeDialog)
        harmless(tui)
        await tui.press("escape", "v")
        harmless(tui)
        await tui.press("escape")
        await tui.dialog("q", CodeScreen)
        harmless(tui)
        await tui.press("escape")
        tui.console.open_share(top["share"])
        await tui.until_shown("1 with", "]52;c;aGk=")
        harmless(tui)


def harmless(tui: Driver) -> None:
    shown = tui.screen().replace("\n", "")
    assert not [c for c in shown if c < " " or "\x7f" <= c <= "\x9f" or c in "\u200b\u202a\u202b\u202c\u202d\u202e"]


def test_a_browser_that_would_draw_over_the_console_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Window(webbrowser.BaseBrowser):
        def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
            asked.append(url)
            return True

    class Text(webbrowser.GenericBrowser):
        def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
            asked.append(f"drawn over the console: {url}")
            return True

    monkeypatch.setattr(webbrowser, "get", lambda using=None: Text("lynx"))
    assert not open_in_browser("https://a.example/s/x")
    monkeypatch.setattr(webbrowser, "get", lambda using=None: Window("firefox"))
    assert not open_in_browser("file:///etc/passwd")
    assert not open_in_browser("javascript:alert(1)")
    assert open_in_browser("https://a.example/s/x")
    assert asked == ["https://a.example/s/x"]


def test_visits_by_month_are_bars_with_the_best_one_in_words() -> None:
    def told(**visits: int) -> str:
        months = [ShareMonth(month=f"{m[1:5]}-{m[5:]}", visits=n, leads=0) for m, n in visits.items()]
        return by_month(months, "2026-11")

    assert told() == ""
    assert told(m202611=1) == "█  since November 2026; most in November 2026: 1 visit"
    assert told(m202607=16, m202608=1, m202610=8) == "█▁ ▄   since July 2026; most in July 2026: 16 visits"
    assert told(m202401=5) == "nobody for 12 months; most in January 2024: 5 visits"


async def test_a_tree_is_exported_as_it_was_read(server: Server, tmp_path: Path) -> None:
    root = server.share(sharer="=1+1")
    branch(server, root, "ada@hooli.example")
    top = next(share for share in listed(server) if share["branches"])
    async with console(server, exports=tmp_path / "out") as tui:
        tui.console.open_share(top["share"])
        await tui.until(lambda: len(tree(tui).nodes) == 2, "the tree")
        await tui.press("E")
        await tui.until_shown("2 rows written to")
        [file] = (tmp_path / "out").iterdir()
        rows = list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))
        assert [(row["hop"], row["parent"], row["leads"]) for row in rows] == [("0", "", "1"), ("1", top["share"], "0")]
        assert rows[0]["sharer"] == "'=1+1"


async def test_a_share_that_is_looked_at_whole(server: Server) -> None:
    url = server.config.base_url + server.share()
    async with console(server, size=(80, 24)) as tui:
        await _to_shares(tui)
        await _open(tui)
        await tui.press("y", "v")
        await tui.until(lambda: url in [str(s.visual) for s in tui.console.screen.query(Static)], "the whole link")
        assert tui.console.clipboard == url


async def test_a_feed_is_exported_to_its_end_and_says_what_it_shows(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(5):
        lead(server, server.share(sharer=f"s{n}"), f"p{n}@hooli.example", name=f"P {n}")

    async def a_few(self: SharesScreen, client: Client, search: str, cursor: str | None) -> Page[ListedShare]:
        return await client.shares(q=search, state=self._state or None, cursor=cursor, limit=2)

    monkeypatch.setattr(SharesScreen, "read", a_few)
    async with console(server, size=(120, 24), exports=tmp_path / "out") as tui:
        await _to_shares(tui)
        await tui.until_shown("the newest 2 shares, more below")
        await tui.press("E")
        await tui.until_shown(f"{len(listed(server))} rows written to")
        [file] = (tmp_path / "out").iterdir()
        rows = {row["Share"].removeprefix("'"): row for row in csv.DictReader(file.read_text("utf-8-sig").splitlines())}
        assert set(rows) == {share["share"] for share in listed(server)}
        one = next(share for share in listed(server))
        told = rows[one["share"]]
        assert (told["Link"], told["Customer id"], told["Mechanic"]) == (one["url"], "initech", one["mechanic"])
        assert (told["Pipeline amount"], told["Pipeline currency"]) == ("", "")
        assert len(tui.column("asset")) == 2, "the table shows what it showed"
        await tui.press("s")
        await tui.until_shown("sorted among the newest 2 shares, more below")
        await tui.press("f")
        await tui.until_shown("only open ones   sorted among the newest 2 shares")


async def test_a_number_goes_to_the_list_whatever_was_open_there(server: Server) -> None:
    server.share()
    async with console(server, size=(120, 24)) as tui:
        await _to_shares(tui)
        await _open(tui)
        await tui.press("1", "4")
        await tui.until(lambda: isinstance(tui.console.screen, SharesScreen), "the list")
        await tui.press("question_mark", "G")
        moved = tui.console.screen.query_one("#help")
        await tui.until(lambda: moved.scroll_y == moved.max_scroll_y > 0, "the end of the help")
        await tui.press("g")
        await tui.until(lambda: moved.scroll_y == 0, "its beginning")
