"""Verdicts: what the numbers say about a rule that was registered before anybody knew them."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.verdicts import MONTHLY, killed
from factories import ANN, Server, mechanic, rfc3339
from histories import visited
from passalong.domain.mechanic import MechanicKind
from passalong.domain.verdict import KILL_BELOW, Answers, Facts, State, chance, judge

DAY_MS = 86_400_000


def facts(**more: Any) -> Facts:
    """A mechanic at ten opportunities a thousand visits, past its floor."""
    known = {
        "kind": MechanicKind.SHARED_ASSET, "target_per_1000": 10.0, "floor_days": 90, "cycle_days": 0, "days": 121,
        "visits": 500, "opportunities": 5, "quiet_days": 3,
    }  # fmt: skip
    known |= more
    known.setdefault("ripe_visits", known["visits"])
    return Facts(**known)


# Upper tails of the gamma distribution with shape k + 1 and rate 1, at m: from tables of the incomplete gamma function,
# Q(a, x) (Abramowitz and Stegun 26.4, as chi-square with 2a degrees of freedom at 2x).
@pytest.mark.parametrize(
    ("opportunities", "expected", "tail"),
    [
        (0, 0.0, 0.36788),  # e^-1: the prior's own chance
        (0, 4.0, 0.00674),  # Q(1, 5) = e^-5
        (1, 4.0, 0.04043),  # Q(2, 5)
        (2, 4.0, 0.12465),  # Q(3, 5)
        (3, 3.0, 0.43347),  # Q(4, 4)
        (4, 4.0, 0.44049),  # Q(5, 5)
        (9, 9.0, 0.45793),  # Q(10, 10)
        (5, 19.0, 0.00007),  # Q(6, 20)
        (10, 9.0, 0.58304),  # Q(11, 10)
    ],
)
def test_the_chance_is_the_tail_of_a_gamma_distribution(opportunities: int, expected: float, tail: float) -> None:
    assert chance(opportunities, expected) == pytest.approx(tail, abs=6e-6)


@pytest.mark.parametrize(
    ("opportunities", "expected", "tail"), [(0.5, 4.0, 0.018566), (2.5, 9.0, 0.0055697), (1.5, 1.0, 0.549416)]
)
def test_parts_of_opportunities_are_judged_as_parts(opportunities: float, expected: float, tail: float) -> None:
    assert chance(opportunities, expected) == pytest.approx(tail, rel=1e-3)


@given(st.floats(0, 50), st.floats(0, 100))
def test_the_chance_has_no_steps(opportunities: float, expected: float) -> None:
    below, above = chance(int(opportunities), expected), chance(int(opportunities) + 1, expected)
    assert below - 1e-9 <= chance(opportunities, expected) <= above + 1e-9


@given(st.integers(0, 300), st.floats(0, 500))
def test_the_chance_is_a_probability_that_grows_with_what_was_brought(opportunities: int, expected: float) -> None:
    here = chance(opportunities, expected)
    assert 0 <= here <= 1
    assert chance(opportunities + 1, expected) >= here
    assert chance(opportunities, expected + 1) <= here + 1e-12


def test_the_chance_of_the_largest_mechanics_can_be_told() -> None:
    assert chance(100_000, 100_000) == pytest.approx(0.5, abs=0.01)
    assert chance(0, 5000.0) == 0
    assert math.isfinite(chance(50_000, 2.0))


@pytest.mark.parametrize(
    ("more", "state", "why"),
    [
        (
            {"visits": 312, "opportunities": 0, "quiet_days": 121},
            State.REVIEW,
            "312 visits in 121 days should have brought 3.1 opportunities at target; it brought none. Chance that it "
            "meets its target: 2 %. It looks bad, but whoever looks every month must be surer than that to kill. "
            "Stalled: no opportunity since its launch.",
        ),
        (
            {"visits": 512, "opportunities": 0, "quiet_days": 121},
            State.KILL,
            "512 visits in 121 days should have brought 5.1 opportunities at target; it brought none. Chance that it "
            "meets its target: 0.2 %. Stalled: no opportunity since its launch.",
        ),
        (
            {"visits": 1000, "opportunities": 12},
            State.KEEP,
            "1,000 visits in 121 days should have brought 10 opportunities at target; it brought 12. Chance that it "
            "meets its target: 69 %.",
        ),
        (
            {"visits": 1000, "opportunities": 7},
            State.REVIEW,
            "1,000 visits in 121 days should have brought 10 opportunities at target; it brought 7. Chance that it "
            "meets its target: 14 %.",
        ),
        (
            {"visits": 2000, "opportunities": 0, "days": 40, "quiet_days": 40},
            State.COLLECTING,
            "2,000 visits in 40 days should have brought 20 opportunities at target; it brought none. Chance that it "
            "meets its target: under 0.1 %. 50 days are left before it is judged.",
        ),
        (
            {"visits": 120, "opportunities": 0, "days": 100, "quiet_days": 100},
            State.COLLECTING,
            "120 visits in 100 days should have brought 1.2 opportunities at target; it brought none. That is too "
            "little to judge: 180 more visits are needed. Stalled: no opportunity since its launch.",
        ),
        (
            {"visits": 0, "opportunities": 0, "quiet_days": 121},
            State.COLLECTING,
            "Nobody has visited in 121 days. Stalled: no opportunity since its launch.",
        ),
        (
            {"target_per_1000": None, "visits": 80, "opportunities": 1, "quiet_days": 95},
            State.REVIEW,
            "80 visits in 121 days brought 1. No target was registered, so nothing can be held against it. Stalled: no "
            "opportunity for 95 days.",
        ),
        (
            {"visits": 1000, "opportunities": 0, "quiet_days": 121, "paused_on": "2026-10-01"},
            State.COLLECTING,
            "1,000 visits in 121 days should have brought 10 opportunities at target; it brought none. Chance that it "
            "meets its target: under 0.1 %. Paused since 1 Oct 2026: nothing is advised, and these days do not count.",
        ),
        (
            {"visits": 1000, "opportunities": 0, "crm_silent": "for 3 days"},
            State.REVIEW,
            "1,000 visits in 121 days should have brought 10 opportunities at target; it brought none. Chance that it "
            "meets its target: under 0.1 %. Nothing was heard from the CRM for 3 days: no kill is advised on old data.",
        ),
        (
            {"visits": 900, "ripe_visits": 400, "opportunities": 5, "cycle_days": 60},
            State.KEEP,
            "900 visits in 121 days, 400 of them at least 60 days old, should have brought 4 opportunities at target; "
            "it brought 5. Chance that it meets its target: 62 %.",
        ),
        (
            {"visits": 900, "ripe_visits": 0, "opportunities": 0, "cycle_days": 150, "quiet_days": 10},
            State.COLLECTING,
            "900 visits in 121 days, none of them at least 150 days old, should have brought 0 opportunities at "
            "target; it brought none. That is too little to judge: the others must ripen.",
        ),
    ],
)  # fmt: skip
def test_a_verdict_and_its_reason(more: dict[str, Any], state: State, why: str) -> None:
    verdict = judge(facts(**more))
    assert verdict.why == why
    assert verdict.state is state
    assert verdict.stalled is ("Stalled" in why)


@pytest.mark.parametrize(
    ("answers", "days", "state", "why"),
    [
        (
            Answers(opportunities=12, answered=8, named=3),
            100,
            State.KEEP,
            "Of 12 opportunities since its launch, 8 answered how they had heard (67 %); 3 named a customer. Nothing "
            "else is recorded here, by intent.",
        ),
        (
            Answers(opportunities=12, answered=8, named=0),
            100,
            State.REVIEW,
            "Of 12 opportunities since its launch, 8 answered how they had heard (67 %); none named a customer. "
            "Nothing else is recorded here, by intent.",
        ),
        (
            Answers(opportunities=0, answered=0, named=0),
            30,
            State.COLLECTING,
            "No opportunity is known since its launch, so nobody could be asked how they had heard. 60 days are left "
            "before it is judged.",
        ),
    ],
)
def test_community_is_judged_on_answers_alone(answers: Answers, days: int, state: State, why: str) -> None:
    verdict = judge(facts(kind=MechanicKind.COMMUNITY, visits=0, days=days, answers=answers))
    assert (verdict.state, verdict.why) == (state, why)
    assert (verdict.expected, verdict.probability, verdict.observed) == (None, None, answers.named)


@given(st.integers(0, 400), st.integers(0, 5000), st.integers(0, 60), st.integers(0, 400), st.booleans(), st.booleans())
def test_no_kill_without_its_grounds(
    days: int, visits: int, opportunities: int, quiet: int, silent: bool, paused: bool
) -> None:
    """Whatever the numbers: not before the floor, not on few visits, not while paused, not on old data."""
    verdict = judge(
        facts(
            days=days, visits=visits, opportunities=opportunities, quiet_days=quiet,
            crm_silent="yet" if silent else None, paused_on="2026-10-01" if paused else None,
        )
    )  # fmt: skip
    if verdict.state is State.KILL:
        assert days >= 90
        assert visits >= 300
        assert not silent
        assert not paused
        assert verdict.probability is not None
        assert verdict.probability < KILL_BELOW
    assert verdict.days_left == max(90 - days, 0)
    assert verdict.why.endswith(".")


def test_a_mechanic_that_brings_nothing_is_advised_to_be_killed_and_one_that_brings_enough_to_be_kept(
    server: Server, clock: Any
) -> None:
    path = server.share(mechanic="soft")
    clock.ms += 100 * DAY_MS
    visited(server, "soft", 600, at_ms=clock() - 40 * DAY_MS)
    server.submit(path, email=ANN["email"], name="Ann")
    found = server.api.get("/api/v1/mechanics/soft").json()["verdict"]
    assert (found["state"], found["stalled"], found["observed"], found["days_left"]) == ("kill", True, 0, 0)
    assert found["expected"] == pytest.approx(6.01)
    assert found["why"].startswith("601 visits in 100 days should have brought 6 opportunities at target; it brought ")
    for n in range(8):
        server.convert(f"D-{n}", occurred_at=rfc3339(clock()), emails=[ANN["email"]])
    [listed] = [m for m in server.api.get("/api/v1/mechanics").json()["items"] if m["key"] == "soft"]
    assert (listed["verdict"]["state"], listed["verdict"]["observed"]) == ("keep", 8)


def test_visits_too_young_for_a_deal_are_not_held_against_a_mechanic(server: Server, clock: Any) -> None:
    server.api.put("/api/v1/mechanics/soft", json=mechanic(title="Soft", cycle_days=60))
    clock.ms += 100 * DAY_MS
    visited(server, "soft", 100, at_ms=clock() - 61 * DAY_MS)
    visited(server, "soft", 700, at_ms=clock() - 10 * DAY_MS)
    found = server.api.get("/api/v1/mechanics/soft").json()["verdict"]
    assert (found["state"], found["visits"], found["expected"]) == ("collecting", 800, 1.0)


def test_days_of_a_pause_and_of_death_do_not_count(server: Server, clock: Any) -> None:
    said = {"by": "Mara", "reason": "The season is over."}
    clock.ms += 30 * DAY_MS
    paused = server.api.post("/api/v1/mechanics/soft/pause", json=said).json()
    assert paused["status"] == "paused"
    assert "Paused since" in paused["verdict"]["why"]
    refused = server.api.post("/api/v1/shares", json={"asset": "report", "customer": "initech", "mechanic": "soft"})
    assert refused.status_code == 409
    assert "is paused" in refused.json()["detail"]
    clock.ms += 40 * DAY_MS
    assert server.api.post("/api/v1/mechanics/soft/pause", json=said).status_code == 409
    resumed = server.api.post("/api/v1/mechanics/soft/resume", json=said).json()
    assert (resumed["status"], resumed["verdict"]["days_left"]) == ("live", 60)
    clock.ms += 10 * DAY_MS
    server.api.post("/api/v1/mechanics/soft/kill", json=said)
    clock.ms += 20 * DAY_MS
    revived = server.api.post("/api/v1/mechanics/soft/revive", json=said).json()
    assert revived["verdict"]["days_left"] == 50
    clock.ms += 50 * DAY_MS
    assert server.api.get("/api/v1/mechanics/soft").json()["verdict"]["days_left"] == 0
    kinds = [d["kind"] for d in server.api.get("/api/v1/mechanics/soft").json()["decisions"]]
    assert kinds == ["launch", "pause", "resume", "kill", "revive"]


def test_visits_of_a_pause_and_of_before_a_launch_are_not_held_against_a_mechanic(server: Server, clock: Any) -> None:
    said = {"by": "Mara", "reason": "The season is over."}
    clock.ms += 95 * DAY_MS
    visited(server, "soft", 100, at_ms=clock() - DAY_MS)
    server.api.post("/api/v1/mechanics/soft/pause", json=said)
    clock.ms += 20 * DAY_MS
    visited(server, "soft", 900, at_ms=clock() - 10 * DAY_MS)
    found = server.api.post("/api/v1/mechanics/soft/resume", json=said).json()["verdict"]
    assert (found["state"], found["visits"], found["expected"]) == ("collecting", 100, 1.0)
    body = mechanic(title="Soft", launched_at=rfc3339(clock()), reason="A new beginning.")
    found = server.api.put("/api/v1/mechanics/soft", json=body).json()["verdict"]
    assert (found["visits"], found["days_left"]) == (0, 90)
    clock.ms += 91 * DAY_MS
    found = server.api.get("/api/v1/mechanics/soft").json()["verdict"]
    assert (found["visits"], found["days_left"], found["why"][:34]) == (0, 0, "Nobody has visited in 91 days. Sta")


def test_a_pause_before_the_launch_takes_nothing_from_its_time(server: Server, clock: Any) -> None:
    said = {"by": "Mara", "reason": "Not yet."}
    server.api.put("/api/v1/mechanics/soft", json=mechanic(title="Soft", launched_at=rfc3339(clock() + 60 * DAY_MS)))
    server.api.post("/api/v1/mechanics/soft/pause", json=said)
    clock.ms += DAY_MS
    server.api.post("/api/v1/mechanics/soft/resume", json=said)
    clock.ms += 59 * DAY_MS
    assert server.api.get("/api/v1/mechanics/soft").json()["verdict"]["days_left"] == 90


def test_a_pause_is_no_stall(server: Server, clock: Any) -> None:
    said = {"by": "Mara", "reason": "Winter."}
    server.submit(server.share(mechanic="soft"), email=ANN["email"], name="Ann")
    clock.ms += 95 * DAY_MS
    server.convert("D-1", occurred_at=rfc3339(clock()), emails=[ANN["email"]])
    server.api.post("/api/v1/mechanics/soft/pause", json=said)
    clock.ms += 100 * DAY_MS
    found = server.api.post("/api/v1/mechanics/soft/resume", json=said).json()["verdict"]
    assert (found["stalled"], found["observed"]) == (False, 1)
    clock.ms += 91 * DAY_MS
    found = server.api.get("/api/v1/mechanics/soft").json()["verdict"]
    assert found["stalled"]
    assert found["why"].endswith("Stalled: no opportunity for 91 days.")


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2026-11-01T00:00:00"])
def test_a_launch_at_no_time_of_ours_is_refused(server: Server, moment: str) -> None:
    refused = server.api.put("/api/v1/mechanics/soft", json=mechanic(launched_at=moment))
    assert (refused.status_code, refused.json()["faults"][0]["field"]) == (422, "launched_at")
    assert server.api.get("/api/v1/mechanics/soft").status_code == 200


def test_what_people_say_at_a_gate_counts_and_stays_counted_when_they_are_erased(server: Server, clock: Any) -> None:
    server.admit(server.share(), heard_from="Globex showed me")
    server.convert("D-1", occurred_at=rfc3339(clock()), emails=[ANN["email"]])
    server.convert("D-2", occurred_at=rfc3339(clock()), emails=["x@stranger.example"])
    expected = {"opportunities": 2, "answered": 1, "named": 1}
    assert server.api.get("/api/v1/mechanics/plain").json()["verdict"]["answers"] == expected
    server.api.delete(f"/api/v1/leads/{server.leads()[0]['id']}")
    assert server.api.get("/api/v1/mechanics/plain").json()["verdict"]["answers"] == expected


def test_a_links_page_goes_on_while_its_mechanic_is_paused(server: Server) -> None:
    path = server.share(mechanic="hard")
    server.api.post("/api/v1/mechanics/hard/pause", json={"by": "Mara", "reason": "Later."})
    server.admit(path)
    assert server.counts("hard")["leads"] == 1


@pytest.mark.parametrize("pace", [1, 5, 15])
def test_a_mechanic_at_its_target_is_rarely_advised_to_be_killed_however_often_one_looks(pace: float) -> None:
    """The full simulation is `tests/bench/verdicts.py`; this is a smaller one of the same."""
    assert killed(MONTHLY, 1, pace, 1_000, seed=7) < 0.05
    assert killed(MONTHLY, 2, pace, 500, seed=7) < 0.005


def test_a_mechanic_that_brings_nothing_is_always_found_and_one_at_half_its_target_mostly() -> None:
    assert killed(MONTHLY, 1e-9, 1, 50, seed=7) == 1
    assert killed(MONTHLY, 0.5, 5, 300, seed=7) > 0.9
