"""What a review says: the decisions of former ones as a table, and in words what is known and was decided."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from textual.content import Content

from passalong_tui import safe
from passalong_tui.answers import Mechanic, Metric, Review, Reviewed
from passalong_tui.charts.spark import spark
from passalong_tui.draft import Decided, Draft, month_due
from passalong_tui.widgets.listing import Column
from passalong_tui.widgets.mechanic_card import judgement
from passalong_tui.words import CHOICES, NOTHING, ROLES, counted, day, month_name, now, number, said

CHOICE_TONES = {"keep": "success", "change": "warning", "kill": "error"}


class Past:
    """One decision of a review that was held."""

    def __init__(self, review: Review, place: int) -> None:
        self.review = review
        self.said: Reviewed = review.decisions[place]
        self.key = f"{review.id} {place}"


PAST: tuple[Column[Past], ...] = (
    Column(key="month", label="Month", cell=lambda p, w: p.review.month,
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


def question(draft: Draft, living: int) -> Content:
    which = month_name(draft.month) if draft.month else "this month"
    decided = f"   {number(len(draft.decisions))} of {number(living)} decided" if living else ""
    return Content.assemble("What is kept, changed or killed in ", (which, "$accent"), "?", (decided, "$quiet"))


def decision(decided: Decided | None) -> str:
    """The choice; what the server refused is marked."""
    if decided is None:
        return NOTHING
    return ("! " if decided.fault else "") + said(CHOICES, decided.decision)


def hands(decided: Decided | None) -> str:
    return f"{said(ROLES, decided.role)}: {decided.owner}" if decided else ""


def tone(decided: Decided | None) -> str:
    return "" if decided is None else "error" if decided.fault else CHOICE_TONES.get(decided.decision, "")


def urgency(mechanic: Mechanic) -> int:
    """What the numbers speak against comes first."""
    order = ("collecting", "keep", "review", "kill")
    return order.index(mechanic.verdict.state) if mechanic.verdict.state in order else -1


def asked(mechanic: Mechanic, decided: Decided | None) -> Content:
    """What is known of a mechanic, and what was decided about it so far."""
    parts: list[str | tuple[str, str] | Content] = [
        (safe.line(mechanic.title), "bold"),
        (f"   owned by {safe.line(mechanic.owner, 40)}", "$quiet"),
        "\n",
        judgement(mechanic.verdict),
    ]
    if any(week.visits for week in mechanic.weeks):
        parts += ["\n", ("Visits, half a year  ", "$quiet"), spark([w.visits for w in mechanic.weeks], 26)]
    if any(week.opportunities for week in mechanic.weeks):
        parts += ["\n", ("Opportunities        ", "$quiet"), spark([w.opportunities for w in mechanic.weeks], 26)]
    if decided is not None:
        parts += ["\n\n", (f"Decided: {said(CHOICES, decided.decision)}", f"bold ${CHOICE_TONES[decided.decision]}")]
        parts += [f"   {safe.line(hands(decided), 80)}"]
        parts += [f"\n  “{safe.line(decided.reason)}”"] if decided.reason else []
        parts += ["\n", (f"! {safe.line(decided.fault)}", "bold $error")] if decided.fault else []
    return Content.assemble(*parts)


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


def left_out(draft: Draft, living: list[Mechanic]) -> str:
    """What the review will say nothing about, in a sentence."""
    titles = [safe.line(mechanic.title, 40) for mechanic in living if mechanic.key not in draft.decisions]
    if not titles:
        return "Every living mechanic is decided about."
    return f"Nothing is said of {counted(len(titles), 'mechanic')}: {', '.join(titles)}."
