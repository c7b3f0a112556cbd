"""One lead: who it is, every step of its journey, and what it was credited for."""

from __future__ import annotations

from textwrap import wrap
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from passalong_tui import safe
from passalong_tui.answers import Event, Lead, Reported
from passalong_tui.client import Client
from passalong_tui.commands import CUSTOMERS, LEAD, bindings
from passalong_tui.known import Known
from passalong_tui.messages import Fact, LeadFetched
from passalong_tui.screens.customer import conversion_amount, who
from passalong_tui.screens.page import Page
from passalong_tui.words import ACTORS, EVENTS, MOTIONS, day, said, stamp

_COLUMN = 19
Part = str | tuple[str, str] | Content


class LeadScreen(Page):
    NAME, TAB = LEAD, CUSTOMERS
    QUESTION = "How did this lead come to us?"
    CSS_PATH = "lead.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(LEAD)]

    def __init__(self, id: str) -> None:
        super().__init__()
        self._about = id

    def body(self) -> ComposeResult:
        with VerticalScroll(id="lead"):
            yield Static(Content("Reading…"), id="person")
            yield Static(Content("Journey"), classes="heading")
            yield Static(Content("Reading…"), id="journey")
            yield Static(Content("What came of it"), classes="heading")
            yield Static(Content("Reading…"), id="outcome")

    async def fetch(self, client: Client) -> list[Fact]:
        return [LeadFetched(await client.lead(self._about))]

    def draw(self) -> None:
        if self.focused is None:
            self.query_one("#lead", VerticalScroll).focus()

    @on(LeadFetched)
    def _fetched(self, fact: LeadFetched) -> None:
        lead = fact.detail.lead
        self.ask(Content.assemble("How did ", (safe.line(who(lead), 50), "$accent"), " come to us?"))
        self.query_one("#person", Static).update(person(lead, self.known))
        self.query_one("#journey", Static).update(journey(fact.detail.events, self.known))
        self.query_one("#outcome", Static).update(outcome(fact.detail.conversions, min(self.size.width - 5, 100)))
        self.draw()

    def action_back(self) -> None:
        self.app.pop_screen()


def person(lead: Lead, known: Known) -> Content:
    """Who it is, as far as the key may see, and on whose link it came."""
    origin = f"{safe.line(known.name(lead.customer))} · {safe.line(known.title(lead.mechanic))}"
    facts: list[tuple[str, str | None]] = [
        ("Name", lead.name),
        ("Company", lead.company or lead.domain),
        ("Role", lead.role),
        ("Heard from", lead.heard_from),
        *(
            (name.removeprefix("x_").replace("_", " ").capitalize(), answer)
            for name, answer in (lead.extra or {}).items()
        ),
        ("Came by", origin + (f" · passed along, hop {lead.hop}" if lead.hop else "")),
        ("Motion", said(MOTIONS, lead.motion)),
        ("Consent", f"given {day(lead.consent_at)}" if lead.consent_at else None),
    ]
    parts: list[Part] = []
    for label, value in facts:
        if value:
            parts += [(f"{safe.line(label, 14):<15}", "$quiet"), safe.line(value, 120), "\n"]
    if lead.suspect:
        parts += [("! Submitted faster than people type; judge for yourself.", "$warning"), "\n"]
    if lead.erased_at:
        parts += [(f"Personal data was erased on {day(lead.erased_at)}.", "$quiet"), "\n"]
    if lead.sample:
        parts += [("Sample data, made up for a demonstration.", "$quiet"), "\n"]
    return Content.assemble(*parts).rstrip()


def journey(events: list[Event], known: Known) -> Content:
    """Oldest first, each with its local time."""
    if not events:
        return Content.styled("No event is on record for this lead.", "$quiet")
    parts: list[Part] = []
    for event in events:
        where = safe.line(event.asset, 40) or safe.line(known.name(event.customer), 40)
        parts += [(f"{stamp(event.at):<{_COLUMN}}", "$quiet")]
        parts += [(f"{safe.line(said(EVENTS, event.kind), 18):<{_COLUMN}}", "bold"), where]
        parts += [(f"  {safe.line(said(ACTORS, event.actor))}", "$quiet"), "\n"]
    return Content.assemble(*parts).rstrip()


def outcome(conversions: list[Reported], width: int) -> Content:
    """Each conversion with its amount, and beneath it why it is credited, wrapped to `width` cells."""
    if not conversions:
        return Content.styled("Nothing yet. Conversions are reported by the product or the CRM.", "$quiet")
    parts: list[Part] = []
    for reported in conversions:
        conversion = reported.conversion
        parts += [(f"{stamp(conversion.occurred_at):<{_COLUMN}}", "$quiet")]
        parts += [(f"{safe.line(said(EVENTS, conversion.kind), 18):<{_COLUMN}}", "bold")]
        parts += [conversion_amount(reported), (f"  {safe.line(conversion.external_id, 40)}", "$quiet"), "\n"]
        for credit in reported.attribution.credits:
            why = f"{safe.line(credit.why)} ({safe.line(credit.evidence)})"
            parts += [f"{' ' * _COLUMN}{line}\n" for line in wrap(why, max(width - _COLUMN, 20))]
    return Content.assemble(*parts).rstrip()
