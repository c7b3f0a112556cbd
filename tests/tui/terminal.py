"""The console in a real terminal: tmux runs it, types into it, and keeps every byte that it writes."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

WITHIN_S = 20.0
_REST_S = 0.25
"""An escape is told from the first byte of another key by what does not follow."""


class Terminal:
    """`keys` to type, `until` to wait for words on the screen, `stream` for the raw output so far."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._raw = folder / "stream"

    def _tmux(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self._folder / "tmux"), "-f", "/dev/null", *words],
            capture_output=True, text=True, check=True, timeout=20,
        )  # fmt: skip
        return done.stdout

    def start(self, command: Sequence[str], size: tuple[int, int], **environ: str) -> None:
        width, height = size
        env = [f"{name}={value}" for name, value in environ.items()]
        self._raw.touch()
        self._tmux("new-session", "-d", "-x", str(width), "-y", str(height), "cat")
        self._tmux("set-option", "-g", "remain-on-exit", "on")
        self._tmux("resize-window", "-x", str(width), "-y", str(height))
        self._tmux("pipe-pane", "-o", f"cat >> {shlex.quote(str(self._raw))}")
        # Through the pipe from its first byte on.
        self._tmux("respawn-pane", "-k", shlex.join(["env", "-i", "TERM=tmux-256color", *env, *command]))

    def keys(self, *keys: str) -> None:
        """In tmux's spelling: `Enter`, `C-q`, `Escape`, or a character."""
        self._tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        self._tmux("send-keys", "-l", text)

    def screen(self) -> str:
        return self._tmux("capture-pane", "-p")

    def stream(self) -> bytes:
        return self._raw.read_bytes()

    def until(self, *texts: str, gone: Sequence[str] = ()) -> str:
        """Waits until all the words are on the screen, and others are not; gives the screen."""
        deadline = time.monotonic() + WITHIN_S
        while True:
            shown = self.screen()
            lacking = [text for text in texts if text not in shown]
            if not lacking and not any(text in shown for text in gone):
                return shown
            assert time.monotonic() < deadline, f"waited in vain for {lacking or gone}; on screen:\n{shown}"
            time.sleep(0.05)

    def settle(self) -> str:
        """Waits until the screen has rested for longer than a terminal waits for the rest of a key; gives it."""
        before = None
        while (shown := self.screen()) != before:
            before = shown
            time.sleep(_REST_S)
        return shown

    def dead(self) -> bool:
        return self._tmux("display-message", "-p", "#{pane_dead}").strip() == "1"


@contextmanager
def terminal(folder: Path, *console: str, size: tuple[int, int] = (160, 50), **environ: str) -> Iterator[Terminal]:
    """A console as a person starts it: `passalong console …`."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    place = folder / "terminal"
    place.mkdir()
    shown = Terminal(place)
    home = {"HOME": str(place), "XDG_STATE_HOME": str(place), "LANG": "C.UTF-8", "PATH": os.environ["PATH"]}
    paths = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    try:
        shown.start([sys.executable, "-m", "passalong", "console", *console], size, **home, **paths, **environ)
        yield shown
    finally:
        with_server = ["tmux", "-S", str(place / "tmux"), "kill-server"]
        subprocess.run(with_server, capture_output=True, check=False, timeout=20)
