"""Looking into the outbox: by state, and by words of what is told and what was refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

import engine
from factories import Server, eventually
from hubspot import HubSpot
from passalong.settings import HubSpot as Settings
from serving import Clock, serving


@pytest.fixture
def server(crm: HubSpot, tmp_path: Path, clock: Clock) -> Iterator[Server]:
    """A server that is connected to the stand-in."""
    with serving(tmp_path, clock, hubspot=Settings(base_url=crm.url, token=crm.token, timeout_s=0.5)) as running:
        yield running


def found(server: Server, **asked: str) -> list[str]:
    """Reasons of the jobs that are found, or their state where there is none."""
    items = server.api.get("/api/v1/outbox", params=asked).json()["items"]
    return sorted(job["reason"] or job["state"] for job in items)


def test_jobs_are_found_by_state_and_by_words(
    server: Server, crm: HubSpot, browser: Callable[..., httpx2.Client]
) -> None:
    phone, company = "A phone is required: 100% of them.", "The company is archived."
    crm.poison |= {"one@umbrella.example": phone, "two@umbrella.example": company}
    for name in ("one", "two", "three"):
        server.admit(server.share(), browser(), email=f"{name}@umbrella.example")
    eventually(lambda: len(found(server, state="failed")) == 2 and found(server, state="sent"))
    refused = found(server, state="failed")
    assert phone in refused[0]
    assert company in refused[1]
    assert found(server, q="PHONE is") == refused[:1]
    assert found(server, q="100%") == refused[:1]
    assert found(server, q="1%0") == [], "a sign is a sign, and no wildcard"
    assert found(server, q="archived", state="sent") == []
    [job] = server.api.get("/api/v1/outbox?state=sent").json()["items"]
    assert found(server, q=job["subject"]) == ["sent"]
    assert len(found(server, q="contact")) == 3
    assert server.api.get("/api/v1/outbox", params={"q": "x" * 201}).status_code == 400


def test_what_waits_and_failed_is_read_past_all_that_was_sent(server: Server) -> None:
    """The console asks every few seconds, and ninety days of what was sent lie beside it."""
    engine.execute_many(
        server.config.database,
        "INSERT INTO outbox VALUES (?, 'hubspot', '', 'contact', ?, ?, 1, ?, ?, ?, ?)",
        [
            (f"job-{n:05d}", f"lead-{n}", "sent" if n % 5000 else "failed", n, n, n, None if n % 5000 else "No.")
            for n in range(20_000)
        ],
    )
    if engine.ON_POSTGRES:
        engine.execute(server.config.database, "ANALYZE outbox")
    plan = engine.execute(
        server.config.database,
        f"EXPLAIN {'' if engine.ON_POSTGRES else 'QUERY PLAN'} SELECT * FROM outbox INDEXED BY outbox_undone "
        "WHERE state IN ('pending', 'sending', 'failed') AND state = 'failed' ORDER BY created_at_ms DESC LIMIT 50",
    )
    assert "outbox_undone" in str(plan)
    items = server.api.get("/api/v1/outbox?state=failed&limit=3").json()
    assert [job["id"] for job in items["items"]] == ["job-15000", "job-10000", "job-05000"]
    rest = server.api.get("/api/v1/outbox", params={"state": "failed", "cursor": items["next_cursor"]}).json()
    assert [job["id"] for job in rest["items"]] == ["job-00000"]
