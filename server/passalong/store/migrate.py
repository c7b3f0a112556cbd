"""Numbered migrations, each one transaction. A number is the same step on every engine, and an engine that has no need
of a step has none of that number."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from importlib.resources import files

from passalong.errors import Unusable


class Engine(StrEnum):
    """Whose migrations: a folder of `migrations/`."""

    SQLITE = "sqlite"
    POSTGRES = "postgres"


@cache
def migrations(engine: Engine) -> list[tuple[int, str]]:
    """Number and text of each migration, in order. PostgreSQL's begin with the schema that it was first spoken for."""
    folder = files("passalong.store").joinpath("migrations", engine)
    found = [entry for entry in folder.iterdir() if entry.name.endswith(".sql")]
    return sorted((int(entry.name[:4]), entry.read_text("utf-8")) for entry in found)


def check(engine: Engine, present: int, where: str) -> None:
    """Raises Unusable for a database that newer code has written, before anything touches it."""
    newest = migrations(engine)[-1][0]
    if present > newest:
        raise Unusable(
            f"{where} was written by a newer Passalong (schema {present}; this one knows {newest}). "
            "It was left untouched: upgrade the program."
        )
