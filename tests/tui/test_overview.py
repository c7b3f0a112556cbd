"""The one number and what stands behind it."""

from __future__ import annotations

import pytest
from console_driver import console, lead, opportunity, story
from textual.widgets import Digits

from factories import Server, form_token
from passalong_tui.widgets.tail import LiveTail


async def test_the_number_its_coverage_and_its_sources(server: Server) -> None:
    story(server)
    async with console(server) as tui:
        await tui.until(lambda: tui.console.screen.query_one("#number", Digits).value == "1", "the number")
        await tui.until_shown("What did customers bring this month?", "50 %  1 of 2 known opportunities")
        await tui.until_shown("Customer reports", "new logo", "EUR 12,000", "Unattributed")
        await tui.until_shown("Visits", "Leads", "Opportunities")


async def test_events_appear_as_they_happen(server: Server) -> None:
    async with console(server, refresh_s=60) as tui:
        await tui.until_shown("Nothing has happened yet.")
        path = server.share()
        await tui.until_shown("share made")
        lead(server, path, "ada@hooli.example", name="Ada")
        await tui.until_shown("● lead", "Initech · Customer reports", "a person", "just now")
        agent = {"user-agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"}
        server.viewer.get(path, headers=agent)
        await tui.until_shown("a link preview")


async def test_a_customer_made_later_is_named_in_the_tail(server: Server) -> None:
    async with console(server, refresh_s=60) as tui:
        await tui.until_shown("Nothing has happened yet.")
        server.api.put("/api/v1/customers/c9", json={"name": "Vandelay Industries"})
        server.share(customer="c9")
        await tui.until_shown("Vandelay Industries")


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_everything_is_readable_at_both_sizes(server: Server, size: tuple[int, int]) -> None:
    story(server)
    opportunity(server, "S-1", ["ada@hooli.example"], kind="signup", amount=None)
    async with console(server, size=size) as tui:
        await tui.until_shown("1 of 2 known", "EUR 12,000", "Unattributed", "Right now", "? Help", "T Theater")
        months = [line for line in tui.screen().splitlines() if "Jan" in line and "Feb" in line]
        assert months, tui.screen()
        assert all(name in months[0] for name in ("Mar", "May", "Jul", "Sep", "Nov", "Dec"))
        other = (160, 50) if size == (80, 24) else (80, 24)
        await tui.pilot.resize_terminal(*other)
        await tui.until_shown("1 of 2 known", "Right now", "? Help")


@pytest.mark.parametrize("size", [(80, 24), (100, 36), (119, 42), (120, 32), (120, 40), (150, 32), (160, 50)])
async def test_right_now_has_three_rows_whatever_there_is_to_tell(server: Server, size: tuple[int, int]) -> None:
    story(server)
    for n in range(6):
        declared = {"amount": {"amount_minor": 90_000, "currency": f"AA{'BCDEFG'[n]}"}}
        opportunity(server, f"M-{n}", ["ada@hooli.example"], **declared)
    async with console(server, size=size) as tui:
        await tui.until_shown("Right now", "T Theater")
        await tui.until(lambda: tui.console.screen.query_one(LiveTail).size.height >= 3, "three rows")
        assert not tui.console.screen.show_vertical_scrollbar, "all of it is there at once"


async def test_the_pipeline_of_the_months_is_stacked_by_source(server: Server) -> None:
    story(server)
    opportunity(server, "D-3", ["ada@hooli.example"], amount={"amount_minor": 90_000, "currency": "USD"})
    async with console(server, size=(160, 50)) as tui:
        await tui.until_shown("Pipeline by source, month by month", "██ Customer reports EUR 12,000", "·· Unattributed")
        await tui.until_shown("24k", "Not drawn, of another currency: USD 900", "From visit to opportunity")
        await tui.until_shown("Coverage █", "67 %  2 of 3 known opportunities")
        await tui.pilot.resize_terminal(80, 24)
        await tui.until(lambda: "month by month" not in tui.screen(), "the calm of a small terminal")
        await tui.until_shown("2 of 3 known opportunities", "Customer reports", "Right now", "T Theater")


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_it_says_how_many_asked_to_be_erased(server: Server, size: tuple[int, int]) -> None:
    story(server)
    page = server.viewer.get("/privacy")
    asked = {"csrf_token": form_token(page.text), "email": server.leads()[0]["email"]}
    async with console(server, size=size) as tui:
        await tui.until_shown("new opportunity carries")
        assert "erased" not in tui.screen()
        server.viewer.post("/privacy/erase", data=asked).raise_for_status()
        await tui.until_shown("! 1 asked to be erased")
        server.api.delete(f"/api/v1/leads/{server.leads()[0]['id']}").raise_for_status()
        await tui.until(lambda: "erased" not in tui.screen(), "nobody waits any more")


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_an_empty_server_says_what_to_do_first(server: Server, size: tuple[int, int]) -> None:
    async with console(server, size=size) as tui:
        await tui.until_shown(
            "What to do first:", "✓ Launch one mechanic", "○ Mint a share", "○ Send it", "○ Connect the"
        )
        path = server.share()
        await tui.until_shown("✓ Mint a share")
        lead(server, path, "ada@hooli.example", name="Ada", company="Hooli")
        await tui.until_shown("✓ Send it", "○ Connect the CRM")
        opportunity(server, "D-1", ["ada@hooli.example"])
        await tui.until(lambda: "What to do first" not in tui.screen(), "the pipeline in its place")
        await tui.until_shown("EUR 12,000")
