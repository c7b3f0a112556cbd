"""Everything about one mechanic: its rule, its gate, its end and its history."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from passalong_tui import safe
from passalong_tui.answers import Decision, Gate, Mechanic
from passalong_tui.words import DECISIONS, FALLBACKS, KINDS, counted, day, money, number, said

Part = str | tuple[str, str] | Content

_GATES = {
    "none": "Open: nobody is asked for anything.",
    "soft": "Soft: the asset shows and a form invites.",
    "hard": "Hard: the asset waits behind a form.",
}


class MechanicCard(VerticalScroll, can_focus=True):
    def compose(self) -> ComposeResult:
        yield Static(Content.styled("Choose a mechanic to read its rule and history.", "$quiet"))

    def show(self, mechanic: Mechanic | None) -> None:
        if mechanic is None:
            self.query_one(Static).update(Content.styled("No mechanic to show.", "$quiet"))
            return
        parts: list[Part] = [(safe.line(mechanic.title), "bold"), "\n"]
        parts += [(f"{said(KINDS, mechanic.kind)} · owned by {safe.line(mechanic.owner, 40)}", "$quiet"), "\n"]
        if mechanic.tombstone:
            parts += _tombstone(mechanic)
        parts += [*_heading("Rule"), *_rule(mechanic)]
        parts += [*_heading("Gate and call to action"), *_asks(mechanic)]
        parts += [*_heading("Brought so far"), *_brought(mechanic)]
        parts += [*_heading("Decisions"), *_history(mechanic.decisions)]
        self.query_one(Static).update(Content.assemble(*parts))


def _heading(title: str) -> list[Part]:
    return ["\n", (title, "$accent"), "\n"]


def _tombstone(mechanic: Mechanic) -> list[Part]:
    dead = mechanic.tombstone
    if dead is None:
        return []
    where = f" ({safe.line(dead.redirect_url, 60)})" if dead.redirect_url else ""
    return [
        "\n",
        (f"✕ Killed on {day(dead.at)} by {safe.line(dead.by, 40)}", "bold $error"),
        f"\n“{safe.line(dead.reason)}”\n",
        (f"Since then {said(FALLBACKS, dead.fallback)}{where}.", "$quiet"),
        (f" {counted(mechanic.counts.afterlife, 'view')} since.\n" if mechanic.counts.afterlife else "\n", "$quiet"),
    ]


def _rule(mechanic: Mechanic) -> list[Part]:
    target = (
        f"{mechanic.target_per_1000:g} opportunities per 1,000 visits"
        if mechanic.target_per_1000 is not None
        else "No target was set before launch"
    )
    return [f"{target},\njudged after {counted(mechanic.floor_days, 'day')}. Launched {day(mechanic.launched_at)}.\n"]


def _asks(mechanic: Mechanic) -> list[Part]:
    parts: list[Part] = [_gate(mechanic.gate), "\n"]
    if mechanic.cta is None:
        return [*parts, ("No call to action.", "$quiet"), "\n"]
    return [*parts, f"“{safe.line(mechanic.cta.label)}” ", ("→ " + safe.line(mechanic.cta.url, 80), "$quiet"), "\n"]


def _gate(gate: Gate) -> str:
    said_so = f"After step {gate.step} a form stands." if gate.mode == "at_step" else _GATES.get(gate.mode, gate.mode)
    if gate.mode == "none":
        return said_so
    asked = ["e-mail"] + [safe.line(f.name.removeprefix("x_").replace("_", " ")) for f in gate.fields]
    return f"{said_so} It asks for {', '.join(asked)}."


def _brought(mechanic: Mechanic) -> list[Part]:
    counts = mechanic.counts
    lines = [
        f"{counted(counts.shares, 'link')} of {counted(counts.customers, 'customer')}",
        f"{counted(counts.visits, 'visit')}, {counted(counts.clicks, 'CTA click')} (bots apart: {number(counts.bots)})",
        f"{counted(counts.leads, 'lead')}, {counted(counts.signups, 'sign-up')}",
        f"{counted(counts.opportunities, 'opportunity', 'opportunities')}, {number(counts.won)} won",
        f"Pipeline {money(counts.pipeline)}",
    ]
    return ["\n".join(lines), "\n"]


def _history(decisions: list[Decision]) -> list[Part]:
    if not decisions:
        return [("Reading…", "$quiet")]
    parts: list[Part] = []
    for decision in sorted(decisions, key=lambda d: d.at, reverse=True):
        word = said(DECISIONS, decision.kind)
        parts += [(f"{word} ", "bold"), (f"{day(decision.at)} by {safe.line(decision.by, 30)}", "$quiet"), "\n"]
        if decision.reason.rstrip(".") != word:
            parts += [f"  {safe.line(decision.reason)}\n"]
    return parts
