"""Opportunities: whose name each carries why, what other models would say, and an admin's word over the evidence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from console_driver import Driver, console, lead, opportunity, story

from factories import ANN, SAFARI, Server, rfc3339
from passalong_tui.screens.lead import LeadScreen
from passalong_tui.screens.opportunities import OpportunitiesScreen
from passalong_tui.screens.opportunity import OpportunityScreen
from passalong_tui.screens.override import OverrideDialog, WithdrawDialog

Browser = Callable[..., httpx2.Client]
DAY_MS = 86_400_000
HOSTILE = '[/]\x1b]52;c;aGk=\x07=HYPERLINK("x")<script>'
BIDI = "\u202eevil\u202c\u200b[bold]\x9b31mCorp"


async def to_deals(tui: Driver, *, first: str = "") -> None:
    await tui.press("6")
    await tui.until(lambda: isinstance(tui.console.screen, OpportunitiesScreen) and tui.column("name"), "the table")
    if first:
        await tui.until(lambda: tui.column("name")[0] == first, first)


async def to_case(tui: Driver, name: str) -> None:
    """Opens the first row, which is called so."""
    await to_deals(tui, first=name)
    await tui.press("enter")
    await tui.until(lambda: isinstance(tui.console.screen, OpportunityScreen), "the case")
    await tui.until_shown("Under each model", "Touchpoints")


def harmless(tui: Driver) -> None:
    shown = tui.screen().replace("\n", "")
    bad = [c for c in shown if c < " " or "\x7f" <= c <= "\x9f" or c in "\u200b\u202a\u202b\u202c\u202d\u202e\u2066"]
    assert not bad


def contested(server: Server, browser: Browser, clock: Any) -> None:
    """Ann came by Globex's link, ten days later by Initech's, and ten days after that there is a deal of hers."""
    server.admit(server.share(customer="globex"))
    clock.ms += 10 * DAY_MS
    server.admit(server.share(customer="initech", mechanic="soft"), browser(SAFARI))
    clock.ms += 10 * DAY_MS
    amount = {"amount_minor": 1_000_000, "currency": "EUR"}
    server.convert("D-1", occurred_at=rfc3339(clock()), emails=[ANN["email"]], amount=amount)


async def test_each_says_whose_it_is_and_why_or_why_nobodys(server: Server) -> None:
    story(server)
    async with console(server, size=(160, 50)) as tui:
        await to_deals(tui, first="D-2")
        await tui.until(lambda: tui.column("customer") == ["–", "Initech"], "customers by name")
        assert tui.column("amount") == ["EUR 12,000", "EUR 12,000"]
        assert tui.column("evidence") == ["–", "observed"]
        await tui.until(
            lambda: "Nobody is credited. None of the contacts has filled a gate" in tui.text("#deal"), "why not"
        )
        await tui.until(lambda: "No trace leads from it to a link." in tui.text("#deal"), "no trace")
        await tui.press("down")
        why = "Initech 100 % EUR 12,000 Customer reports · new logo · observed The contact filled the gate on Initech’s"
        await tui.until(lambda: why in tui.text("#deal"), "why")
        await tui.until(lambda: "Initech contact of the deal" in tui.text("#deal"), "its touchpoints")
        assert "by the model origin" in tui.text("#deal")


async def test_kinds_and_names_narrow_the_table_and_are_remembered(server: Server) -> None:
    story(server)
    opportunity(server, "D-1", ["ada@hooli.example"], kind="won")
    opportunity(server, "D-9", ["ada@hooli.example"], kind="signup")
    async with console(server) as tui:
        await to_deals(tui, first="D-2")
        await tui.press("a")
        await tui.until(lambda: tui.column("name") == ["D-1"], "those with a name")
        await tui.until_shown("opportunities with a name")
        await tui.press("a")
        await tui.until(lambda: tui.column("name") == ["D-2"], "those without one")
        await tui.press("a", "f")
        await tui.until_shown("won opportunities")
        assert [reported.conversion.kind for reported in tui.listing().shown] == ["won"]
        await tui.press("f")
        await tui.until_shown("No opportunity was lost. f and a show others.", "lost opportunities")
        await tui.press("f")
        everything = {"D-1", "✓ D-1", "D-2", "+ D-9"}
        await tui.until(lambda: set(tui.column("name")) == everything, "all kinds")
        assert tui.console.remembered.choices["opportunities-kind"] == ""
        await tui.press("f")
        await tui.until(lambda: len(tui.column("name")) == 2, "opportunities again")


async def test_what_is_typed_is_looked_for_by_the_server(server: Server) -> None:
    story(server)
    async with console(server) as tui:
        await to_deals(tui, first="D-2")
        for typed in ("customer rep", "initech", "ada@hooli", "d-1"):
            await tui.press("slash")
            await tui.type(typed)
            await tui.until(lambda: tui.column("name") == ["D-1"], typed)
            await tui.press("escape")
            await tui.until(lambda: len(tui.column("name")) == 2, "both again")


async def test_why_a_deal_is_credited_can_be_read_from_the_case_alone(
    server: Server, browser: Browser, clock: Any
) -> None:
    contested(server, browser, clock)
    async with console(server, size=(160, 50)) as tui:
        await to_case(tui, "D-1")
        await tui.until_shown("Why is D-1 credited to Globex?", "filled the gate on Globex’s link 20 days before.")
        models = tui.text("#models")
        assert models.startswith("● origin first touch last touch linear position time decay")
        assert "Globex · Customer reports" in models
        assert "Initech · Soft" in models
        assert models.count("50 % EUR 5,000") == 4  # of both, by the linear and the position model
        await tui.until(lambda: tui.column("part") == ["100 %", "–"], "what counts stands first")
        await tui.until(
            lambda: tui.text("#trace").startswith("It counts: The contact filled the gate on Globex’s"), "why"
        )
        await tui.press("tab", "down")
        nothing = "It brings nothing: The model origin gives the credit to others."
        await tui.until(lambda: tui.text("#trace") == nothing, "why not")
        await tui.until_shown("origin within 180 days", "recorded", "Nobody has decided over the evidence.")
        await tui.press("enter")
        await tui.until(lambda: isinstance(tui.console.screen, LeadScreen), "the lead who left the trace")


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (160, 50)])
async def test_a_case_is_readable_at_every_size(
    server: Server, browser: Browser, clock: Any, size: tuple[int, int]
) -> None:
    contested(server, browser, clock)
    async with console(server, size=size) as tui:
        await to_case(tui, "D-1")
        await tui.until_shown("● origin", "time decay", "EUR 10,000")
        assert all(len(line) <= size[0] for line in tui.screen().splitlines())


async def test_an_admin_decides_over_the_evidence_and_takes_it_back(
    server: Server, browser: Browser, clock: Any
) -> None:
    contested(server, browser, clock)
    async with console(server, size=(120, 40)) as tui:
        await to_case(tui, "D-1")
        assert {"override", "withdraw"} <= tui.offered()
        await tui.press("w")
        assert isinstance(tui.console.screen, OpportunityScreen), "there is nothing to withdraw"
        await tui.dialog("o", OverrideDialog)
        await tui.until_shown("Now: credited to Globex, by the evidence.")
        await tui.type("ini")
        await tui.until_shown("Type on: Initech.")
        await tui.press("right")  # completes
        await tui.until_shown("All EUR 10,000 will be Initech’s, by declaration.")
        await tui.press("enter")
        await tui.until_shown("Say why, in a few words.")
        await tui.type("Their CFO called us")
        await tui.press("enter")
        await tui.until(lambda: isinstance(tui.console.screen, OpportunityScreen), "the case")
        await tui.until_shown("Why is D-1 credited to Initech?", "“Their CFO called us”", "A decision stands over")
        await tui.until(lambda: tui.column("part") == ["–", "–"], "parts of nothing")
        why = "It brings nothing: A decision stands over the evidence."
        await tui.until(lambda: why in tui.text("#trace"), "why it brings nothing")
        await tui.dialog("ctrl+z", WithdrawDialog)
        await tui.until_shown("mara had said: “Their CFO called us”")
        await tui.type("It was another CFO")
        await tui.press("enter")
        await tui.until_shown("Why is D-1 credited to Globex?")
        decisions = tui.text("#decisions")
        assert "It was another CFO" in decisions
        assert "Their CFO called us" in decisions
        assert tui.text("#versions").startswith("3 ")


async def test_a_decision_is_taken_back_from_wherever_one_is_by_then(server: Server) -> None:
    story(server)
    async with console(server) as tui:
        await to_case(tui, "D-2")
        await tui.dialog("o", OverrideDialog)
        await tui.type("globex")
        await tui.press("tab", "tab")
        await tui.type("They told me")
        await tui.press("enter")
        await tui.until_shown("Why is D-2 credited to Globex?")
        await tui.press("escape")
        await tui.until(lambda: tui.column("customer") == ["Globex", "Initech"], "the list")
        await tui.dialog("ctrl+z", WithdrawDialog)
        await tui.type("They erred")
        await tui.press("enter")
        await tui.until(lambda: tui.column("customer") == ["–", "Initech"], "the evidence")
        await tui.press("ctrl+z")
        assert isinstance(tui.console.screen, OpportunitiesScreen), "it is taken back once"


async def test_it_can_be_decided_that_a_deal_is_nobodys(server: Server) -> None:
    story(server)
    async with console(server) as tui:
        await to_deals(tui, first="D-2")
        await tui.press("down")
        await tui.until(lambda: tui.listing().current.conversion.external_id == "D-1", "the other one")
        await tui.until(lambda: "contact of the deal" in tui.text("#deal"), "its case")
        await tui.dialog("o", OverrideDialog)
        await tui.press("shift+tab", "right")
        await tui.until_shown("It will carry nobody’s name, whatever the evidence says.")
        await tui.press("tab")
        await tui.type("A test of our own")
        await tui.press("enter")
        await tui.until(lambda: tui.column("customer") == ["–", "–"], "at once in the table")
        await tui.until(lambda: "Decided over the evidence" in tui.text("#deal"), "beside it")
        await tui.dialog("w", WithdrawDialog)
        await tui.type("It was none")
        await tui.press("enter")
        await tui.until(lambda: tui.column("customer") == ["–", "Initech"], "as it was")


async def test_whoever_is_no_customer_gets_nothing(server: Server) -> None:
    story(server)
    async with console(server) as tui:
        await to_case(tui, "D-2")
        await tui.dialog("o", OverrideDialog)
        await tui.press("enter")
        await tui.until_shown("Name the customer, or choose that it is nobody’s.")
        await tui.type("hooli")
        await tui.until_shown("No customer is called “hooli”.")
        await tui.press("tab", "tab")
        await tui.type("Because")
        await tui.press("enter")
        await tui.until_shown("Customer: There is no customer called hooli.")
        assert isinstance(tui.console.screen, OverrideDialog)
        await tui.press("escape")
        await tui.until_shown("Nobody has decided over the evidence.")


@pytest.fixture(params=["reader", "integrator"])
def lesser_key(request: pytest.FixtureRequest, reader_key: str, integrator_key: str) -> str:
    """A key that decides about nothing."""
    return {"reader": reader_key, "integrator": integrator_key}[request.param]


async def test_other_keys_read_everything_and_decide_nothing(server: Server, lesser_key: str) -> None:
    story(server)
    async with console(server, key=lesser_key) as tui:
        await tui.until(lambda: tui.console.known.role is not None, "its role")
        await to_case(tui, "D-2")
        await tui.until_shown("Why is D-2 credited to nobody?")
        assert not {"override", "withdraw"} & tui.offered()
        await tui.press("o", "w")
        assert isinstance(tui.console.screen, OpportunityScreen)


async def test_strangers_text_reaches_no_terminal(server: Server) -> None:
    lead(server, server.share(channel="slack"), "eve@evil.example", name=HOSTILE, company=BIDI)
    at = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    server.convert(HOSTILE, occurred_at=at, emails=["eve@evil.example"], heard_from=BIDI)
    server.api.put("/api/v1/customers/initech", json={"name": HOSTILE})
    [found] = server.api.get("/api/v1/conversions").json()["items"]
    said = {"by": BIDI, "reason": HOSTILE, "customer": "globex"}
    assert server.api.post(f"/api/v1/conversions/{found['conversion']['id']}/override", json=said).status_code == 200
    async with console(server, size=(160, 50)) as tui:
        await to_deals(tui)
        await tui.until_shown('=HYPERLINK("x")<script>', "Decided over the evidence")
        harmless(tui)
        await tui.press("enter")
        await tui.until_shown("Why is [/]", "credited to Globex?", "evil[bold]31mCorp")
        harmless(tui)
        await tui.dialog("o", OverrideDialog)
        await tui.type("[/]")
        await tui.until_shown("Type on: [/]")
        harmless(tui)


async def test_a_list_without_deals_says_where_they_come_from(server: Server) -> None:
    async with console(server, size=(80, 24)) as tui:
        await tui.press("6")
        await tui.until_shown("They come from HubSpot once it is", "/api/v1/conversions with the click id")
