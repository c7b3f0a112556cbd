"""The review of a month as Markdown, for whoever was not there: what was decided, by whom, why, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from passalong.domain.text import in_markdown
from passalong_tui import safe
from passalong_tui.answers.mechanics import Mechanic
from passalong_tui.answers.reviews import Review, Reviewed
from passalong_tui.draft import Decided, Draft
from passalong_tui.held import review_of
from passalong_tui.words import CHOICES, ROLES, VERDICTS, day, month_beside, month_name, said


def minutes(month: str, reviews: Sequence[Review], draft: Draft, living: Sequence[Mechanic], today: date) -> str:
    """Of a month (2026-10): the draft as it stands, and its review as far as it was recorded; then the month before."""
    held = review_of(reviews, month)
    before = review_of(reviews, month_beside(month, -1))
    lines = [f"# Review of {month_name(month)}", ""]
    if held is None or draft.decisions:
        lines += [f"A draft of {today.isoformat()}, not recorded yet.", "", *_drafted(draft, living)]
    if held is not None:
        lines += _held(held)
    lines += _unsaid(living, draft.decisions.keys() | {past.mechanic for past in (held.decisions if held else [])})
    if before is not None:
        lines += [f"## What came of {month_name(before.month)}", ""]
        for decided in before.decisions:
            lines += [*_decided(decided), f"- Since then: {_text(decided.came_of.why)}", ""]
    else:
        lines += [f"No review of {month_name(month_beside(month, -1))} was recorded.", ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _held(review: Review) -> Iterator[str]:
    yield f"Held on {day(review.held_at)} by {_text(review.by)}."
    yield ""
    if review.note:
        yield from (f"Note: {_text(review.note)}", "")
    yield from ("## Decided", "")
    for decided in review.decisions:
        yield from _decided(decided)
        yield from (f"- Since then: {_text(decided.came_of.why)}", "")


def _decided(decided: Reviewed) -> Iterator[str]:
    against = ", against the verdict" if decided.overrides else ""
    yield f"### {said(CHOICES, decided.decision)}{against}: {_text(decided.title)}"
    yield ""
    yield from _told(decided.role, decided.owner, decided.reason)
    yield f"- Known then: {_verdict(decided.verdict.state)}. {_text(decided.verdict.why)}"


def _drafted(draft: Draft, living: Sequence[Mechanic]) -> Iterator[str]:
    known = {mechanic.key: mechanic for mechanic in living}
    yield from ("## To be decided", "")
    if not draft.decisions:
        yield from ("Nothing is decided yet.", "")
    for key, decided in draft.decisions.items():
        yield from _drafted_one(decided, known.get(key))


def _drafted_one(decided: Decided, mechanic: Mechanic | None) -> Iterator[str]:
    yield f"### {said(CHOICES, decided.decision)}: {_text(mechanic.title if mechanic else decided.mechanic)}"
    yield ""
    yield from _told(decided.role, decided.owner, decided.reason)
    if mechanic is not None:
        yield f"- Verdict: {_verdict(mechanic.verdict.state)}. {_text(mechanic.verdict.why)}"
    yield ""


def _told(role: str, owner: str, reason: str) -> Iterator[str]:
    yield f"- In whose hands: {_text(said(ROLES, role))}, {_text(owner)}"
    yield f"- Why: {_text(reason) or 'no reason was given'}"


def _unsaid(living: Sequence[Mechanic], decided: set[str]) -> Iterator[str]:
    left = [mechanic for mechanic in living if mechanic.key not in decided]
    if left:
        yield from ("## Nothing was decided about", "")
        for mechanic in left:
            verdict = mechanic.verdict
            yield f"- {_text(mechanic.title)}, {_text(mechanic.owner)}: {_verdict(verdict.state)}. {_text(verdict.why)}"
        yield ""


def _verdict(state: str) -> str:
    """The word without its symbol."""
    return _text(said(VERDICTS, state).partition(" ")[2] or state)


def _text(value: str) -> str:
    """Strangers' words, which begin no markup and no line of their own."""
    return in_markdown(safe.line(value))
