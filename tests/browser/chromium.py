"""Finds a Chromium for the browser tests. As a script (`make test` runs it): gets one where that is possible.

It never fails: without a browser the tests that need one are skipped, and say why.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
MISSING = "no Chromium here: `python tests/browser/chromium.py` says why, or install one named chromium"


def find() -> str | None:
    """The path of a Chromium: the system's, else the one that Playwright has downloaded."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None


def _try(*command: str) -> bool:
    """Runs a command, telling what it is; whether it went well."""
    print("trying:", *command, flush=True)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        print("  did not work:", error)
        return False
    if done.returncode:
        print("  did not work:", (done.stderr or done.stdout).strip().splitlines()[-1:] or done.returncode)
    return done.returncode == 0


def main() -> None:
    if found := find():
        print(f"browser tests use {found}")
        return
    print("no Chromium found")
    _try(sys.executable, "-m", "playwright", "install", "chromium")
    if find() is None and os.geteuid() == 0 and shutil.which("apt-get"):
        _try("apt-get", "install", "-y", "--no-install-recommends", "chromium")
    found = find()
    print(f"browser tests use {found}" if found else "there is still none; the browser tests will be skipped")


if __name__ == "__main__":
    main()
