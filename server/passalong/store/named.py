"""The queries that live in `queries/`, to be read and argued about without Python."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

import aiosql

_FOLDER = files("passalong.store").joinpath("queries")


@cache
def queries(name: str, driver: str, speak: Callable[[str], str] = str) -> Any:
    """Those of one file, each a method by its name that takes a connection of the driver; read once in a process.
    `speak` brings the text into the words of another engine."""
    return aiosql.from_str(speak(script(name)), driver, mandatory_parameters=False)


@cache
def script(name: str) -> str:
    """The text of one file."""
    return _FOLDER.joinpath(f"{name}.sql").read_text("utf-8")
