"""What a review says: the decisions of former ones as a table, and in words what is known and was decided."""

from __future__ import annotations

from collections.abc import Collection
from zoneinfo import ZoneInfo

from textual.content import Content

from passalong_tui import safe
from passalong_tui.answers.mechanics import Mechanic, Verdict
from passalong_tui.answers.metric import Metric
from passalong_tui.answers.reviews import Review
from passalong_tui.charts.spark import spark
from passalong_tui.draft import Decided, Draft, month_due
from passalong_tui.held import Past
from passalong_tui.widgets.listing import Column
from passalong_tui.widgets.mechanic_card import judgement
from passalong_tui.words import (
    CHOICES,
    NOTHING,
    ROLES,
    VERDICTS,
    counted,
    day,
    month_in_short,
    month_name,
    now,
    number,
    said,
)

Part = str | tuple[str, str] | Content

RECORDED = {"keep": "✓ kept", "change": "~ to change", "kill": "✗ killed"}
"""What was decided, of a review that was held."""
CHOICE_TONES = {"keep": "success", "change": "warning", "kill": "error"}


PAST: tuple[Column[Past], ...] = (
    Column(key="month", label="Month", cell=lambda p, w: month_in_short(p.review.month),
           order=lambda p: (p.review.month, p.review.held_at), width=8),
    Column(key="title", label="Mechanic", cell=lambda p, w: p.said.title,
           order=lambda p: safe.clean(p.said.title).casefold()),
    Column(key="decision", label="Decided", cell=lambda p, w: said(CHOICES, p.said.decision),
           order=lambda p: p.said.decision, width=10, tone=lambda p: CHOICE_TONES.get(p.said.decision, "")),
    Column(key="came", label="What came of it", least=24, cell=lambda p, w: p.said.came_of.why,
           order=lambda p: safe.clean(p.said.came_of.why).casefold()),
)  # fmt: skip


def due(metric: Metric) -> str:
    """The month to review, by the server's calendar."""
    return month_due(metric.months[-1].month, now().astimezone(ZoneInfo(metric.timezone)).date())


def question(draft: Draft, living: int, held: Review | None) -> Content:
    """`held` is the review of that month that was held last."""
    which = month_name(draft.month) if draft.month else "this month"
    decided = f"   {number(len(draft.decisions))} of {number(living)} decided" if living else ""
    if held is not None:
        anew = f", {number(len(draft.decisions))} decided anew" if draft.decisions else ""
        decided = f"   held on {day(held.held_at)} by {safe.line(held.by, 40)}{anew}"
    return Content.assemble("What is kept, changed or killed in ", (which, "$accent"), "?", (decided, "$quiet"))


def decision(decided: Decided | Past | None) -> str:
    """The choice; what the server refused is marked, and what was recorded is told as done."""
    if decided is None:
        return NOTHING
    if isinstance(decided, Past):
        return said(RECORDED, decided.said.decision)
    return ("! " if decided.fault else "") + said(CHOICES, decided.decision)


def hands(decided: Decided | Past | None) -> str:
    whose = decided.said if isinstance(decided, Past) else decided
    return f"{said(ROLES, whose.role)}: {whose.owner}" if whose else ""


def known_by(mechanic: Mechanic, decided: Decided | Past | None) -> Verdict:
    """The verdict that a decision rests on: the one of then if it was recorded, otherwise today’s."""
    return decided.said.verdict if isinstance(decided, Past) else mechanic.verdict


def tone(decided: Decided | Past | None) -> str:
    if isinstance(decided, Past):
        return "quiet"
    return "" if decided is None else "error" if decided.fault else CHOICE_TONES.get(decided.decision, "")


def urgency(verdict: Verdict) -> int:
    """What the numbers speak against comes first."""
    order = ("collecting", "keep", "review", "kill")
    return order.index(verdict.state) if verdict.state in order else -1


def asked(mechanic: Mechanic, decided: Decided | None, past: Past | None) -> Content:
    """What is known of a mechanic and was decided so far. Of a month that was held, what was decided comes first."""
    drafted = _drafted(decided, "Decided anew" if past else "Decided") if decided else []
    parts: list[Part] = [
        (safe.line(mechanic.title), "bold"),
        (f"   owned by {safe.line(mechanic.owner, 40)}", "$quiet"),
        "\n",
    ]
    if past is not None:
        parts += [*drafted, *(["\n"] if drafted else []), *_recorded(past)]
    parts += [judgement(mechanic.verdict)]
    if any(week.visits for week in mechanic.weeks):
        parts += ["\n", ("Visits, half a year  ", "$quiet"), spark([w.visits for w in mechanic.weeks], 26)]
    if any(week.opportunities for week in mechanic.weeks):
        parts += ["\n", ("Opportunities        ", "$quiet"), spark([w.opportunities for w in mechanic.weeks], 26)]
    if past is None and drafted:
        parts += ["\n\n", *drafted]
    return Content.assemble(*parts)


def _drafted(decided: Decided, heading: str) -> list[Part]:
    parts: list[Part] = [
        (f"{heading}: {said(CHOICES, decided.decision)}", f"bold ${CHOICE_TONES[decided.decision]}"),
        f"   {safe.line(hands(decided), 80)}",
    ]
    parts += [f"\n  “{safe.line(decided.reason)}”"] if decided.reason else []
    parts += ["\n", (f"! {safe.line(decided.fault)}", "bold $error")] if decided.fault else []
    return parts


def _recorded(past: Past) -> list[Part]:
    """What the month’s review says of it, and the heading of what is known since."""
    held, then = past.review, past.said.verdict
    return [
        (decision(past), f"bold ${CHOICE_TONES.get(past.said.decision, 'foreground')}"),
        (f" on {day(held.held_at)} by {safe.line(held.by, 40)}; {safe.line(hands(past), 60)}", "$quiet"),
        f"\n“{safe.line(past.said.reason)}”" if past.said.reason else "",
        "\n",
        (f"Then known: {said(VERDICTS, then.state)}. {safe.line(then.why)}", "$quiet"),
        "\n",
        ("Today: ", "bold $accent"),
    ]


def told(past: Past) -> Content:
    """A former decision: by whom, why, what was known, and what came of it."""
    review, decided = past.review, past.said
    who = f"{said(ROLES, decided.role)}: {safe.line(decided.owner, 60)}"
    parts: list[str | tuple[str, str]] = [
        (f"{said(CHOICES, decided.decision)} {safe.line(decided.title)}", "bold"),
        ("  against the verdict" if decided.overrides else "", "$warning"),
        "\n",
        (f"{month_name(review.month)}, held on {day(review.held_at)} by {safe.line(review.by, 40)}; {who}", "$quiet"),
        f"\n“{safe.line(decided.reason)}”" if decided.reason else "",
        "\n",
        ("Then known: ", "$quiet"),
        (safe.line(decided.verdict.why), "$quiet"),
        "\n",
        ("Since: ", "bold $accent"),
        safe.line(decided.came_of.why),
    ]
    if review.note:
        parts += ["\n", ("Note: ", "$quiet"), safe.line(review.note)]
    return Content.assemble(*parts)


def left_out(draft: Draft, living: list[Mechanic], past: Collection[str]) -> str:
    """What no review of the month will say anything about, in a sentence. `past` was decided about before."""
    left = [mechanic for mechanic in living if mechanic.key not in draft.decisions and mechanic.key not in past]
    titles = [safe.line(mechanic.title, 40) for mechanic in left]
    if not titles:
        return "Every living mechanic is decided about."
    return f"Nothing is said of {counted(len(titles), 'mechanic')}: {', '.join(titles)}."


def held_before(draft: Draft, past: dict[str, Past], held: Review) -> str:
    """That the month was reviewed before, and what another review does to that one."""
    replaced = sum(key in past for key in draft.decisions)
    rest = len(past) - replaced
    when = f"Held already on {day(held.held_at)} by {safe.line(held.by, 40)}."
    if not replaced:
        return f"{when} This adds to it; what was decided then stands."
    what = f"{when} This replaces {counted(replaced, 'decision')} of it"
    return (
        f"{what}; the other {'one stands' if rest == 1 else f'{number(rest)} stand'}."
        if rest
        else f"{what}, which is all."
    )
