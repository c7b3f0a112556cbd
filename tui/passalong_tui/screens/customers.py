"""Every customer, by the pipeline that a model credits it with."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from passalong_tui import safe
from passalong_tui.answers.customers import Moment, RankedCustomer, Ranking
from passalong_tui.client import Client, Lost, Refusal
from passalong_tui.commands import CUSTOMERS, bindings
from passalong_tui.messages import LatestFetched
from passalong_tui.screens.feed import FeedFetched, FeedPage
from passalong_tui.screens.mechanics import pipeline_order
from passalong_tui.widgets.columns import count
from passalong_tui.widgets.customer_card import card
from passalong_tui.widgets.listing import Column, Listing
from passalong_tui.words import MODELS, RANKINGS, clock, money_in, number, said

LATEST = 8
"""So many of the last things that happened stand beside the table."""
AGAIN_S = 1.0
"""How soon a ranking that is being worked out is asked for again."""
_PAUSE_S = 0.15
_CHOICE = "customers.model"


def _pipeline(motion: str, label: str, drop: int = 0) -> Column[RankedCustomer]:
    return Column(
        key=motion,
        label=label,
        cell=lambda c, w: money_in(getattr(c.credited, motion).pipeline, w),
        order=lambda c: (pipeline_order([*getattr(c.credited, motion).pipeline]), -c.place),
        amounts=lambda c: getattr(c.credited, motion).pipeline,
        width=13,
        right=True,
        drop=drop,
    )


COLUMNS: tuple[Column[RankedCustomer], ...] = (
    Column(key="place", label="#", cell=lambda c, w: number(c.place), order=lambda c: -c.place, width=4, right=True,
           drop=4, value=lambda c: c.place),
    Column(key="name", label="Customer", least=18, cell=lambda c, w: c.name,
           order=lambda c: safe.clean(c.name).casefold()),
    Column(key="region", label="Region", cell=lambda c, w: c.region or "",
           order=lambda c: safe.clean(c.region).casefold(), width=12, drop=7),
    count("shares", "Shares", 7, lambda c: c.counts.shares, drop=6),
    count("visits", "Visits", 7, lambda c: c.counts.visits, drop=5),
    count("leads", "Leads", 6, lambda c: c.counts.leads, drop=3),
    Column(key="opportunities", label="Opps", cell=lambda c, w: number(c.credited.whole.opportunities),
           order=lambda c: c.credited.whole.opportunities, width=6, right=True),
    _pipeline("expansion", "Expansion", drop=2),
    _pipeline("new_logo", "New logos", drop=1),
    # The server has put them in order: it knows by which rates currencies are compared.
    Column(key="pipeline", label="Pipeline", cell=lambda c, w: money_in(c.credited.whole.pipeline, w),
           order=lambda c: -c.place, width=13, right=True,
           amounts=lambda c: c.credited.whole.pipeline),
)  # fmt: skip
EMPTY = (
    "No customer yet. Put one with PUT /api/v1/customers/{id}, or import a list: passalong import customers FILE.csv"
)


class CustomersScreen(FeedPage[RankedCustomer]):
    NAME = TAB = CUSTOMERS
    QUESTION = "Which customers bring others?"
    THINGS = "customers"
    CSS_PATH = "customers.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide"), (150, "-rich")]  # noqa: RUF012  as Textual declares it
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(CUSTOMERS)]

    def __init__(self) -> None:
        super().__init__()
        self._ranking: Ranking | None = None
        """The last answer about the model that is shown, without its entries."""
        self._latest: dict[str, list[Moment]] = {}
        self._pause: Timer | None = None

    def body(self) -> ComposeResult:
        with Container(classes="pair"):
            yield Listing(
                COLUMNS,
                key=lambda c: c.id,
                found_by=lambda c: f"{c.name} {c.id} {c.region or ''} {' '.join(c.domains)}",
                empty=EMPTY,
                order="pipeline",
                copies=lambda c: c.id,
            )
            with VerticalScroll(classes="detail", can_focus=False):
                yield Static(Content(""), id="customer")

    # The model.

    @property
    def model(self) -> str | None:
        """The one that was chosen; None for the one in use."""
        chosen = self.console.remembered.choices.get(_CHOICE)
        return chosen if chosen in RANKINGS else None

    @property
    def asked(self) -> tuple[object, ...]:
        return (*super().asked, self.model)

    def action_next_model(self) -> None:
        models = list(RANKINGS)
        shown = self.model or (self._ranking.model if self._ranking is not None else models[0])
        following = models[(models.index(shown) + 1) % len(models)] if shown in models else models[0]
        self.console.remembered.choices[_CHOICE] = following
        self._ranking = None
        self.query_one(Listing).grid.scroll_home(animate=False)
        self.draw()
        self.begin()

    async def read(self, client: Client, search: str, cursor: str | None) -> Ranking:
        model = self.model
        ranking = await client.ranking(model, query=search, cursor=cursor)
        if model == self.model:
            self._ranking = ranking
        return ranking

    # What is shown.

    def draw(self) -> None:
        super().draw()
        self._show_card()

    def _extent(self) -> str:
        """By which rule they stand in this order, as of when, and how many are shown."""
        ranking = self._ranking
        model = self.model or (ranking.model if ranking is not None else None)
        said_so = [f"by pipeline, {said(MODELS, model)} model" if model else "by pipeline"]
        if ranking is not None and ranking.present:
            said_so[0] += ", the one in use"
        if ranking is None or ranking.progress is not None:
            done = ranking.progress if ranking is not None else None
            said_so.append(f"trying it on {done.done:,} of {done.of:,} conversions…" if done else "asking…")
        if ranking is not None and ranking.made_at is not None and not ranking.present:
            said_so.append(f"as of {clock(ranking.made_at)}")
        if self._cursor is not None:
            first = f"the first {len(self._entries or ()):,}"
            said_so.append(first if self.query_one(Listing).in_first_order else f"sorted among {first}")
        return " · ".join(said_so)

    @on(FeedFetched)
    def _ranked(self, fact: FeedFetched[RankedCustomer]) -> None:
        """Comes before what all feeds do: nothing that is there yet is no answer, and what was known stays."""
        if fact.asked != self.asked or self._ranking is None:
            return
        if self._ranking.progress is not None:
            self.set_timer(AGAIN_S, self.load)
        if self._ranking.made_at is None:
            fact.prevent_default()
            self.query_one(Listing).explain_empty("It is being worked out. A long history takes a while, once.")
            self._entries, self._cursor = [], None
            self.draw()
        else:
            self.query_one(Listing).explain_empty(EMPTY)

    @on(Listing.Moved)
    def _moved(self) -> None:
        self._show_card()
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(_PAUSE_S, self._look_closer)
        self.rebind(self.current is not None)

    @property
    def current(self) -> RankedCustomer | None:
        """The one under the cursor; none before the screen is composed."""
        listings = self.query(Listing)
        found: RankedCustomer | None = listings.first().current if listings else None
        return found

    def _show_card(self) -> None:
        current = self.current
        detail = self.query_one(".detail")
        detail.display = current is not None and self.has_class("-rich")
        if detail.display and current is not None:
            width = max(detail.content_size.width, 30)
            self.query_one("#customer", Static).update(card(current, self._latest.get(current.id), self.known, width))

    @work(group="latest", exclusive=True)
    async def _look_closer(self) -> None:
        """Asks what happened last to the one under the cursor, once the cursor rests."""
        current = self.current
        if current is None or not self.has_class("-rich"):
            return
        try:
            moments = await self.console.client.timeline(current.id, most=LATEST)
        except (Lost, Refusal):
            return  # the table's own reading tells of it
        self.post_message(LatestFetched(current.id, moments))

    @on(LatestFetched)
    def _latest_fetched(self, fact: LatestFetched) -> None:
        self._latest[fact.customer] = fact.moments
        self._show_card()

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_card)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return None if action == "open" and self.current is None else True

    def action_open(self) -> None:
        if self.current is not None:
            self.console.open_customer(self.current.id)
