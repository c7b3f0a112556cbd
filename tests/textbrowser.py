"""Text browsers, run as a reader runs them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def text_browser(name: str) -> str:
    return shutil.which(name) or pytest.skip(f"{name} is not installed")


def run(folder: Path, *command: str) -> str:
    """A text browser with a home of its own, which keeps its cookies there."""
    env = {"HOME": str(folder), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TERM": "xterm"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, env=env, check=True)
    return " ".join(done.stdout.split())
