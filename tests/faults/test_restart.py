"""SIGTERM, as every restart sends it: what is at hand is finished, and all of it within ten seconds."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from faults.crowd import Crowd
from faults.running import running

pytestmark = pytest.mark.faults

DRAINS_S = 10.0
RESTARTS = 4


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_restart_loses_nothing_and_does_not_take_long(tmp_path: Path, workers: int) -> None:
    with running(tmp_path, workers=workers) as server:
        crowd = Crowd(server.url, 60)
        with server.seeded():
            pass
        took = []
        async with crowd.at_work():
            for _ in range(RESTARTS):
                await asyncio.sleep(random.uniform(0.4, 0.8))
                took.append(await asyncio.to_thread(server.terminate))
                await asyncio.to_thread(server.start)
            await asyncio.sleep(0.4)
        took.append(server.terminate())
        stored = server.stored()
        drained = ", ".join(f"{seconds:.2f}" for seconds in took)
        print(f"\n{workers} worker(s), {len(took)} restarts, drained in {drained} s\n{crowd.account(stored)}")
        assert max(took) < DRAINS_S
        assert crowd.acknowledged.total() > 300
        assert not crowd.lost(stored)
        assert not crowd.invented(stored)
        assert not crowd.emails - server.stored_addresses()
        assert not crowd.odd
        said = server.verify()
        assert (said["differences"], said["damage"]) == ([], [])
