"""The verdict on a mechanic: what its numbers say about the rule that was registered at its launch.

Opportunities are taken to come at random at a constant rate per thousand visits (a Poisson process). Before anything is
known, that rate has a Gamma prior of shape 1 (an exponential) whose mean is the target. After k opportunities in n
thousand visits it has a Gamma posterior of shape 1 + k and rate 1/target + n, and the chance that it is at or above the
target is a finite Poisson sum (Gelman et al., Bayesian Data Analysis, 3rd ed., 2.6; the identity of Gamma and Poisson
tails: Johnson, Kotz and Kemp, Univariate Discrete Distributions, 3rd ed., 4.2):

    P(rate >= target) = sum over i = 0..k of e^-m m^i / i!,   m = 1 + expected,   expected = target * n

(for parts of an opportunity, where a model divides them, the same with one incomplete gamma function more).

A kill is advised below `KILL_BELOW`, not below the customary 5 %: a verdict is looked at again and again, and each
look is one more chance to be unlucky. At 5 %, every sixth mechanic exactly at its target would be advised to be killed
at some monthly look of its first year; at 0.5 %, fewer than one in thirty, fewer than one in twenty-five if one looks
daily, and fewer than one in twenty over three years. `tests/bench/verdicts.py` simulates this and prints the figures.
"""

from __future__ import annotations

import math
from datetime import date
from enum import StrEnum

from msgspec import Struct

from passalong.domain.instant import day_in_words
from passalong.domain.mechanic import MechanicKind
from passalong.domain.text import counted, number, percent

KILL_BELOW = 0.005
KEEP_FROM = 0.5
DOUBT_BELOW = 0.05
"""Below this the sentence says that it looks bad, though it is too early to advise a kill."""
LEAST_EXPECTED = 3.0
"""Opportunities that a mechanic at its target would have brought, before anything is said about it."""
STALE_MS = 48 * 3_600_000
"""How old the CRM's data may be while a kill is advised."""


class State(StrEnum):
    COLLECTING = "collecting"
    """Too early to say."""
    KEEP = "keep"
    REVIEW = "review"
    """Neither clearly good enough nor clearly not."""
    KILL = "kill"


class Facts(Struct, frozen=True, kw_only=True):
    """What a verdict is made from. `days` the mechanic has been live, without those it was paused or dead.

    `ripe_visits` are those of `visits` at least `cycle_days` old: younger ones cannot have brought anything yet.
    `quiet_days` have passed since the last opportunity, or since the launch. `crm_silent` is set ("for 3 days", "yet")
    while the CRM has not been heard of for too long; `paused_on` (2026-11-21) while the mechanic is paused.
    """

    kind: MechanicKind
    target_per_1000: float | None
    floor_days: int
    cycle_days: int
    days: int
    visits: int
    ripe_visits: int
    opportunities: int | float
    quiet_days: int
    killed: bool = False
    paused_on: str | None = None
    crm_silent: str | None = None
    answers: Answers | None = None


class Answers(Struct, frozen=True, kw_only=True):
    """How buyers said they had heard: of `opportunities` known, `answered` the question, and `named` a customer."""

    opportunities: int
    answered: int
    named: int

    @property
    def rate(self) -> float | None:
        """The part that answered, in [0, 1]; None without any opportunity."""
        return self.answered / self.opportunities if self.opportunities else None


class Verdict(Struct, frozen=True, kw_only=True):
    """`expected` opportunities at target, `observed` ones, and the `probability` in [0, 1] that the target is met:
    None where there is no target, or no visit is recorded. `days_left` of the floor."""

    state: State
    stalled: bool
    probability: float | None
    expected: float | None
    observed: int | float
    days_left: int
    visits: int
    why: str
    answers: Answers | None = None


def chance(opportunities: float, expected: float) -> float:
    """The probability in [0, 1] that the rate is at or above the target.

    >>> round(chance(0, 3.12), 4)
    0.0162
    """
    mean = 1 + expected
    part, whole = math.modf(round(opportunities, 6))  # parts of opportunities, where a model divides them
    # In logarithms, since e^-m is nothing for the largest mechanics.
    terms = [(part + i) * math.log(mean) - math.lgamma(part + i + 1) for i in range(int(whole) + 1)]
    largest = max(terms)
    tail = math.exp(largest - mean) * math.fsum(math.exp(term - largest) for term in terms)
    return min(tail + (_upper_gamma(part, mean) if part else 0.0), 1.0)


def _upper_gamma(shape: float, x: float) -> float:
    """The regularised upper incomplete gamma function Q(shape, x) for 0 < shape < 1 <= x, by its continued fraction
    (DLMF 8.9.2, evaluated backwards)."""
    fraction = 0.0
    for n in range(60, 0, -1):
        fraction = n * (shape - n) / (x + 2 * n + 1 - shape + fraction)
    return math.exp(shape * math.log(x) - x - math.lgamma(shape)) / (x + 1 - shape + fraction)


def kills_at_most(expected: float) -> int | None:
    """The largest number of opportunities with which a kill is advised, the floor having passed; None where none is.

    >>> kills_at_most(10)
    3
    """
    mean = 1 + expected
    if expected < LEAST_EXPECTED:
        return None
    # The terms of `chance`, from where they begin to count: ten standard deviations below the mean.
    count = max(int(mean - 10 * math.sqrt(mean)), 0)
    term = math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))
    tail = 0.0
    while (tail := tail + term) < KILL_BELOW:
        count += 1
        term *= mean / count
    return count - 1 if count else None


def judge(facts: Facts) -> Verdict:
    """The verdict, with its reason in one sentence or a few."""
    if facts.kind is MechanicKind.COMMUNITY:
        return _community(facts)
    expected = probability = None
    if facts.target_per_1000 is not None:
        expected = facts.target_per_1000 * facts.ripe_visits / 1000
        probability = chance(facts.opportunities, expected) if facts.visits else None
    state = _state(facts, expected, probability)
    return Verdict(
        state=state,
        stalled=_stalled(facts),
        probability=probability,
        expected=expected,
        observed=facts.opportunities,
        days_left=_days_left(facts),
        visits=facts.visits,
        why=_why(facts, state, expected, probability),
    )


def _state(facts: Facts, expected: float | None, probability: float | None) -> State:
    if facts.paused_on is not None or _days_left(facts):
        return State.COLLECTING
    if expected is None:
        return State.REVIEW
    if probability is None or expected < LEAST_EXPECTED:
        return State.COLLECTING
    if probability >= KEEP_FROM:
        return State.KEEP
    return State.KILL if probability < KILL_BELOW and facts.crm_silent is None else State.REVIEW


def _days_left(facts: Facts) -> int:
    return max(facts.floor_days - facts.days, 0)


def _stalled(facts: Facts) -> bool:
    """No opportunity in the last floor period."""
    live = not facts.killed and facts.paused_on is None
    return live and not _days_left(facts) and facts.quiet_days >= facts.floor_days


def _community(facts: Facts) -> Verdict:
    """On declared answers alone: nothing else is recorded, and a count of them proves no failure."""
    answers = facts.answers or Answers(opportunities=0, answered=0, named=0)
    waits = facts.paused_on is not None or _days_left(facts)
    state = State.COLLECTING if waits else State.KEEP if answers.named else State.REVIEW
    if not answers.opportunities:
        said = "No opportunity is known since its launch, so nobody could be asked how they had heard."
    else:
        said = (
            f"Of {counted(answers.opportunities, 'opportunity', 'opportunities')} since its launch, "
            f"{number(answers.answered)} answered how they had heard ({percent(answers.rate or 0)}); "
            f"{number(answers.named) if answers.named else 'none'} named a customer. "
            "Nothing else is recorded here, by intent."
        )
    return Verdict(
        state=state,
        stalled=_stalled(facts),
        probability=None,
        expected=None,
        observed=answers.named,
        days_left=_days_left(facts),
        visits=0,
        why=" ".join([said, *_asides(facts, state)]),
        answers=answers,
    )


def _why(facts: Facts, state: State, expected: float | None, probability: float | None) -> str:
    said = [_numbers(facts, expected)]
    if expected is not None and probability is not None and expected >= LEAST_EXPECTED:
        said.append(f"Chance that it meets its target: {percent(probability)}.")
    if expected is None:
        said.append("No target was registered, so nothing can be held against it.")
    elif state is State.COLLECTING and not _days_left(facts) and facts.visits and expected < LEAST_EXPECTED:
        wanted = math.ceil((LEAST_EXPECTED - expected) * 1000 / (facts.target_per_1000 or 1))
        more = wanted - (facts.visits - facts.ripe_visits)
        needed = f"{counted(more, 'more visit is', 'more visits are')} needed" if more > 0 else "the others must ripen"
        said.append(f"That is too little to judge: {needed}.")
    elif state is State.REVIEW and probability is not None and probability < DOUBT_BELOW and facts.crm_silent is None:
        said.append("It looks bad, but whoever looks every month must be surer than that to kill.")
    return " ".join([*said, *_asides(facts, state)])


def _numbers(facts: Facts, expected: float | None) -> str:
    days = counted(facts.days, "day")
    if not facts.visits:
        found = f", yet it brought {_brought(facts)}" if facts.opportunities else ""
        return f"Nobody has visited in {days}{found}."
    visits = f"{counted(facts.visits, 'visit')} in {days}"
    if expected is None:
        return f"{visits} brought {_brought(facts)}."
    if facts.ripe_visits < facts.visits:
        ripe = number(facts.ripe_visits) if facts.ripe_visits else "none"
        visits += f", {ripe} of them at least {facts.cycle_days} days old,"
    wanted = counted(round(expected, 1), "opportunity", "opportunities")
    return f"{visits} should have brought {wanted} at target; it brought {_brought(facts)}."


def _observed(facts: Facts) -> float:
    return facts.answers.named if facts.answers else facts.opportunities


def _brought(facts: Facts) -> str:
    return number(facts.opportunities) if facts.opportunities else "none"


def _asides(facts: Facts, state: State) -> list[str]:
    said: list[str] = []
    if facts.killed:
        return said
    if facts.paused_on is not None:
        since = day_in_words(date.fromisoformat(facts.paused_on))
        said.append(f"Paused since {since}: nothing is advised, and these days do not count.")
    elif left := _days_left(facts):
        said.append(f"{counted(left, 'day is', 'days are')} left before it is judged.")
    if facts.crm_silent is not None and state is State.REVIEW:
        said.append(f"Nothing was heard from the CRM {facts.crm_silent}: no kill is advised on old data.")
    if _stalled(facts):
        last = "since its launch" if not _observed(facts) else f"for {counted(facts.quiet_days, 'day')}"
        what = "customer was named" if facts.kind is MechanicKind.COMMUNITY else "opportunity"
        said.append(f"Stalled: no {what} {last}.")
    return said
