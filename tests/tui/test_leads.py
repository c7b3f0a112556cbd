"""Leads: found by whatever they said, followed back to whoever passed the link on, and erased for good."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from console_driver import Driver, console, lead, opportunity

from factories import ADMIN_KEY, ANN, FIREFOX, SAFARI, Server
from passalong.settings import Limits
from passalong_tui.client import PART_SIZE
from passalong_tui.screens.erase import EraseDialog
from passalong_tui.screens.lead import LeadScreen
from passalong_tui.screens.leads import LeadsScreen
from passalong_tui.screens.opportunity import OpportunityScreen

Browser = Callable[..., httpx2.Client]
DAY_MS = 86_400_000
HOSTILE = '[/]\x1b]52;c;aGk=\x07=HYPERLINK("x")<script>'
BIDI = "\u202eevil\u202c\u200b[bold]\x9b31mCorp"


async def to_leads(tui: Driver) -> None:
    await tui.press("5")
    await tui.until(lambda: isinstance(tui.console.screen, LeadsScreen) and tui.column("lead"), "the leads")


def people(tui: Driver) -> list[str]:
    """Those shown, without the mark of who fills forms as fast as tests do."""
    return [told.removeprefix("! ") for told in tui.column("lead")]


async def to_lead(tui: Driver, *said: str) -> None:
    await to_leads(tui)
    await tui.press("enter")
    await tui.until(lambda: isinstance(tui.console.screen, LeadScreen), "the lead")
    await tui.until_shown("How it came", *said)


def harmless(tui: Driver) -> None:
    shown = tui.screen().replace("\n", "")
    bad = [c for c in shown if c < " " or "\x7f" <= c <= "\x9f" or c in "\u200b\u202a\u202b\u202c\u202d\u202e\u2066"]
    assert not bad


def passed_along(server: Server, browser: Browser, clock: Any) -> None:
    """From Initech to Gil, from Gil to Pam, from Pam to Ann, with days between."""
    path = server.share(channel="linkedin")
    for agent, email in ((FIREFOX, "gil@hooli.example"), (SAFARI, "pam@pied.example")):
        viewer = browser(agent)
        server.admit(path, viewer, email=email)
        made = viewer.post(f"{path}/pass-along").headers["location"]
        path = "/s/" + made.partition("link=")[2].partition("&")[0]
        clock.ms += 3 * DAY_MS
    server.admit(path, browser("Mozilla/5.0 (X11) Firefox/139.0"), company="Umbrella plc")


async def test_the_newest_first_with_who_brought_them(server: Server, clock: Any) -> None:
    lead(server, server.share(), "ada@hooli.example", name="Ada Byron", company="Hooli")
    clock.ms += DAY_MS
    lead(server, server.share(customer="globex"), "bo@globex.example", name="Bo Ek")
    async with console(server, size=(160, 50)) as tui:
        await to_leads(tui)
        assert people(tui) == ["bo@globex.example", "ada@hooli.example"]
        await tui.until(lambda: tui.column("customer") == ["Globex", "Initech"], "customers by name")
        assert tui.column("name") == ["Bo Ek", "Ada Byron"]
        assert tui.column("company") == ["globex.example", "Hooli"]
        assert tui.column("mechanic") == ["Customer reports"] * 2
        assert tui.column("motion") == ["expansion", "new logo"]
        await tui.until_shown("Who came, and through whom?   all 2 leads")


async def test_what_is_typed_is_looked_for_by_the_server(server: Server, clock: Any) -> None:
    lead(server, server.share(), "ada@hooli.example", name="Ada Byron", heard_from="at a fair in Bern")
    lead(server, server.share(customer="globex"), "bo@globex.example", name="Bo Ek")
    async with console(server) as tui:
        await to_leads(tui)
        await tui.press("slash")
        await tui.type("fair in")
        await tui.until(lambda: people(tui) == ["ada@hooli.example"], "the one who said so")
        await tui.type(" x[/]")
        await tui.until_shown("Nothing here matches “fair in x[/]”.")
        await tui.press("escape")
        await tui.until(lambda: len(people(tui)) == 2, "both again")
        tables = tui.console.remembered.tables
        await tui.until(lambda: "leads" in tables, "how the table is arranged")
        assert not tables["leads"].filter, "nobody’s words are written to the disk"


@pytest.mark.settings(limits=Limits(submissions_per_10_minutes=1000))
async def test_more_are_read_as_one_goes_down(server: Server) -> None:
    path = server.share(mechanic="soft")
    for n in range(PART_SIZE + 5):
        lead(server, path, f"n{n}@umbrella.example", name=f"N{n}")
    async with console(server) as tui:
        await to_leads(tui)
        await tui.until_shown(f"the newest {PART_SIZE} leads, more below")
        await tui.press("G")
        await tui.until_shown(f"all {PART_SIZE + 5} leads")
        assert len(set(people(tui))) == PART_SIZE + 5


async def test_a_key_that_may_not_search_finds_among_what_was_read(server: Server, reader_key: str) -> None:
    lead(server, server.share(), "ada@hooli.example", name="Ada Byron", company="Hooli plc")
    lead(server, server.share(customer="globex"), "bo@globex.example", name="Bo Ek")
    async with console(server, size=(160, 50), key=reader_key) as tui:
        await tui.until(lambda: tui.console.known.role == "reader", "its role")
        await to_leads(tui)
        await tui.until_shown("only among these can be searched with this key")
        assert sorted(people(tui)) == ["someone at globex.example", "someone at hooli.example"]
        await tui.press("slash")
        await tui.type("hool")
        await tui.until(lambda: people(tui) == ["someone at hooli.example"], "the one")
        await tui.press("enter", "enter")
        await tui.until_shown("How did someone at hooli.example come to us?", "How it came")
        for personal in ("ada@", "Ada", "Hooli plc"):
            assert personal not in tui.screen()
        assert "erase" not in tui.offered()
        await tui.press("X")
        assert isinstance(tui.console.screen, LeadScreen)
        assert not tui.console.trouble


async def test_the_way_of_a_lead_is_read_hop_by_hop(server: Server, browser: Browser, clock: Any) -> None:
    passed_along(server, browser, clock)
    async with console(server, size=(160, 50)) as tui:
        await to_lead(tui, "How did ann@umbrella.example come to us?")
        shown = tui.text("#way")
        steps = [
            "Initech shared “report” · linkedin", "the same day ○ gil@hooli.example came by it",
            "and passed it along the same day hop 1", "3 days later ○ pam@pied.example came by it",
            "and passed it along the same day hop 2", "3 days later ● this lead filled the gate",
        ]  # fmt: skip
        places = [shown.find(step) for step in steps]
        assert places == sorted(places), shown
        assert -1 not in places, shown
        await tui.until_shown("Ann Umber", "Umbrella plc", "HubSpot is not connected.")


async def test_what_it_agreed_to_and_what_it_answered(server: Server) -> None:
    server.submit(server.share(mechanic="strict"), email=ANN["email"], consent="true", x_team="Forty-two")
    async with console(server, size=(160, 50)) as tui:
        await to_lead(tui, "Team", "Forty-two")
        said = tui.text("#person")
        version = server.leads()[0]["consent_version"]
        assert f"version {version}: “Acme may write to me.”" in said


async def test_what_came_of_it_under_every_model_and_the_way_to_the_case(server: Server) -> None:
    lead(server, server.share(), "ada@hooli.example", name="Ada Byron")
    opportunity(server, "D-1", ["ada@hooli.example"])
    async with console(server, size=(160, 50)) as tui:
        await to_lead(tui, "D-1", "● origin", "time decay")
        assert tui.text("#models").count("100 %") == 6
        assert "The contact filled the gate on Initech’s link on the same day." in tui.text("#why")
        await tui.press("enter")
        await tui.until(lambda: isinstance(tui.console.screen, OpportunityScreen), "the case")
        await tui.press("escape", "escape")
        await tui.until(lambda: isinstance(tui.console.screen, LeadsScreen), "the list")


async def test_from_a_lead_to_its_customer_and_its_address_copied(server: Server) -> None:
    lead(server, server.share(), "ada@hooli.example", name="Ada Byron")
    async with console(server) as tui:
        await to_lead(tui, "Ada Byron")
        await tui.press("y")
        await tui.until(lambda: tui.console.clipboard == "ada@hooli.example", "the clipboard")
        await tui.press("c")
        await tui.until_shown("What did Initech bring?")


@pytest.mark.parametrize("typed", ["Erase", "ada@hooli.example"])
async def test_erasing_says_what_goes_and_asks_to_be_sure(server: Server, typed: str) -> None:
    lead(server, server.share(), "ada@hooli.example", name="Ada Byron", company="Hooli")
    opportunity(server, "D-1", ["ada@hooli.example"])
    async with console(server) as tui:
        await to_lead(tui, "Ada Byron")
        assert "erase" in tui.offered()
        await tui.dialog("X", EraseDialog)
        await tui.until_shown("Erase ada@hooli.example?", "Every total stays", "This cannot be undone.")
        await tui.type("yes")
        await tui.press("enter")
        await tui.until_shown("Type erase, or the address, to say that you are sure.")
        assert server.leads()[0]["email"] == "ada@hooli.example"
        await tui.press("ctrl+u")
        await tui.type(typed)
        await tui.press("enter")
        await tui.until(lambda: isinstance(tui.console.screen, LeadScreen), "the lead")
        await tui.until_shown("How did erased come to us?", "Personal data was erased on")
        assert "Ada Byron" not in tui.screen()
        assert server.leads()[0]["erased_at"]
        await tui.press("X")
        assert isinstance(tui.console.screen, LeadScreen), "there is nothing left to erase"


async def test_leaving_the_dialog_erases_nothing(server: Server) -> None:
    lead(server, server.share(), "ada@hooli.example", name="Ada Byron")
    async with console(server) as tui:
        await to_lead(tui, "Ada Byron")
        await tui.dialog("X", EraseDialog)
        await tui.press("escape")
        await tui.until(lambda: isinstance(tui.console.screen, LeadScreen), "the lead")
    assert server.leads()[0]["name"] == "Ada Byron"


async def test_strangers_text_reaches_no_terminal(server: Server) -> None:
    hostile = {"name": HOSTILE, "company": BIDI, "heard_from": HOSTILE}
    lead(server, server.share(channel="slack", sharer="u\x1b[31m[/]"), "eve@evil.example", **hostile)
    opportunity(server, HOSTILE, ["eve@evil.example"], heard_from=BIDI)
    server.api.put("/api/v1/customers/initech", json={"name": HOSTILE})
    async with console(server, size=(160, 50)) as tui:
        await to_leads(tui)
        await tui.until_shown("[/]", "<script>", "eve@evil.example")
        harmless(tui)
        await tui.press("enter")
        await tui.until_shown("How did eve@evil.example come to us?", '=HYPERLINK("x")<script>', "● origin")
        harmless(tui)
        await tui.dialog("X", EraseDialog)
        harmless(tui)


async def test_a_list_without_leads_says_how_they_come(server: Server) -> None:
    async with console(server, size=(80, 24)) as tui:
        await tui.press("5")
        await tui.until_shown("No lead yet.", "passalong mint")


async def test_a_lost_server_leaves_what_was_known(server: Server) -> None:
    from console_driver import Flaky

    lead(server, server.share(), "ada@hooli.example", name="Ada Byron")
    network = Flaky()
    async with console(server, key=ADMIN_KEY, transport=network) as tui:
        await to_lead(tui, "Ada Byron")
        network.down = True
        await tui.until_shown("Showing what was known then.")
        assert "this lead filled the gate" in tui.screen()
