"""What to do first, while no opportunity is known yet: each step says how, and whether it is done."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from passalong_tui.known import Known


class FirstSteps(Static):
    def show(self, known: Known) -> None:
        self.update(first_steps(known))


def first_steps(known: Known) -> Content:
    mechanics = known.mechanics or []
    funnel = known.metric.funnel if known.metric else {}
    visited = any(mechanic.counts.visits for mechanic in mechanics) or bool(funnel.get("visit"))
    shared = visited or any(mechanic.counts.shares for mechanic in mechanics)
    steps = (
        (bool(mechanics), "Launch one mechanic", "2", "PUT /api/v1/mechanics/{key}: kind, owner, target"),
        (shared, "Mint a share", "4", "in your product, or with passalong mint"),
        (visited, "Send it", "0", "whoever opens it shows up here at once"),
        (False, "Connect the CRM", "8", "hubspot.token, or POST /api/v1/conversions"),
    )
    lines = [Content.styled("No opportunity is known yet. What to do first:", "bold")]
    for done, what, key, how in steps:
        lines.append(
            Content.assemble(
                ("✓ " if done else "○ ", "$success" if done else "$accent"),
                (f"{what:<20}", "$quiet" if done else ""),
                (f"{key} ", "bold $accent"),
                (how, "$quiet"),
            )
        )
    return Content("\n").join(lines)
