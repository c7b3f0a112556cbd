"""Folders in which commands are run."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands import run
from factories import Server
from hubspot import HubSpot, check_against


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder after `passalong init`."""
    run(tmp_path, "init", "--base-url", "https://share.acme.example")
    return tmp_path


@pytest.fixture
def beside(server: Server, tmp_path: Path) -> Path:
    """The folder of a running server, with its settings."""
    config = server.config
    text = (
        f'base_url = "{config.base_url}"\ndatabase = "passalong.db"\nuploads = "{config.uploads}"\n'
        f'signing_keys = ["{config.signing_keys[0]}"]\n'
    )
    (tmp_path / "passalong.toml").write_text(text)
    return tmp_path


@pytest.fixture
def crm() -> Iterator[HubSpot]:
    """A portal of HubSpot; what it was sent is checked against HubSpot's own description, where that is at hand."""
    with HubSpot() as portal:
        yield portal
        if document := os.environ.get("HUBSPOT_OPENAPI"):
            assert check_against(json.loads(Path(document).read_text("utf-8")), portal.requests) == []
