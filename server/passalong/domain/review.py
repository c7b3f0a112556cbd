"""The monthly review: four people look at each mechanic, decide, and find next month what came of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from passalong.domain.instant import MONTH_PATTERN, month_name
from passalong.domain.mechanic import Fallback, Mechanic
from passalong.domain.share import Id
from passalong.domain.verdict import State, Verdict
from passalong.errors import Fault, Invalid


class ReviewRole(StrEnum):
    """In whose hands a decision is."""

    PRODUCT = "product"
    MARKETING = "marketing"
    CUSTOMER_SUCCESS = "customer_success"
    SALES = "sales"


class Choice(StrEnum):
    KEEP = "keep"
    CHANGE = "change"
    KILL = "kill"


_WHY = {Choice.CHANGE: "Say what is to change, and why.", Choice.KILL: "Say why it is killed."}


class ReviewedBody(Struct, forbid_unknown_fields=True):
    """What was decided about a mechanic. A `reason` is needed for everything but keeping what the verdict keeps."""

    mechanic: Id
    decision: Choice
    role: ReviewRole
    owner: Annotated[str, Meta(min_length=1, max_length=120)]
    reason: Annotated[str, Meta(max_length=500)] = ""
    fallback: Fallback = Fallback.ASSET_ONLY
    redirect_url: Annotated[str, Meta(max_length=1000)] | None = None


class ReviewBody(Struct, forbid_unknown_fields=True):
    """A review of a month (`2026-10`) as it was held. A kill in it kills."""

    month: Annotated[str, Meta(max_length=20, extra_json_schema={"pattern": MONTH_PATTERN})]
    by: Annotated[str, Meta(min_length=1, max_length=120)]
    decisions: Annotated[list[ReviewedBody], Meta(min_length=1, max_length=200)]
    note: Annotated[str, Meta(max_length=2000)] = ""


class Reviewed(Struct, frozen=True, kw_only=True):
    """A decision of a review with what was known that day: the verdict, and the month's opportunities."""

    mechanic: str
    title: str
    decision: Choice
    role: ReviewRole
    owner: str
    reason: str
    verdict: Verdict
    opportunities: int | float

    @property
    def overrides(self) -> bool:
        """Whether it went against the verdict: not killed though that was advised, or killed though it was not."""
        return (self.decision is Choice.KILL) != (self.verdict.state is State.KILL)


class Review(Struct, frozen=True, kw_only=True):
    id: str
    month: int
    at_ms: int
    by: str
    note: str
    decisions: tuple[Reviewed, ...]


def month_of(text: str, *, present: int | None = None) -> int:
    """202610 of `2026-10`; raises Invalid for what is no month, or later than `present`."""
    if not re.fullmatch(MONTH_PATTERN, text):
        raise Invalid.one("month", "Write a month like 2026-10.")
    month = int(text.replace("-", ""))
    if present is not None and month > present:
        raise Invalid.one("month", f"{text} has not begun; it is {month_name(present)} now.")
    return month


def check(body: ReviewBody, mechanics: Mapping[str, Mechanic], verdicts: Mapping[str, Verdict]) -> None:
    """Raises Invalid with every fault of every decision."""
    if faults := list(_faults(body, mechanics, verdicts)):
        raise Invalid(faults)


def _faults(body: ReviewBody, mechanics: Mapping[str, Mechanic], verdicts: Mapping[str, Verdict]) -> Iterator[Fault]:
    if not body.by.strip():
        yield Fault("by", "Say who held the review.")
    seen: set[str] = set()
    for n, said in enumerate(body.decisions):
        at = f"decisions[{n}]"
        mechanic = mechanics.get(said.mechanic)
        if mechanic is None:
            yield Fault(f"{at}.mechanic", f"There is no mechanic called {said.mechanic}.")
            continue
        if said.mechanic in seen:
            yield Fault(f"{at}.mechanic", f"{said.mechanic} is decided about twice.")
        seen.add(said.mechanic)
        if mechanic.tombstone is not None:
            yield Fault(f"{at}.mechanic", f"{said.mechanic} is dead already.")
        if not said.owner.strip():
            yield Fault(f"{at}.owner", "Say who sees to it.")
        if said.reason.strip():
            continue
        if said.decision is not Choice.KEEP:
            yield Fault(f"{at}.reason", _WHY[said.decision])
        elif verdicts[said.mechanic].state is State.KILL:
            yield Fault(f"{at}.reason", "The verdict is to kill it: keeping it needs a reason.")
