"""Everything about one mechanic: its verdict, its rule then and now, its gate, its end and its history."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from passalong_tui import safe
from passalong_tui.answers.mechanics import Decision, Gate, Mechanic, Produced, Verdict
from passalong_tui.words import (
    DECISIONS,
    FALLBACKS,
    KINDS,
    TONES,
    VERDICTS,
    chance,
    counted,
    day,
    money,
    number,
    said,
    unread,
)

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
        else:
            parts += [*_heading("Verdict"), *_judged(mechanic)]
        parts += [*_heading("Rule"), *_rule(mechanic)]
        parts += [*_heading("Gate and call to action"), *_asks(mechanic)]
        parts += [*_heading("Brought so far"), *_brought(mechanic)]
        parts += [*_heading("Decisions"), *_history(mechanic.decisions)]
        self.query_one(Static).update(Content.assemble(*parts))


def _heading(title: str) -> list[Part]:
    return ["\n", (title, "$accent"), "\n"]


def judgement(verdict: Verdict) -> Content:
    """The verdict in a word and a symbol, what was expected against what came, and why, in full."""
    word = said(VERDICTS, verdict.state) + (", stalled" if verdict.stalled else "")
    numbers = f"{number(verdict.observed)} of {verdict.expected:,.1f} expected" if verdict.expected is not None else ""
    if verdict.probability is not None:
        numbers += f", chance {chance(verdict.probability)}"
    parts: list[Part] = [(word, f"bold ${TONES.get(verdict.state, 'foreground')}")]
    if numbers:
        parts += ["\n", (numbers, "bold")]
    return Content.assemble(*parts, "\n", safe.line(verdict.why))


def _judged(mechanic: Mechanic) -> list[Part]:
    parts: list[Part] = []
    if mechanic.paused_at is not None:
        parts += [(f"‖ Paused since {day(mechanic.paused_at)}", "bold"), "\n"]
    parts += [judgement(mechanic.verdict), "\n"]
    if kept := mechanic.overridden_by:
        parts += [
            (f"! It lives on against the verdict, by {safe.line(kept.by, 40)} on {day(kept.at)}:", "bold $warning"),
            f"\n  “{safe.line(kept.reason)}”\n",
        ]
    return parts


def _tombstone(mechanic: Mechanic) -> list[Part]:
    dead = mechanic.tombstone
    if dead is None:
        return []
    where = f" ({safe.line(dead.redirect_url, 60)})" if dead.redirect_url else ""
    opened = f"opened {counted(dead.opened_since, 'time')} since" if dead.opened_since else "not opened since"
    parts: list[Part] = [
        "\n",
        (f"✕ Killed on {day(dead.at)} by {safe.line(dead.by, 40)}", "bold $error"),
        f"\n“{safe.line(dead.reason)}”\n",
        f"Since then {said(FALLBACKS, dead.fallback)}{where}; {opened}.\n",
    ]
    if dead.verdict is not None:
        parts += [*_heading("The last verdict"), judgement(dead.verdict), "\n"]
    if dead.produced is not None:
        parts += [*_heading("It had produced"), *_produced(dead.produced)]
    return parts


def _produced(had: Produced) -> list[Part]:
    lines = [
        f"{counted(had.visits, 'visit')}, {counted(had.leads, 'lead')}",
        f"{counted(had.opportunities, 'opportunity', 'opportunities')}, {number(had.won)} won",
        f"Pipeline {money(had.pipeline)}",
        f"{counted(had.shares, 'link')} of {counted(had.customers, 'customer')} were out",
    ]
    return ["\n".join(lines), "\n"]


def _rule(mechanic: Mechanic) -> list[Part]:
    cycle = f", a visit takes {counted(mechanic.cycle_days, 'day')} to ripen" if mechanic.cycle_days else ""
    parts: list[Part] = [
        f"{_target(mechanic.target_per_1000)},\njudged after {counted(mechanic.floor_days, 'day')}{cycle}. "
        f"Launched {day(mechanic.launched_at)}.\n"
    ]
    if changed := _at_launch(mechanic):
        parts += [(f"At launch: {'; '.join(changed)}.", "$quiet"), "\n"]
    return parts


def _target(per_1000: float | None) -> str:
    if per_1000 is None:
        return "No target was set before launch"
    return f"{per_1000:g} opportunities per 1,000 visits"


def _at_launch(mechanic: Mechanic) -> list[str]:
    """What was another rule at launch, and nothing else."""
    rule = mechanic.rule_at_launch
    if rule is None:
        return []
    told = {
        "kind": said(KINDS, rule.kind),
        "owner": f"owned by {safe.line(rule.owner, 40)}",
        "target_per_1000": _target(rule.target_per_1000),
        "floor_days": f"judged after {counted(rule.floor_days, 'day')}",
        "cycle_days": f"{counted(rule.cycle_days, 'day')} to ripen",
        "launched_at": f"dated {day(rule.launched_at)}",
    }
    return [words for name, words in told.items() if getattr(rule, name) != getattr(mechanic, name)]


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
        return [(unread(), "$quiet")]
    parts: list[Part] = []
    for decision in sorted(decisions, key=lambda d: d.at, reverse=True):
        word = said(DECISIONS, decision.kind)
        parts += [(f"{word} ", "bold"), (f"{day(decision.at)} by {safe.line(decision.by, 30)}", "$quiet"), "\n"]
        parts += [("  against the verdict", "$warning"), "\n"] if decision.overrides else []
        if decision.reason.rstrip(".") != word:
            parts += [f"  {safe.line(decision.reason)}\n"]
    return parts
