"""An event: one line of the append-only ledger. Carries ids and a daily visitor hash, never personal data."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class EventKind(StrEnum):
    SHARE = "share"
    """A share was minted through the API or passed along (offline ones appear with their first view)."""
    VIEW = "view"
    """Somebody, or some bot, was shown the page."""
    STEP = "step"
    """A step of a walkthrough was shown; `ref` is its number."""
    LEAD = "lead"
    """A viewer passed the gate."""
    CLICK = "click"
    """The CTA was followed."""
    SIGNUP = "signup"
    TRIAL = "trial"
    OPPORTUNITY = "opportunity"
    WON = "won"
    LOST = "lost"
    AFTERLIFE = "afterlife"
    """A view of a killed mechanic's page: counted apart, credited to nobody."""
    PROMPT = "prompt"
    """An in-product prompt was shown; `ref` is its kind."""


class Actor(StrEnum):
    HUMAN = "human"
    BOT = "bot"
    UNFURLER = "unfurler"
    """A chat or network that fetches a link to draw its preview card."""
    SYSTEM = "system"
    """An integrator's call or the CRM."""


class Event(Struct, kw_only=True, gc=False):
    """One event. `day` is the reporting day (20261121), `visitor` the day's hash (63 bits; 0 for none)."""

    at_ms: int
    day: int
    kind: EventKind
    actor: Actor
    share: str | None
    customer: str | None
    mechanic: str | None
    asset: str | None
    hop: int = 0
    visitor: int = 0
    lead: str | None = None
    ref: str | None = None
    """What else it names: the number of a step, the parent lead of a lead, the conversion's external id;
    of what was submitted faster than people do, `suspect`."""


class EventRow(Event, kw_only=True):
    """An event with its place in the ledger."""

    seq: int
