"""kill -9 at any moment loses no event whose response was sent."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from faults.crowd import Crowd
from faults.running import Running, running

pytestmark = pytest.mark.faults

VIEWERS = 200
KILLS = 10


async def test_what_was_acknowledged_survives_ten_kills(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        crowd = Crowd(server.url, VIEWERS)
        with server.seeded():
            pass
        async with crowd.at_work():
            for _ in range(KILLS):
                await asyncio.sleep(random.uniform(0.3, 0.9))
                server.kill()
                await asyncio.to_thread(server.start)
            await asyncio.sleep(0.3)
            server.kill()
        stored = server.stored()
        print(f"\n{VIEWERS} viewers, {KILLS + 1} kills\n{crowd.account(stored)}")
        # Enough went through, of every kind, and enough was cut off, for the kills to have meant something.
        assert {kind for _, kind in crowd.acknowledged} == {"view", "click", "lead"}
        assert crowd.acknowledged.total() > 1_000
        assert crowd.cut.total() > KILLS
        assert not crowd.lost(stored)
        assert not crowd.invented(stored)
        missing = crowd.emails - server.stored_addresses()
        print(f"{len(crowd.emails)} leads acknowledged by address, {len(missing)} missing")
        assert not missing
        said = server.verify()
        print(f"verify: {said}")
        assert said["differences"] == []
        assert said["damage"] == []
        assert not crowd.odd


def test_a_kill_while_starting_leaves_a_file_that_opens(tmp_path: Path) -> None:
    """The first start makes and migrates the file: wherever it is cut, the next one goes on."""
    server = Running(tmp_path)
    for delay_ms in (80, 160, 220, 280, 340, 400):
        server.launch()
        with pytest.raises(Exception, match="timed out"):
            server.process.wait(delay_ms / 1000)  # type: ignore[union-attr]
        server.kill()
    try:
        server.start()
        with server.seeded() as api:
            assert api.get("/api/v1/mechanics").status_code == 200
    finally:
        server.kill()
    assert server.verify()["damage"] == []
