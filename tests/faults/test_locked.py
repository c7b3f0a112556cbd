"""Another program holds the database while people come: they are told the truth, and it is over when it lets go."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from faults.crowd import Crowd
from faults.running import Running, running

pytestmark = [pytest.mark.faults, pytest.mark.sqlite]

HOLD_S = 6
_HOLDER = """
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
db.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
db.execute("ROLLBACK")
"""


def hold(server: Running) -> subprocess.Popen[str]:
    """A process of its own that takes the database to itself for a while, and has it when this returns."""
    words = [sys.executable, "-c", _HOLDER, str(server.database), str(HOLD_S)]
    holder = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    return holder


async def test_who_comes_meanwhile_is_told_so_and_nothing_is_lost(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        with server.seeded():
            pass
        crowd = Crowd(server.url, 30)
        async with crowd.at_work():
            await asyncio.sleep(0.7)
            holder = await asyncio.to_thread(hold, server)
            await asyncio.to_thread(holder.communicate)
            before = crowd.acknowledged.total()
            await asyncio.sleep(1)
            went_on = crowd.acknowledged.total() - before
        stored, said = server.stored(), server.verify()
        print(f"\n{went_on} taken in the second after {HOLD_S} s\n{crowd.account(stored)}\nverify: {said}")
        assert crowd.odd, "nobody noticed"
        assert set(crowd.odd) <= {
            "view: 200 none; reason=not-stored",
            "click: 303 none; reason=not-stored",
            "lead: 503 None",
        }
        assert went_on > 10
        assert not crowd.cut
        assert not crowd.lost(stored)
        assert not crowd.invented(stored)
        assert crowd.emails == server.stored_addresses()
        assert (said["differences"], said["damage"]) == ([], [])
