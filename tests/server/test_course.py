"""The course of a mechanic: the same judgement as today's, on every day that has passed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import ANN, Server, mechanic, rfc3339
from histories import visited
from passalong.domain.course import MOST_POINTS, Series, chosen, course, weeks_until
from passalong.domain.instant import Calendar, date_of, day_name, day_of, days_between, ms_of
from passalong.domain.mechanic import Gate, Mechanic, MechanicKind
from passalong.domain.verdict import KILL_BELOW, LEAST_EXPECTED, chance, kills_at_most

DAY_MS = 86_400_000
BERLIN = Calendar("Europe/Berlin")
LAUNCH_MS = 1_767_261_600_000  # 2026-01-01, ten in the morning in Berlin

SAME = ("state", "stalled", "probability", "expected", "observed", "days_left", "visits")
"""What the last point says as the verdict does."""


def made(**more: Any) -> Mechanic:
    """A mechanic at ten opportunities a thousand visits, launched on the first of January."""
    known: dict[str, Any] = {
        "key": "soft", "kind": MechanicKind.SHARED_ASSET, "title": "Soft", "owner": "Mara", "brand": "acme",
        "gate": Gate(), "cta": None, "target_per_1000": 10.0, "floor_days": 90, "launched_at_ms": LAUNCH_MS,
    }  # fmt: skip
    return Mechanic(**known | more)


def after(days: int) -> int:
    """The reporting day so many days after the launch."""
    return day_of(date(2026, 1, 1) + timedelta(days=days))


def points(server: Server, key: str) -> list[dict[str, Any]]:
    answer = server.api.get(f"/api/v1/mechanics/{key}/course")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["points"])


@given(st.floats(0, 3000))
def test_the_line_of_the_kill_is_where_the_chance_crosses_it(expected: float) -> None:
    most = kills_at_most(expected)
    if most is None:
        assert expected < LEAST_EXPECTED or chance(0, expected) >= KILL_BELOW * (1 - 1e-9)
    else:
        assert chance(most, expected) < KILL_BELOW * (1 + 1e-9)
        assert chance(most + 1, expected) >= KILL_BELOW * (1 - 1e-9)


@given(st.integers(0, 5000), st.dates(date(2020, 1, 1), date(2035, 1, 1)))
def test_points_are_few_and_reach_from_the_first_day_to_the_last(span: int, start: date) -> None:
    first, last = day_of(start), day_of(start + timedelta(days=span))
    days = chosen(first, last)
    assert (days[0], days[-1]) == (first, last)
    assert len(days) == len(set(days)) <= MOST_POINTS
    assert days == sorted(days)
    gaps = [days_between(one, other) for one, other in pairwise(days)]
    assert not gaps or max(gaps) - min(gaps) <= 1


def test_what_is_yet_to_be_launched_has_no_course() -> None:
    assert course(made(), Series(), BERLIN, LAUNCH_MS - DAY_MS) == []
    [only] = course(made(), Series(), BERLIN, LAUNCH_MS + 1)
    assert (only.day, only.days, only.visits, only.state) == ("2026-01-01", 0, 0, "collecting")


def test_each_day_is_judged_on_what_had_happened_by_its_evening() -> None:
    series = Series(visits={after(n): 10 for n in range(100)}, micro={after(20): 1_000_000, after(94): 500_000})
    found = {p.day: p for p in course(made(floor_days=50), series, BERLIN, LAUNCH_MS + 55 * DAY_MS)}
    day = found["2026-01-20"]
    assert (day.visits, day.expected, day.observed, day.days_left) == (200, 2.0, 0, 31)
    day = found["2026-01-21"]
    assert (day.observed, day.state, day.kills_at_most) == (1, "collecting", None)
    day = found["2026-02-20"]
    assert (day.visits, day.days, day.days_left, day.state, day.kills_at_most) == (510, 50, 0, "review", 0)
    assert list(found)[-1] == "2026-02-25"
    whole = course(made(), series, BERLIN, LAUNCH_MS + 120 * DAY_MS)[-1]
    assert (whole.visits, whole.expected, whole.observed) == (1000, 10.0, 1.5)


def test_visits_ripen_on_each_day_of_the_course() -> None:
    series = Series(visits={after(0): 100, after(10): 500})
    found = {p.day: p for p in course(made(cycle_days=20), series, BERLIN, LAUNCH_MS + 40 * DAY_MS)}
    assert [found[d].expected for d in ("2026-01-20", "2026-01-21", "2026-01-30", "2026-01-31")] == [0.0, 1.0, 1.0, 6.0]
    assert found["2026-01-20"].visits == 600


def test_days_away_neither_count_nor_are_judged() -> None:
    away = ((LAUNCH_MS + 95 * DAY_MS, LAUNCH_MS + 115 * DAY_MS),)
    series = Series(visits={after(n): 10 for n in range(140)})
    found = course(made(away=away), series, BERLIN, LAUNCH_MS + 130 * DAY_MS)
    gone = [p for p in found if p.away]
    assert gone
    assert {(p.state, p.kills_at_most) for p in gone} == {("collecting", None)}
    # The days on which it went and came back count, as part of them it was there.
    assert (found[-1].days, found[-1].visits, found[-1].state) == (110, 1120, "kill")
    assert not found[-1].away


def test_the_course_of_a_mechanic_without_target_has_nothing_to_be_expected() -> None:
    series = Series(visits={after(3): 900}, micro={after(5): 1_000_000})
    last = course(made(target_per_1000=None), series, BERLIN, LAUNCH_MS + 95 * DAY_MS)[-1]
    assert (last.expected, last.probability, last.kills_at_most, last.state) == (None, None, None, "review")


def test_the_last_weeks_end_today() -> None:
    weeks = weeks_until(20260302)
    assert len(weeks) == 26
    assert weeks[-2:] == [(20260217, 20260223), (20260224, 20260302)]
    assert all(days_between(*week) == 6 for week in weeks)
    assert all(date_of(one[1]) + timedelta(days=1) == date_of(other[0]) for one, other in pairwise(weeks))


@pytest.fixture
def told(server: Server, clock: Any) -> Server:
    """A mechanic with a hundred days, a pause among them, visits of several days and two opportunities."""
    said = {"by": "Mara", "reason": "A holiday."}
    path = server.share(mechanic="soft")
    server.submit(path, email=ANN["email"], name="Ann")
    clock.ms += 30 * DAY_MS
    visited(server, "soft", 300, at_ms=clock())
    server.convert("D-1", occurred_at=rfc3339(clock()), emails=[ANN["email"]])
    assert server.api.post("/api/v1/mechanics/soft/pause", json=said).status_code == 200
    clock.ms += 20 * DAY_MS
    assert server.api.post("/api/v1/mechanics/soft/resume", json=said).status_code == 200
    clock.ms += 60 * DAY_MS
    visited(server, "soft", 900, at_ms=clock() - 5 * DAY_MS)
    server.convert("D-2", occurred_at=rfc3339(clock() - DAY_MS), emails=[ANN["email"]])
    return server


def test_the_course_ends_in_the_verdict_of_now(told: Server, clock: Any) -> None:
    found = points(told, "soft")
    verdict = told.api.get("/api/v1/mechanics/soft").json()["verdict"]
    assert {name: found[-1][name] for name in SAME} == {name: verdict[name] for name in SAME}
    assert found[-1]["observed"] == 2
    assert 50 <= len(found) <= 60
    assert any(point["away"] for point in found)
    assert [p["observed"] for p in found] == sorted(p["observed"] for p in found)
    community = points(told, "plain")[-1]
    verdict = told.api.get("/api/v1/mechanics/plain").json()["verdict"]
    assert {name: community[name] for name in SAME} == {name: verdict[name] for name in SAME}


def test_the_course_of_a_killed_mechanic_ends_with_it(told: Server, clock: Any) -> None:
    before = points(told, "soft")[-1]
    killed = told.api.post("/api/v1/mechanics/soft/kill", json={"by": "Mara", "reason": "Enough."}).json()
    clock.ms += 40 * DAY_MS
    after_it = points(told, "soft")[-1]
    assert after_it == before
    killed_ms = ms_of(datetime.fromisoformat(killed["tombstone"]["at"]))
    assert after_it["day"] == day_name(Calendar(told.config.timezone).day(killed_ms))


def test_the_list_of_mechanics_tells_the_weeks_of_half_a_year(told: Server) -> None:
    [listed] = [m for m in told.api.get("/api/v1/mechanics").json()["items"] if m["key"] == "soft"]
    weeks = listed["weeks"]
    assert len(weeks) == 26
    assert [w["visits"] for w in weeks if w["visits"]] == [1, 300, 900]
    assert [w["opportunities"] for w in weeks if w["opportunities"]] == [1, 1]
    assert weeks[-1]["visits"] == 900
    assert told.api.get("/api/v1/mechanics/soft").json()["weeks"] == weeks


def test_a_mechanic_launched_tomorrow_and_one_that_is_not_there(server: Server, clock: Any) -> None:
    body = mechanic(title="Later", launched_at=rfc3339(clock() + DAY_MS))
    assert server.api.put("/api/v1/mechanics/later", json=body).status_code in (200, 201)
    assert points(server, "later") == []
    assert server.api.get("/api/v1/mechanics/none/course").status_code == 404
    _, reader = server.key("reader")
    assert server.api.get("/api/v1/mechanics/soft/course", headers=reader).status_code == 200
