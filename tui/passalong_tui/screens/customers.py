"""Every customer, by the pipeline that carries its name."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from passalong_tui import safe
from passalong_tui.answers import Customer
from passalong_tui.client import Client
from passalong_tui.commands import CUSTOMERS, bindings
from passalong_tui.messages import CustomersFetched, Fact
from passalong_tui.screens.mechanics import pipeline_order
from passalong_tui.screens.page import TablePage
from passalong_tui.widgets.listing import Column, Listing
from passalong_tui.words import money_in, number


def _count(key: str, label: str, width: int, drop: int = 0) -> Column[Customer]:
    return Column(
        key=key,
        label=label,
        cell=lambda c, w: number(getattr(c.counts, key)),
        order=lambda c: getattr(c.counts, key),
        width=width,
        right=True,
        drop=drop,
    )


COLUMNS: tuple[Column[Customer], ...] = (
    Column(key="name", label="Customer", cell=lambda c, w: c.name, order=lambda c: safe.clean(c.name).casefold()),
    Column(
        key="region",
        label="Region",
        cell=lambda c, w: c.region or "",
        order=lambda c: safe.clean(c.region).casefold(),
        width=14,
        drop=3,
    ),
    _count("shares", "Shares", 8, drop=2),
    _count("visits", "Visits", 8, drop=1),
    _count("leads", "Leads", 7),
    _count("opportunities", "Opps", 6),
    Column(
        key="pipeline",
        label="Pipeline",
        cell=lambda c, w: money_in(c.counts.pipeline, w),
        order=lambda c: (pipeline_order([*c.counts.pipeline]), c.counts.opportunities, c.counts.leads),
        width=18,
        right=True,
    ),
)


class CustomersScreen(TablePage):
    NAME = TAB = CUSTOMERS
    QUESTION = "Which customers bring others?"
    CSS_PATH = "customers.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(CUSTOMERS)]

    def body(self) -> ComposeResult:
        yield Listing(
            COLUMNS,
            key=lambda c: c.id,
            found_by=lambda c: f"{c.name} {c.id} {c.region or ''} {' '.join(c.domains)}",
            empty="No customer yet. Put one with PUT /api/v1/customers/{id}, "
            "or import a list: passalong import customers FILE.csv",
            order="pipeline",
            copies=lambda c: c.id,
        )

    async def fetch(self, client: Client) -> list[Fact]:
        return [CustomersFetched(await client.customers())]

    def draw(self) -> None:
        if self.known.customers is not None:
            self._show(self.known.customers)

    @on(CustomersFetched)
    def _customers(self, fact: CustomersFetched) -> None:
        self._show(fact.customers)

    def _show(self, customers: list[Customer]) -> None:
        self.query_one(Listing).show(customers)
        if self.focused is None:
            self.query_one(Listing).focus_rows()

    async def action_open(self) -> None:
        listing: Listing[Customer] = self.query_one(Listing)
        if listing.current is not None:
            self.console.open_customer(listing.current.id)
