"""Attribution under another model: whose credit moves, and that nothing moves by itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from commands import run
from factories import ANN, SAFARI, Server, rfc3339
from passalong.app import opened, wire
from passalong.domain.attribution import MODELS, Policy

Browser = Callable[..., httpx2.Client]
DAY_MS = 86_400_000
EUR = {"amount_minor": 100_001, "currency": "EUR"}


@pytest.fixture
def two_touches(server: Server, browser: Browser, clock: Any) -> Server:
    """Globex first, Initech ten days later, then an opportunity and its winning."""
    server.admit(server.share(customer="globex"))
    clock.ms += 10 * DAY_MS
    server.admit(server.share(customer="initech"), browser(SAFARI))
    clock.ms += DAY_MS
    for kind in ("opportunity", "won"):
        server.convert("D-1", kind=kind, occurred_at=rfc3339(clock()), emails=[ANN["email"]], amount=EUR)
    server.convert("D-2", occurred_at=rfc3339(clock()), heard_from="Globex")
    return server


def replay(server: Server, **query: Any) -> dict[str, Any]:
    answer = server.api.get("/api/v1/attribution/replay", params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_whose_credit_moves_and_by_how_much(two_touches: Server) -> None:
    said = replay(two_touches, model="last")
    assert (said["conversions"], said["moved"]) == (3, 2)
    moves = {move["customer"]: move for move in said["moves"]}
    assert (moves["globex"]["opportunities_by"], moves["initech"]["opportunities_by"]) == (-1, 1)
    assert moves["globex"]["before"] == {"opportunities": 2, "pipeline": [EUR], "won": [EUR]}
    assert moves["globex"]["after"] == {"opportunities": 1, "pipeline": [], "won": []}
    assert moves["initech"]["after"] == {"opportunities": 1, "pipeline": [EUR], "won": [EUR]}
    even = {move["customer"]: move["after"] for move in replay(two_touches, model="linear")["moves"]}
    assert even["globex"]["opportunities"] == 1.5
    assert [m["amount_minor"] for c in ("globex", "initech") for m in even[c]["pipeline"]] == [50_001, 50_000]


def test_a_shorter_window_forgets_the_first_touch(two_touches: Server) -> None:
    said = replay(two_touches, model="origin", window_days=5)
    assert {m["customer"]: m["opportunities_by"] for m in said["moves"]} == {"globex": -1, "initech": 1}
    assert replay(two_touches, model="origin", window_days=3650)["moved"] == 0


def test_the_model_in_use_moves_nothing(two_touches: Server) -> None:
    for model in ("origin", "first"):
        said = replay(two_touches, model=model)
        assert (said["moved"], said["moves"]) == (0, [])


def test_an_unknown_model_is_refused_by_name(server: Server) -> None:
    refused = server.api.get("/api/v1/attribution/replay?model=magic")
    assert refused.status_code in (400, 422)
    assert [fault["field"] for fault in refused.json()["faults"]] == ["model"]
    assert server.api.get("/api/v1/attribution/replay?model=last&window_days=0").status_code in (400, 422)


def test_what_is_stored_is_what_a_replay_says_on_the_demonstrations_history(tmp_path: Path) -> None:
    """Half a year of it: origin is what is stored; and no model invents a customer or loses a cent."""
    from passalong.demo import setup

    async def play() -> None:
        config = setup.settings_in(tmp_path, "http://localhost:8000")
        await setup.prepare(config, lambda day: None, walkthrough=False)
        async with opened(wire(config)) as services:
            conversions = 0
            async for conversion, credits in services.pipeline.replay(services.pipeline.policy):
                assert credits == conversion.credits
                conversions += 1
            assert conversions > 100
            for model in MODELS:
                async for conversion, credits in services.pipeline.replay(Policy(model=model)):
                    assert bool(credits) == bool(conversion.credits)
                    if credits:
                        assert sum(credit.micro for credit in credits) == 1_000_000
                        assert {credit.customer for credit in credits} <= set(services.catalog.customers)
                        if conversion.amount_minor is not None:
                            assert sum(credit.amount_minor or 0 for credit in credits) == conversion.amount_minor

    asyncio.run(play())


def test_the_command_prints_both_sides_and_stores_nothing(beside: Path, two_touches: Server) -> None:
    said = run(beside, "replay", "--model", "last")
    assert "2 of 3 conversions are credited differently" in said.stdout
    assert [row.split()[:4] for row in said.stdout.splitlines() if row.split()[:1] in (["globex"], ["initech"])] == [
        ["globex", "2", "1", "-1"],
        ["initech", "0", "1", "+1"],
    ]
    told = json.loads(run(beside, "replay", "--model", "last", "--json").stdout)
    assert told == replay(two_touches, model="last")
    run(beside, "replay", "--model", "magic", code=2)
    run(beside, "replay", "--model", "last", "--apply", code=2)
    assert replay(two_touches, model="origin")["moved"] == 0


def test_changed_settings_are_applied_when_told_to(beside: Path, two_touches: Server) -> None:
    settings = beside / "passalong.toml"
    settings.write_text(settings.read_text() + '\n[attribution]\nmodel = "last"\n')
    assert run(beside, "replay", "--apply").stdout.startswith("2 conversions are credited differently now")
    [opportunity] = [
        item
        for item in two_touches.api.get("/api/v1/conversions?kind=opportunity").json()["items"]
        if item["conversion"]["external_id"] == "D-1"
    ]
    assert [c["customer"] for c in opportunity["attribution"]["credits"]] == ["initech"]
    detail = two_touches.api.get(f"/api/v1/conversions/{opportunity['conversion']['id']}").json()
    assert [e["model"] for e in detail["evaluations"]] == ["origin", "last"]
    assert run(beside, "replay", "--apply").stdout.startswith("0 conversions")
