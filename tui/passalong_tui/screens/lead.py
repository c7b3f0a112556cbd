"""One lead: who it is, how it came link by link, what became of it under each model, and where HubSpot has it."""

from __future__ import annotations

import asyncio
from textwrap import wrap
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from passalong_tui import safe
from passalong_tui.answers.conversions import Case, Reported
from passalong_tui.answers.leads import Erasure, Lead, LeadDetail
from passalong_tui.client import Client
from passalong_tui.commands import ADMIN, LEAD, LEADS, bindings
from passalong_tui.credits import amount_of, amounts, customers, known_as, reasons, side_by_side
from passalong_tui.journeys import doings, in_hubspot, way
from passalong_tui.known import Known
from passalong_tui.messages import CaseFetched, Fact, LeadFetched
from passalong_tui.screens.customer import who
from passalong_tui.screens.naming import names
from passalong_tui.screens.page import TablePage
from passalong_tui.widgets.listing import Column, Listing
from passalong_tui.words import EVENTS, MOTIONS, ago, day, said, stamp, unread

MOST_CASES = 4
"""Of so many of its conversions the credits under each model are read at once; of others when they are looked at."""
_MOST_ROWS = 10
_LABEL = 12
_MOST = 400
"""Cells of one answer: whoever wants it whole copies it or asks the API."""
Part = str | tuple[str, str] | Content


class LeadScreen(TablePage):
    NAME, TAB = LEAD, LEADS
    QUESTION = "How did this lead come to us?"
    CSS_PATH = "lead.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (140, "-wide")]  # noqa: RUF012  as Textual declares it
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(LEAD)]

    def __init__(self, id: str) -> None:
        super().__init__()
        self._about = id
        self._detail: LeadDetail | None = None

    def body(self) -> ComposeResult:
        with VerticalScroll(id="lead"):
            with Container(id="beside"):
                with Vertical(id="came"):
                    yield Static(Content("How it came"), classes="heading")
                    yield Static(Content(unread()), id="way")
                    yield Listing(
                        self._columns(),
                        key=lambda r: r.conversion.id,
                        found_by=lambda r: f"{known_as(r.conversion)} {r.conversion.kind}",
                        empty="Nothing yet. Sign-ups and opportunities are reported by the product or the CRM.",
                        order="when",
                        heading="What came of it",
                        copies=lambda r: r.conversion.external_id,
                        id="conversions",
                    )
                    yield Static(Content(""), id="why")
                with Vertical(id="is"):
                    yield Static(Content("Who it is"), classes="heading")
                    yield Static(Content(""), id="person")
                    yield Static(Content("HubSpot"), classes="heading")
                    yield Static(Content(""), id="crm")
            yield Static(Content(""), id="models")
            yield Static(Content("What it did"), classes="heading")
            yield Static(Content(""), id="doings")

    def _columns(self) -> tuple[Column[Reported], ...]:
        known = self.known
        return (
            Column(key="kind", label="What", cell=lambda r, w: said(EVENTS, r.conversion.kind),
                   order=lambda r: r.conversion.kind, width=11),
            Column(key="name", label="Known as", cell=lambda r, w: known_as(r.conversion),
                   order=lambda r: safe.clean(known_as(r.conversion)).casefold()),
            Column(key="customer", label="Credited to", cell=lambda r, w: customers(r.attribution, known),
                   order=lambda r: safe.clean(customers(r.attribution, known)).casefold(), width=18, drop=1),
            Column(key="amount", label="Amount", cell=lambda r, w: amount_of(r.conversion), width=16, right=True,
                   order=lambda r: r.conversion.amount.amount_minor if r.conversion.amount else -1,
                   amounts=lambda r: amounts(r.conversion)),
            Column(key="when", label="When", cell=lambda r, w: ago(r.conversion.occurred_at),
                   order=lambda r: r.conversion.occurred_at, width=12, right=True),
        )  # fmt: skip

    async def fetch(self, client: Client) -> list[Fact]:
        detail = await client.lead(self._about)
        ids = [reported.conversion.id for reported in detail.conversions[:MOST_CASES]]
        current = self._current
        if current is not None and current.conversion.id not in ids:
            ids.append(current.conversion.id)
        cases: list[Case] = await asyncio.gather(*(client.conversion(id) for id in ids))
        credits = [credit for case in cases for of in case.models.values() for credit in of]
        called = await names(
            client,
            self.known,
            [detail.lead.customer, *(hop.customer for hop in detail.way), *(credit.customer for credit in credits)],
            [detail.lead.mechanic, *(credit.mechanic for credit in credits)],
        )
        return [*called, *(CaseFetched(case) for case in cases), LeadFetched(detail)]

    @on(LeadFetched)
    def _fetched(self, fact: LeadFetched) -> None:
        self._detail = fact.detail
        self.draw()

    def on_resize(self) -> None:
        self.draw()

    def draw(self) -> None:
        detail = self._detail
        if detail is None:
            return
        lead, known = detail.lead, self.known
        self.ask(Content.assemble("How did ", (safe.line(who(lead), 50), "$accent"), " come to us?"))
        self.query_one("#way", Static).update(way(detail.way, lead, known))
        # Beside the way that it came, or beneath.
        width = self.size.width // 2 - 10 if self.has_class("-wide") else self.size.width - 8
        self.query_one("#person", Static).update(person(detail, known, width))
        erased = lead.erased_at is not None
        crm = in_hubspot(detail.crm, what="contact", sample=lead.sample, erased=erased)
        self.query_one("#crm", Static).update(crm)
        listing = self.query_one("#conversions", Listing)
        listing.show(detail.conversions)
        listing.grow(_MOST_ROWS)
        self.query_one("#doings", Static).update(doings(detail.events, known))
        self._draw_case()
        if self.focused is None:
            self.query_one("#lead", VerticalScroll).focus()

    @property
    def _current(self) -> Reported | None:
        listings = self.query("#conversions").results(Listing)
        listing: Listing[Reported] | None = next(iter(listings), None)
        return listing.current if listing is not None else None

    @on(Listing.Moved, "#conversions")
    def _moved(self) -> None:
        self._draw_case()
        current = self._current
        self.rebind((self._erased, current and current.conversion.id))

    def _draw_case(self) -> None:
        """Why the one at hand is credited, and what other models would say."""
        current = self._current
        why, models = self.query_one("#why", Static), self.query_one("#models", Static)
        why.display = models.display = current is not None
        if current is None:
            return
        why.update(reasons(current.conversion, current.attribution, self.known))
        case = self.known.cases.get(current.conversion.id)
        if case is not None:
            models.update(side_by_side(case, self.known, min(self.size.width - 9, 150)))
        else:
            models.update(Content.styled("Enter shows what other models would say.", "$quiet"))

    @property
    def _erased(self) -> bool:
        return self._detail is not None and self._detail.lead.erased_at is not None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "erase":
            if not self.known.may(ADMIN):
                return False
            return True if self._detail is not None and not self._erased else None
        if action == "open":
            return True if self._current is not None else None
        return True

    def action_open(self) -> None:
        if self._current is not None:
            self.console.open_opportunity(self._current.conversion.id)

    def action_customer(self) -> None:
        if self._detail is not None:
            self.console.open_customer(self._detail.lead.customer)

    def action_copy(self) -> None:
        """The address, unless a conversion is at hand."""
        if self._detail is not None and not self.query_one("#conversions", Listing).has_focus_within:
            self.console.copy(safe.line(self._detail.lead.email) or self._about)
        else:
            super().action_copy()

    def action_erase(self) -> None:
        from passalong_tui.screens.erase import EraseDialog

        if self._detail is not None:
            crm = self._detail.crm
            in_crm = crm is not None and (crm.record is not None or crm.job is not None)
            self.app.push_screen(EraseDialog(self._detail.lead, in_crm=in_crm), self._was_erased)

    def _was_erased(self, erasure: Erasure | None) -> None:
        if erasure is not None:
            self.console.say("Erased for good. Every total stays as it was.")
            self.load()

    def action_back(self) -> None:
        if not self.escape():
            self.app.pop_screen()


def person(detail: LeadDetail, known: Known, width: int) -> Content:
    """Who it is as far as the key may see, what it answered, and what it agreed to, within so many cells."""
    lead = detail.lead
    origin = f"{safe.line(known.name(lead.customer), 40)} · {safe.line(known.title(lead.mechanic), 40)}"
    answers = [
        (name.removeprefix("x_").replace("_", " ").capitalize(), answer) for name, answer in (lead.extra or {}).items()
    ]
    facts: list[tuple[str, str | None]] = [
        ("Address", lead.email or (f"someone at {lead.domain}" if lead.domain else None)),
        ("Name", lead.name),
        ("Company", lead.company or lead.domain),
        ("Role", lead.role),
        ("Heard from", lead.heard_from),
        *answers,
        ("Came by", origin),
        ("Motion", said(MOTIONS, lead.motion)),
        ("Since", stamp(lead.created_at)),
        ("Consent", consent(detail)),
    ]
    parts: list[Part] = []
    for label, value in facts:
        if value:
            lines = wrap(safe.line(value, _MOST), max(width - _LABEL, 20)) or [""]
            parts += [(f"{safe.line(label, _LABEL - 1):<{_LABEL}}", "$quiet")]
            parts += [f"\n{' ' * _LABEL}".join(lines), "\n"]
    parts += _marks(lead)
    return Content.assemble(*parts).rstrip()


def consent(detail: LeadDetail) -> str:
    """Whether, when and to which wording."""
    lead = detail.lead
    if lead.consent_at is None:
        return "not asked for"
    version = f", version {lead.consent_version}" if lead.consent_version else ""
    words = f": “{detail.consent_text}”" if detail.consent_text else ""
    return f"given {stamp(lead.consent_at)}{version}{words}"


def _marks(lead: Lead) -> list[Part]:
    parts: list[Part] = []
    if lead.suspect:
        parts += [("! Submitted faster than people type; judge for yourself.", "$warning"), "\n"]
    if lead.erased_at:
        parts += [(f"✕ Personal data was erased on {day(lead.erased_at)}.", "bold"), "\n"]
    if lead.sample:
        parts += [("Sample data, made up for a demonstration.", "$quiet"), "\n"]
    return parts
