"""How often a verdict is wrong: mechanics are simulated, and looked at as people look at them.

    python tests/bench/verdicts.py [--mechanics 10000] [--seed 1]

A simulated mechanic has visits at an even pace and opportunities at random (a Poisson process), each after a delay of
up to the sales cycle. It is judged by `passalong.domain.verdict`, every month or every day, from its launch on; it
counts as killed if any of these looks advised it. At its target, that is an error: fewer than 5 % a year at monthly
looks are asked for. At half the target it is the power of the rule; at twice the target nothing should be killed.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from passalong.domain.mechanic import MechanicKind
from passalong.domain.verdict import KILL_BELOW, Facts, State, judge

TARGET_PER_1000 = 10.0
FLOOR_DAYS = 90
YEAR, MONTH = 365, 365 / 12
PACES = (0.5, 1, 2, 5, 15, 40)
"""Opportunities a month that a mechanic at its target brings."""
ALLOWED = 0.05


class Looks(NamedTuple):
    """How people look: every so many days, for so long."""

    name: str
    every: float
    days: int


MONTHLY, DAILY, LONG = Looks("monthly, a year", MONTH, YEAR), Looks("daily, a year", 1, YEAR), Looks(
    "monthly, three years", MONTH, 3 * YEAR
)  # fmt: skip


@cache
def verdict(opportunities: int, visits: int, ripe: int, days: int, cycle: int) -> State:
    facts = Facts(
        kind=MechanicKind.SHARED_ASSET,
        target_per_1000=TARGET_PER_1000,
        floor_days=FLOOR_DAYS,
        cycle_days=cycle,
        days=days,
        visits=visits,
        ripe_visits=ripe,
        opportunities=opportunities,
        quiet_days=0,
    )
    return judge(facts).state


def opportunities(dice: random.Random, per_day: float, cycle: int, days: int) -> list[float]:
    """The days on which a mechanic's opportunities come."""
    found, day = [], dice.expovariate(per_day)
    while day <= days:
        found.append(day + dice.uniform(0, cycle))
        day += dice.expovariate(per_day)
    return sorted(found)


def states(
    dice: random.Random, looks: Looks, ratio: float, pace: float, cycle: int, registered: int
) -> Iterator[State]:
    """The verdicts of one mechanic, look by look. `ratio` is its true rate by the target, `cycle` how long deals take,
    `registered` the cycle that was registered."""
    came = opportunities(dice, ratio * pace / MONTH, cycle, looks.days)
    visits_a_day = pace / MONTH / TARGET_PER_1000 * 1000
    known = 0
    for n in range(1, int(looks.days / looks.every + 1e-9) + 1):
        day = n * looks.every
        while known < len(came) and came[known] <= day:
            known += 1
        ripe = max(day - registered, 0)
        yield verdict(known, int(visits_a_day * day), int(visits_a_day * ripe), int(day), registered)


def killed(
    looks: Looks, ratio: float, pace: float, mechanics: int, seed: int, cycle: int = 0, registered: int = 0
) -> float:
    """The part of mechanics that any look advised to kill."""
    dice = random.Random(f"{seed} {looks.name} {ratio} {pace} {cycle}")
    return sum(State.KILL in states(dice, looks, ratio, pace, cycle, registered) for _ in range(mechanics)) / mechanics


def percent(part: float, allowed: float | None = None) -> str:
    mark = "" if allowed is None else " ✓" if part < allowed else " ✗"
    return f"{part * 100:.1f} %{mark}"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--mechanics", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    console = Console(width=120)
    console.print(f"{asked.mechanics:,} mechanics a cell, killed below {KILL_BELOW:.1%}, floor {FLOOR_DAYS} days\n")
    at_target = Table(
        title="Advised to be killed at any look though exactly at target (an error)", title_justify="left"
    )
    power = Table(title="Advised to be killed within a year of monthly looks, by the true rate", title_justify="left")
    for table in (at_target, power):
        table.add_column("At target, a month", justify="right")
    for looks in (MONTHLY, DAILY, LONG):
        at_target.add_column(looks.name, justify="right")
    for name in ("nothing", "a quarter", "half", "twice"):
        power.add_column(name, justify="right")
    worst = 0.0
    for pace in PACES:
        errors = [killed(looks, 1, pace, asked.mechanics if looks is MONTHLY else asked.mechanics // 5, asked.seed)
                  for looks in (MONTHLY, DAILY, LONG)]  # fmt: skip
        worst = max(worst, errors[0])
        allowed = [ALLOWED, ALLOWED, ALLOWED]
        at_target.add_row(f"{pace:g}", *(percent(part, limit) for part, limit in zip(errors, allowed, strict=True)))
        rates = (1e-9, 0.25, 0.5, 2)
        power.add_row(
            f"{pace:g}", *(percent(killed(MONTHLY, rate, pace, asked.mechanics, asked.seed)) for rate in rates)
        )
    console.print(at_target)
    console.print(power)
    slow = Table(title="Exactly at target, but deals take 60 days: killed within a year", title_justify="left")
    for name in ("At target, a month", "60 days registered", "none registered"):
        slow.add_column(name, justify="right")
    for pace in PACES:
        found = [killed(MONTHLY, 1, pace, asked.mechanics, asked.seed, 60, cycle) for cycle in (60, 0)]
        slow.add_row(f"{pace:g}", *map(percent, found))
    console.print(slow)
    said = "holds" if worst < ALLOWED else "DOES NOT HOLD"
    console.print(
        f"At most {percent(worst)} of mechanics at their target are advised to be killed in a year: the rule {said}."
    )
    raise SystemExit(worst >= ALLOWED)


if __name__ == "__main__":
    main()
