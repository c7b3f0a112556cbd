"""What is not written down does not exist: every setting, command and route is in the documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from passalong.__main__ import COMMANDS
from passalong.app import create_app
from passalong.settings import Settings
from passalong.web.front import PATHS

ROOT = Path(__file__).resolve().parents[2]
BUILT_IN = {"/api", "/api/{}"}


def written() -> str:
    texts = [path.read_text("utf-8") for name in ("README.md", "CONTRIBUTING.md") if (path := ROOT / name).is_file()]
    return "\n".join(texts)


def settings(of: type[msgspec.Struct] = Settings, prefix: str = "") -> Iterator[str]:
    for field in msgspec.structs.fields(of):
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            yield from settings(field.type, f"{prefix}{field.name}.")
        else:
            yield prefix + field.name


def normal(route: str) -> str:
    """Parameters by any name read alike: /s/{token:str} is /s/{}."""
    return re.sub(r"\{[^}]*\}", "{}", route).rstrip("/") or "/"


def test_every_setting_is_written_down() -> None:
    text = written()
    assert [name for name in settings() if f"`{name}`" not in text and f"{name} =" not in text] == []


def test_every_command_is_written_down() -> None:
    text = written()
    assert [name for name in COMMANDS if not re.search(rf"passalong {name}\b|`{name}\b", text)] == []


def test_every_route_is_written_down(tmp_path: Path) -> None:
    config = Settings(database=str(tmp_path / "x.db"), signing_keys=["k" * 40])
    routes = {route.path for route in create_app(config).litestar.routes} | set(PATHS.values())
    text = re.sub(r"\{[^}]*\}", "{}", written())
    routes = {re.sub("^/e/", "/s/", route) for route in routes}  # the same in a frame, as is written
    missing = sorted(route for route in routes if normal(route) not in text and normal(route) not in BUILT_IN)
    assert missing == []
