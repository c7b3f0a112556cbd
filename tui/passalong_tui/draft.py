"""The review that is being prepared: what was decided so far, kept until the server has recorded it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from passalong_tui.words import month_beside

LATE_DAYS = 10
"""So long into a month, the one before is what there is to review."""


class Decided(Struct, frozen=True, kw_only=True):
    """What is to be done about a mechanic, and in whose hands; `fault` is what the server found wrong with it."""

    mechanic: str
    decision: str
    role: str
    owner: str
    reason: str = ""
    fallback: str = "asset_only"
    redirect_url: str = ""
    fault: str = ""

    @property
    def body(self) -> dict[str, Any]:
        """As the server takes it."""
        said = {name: getattr(self, name) for name in ("mechanic", "decision", "role", "owner", "reason")}
        if self.decision == "kill":
            said["fallback"] = self.fallback
            if self.fallback == "redirect" and self.redirect_url:
                said["redirect_url"] = self.redirect_url
        return said


class Draft(Struct, kw_only=True):
    """`month` is the one that is looked at, as 2026-10, None until it is known. Each month has a draft of its own:
    decisions by the mechanic's key, in the order they were made."""

    month: str | None = None
    months: dict[str, dict[str, Decided]] = field(default_factory=dict)

    @property
    def decisions(self) -> dict[str, Decided]:
        """Those of the month that is looked at."""
        return self.months.setdefault(self.month or "", {})

    def decide(self, decided: Decided) -> None:
        self.decisions[decided.mechanic] = decided

    def find_fault(self, faults: dict[str, str]) -> None:
        """Puts each `decisions[2].reason` beside the decision that it is about; what stood there before is gone."""
        for place, (key, decided) in enumerate(list(self.decisions.items())):
            start = f"decisions[{place}]"
            found = [message for name, message in faults.items() if name.startswith(start)]
            self.decisions[key] = replace(decided, fault=" ".join(found))

    def leave_only(self, living: Collection[str]) -> None:
        """Forgets what was killed meanwhile: there is nothing left to decide about it."""
        for decisions in self.months.values():
            for key in decisions.keys() - living:
                del decisions[key]

    def turn(self, by: int, present: str) -> None:
        """To another month, which has begun."""
        if self.month is not None:
            self.month = min(month_beside(self.month, by), present)


def month_due(present: str, today: date) -> str:
    """The month that is reviewed on a day of the present one (2026-11)."""
    return month_beside(present, -1) if today.day <= LATE_DAYS else present


def needs_reason(decision: str, verdict: str) -> str:
    """Why a reason must be given, in a sentence; empty where none is needed."""
    if decision == "change":
        return "Say what is to change, and why."
    if decision == "kill":
        return "Say why it is killed."
    return "The verdict is to kill it: keeping it needs a reason." if verdict == "kill" else ""
