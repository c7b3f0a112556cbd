"""What the console's tests need beside the server."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from factories import Server

sys.path.insert(0, str(Path(__file__).parent))  # console_driver, beside this file


@pytest.fixture
def reader_key(server: Server) -> str:
    """A key that may only read."""
    return _key(server, "reader")


@pytest.fixture
def integrator_key(server: Server) -> str:
    """A key that may act on plays, and decide about nothing."""
    return _key(server, "integrator")


def _key(server: Server, role: str) -> str:
    _, headers = server.key(role)
    return str(headers["authorization"]).removeprefix("Bearer ")
