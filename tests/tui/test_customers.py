"""From a customer to its leads, and from a lead to its journey and why it counts."""

from __future__ import annotations

from console_driver import Driver, console, lead, story

from factories import Server
from passalong_tui.screens.customer import CustomerScreen
from passalong_tui.screens.customers import CustomersScreen
from passalong_tui.screens.lead import LeadScreen

HOSTILE = '[/]\x1b]52;c;aGk=\x07=HYPERLINK("x")<script>'
BIDI = "\u202eevil\u202c\u200b[bold]\x9b31mCorp"


async def _to_initech(tui: Driver) -> None:
    await tui.press("3")
    await tui.until(lambda: isinstance(tui.console.screen, CustomersScreen) and tui.column("name"), "the table")
    await tui.until(lambda: tui.listing().current.id == "initech", "the first row")
    await tui.press("enter")
    await tui.until(lambda: isinstance(tui.console.screen, CustomerScreen), "the customer")
    await tui.until(lambda: tui.column("email", "#leads"), "its leads")


async def test_ranking_detail_and_journey(server: Server) -> None:
    story(server)
    async with console(server) as tui:
        await _to_initech(tui)
        await tui.until_shown(
            "What did Initech bring?", "Quarterly report", "linkedin", "ada@hooli.example", "new logo"
        )
        assert tui.column("amount", "#conversions") == ["EUR 12,000"]
        await tui.until_shown("Why: The contact filled the gate on Initech’s link on the same day.")
        await tui.press("tab", "enter")
        await tui.until(lambda: isinstance(tui.console.screen, LeadScreen), "the lead")
        await tui.until_shown("How did ada@hooli.example come to us?", "Ada Byron", "Hooli")
        await tui.until_shown(
            "Initech shared “report” · linkedin", "this lead filled the gate", "EUR 12,000", "observed"
        )
        await tui.press("escape")
        await tui.until(lambda: isinstance(tui.console.screen, CustomerScreen), "the way back")
        await tui.press("escape")
        await tui.until(lambda: isinstance(tui.console.screen, CustomersScreen), "the list")


async def test_strangers_text_reaches_no_terminal(server: Server) -> None:
    path = server.share()
    lead(server, path, "eve@evil.example", name=HOSTILE, company=BIDI)
    server.api.put("/api/v1/customers/initech", json={"name": HOSTILE})
    server.api.put("/api/v1/customers/bidi", json={"name": BIDI})
    async with console(server, size=(160, 50)) as tui:
        await tui.until_shown("● lead")
        _harmless(tui)
        await _to_initech(tui)
        await tui.until_shown("[/]", "<script>", "eve@evil.example")
        _harmless(tui)
        await tui.press("tab", "enter")
        await tui.until_shown("How did eve@evil.example come to us?", '=HYPERLINK("x")<script>')
        _harmless(tui)
        await tui.press("3", "ctrl+p")
        await tui.type("evil")
        await tui.until_shown("Open this customer")
        _harmless(tui)


def _harmless(tui: Driver) -> None:
    shown = tui.screen().replace("\n", "")
    bad = [c for c in shown if c < " " or "\x7f" <= c <= "\x9f" or c in "\u200b\u202a\u202b\u202c\u202d\u202e\u2066"]
    assert not bad


async def test_filter_as_one_types(server: Server) -> None:
    async with console(server) as tui:
        await tui.press("3")
        await tui.until(lambda: sorted(tui.column("name")) == ["Globex", "Initech"], "both")
        await tui.press("slash")
        await tui.type("glob")
        await tui.until(lambda: tui.column("name") == ["Globex"], "one")
        await tui.type("[/]")
        await tui.until_shown("Nothing here matches “glob[/]”. Esc shows all again.")
        await tui.press("escape")
        await tui.until(lambda: sorted(tui.column("name")) == ["Globex", "Initech"], "both again")
        await tui.press("slash", "i", "n", "i", "enter")
        await tui.until(lambda: tui.column("name") == ["Initech"] and tui.listing().grid.has_focus, "the rows")


async def test_empty_states_say_what_to_do(server: Server) -> None:
    async with console(server, size=(80, 24)) as tui:
        await tui.press("3")
        await tui.until(lambda: tui.column("name"), "the table")
        await tui.press("enter")
        await tui.until_shown("No share yet. Mint one", "No lead yet.", "Nothing is credited to this customer yet.")


async def test_revoked_and_expired_shares_say_so(server: Server) -> None:
    path = server.share(expires_at="2099-01-31T18:00:00Z")
    body = {"asset": "report", "mechanic": "hard", "customer": "initech"}
    gone = server.api.post("/api/v1/shares", json=body).json()["share"]
    assert server.api.post(f"/api/v1/shares/{gone}/revoke").status_code == 200
    lead(server, path, "ada@initech.example", name="Ada")
    async with console(server) as tui:
        await _to_initech(tui)
        assert sorted(tui.column("state", "#shares")) == ["until 31 Jan 2099", "✕ revoked"]
        assert tui.column("motion", "#leads") == ["expansion"]
