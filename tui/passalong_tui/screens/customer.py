"""One customer: what it shares, who came, and what came of it, each credit with its reason."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from passalong.domain.money import written
from passalong_tui import safe
from passalong_tui.answers import Credit, CustomerDetail, Lead, Reported, ShareOf
from passalong_tui.client import Client
from passalong_tui.commands import CUSTOMER, CUSTOMERS, bindings
from passalong_tui.messages import CustomerFetched, Fact
from passalong_tui.screens.page import TablePage
from passalong_tui.widgets.listing import Column, Listing
from passalong_tui.words import EVENTS, MOTIONS, NOTHING, ago, counted, day, money, number, said


def share_state(share: ShareOf) -> str:
    if share.revoked:
        return "✕ revoked"
    if share.expires_at and share.expires_at < datetime.now(UTC):
        return "✕ expired"
    return f"until {day(share.expires_at)}" if share.expires_at else "● open"


def _count(key: str, label: str, width: int) -> Column[ShareOf]:
    return Column(
        key=key,
        label=label,
        cell=lambda s, w: number(getattr(s, key)),
        order=lambda s: getattr(s, key),
        width=width,
        right=True,
    )


def who(lead: Lead) -> str:
    """The address, or what may be shown instead of it."""
    if lead.erased_at:
        return "erased"
    return lead.email or f"someone at {lead.domain}" if lead.email or lead.domain else "not for this key"


def credit_of(reported: Reported, customer: str) -> Credit | None:
    return next((credit for credit in reported.attribution.credits if credit.customer == customer), None)


def conversion_amount(reported: Reported, credit: Credit | None = None) -> str:
    amount = reported.conversion.amount
    if amount is None:
        return NOTHING
    minor = amount.amount_minor if credit is None or credit.amount_minor is None else credit.amount_minor
    return written(minor, amount.currency)


class CustomerScreen(TablePage):
    NAME, TAB = CUSTOMER, CUSTOMERS
    QUESTION = "What did this customer bring?"
    CSS_PATH = "customer.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(CUSTOMER)]

    def __init__(self, id: str) -> None:
        super().__init__()
        self._about = id

    def body(self) -> ComposeResult:
        yield Static(Content("Reading…"), id="sum")
        yield Listing(
            self._share_columns(),
            key=lambda s: s.share,
            found_by=lambda s: f"{s.asset_title or ''} {s.asset} {s.channel} {self.known.title(s.mechanic)} {s.share}",
            empty="No share yet. Mint one with POST /api/v1/shares, or passalong mint.",
            order="seen",
            heading="Shares",
            id="shares",
        )
        yield Listing(
            LEADS,
            key=lambda lead: lead.id,
            found_by=lambda lead: f"{lead.email or ''} {lead.name or ''} {lead.company or ''} {lead.domain or ''}",
            empty="No lead yet. They appear when a viewer passes a gate on one of the shares above.",
            order="when",
            heading="Leads",
            id="leads",
        )
        with Vertical(id="conversions-part"):
            yield Listing(
                self._conversion_columns(),
                key=lambda r: r.conversion.id,
                found_by=lambda r: f"{r.conversion.external_id} {r.conversion.kind}",
                empty="Nothing is credited to this customer yet. Conversions come from the product or the CRM.",
                order="when",
                heading="Sign-ups and opportunities",
                id="conversions",
            )
            yield Static(Content(""), id="why")

    def _share_columns(self) -> tuple[Column[ShareOf], ...]:
        title = self.known.title
        return (
            Column(
                key="asset",
                label="Asset",
                cell=lambda s, w: s.asset_title or s.asset,
                order=lambda s: safe.clean(s.asset_title or s.asset).casefold(),
            ),
            Column(key="mechanic", label="Mechanic", cell=lambda s, w: title(s.mechanic), order=lambda s: s.mechanic,
                   width=22, drop=3),
            Column(key="channel", label="Channel", cell=lambda s, w: s.channel, order=lambda s: s.channel,
                   width=10, drop=1),
            _count("visits", "Visits", 7),
            _count("leads", "Leads", 7),
            _count("opportunities", "Opps", 6),
            Column(key="state", label="State", cell=lambda s, w: share_state(s), order=lambda s: share_state(s),
                   width=17, drop=2),
            Column(key="seen", label="First seen", cell=lambda s, w: ago(s.first_seen_at),
                   order=lambda s: s.first_seen_at, width=12, right=True, drop=4),
        )  # fmt: skip

    def _conversion_columns(self) -> tuple[Column[Reported], ...]:
        id = self._about
        return (
            Column(key="kind", label="What", cell=lambda r, w: said(EVENTS, r.conversion.kind),
                   order=lambda r: r.conversion.kind, width=12),
            Column(key="id", label="Known as", cell=lambda r, w: r.conversion.external_id,
                   order=lambda r: r.conversion.external_id),
            Column(key="amount", label="Credited", cell=lambda r, w: conversion_amount(r, credit_of(r, id)),
                   order=lambda r: r.conversion.amount.amount_minor if r.conversion.amount else -1,
                   width=16, right=True),
            Column(key="motion", label="Motion", order=lambda r: _motion(credit_of(r, id)),
                   cell=lambda r, w: _motion(credit_of(r, id)), width=10, drop=2),
            Column(key="evidence", label="Evidence", order=lambda r: _evidence(credit_of(r, id)),
                   cell=lambda r, w: _evidence(credit_of(r, id)), width=10, drop=1),
            Column(key="when", label="When", cell=lambda r, w: ago(r.conversion.occurred_at),
                   order=lambda r: r.conversion.occurred_at, width=12, right=True),
        )  # fmt: skip

    async def fetch(self, client: Client) -> list[Fact]:
        id = self._about
        detail, leads = await asyncio.gather(client.customer(id), client.leads(id))
        return [CustomerFetched(detail, leads)]

    def draw(self) -> None:
        self.ask(Content.assemble("What did ", (safe.line(self.known.name(self._about), 60), "$accent"), " bring?"))

    @on(CustomerFetched)
    def _fetched(self, fact: CustomerFetched) -> None:
        self.known.names[self._about] = fact.detail.customer.name
        self.draw()
        self.query_one("#sum", Static).update(summary(fact.detail))
        self.query_one("#shares", Listing).show(fact.detail.shares)
        self.query_one("#leads", Listing).show(fact.leads)
        self.query_one("#conversions", Listing).show(fact.detail.conversions)
        if self.focused is None:
            for listing in self.query(Listing):
                if listing.shown:
                    listing.focus_rows()
                    break

    @on(Listing.Moved, "#conversions")
    def _explain(self) -> None:
        listing: Listing[Reported] = self.query_one("#conversions", Listing)
        current = listing.current
        credit = credit_of(current, self._about) if current else None
        said_why = Content.assemble(("Why: ", "bold"), safe.line(credit.why)) if credit else Content("")
        self.query_one("#why", Static).update(said_why)

    def action_open(self) -> None:
        leads: Listing[Lead] = self.query_one("#leads", Listing)
        if leads.has_focus_within and leads.current is not None:
            self.console.open_lead(leads.current.id)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "open" and self.is_mounted and not self.query_one("#leads", Listing).has_focus_within:
            return None
        return True

    def on_descendant_focus(self) -> None:
        self.refresh_bindings()

    def action_back(self) -> None:
        if not self.escape():
            self.app.pop_screen()


LEADS: tuple[Column[Lead], ...] = (
    Column(key="email", label="Lead", cell=lambda lead, w: who(lead), order=lambda lead: safe.clean(who(lead))),
    Column(key="name", label="Name", cell=lambda lead, w: lead.name or "",
           order=lambda lead: safe.clean(lead.name).casefold(), width=22, drop=3),
    Column(key="company", label="Company", cell=lambda lead, w: lead.company or "",
           order=lambda lead: safe.clean(lead.company).casefold(), width=20, drop=1),
    Column(key="motion", label="Motion", cell=lambda lead, w: said(MOTIONS, lead.motion),
           order=lambda lead: lead.motion, width=10),
    Column(key="when", label="When", cell=lambda lead, w: Text(ago(lead.created_at)),
           order=lambda lead: lead.created_at, width=12, right=True),
)  # fmt: skip


def _motion(credit: Credit | None) -> str:
    return said(MOTIONS, credit.motion) if credit else NOTHING


def _evidence(credit: Credit | None) -> str:
    return credit.evidence if credit else NOTHING


def summary(detail: CustomerDetail) -> Content:
    counts = detail.customer.counts
    numbers = ", ".join(
        [
            counted(counts.shares, "share"),
            counted(counts.visits, "visit"),
            counted(counts.leads, "lead"),
            counted(counts.opportunities, "opportunity", "opportunities"),
        ]
    )
    domains = safe.line(", ".join(detail.customer.domains), 60)
    return Content.assemble(
        numbers, ".  ", (f"Pipeline {money(counts.pipeline)}", "bold"), (f"   {domains}" if domains else "", "$quiet")
    )
