"""One opportunity, all there is to argue about: credits with their reasons, other models, touchpoints, history."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from passalong_tui import safe
from passalong_tui.answers.conversions import Case, Credit, Override, Touchpoint
from passalong_tui.client import Client
from passalong_tui.commands import OPPORTUNITIES, OPPORTUNITY, bindings
from passalong_tui.credits import (
    WHOLE,
    amount_of,
    customers,
    decided,
    known_as,
    reasons,
    side_by_side,
    versions,
)
from passalong_tui.journeys import in_hubspot
from passalong_tui.messages import CaseFetched, Fact
from passalong_tui.screens.deciding import DecidingPage
from passalong_tui.screens.naming import names
from passalong_tui.widgets.listing import Column, Listing
from passalong_tui.words import EVENTS, EVIDENCE, MODELS, MOTIONS, NOTHING, VIAS, percent, said, stamp, stamp_in, unread

Trace = tuple[int, Touchpoint]
"""A touchpoint and its place among those of its conversion."""
_MOST_ROWS = 12
_NO_TOUCH = (
    "No trace leads from it to a link: neither a click id, nor a contact, nor somebody at its company, nor an answer "
    "that names a customer."
)


class OpportunityScreen(DecidingPage):
    NAME, TAB = OPPORTUNITY, OPPORTUNITIES
    QUESTION = "Whose is this opportunity, and why?"
    CSS_PATH = "opportunity.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(OPPORTUNITY)]

    def __init__(self, id: str) -> None:
        """`id` is the conversion's."""
        super().__init__()
        self._about = id

    def body(self) -> ComposeResult:
        with VerticalScroll(id="case"):
            yield Static(Content(unread()), id="sum")
            yield Static(Content(""), id="why")
            yield Static(Content("Under each model"), classes="heading")
            yield Static(Content(""), id="models")
            yield Listing(
                self._columns(),
                key=lambda trace: str(trace[0]),
                found_by=lambda trace: f"{self.known.name(trace[1].customer)} {trace[1].via} {trace[1].asset or ''}",
                empty=_NO_TOUCH,
                order="part",
                heading="Touchpoints",
                copies=lambda trace: trace[1].lead or trace[1].share or trace[1].customer,
                id="touchpoints",
            )
            yield Static(Content(""), id="trace")
            yield Static(Content("Versions"), classes="heading")
            yield Static(Content(""), id="versions")
            yield Static(Content("Decisions"), classes="heading")
            yield Static(Content(""), id="decisions")
            yield Static(Content("HubSpot"), classes="heading", id="crm-heading")
            yield Static(Content(""), id="crm")

    def _columns(self) -> tuple[Column[Trace], ...]:
        known = self.known
        return (
            Column(key="when", label="When", cell=lambda t, w: stamp_in(t[1].at, w), order=lambda t: (t[1].at, t[0]),
                   least=11, value=lambda t: t[1].at),
            Column(key="via", label="How", cell=lambda t, w: said(VIAS, t[1].via), order=lambda t: t[1].via, width=27),
            Column(key="customer", label="Customer", cell=lambda t, w: known.name(t[1].customer),
                   order=lambda t: safe.clean(known.name(t[1].customer)).casefold(), width=18),
            Column(key="mechanic", label="Mechanic", cell=lambda t, w: known.title(t[1].mechanic) or NOTHING,
                   order=lambda t: safe.clean(known.title(t[1].mechanic)).casefold(), width=20, drop=3),
            Column(key="asset", label="Asset", cell=lambda t, w: t[1].asset or NOTHING,
                   order=lambda t: t[1].asset or "", width=18, drop=5),
            Column(key="hop", label="Hop", cell=lambda t, w: str(t[1].hop), order=lambda t: t[1].hop, width=3,
                   right=True, drop=2),
            Column(key="evidence", label="Evidence", cell=lambda t, w: said(EVIDENCE, t[1].evidence),
                   order=lambda t: t[1].evidence, width=9, drop=1),
            Column(key="motion", label="Motion", cell=lambda t, w: said(MOTIONS, t[1].motion),
                   order=lambda t: t[1].motion, width=10, drop=4),
            Column(key="part", label="Part", cell=lambda t, w: percent(t[1].micro, WHOLE) if t[1].micro else NOTHING,
                   order=lambda t: (t[1].micro, -t[1].at.timestamp()), width=6, right=True,
                   value=lambda t: t[1].micro / WHOLE),
        )  # fmt: skip

    @property
    def case(self) -> Case | None:
        return self.known.cases.get(self._about)

    async def fetch(self, client: Client) -> list[Fact]:
        case = await client.conversion(self._about)
        named: list[Touchpoint | Credit | Override] = [*case.touchpoints, *case.overrides]
        named += [credit for credits in case.models.values() for credit in credits]
        called = await names(client, self.known, [of.customer for of in named], [of.mechanic for of in named])
        return [*called, CaseFetched(case)]

    @on(CaseFetched)
    def _fetched(self) -> None:
        self.draw()

    def on_resize(self) -> None:
        self.draw()

    def draw(self) -> None:
        case = self.case
        if case is None:
            return
        known = self.known
        self._ask(case)
        width = min(self.size.width - 9, 150)
        self.query_one("#sum", Static).update(self._sum(case))
        self.query_one("#why", Static).update(reasons(case.conversion, case.attribution, known))
        self.query_one("#models", Static).update(side_by_side(case, known, width))
        listing = self.query_one(Listing)
        listing.show(list(enumerate(case.touchpoints)))
        listing.grow(_MOST_ROWS)
        self.query_one("#versions", Static).update(versions(case, known))
        decisions = Content("\n").join(decided(decision, known) for decision in reversed(case.overrides))
        none = Content.styled("Nobody has decided over the evidence.", "$quiet")
        self.query_one("#decisions", Static).update(decisions if case.overrides else none)
        self.query_one("#crm-heading").display = case.crm is not None
        crm = in_hubspot(case.crm, what="deal") if case.crm is not None else Content("")
        self.query_one("#crm", Static).update(crm)
        if self.focused is None:
            self.query_one("#case", VerticalScroll).focus()

    def _ask(self, case: Case) -> None:
        whose = customers(case.attribution, self.known)
        name = (safe.line(known_as(case.conversion), 44), "$accent")
        carried = (safe.line(whose, 40), "$accent") if whose != NOTHING else "nobody"
        self.ask(Content.assemble("Why is ", name, " credited to ", carried, "?"))

    def _sum(self, case: Case) -> Content:
        conversion = case.conversion
        also = f"  {safe.line(conversion.external_id, 48)}" if conversion.deal_name else ""
        rule = f"version {conversion.version}, model {said(MODELS, case.attribution.model)}"
        return Content.assemble(
            (amount_of(conversion), "bold"),
            f"  {said(EVENTS, conversion.kind)} of {stamp(conversion.occurred_at)}",
            (f"  {rule}{also}", "$quiet"),
        )

    @on(Listing.Moved)
    def _moved(self) -> None:
        touch = self._trace
        self.query_one("#trace").display = touch is not None
        if touch is not None:
            counts = "It counts: " if touch.micro else "It brings nothing: "
            self.query_one("#trace", Static).update(Content.assemble((counts, "bold"), safe.line(touch.why)))
        case = self.case
        self.rebind((case is not None and case.decision is not None, touch is not None and touch.lead is not None))

    @property
    def _trace(self) -> Touchpoint | None:
        listings = self.query(Listing)
        current: Trace | None = listings.first().current if listings else None
        return current[1] if current is not None else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "open":
            return True if (touch := self._trace) is not None and touch.lead else None
        return super().check_action(action, parameters)

    def action_open(self) -> None:
        if (touch := self._trace) is not None and touch.lead:
            self.console.open_lead(touch.lead)

    def action_customer(self) -> None:
        case, touch = self.case, self._trace
        credits = case.attribution.credits if case is not None else []
        if touch is not None and self.query_one(Listing).has_focus_within:
            self.console.open_customer(touch.customer)
        elif credits:
            self.console.open_customer(credits[0].customer)

    def action_back(self) -> None:
        if not self.escape():
            self.app.pop_screen()
