"""Folders in which commands are run."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands import run
from factories import Server


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder after `passalong init`."""
    run(tmp_path, "init", "--base-url", "https://share.acme.example")
    return tmp_path


@pytest.fixture
def beside(server: Server, tmp_path: Path) -> Path:
    """The folder of a running server, with its settings."""
    config = server.config
    text = f'base_url = "{config.base_url}"\ndatabase = "passalong.db"\nsigning_keys = ["{config.signing_keys[0]}"]\n'
    (tmp_path / "passalong.toml").write_text(text)
    return tmp_path
