"""Decisions about a mechanic: dated, with who and why, and never edited. They are its history."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Self

from msgspec import Struct

from passalong.domain.instant import DAY_MS, at
from passalong.domain.mechanic import Fallback, Mechanic, MechanicBody, MechanicKind
from passalong.domain.money import Money
from passalong.domain.text import tidy
from passalong.domain.verdict import State, Verdict
from passalong.errors import Invalid


class DecisionKind(StrEnum):
    LAUNCH = "launch"
    CHANGE = "change"
    KEEP = "keep"
    REVISE = "revise"
    """A review decided that it is to change; the change itself is another decision."""
    PAUSE = "pause"
    RESUME = "resume"
    KILL = "kill"
    REVIVE = "revive"


LIVING_ON = (DecisionKind.CHANGE, DecisionKind.KEEP, DecisionKind.REVISE, DecisionKind.REVIVE)
"""Decisions by which a mechanic goes on."""


class KillRule(Struct, frozen=True, kw_only=True):
    """By which a mechanic is judged, as it was registered: see Mechanic for the units."""

    kind: MechanicKind
    owner: str
    target_per_1000: float | None
    floor_days: int
    cycle_days: int
    launched_at_ms: int

    @classmethod
    def of(cls, mechanic: Mechanic) -> Self:
        return cls(**{name: getattr(mechanic, name) for name in cls.__struct_fields__})


class Produced(Struct, frozen=True, kw_only=True):
    """What a mechanic had brought when it was decided about, and how many links of how many customers were out."""

    shares: int
    customers: int
    visits: int
    leads: int
    clicks: int
    opportunities: int | float
    won: int | float
    pipeline: list[Money]


class Decision(Struct, frozen=True, kw_only=True):
    """One entry of a mechanic's history. `rule` stands from then on (at a launch or a change of it); `verdict` and
    `produced` are what was known at that moment."""

    mechanic: str
    kind: DecisionKind
    at_ms: int
    by: str
    reason: str
    fallback: Fallback | None = None
    rule: KillRule | None = None
    verdict: Verdict | None = None
    produced: Produced | None = None

    @property
    def overrides(self) -> bool:
        """Whether it was made against the verdict: the mechanic lives on though a kill was advised, be it by another
        rule, or was killed though none was."""
        if self.verdict is None:
            return False
        advised = self.verdict.state is State.KILL
        return advised if self.kind in LIVING_ON else self.kind is DecisionKind.KILL and not advised


LAUNCH_GAP_DAYS = 60
"""Mechanics launched closer together compete for the same attention, and neither can be told from the other."""


def of_put(
    before: Mechanic | None,
    after: Mechanic,
    body: MechanicBody,
    *,
    now_ms: int,
    by: str,
    verdict: Verdict | None,
    produced: Produced | None,
) -> list[Decision]:
    """The decision that putting a mechanic amounts to: its launch, a change in words, or nothing.

    `by` is who is named if the body names nobody; `verdict` and `produced` are kept where the rule changes. Raises
    Invalid for a rule that is changed without a reason while the verdict is to kill.
    """
    if before is None:
        return [
            Decision(
                mechanic=after.key,
                kind=DecisionKind.LAUNCH,
                at_ms=now_ms,
                by=tidy(body.by or after.owner),
                reason=tidy(body.reason or "Launched."),
                rule=KillRule.of(after),
            )
        ]
    both = ((name, getattr(before, name), getattr(after, name)) for name in after.__struct_fields__)
    changes = [_changed(name, old, new) for name, old, new in both if old != new]
    if not changes:
        return []
    moved = KillRule.of(before) != KillRule.of(after)
    failed = moved and verdict is not None and verdict.state is State.KILL
    if failed and not tidy(body.reason or ""):
        raise Invalid.one("reason", "The verdict is to kill it: changing its rule now needs a reason.")
    reason = f"Changed: {', '.join(changes)}.{' No reason was given.' if moved else ''}"
    if body.reason:
        reason = f"{tidy(body.reason)} ({', '.join(changes)})"
    return [
        Decision(
            mechanic=after.key,
            kind=DecisionKind.CHANGE,
            at_ms=now_ms,
            by=tidy(body.by or by),
            reason=reason,
            rule=KillRule.of(after) if moved else None,
            verdict=verdict if moved else None,
            produced=produced if moved else None,
        )
    ]


def warnings(launched: Mechanic, others: Iterable[Mechanic]) -> list[str]:
    """What to think about before a mechanic goes out beside others that were launched shortly before or after."""
    close = [
        other
        for other in others
        if other.key != launched.key
        and other.tombstone is None
        and abs(other.launched_at_ms - launched.launched_at_ms) < LAUNCH_GAP_DAYS * DAY_MS
    ]
    return [
        f"Pick one surface: {other.title} ({other.key}) was launched on {at(other.launched_at_ms):%Y-%m-%d}, less than "
        f"{LAUNCH_GAP_DAYS} days apart. Two at once divide attention, and neither is given a fair trial."
        for other in close
    ]


def _changed(name: str, before: object, after: object) -> str:
    """`target_per_1000 5 → 8`, or the name alone of what is too long to be told."""
    plain = (str, int, float, type(None))
    if name.endswith("_ms") or not isinstance(before, plain) or not isinstance(after, plain):
        return name.removesuffix("_ms").replace("launched_at", "launch date")
    told = f"{_said(before)} → {_said(after)}"
    return f"{name} {told}" if len(told) < 80 else name


def _said(value: object) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
