"""Every opportunity and how it ended: whose name it carries, and why."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from passalong.domain.money import Money
from passalong_tui import safe
from passalong_tui.answers.common import Page
from passalong_tui.answers.conversions import Case, Reported
from passalong_tui.client import Client, Lost, Refusal
from passalong_tui.commands import OPPORTUNITIES, bindings
from passalong_tui.credits import (
    amount_of,
    amounts,
    credited_minor,
    customers,
    decided,
    evidence,
    known_as,
    mechanics,
    motions,
    reasons,
)
from passalong_tui.messages import CaseFetched, Fact
from passalong_tui.screens.deciding import DecidingPage
from passalong_tui.screens.feed import FeedPage
from passalong_tui.screens.naming import names
from passalong_tui.widgets.listing import Column, Listing
from passalong_tui.words import EVENTS, MODELS, NOTHING, VIAS, ago, day, said, stamp

KINDS = {
    "opportunity": "opportunities",
    "won": "won opportunities",
    "lost": "lost opportunities",
    "": "conversions (✓ won, ✕ lost, + sign-up or trial)",
}
"""What the table shows, one after the other."""
NAMED = {"": "", "yes": " with a name", "no": " without a name"}
EMPTY = (
    "None here; f and a show others. They come from HubSpot once it is connected (Integrations, 8), or from your own "
    "product by POST /api/v1/conversions with the click id, the contacts’ addresses or the company’s domain."
)
NONE_OF_THESE = {"won": "No opportunity was won", "lost": "No opportunity was lost"}
"""What an empty table says of what was looked for."""
_MOST_TOUCHES = 12
_MARKS = {"won": "✓ ", "lost": "✕ ", "signup": "+ ", "trial": "+ "}


class OpportunitiesScreen(FeedPage[Reported], DecidingPage):
    NAME = TAB = OPPORTUNITIES
    QUESTION = "Which opportunities carry a customer’s name, and why?"
    THINGS = "opportunities"
    KEEPS_SEARCH = False
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(OPPORTUNITIES)]

    def body(self) -> ComposeResult:
        with Container(classes="pair"):
            yield Listing(
                self._columns(),
                key=lambda r: r.conversion.id,
                found_by=lambda r: known_as(r.conversion),
                empty=EMPTY,
                order="when",
                copies=lambda r: r.conversion.external_id,
            )
            with VerticalScroll(classes="detail"):
                yield Static(Content(""), id="deal")

    def _columns(self) -> tuple[Column[Reported], ...]:
        known = self.known
        return (
            Column(key="name", label="Known as", cell=lambda r, w: self._called(r), least=12,
                   value=lambda r: known_as(r.conversion),
                   order=lambda r: safe.clean(known_as(r.conversion)).casefold()),
            Column(key="customer", label="Customer", cell=lambda r, w: customers(r.attribution, known),
                   order=lambda r: safe.clean(customers(r.attribution, known)).casefold()),
            Column(key="amount", label="Amount", cell=lambda r, w: amount_of(r.conversion), order=_amount,
                   width=13, right=True, amounts=lambda r: amounts(r.conversion)),
            Column(key="credited", label="Credited", cell=lambda r, w: _credited(r), order=_credited_order,
                   width=13, right=True, drop=6,
                   amounts=_credited_amounts),
            Column(key="evidence", label="Evidence", cell=lambda r, w: evidence(r.attribution),
                   order=lambda r: evidence(r.attribution), width=9, drop=1),
            Column(key="kind", label="What", cell=lambda r, w: said(EVENTS, r.conversion.kind),
                   order=lambda r: r.conversion.kind, width=11, drop=8),
            Column(key="mechanic", label="Mechanic", cell=lambda r, w: mechanics(r.attribution, known),
                   order=lambda r: safe.clean(mechanics(r.attribution, known)).casefold(), width=18, drop=3),
            Column(key="motion", label="Motion", cell=lambda r, w: motions(r.attribution),
                   order=lambda r: motions(r.attribution), width=10, drop=5),
            Column(key="model", label="Model", cell=lambda r, w: said(MODELS, r.attribution.model),
                   order=lambda r: r.attribution.model, width=10, drop=7),
            Column(key="when", label="When", cell=lambda r, w: ago(r.conversion.occurred_at),
                   order=lambda r: r.conversion.occurred_at, width=12, right=True, drop=2),
        )  # fmt: skip

    def _called(self, reported: Reported) -> str:
        """Among all kinds, what is no opportunity is marked: there is not always room for a column."""
        mark = "" if self._kind else _MARKS.get(reported.conversion.kind, "")
        return mark + known_as(reported.conversion)

    # What is shown.

    @property
    def _kind(self) -> str:
        return self._choice("kind", KINDS, "opportunity")

    @property
    def _named_so(self) -> str:
        return self._choice("named", NAMED, "")

    def _choice(self, name: str, choices: dict[str, str], first: str) -> str:
        chosen = self.console.remembered.choices.get(f"{OPPORTUNITIES}-{name}", first)
        return chosen if chosen in choices else first

    def _next(self, name: str, choices: dict[str, str], now: str) -> None:
        order = list(choices)
        self.console.remembered.choices[f"{OPPORTUNITIES}-{name}"] = order[(order.index(now) + 1) % len(order)]
        self.begin()

    def action_next_kind(self) -> None:
        self._next("kind", KINDS, self._kind)

    def action_next_named(self) -> None:
        self._next("named", NAMED, self._named_so)

    @property
    def asked(self) -> tuple[object, ...]:
        return (*super().asked, self._kind, self._named_so)

    @property
    def things(self) -> str:
        return KINDS[self._kind] + NAMED[self._named_so]

    def _extent(self) -> str:
        return super()._extent() or self.things

    def draw(self) -> None:
        none = NONE_OF_THESE.get(self._kind)
        told = f"{none}{NAMED[self._named_so]}. f and a show others." if none else EMPTY
        self.query_one(Listing).explain_empty(told)
        super().draw()

    async def read(self, client: Client, search: str, cursor: str | None) -> Page[Reported]:
        attributed = {"yes": True, "no": False}.get(self._named_so)
        return await client.conversions_found(search, cursor, kind=self._kind or None, attributed=attributed)

    async def naming(self, client: Client, entries: list[Reported]) -> list[Fact]:
        credits = [credit for reported in entries for credit in reported.attribution.credits]
        return await names(client, self.known, [c.customer for c in credits], [c.mechanic for c in credits])

    async def fetch(self, client: Client) -> list[Fact]:
        facts = await super().fetch(client)
        current = self.current
        if current is not None:
            facts.append(CaseFetched(await client.conversion(current.conversion.id)))
        return facts

    # The one at hand.

    @property
    def current(self) -> Reported | None:
        """The one under the cursor; none before the screen is composed."""
        listings = self.query(Listing)
        found: Reported | None = listings.first().current if listings else None
        return found

    @property
    def case(self) -> Case | None:
        current = self.current
        return self.known.cases.get(current.conversion.id) if current is not None else None

    @on(Listing.Moved)
    def _moved(self) -> None:
        self._explain()
        current = self.current
        if current is not None and self.case is None:
            self._read_case(current.conversion.id)

    @on(CaseFetched)
    def _case_fetched(self, fact: CaseFetched) -> None:
        case = fact.case
        now = Reported(conversion=case.conversion, attribution=case.attribution)
        if self._entries is not None:
            self._entries = [now if old.conversion.id == now.conversion.id else old for old in self._entries]
            self.draw()
        self._explain()

    def _explain(self) -> None:
        current, case = self.current, self.case
        self.query_one(".detail").display = current is not None
        if current is not None:
            self.query_one("#deal", Static).update(self._told(current, case))
        self.rebind((current and current.conversion.id, case and case.decision is not None))

    def _told(self, reported: Reported, case: Case | None) -> Content:
        conversion, attribution = reported.conversion, reported.attribution
        also = f"  {safe.line(conversion.external_id, 30)}" if conversion.deal_name else ""
        rule = f", by the model {said(MODELS, attribution.model)}" if attribution.credits else ""
        parts: list[str | tuple[str, str] | Content] = [
            (f"{safe.line(known_as(conversion))}  {amount_of(conversion)}", "bold"), (also, "$quiet"), "\n",
            (f"{said(EVENTS, conversion.kind)} of {stamp(conversion.occurred_at)}{rule}", "$quiet"), "\n\n",
            ("Why", "$accent"), "\n", reasons(conversion, attribution, self.known),
        ]  # fmt: skip
        if case is not None and case.decision is not None:
            parts += ["\n\n", ("Decided over the evidence", "$accent"), "\n", decided(case.decision, self.known)]
        if case is not None:
            parts += ["\n\n", ("Touchpoints", "$accent"), "\n", self._touches(case)]
        return Content.assemble(*parts)

    def _touches(self, case: Case) -> Content:
        if not case.touchpoints:
            return Content.styled("No trace leads from it to a link.", "$quiet")
        lines = []
        for touch in case.touchpoints[:_MOST_TOUCHES]:
            hop = f", hop {touch.hop}" if touch.hop else ""
            name = safe.line(self.known.name(touch.customer), 24)
            how = (f"  {said(VIAS, touch.via)}{hop}", "$quiet")
            lines.append(Content.assemble((f"{day(touch.at):<12} ", "$quiet"), name, how))
        if (more := len(case.touchpoints) - _MOST_TOUCHES) > 0:
            lines.append(Content.styled(f"and {more:,} more", "$quiet"))
        return Content("\n").join(lines)

    @work(group="case", exclusive=True)
    async def _read_case(self, id: str) -> None:
        try:
            self.console.learn(CaseFetched(await self.console.client.conversion(id)))
        except (Lost, Refusal):
            return  # the next reading of the list says so

    def action_open(self) -> None:
        if self.current is not None:
            self.console.open_opportunity(self.current.conversion.id)


def _amount(reported: Reported) -> int:
    return reported.conversion.amount.amount_minor if reported.conversion.amount else -1


def _credited_order(reported: Reported) -> int:
    minor = credited_minor(reported.attribution)
    return -1 if minor is None else minor


def _credited_amounts(reported: Reported) -> list[Money]:
    minor = credited_minor(reported.attribution)
    return [] if minor is None else amounts(reported.conversion, minor)


def _credited(reported: Reported) -> str:
    minor = credited_minor(reported.attribution)
    return NOTHING if minor is None else amount_of(reported.conversion, minor)
