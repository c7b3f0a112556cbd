"""Numbered migrations, each one transaction. `PRAGMA user_version` says how far a file has come."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import aiosqlite

from passalong.errors import Unusable


def migrations() -> list[tuple[int, str]]:
    """Number and text of each migration, in order."""
    found = [
        entry for entry in files("passalong.store").joinpath("migrations").iterdir() if entry.name.endswith(".sql")
    ]
    return sorted((int(entry.name[:4]), entry.read_text("utf-8")) for entry in found)


async def version(connection: aiosqlite.Connection) -> int:
    rows = await connection.execute_fetchall("PRAGMA user_version")
    return int(next(iter(rows))[0])


async def check(connection: aiosqlite.Connection, path: Path) -> None:
    """Raises Unusable for a file that newer code has written, before anything touches it."""
    newest = migrations()[-1][0]
    present = await version(connection)
    if present > newest:
        raise Unusable(
            f"{path} was written by a newer Passalong (schema {present}; this one knows {newest}). "
            "It was left untouched: upgrade the program."
        )


async def upgrade(connection: aiosqlite.Connection) -> None:
    """Brings a file up to this code's schema."""
    present = await version(connection)
    for number, script in migrations():
        if number > present:
            try:
                await connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")
            finally:
                if connection.in_transaction:
                    await connection.rollback()
