"""A backup taken while viewers come in is a whole database: it holds what was acknowledged before, and adds up."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from faults.crowd import Crowd
from faults.running import running

pytestmark = pytest.mark.faults


async def test_a_backup_taken_under_load_is_whole(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        with server.seeded():
            pass
        crowd = Crowd(server.url, 40)
        copies: list[tuple[Path, Counter[tuple[str, str]]]] = []
        async with crowd.at_work():
            for number in range(2):
                await asyncio.sleep(0.5)
                copy = tmp_path / f"copy{number}.db"
                before = crowd.acknowledged.copy()
                done = await asyncio.to_thread(server.command, "backup", str(copy))
                assert done.returncode == 0, done.stderr
                assert crowd.acknowledged.total() > before.total(), "nobody came in during the backup"
                copies.append((copy, before))
        for copy, before in copies:
            kept = server.stored(copy)
            said = server.verify(PASSALONG_DATABASE=str(copy))
            print(f"\n{before.total()} acknowledged before, {kept.total()} in the copy; verify: {said}", end="")
            assert not before - kept
            assert said["differences"] == []
            assert said["damage"] == []
            assert files_beside(copy) == 1
        assert not crowd.lost(server.stored())
        assert not crowd.odd


def files_beside(copy: Path) -> int:
    return len(list(Path(f"{copy}.files").glob("??/*")))
