"""One customer: what happened, what it shares, who came, and what came of it, each credit with its reason."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from passalong_tui import safe
from passalong_tui.answers.conversions import Reported
from passalong_tui.answers.customers import CustomerDetail, Moment
from passalong_tui.answers.leads import Lead
from passalong_tui.answers.metric import Month
from passalong_tui.answers.plays import Piece, Play
from passalong_tui.answers.shares import ShareOf
from passalong_tui.client import Client
from passalong_tui.commands import CUSTOMER, CUSTOMERS, bindings
from passalong_tui.messages import CustomerFetched, Fact, PartFetched
from passalong_tui.screens import customer_tables as tables
from passalong_tui.screens.customer_tables import conversion_amount as conversion_amount  # other screens say it alike
from passalong_tui.screens.customer_tables import who as who
from passalong_tui.screens.page import TablePage
from passalong_tui.widgets.bars import MonthBars
from passalong_tui.widgets.customer_card import brought
from passalong_tui.widgets.listing import Listing
from passalong_tui.widgets.parts import Parts
from passalong_tui.words import counted, money, number, unread

TIMELINE, SHARES, LEADS, CONVERSIONS = "timeline", "shares", "leads", "conversions"
PLAYS, SIGNALS, ADVOCACY = "plays", "signals", "advocacy"
PARTS = {
    TIMELINE: "Timeline",
    SHARES: "Shares",
    LEADS: "Leads",
    CONVERSIONS: "Conversions",
    PLAYS: "Plays",
    SIGNALS: "Signals",
    ADVOCACY: "Advocacy",
}
_CONVERSIONS = ("signup", "trial", "opportunity", "won", "lost")


class CustomerScreen(TablePage):
    NAME, TAB = CUSTOMER, CUSTOMERS
    QUESTION = "What did this customer bring?"
    KEEPS_SEARCH = False
    CSS_PATH = "customer.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide"), (150, "-rich")]  # noqa: RUF012  as Textual declares it
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(CUSTOMER)]

    def __init__(self, id: str) -> None:
        super().__init__()
        self._about = id
        self._part = TIMELINE
        self._beside = SHARES
        """What stands beside the timeline where there is room for both."""
        self._detail: CustomerDetail | None = None
        self._months: list[Month] = []
        self._counts: dict[str, int] = {}

    def body(self) -> ComposeResult:
        with Horizontal(id="top"):
            yield Static(Content(unread()), id="sum")
            with Vertical(id="chart"):
                yield Static(Content.styled("Opportunities that carry its name", "$quiet"), id="chart-title")
                yield MonthBars()
        yield Parts(PARTS)
        with Horizontal(id="parts"):
            yield tables.timeline(self.known)
            yield tables.shares(self.known)
            yield tables.leads()
            yield tables.conversions(self._about)
            yield tables.plays()
            yield tables.signals()
            yield tables.advocacy(self.known)
        yield Static(Content(""), id="why")

    # Reading: what is shown, and nothing else.

    async def fetch(self, client: Client) -> list[Fact]:
        id, rich, shown = self._about, self.rich, self._shown()
        asked: dict[str, Callable[[], Awaitable[Sequence[object]]]] = {
            TIMELINE: lambda: client.timeline(id),
            LEADS: lambda: client.leads_of(id),
            PLAYS: lambda: client.plays_of(id),
            SIGNALS: lambda: client.signals_of(id),
            ADVOCACY: lambda: client.pieces(id),
        }
        wanted = [part for part in shown if part in asked]
        of_parts = asyncio.gather(*(asked[part]() for part in wanted))
        detail, months, found = await asyncio.gather(client.customer(id), self._metric(client, rich), of_parts)
        return [
            CustomerFetched(detail, months),
            *(PartFetched(part, entries) for part, entries in zip(wanted, found, strict=True)),
        ]

    async def _metric(self, client: Client, rich: bool) -> list[Month] | None:
        return (await client.metric_of(self._about)).months if rich else None

    @on(CustomerFetched)
    def _fetched(self, fact: CustomerFetched) -> None:
        self._detail = fact.detail
        self._months = fact.months or self._months
        self._counts |= {
            SHARES: fact.detail.customer.counts.shares,
            LEADS: fact.detail.customer.counts.leads,
            CONVERSIONS: len(fact.detail.conversions),
        }
        self.query_one(f"#{SHARES}", Listing).show(fact.detail.shares)
        self.query_one(f"#{CONVERSIONS}", Listing).show(fact.detail.conversions)
        self.draw()

    @on(PartFetched)
    def _part_fetched(self, fact: PartFetched) -> None:
        entries = list(fact.entries)
        if fact.part == SIGNALS:
            entries = [*tables.heard(entries)]  # type: ignore[arg-type]
        if fact.part in (PLAYS, ADVOCACY):
            self._counts[fact.part] = len(entries)
        self.query_one(f"#{fact.part}", Listing).show(entries)
        self.draw()

    # Showing: one part, or on a large terminal the timeline and one part beside it.

    @property
    def rich(self) -> bool:
        return self.has_class("-rich")

    def _shown(self) -> list[str]:
        if not self.rich:
            return [self._part]
        return [TIMELINE, self._beside if self._part == TIMELINE else self._part]

    def draw(self) -> None:
        self.ask(Content.assemble("What did ", (safe.line(self.known.name(self._about), 60), "$accent"), " bring?"))
        shown = self._shown()
        for part in PARTS:
            self.query_one(f"#{part}", Listing).display = part in shown
        self.query_one("#chart").display = self.rich
        self.query_one(MonthBars).show(self._months)
        self.query_one(Parts).show(self._part, self._counts)
        if self._detail is not None:
            self.query_one("#sum", Static).update(summary(self._detail, large=self.rich))
        if self.focused is None:
            self.listing.focus_rows()
        self._explain()

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw)

    @property
    def listing(self) -> Listing[object]:
        """The part that was chosen."""
        return self.query_one(f"#{self._part}", Listing)

    def action_part(self, by: int) -> None:
        parts = list(PARTS)
        self._choose(parts[(parts.index(self._part) + by) % len(parts)])

    @on(Parts.Chosen)
    def _chosen(self, event: Parts.Chosen) -> None:
        self._choose(event.part)

    def _choose(self, part: str) -> None:
        self._part = part
        if part != TIMELINE:
            self._beside = part
        self.set_focus(None)
        self.draw()
        self.load()

    def on_descendant_focus(self) -> None:
        """Where two parts are shown, the one at hand is the one that has the focus."""
        for part in self._shown():
            if part != self._part and self.query_one(f"#{part}", Listing).has_focus_within:
                self._part = part
                self.query_one(Parts).show(part, self._counts)
                self._explain()
        self.refresh_bindings()

    @on(Listing.Moved)
    def _moved(self) -> None:
        if self.focused is None:  # a part that was not drawn before has no rows to focus until now
            self.listing.focus_rows()
        self._explain()
        self.rebind(self._opens() is not None)

    def _explain(self) -> None:
        """Why the row under the cursor is there, where somebody has said so."""
        current = self.listing.current
        reason = ""
        if isinstance(current, Reported):
            credit = tables.credit_of(current, self._about)
            reason = credit.why if credit else ""
        elif isinstance(current, Play | Piece):
            reason = current.why
        said_why = Content.assemble(("Why: ", "bold"), safe.line(reason)) if reason else Content("")
        self.query_one("#why", Static).update(said_why)

    # Going on from here.

    def _opens(self) -> Callable[[], None] | None:
        """What enter does on the row under the cursor; None where it leads nowhere."""
        current = self.listing.current if self.is_mounted else None
        console = self.console
        if isinstance(current, ShareOf):
            return lambda: console.open_share(current.share)
        if isinstance(current, Lead):
            return lambda: console.open_lead(current.id)
        if isinstance(current, Reported):
            return lambda: console.open_opportunity(current.conversion.id)
        if isinstance(current, Piece):
            return lambda: console.open_share(current.share)
        if isinstance(current, Moment) and current.subject:
            subject = current.subject
            if current.kind == "share":
                return lambda: console.open_share(subject)
            if current.kind == "lead":
                return lambda: console.open_lead(subject)
            if current.kind in _CONVERSIONS:
                return lambda: console.open_opportunity(subject)
        return None

    def action_open(self) -> None:
        if (opens := self._opens()) is not None:
            opens()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return None if action == "open" and self.is_mounted and self._opens() is None else True

    def action_back(self) -> None:
        if not self.escape():
            self.app.pop_screen()


def summary(detail: CustomerDetail, *, large: bool) -> Content:
    """What it brought; `large` where there is room for a line and a bar of each motion."""
    counts = detail.customer.counts
    came = ", ".join(
        [
            counted(counts.shares, "share"),
            counted(counts.visits, "visit"),
            counted(counts.leads, "lead"),
            counted(detail.brought.whole.opportunities, "opportunity", "opportunities"),
        ]
    )
    domains = safe.line(", ".join(detail.customer.domains), 60)
    if large:
        return Content("\n").join(
            [Content(came), Content.styled(domains, "$quiet"), Content(""), brought(detail.brought, 56)]
        )
    parts: list[tuple[str, str]] = [(f"{came}.", ""), (f"   {domains}" if domains else "", "$quiet"), ("\n", "")]
    for label, of in (("New logos", detail.brought.new_logo), ("expansion", detail.brought.expansion)):
        parts += [(f"{label} ", "$quiet"), (number(of.opportunities), "bold"), (f" · {money(of.pipeline)}   ", "")]
    parts += [("pipeline ", "$quiet"), (money(detail.brought.whole.pipeline), "bold")]
    return Content.assemble(*parts)
