"""Runs the command line as a user does: a process of its own, in a folder."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import engine


def run(
    folder: Path, *args: str, code: int = 0, stdin: str = "", environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """`passalong …` in a folder; it ends as expected, and never with a traceback."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PASSALONG_")}
    env |= {"COLUMNS": "200", "NO_COLOR": "1"} | engine.variables(folder) | dict(environ or {})
    command = [sys.executable, "-m", "passalong", *args]
    done = subprocess.run(
        command, cwd=folder, env=env, input=stdin, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == code, (args, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    if code == 1:
        assert "passalong: " in done.stderr, "a failure is said in a sentence"
    return done
