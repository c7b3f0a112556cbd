"""Passalong as strangers get it: a wheel built from this checkout, in an empty environment that any user may run."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NOBODY = 65534


def as_nobody(*words: str) -> list[str]:
    """The command as a user without any rights, where this one may become that; else as it is."""
    setpriv = shutil.which("setpriv")
    if os.geteuid() != 0 or setpriv is None:
        return list(words)
    # By way of `env`: setpriv itself still looks the command up with the rights that it gives away.
    return [setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs", "env", *words]


def anybodys_python() -> str:
    """A Python that such a user may run, too."""
    enough = "import sys, venv; sys.exit(sys.version_info < (3, 11))"
    for python in (os.path.realpath(sys.executable), "/usr/bin/python3"):
        if not subprocess.run(as_nobody(python, "-c", enough), capture_output=True, cwd="/").returncode:
            return python
    pytest.skip("no Python here that others than root may run")


def pip(*words: str) -> None:
    done = subprocess.run([sys.executable, "-m", "pip", "--quiet", *words], capture_output=True, text=True)
    if done.returncode and ("No matching distribution" in done.stderr or "connection" in done.stderr.lower()):
        pytest.skip(f"no package index can be asked: {done.stderr[-300:]}")
    assert done.returncode == 0, done.stderr


@contextmanager
def environment(run: Path) -> Iterator[Path]:
    """The folder of the environment, open to every user. The processes of a test run, whose common folder `run` is,
    share it; the last of them that uses it removes it."""
    note = run / "installed"
    with _locked(run):
        users, folder = note.read_text().split() if note.exists() else (0, _made())
        note.write_text(f"{int(users) + 1} {folder}")
    try:
        yield Path(folder) / "env"
    finally:
        with _locked(run):
            users, folder = note.read_text().split()
            note.write_text(f"{int(users) - 1} {folder}")
            if int(users) == 1:
                note.unlink()
                shutil.rmtree(folder)


@contextmanager
def _locked(run: Path) -> Iterator[None]:
    with (run / "installed.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _made() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="passalong-installed-"))
    folder.chmod(0o755)
    pip("wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT))
    (wheel,) = folder.glob("passalong-*.whl")
    subprocess.run([anybodys_python(), "-m", "venv", "--without-pip", folder / "env"], check=True)
    pip("--python", str(folder / "env" / "bin" / "python"), "install", f"{wheel}[mail,metrics]")
    return folder
