"""Theater: each finding has a history that brings it about, and a near miss that does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from factories import ANN, Server, mechanic, rfc3339
from histories import visited
from serving import serving

DAY_MS = 86_400_000
SAID = {"by": "Mara", "reason": "Enough."}
Browser = Callable[..., Any]


@pytest.fixture
def server(tmp_path: Any, clock: Any) -> Iterator[Server]:
    """Acme with one mechanic that is live, and what else it has."""
    with serving(tmp_path, clock) as running:
        for key in ("soft", "open", "plain", "strict"):
            running.api.post(f"/api/v1/mechanics/{key}/kill", json=SAID)
        yield running


def found(server: Server, kind: str) -> list[dict[str, Any]]:
    """The findings of a kind; what was not found is said to be clear."""
    answer = server.api.get("/api/v1/theater").json()
    here = [finding for finding in answer["findings"] if finding["kind"] == kind]
    assert (kind in answer["clear"]) is not bool(here)
    for finding in answer["findings"]:
        assert finding["title"]
        assert finding["numbers"]
        assert finding["why"].endswith((".", "”"))
        assert finding["way_out"].endswith(".")
    return here


def put(server: Server, key: str, **more: Any) -> None:
    answer = server.api.put(f"/api/v1/mechanics/{key}", json=mechanic(title=key.title(), **more))
    assert answer.status_code == 200, answer.text


def held(server: Server) -> None:
    month = server.api.get("/api/v1/metric?months=1").json()["months"][0]["month"]
    said = {"mechanic": "hard", "decision": "keep", "role": "sales", "owner": "Otto", "reason": "Patience."}
    assert (
        server.api.post("/api/v1/reviews", json={"month": month, "by": "Mara", "decisions": [said]}).status_code == 201
    )


@pytest.mark.parametrize(("days", "visits", "seen"), [(90, 40, True), (89, 40, False), (90, 0, False)])
def test_activity_without_pipeline_past_the_floor(
    server: Server, clock: Any, days: int, visits: int, seen: bool
) -> None:
    clock.ms += days * DAY_MS
    visited(server, "hard", visits, at_ms=clock() - DAY_MS)
    here = found(server, "activity_without_pipeline")
    assert bool(here) is seen
    if seen:
        assert here[0]["subject"] == "hard"
        assert here[0]["numbers"] == {"visits": 40, "days": 90, "floor_days": 90}
        assert here[0]["why"] == "40 visits in 90 days, and not one opportunity, though its floor was 90 days."


def test_activity_with_an_opportunity_is_none(server: Server, clock: Any) -> None:
    server.admit(server.share())
    clock.ms += 100 * DAY_MS
    assert found(server, "activity_without_pipeline")
    server.convert("D-1", occurred_at=rfc3339(clock()), emails=[ANN["email"]])
    assert not found(server, "activity_without_pipeline")


@pytest.mark.parametrize(("visits", "seen"), [(600, True), (400, False)])
def test_a_mechanic_that_failed_its_rule_and_lives_on(server: Server, clock: Any, visits: int, seen: bool) -> None:
    server.api.post("/api/v1/mechanics/hard/keep", json={"by": "Mara", "reason": "It is going well."})
    clock.ms += 120 * DAY_MS
    visited(server, "hard", visits, at_ms=clock() - DAY_MS)
    here = found(server, "failed_and_alive")
    assert bool(here) is seen
    if seen:
        assert here[0]["numbers"]["expected"] == 6.0
        assert "It was kept" not in here[0]["why"], "what was kept while all was well was not kept against a verdict"
        server.api.post("/api/v1/mechanics/hard/keep", json={"by": "Mara", "reason": "A fair is coming."})
        assert found(server, "failed_and_alive")[0]["why"].endswith("It was kept: “A fair is coming.”")
        assert "going well" not in found(server, "failed_and_alive")[0]["why"]
        server.api.post("/api/v1/mechanics/hard/kill", json=SAID)
        assert not found(server, "failed_and_alive")


@pytest.mark.parametrize(("attributed", "known", "seen"), [(1, 3, True), (1, 2, False), (0, 0, False)])
def test_coverage_below_a_half(server: Server, clock: Any, attributed: int, known: int, seen: bool) -> None:
    server.admit(server.share())
    for n in range(known):
        emails = [ANN["email"]] if n < attributed else ["x@stranger.example"]
        server.convert(f"D-{n}", occurred_at=rfc3339(clock()), emails=emails)
    here = found(server, "low_coverage")
    assert bool(here) is seen
    if seen:
        assert here[0]["why"] == "In three months 1 of 3 opportunities could be attributed (33 %)."


@pytest.mark.parametrize(("days", "seen"), [(59, True), (60, False)])
def test_several_launches_at_once(server: Server, clock: Any, days: int, seen: bool) -> None:
    clock.ms += days * DAY_MS
    put(server, "boards")
    here = found(server, "several_launches")
    assert bool(here) is seen
    if seen:
        assert (here[0]["subject"], here[0]["numbers"]["days_apart"]) == ("boards", 59)
        clock.ms += 89 * DAY_MS
        assert found(server, "several_launches")
        clock.ms += DAY_MS
        assert not found(server, "several_launches"), "its floor has passed: it was given its trial"


def test_pausing_the_others_is_a_way_out_of_several_launches(server: Server) -> None:
    put(server, "boards")
    assert found(server, "several_launches")
    server.api.post("/api/v1/mechanics/hard/pause", json=SAID)
    assert not found(server, "several_launches")


def test_visits_too_young_for_a_deal_are_no_activity_without_pipeline(server: Server, clock: Any) -> None:
    put(server, "hard", cycle_days=180)
    clock.ms += 95 * DAY_MS
    visited(server, "hard", 600, at_ms=clock() - DAY_MS)
    assert not found(server, "activity_without_pipeline")


def test_several_launches_are_one_once_the_others_are_dead(server: Server, clock: Any) -> None:
    put(server, "boards")
    assert found(server, "several_launches")
    server.api.post("/api/v1/mechanics/hard/kill", json=SAID)
    assert not found(server, "several_launches")


def test_advocacy_as_the_only_live_kind(server: Server) -> None:
    put(server, "reviews", kind="advocacy")
    assert not found(server, "advocacy_alone")
    server.api.post("/api/v1/mechanics/hard/pause", json=SAID)
    [here] = found(server, "advocacy_alone")
    assert here["numbers"] == {"live": 1, "advocacy": 1}
    server.api.post("/api/v1/mechanics/reviews/kill", json=SAID)
    assert not found(server, "advocacy_alone"), "nothing is live at all"


@pytest.mark.parametrize(("staff", "others", "seen"), [(3, 3, True), (3, 4, False), (2, 0, False)])
def test_shares_made_by_the_vendors_own_staff(server: Server, staff: int, others: int, seen: bool) -> None:
    for n in range(staff):
        server.share(sharer=f"staff:mara{n}" if n else "staff")
    for n in range(others):
        server.share(sharer=f"staffan-{n}")
    here = found(server, "staff_shares")
    assert bool(here) is seen
    if seen:
        assert (here[0]["numbers"]["links"], here[0]["numbers"]["staff_links"]) == (6, 3)


def test_the_vendor_as_its_own_customer_is_staff(server: Server) -> None:
    server.api.put("/api/v1/customers/acme", json={"name": "Acme itself", "domains": ["acme.example"]})
    for n in range(3):
        server.share(customer="acme", sharer=f"u-{n}")
    assert found(server, "staff_shares")


def test_opportunities_older_than_their_first_touch(server: Server, clock: Any) -> None:
    opened_ms = clock()
    clock.ms += 3 * DAY_MS
    server.admit(server.share())
    server.convert("D-1", occurred_at=rfc3339(opened_ms), emails=[ANN["email"]])
    [here] = found(server, "closed_before_touch")
    assert (here["numbers"]["touched"], here["numbers"]["late"]) == (1, 1)
    for n in range(2, 12):  # ten more that came after their touch: one in eleven is no pattern
        server.convert(f"D-{n}", occurred_at=rfc3339(clock() + DAY_MS), emails=[ANN["email"]])
    assert not found(server, "closed_before_touch")


def test_an_opportunity_of_the_same_day_is_not_older(server: Server, clock: Any) -> None:
    opened_ms = clock()
    clock.ms += DAY_MS - 60_000
    server.admit(server.share())
    server.convert("D-1", occurred_at=rfc3339(opened_ms), emails=[ANN["email"]])
    assert not found(server, "closed_before_touch")


def test_satisfaction_and_no_opportunity(server: Server, browser: Browser, clock: Any) -> None:
    def signal(n: int, kind: str, days_ago: int = 0) -> None:
        at = rfc3339(clock() - days_ago * DAY_MS)
        body = {"external_id": f"S-{n}", "customer": "initech", "kind": kind, "value": 9, "occurred_at": at}
        assert server.api.post("/api/v1/signals", json=body).status_code == 201

    signal(1, "product.exported")
    signal(2, "satisfaction.nps", days_ago=181)
    assert not found(server, "satisfaction_without_opportunity")
    signal(3, "satisfaction.nps")
    [here] = found(server, "satisfaction_without_opportunity")
    assert (here["numbers"]["signals"], here["numbers"]["customers"]) == (1, 1)
    server.admit(server.share(customer="globex"))
    server.convert("D-1", occurred_at=rfc3339(clock()), emails=[ANN["email"]])
    assert found(server, "satisfaction_without_opportunity"), "that was another customer's"
    server.admit(server.share(customer="initech"), browser(), email="bob@hooli.example")
    server.convert("D-2", occurred_at=rfc3339(clock()), emails=["bob@hooli.example"])
    assert not found(server, "satisfaction_without_opportunity")


def test_no_review_for_thirty_five_days(server: Server, clock: Any) -> None:
    clock.ms += 35 * DAY_MS
    assert not found(server, "no_review")
    clock.ms += DAY_MS
    [here] = found(server, "no_review")
    assert here["why"] == "No review was ever recorded, and the oldest mechanic was launched 36 days ago."
    held(server)
    assert not found(server, "no_review")
    clock.ms += 36 * DAY_MS
    assert found(server, "no_review")[0]["why"] == "The last review was held 36 days ago."


def test_nothing_is_found_where_nothing_lives(server: Server, clock: Any) -> None:
    server.api.post("/api/v1/mechanics/hard/kill", json=SAID)
    clock.ms += 400 * DAY_MS
    answer = server.api.get("/api/v1/theater").json()
    assert answer["findings"] == []
    assert len(answer["clear"]) == 11
