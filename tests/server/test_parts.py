"""What each touchpoint brings to a credit, and of those that bring nothing why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from factories import ANN, SAFARI, Server, rfc3339
from passalong.domain.attribution import MODELS
from passalong.settings import Attribution

Browser = Callable[..., httpx2.Client]
DAY_MS = 86_400_000


def report(server: Server, clock: Any, **more: Any) -> str:
    body = {"external_id": "D-1", "kind": "opportunity", "occurred_at": rfc3339(clock()), **more}
    answer = server.api.post("/api/v1/conversions", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["conversion"]["id"])


def touches(server: Server, id: str) -> list[tuple[str, int, str]]:
    """Customer, millionths and reason of each touchpoint, by time."""
    found = server.api.get(f"/api/v1/conversions/{id}").json()["touchpoints"]
    return [(t["customer"], t["micro"], t["why"]) for t in sorted(found, key=lambda t: t["at"])]


def two_links(server: Server, browser: Browser, clock: Any) -> None:
    server.admit(server.share(customer="globex"))
    clock.ms += 10 * DAY_MS
    server.admit(server.share(customer="initech"), browser(SAFARI))
    clock.ms += 10 * DAY_MS


@pytest.mark.parametrize(
    "model", [pytest.param(model, marks=pytest.mark.settings(attribution=Attribution(model=model))) for model in MODELS]
)
def test_the_parts_of_the_touchpoints_are_those_of_the_credits(
    server: Server, browser: Browser, clock: Any, model: str
) -> None:
    two_links(server, browser, clock)
    id = report(server, clock, emails=[ANN["email"]])
    credits = server.api.get(f"/api/v1/conversions/{id}").json()["attribution"]["credits"]
    told = touches(server, id)
    assert sum(micro for _, micro, _ in told) == 1_000_000
    assert {(c["customer"], c["micro"], c["why"]) for c in credits} == {touch for touch in told if touch[1]}
    for _, micro, why in told:
        assert micro or why == f"The model {model.replace('_', ' ')} gives the credit to others."


def test_what_is_too_old_or_came_too_late_says_so(server: Server, browser: Browser, clock: Any) -> None:
    two_links(server, browser, clock)
    clock.ms += 175 * DAY_MS
    id = report(server, clock, emails=[ANN["email"]])
    assert touches(server, id)[0] == ("globex", 0, "It is older than the window of 180 days.")
    earlier = rfc3339(clock() - 190 * DAY_MS)
    before = report(server, clock, external_id="D-2", occurred_at=earlier, emails=[ANN["email"]])
    assert touches(server, before)[1] == ("initech", 0, "It came only afterwards.")


def test_what_is_guessed_gives_way_to_what_was_seen(server: Server, browser: Browser, clock: Any) -> None:
    server.admit(server.share(customer="globex"), browser(), email="cleo@umbrella.example")
    clock.ms += DAY_MS
    server.admit(server.share(customer="initech"), browser(SAFARI))
    clock.ms += DAY_MS
    id = report(server, clock, emails=[ANN["email"]])
    assert touches(server, id)[0] == ("globex", 0, "What is observed counts before what is inferred.")
    assert touches(server, id)[1][1] == 1_000_000


def test_over_a_decision_no_touchpoint_counts_until_it_is_withdrawn(
    server: Server, browser: Browser, clock: Any
) -> None:
    two_links(server, browser, clock)
    id = report(server, clock, emails=[ANN["email"]])
    said = {"by": "Mara", "reason": "I was there."}
    address = f"/api/v1/conversions/{id}/override"
    assert server.api.post(address, json={**said, "customer": "initech"}).status_code == 200
    assert {(micro, why) for _, micro, why in touches(server, id)} == {(0, "A decision stands over the evidence.")}
    assert server.api.post(address, json={**said, "withdraw": True}).status_code == 200
    assert [(customer, micro) for customer, micro, _ in touches(server, id)] == [("globex", 1_000_000), ("initech", 0)]


def test_a_customer_who_is_called_otherwise_since_keeps_its_part(server: Server, browser: Browser, clock: Any) -> None:
    two_links(server, browser, clock)
    id = report(server, clock, emails=[ANN["email"]])
    assert server.api.put("/api/v1/customers/globex", json={"name": "Globex Worldwide"}).status_code == 200
    assert [(customer, micro) for customer, micro, _ in touches(server, id)] == [("globex", 1_000_000), ("initech", 0)]
