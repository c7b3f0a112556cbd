"""Attribution: from the touchpoints of a conversion to credits that sum exactly.

Pure functions. A model decides how much of the credit each touchpoint gets, in millionths
(micro-credits) that sum to 1,000,000; money follows by the largest-remainder method (Hamilton's), so
that it sums to the last minor unit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

from msgspec import Struct

from passalong.domain.instant import DAY_MS, at
from passalong.domain.lead import Motion
from passalong.domain.money import Money
from passalong.domain.share import PROMPT_CHANNEL

WHOLE = 1_000_000


class Evidence(StrEnum):
    """How sure we are, best first."""

    OBSERVED = "observed"
    DECLARED = "declared"
    INFERRED = "inferred"


class Via(StrEnum):
    """By which trace a touchpoint was found."""

    CLICK = "click"
    CONTACT = "contact"
    DOMAIN = "domain"
    HEARD_FROM = "heard_from"


EVIDENCE_OF = {
    Via.CLICK: Evidence.OBSERVED,
    Via.CONTACT: Evidence.OBSERVED,
    Via.DOMAIN: Evidence.INFERRED,
    Via.HEARD_FROM: Evidence.DECLARED,
}
_RANK = {evidence: rank for rank, evidence in enumerate(Evidence)}


class Touchpoint(Struct, frozen=True, kw_only=True):
    """One trace that ties a conversion to a share, or (declared) to a customer alone.

    `contact` is the place of the address among the deal's, from 1; `contacts` how many there were;
    `detail` the domain or the answer that matched, or that a click was on a prompt; `by_way_of` the company domain of
    whoever passed the link along.
    """

    via: Via
    customer: str
    customer_name: str
    at_ms: int
    share: str | None = None
    mechanic: str | None = None
    asset: str | None = None
    sharer: str | None = None
    hop: int = 0
    lead: str | None = None
    contact: int = 0
    contacts: int = 0
    detail: str = ""
    by_way_of: str | None = None
    motion: Motion = Motion.NEW_LOGO

    @property
    def evidence(self) -> Evidence:
        return EVIDENCE_OF[self.via]


class Credit(Struct, frozen=True, kw_only=True):
    """A customer's part in a conversion. `micro` in millionths; `amount_minor` None when none was reported."""

    customer: str
    mechanic: str | None
    share: str | None
    asset: str | None
    sharer: str | None
    hop: int
    lead: str | None
    micro: int
    amount_minor: int | None
    evidence: Evidence
    motion: Motion
    why: str


class Policy(Struct, frozen=True, kw_only=True):
    """By which rule touchpoints become credits. `window_days` before a conversion a touch still counts."""

    model: str = "origin"
    half_life_days: float = 7.0
    window_days: int = 180


class Override(Struct, frozen=True, kw_only=True):
    """An admin's decision over the evidence: all to one customer, or to nobody. It stands until another is made."""

    at_ms: int
    by: str
    reason: str
    customer: str | None
    customer_name: str = ""
    mechanic: str | None = None
    withdrawn: bool = False


Model = Callable[[Sequence[Touchpoint], int], list[int]]
"""Touchpoints in order of time and the conversion's time, to the weight of each."""


def origin(touches: Sequence[Touchpoint], occurred_at_ms: int) -> list[int]:
    """All to the customer at the root of the first touch: later touches change nothing."""
    return [1] + [0] * (len(touches) - 1)


def last(touches: Sequence[Touchpoint], occurred_at_ms: int) -> list[int]:
    return [0] * (len(touches) - 1) + [1]


def linear(touches: Sequence[Touchpoint], occurred_at_ms: int) -> list[int]:
    return [1] * len(touches)


def position(touches: Sequence[Touchpoint], occurred_at_ms: int) -> list[int]:
    """40 % to the first touch, 40 % to the last, the rest to those between; two share alike."""
    between = len(touches) - 2
    if between < 1:
        return linear(touches, occurred_at_ms)
    return [40 * between, *([20] * between), 40 * between]


def time_decay(half_life_days: float) -> Model:
    """Half as much for each half-life that a touch lies further back than the last one."""

    def weights(touches: Sequence[Touchpoint], occurred_at_ms: int) -> list[int]:
        ages = [max(occurred_at_ms - touch.at_ms, 0) / DAY_MS for touch in touches]
        youngest = min(ages)
        return [max(round(WHOLE * WHOLE * 0.5 ** ((age - youngest) / half_life_days)), 1) for age in ages]

    return weights


MODELS = ("origin", "first", "last", "linear", "position", "time_decay")


def model_of(name: str, half_life_days: float = Policy().half_life_days) -> Model:
    """A model by its name. `first` is how `origin` is called elsewhere: of a tree, the first touch is at its root."""
    named: dict[str, Model] = {
        "origin": origin,
        "first": origin,
        "last": last,
        "linear": linear,
        "position": position,
        "time_decay": time_decay(half_life_days),
    }
    return named[name]


def attribute(
    touches: Sequence[Touchpoint], *, occurred_at_ms: int, amount: Money | None, model: Model = origin
) -> list[Credit]:
    """The credits of a conversion; none without touchpoints.

    Only the best grade of evidence present counts: what was observed is not diluted by what was guessed.
    Touchpoints with a weight of nothing get no credit.
    """
    if not touches:
        return []
    best = min((touch.evidence for touch in touches), key=_RANK.__getitem__)
    counted = sorted((touch for touch in touches if touch.evidence is best), key=_order)
    weights = model(counted, occurred_at_ms)
    micros = apportion(WHOLE, weights)
    amounts = apportion(amount.amount_minor, micros) if amount else [None] * len(counted)
    return [
        Credit(
            customer=touch.customer,
            mechanic=touch.mechanic,
            share=touch.share,
            asset=touch.asset,
            sharer=touch.sharer,
            hop=touch.hop,
            lead=touch.lead,
            micro=micro,
            amount_minor=money,
            evidence=touch.evidence,
            motion=touch.motion,
            why=why(touch, occurred_at_ms),
        )
        for touch, micro, money in zip(counted, micros, amounts, strict=True)
        if micro
    ]


def decided(override: Override, *, motion: Motion, amount: Money | None) -> list[Credit]:
    """The credits by an admin's word: one, declared, or none at all."""
    if override.customer is None:
        return []
    return [
        Credit(
            customer=override.customer,
            mechanic=override.mechanic,
            share=None,
            asset=None,
            sharer=None,
            hop=0,
            lead=None,
            micro=WHOLE,
            amount_minor=amount.amount_minor if amount else None,
            evidence=Evidence.DECLARED,
            motion=motion,
            why=f"Decided by {override.by} on {at(override.at_ms):%Y-%m-%d}: “{override.reason}”.",
        )
    ]


def _order(touch: Touchpoint) -> tuple[int, int, str, str, str]:
    """By time; of two at once always the same goes first, in whatever order they were found."""
    return touch.at_ms, touch.contact, touch.share or "", touch.customer, touch.lead or ""


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Splits a whole number by weights, exactly: largest remainders first, ties to the earlier.

    >>> apportion(100, [1, 1, 1])
    [34, 33, 33]
    """
    whole = sum(weights)
    if whole <= 0:
        raise ValueError("the weights must sum to more than nothing")
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda n: (-(total * weights[n] % whole), n))
    for n in by_remainder[: total - sum(parts)]:
        parts[n] += 1
    return parts


def why(touch: Touchpoint, occurred_at_ms: int) -> str:
    """The reason for a credit in a sentence that a salesperson would accept. No personal data."""
    ago = _ago(occurred_at_ms - touch.at_ms)
    link = f"{touch.customer_name}’s link"
    match touch.via:
        case Via.CLICK if touch.detail == PROMPT_CHANNEL:
            return f"{touch.customer_name} followed an upgrade prompt in the product {ago}."
        case Via.CLICK:
            said = f"Came through the call to action on {link} {ago}"
        case Via.CONTACT:
            said = f"{_contact(touch.contact, touch.contacts)} filled the gate on {link} {ago}"
        case Via.DOMAIN:
            said = f"Somebody at {touch.detail or 'the company'} filled the gate on {link} {ago}"
        case Via.HEARD_FROM:
            words = f" (“{touch.detail}”)" if touch.detail else ""
            return f"Asked how they heard of us, they named {touch.customer_name}{words}."
    if not touch.hop:
        return f"{said}."
    if touch.by_way_of:
        return f"{said}; the link had come by way of a lead at {touch.by_way_of} (hop {touch.hop})."
    return f"{said}; the link had been passed along (hop {touch.hop})."


def parts_of(touches: Sequence[Touchpoint], credits: Sequence[Credit], occurred_at_ms: int) -> dict[int, int]:
    """By the place of a touchpoint, the millionths that it brings. A credit is told from others of the same link and
    lead by its sentence; where that speaks of a customer by an older name, it is of the first of them."""
    parts: dict[int, int] = {}
    for credit in credits:
        fits = [
            place
            for place, touch in enumerate(touches)
            if place not in parts
            and (credit.customer, credit.share, credit.lead, credit.evidence)
            == (touch.customer, touch.share, touch.lead, touch.evidence)
        ]
        exact = [place for place in fits if why(touches[place], occurred_at_ms) == credit.why]
        if fits:
            parts[(exact or fits)[0]] = credit.micro
    return parts


def left_out(
    touch: Touchpoint, *, counted: Sequence[Touchpoint], occurred_at_ms: int, decided: bool, policy: Policy
) -> str:
    """Why a touchpoint brings no credit, in a sentence. `counted` are those within the window, `decided` says that
    somebody's word stands over the evidence."""
    if decided:
        return "A decision stands over the evidence."
    if touch not in counted:
        if touch.at_ms > occurred_at_ms:
            return "It came only afterwards."
        return f"It is older than the window of {policy.window_days} days."
    best = min((other.evidence for other in counted), key=_RANK.__getitem__)
    if touch.evidence is not best:
        return f"What is {best} counts before what is {touch.evidence}."
    return f"The model {policy.model.replace('_', ' ')} gives the credit to others."


_ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_ENDINGS = {1: "st", 2: "nd", 3: "rd"}


def _contact(place: int, of: int) -> str:
    if of <= 1:
        return "The contact"
    ending = "th" if place % 100 in (11, 12, 13) else _ENDINGS.get(place % 10, "th")
    ordinal = _ORDINALS[place] if place < len(_ORDINALS) else f"{place}{ending}"
    return f"The {ordinal} of {of} contacts"


def _ago(ms: int) -> str:
    if abs(ms) < DAY_MS:
        return "on the same day"  # clocks differ, and reports come in late
    if ms < 0:
        return "afterwards"
    days = ms // DAY_MS
    return "the day before" if days == 1 else f"{days} days before"
