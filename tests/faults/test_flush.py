"""What is acknowledged is on the disk: between reading a request and writing its answer the log is flushed.

A killed process leaves its writes to the kernel, so kill -9 cannot tell a flush from none. The system calls can.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx2
import pytest

import engine
from factories import eventually, form_token
from faults.running import BROWSER, Running, mint_share, running

pytestmark = [pytest.mark.faults, pytest.mark.sqlite]

_CALLS = "read,recvfrom,recvmsg,write,writev,sendto,sendmsg,fsync,fdatasync"
_LINE = re.compile(r"^(\d+) +(.*)$")
_BEGUN = re.compile(r"^(.*) <unfinished \.\.\.>$")
_RESUMED = re.compile(r"^<\.\.\. \w+ resumed>(.*)$")


class Call(NamedTuple):
    """A system call that has returned; calls are listed in the order of their returns."""

    name: str
    text: str


def returned(trace: str) -> list[Call]:
    calls: list[Call] = []
    begun: dict[str, str] = {}
    for line in trace.splitlines():
        found = _LINE.match(line)
        if not found:
            continue
        thread, text = found[1], found[2]
        if half := _BEGUN.match(text):
            begun[thread] = half[1]
            continue
        if rest := _RESUMED.match(text):
            text = begun.pop(thread, "") + rest[1]
        calls.append(Call(text.partition("(")[0], text))
    return calls


def steps(calls: list[Call], request: str, status: str) -> list[str]:
    """What happened from the read of the request to the write of its answer: `request`, `flush`…, `answer`."""
    happened: list[str] = []
    for name, text in calls:
        if name in {"read", "recvfrom", "recvmsg"} and f'"{request}' in text:
            happened = ["request"]  # a flush before it was of something else, as of the courier's lease
        elif name in {"fsync", "fdatasync"} and "-wal>" in text and text.endswith("= 0"):
            happened.append("flush")
        elif name in {"write", "writev", "sendto", "sendmsg"} and f"HTTP/1.1 {status}" in text:
            happened.append("answer")
    return happened


@contextmanager
def traced(server: Running, to: Path) -> Iterator[None]:
    """Every read, write and flush of the server's processes goes to a file until the end."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    pids = server.worker_pids
    which = [word for pid in pids for word in ("-p", str(pid))]
    tracer = subprocess.Popen(
        [strace, "-f", "-y", "-s", "48", "-e", f"trace={_CALLS}", "-o", str(to), *which],
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 10
        while not all(map(all_traced, pids)):
            if tracer.poll() is not None:
                pytest.skip("strace may not attach to processes here")
            assert time.monotonic() < deadline, "strace did not attach"
            time.sleep(0.02)
        yield
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait(10)


def all_traced(pid: int) -> bool:
    return all("TracerPid:\t0" not in (task / "status").read_text() for task in Path(f"/proc/{pid}/task").iterdir())


LEASE = "SELECT until_ms FROM leases"
BEHIND = "SELECT 1 FROM counted WHERE seq < (SELECT max(seq) FROM events)"


def test_the_log_is_flushed_before_the_answer_leaves(tmp_path: Path) -> None:
    known, trace = mint_share()[1], tmp_path / "trace"
    with (
        running(tmp_path) as server,
        server.seeded(),
        httpx2.Client(base_url=server.url, headers={"user-agent": BROWSER}, timeout=20) as viewer,
    ):
        token = form_token(viewer.get(known).text)
        typed = {"csrf_token": token, "website": "", "email": "ann@firm.example", "name": "Ann Viewer"}
        for name, method, path, status, event in (
            ("page, share known", "GET", known, "200", "view"),
            ("page, share new", "GET", mint_share()[1], "200", "view"),
            ("CTA", "GET", f"{known}/go", "303", "click"),
            ("form, new lead", "POST", f"{known}/gate", "303", "lead"),
            ("form, lead known", "POST", f"{known}/gate", "303", "lead"),
            ("page, share known", "GET", known, "200", "view"),
        ):
            viewer.cookies.clear()
            eventually(lambda: not engine.execute(server.database, BEHIND))  # counting flushes, too
            with traced(server, trace):
                answer = viewer.request(method, path, data=typed if method == "POST" else None)
            assert answer.headers["passalong-event"] == event
            happened = steps(returned(trace.read_text()), f"{method} /s/", status)
            print(f"\n{name:>20}: {' → '.join(happened)}", end="")
            assert happened[-1] == "answer"
            assert "flush" in happened


def test_what_stores_nothing_flushes_nothing(tmp_path: Path) -> None:
    """The same trace, of a request without an event: so the flush above is the event's."""
    with running(tmp_path) as server, server.seeded():
        path = mint_share()[1]
        with httpx2.Client(base_url=server.url, headers={"user-agent": BROWSER}, timeout=20) as viewer:
            viewer.get(path)
            eventually(lambda: not engine.execute(server.database, BEHIND))
            with traced(server, tmp_path / "trace"):
                before = engine.execute(server.database, LEASE)
                eventually(lambda: engine.execute(server.database, LEASE) != before)  # the next time is in two seconds
                answer = viewer.head(path)
        assert answer.headers["passalong-event"].startswith("none")
        assert steps(returned((tmp_path / "trace").read_text()), "HEAD /s/", "200") == ["request", "answer"]
