"""Conversions, whom they are credited to, and why."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from passalong.domain.money import Money
from passalong_tui.answers.outbox import InCrm


class Credit(Struct, kw_only=True):
    """A customer's part, `micro` in millionths of the whole."""

    customer: str
    mechanic: str | None
    micro: int
    amount_minor: int | None
    evidence: str
    motion: str
    why: str
    share: str | None = None
    lead: str | None = None
    hop: int = 0


class Conversion(Struct, kw_only=True):
    """`version` counts how often it was credited; `deal` is HubSpot's id and `deal_name` its name there, for admins."""

    id: str
    external_id: str
    kind: str
    occurred_at: datetime
    amount: Money | None
    version: int = 1
    deal: str | None = None
    deal_name: str | None = None
    withdrawn: bool = False


class Attribution(Struct, kw_only=True):
    """Credits under one model, or why there are none."""

    credits: list[Credit]
    unattributed_reason: str | None
    model: str = ""


class Reported(Struct, kw_only=True):
    """A conversion and whose it is."""

    conversion: Conversion
    attribution: Attribution


class Touchpoint(Struct, kw_only=True):
    """A trace from a conversion to a share; `micro` is what it brings, in millionths, and `why` why that is so."""

    via: str
    evidence: str
    at: datetime
    customer: str
    mechanic: str | None
    share: str | None
    asset: str | None
    hop: int
    lead: str | None
    motion: str
    micro: int
    why: str


class Evaluation(Struct, kw_only=True):
    """A version of the credits: when and why it came to be, under which rule."""

    version: int
    at: datetime
    cause: str
    model: str
    window_days: int
    amount: Money | None
    credits: list[Credit]
    unattributed_reason: str | None


class Override(Struct, kw_only=True):
    """An admin's word over the evidence; the newest stands unless it says that it was `withdrawn`."""

    at: datetime
    by: str
    reason: str
    customer: str | None
    mechanic: str | None
    withdrawn: bool


class Case(Struct, kw_only=True):
    """A conversion with all there is to argue about; `models` are its credits under each model."""

    conversion: Conversion
    attribution: Attribution
    touchpoints: list[Touchpoint]
    models: dict[str, list[Credit]]
    evaluations: list[Evaluation]
    overrides: list[Override]
    crm: InCrm | None = None

    @property
    def decision(self) -> Override | None:
        """The decision that stands."""
        newest = self.overrides[-1] if self.overrides else None
        return newest if newest and not newest.withdrawn else None
