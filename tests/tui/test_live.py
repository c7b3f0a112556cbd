"""The live tail: what happens is on the screen at once, can be held still, and costs the same however much comes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
from console_driver import Driver, console, lead, looked, opportunity

from factories import ANN, Server, rfc3339
from passalong_tui.known import TAIL
from passalong_tui.palette import ConsoleCommands
from passalong_tui.screens.customer import CustomerScreen
from passalong_tui.screens.lead import LeadScreen
from passalong_tui.screens.live import LiveScreen
from passalong_tui.screens.share import ShareScreen
from passalong_tui.widgets.stream import Stream

HOSTILE = "[/]\x1b]52;c;aGk=\x07\u202eevil\x9b31m"


def stream(tui: Driver) -> Stream:
    return tui.console.screen.query_one(Stream)


def kinds(tui: Driver) -> list[str]:
    """Of the events that are shown, newest first."""
    return [event.kind for event in stream(tui).shown]


async def _to_live(tui: Driver) -> None:
    await tui.press("0")
    await tui.until(lambda: isinstance(tui.console.screen, LiveScreen) and tui.console.known.following, "the tail")


async def test_what_happens_is_there_at_once_and_newest_first(server: Server) -> None:
    async with console(server, size=(160, 50)) as tui:
        await _to_live(tui)
        await tui.until_shown("Nothing has happened yet.")
        path = server.share(channel="linkedin")
        await tui.until(lambda: kinds(tui) == ["share"], "the link")
        lead(server, path, "ada@hooli.example", name="Ada Byron")
        await tui.until(lambda: kinds(tui)[0] == "lead", "the lead")
        await tui.until_shown("● following", "● lead", "Initech", "Customer reports", "report", "a person")
        assert "ada@hooli" not in tui.screen()


async def test_an_event_leads_to_whom_it_is_about(server: Server) -> None:
    path = server.share()
    lead(server, path, "ada@hooli.example", name="Ada Byron")
    async with console(server) as tui:
        await _to_live(tui)
        await tui.until(lambda: kinds(tui) == ["lead", "view", "share"], "three events")
        await tui.press("enter")
        await tui.until(lambda: isinstance(tui.console.screen, LeadScreen), "the lead")
        await tui.until_shown("How did ada@hooli.example come to us?")
        await tui.press("escape", "j", "enter")
        await tui.until(lambda: isinstance(tui.console.screen, ShareScreen), "the link")
        await tui.press("escape")
        await tui.until(lambda: isinstance(tui.console.screen, LiveScreen), "the tail")
        opportunity(server, "D-1", [], heard_from="Globex told us")
        await tui.press("g")
        await tui.until(lambda: kinds(tui)[0] == "opportunity", "the opportunity")
        assert stream(tui).current.customer == "globex"
        await tui.press("enter")
        await tui.until(lambda: isinstance(tui.console.screen, CustomerScreen), "the customer")


async def test_a_share_made_leads_to_the_share_though_a_lead_made_it(server: Server) -> None:
    path = server.share()
    with httpx2.Client(base_url=server.config.base_url, headers={"user-agent": "Mozilla/5.0 Firefox/140.0"}) as viewer:
        assert server.submit(path, viewer, email="ada@hooli.example", name="Ada").status_code == 303
        assert viewer.post(f"{path}/pass-along").status_code == 303
    async with console(server) as tui:
        await _to_live(tui)
        await tui.until(lambda: kinds(tui).count("share") == 2, "both shares")
        while stream(tui).current.kind != "share":
            await tui.press("j")
        made = stream(tui).current
        assert made.lead, "it was passed along by somebody who is known"
        await tui.press("y")
        await tui.until(lambda: tui.console.clipboard == made.share, "the share")
        await tui.press("v")
        await tui.until_shown("share made", "a person")
        await tui.press("escape", "enter")
        await tui.until(lambda: isinstance(tui.console.screen, ShareScreen), "the share")


async def test_a_pause_holds_still_and_loses_nothing(server: Server) -> None:
    path = server.share()
    async with console(server) as tui:
        await _to_live(tui)
        await tui.until(lambda: kinds(tui) == ["share"], "the link")
        await tui.press("space")
        await tui.until_shown("Ⅱ paused, 0 new", "Space Go on")
        assert "Go on  Space" in {entry.name for entry in ConsoleCommands(tui.console.screen).commands()}
        for n in range(3):
            lead(server, path, f"n{n}@hooli.example", name="N")
        await tui.until_shown("Ⅱ paused, 6 new")
        assert kinds(tui) == ["share"]
        await tui.press("f", "f")
        await tui.until_shown("Ⅱ paused, 3 new", "leads")
        await tui.press("space")
        await tui.until(lambda: kinds(tui) == ["lead"] * 3, "the leads")
        await tui.until_shown("Space Pause")
        await tui.press("f", "f", "f")
        await tui.until(lambda: len(kinds(tui)) == 7, "everything")


async def test_kinds_and_words_narrow_it_and_that_is_remembered(server: Server) -> None:
    path = server.share()
    lead(server, path, "ada@hooli.example", name="Ada Byron")
    server.viewer.get(server.share(customer="globex"), headers={"user-agent": "Slackbot-LinkExpanding 1.0"})
    opportunity(server, "D-1", ["ada@hooli.example"])
    async with console(server) as tui:
        await _to_live(tui)
        await tui.until(lambda: len(kinds(tui)) == 6, "everything")
        expected = [
            ("people only", {"view", "lead"}),
            ("leads", {"lead"}),
            ("conversions", {"opportunity"}),
            ("shares made", {"share"}),
        ]
        for name, only in expected:
            await tui.press("f")
            await tui.until_shown(name)
            assert set(kinds(tui)) == only
        assert tui.console.remembered.choices["live.kind"] == "shares made"
        await tui.press("slash")
        await tui.type("GLOBEX")
        await tui.until(lambda: [e.customer for e in stream(tui).shown] == ["globex"], "one")
        await tui.type("[/]")
        await tui.until_shown("Nothing here matches “GLOBEX[/]”. Esc shows all again.")
        await tui.press("escape")
        await tui.until(lambda: len(kinds(tui)) == 2, "both links")


async def test_the_cursor_stays_with_its_event_while_others_come(server: Server) -> None:
    path = server.share()
    server.viewer.get(path)
    async with console(server) as tui:
        await _to_live(tui)
        await tui.until(lambda: kinds(tui) == ["view", "share"], "two events")
        await tui.press("j")
        assert stream(tui).current.kind == "share"
        lead(server, path, "ada@hooli.example", name="Ada")
        await tui.until(lambda: kinds(tui)[0] == "lead", "the lead")
        assert stream(tui).current.kind == "share"
        await tui.press("g")
        server.share()
        await tui.until(lambda: kinds(tui)[0] == "share", "the new link")
        assert stream(tui).current.seq == stream(tui).shown[0].seq, "on top, one sees what comes"


async def test_thousands_of_events_cost_no_more_than_those_that_are_kept(server: Server, clock: Any) -> None:
    async with console(server, size=(80, 24)) as tui:
        await _to_live(tui)
        await tui.press("space")
        with ThreadPoolExecutor(1) as beside:
            filling = beside.submit(looked, server, "open", TAIL + 700, at_ms=clock())
            await tui.until(filling.done, "the events")
        last = server.api.get("/api/v1/events").json()["last_seq"]
        await tui.until(lambda: tui.console.known.events[-1].seq == last, "the last of them")
        await tui.until_shown(f"{TAIL:,} new, the oldest of them let go")
        await tui.press("space")
        await tui.until(lambda: len(kinds(tui)) == TAIL, "what is kept")
        assert stream(tui).shown[0].seq == last
        await tui.press("G")
        assert stream(tui).current.seq == last - TAIL + 1


async def test_whatever_comes_within_a_moment_is_drawn_once(server: Server, clock: Any) -> None:
    server.share()
    async with console(server) as tui:
        await _to_live(tui)
        await tui.until(lambda: kinds(tui) == ["share"], "the link")
        moves: list[int] = []
        shown = stream(tui)
        original = shown.put

        def counted(newer: Any) -> None:
            moves.append(1)
            original(newer)

        shown.put = counted  # type: ignore[method-assign]  counts, and does what it did
        looked(server, "open", 1500, at_ms=clock())
        last = server.api.get("/api/v1/events").json()["last_seq"]
        await tui.until(lambda: shown.shown[0].seq == last, "all of them")
        assert len(moves) < 150


async def test_times_are_local_or_utc_and_a_row_can_be_had_whole_and_copied(server: Server, tmp_path: Any) -> None:
    path = server.share()
    lead(server, path, "ada@hooli.example", name="Ada")
    async with console(server, size=(160, 50)) as tui:
        tui.console.exports = tmp_path
        await _to_live(tui)
        await tui.until(lambda: len(kinds(tui)) == 3, "the events")
        event = stream(tui).current
        await tui.press("z")
        await tui.until_shown(f"{event.at:%H:%M:%S}Z")
        await tui.press("z", "y", "v")
        assert tui.console.clipboard == event.lead
        await tui.until_shown(str(event.lead), "seq")
        await tui.press("escape", "E")
        await tui.until_shown("3 rows written to")
        [file] = tmp_path.glob("*.csv")
        assert file.read_text("utf-8-sig").splitlines()[1].startswith(rfc3339(int(event.at.timestamp() * 1000))[:19])


async def test_strangers_words_reach_no_terminal(server: Server) -> None:
    server.api.put("/api/v1/customers/initech", json={"name": HOSTILE}).raise_for_status()
    server.admit(server.share(), **ANN)
    async with console(server, size=(160, 50)) as tui:
        await _to_live(tui)
        await tui.until_shown("[/]", "evil")
        for keys in (("v",), ("escape", "slash"), ("[", "/")):
            shown = tui.screen().replace("\n", "")
            assert not [c for c in shown if c < " " or "\x7f" <= c <= "\x9f" or c in "\u200b\u202d\u202e"]
            await tui.press(*keys)
