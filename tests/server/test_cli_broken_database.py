"""A database that this program must not touch."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from commands import run

pytestmark = pytest.mark.sqlite


def snapshot(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file() and not p.name.endswith(("-shm", ".lock"))}


def damaged(path: Path, how: str) -> None:
    if how == "no database":
        path.write_bytes(b"this is a letter to my grandmother, and no database at all\n" * 100)
    elif how == "cut off":
        path.write_bytes(path.read_bytes()[:10_000])
    elif how == "scribbled over":
        content = bytearray(path.read_bytes())
        content[100:4096] = b"\xff" * 3996
        path.write_bytes(content)
    else:  # newer; a copy as `backup` makes it, in one file
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("PRAGMA journal_mode = " + how.split()[-1])
            db.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize("how", ["no database", "cut off", "scribbled over", "newer, in wal", "newer, in delete"])
def test_a_database_that_is_broken_or_newer_is_refused_in_words_and_left_alone(home: Path, how: str) -> None:
    damaged(home / "passalong.db", how)
    before = snapshot(home)
    for command in (("keys", "list"), ("verify",), ("serve", "--port", "1")):
        said = run(home, *command, code=1).stderr
        assert "passalong.db" in said
        assert "untouched" in said
    run(home, "doctor", code=1)
    assert snapshot(home) == before
