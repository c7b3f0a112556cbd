"""Which customer brought the most, under whichever model; and what happened to one of them, told in order."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import ANN, SAFARI, Server, eventually, rfc3339
from passalong.app import opened, wire
from passalong.domain.attribution import MODELS, Policy
from passalong.domain.instant import Calendar
from passalong.settings import Reporting
from passalong.store.ranking import Ranking, Rankings

Browser = Callable[..., httpx2.Client]
DAY_MS = 86_400_000


def euros(minor: int, currency: str = "EUR") -> dict[str, Any]:
    return {"amount_minor": minor, "currency": currency}


@pytest.fixture
def two_touches(server: Server, browser: Browser, clock: Any) -> Server:
    """Globex first, Initech ten days later; then an opportunity that was won, and one of Initech's own people."""
    server.admit(server.share(customer="globex"))
    clock.ms += 10 * DAY_MS
    path = server.share(customer="initech")
    server.admit(path, browser(SAFARI))
    server.admit(path, browser(), email="bo@initech.example")
    clock.ms += DAY_MS
    for kind in ("opportunity", "won"):
        server.convert("D-1", kind=kind, occurred_at=rfc3339(clock()), emails=[ANN["email"]], amount=euros(100_001))
    server.convert("D-2", occurred_at=rfc3339(clock()), emails=["bo@initech.example"], amount=euros(30_000))
    return server


def ranking(server: Server, **query: Any) -> dict[str, Any]:
    answer = server.api.get("/api/v1/attribution/customers", params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def order(said: dict[str, Any]) -> list[str]:
    return [entry["id"] for entry in said["items"]]


async def worked_out(rankings: Rankings, model: str) -> Ranking:
    """Asks until it is there."""
    while True:
        found, _ = await rankings.under(model)
        if found is not None:
            return found


# Ranked.


def test_the_most_pipeline_first_under_the_model_in_use(two_touches: Server) -> None:
    said = ranking(two_touches)
    assert (said["model"], said["present"], said["progress"]) == ("origin", True, None)
    assert order(said) == ["globex", "initech"]
    first, second = said["items"]
    assert first["credited"]["whole"] == {"opportunities": 1, "pipeline": [euros(100_001)], "won": [euros(100_001)]}
    assert first["credited"]["new_logo"] == first["credited"]["whole"]
    assert second["credited"]["expansion"] == {"opportunities": 1, "pipeline": [euros(30_000)], "won": []}
    assert second["credited"]["new_logo"]["opportunities"] == 0
    assert (second["counts"]["shares"], second["counts"]["leads"]) == (1, 2)
    assert (second["name"], second["domains"]) == ("Initech", ["initech.example"])


def test_another_model_is_another_order(two_touches: Server) -> None:
    said = ranking(two_touches, model="last")
    assert (said["model"], said["present"], said["conversions"]) == ("last", False, 3)
    assert order(said) == ["initech", "globex"]
    assert said["items"][0]["credited"]["whole"]["pipeline"] == [euros(130_001)]
    assert said["items"][0]["credited"]["new_logo"]["pipeline"] == [euros(100_001)]
    even = {entry["id"]: entry["credited"]["whole"] for entry in ranking(two_touches, model="linear")["items"]}
    assert (even["globex"]["opportunities"], even["initech"]["opportunities"]) == (0.5, 1.5)
    assert even["globex"]["pipeline"] == [euros(50_001)], "to the last cent"
    assert ranking(two_touches, model="first")["present"], "first is another name of origin"


def test_a_ranking_follows_what_changes_a_credit(two_touches: Server, browser: Browser, clock: Any) -> None:
    for model in ("origin", "linear"):
        assert len(order(ranking(two_touches, model=model))) == 2
    two_touches.convert("D-3", occurred_at=rfc3339(clock()), emails=["bo@initech.example"], amount=euros(900_000))
    for model in ("origin", "linear"):
        eventually(lambda model=model: order(ranking(two_touches, model=model)) == ["initech", "globex"])
    # A visit that comes to light changes nothing under origin, and much under linear.
    two_touches.api.put("/api/v1/customers/hooli", json={"name": "Hooli"})
    two_touches.admit(two_touches.share(customer="hooli"), browser(), email="new@umbrella.example")
    two_touches.convert("D-1b", occurred_at=rfc3339(clock()), emails=["new@umbrella.example"], amount=euros(1))
    assert "hooli" in order(ranking(two_touches)), "whoever is new stands there at once"


def test_pages_and_search(two_touches: Server) -> None:
    for n in range(5):
        two_touches.api.put(f"/api/v1/customers/more-{n}", json={"name": f"More {n}", "region": "Nordics"})
    seen, cursor = [], None
    while True:
        said = ranking(two_touches, limit=2, **({"cursor": cursor} if cursor else {}))
        seen += order(said)
        if (cursor := said["next_cursor"]) is None:
            break
    assert seen == ["globex", "initech", *(f"more-{n}" for n in range(5))]
    assert order(ranking(two_touches, q="NORD")) == [f"more-{n}" for n in range(5)]
    [found] = ranking(two_touches, q="initech.exa")["items"]
    assert (found["id"], found["place"]) == ("initech", 2), "whoever is looked for keeps its place"
    assert order(ranking(two_touches, q="%_[/]")) == []


def test_what_cannot_be_asked_is_refused_by_name(server: Server) -> None:
    for query, field in (
        ({"model": "magic"}, "model"),
        ({"model": ""}, "model"),
        ({"cursor": "WzEsMl0"}, "cursor"),
        ({"limit": "0"}, "limit"),
        ({"q": "x" * 201}, "q"),
    ):
        refused = server.api.get("/api/v1/attribution/customers", params=query)
        assert refused.status_code in (400, 422), query
        assert [fault["field"] for fault in refused.json()["faults"]] == [field]


@pytest.mark.settings(reporting=Reporting(currency="EUR", rates={"USD": 0.5, "JPY": 0.01}))
def test_currencies_are_compared_by_the_rates_that_are_set(server: Server, browser: Browser, clock: Any) -> None:
    """A hundred thousand yen are less than two thousand dollars, which are a thousand euros."""
    amounts = {"initech": euros(100_000, "JPY"), "globex": euros(200_000, "USD"), "hooli": euros(99_900)}
    server.api.put("/api/v1/customers/hooli", json={"name": "Hooli"})
    for customer, amount in amounts.items():
        server.admit(server.share(customer=customer), browser(), email=f"a@{customer}-buyer.example")
        server.convert(customer, occurred_at=rfc3339(clock()), emails=[f"a@{customer}-buyer.example"], amount=amount)
    assert order(ranking(server)) == ["globex", "initech", "hooli"]


def test_a_long_ranking_says_how_far_it_is_and_the_last_one_stays(two_touches: Server) -> None:
    async def play() -> None:
        async with opened(wire(two_touches.config)) as services:
            slow = Rankings(
                services.db, services.conversions, services.pipeline, services.clock, None, {}, patience_s=0
            )
            first, progress = await slow.under("linear")
            assert first is None
            assert progress is not None
            assert progress.of == 3
            found = await worked_out(slow, "linear")
            assert (found.conversions, [ranked.customer for ranked in found.order]) == (3, ["initech", "globex"])
            again, progress = await slow.under("linear")
            assert again is found
            assert progress is None, "nothing has changed, so nothing is worked out"
            await slow.under("position")
            await slow.stop()  # given up in the middle, without a word

    asyncio.run(play())


def test_every_ranking_is_what_a_replay_says(tmp_path: Path) -> None:
    """On the demonstration's half year: no model invents or loses an opportunity or a cent."""
    from passalong.demo import setup

    async def play() -> None:
        config = setup.settings_in(tmp_path, "http://localhost:8000")
        await setup.prepare(config, lambda day: None, walkthrough=False)
        async with opened(wire(config)) as services:
            for model in MODELS:
                micro: dict[str, int] = defaultdict(int)
                minor: dict[tuple[str, str], int] = defaultdict(int)
                async for conversion, credits in services.pipeline.replay(Policy(model=model)):
                    for credit in credits if conversion.kind == "opportunity" else ():
                        micro[credit.customer] += credit.micro
                        if credit.amount_minor:
                            minor[credit.customer, conversion.currency or ""] += credit.amount_minor
                found = await worked_out(services.rankings, services.rankings.named(model))
                assert {ranked.customer: -ranked.place.micro for ranked in found.order} == dict(micro)
                for ranked in found.order:
                    for money in ranked.brought.whole.pipeline:
                        assert minor.pop((ranked.customer, money.currency)) == money.amount_minor
                    parts = (ranked.brought.new_logo, ranked.brought.expansion)
                    assert sum(part.opportunities for part in parts) == pytest.approx(
                        ranked.brought.whole.opportunities
                    )
                assert not minor
                assert found.order == sorted(found.order, key=lambda ranked: ranked.place)

    asyncio.run(play())


# One customer.


def test_expansion_and_new_logos_apart(two_touches: Server) -> None:
    brought = two_touches.api.get("/api/v1/customers/initech").json()["brought"]
    assert brought["expansion"] == {"opportunities": 1, "pipeline": [euros(30_000)], "won": []}
    assert brought["new_logo"] == {"opportunities": 0, "pipeline": [], "won": []}
    assert brought["whole"] == brought["expansion"]


def timeline(server: Server, customer: str = "initech", **query: Any) -> dict[str, Any]:
    answer = server.api.get(f"/api/v1/customers/{customer}/timeline", params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def signal(name: str, kind: str, at_ms: int, customer: str = "initech") -> dict[str, Any]:
    return {"external_id": name, "customer": customer, "kind": kind, "occurred_at": rfc3339(at_ms)}


@pytest.fixture
def eventful(two_touches: Server, clock: Any) -> Server:
    """Initech again, with signals on two days, a play that was done, and a piece that was withdrawn."""
    server, now_ms = two_touches, clock()
    put = server.api.put("/api/v1/mechanics/voices", json={
        "kind": "advocacy", "title": "Voices", "owner": "Mara", "brand": "acme", "target_per_1000": 5})  # fmt: skip
    assert put.status_code == 200, put.text
    signals = [signal(f"s{n}", "support.ticket_opened", now_ms - 60_000 + n) for n in range(3)]
    signals += [signal(f"o{n}", "product.login", now_ms - 20 * DAY_MS + n) for n in range(4)]
    signals += [signal("g", "product.login", now_ms, "globex")]
    assert server.api.post("/api/v1/signals", json={"signals": signals}).status_code == 201
    [play] = eventually(lambda: server.api.get("/api/v1/plays?customer=initech").json()["items"])
    clock.ms += DAY_MS
    done = server.api.post(f"/api/v1/plays/{play['id']}/outcome", json={"result": "done", "by": "Jo"})
    assert done.status_code == 200
    piece = server.api.post("/api/v1/advocacy", json={
        "customer": "initech", "kind": "talk", "title": "How we did it", "asset": "link"})  # fmt: skip
    assert piece.status_code in (200, 201), piece.text
    clock.ms += DAY_MS
    assert server.api.delete(f"/api/v1/advocacy/{piece.json()['id']}").status_code == 200
    return server


def test_what_happened_newest_first(eventful: Server) -> None:
    items = timeline(eventful)["items"]
    assert [entry["kind"] for entry in items] == [
        "piece_withdrawn", "piece", "play_done", "play", "opportunity", "signals", "lead", "share", "signals",
    ]  # fmt: skip
    said = {entry["kind"]: entry for entry in items}
    assert [e["at"] for e in items] == sorted((e["at"] for e in items), reverse=True)
    heard = [(e["title"], e["count"]) for e in items if e["kind"] == "signals"]
    assert heard == [("support.ticket_opened", 3), ("product.login", 4)]
    assert (said["opportunity"]["title"], said["opportunity"]["amount"]) == ("D-2", euros(30_000))
    assert (said["opportunity"]["motion"], said["opportunity"]["opportunities"]) == ("expansion", 1)
    assert (said["play_done"]["detail"], said["piece"]["title"]) == ("Jo", "How we did it")
    assert said["lead"]["title"] == "initech.example", "where somebody works, never who it is"
    assert "@" not in str(items)


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
def test_pages_of_a_timeline_show_everything_once(eventful: Server, limit: int) -> None:
    whole = timeline(eventful)["items"]
    seen: list[dict[str, Any]] = []
    cursor = None
    while True:
        said = timeline(eventful, limit=limit, **({"cursor": cursor} if cursor else {}))
        assert len(said["items"]) <= limit
        seen += said["items"]
        if (cursor := said["next_cursor"]) is None:
            break
    assert seen == whole


def test_prompts_by_the_month_and_invitations_by_the_day(server: Server, clock: Any) -> None:
    body = {"customer": "initech", "kind": "invite_teammates", "mechanic": "hard", "asset": "report", "member": "u-1"}
    made = server.api.post("/api/v1/prompts", json=body)
    assert made.status_code in (200, 201), made.text
    path = made.json()["url"].removeprefix(server.config.base_url)
    for _ in range(2):
        assert server.viewer.get(path).status_code == 200
    [prompts] = eventually(lambda: [e for e in timeline(server)["items"] if e["kind"] == "prompts"])
    assert (prompts["count"], prompts["mechanic"], prompts["subject"]) == (2, "hard", None)


def test_nobody_and_nothing(server: Server) -> None:
    assert server.api.get("/api/v1/customers/nobody/timeline").status_code == 404
    assert timeline(server) == {"items": [], "next_cursor": None}
    refused = server.api.get("/api/v1/customers/initech/timeline", params={"cursor": "x"})
    assert [fault["field"] for fault in refused.json()["faults"]] == ["cursor"]


@given(
    st.integers(0, 4_000_000_000_000),
    st.sampled_from(["UTC", "Europe/Berlin", "America/Havana", "Asia/Beirut", "Pacific/Apia", "Asia/Kathmandu"]),
)
def test_a_day_holds_its_own_moments_and_no_others(ms: int, zone: str) -> None:
    """Also where clocks are changed at midnight, and where a day was left out."""
    calendar = Calendar(zone)
    day = calendar.day(ms)
    first, end = calendar.span(day)
    assert first <= ms < end
    assert calendar.day(first) == day
    assert calendar.day(first - 1) < day
    assert calendar.day(end) > day
