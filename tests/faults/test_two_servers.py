"""Two servers of their own on one file, each at a port of its own, as behind a balancer: one truth, told by both."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

import engine
from faults.crowd import Crowd
from faults.running import BROWSER, Running, mint_share, running
from serving import client

pytestmark = pytest.mark.faults

SECOND_S = 1.0
GATE = 'name="csrf_token"'


def seconds_until(server: Running, path: str, gate: bool) -> float:
    """How long it takes from now until a server shows the page with its gate, or without; three seconds at most."""
    began = time.monotonic()
    with client(server.url, {"user-agent": BROWSER}) as viewer:
        while (GATE in viewer.get(path).text) is not gate:
            assert time.monotonic() < began + 3 * SECOND_S, "never"
            time.sleep(0.005)
    return time.monotonic() - began


async def test_both_acknowledge_and_everything_is_there(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    database = engine.database_for(tmp_path, "shared.db")
    with (
        running(tmp_path / "one", database=database) as one,
        running(tmp_path / "other", database=database) as other,
    ):
        with one.seeded() as api:
            path = mint_share()[1]
            assert seconds_until(other, path, gate=True) < SECOND_S
            why = {"reason": "a test", "by": "me"}
            took = []
            for _ in range(3):
                for name, gate in (("kill", False), ("revive", True)):
                    assert api.post(f"/api/v1/mechanics/hard/{name}", json=why).status_code == 200
                    took.append(seconds_until(other, path, gate=gate))
            print(f"\nkills and revivals seen by the other server after {[f'{s:.3f} s' for s in took]}")
            assert max(took) < SECOND_S
        crowds = [Crowd(server.url, 30) for server in (one, other)]
        async with crowds[0].at_work(), crowds[1].at_work():
            await asyncio.sleep(1.5)
            await asyncio.to_thread(other.kill)
            await asyncio.sleep(0.5)
            await asyncio.to_thread(other.start)
            await asyncio.sleep(1)
        stored, said = one.stored(), one.verify()
        for crowd in crowds:
            print(crowd.account(stored))
            assert crowd.acknowledged.total() > 50
            assert not crowd.lost(stored)
            assert not crowd.invented(stored)
            assert not crowd.emails - one.stored_addresses()
        assert not crowds[0].cut, "the one does not suffer when the other is killed"
        assert (said["differences"], said["damage"]) == ([], [])
