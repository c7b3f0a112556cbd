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
    _, headers = server.key("reader")
    return str(headers["authorization"]).removeprefix("Bearer ")
