"""What the console remembers between two runs: the look, where one was, how each table was arranged, what was decided
and not recorded yet."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import msgspec
from msgspec import Struct, field

from passalong_tui.draft import Decided


class Arrangement(Struct, kw_only=True):
    """How a table is arranged. `order` is a column's key, None for the one it begins with."""

    order: str | None = None
    descending: bool = True
    filter: str = ""


class OfServer(Struct, kw_only=True):
    """What belongs to one server: the screen that was left, tables by name, choices (a model, a state) by name, and
    drafts of reviews: decisions by month (2026-10) and mechanic."""

    screen: str = ""
    tables: dict[str, Arrangement] = field(default_factory=dict)
    choices: dict[str, str] = field(default_factory=dict)
    drafts: dict[str, dict[str, Decided]] = field(default_factory=dict)


class Memory(Struct, kw_only=True):
    """`theme` by its name; `servers` by address."""

    theme: str = ""
    utc: bool = False
    servers: dict[str, OfServer] = field(default_factory=dict)

    def of(self, base_url: str) -> OfServer:
        return self.servers.setdefault(base_url, OfServer())


def home() -> Path:
    """Where it lies, by the XDG base directory specification: state, for it is neither data nor configuration."""
    state = os.environ.get("XDG_STATE_HOME", "")
    folder = Path(state) if Path(state).is_absolute() else Path.home() / ".local" / "state"
    return folder / "passalong" / "console.json"


def recall(path: Path) -> Memory:
    """What was remembered; nothing where there is no file, or none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Memory)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return Memory()


def remember(memory: Memory, path: Path) -> None:
    """Writes it whole or not at all, for the owner's eyes only. May raise OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".console-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(memory)))
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
