"""The parts of the monthly review that ask for a decision: the two questions, verdicts, the last review, theater."""

from __future__ import annotations

from passalong.domain.mechanic import Status
from passalong.domain.monthly import Held, Judged, Monthly, Outcome
from passalong.domain.review import Choice, ReviewRole
from passalong.domain.text import counted, number, percent, tidy
from passalong.domain.verdict import State
from passalong.report import wording
from passalong.report.outline import Points, Section, Table
from passalong.report.wording import joined, money, name

_VERDICTS = {
    State.KEEP: "keep",
    State.REVIEW: "review",
    State.KILL: "kill",
    State.COLLECTING: "too early",
}
_DECIDED = {Choice.KEEP: "kept", Choice.CHANGE: "to change", Choice.KILL: "killed"}
_ROLES = {
    ReviewRole.PRODUCT: "product",
    ReviewRole.MARKETING: "marketing",
    ReviewRole.CUSTOMER_SUCCESS: "customer success",
    ReviewRole.SALES: "sales",
}


def questions(monthly: Monthly) -> Section:
    """Which mechanic produced the most pipeline, and which is stalled."""
    return Section(
        id="questions",
        heading="The two questions",
        blocks=[
            f"Which mechanic produced the most pipeline? {_most(monthly)}",
            f"Which is stalled? {_stalled(monthly)}",
        ],
    )


def _most(monthly: Monthly) -> str:
    found = monthly.agenda.most
    if not found:
        return "None: no opportunity of this month is credited to a mechanic."
    titles = joined([name(judged.title) for judged in found])
    if len(found) > 1:
        return f"{titles}, with {counted(found[0].opportunities, 'opportunity', 'opportunities')} each."
    [judged] = found
    amount = joined(money(judged.pipeline))
    many = counted(judged.opportunities, "opportunity", "opportunities")
    part = percent(min(judged.opportunities / monthly.now.attributed, 1)) if monthly.now.attributed else ""
    of_all = f", {part} of all with a customer’s name" if part else ""
    return f"{titles}: {amount} from {many}{of_all}." if amount else f"{titles}: {many}{of_all}."


def _stalled(monthly: Monthly) -> str:
    agenda = monthly.agenda
    if not agenda.judged:
        return "No mechanic lives." if agenda.recent else "That is told of the present month and the last."
    if not agenda.stalled:
        return "None: each mechanic that had its time brought an opportunity within its last floor period."
    return " ".join(f"{name(judged.title)}: {_without_an_opportunity(judged)}" for judged in agenda.stalled)


def _without_an_opportunity(judged: Judged) -> str:
    """The end of the verdict's reason, which tells for how long."""
    return judged.verdict.why.rpartition("Stalled: ")[2]


def verdicts(monthly: Monthly) -> Section:
    """Every mechanic that lives, what its numbers say, and what was decided."""
    agenda = monthly.agenda
    section = Section(id="verdicts", heading="What each mechanic has earned")
    if not agenda.judged:
        section.blocks.append("Verdicts are told of the present month and the last.")
        return section
    section.blocks.append(
        Table(
            title="What each mechanic has earned",
            columns=("Mechanic", "Verdict", ">Opportunities", ">Expected", "Decided"),
            rows=[
                (
                    f"{name(judged.title)}\n{name(judged.owner, 40)}",
                    _verdict(judged),
                    number(judged.verdict.observed),
                    "–" if judged.verdict.expected is None else number(round(judged.verdict.expected, 1)),
                    _DECIDED[judged.decision] if judged.decision else "–",
                )
                for judged in agenda.judged
            ],
        )
    )
    section.blocks.append(Points([f"{name(judged.title)}: {judged.verdict.why}" for judged in agenda.judged]))
    section.notes.append(
        "Opportunities and what was expected at target are counted from the launch; verdicts are as of today."
    )
    if agenda.review is None:
        section.notes.append(
            f"No decision is recorded for {wording.month(monthly.month)}: the console’s review does, or "
            "POST /api/v1/reviews."
        )
    if agenda.answers and agenda.answers.opportunities:
        answers = agenda.answers
        section.notes.append(
            f"Asked how they had heard, {number(answers.answered)} of "
            f"{counted(answers.opportunities, 'opportunity', 'opportunities')} of the month answered "
            f"({percent(answers.rate or 0)}); {number(answers.named) if answers.named else 'none'} named a customer."
        )
    return section


def _verdict(judged: Judged) -> str:
    said = "paused" if judged.status is Status.PAUSED else _VERDICTS[judged.verdict.state]
    return f"{said}, stalled" if judged.verdict.stalled else said


def last(monthly: Monthly) -> Section:
    """What was decided in the last review, and what came of it."""
    month = wording.month(monthly.month_before)
    section = Section(id="last", heading=f"What was decided about {month}, and what came of it")
    held = monthly.agenda.last
    if held is None:
        section.blocks.append(f"No review of {month} was recorded.")
        return section
    section.blocks.append(Points([_outcome(outcome) for outcome in held.outcomes]))
    section.notes.append(_held(held, monthly.timezone))
    return section


def _outcome(outcome: Outcome) -> str:
    reason = f" “{name(outcome.reason, 240)}”" if outcome.reason else ""
    against = ", against the verdict" if outcome.overrides else ""
    return (
        f"{name(outcome.title)}: {_DECIDED[outcome.decision]} by {name(outcome.owner, 60)} "
        f"({_ROLES[outcome.role]}){against}.{reason} {name(outcome.came_of, 400)}"
    )


def _held(held: Held, timezone: str) -> str:
    note = f" {name(held.note, 400)}" if held.note else ""
    return f"Held on {wording.day(held.at, timezone)} by {name(held.by, 60)}.{note}"


def theater(monthly: Monthly) -> Section:
    """What only looks like pipeline."""
    section = Section(id="theater", heading="What only looks like pipeline")
    findings = monthly.agenda.theater
    if findings:
        said = [f"{name(found.title, 120)}. {tidy(found.why)} {found.way_out}" for found in findings]
        section.blocks.append(Points(said))
    else:
        section.blocks.append("Nothing was found: no activity without pipeline, no surface without a link.")
    return section
