"""Reviews, and what came of what they decided."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from passalong_tui.answers.mechanics import Verdict


class CameOf(Struct, kw_only=True):
    why: str


class Reviewed(Struct, kw_only=True):
    """One decision of a review, and what came of it since."""

    mechanic: str
    title: str
    decision: str
    role: str
    owner: str
    reason: str
    verdict: Verdict
    overrides: bool
    came_of: CameOf


class Review(Struct, kw_only=True):
    """`month` as 2026-10."""

    id: str
    month: str
    held_at: datetime
    by: str
    note: str
    decisions: list[Reviewed]
