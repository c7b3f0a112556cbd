"""What happened, named as facts. A fact is kept in Known the moment it is learnt, then posted and drawn."""

from __future__ import annotations

from collections.abc import Sequence

from textual.message import Message

from passalong_tui.answers.conversions import Case
from passalong_tui.answers.customers import Customer, CustomerDetail, Moment
from passalong_tui.answers.leads import LeadDetail
from passalong_tui.answers.mechanics import Course, Mechanic
from passalong_tui.answers.metric import Event, Metric, Month, Theater
from passalong_tui.answers.outbox import Endpoint, OutboxStatus
from passalong_tui.answers.plays import LiveRule, Piece, Play, PlayReport
from passalong_tui.answers.reviews import Review
from passalong_tui.answers.settings import ApiKey, Brand, Settings
from passalong_tui.answers.shares import Node, ShareDetail
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


class CourseFetched(Fact):
    """How a mechanic has done since its launch."""

    def __init__(self, course: Course) -> None:
        self.course = course
        super().__init__()

    def keep(self, known: Known) -> None:
        known.courses[self.course.mechanic] = self.course


class CustomersFetched(Fact):
    def __init__(self, customers: list[Customer]) -> None:
        self.customers = customers
        super().__init__()

    def keep(self, known: Known) -> None:
        known.keep_customers(self.customers)


class CustomerFetched(Fact):
    """`months` is None where they were not asked for."""

    def __init__(self, detail: CustomerDetail, months: list[Month] | None = None) -> None:
        self.detail = detail
        self.months = months
        super().__init__()

    def keep(self, known: Known) -> None:
        known.names[self.detail.customer.id] = self.detail.customer.name


class PartFetched(Fact):
    """A part of what is known of one customer, by its name."""

    def __init__(self, part: str, entries: Sequence[object]) -> None:
        self.part = part
        self.entries = entries
        super().__init__()


class LatestFetched(Fact):
    """What happened to a customer last."""

    def __init__(self, customer: str, moments: list[Moment]) -> None:
        self.customer = customer
        self.moments = moments
        super().__init__()


class PiecesFetched(Fact):
    def __init__(self, pieces: list[Piece]) -> None:
        self.pieces = pieces
        super().__init__()

    def keep(self, known: Known) -> None:
        known.pieces = self.pieces


class ShareFetched(Fact):
    """A share, with its tree from the top: the whole of it, or (`cursor`) the branches right below it as far as a page
    goes. Without `nodes` nothing new is known of the tree."""

    def __init__(self, detail: ShareDetail, nodes: list[Node], cursor: str | None = None) -> None:
        self.detail = detail
        self.nodes = nodes
        self.cursor = cursor
        super().__init__()


class BranchesFetched(Fact):
    """Branches right below a share, and where they go on."""

    def __init__(self, share: str, nodes: list[Node], cursor: str | None) -> None:
        self.share = share
        self.nodes = nodes
        self.cursor = cursor
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


class ErasuresFetched(Fact):
    """How many people wait for an admin to erase them."""

    def __init__(self, n: int) -> None:
        self.n = n
        super().__init__()

    def keep(self, known: Known) -> None:
        known.asked_to_be_erased = self.n


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


class OutboxFetched(Fact):
    """What waits and what differs; the endpoints where the key may see them, else None."""

    def __init__(self, status: OutboxStatus, endpoints: list[Endpoint] | None) -> None:
        self.status = status
        self.endpoints = endpoints
        super().__init__()

    def keep(self, known: Known) -> None:
        known.outbox, known.endpoints = self.status, self.endpoints


class SettingsFetched(Fact):
    """What is in force and who may call, where the key may see it (else None); and the brands."""

    def __init__(self, settings: Settings | None, keys: list[ApiKey] | None, brands: list[Brand]) -> None:
        self.settings = settings
        self.keys = keys
        self.brands = brands
        super().__init__()

    def keep(self, known: Known) -> None:
        known.settings, known.keys, known.brands = self.settings, self.keys, self.brands


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
