"""Killing a mechanic: dated, reasoned, reversible, and seen by every process."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from factories import CTA, Server, mechanic, words
from passalong.domain.mechanic import Fallback, Mechanic
from passalong.store.catalog import Catalog
from passalong.store.db import database_at

KILL = {"reason": "Nobody asked for it", "by": "Mara"}


def kill(server: Server, key: str = "hard", **more: Any) -> dict[str, Any]:
    answer = server.api.post(f"/api/v1/mechanics/{key}/kill", json={**KILL, **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_killed_mechanics_link_still_opens_without_gate_and_call_to_action(server: Server) -> None:
    path = server.share()
    said = kill(server)
    assert said["status"] == "killed"
    assert said["tombstone"]["by"] == "Mara"
    assert said["tombstone"]["reason"] == "Nobody asked for it"
    assert said["tombstone"]["fallback"] == "asset_only"
    page = server.viewer.get(path)
    assert page.status_code == 200
    assert page.headers["passalong-event"] == "afterlife"
    assert "Q3 report.pdf" in words(page.text)
    assert 'name="email"' not in page.text
    assert CTA["label"] not in page.text
    assert server.viewer.get(f"{path}/file").status_code == 200
    assert server.viewer.get(f"{path}/go").headers["location"] == path
    refused = server.viewer.post(f"{path}/gate", data={"email": "ann@umbrella.example", "name": "A"})
    assert (refused.status_code, refused.headers["location"]) == (303, path)
    assert server.leads() == []
    counts = server.counts("hard")
    assert (counts["views"], counts["visits"], counts["afterlife"], counts["clicks"]) == (0, 0, 1, 0)


def test_the_links_of_a_killed_mechanic_can_lead_elsewhere(server: Server) -> None:
    path = server.share()
    kill(server, fallback="redirect", redirect_url="https://acme.example/new")
    answer = server.viewer.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "https://acme.example/new")
    kill(server, "soft", fallback="redirect")
    detail = server.api.get("/api/v1/mechanics/soft").json()
    assert detail["tombstone"]["redirect_url"] == "https://acme.example"


def test_the_links_of_a_killed_mechanic_can_say_goodbye(server: Server) -> None:
    path, other = server.share(), server.share(mechanic="open")
    kill(server, fallback="gone")
    for tail in ("", "/go", "/file"):
        answer = server.viewer.get(path + tail)
        assert answer.status_code == 410
        assert "Acme has ended this programme" in words(answer.text)
    assert server.viewer.get(other).status_code == 200
    assert server.happened() == [("view", "human")]


def test_a_killed_mechanic_takes_no_new_shares_and_says_why(server: Server) -> None:
    kill(server)
    refused = server.api.post("/api/v1/shares", json={"asset": "report", "customer": "initech", "mechanic": "hard"})
    assert refused.status_code == 409
    assert "Nobody asked for it" in refused.json()["detail"]
    again = server.api.post("/api/v1/mechanics/hard/kill", json=KILL)
    assert again.status_code == 409
    assert "Mara" in again.json()["detail"]


def test_reviving_brings_everything_back_on_the_links_that_are_out_there(server: Server) -> None:
    path = server.share()
    assert server.api.post("/api/v1/mechanics/hard/revive", json=KILL).status_code == 409
    kill(server)
    server.viewer.get(path)
    assert (
        server.api.post("/api/v1/mechanics/hard/revive", json={"reason": "Asked back", "by": "Jo"}).status_code == 200
    )
    assert 'name="email"' in server.viewer.get(path).text
    server.admit(path)
    assert len(server.leads()) == 1
    detail = server.api.get("/api/v1/mechanics/hard").json()
    assert (detail["status"], detail["tombstone"]) == ("live", None)
    history = [(d["kind"], d["by"], d["reason"], d["fallback"]) for d in detail["decisions"]]
    assert history == [
        ("launch", "Mara", "Launched.", None),
        ("kill", "Mara", "Nobody asked for it", "asset_only"),
        ("revive", "Jo", "Asked back", None),
    ]


def test_a_change_is_a_dated_decision_and_brings_no_dead_mechanic_back(server: Server, clock: Any) -> None:
    kill(server, "open")
    clock.ms += 3_600_000
    for _ in range(2):
        assert (
            server.api.put("/api/v1/mechanics/open", json=mechanic(title="Open", target_per_1000=20)).status_code == 200
        )
    detail = server.api.get("/api/v1/mechanics/open").json()
    assert detail["status"] == "killed"
    assert [d["kind"] for d in detail["decisions"]] == ["launch", "kill", "change"]
    assert "target_per_1000" in detail["decisions"][-1]["reason"]
    assert detail["launched_at"] < detail["decisions"][-1]["at"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"by": "M"}, "reason"),
        ({"reason": "  ", "by": "M"}, "reason"),
        ({"reason": "r", "by": " "}, "by"),
        ({"reason": "r", "by": "M", "fallback": "explode"}, "fallback"),
        ({"reason": "r", "by": "M", "fallback": "redirect", "redirect_url": "javascript:1"}, "redirect_url"),
        ({"reason": "r", "by": "M", "redirect_url": "https://x.example"}, "redirect_url"),
    ],
)
def test_a_kill_without_reason_name_or_a_real_way_on_is_refused(
    server: Server, body: dict[str, str], field: str
) -> None:
    refused = server.api.post("/api/v1/mechanics/hard/kill", json=body)
    assert refused.status_code in (400, 422)
    assert field in str(refused.json()["faults"])
    detail = server.api.get("/api/v1/mechanics/hard").json()
    assert detail["status"] == "live"
    assert len(detail["decisions"]) == 1


def test_nobody_can_kill_what_is_not_there(server: Server) -> None:
    assert server.api.post("/api/v1/mechanics/none/kill", json=KILL).status_code == 404
    assert server.api.post("/api/v1/mechanics/none/revive", json=KILL).status_code == 404


def test_another_process_sees_the_kill_within_a_second(server: Server) -> None:
    async def look() -> Fallback | None:
        db = database_at(server.config.database)
        await db.open()
        catalog = Catalog(db, lambda: 0)
        await catalog.load()
        assert catalog.find(Mechanic, "hard").tombstone is None
        follower = asyncio.create_task(catalog.follow())
        try:
            await asyncio.to_thread(kill, server, "hard", fallback="gone")
            async with asyncio.timeout(1):
                while not (tombstone := catalog.find(Mechanic, "hard").tombstone):  # noqa: ASYNC110
                    await asyncio.sleep(0)
            return tombstone.fallback
        finally:
            follower.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await follower
            await db.close()

    assert asyncio.run(look()) is Fallback.GONE
