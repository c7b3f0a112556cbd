"""What the console knows at this moment. A screen draws from it at once and asks the server afterwards."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime

from passalong.domain.access import Role
from passalong_tui.answers.conversions import Case
from passalong_tui.answers.customers import Customer
from passalong_tui.answers.mechanics import Course, Mechanic
from passalong_tui.answers.metric import Event, Metric, Theater
from passalong_tui.answers.outbox import Endpoint, OutboxStatus
from passalong_tui.answers.plays import Piece, Play
from passalong_tui.answers.reviews import Review
from passalong_tui.answers.settings import ApiKey, Brand, Settings
from passalong_tui.draft import Draft
from passalong_tui.words import now

TAIL = 2_000
"""Events that are kept: what is older is in the ledger."""
CASES = 50


def _reach(role: str) -> int:
    """How far a role reaches; one that a newer server knows reaches as far as reading."""
    return [*Role].index(Role(role)) if role in {*Role} else 0


class Known:
    """The last answers. None stands for never asked, an empty list for asked and found nothing."""

    def __init__(self, draft: Draft | None = None) -> None:
        self.metric: Metric | None = None
        self.mechanics: list[Mechanic] | None = None
        self.courses: dict[str, Course] = {}
        """By the mechanic's key, those that were looked at."""
        self.customers: list[Customer] | None = None
        self.theater: Theater | None = None
        self.asked_to_be_erased = 0
        """People who wait for an admin; 0 also where the key may not know."""
        self.plays: dict[str | None, list[Play]] = {}
        """By the state that was asked for, None for any."""
        self.pieces: list[Piece] | None = None
        self.reviews: list[Review] | None = None
        self.outbox: OutboxStatus | None = None
        self.endpoints: list[Endpoint] | None = None
        """Of webhooks; None also where the key may not see them, and so with the two that follow."""
        self.settings: Settings | None = None
        self.keys: list[ApiKey] | None = None
        self.brands: list[Brand] | None = None
        self.draft = draft or Draft()
        """The review that is being prepared: it outlives the screen."""
        self.events: deque[Event] = deque(maxlen=TAIL)
        self.following = False
        """Whether the tail has been read once: without events it is then really empty."""
        self.role: str | None = None
        """What the key may do; None until the server was asked."""
        self.cases: dict[str, Case] = {}
        """The conversions looked at last, by id."""
        self.nameless: set[str] = set()
        """Customers and mechanics that the server could not name when it was asked."""
        self.answered_at: datetime | None = None
        self.names: dict[str, str] = {}
        """Names of customers by id."""
        self.titles: dict[str, str] = {}
        """Titles of mechanics by key."""

    def heard(self) -> None:
        self.answered_at = now()

    def keep_mechanics(self, mechanics: list[Mechanic]) -> None:
        self.mechanics = mechanics
        self.titles = {mechanic.key: mechanic.title for mechanic in mechanics}

    def keep_mechanic(self, changed: Mechanic) -> None:
        if self.mechanics is not None:
            self.keep_mechanics([changed if known.key == changed.key else known for known in self.mechanics])

    def keep_customers(self, customers: list[Customer]) -> None:
        self.customers = customers
        self.names = {customer.id: customer.name for customer in customers}

    def keep_case(self, case: Case) -> None:
        self.cases.pop(case.conversion.id, None)
        self.cases[case.conversion.id] = case
        while len(self.cases) > CASES:
            del self.cases[next(iter(self.cases))]

    def unnamed(self, customers: Iterable[str | None], mechanics: Iterable[str | None]) -> set[str]:
        """Those of them that have no name yet, and were not asked for in vain."""
        asked = {id for id in customers if id and id not in self.names}
        asked |= {key for key in mechanics if key and key not in self.titles}
        return asked - self.nameless

    def keep_events(self, events: list[Event]) -> None:
        self.following = True
        self.events.extend(events)

    def name(self, customer: str | None) -> str:
        return self.names.get(customer, customer) if customer else ""

    def title(self, mechanic: str | None) -> str:
        return self.titles.get(mechanic, mechanic) if mechanic else ""

    def may(self, needs: str) -> bool:
        """Whether a command of that role is to be offered: until the server was asked, it is."""
        return self.role is None or not needs or _reach(self.role) >= _reach(needs)

    @property
    def living(self) -> list[Mechanic]:
        return [mechanic for mechanic in self.mechanics or [] if not mechanic.killed]

    def stranger(self, events: list[Event]) -> bool:
        """Whether an event names a customer or a mechanic that is not known by name yet."""
        return any(
            (event.customer and event.customer not in self.names)
            or (event.mechanic and event.mechanic not in self.titles)
            for event in events
        )
