"""Every share that is out, the newest first, found by whose it is, what it shows or who sent it."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Resize
from textual.geometry import Size
from textual.widgets import Static

from passalong_tui import safe
from passalong_tui.answers.common import Page
from passalong_tui.answers.shares import ListedShare
from passalong_tui.client import Client, Lost, Refusal
from passalong_tui.commands import INTEGRATOR, SHARES, bindings
from passalong_tui.messages import ConnectionLost
from passalong_tui.screens.feed import FeedPage
from passalong_tui.screens.share import lines
from passalong_tui.widgets.columns import count
from passalong_tui.widgets.listing import Column, Listing, unseen
from passalong_tui.widgets.qr import QrCode
from passalong_tui.widgets.share_card import facts, title, whose
from passalong_tui.words import SHARE_STATES, ago, money_in, said

STATES = ("", "open", "revoked", "expired")
"""What may be shown, in the order of the key: first everything."""
EMPTY = (
    "No share is out yet. Mint one with POST /api/v1/shares. Those of passalong mint appear with the first look at "
    "them."
)
_CHOICE = "shares.state"
_ROOMY = 150
"""Cells from which on there is room for one link beside the list of all."""
_DETAIL_WIDTH, _FACTS_HEIGHT = 55, 18


def _marked(share: ListedShare) -> str:
    """The asset, with a mark where the link does not open: there may be no room for the state in words."""
    return title(share) if share.state == "open" else f"✕ {title(share)}"


COLUMNS: tuple[Column[ListedShare], ...] = (
    Column(key="asset", label="Asset", cell=lambda s, w: _marked(s), order=lambda s: safe.clean(title(s)).casefold(),
           value=title, least=18, tone=lambda s: "" if s.state == "open" else "quiet"),
    Column(key="customer", label="Customer", cell=lambda s, w: whose(s),
           order=lambda s: safe.clean(whose(s)).casefold()),
    Column(key="channel", label="Channel", cell=lambda s, w: s.channel, order=lambda s: s.channel, width=11, drop=3),
    Column(key="sharer", label="Sharer", cell=lambda s, w: s.sharer or "", order=lambda s: safe.clean(s.sharer),
           width=12, drop=5),
    count("visits", "Visits", 7, lambda s: s.visits),
    count("leads", "Leads", 6, lambda s: s.leads),
    count("opportunities", "Opps", 5, lambda s: s.opportunities),
    Column(key="pipeline", label="Pipeline", cell=lambda s, w: money_in(s.pipeline, w), width=14, right=True, drop=4,
           order=lambda s: max((m.amount_minor for m in s.pipeline), default=0), amounts=lambda s: s.pipeline),
    count("branches", "Branches", 9, lambda s: s.branches, drop=2),
    Column(key="state", label="State", cell=lambda s, w: said(SHARE_STATES, s.state), order=lambda s: s.state,
           width=9, value=lambda s: s.state, drop=1),
    Column(key="seen", label="First seen", cell=lambda s, w: ago(s.first_seen_at), order=lambda s: s.first_seen_at,
           width=12, right=True),
    unseen("link", "Link", lambda s: s.url),
    unseen("share", "Share", lambda s: s.share),
    unseen("mechanic", "Mechanic", lambda s: s.mechanic),
    unseen("customer_id", "Customer id", lambda s: s.customer),
)  # fmt: skip


class SharesScreen(FeedPage[ListedShare]):
    NAME = TAB = SHARES
    QUESTION = "Which shares are out?"
    THINGS = "shares"
    CSS_PATH = "shares.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(SHARES)]

    def body(self) -> ComposeResult:
        with Horizontal(classes="pair"):
            yield Listing(
                COLUMNS,
                key=lambda s: s.share,
                found_by=lambda s: f"{s.share} {whose(s)} {s.customer} {title(s)} {s.asset} {s.channel} {s.sharer}",
                empty=EMPTY,
                order="seen",
                copies=lambda s: s.url,
            )
            with Vertical(classes="detail"):
                yield Static(Content(""), id="facts")
                yield QrCode()

    async def read(self, client: Client, search: str, cursor: str | None) -> Page[ListedShare]:
        return await client.shares(q=search, state=self._state or None, cursor=cursor)

    @property
    def asked(self) -> tuple[object, ...]:
        return (self.search, self._state)

    @property
    def _state(self) -> str:
        remembered = self.console.remembered.choices.get(_CHOICE, "")
        return remembered if remembered in STATES else ""

    @property
    def share(self) -> ListedShare | None:
        """The share under the cursor."""
        listing: Listing[ListedShare] = self.query_one(Listing)
        return listing.current

    def draw(self) -> None:
        self.query_one(Listing).explain_empty(f"No share is {self._state}. f shows others." if self._state else EMPTY)
        super().draw()
        self._show_detail()

    def headline(self) -> Content:
        only = (f"   only {self._state} ones", "$warning") if self._state else ""
        return Content.assemble(self.QUESTION, only, (f"   {self._extent()}", "$quiet"))

    @on(Listing.Moved)
    def _moved(self) -> None:
        self._show_detail()
        self.rebind(self.share and (self.share.share, self.share.state))

    def on_resize(self, event: Resize) -> None:
        self.call_after_refresh(self._show_detail)

    def _show_detail(self) -> None:
        detail, share = self.query_one(".detail", Vertical), self.share
        detail.display = share is not None and self.size.width >= _ROOMY
        if share is None:
            return
        self.query_one("#facts", Static).update(lines(facts(share, self.known), _DETAIL_WIDTH))
        code = self.query_one(QrCode)
        code.show(share.url, Size(_DETAIL_WIDTH, self.size.height - _FACTS_HEIGHT))
        code.display = code.fits

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "revoke" and not self.known.may(INTEGRATOR):
            return False
        if action in ("open", "browse", "code", "customer", "revoke") and self.is_mounted:
            share = self.share
            return True if share is not None and (action != "revoke" or share.state != "revoked") else None
        return True

    def action_open(self) -> None:
        if self.share is not None:
            self.console.open_share(self.share.share)

    def action_customer(self) -> None:
        if self.share is not None:
            self.console.open_customer(self.share.customer)

    def action_browse(self) -> None:
        if self.share is not None:
            self.console.browse(self.share.url)

    def action_code(self) -> None:
        from passalong_tui.screens.code import CodeScreen

        if self.share is not None:
            self.app.push_screen(CodeScreen(self.share))

    def action_next_state(self) -> None:
        self.console.remembered.choices[_CHOICE] = STATES[(STATES.index(self._state) + 1) % len(STATES)]
        self.draw()
        self.begin()

    @work(group="revoking", exclusive=True)
    async def action_revoke(self) -> None:
        """Asks first what hangs below it, so that the dialog can say what stops."""
        from passalong_tui.screens.revoke import RevokeDialog

        if self.share is None:
            return
        try:
            detail = await self.console.client.share(self.share.share)
        except Lost:
            self.post_message(ConnectionLost())
        except Refusal as refused:
            self.console.say(str(refused), "error")
        else:
            self.app.push_screen(RevokeDialog(detail), lambda done: self.load() if done else None)
