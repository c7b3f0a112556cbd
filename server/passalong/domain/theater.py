"""Theater: what looks like customer-led growth and is not, found in the programme's own data.

Each check is a function from what is known to the findings that it makes of it, with the numbers and the way out. It
says nothing where it found nothing; a finding is a reason to look, and never a verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum

from msgspec import Struct

from passalong.domain.decision import LAUNCH_GAP_DAYS
from passalong.domain.instant import DAY_MS
from passalong.domain.mechanic import MechanicKind, Status
from passalong.domain.text import counted, number, percent, quoted
from passalong.domain.verdict import State, Verdict

REVIEW_DAYS = 35
LEAST_COVERAGE = 0.5
UNVISITED_DAYS = 30
"""How long a piece of advocacy may stand without a single visit."""
LEAST_STAFF_LINKS = 3
STAFF_PART = 0.5
"""From which part of all links on those of the vendor's own people are a finding."""
LATE_PART = 0.1
"""From which part of all opportunities with a touch on those that were older than it are a finding."""
_MOST_NAMED = 3


class FindingKind(StrEnum):
    ACTIVITY_WITHOUT_PIPELINE = "activity_without_pipeline"
    UNTRACKED_ADVOCACY = "untracked_advocacy"
    UNVISITED_ADVOCACY = "unvisited_advocacy"
    ADVOCACY_ALONE = "advocacy_alone"
    STAFF_SHARES = "staff_shares"
    CLOSED_BEFORE_TOUCH = "closed_before_touch"
    SATISFACTION_WITHOUT_OPPORTUNITY = "satisfaction_without_opportunity"
    LOW_COVERAGE = "low_coverage"
    SEVERAL_LAUNCHES = "several_launches"
    NO_REVIEW = "no_review"
    FAILED_AND_ALIVE = "failed_and_alive"


class Finding(Struct, frozen=True, kw_only=True):
    """`subject` is the key of the mechanic that it is about, None where it is about the whole. `numbers` are what it
    rests on, parts in [0, 1]; `why` says them, `way_out` what to do."""

    kind: FindingKind
    subject: str | None = None
    title: str
    numbers: dict[str, int | float]
    why: str
    way_out: str


class Surface(Struct, frozen=True, kw_only=True):
    """A mechanic as the theater sees it. `kept` is the reason of the last decision to keep it against a verdict."""

    key: str
    title: str
    kind: MechanicKind
    status: Status
    launched_at_ms: int
    days: int
    floor_days: int
    verdict: Verdict
    kept: str | None = None


class Placed(Struct, frozen=True, kw_only=True):
    """A piece of advocacy that stands somewhere. One that is placed `by_utm` leads to the vendor's own pages, where its
    visits are not seen from here."""

    title: str
    days: int
    untracked: bool
    by_utm: bool
    visits: int


class Programme(Struct, frozen=True, kw_only=True):
    """All that is looked at. `links` are customers' own (not passed along), `staff_links` those made by the vendor's
    people. Of `touched` opportunities of the last twelve months, `late` were older than their first touch. Of
    `satisfied` customers (who sent `satisfaction` signals in half a year), `productive` were credited with an
    opportunity. `known` and `attributed` opportunities are those of three months."""

    now_ms: int
    surfaces: Sequence[Surface] = ()
    pieces: Sequence[Placed] = ()
    links: int = 0
    staff_links: int = 0
    touched: int = 0
    late: int = 0
    satisfaction: int = 0
    satisfied: int = 0
    productive: int = 0
    known: int = 0
    attributed: int | float = 0
    reviewed_at_ms: int | None = None
    crm_silent: bool = False

    @property
    def living(self) -> list[Surface]:
        return [surface for surface in self.surfaces if surface.status is not Status.KILLED]


def findings(programme: Programme) -> list[Finding]:
    """All that is found, what weighs most first."""
    return [finding for check in CHECKS for finding in check(programme)]


def failed_and_alive(programme: Programme) -> Iterator[Finding]:
    """A mechanic that failed its own rule and lives on."""
    for surface in programme.living:
        verdict = surface.verdict
        if verdict.state is State.KILL and verdict.expected is not None and verdict.probability is not None:
            kept = f" It was kept: {quoted(surface.kept)}" if surface.kept else ""
            yield Finding(
                kind=FindingKind.FAILED_AND_ALIVE,
                subject=surface.key,
                title=f"{surface.title} failed its rule and lives on",
                numbers={
                    "visits": verdict.visits,
                    "expected": round(verdict.expected, 1),
                    "observed": verdict.observed,
                    "probability": verdict.probability,
                },
                why=verdict.why + kept,
                way_out="Kill it: its links go on showing their assets. Or say in the next review why it is kept.",
            )


def activity_without_pipeline(programme: Programme) -> Iterator[Finding]:
    """People look, and nothing comes of it; unless nobody can know, because the CRM is silent."""
    if programme.crm_silent:
        return
    for surface in programme.living:
        verdict = surface.verdict
        ripe = verdict.expected is None or verdict.expected > 0
        if verdict.visits and ripe and not verdict.observed and surface.days >= surface.floor_days:
            yield Finding(
                kind=FindingKind.ACTIVITY_WITHOUT_PIPELINE,
                subject=surface.key,
                title=f"{surface.title}: activity without pipeline",
                numbers={"visits": verdict.visits, "days": surface.days, "floor_days": surface.floor_days},
                why=f"{counted(verdict.visits, 'visit')} in {counted(surface.days, 'day')}, and not one opportunity, "
                f"though its floor was {counted(surface.floor_days, 'day')}.",
                way_out="Look where people stop: the gate, the call to action, or the people who come. Change one of "
                "them with a date, or kill it.",
            )


def low_coverage(programme: Programme) -> Iterator[Finding]:
    """Most opportunities carry nobody's name, so that whatever is said of the rest says little."""
    coverage = programme.attributed / programme.known if programme.known else 1.0
    if coverage < LEAST_COVERAGE:
        yield Finding(
            kind=FindingKind.LOW_COVERAGE,
            title="Most opportunities carry no customer’s name",
            numbers={"known": programme.known, "attributed": programme.attributed, "coverage": round(coverage, 4)},
            why=f"In three months {number(programme.attributed)} of "
            f"{counted(programme.known, 'opportunity', 'opportunities')} could be attributed ({percent(coverage)}).",
            way_out="Report all contacts of each deal and the click id of the sign-up, and ask “How did you hear about "
            "us?”: whatever is missing there cannot be found later.",
        )


def several_launches(programme: Programme) -> Iterator[Finding]:
    """Two at once: neither is given a fair trial. Said while the younger is still being tried."""
    living = [surface for surface in programme.surfaces if surface.status is Status.LIVE]
    living.sort(key=lambda surface: surface.launched_at_ms)
    for younger in living:
        close = [
            other
            for other in living
            if other is not younger
            and 0 <= younger.launched_at_ms - other.launched_at_ms < LAUNCH_GAP_DAYS * DAY_MS
            and (other.launched_at_ms, other.key) < (younger.launched_at_ms, younger.key)
        ]
        if close and younger.days < younger.floor_days:
            apart = (younger.launched_at_ms - close[-1].launched_at_ms) // DAY_MS
            yield Finding(
                kind=FindingKind.SEVERAL_LAUNCHES,
                subject=younger.key,
                title="Several launches at once",
                numbers={"launches": len(close) + 1, "days_apart": apart, "least_days_apart": LAUNCH_GAP_DAYS},
                why=f"{younger.title} was launched {counted(apart, 'day')} after {_named([o.title for o in close])}, "
                "and is still being tried.",
                way_out="Pick one surface and pause the others until its floor has passed.",
            )


def advocacy_alone(programme: Programme) -> Iterator[Finding]:
    """Reviews and case studies are all there is: a reference programme, and no growth by customers."""
    live = [surface for surface in programme.surfaces if surface.status is Status.LIVE]
    if live and all(surface.kind is MechanicKind.ADVOCACY for surface in live):
        yield Finding(
            kind=FindingKind.ADVOCACY_ALONE,
            title="Advocacy is the whole programme",
            numbers={"live": len(live), "advocacy": len(live)},
            why=f"{counted(len(live), 'mechanic is', 'mechanics are')} live, and no other kind than advocacy.",
            way_out="Start one mechanic where customers use the product: what they make with it, shown to the people "
            "outside whom they make it for.",
        )


def untracked_advocacy(programme: Programme) -> Iterator[Finding]:
    untracked = [piece for piece in programme.pieces if piece.untracked]
    if untracked:
        yield Finding(
            kind=FindingKind.UNTRACKED_ADVOCACY,
            title="Advocacy without a tracked link",
            numbers={"pieces": len(programme.pieces), "untracked": len(untracked)},
            why=f"{len(untracked)} of {counted(len(programme.pieces), 'piece')} carry no tracked link: "
            f"{_named([piece.title for piece in untracked])}. Whatever comes of them cannot be counted.",
            way_out="Ask their authors to put the tracked link in, or put it where you may: the profile, the reply, "
            "the slide.",
        )


def unvisited_advocacy(programme: Programme) -> Iterator[Finding]:
    followed = [piece for piece in programme.pieces if not piece.untracked and not piece.by_utm]
    unvisited = [piece for piece in followed if not piece.visits and piece.days >= UNVISITED_DAYS]
    if unvisited:
        yield Finding(
            kind=FindingKind.UNVISITED_ADVOCACY,
            title="Advocacy that nobody follows",
            numbers={"pieces": len(programme.pieces), "unvisited": len(unvisited), "days": UNVISITED_DAYS},
            why=f"{len(unvisited)} of {counted(len(programme.pieces), 'piece')} had no visit in {UNVISITED_DAYS} days "
            f"or more: {_named([piece.title for piece in unvisited])}.",
            way_out="Put them where buyers look, or stop asking customers for more of them.",
        )


def staff_shares(programme: Programme) -> Iterator[Finding]:
    """The vendor's people share, and call it customer-led."""
    part = programme.staff_links / programme.links if programme.links else 0.0
    if programme.staff_links >= LEAST_STAFF_LINKS and part >= STAFF_PART:
        yield Finding(
            kind=FindingKind.STAFF_SHARES,
            title="Your own people share, not your customers",
            numbers={"links": programme.links, "staff_links": programme.staff_links, "part": round(part, 4)},
            why=f"{number(programme.staff_links)} of {counted(programme.links, 'link')} were made by your own people "
            f"({percent(part)}).",
            way_out="Put the share button where customers finish something. What your staff sends is marketing.",
        )


def closed_before_touch(programme: Programme) -> Iterator[Finding]:
    """Customers helped to close what was there already: references, which sourced nothing."""
    part = programme.late / programme.touched if programme.touched else 0.0
    if programme.late and part >= LATE_PART:
        yield Finding(
            kind=FindingKind.CLOSED_BEFORE_TOUCH,
            title="Opportunities older than their first touch",
            numbers={"touched": programme.touched, "late": programme.late, "part": round(part, 4)},
            why=f"Of {counted(programme.touched, 'opportunity', 'opportunities')} whose people saw a shared page in "
            f"twelve months, {number(programme.late)} had been opened before they did ({percent(part)}).",
            way_out="These pages helped to close and sourced nothing. They get no credit; tell the two apart when you "
            "report.",
        )


def satisfaction_without_opportunity(programme: Programme) -> Iterator[Finding]:
    """A score was collected, and nothing followed from it."""
    if programme.satisfied and not programme.productive:
        yield Finding(
            kind=FindingKind.SATISFACTION_WITHOUT_OPPORTUNITY,
            title="Satisfaction is measured, and brings nothing",
            numbers={"signals": programme.satisfaction, "customers": programme.satisfied, "productive": 0},
            why=f"{counted(programme.satisfaction, 'satisfaction signal')} of "
            f"{counted(programme.satisfied, 'customer')} in half a year, and none of them is credited with an "
            "opportunity.",
            way_out="A score is no pipeline. Let a rule turn the next high one into an invitation to share.",
        )


def no_review(programme: Programme) -> Iterator[Finding]:
    """Nobody has decided anything for more than a month."""
    if not programme.living:
        return
    since_ms = programme.reviewed_at_ms
    if since_ms is None:
        since_ms = min(surface.launched_at_ms for surface in programme.living)
    days = (programme.now_ms - since_ms) // DAY_MS
    if days > REVIEW_DAYS:
        last = "The last review was held"
        if programme.reviewed_at_ms is None:
            last = "No review was ever recorded, and the oldest mechanic was launched"
        yield Finding(
            kind=FindingKind.NO_REVIEW,
            title="No review was held",
            numbers={"days": days, "allowed_days": REVIEW_DAYS},
            why=f"{last} {counted(days, 'day')} ago.",
            way_out="Hold one: “passalong report” asks the two questions; each mechanic gets a decision and an owner.",
        )


CHECKS = (
    failed_and_alive,
    activity_without_pipeline,
    low_coverage,
    closed_before_touch,
    staff_shares,
    untracked_advocacy,
    unvisited_advocacy,
    advocacy_alone,
    satisfaction_without_opportunity,
    several_launches,
    no_review,
)


def _named(titles: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    told = ", ".join(f"“{title}”" for title in titles[:_MOST_NAMED])
    more = len(titles) - _MOST_NAMED
    return f"{told} and {number(more)} more" if more > 0 else told
