"""Both servers side by side on one core, one asked at a time; every slice with what it cost and who else was busy."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from load import Load, Request
from measure import Foreign, awake, cpu_s
from vendor import furnish, settle
from vendor import rows as all_rows

_SERVER_CORE, _LOAD_CORE = 0, (os.cpu_count() or 1) - 1
_TRIES = 2


class Half(NamedTuple):
    """One slice on one of the two servers."""

    rate: float
    cpu_us: float
    """Of the server's process, a request."""
    generator: float
    """How much of its core the load generator used."""
    p50_ms: float
    p99_ms: float


class Pair(NamedTuple):
    row: str
    connections: int
    app: Half
    bare: Half


class Round:
    """One start of both servers, with a fresh database."""

    def __init__(self, held: ExitStack, names: Sequence[str], foreign: float) -> None:
        self.folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="passalong-bench-")))
        self._numbers = itertools.count(1, 200_000)
        self._answered: Counter[str] = Counter()
        self._foreign = foreign
        self.dropped = 0
        secret = settle(self.folder)
        rows = [row for row in all_rows(secret) if row.name in names]
        self._loads = {row.name: Load(self.folder, row.name, row.requests, _LOAD_CORE) for row in rows}
        self._rows = {row.name: row for row in rows}
        self._ports = {"app": free_port()}
        self._servers = {"app": held.enter_context(doing(self.folder, "app", self._ports["app"]))}
        furnish(f"http://127.0.0.1:{self._ports['app']}", secret)
        for request in [request for row in rows for request in row.opened]:
            sample(self._ports["app"], request)
        answers = self.folder / "answers.json"
        answers.write_text(json.dumps({row.name: sample(self._ports["app"], row.requests[0]) for row in rows}))
        self._ports["bare"] = free_port()
        self._servers["bare"] = held.enter_context(doing(self.folder, "bare", self._ports["bare"], str(answers)))

    def pair(self, row: str, connections: int, seconds: float) -> Pair | None:
        """A slice on each server, in either order; None if strangers kept disturbing."""
        ask(self._ports["bare"], "GET", f"/answer/{row}")
        for _ in range(_TRIES):
            halves = {what: self.half(what, row, connections, seconds) for what in random.sample(("app", "bare"), 2)}
            if (app := halves["app"]) and (bare := halves["bare"]):
                return Pair(row, connections, app, bare)
            self.dropped += 1
        return None

    @property
    def pid(self) -> int:
        """Of the application's process, which supervises those that serve."""
        return self._servers["app"].pid

    def half(self, what: str, row: str, connections: int, seconds: float) -> Half | None:
        """One slice on one server; None if strangers disturbed it. Raises RuntimeError for an answer that is none."""
        server = self._servers[what].pid
        foreign = Foreign(process.pid for process in self._servers.values())
        used = cpu_s(server)
        done = self._loads[row].run(self._ports[what], connections, seconds, next(self._numbers))
        used = cpu_s(server) - used
        if done.refused or done.broken or not done.requests:
            raise RuntimeError(f"{what}, {row}: {done}")
        if what == "app" and (event := self._rows[row].event):
            self._answered[event] += done.requests
        if foreign.since(done.cpu_s) > self._foreign * done.seconds:
            return None
        return Half(
            rate=done.requests / done.seconds,
            cpu_us=used / done.requests * 1e6,
            generator=done.cpu_s / done.seconds,
            p50_ms=done.p50_ms,
            p99_ms=done.p99_ms,
        )

    def check(self) -> str:
        """Every answered request has left its event, or this raises: the figures are of a server that stores."""
        with closing(sqlite3.connect(self.folder / "passalong.db")) as db:
            stored = dict(db.execute("SELECT kind, count(*) FROM events GROUP BY kind"))
        for kind, answered in self._answered.items():
            if stored.get(kind, 0) < answered:
                raise RuntimeError(f"{answered} answered, {stored.get(kind, 0)} stored: {kind}")
        return ", ".join(
            f"{stored.get(kind, 0):,} {kind}s stored of {n:,} answered" for kind, n in self._answered.items()
        )

    def grouped(self) -> dict[str, float]:
        """What it would be to insert the conversions of this round in groups, and no more: see `grouped.py`."""
        child = Path(__file__).with_name("grouped.py")
        command = [sys.executable, str(child), str(_SERVER_CORE), str(self.folder / "passalong.db")]
        said: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        return said


@contextmanager
def a_round(names: Sequence[str], foreign: float) -> Iterator[Round]:
    """Slices during which strangers used more than `foreign` of one core are dropped."""
    with ExitStack() as held:
        held.enter_context(awake())
        yield Round(held, names, foreign)


@contextmanager
def doing(
    folder: Path, what: str, port: int, *more: str, cores: Sequence[int] = (_SERVER_CORE,)
) -> Iterator[subprocess.Popen[bytes]]:
    """A server of `doing.py`, on these cores, once it answers."""
    child = Path(__file__).with_name("doing.py")
    log = folder / f"{what}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, str(child), ",".join(map(str, cores)), what, str(port), *more],
            cwd=folder,
            stdout=out,
            stderr=out,
        )
    try:
        deadline = time.monotonic() + 20
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{what} did not start: {log.read_text()}")
            time.sleep(0.02)
        yield process
    finally:
        process.terminate()
        process.wait(15)


def _answers(port: int) -> bool:
    try:
        return bool(ask(port, "GET", "/healthz")["status"])
    except OSError:
        return False


def ask(port: int, method: str, path: str, headers: Sequence[Sequence[str]] = (), body: bytes = b"") -> dict[str, Any]:
    """One request as it is written, with no header of a client's own. The answer's body is counted, not read."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.putrequest(method, path, skip_host=bool(headers), skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        kept = [(name.lower(), value) for name, value in answer.getheaders() if name.lower() != "date"]
        return {"status": answer.status, "headers": kept, "size": len(answer.read())}


def sample(port: int, request: Request) -> dict[str, Any]:
    """Status, headers and size of the real answer, for the ceiling to give the same."""
    raw = request.before if request.after is None else f"{request.before}0000{request.between}0000{request.after}"
    head, _, body = raw.partition("\r\n\r\n")
    first, *fields = head.split("\r\n")
    method, path, _ = first.split()
    return ask(port, method, path, [field.split(": ", 1) for field in fields], body.encode())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ingest(slices: int, seconds: float) -> list[dict[str, Any]]:
    """Slices of `ingestion.py`, each with what it stored a second and the CPU time an event took."""
    folder = Path(tempfile.mkdtemp(prefix="passalong-bench-"))
    child = Path(__file__).with_name("ingestion.py")
    try:
        command = [sys.executable, str(child), str(_SERVER_CORE), str(folder), str(slices), str(seconds)]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return [json.loads(line) for line in said.splitlines()]
    finally:
        shutil.rmtree(folder)
