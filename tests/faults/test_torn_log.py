"""The log beside the file torn, scribbled over or gone: the server starts, serves, and has everything up to the tear. A
torn file itself is refused in words, and left as it was."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from faults.running import BROWSER, Running, mint_share, running
from serving import client

pytestmark = [pytest.mark.faults, pytest.mark.sqlite]

HEADER, FRAME = 32, 24 + 4096
"""Bytes of the log's header and of a frame, as SQLite's file format has them."""


@pytest.fixture
def killed(tmp_path: Path) -> Running:
    """A server that was killed with much in its log: folded back once, so that both files hold something."""
    home = tmp_path / "home"
    home.mkdir()
    with running(home) as server:
        server.terminate()  # the last to close the file folds the log back
        server.start()
        with server.seeded():
            pass
        with client(server.url, {"user-agent": BROWSER}) as viewer:
            for _ in range(40):
                assert viewer.get(mint_share()[1]).headers["passalong-event"] == "view"
            server.kill()
    return server


def frames(server: Running) -> int:
    return (Path(f"{server.database}-wal").stat().st_size - HEADER) // FRAME


def views(server: Running) -> list[int]:
    """Read without the right to write: the last to close a file that it may write to folds the log back."""
    with closing(sqlite3.connect(f"file:{server.database}?mode=ro", uri=True, timeout=10)) as db:
        return [seq for (seq,) in db.execute("SELECT seq FROM events WHERE kind = 'view' ORDER BY seq")]


def cut(log: Path, at: int) -> None:
    log.write_bytes(log.read_bytes()[:at])


def scribbled(log: Path, at: int) -> None:
    content = bytearray(log.read_bytes())
    content[at : at + 512] = random.Random(at).randbytes(512)
    log.write_bytes(content)


def half_a_frame(log: Path, at: int) -> None:
    cut(log, HEADER + (at - HEADER) // FRAME * FRAME + FRAME // 2)


def with_garbage_behind(log: Path, at: int) -> None:
    cut(log, at)
    log.write_bytes(log.read_bytes() + random.Random(at).randbytes(9_000))


@pytest.mark.parametrize("how", [cut, scribbled, half_a_frame, with_garbage_behind], ids=lambda how: how.__name__)
def test_a_torn_log_costs_what_is_behind_the_tear_and_nothing_else(
    killed: Running, tmp_path: Path, how: Callable[[Path, int], None]
) -> None:
    whole = views(killed)
    assert len(whole) == 40
    assert frames(killed) > 100
    kept_of = []
    dice = random.Random(how.__name__)
    size = HEADER + frames(killed) * FRAME
    for number, at in enumerate(sorted(dice.randrange(HEADER, size) for _ in range(4))):
        home = tmp_path / f"{number}"
        shutil.copytree(killed.folder, home)
        server = Running(home)
        how(Path(f"{server.database}-wal"), at)
        if number % 2:
            Path(f"{server.database}-shm").unlink(missing_ok=True)
        left = views(server)
        assert left == whole[: len(left)], "a beginning of what happened, without a gap"
        kept_of.append((at * 100 // size, len(left)))
        try:
            server.start()
            with client(server.url, {"user-agent": BROWSER}) as viewer:
                assert viewer.get(mint_share()[1]).status_code in (200, 404)  # the vendor itself may be behind the tear
        finally:
            server.kill()
        said = server.verify()
        assert (said["differences"], said["damage"]) == ([], [])
        assert views(server)[: len(left)] == left
    print(f"\n{how.__name__}: torn at % of the log, views kept of 40: {kept_of}", end="")
    assert len({kept for _, kept in kept_of}) > 1, "tears at different places cost different things"


@pytest.mark.parametrize("gone", ["-shm", "-wal", "both"])
def test_without_its_helpers_a_file_opens_with_what_is_in_it(killed: Running, gone: str) -> None:
    whole = views(killed)
    for suffix in ("-shm", "-wal") if gone == "both" else (gone,):
        Path(f"{killed.database}{suffix}").unlink()
    try:
        killed.start()
    finally:
        killed.kill()
    left = views(killed)
    said = killed.verify()
    print(f"\nwithout {gone}: {len(left)} of {len(whole)} views", end="")
    assert left == (whole if gone == "-shm" else whole[: len(left)])
    assert (said["differences"], said["damage"]) == ([], [])


def test_a_torn_file_is_refused_in_words_and_left_as_it_was(killed: Running) -> None:
    with running(killed.folder) as server:  # folds the log back as it ends
        server.terminate()
    main = Path(server.database)
    content = main.read_bytes()
    for at in (100, 4096 + 50, len(content) // 2):
        main.write_bytes(content[:at])
        before = main.read_bytes()
        for words in (("serve", "--port", str(server.port)), ("verify",), ("keys", "list")):
            said = server.command(*words)
            assert said.returncode == 1, (at, words, said.stdout)
            assert "untouched" in said.stderr
            assert "Traceback" not in said.stderr
        assert main.read_bytes() == before
    print(f"\ntorn at 100, 4146 and {len(content) // 2} of {len(content)} bytes: refused, untouched", end="")
