"""Every lead, the newest first: who came, through whom, by which mechanic."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from passalong_tui import safe
from passalong_tui.answers.common import Page
from passalong_tui.answers.leads import Lead
from passalong_tui.client import Client
from passalong_tui.commands import ADMIN, LEADS, bindings
from passalong_tui.messages import Fact
from passalong_tui.screens.customer import who
from passalong_tui.screens.feed import FeedPage
from passalong_tui.screens.naming import names
from passalong_tui.widgets.listing import Column, Listing
from passalong_tui.words import MOTIONS, ago, said

EMPTY = (
    "No lead yet. Somebody becomes one by passing the gate of a share: make a link with passalong mint or "
    "POST /api/v1/shares, and give its mechanic a gate."
)


class LeadsScreen(FeedPage[Lead]):
    NAME = TAB = LEADS
    QUESTION = "Who came, and through whom?"
    THINGS = "leads"
    KEEPS_SEARCH = False
    CSS_PATH = "leads.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(LEADS)]

    def body(self) -> ComposeResult:
        yield Listing(
            self._columns(),
            key=lambda lead: lead.id,
            found_by=lambda lead: (
                f"{lead.email or ''} {lead.name or ''} {lead.company or ''} {lead.domain or ''} "
                f"{self.known.name(lead.customer)} {self.known.title(lead.mechanic)} {lead.asset}"
            ),
            empty=EMPTY,
            order="when",
            copies=lambda lead: lead.email or lead.id,
        )

    def _columns(self) -> tuple[Column[Lead], ...]:
        name, title = self.known.name, self.known.title
        return (
            Column(key="lead", label="Lead", cell=lambda lead, w: _marked(lead),
                   order=lambda lead: safe.clean(who(lead)).casefold(), least=26, value=who),
            Column(key="name", label="Name", cell=lambda lead, w: lead.name or "",
                   order=lambda lead: safe.clean(lead.name).casefold(), width=20, drop=4),
            Column(key="company", label="Company", cell=lambda lead, w: lead.company or lead.domain or "",
                   order=lambda lead: safe.clean(lead.company or lead.domain).casefold(), width=20, drop=3),
            Column(key="customer", label="Through", cell=lambda lead, w: name(lead.customer),
                   order=lambda lead: safe.clean(name(lead.customer)).casefold()),
            Column(key="mechanic", label="Mechanic", cell=lambda lead, w: title(lead.mechanic),
                   order=lambda lead: safe.clean(title(lead.mechanic)).casefold(), drop=2),
            Column(key="motion", label="Motion", cell=lambda lead, w: said(MOTIONS, lead.motion),
                   order=lambda lead: lead.motion, width=10, drop=1),
            Column(key="hop", label="Hop", cell=lambda lead, w: str(lead.hop), order=lambda lead: lead.hop,
                   width=3, right=True),
            Column(key="when", label="When", cell=lambda lead, w: ago(lead.created_at),
                   order=lambda lead: lead.created_at, width=12, right=True),
        )  # fmt: skip

    @property
    def searchable(self) -> bool:
        """The server searches what people answered for admins alone."""
        return self.known.may(ADMIN)

    async def read(self, client: Client, search: str, cursor: str | None) -> Page[Lead]:
        return await client.leads_found(search, cursor)

    async def naming(self, client: Client, entries: list[Lead]) -> list[Fact]:
        return await names(client, self.known, [e.customer for e in entries], [e.mechanic for e in entries])

    def _extent(self) -> str:
        told = super()._extent()
        return told if self.searchable or not told else f"{told}; only among these can be searched with this key"

    def action_open(self) -> None:
        listing: Listing[Lead] = self.query_one(Listing)
        if listing.current is not None:
            self.console.open_lead(listing.current.id)


def _marked(lead: Lead) -> str:
    """Whom one may doubt is marked."""
    return f"! {who(lead)}" if lead.suspect else who(lead)
