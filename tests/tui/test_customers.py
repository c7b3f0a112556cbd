"""Which customer brought the most, by which rule; and one of them: what happened, and what came of what it shared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from console_driver import Driver, Flaky, console, lead, opportunity, play, story

from factories import ANN, SAFARI, Server, mechanic, rfc3339
from passalong_tui.app import Console
from passalong_tui.client import Client
from passalong_tui.memory import Memory
from passalong_tui.screens.customer import PARTS, CustomerScreen
from passalong_tui.screens.customers import CustomersScreen
from passalong_tui.screens.lead import LeadScreen
from passalong_tui.widgets.parts import Parts

Browser = Callable[..., httpx2.Client]
HOSTILE = '[/]\x1b]52;c;aGk=\x07=HYPERLINK("x")<script>'
BIDI = "\u202eevil\u202c\u200b[bold]\x9b31mCorp"
DAY_MS = 86_400_000


async def _to_customers(tui: Driver) -> None:
    await tui.press("3")
    await tui.until(lambda: isinstance(tui.console.screen, CustomersScreen) and tui.column("name"), "the table")


async def _to_initech(tui: Driver) -> None:
    await _to_customers(tui)
    await tui.until(lambda: tui.listing().current.id == "initech", "the first row")
    await tui.press("enter")
    await tui.until(lambda: isinstance(tui.console.screen, CustomerScreen), "the customer")
    await tui.until(lambda: tui.column("what", "#timeline"), "what happened")


async def _to_part(tui: Driver, part: str) -> None:
    """Goes on until a part has the focus."""
    for _ in PARTS:
        if tui.console.screen.listing.id == part:
            break
        await tui.press("right")
    await tui.until(lambda: tui.listing(f"#{part}").grid.has_focus, part)


def _harmless(tui: Driver) -> None:
    shown = tui.screen().replace("\n", "")
    bad = [c for c in shown if c < " " or "\x7f" <= c <= "\x9f" or c in "\u200b\u202a\u202b\u202c\u202d\u202e\u2066"]
    assert not bad


@pytest.fixture
def two_touches(server: Server, browser: Browser, clock: Any) -> Server:
    """Ann came by Globex first and by Initech ten days later, and bought; Initech’s Bo bought for half as much."""
    server.admit(server.share(customer="globex"))
    clock.ms += 10 * DAY_MS
    path = server.share(customer="initech")
    server.admit(path, browser(SAFARI))
    server.admit(path, browser(), email="bo@initech.example")
    clock.ms += DAY_MS
    at = rfc3339(clock())
    opportunity(server, "D-1", [ANN["email"]], occurred_at=at)
    opportunity(server, "D-2", ["bo@initech.example"], occurred_at=at,
                amount={"amount_minor": 600_000, "currency": "EUR"})  # fmt: skip
    return server


# Which brought the most.


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_who_brought_the_most_is_read_from_the_first_row(two_touches: Server, size: tuple[int, int]) -> None:
    async with console(two_touches, size=size) as tui:
        await _to_customers(tui)
        await tui.until_shown("Which customers bring others?   by pipeline, origin model, the one in use")
        assert tui.column("name") == ["Globex", "Initech"]
        assert tui.column("pipeline") == ["EUR 12,000", "EUR 6,000"]
        assert tui.column("new_logo") == ["EUR 12,000", "–"]
        assert tui.column("expansion") == ["–", "EUR 6,000"]


async def test_each_model_is_another_order_and_the_choice_is_remembered(two_touches: Server, tmp_path: Path) -> None:
    memory = Memory()
    async with console(two_touches, size=(160, 50)) as tui:
        tui.console.remembered = memory.of(two_touches.config.base_url)
        await _to_customers(tui)
        await tui.until_shown("origin model, the one in use")
        await tui.press("m")
        await tui.until_shown("by pipeline, last touch model · as of")
        await tui.until(lambda: tui.column("name") == ["Initech", "Globex"], "another order")
        assert tui.column("pipeline") == ["EUR 18,000", "–"]
        await tui.press("m")
        await tui.until_shown("by pipeline, linear model")
        await tui.until(lambda: tui.column("opportunities") == ["1.5", "0.5"], "parts")
        await tui.press("m", "m", "m")
        await tui.until_shown("origin model, the one in use")
        await tui.press("m")
        await tui.until_shown("last touch model")
    async with Client(two_touches.config.base_url, str(two_touches.api.headers["authorization"])[7:]) as client:
        app = Console(client, "mara", memory=memory, refresh_s=0.2, retry_s=0.05, long_poll_s=0.3)
        async with app.run_test(size=(120, 40)) as pilot:
            again = Driver(app, pilot)
            await _to_customers(again)
            await again.until_shown("by pipeline, last touch model")
            await again.until(lambda: again.column("name") == ["Initech", "Globex"], "the order of before")


async def test_the_card_tells_what_it_brought_and_what_happened_last(two_touches: Server) -> None:
    async with console(two_touches, size=(160, 50)) as tui:
        await _to_customers(tui)
        await tui.press("down")
        await tui.until(lambda: "initech.example" in tui.text("#customer"), "its domain")
        await tui.until(lambda: "D-2" in tui.text("#customer"), "its last opportunity")
        card = tui.text("#customer")
        assert "Expansion 1 EUR 6,000" in card
        assert "1 share brought 2 visits and 2 leads: 100 % of those who looked." in card
        await tui.press("up")
        await tui.until(lambda: "D-1" in tui.text("#customer"), "the other one")


async def test_the_server_looks_for_what_is_typed(two_touches: Server) -> None:
    async with console(two_touches) as tui:
        await _to_customers(tui)
        await tui.press("slash")
        await tui.type("tech.exa")
        await tui.until(lambda: tui.column("name") == ["Initech"], "one, by its domain")
        await tui.until(lambda: tui.column("place") == ["2"], "in the place that it has among all")
        await tui.type("[/]")
        await tui.until_shown("Nothing here matches “tech.exa[/]”. Esc shows all again.")
        await tui.press("escape")
        await tui.until(lambda: tui.column("name") == ["Globex", "Initech"], "both again")
        await tui.press("slash", "i", "n", "i", "enter")
        await tui.until(lambda: tui.column("name") == ["Initech"] and tui.listing().grid.has_focus, "the rows")


async def test_more_customers_than_one_answer_holds(server: Server) -> None:
    for n in range(210):
        server.api.put(f"/api/v1/customers/c{n:03d}", json={"name": f"Customer {n:03d}"})
    async with console(server, refresh_s=60) as tui:
        await _to_customers(tui)
        await tui.until_shown("the first 200")
        await tui.press("G")
        await tui.until(lambda: len(tui.column("name")) == 212, "the rest")


class Busy(httpx2.AsyncBaseTransport):
    """The network, with a server that has a long history to try a model on: its answer is that of one, until `done`."""

    def __init__(self) -> None:
        self.done = False
        self._network = httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if self.done or "/attribution/customers" not in str(request.url):
            return await self._network.handle_async_request(request)
        return httpx2.Response(
            200,
            json={
                "model": "linear", "present": False, "made_at": None, "conversions": 0, "items": [],
                "progress": {"done": 12_000, "of": 40_000}, "next_cursor": None,
            },
        )  # fmt: skip

    async def aclose(self) -> None:
        await self._network.aclose()


async def test_a_ranking_that_takes_long_says_how_far_it_is(two_touches: Server) -> None:
    network = Busy()
    async with console(two_touches, transport=network) as tui:
        await tui.press("3")
        await tui.until_shown(
            "linear model · trying it on 12,000 of 40,000 conversions…", "A long history takes a while"
        )
        network.done = True
        await tui.until(lambda: tui.column("name") == ["Globex", "Initech"], "what came of it")


async def test_without_a_customer_it_says_how_to_get_one(server: Server) -> None:
    async with console(server, size=(80, 24), refresh_s=60) as tui:
        await _to_customers(tui)
        tui.listing().show([])
        await tui.until_shown("No customer yet. Put one with PUT", "passalong import customers")


# One of them.


async def test_what_happened_and_the_way_from_there(two_touches: Server) -> None:
    async with console(two_touches, size=(80, 24)) as tui:
        await _to_customers(tui)
        await tui.press("down", "enter")
        await tui.until(lambda: tui.column("what", "#timeline") == ["opportunity", "lead", "first share"], "it")
        await tui.until_shown("What did Initech bring?", "1 share, 2 visits, 2 leads, 1 opportunity.")
        await tui.until_shown("New logos 0 · –   expansion 1 · EUR 6,000   pipeline EUR 6,000")
        assert tui.column("amount", "#timeline")[0] == "EUR 6,000"
        assert "initech.example" in tui.column("about", "#timeline")
        tui.listing("#timeline").grid.move_cursor(row=1)
        await tui.press("enter")
        await tui.until(lambda: isinstance(tui.console.screen, LeadScreen), "the lead")
        await tui.press("escape")
        await tui.until(lambda: isinstance(tui.console.screen, CustomerScreen), "the way back")
        await tui.press("escape")
        await tui.until(lambda: isinstance(tui.console.screen, CustomersScreen), "the list")


async def test_its_parts_one_after_the_other_on_a_small_terminal(server: Server) -> None:
    story(server)
    async with console(server, size=(80, 24)) as tui:
        await _to_initech(tui)
        await _to_part(tui, "shares")
        await tui.until(lambda: tui.column("asset", "#shares") == ["Quarterly report"], "its share")
        assert not tui.listing("#timeline").display, "one part at a time"
        await _to_part(tui, "leads")
        await tui.until_shown("ada@hooli.example", "new logo")
        await _to_part(tui, "conversions")
        await tui.until(lambda: tui.column("amount", "#conversions") == ["EUR 12,000"], "what came of it")
        await tui.until_shown("Why: The contact filled the gate on Initech’s link on the same day.")
        await tui.press("left")
        await tui.until(lambda: tui.listing("#leads").grid.has_focus, "the one before")
        await tui.press("enter")
        await tui.until_shown("How did ada@hooli.example come to us?", "Ada Byron", "Hooli")
        await tui.press("escape")
        await tui.until(lambda: isinstance(tui.console.screen, CustomerScreen), "the way back")
        await tui.pilot.click(Parts, offset=(len("Timeline  Sh"), 0))
        await tui.until(lambda: tui.listing("#shares").grid.has_focus, "the part that was clicked")


async def test_the_timeline_and_a_part_beside_it_on_a_large_one(two_touches: Server) -> None:
    async with console(two_touches, size=(160, 50)) as tui:
        await _to_customers(tui)
        await tui.press("down", "enter")
        await tui.until(lambda: tui.column("what", "#timeline") and tui.column("asset", "#shares"), "both")
        await tui.until_shown("Opportunities that carry its name", "Expansion", "Pipeline")
        await tui.press("tab")
        await tui.until(lambda: tui.listing("#shares").grid.has_focus, "the other one")
        await _to_part(tui, "conversions")
        assert tui.listing("#timeline").display
        assert not tui.listing("#shares").display
        await tui.until(lambda: tui.column("amount", "#conversions") == ["EUR 6,000"], "what came of it")
        await tui.pilot.resize_terminal(80, 24)
        await tui.until(lambda: not tui.listing("#timeline").display, "one part at a time")


async def test_plays_signals_and_advocacy_of_one(server: Server, clock: Any) -> None:
    server.api.put("/api/v1/mechanics/voices", json=mechanic(title="Voices", kind="advocacy"))
    body = {"customer": "initech", "kind": "talk", "title": "How we did it", "asset": "link"}
    assert server.api.post("/api/v1/advocacy", json=body).status_code == 201
    play(server, clock)
    story(server)
    async with console(server, size=(120, 40)) as tui:
        await _to_initech(tui)
        await tui.until(
            lambda: {"signal", "play made", "advocacy"} <= set(tui.column("what", "#timeline")), "all of it"
        )
        assert "support.ticket_opened × 3" in tui.column("about", "#timeline")
        await _to_part(tui, "plays")
        await tui.until(lambda: tui.column("title", "#plays") == ["Tickets pile up"], "the play")
        await tui.until_shown("● open", "Why: 3 open tickets")
        await _to_part(tui, "signals")
        await tui.until(lambda: tui.column("kind", "#signals") == ["support.ticket_opened"], "the signals")
        assert (tui.column("count", "#signals"), tui.column("weeks", "#signals")) == (["3"], ["···········█"])
        await _to_part(tui, "advocacy")
        await tui.until(lambda: tui.column("title", "#advocacy") == ["How we did it"], "the piece")
        await tui.until_shown("Why: Known since today; nobody has come by its link yet.")


async def test_empty_parts_say_what_to_do(server: Server) -> None:
    async with console(server, size=(80, 24)) as tui:
        await _to_customers(tui)
        await tui.press("enter")
        for sentence in (
            "Nothing happened yet. Mint a share",
            "No share yet. Mint one",
            "No lead yet.",
            "Nothing is credited to this customer yet.",
            "No play yet.",
            "No signal yet.",
            "No piece of advocacy yet.",
        ):
            await tui.until_shown(sentence)
            await tui.press("right")
        await tui.until_shown("Nothing happened yet.")


async def test_revoked_and_expired_shares_say_so(server: Server) -> None:
    path = server.share(expires_at="2099-01-31T18:00:00Z")
    body = {"asset": "report", "mechanic": "hard", "customer": "initech"}
    gone = server.api.post("/api/v1/shares", json=body).json()["share"]
    assert server.api.post(f"/api/v1/shares/{gone}/revoke").status_code == 200
    lead(server, path, "ada@initech.example", name="Ada")
    async with console(server) as tui:
        await _to_initech_second(tui)
        await _to_part(tui, "shares")
        assert sorted(tui.column("state", "#shares")) == ["until 31 Jan 2099", "✕ revoked"]
        assert sorted(tui.column("asset", "#shares")) == ["Quarterly report", "✕ Quarterly report"]
        await _to_part(tui, "leads")
        await tui.until(lambda: tui.column("motion", "#leads") == ["expansion"], "its motion")


async def test_a_lost_server_leaves_what_was_known(two_touches: Server) -> None:
    network = Flaky()
    async with console(two_touches, transport=network) as tui:
        await _to_initech_second(tui)
        network.down = True
        await tui.until_shown("No answer from", "Showing what was known then.")
        assert tui.column("what", "#timeline")
        await _to_part(tui, "shares")
        assert tui.column("asset", "#shares")
        network.down = False
        await tui.until(lambda: not tui.console.trouble, "the way back")


async def _to_initech_second(tui: Driver) -> None:
    await _to_customers(tui)
    await tui.press("down", "enter")
    await tui.until(lambda: tui.column("what", "#timeline"), "what happened")


async def test_strangers_text_reaches_no_terminal(server: Server) -> None:
    path = server.share(channel="li")
    lead(server, path, "eve@evil.example", name=HOSTILE, company=BIDI)
    server.api.put("/api/v1/customers/initech", json={"name": HOSTILE, "region": BIDI})
    server.api.put("/api/v1/customers/bidi", json={"name": BIDI})
    opportunity(server, BIDI, ["eve@evil.example"])
    async with console(server, size=(160, 50)) as tui:
        await tui.until_shown("● lead")
        _harmless(tui)
        await _to_customers(tui)
        await tui.until(lambda: "[/]" in tui.text("#customer") and "opportunity" in tui.text("#customer"), "the card")
        _harmless(tui)
        await _to_initech(tui)
        await tui.until_shown("[/]", "<script>", "evil.example", "[bold]")
        for _ in PARTS:
            await tui.press("right")
            _harmless(tui)
        await tui.press("v")
        await tui.until_shown("Esc closes this.")
        _harmless(tui)
        await tui.press("escape")
        await _to_part(tui, "leads")
        await tui.press("enter")
        await tui.until_shown("How did eve@evil.example come to us?", '=HYPERLINK("x")<script>')
        _harmless(tui)
        await tui.press("3", "ctrl+p")
        await tui.type("evil")
        await tui.until_shown("Open this customer")
        _harmless(tui)
