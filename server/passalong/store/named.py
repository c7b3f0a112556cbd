"""The queries that live in `queries/`, to be read and argued about without Python."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import aiosql

_FOLDER = files("passalong.store").joinpath("queries")


@cache
def queries(name: str) -> Any:
    """Those of one file, each a method by its name that takes a connection; read once in a process."""
    return aiosql.from_str(script(name), "aiosqlite", mandatory_parameters=False)


def script(name: str) -> str:
    """The text of one file."""
    return _FOLDER.joinpath(f"{name}.sql").read_text("utf-8")
