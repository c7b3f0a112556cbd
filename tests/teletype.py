"""The console on the bare end of a terminal: what it writes to the byte and the millisecond, and how it ends.

`tui/terminal.py` shows it in a real terminal, with all that one shows; here nothing stands between it and the clock.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time
from pathlib import Path
from types import TracebackType
from typing import Self

ALTERNATE, ORDINARY = b"\x1b[?1049h", b"\x1b[?1049l"
"""To the screen that a program has for itself, and back."""
QUIT = b"\x11"
_ASKED, _ANSWERED = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
_FRAME_ENDS = b"\x1b[?2026l"
"""Frames are marked for terminals that say that they know such marks."""


class Teletype:
    """`passalong …` in a terminal of that size. `text` is all that it has written, its escape sequences included."""

    def __init__(self, folder: Path, *args: str, columns: int = 120, rows: int = 40, **env: str) -> None:
        self.written = b""
        self.code: int | None = None
        self.began = time.perf_counter()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            inherited = {name: value for name, value in os.environ.items() if not name.startswith("PASSALONG_")}
            given = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "COLUMNS": "", "LINES": ""}
            given |= {"XDG_STATE_HOME": str(folder / "state"), **env}  # what others remember is not for this one
            os.execve(sys.executable, [sys.executable, "-m", "passalong", *args], {**inherited, **given})
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.code is None:
            os.kill(self.pid, 9)
            self._gone()
        os.close(self._fd)

    @property
    def text(self) -> str:
        return self.written.decode(errors="replace")

    def press(self, keys: bytes) -> None:
        os.write(self._fd, keys)

    def until(self, *texts: str, within_s: float = 15) -> float:
        """Reads until all texts were drawn; milliseconds since the process was started."""
        deadline = time.monotonic() + within_s
        while not all(text.encode() in self.written for text in texts):
            assert time.monotonic() < deadline, f"not within {within_s} s: {texts}\n{self.text[-3000:]}"
            assert self._read(0.1), f"it ended before it showed {texts}\n{self.text[-3000:]}"
        return (time.perf_counter() - self.began) * 1000

    def answer(self, keys: bytes, within_s: float = 5) -> float:
        """Presses keys; milliseconds until the first frame drawn after that is complete."""
        self.rest()
        before, pressed = len(self.written), time.perf_counter()
        self.press(keys)
        while self.written.find(_FRAME_ENDS, before) < 0:
            assert time.perf_counter() - pressed < within_s, f"no frame after {keys!r}"
            assert self._read(0.1), "it ended"
        return (time.perf_counter() - pressed) * 1000

    def rest(self, quiet_s: float = 0.15) -> None:
        """Reads until nothing more is drawn."""
        while self._ready(quiet_s) and self._read(0):
            pass

    def leave(self, keys: bytes = QUIT) -> int:
        """Quits; the exit code."""
        self.press(keys)
        return self.end()

    def end(self, within_s: float = 15) -> int:
        """Reads until the process has ended by itself; the exit code."""
        deadline = time.monotonic() + within_s
        while self._read(0.1):
            assert time.monotonic() < deadline, f"it goes on\n{self.text[-3000:]}"
        return self._gone()

    def kill(self) -> None:
        os.kill(self.pid, 9)
        self._gone()

    def _gone(self) -> int:
        if self.code is None:
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.code

    def _ready(self, within_s: float) -> bool:
        return bool(select.select([self._fd], [], [], within_s)[0])

    def _read(self, within_s: float) -> bool:
        """Reads what there is; whether more may come."""
        if not self._ready(within_s):
            return True
        try:
            said = os.read(self._fd, 1 << 16)
        except OSError:  # how Linux says that nobody has the other end open
            return False
        self.written += said
        if _ASKED in said:
            self.press(_ANSWERED)
        return bool(said)
