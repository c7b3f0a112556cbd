"""What happened, named as facts. A fact is kept in Known the moment it is learnt, then posted and drawn."""

from __future__ import annotations

from textual.message import Message

from passalong_tui.answers import (
    Case,
    Customer,
    CustomerDetail,
    Event,
    Lead,
    LeadDetail,
    LiveRule,
    Mechanic,
    Metric,
    Play,
    PlayReport,
    Review,
    Theater,
)
from passalong_tui.known import Known


class Fact(Message):
    """Something that was learnt from the server."""

    def keep(self, known: Known) -> None:
        """Adds it to what is known, where other screens or a later moment need it."""


class MetricFetched(Fact):
    def __init__(self, metric: Metric) -> None:
        self.metric = metric
        super().__init__()

    def keep(self, known: Known) -> None:
        known.metric = self.metric


class MechanicsFetched(Fact):
    def __init__(self, mechanics: list[Mechanic]) -> None:
        self.mechanics = mechanics
        super().__init__()

    def keep(self, known: Known) -> None:
        known.keep_mechanics(self.mechanics)


class MechanicFetched(Fact):
    """One mechanic with its decisions: read again, or as it is after a decision."""

    def __init__(self, mechanic: Mechanic) -> None:
        self.mechanic = mechanic
        super().__init__()

    def keep(self, known: Known) -> None:
        known.keep_mechanic(self.mechanic)


class CustomersFetched(Fact):
    def __init__(self, customers: list[Customer]) -> None:
        self.customers = customers
        super().__init__()

    def keep(self, known: Known) -> None:
        known.keep_customers(self.customers)


class CustomerFetched(Fact):
    def __init__(self, detail: CustomerDetail, leads: list[Lead]) -> None:
        self.detail = detail
        self.leads = leads
        super().__init__()


class LeadFetched(Fact):
    def __init__(self, detail: LeadDetail) -> None:
        self.detail = detail
        super().__init__()


class CaseFetched(Fact):
    """All about one conversion: read again, or as it is after a decision."""

    def __init__(self, case: Case) -> None:
        self.case = case
        super().__init__()

    def keep(self, known: Known) -> None:
        known.keep_case(self.case)


class TheaterFetched(Fact):
    def __init__(self, theater: Theater) -> None:
        self.theater = theater
        super().__init__()

    def keep(self, known: Known) -> None:
        known.theater = self.theater


class PlaysFetched(Fact):
    """The plays in a state, None for any."""

    def __init__(self, state: str | None, plays: list[Play]) -> None:
        self.state = state
        self.plays = plays
        super().__init__()

    def keep(self, known: Known) -> None:
        known.plays[self.state] = self.plays


class PlayReportFetched(Fact):
    def __init__(self, report: PlayReport, rules: list[LiveRule]) -> None:
        self.report = report
        self.rules = rules
        super().__init__()


class ReviewsFetched(Fact):
    def __init__(self, reviews: list[Review]) -> None:
        self.reviews = reviews
        super().__init__()

    def keep(self, known: Known) -> None:
        known.reviews = self.reviews


class EventsArrived(Fact):
    """New events, oldest first."""

    def __init__(self, events: list[Event]) -> None:
        self.events = events
        super().__init__()

    def keep(self, known: Known) -> None:
        known.keep_events(self.events)


class ConnectionLost(Message):
    """The server did not answer. What is known stays on the screen."""


class ConnectionRefused(Message):
    """The server answered, and said no to reading: a key that was revoked, or something broken there."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        super().__init__()


class Answered(Message):
    """The server answered; if it was lost, it is back."""


class RoleKnown(Fact):
    """What the key may do: `reader`, `integrator` or `admin`."""

    def __init__(self, role: str) -> None:
        self.role = role
        super().__init__()

    def keep(self, known: Known) -> None:
        known.role = self.role
