"""`make server`: how soon a server is there, what two processes bring, how large it grows, where its time goes.

    make server                              all of it, about a quarter of an hour
    make server ARGS="start workers"         only these: start, workers, memory
    make server ARGS="--flame form"          a flame graph of one row of `make bench`, as flame.svg

start: seconds from the command until /readyz says yes, on a database that is there. workers: share pages stored a
second by `serve --workers 2` on two cores, of which the load generator takes its part, over those by one process on one
core, with the load generator on the other; and beside it what two bring that answer as much and do nothing else; slices
in shuffled rounds.
memory: of the process that serves, over a million views of 100,000 shares, at each tenth of the way.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from load import Load, Slice
from measure import Interval, awake, interval
from rich.console import Console
from rich.progress import track
from under import a_round, ask, doing, free_port, sample
from vendor import KEY, furnish, request_of, rows, settle

from passalong.domain.share import claim, mint
from passalong.domain.token import Keyring

GOALS = {"start": 1.0, "workers": 1.5, "memory": 120.0}
MEMORY_VIEWS, MEMORY_SHARES = 1_000_000, 100_000
CONSOLE = Console(width=100)


@contextmanager
def serving(
    folder: Path, workers: int = 1, *, pinned: bool = False
) -> Iterator[tuple[subprocess.Popen[bytes], int, float]]:
    """`passalong serve`, `pinned` to as many cores as it has processes: its own process, its port, and after how many
    seconds it was ready."""
    port = free_port()
    command = [sys.executable, "-m", "passalong", "serve", "--port", str(port), "--workers", str(workers)]
    cores = set(range(workers)) if pinned else os.sched_getaffinity(0)
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    )
    try:
        while True:
            try:
                if ask(port, "GET", "/readyz")["status"] == 200:
                    break
            except OSError:
                time.sleep(0.002)
            if process.poll() is not None or time.perf_counter() - began > 30:
                raise RuntimeError("the server did not start")
        yield process, port, time.perf_counter() - began
    finally:
        process.terminate()
        process.wait(15)


@contextmanager
def vendor() -> Iterator[Path]:
    with TemporaryDirectory(prefix="passalong-bench-") as name:
        folder = Path(name)
        secret = settle(folder)
        with serving(folder) as (_, port, _):
            furnish(f"http://127.0.0.1:{port}", secret)
        yield folder


def start(times: int) -> None:
    took = []
    with vendor() as folder:
        for _ in track(range(times), "start", console=CONSOLE, transient=True):
            with serving(folder) as (_, _, ready_s):
                took.append(ready_s)
    _say("from the command to readiness", interval(took), "s", statistics.median(took) < GOALS["start"])


def workers(pairs: int, seconds: float) -> None:
    """All four servers run all the time, and wait while another is asked."""
    [page] = [row for row in rows() if row.name == "page"]
    ratios: dict[str, list[float]] = {"app": [], "bare": []}
    with ExitStack() as held:
        held.enter_context(awake())
        ports, loads = {}, {}
        for count in (1, 2):
            folder = held.enter_context(vendor())
            _, ports["app", count], _ = held.enter_context(serving(folder, count, pinned=True))
            answers = folder / "answers.json"
            answers.write_text(json.dumps({"page": sample(ports["app", count], page.requests[0])}))
            ports["bare", count] = free_port()
            held.enter_context(doing(folder, "bare", ports["bare", count], str(answers), cores=range(count)))
            loads[count] = Load(folder, "page", page.requests, 1 if count == 1 else None)

        def rate(what: str, count: int) -> float:
            done = _checked(loads[count].run(ports[what, count], 64, seconds, 1))
            return done.requests / done.seconds

        for what, count in ports:
            rate(what, count)
        for _ in track(range(pairs), "workers", console=CONSOLE, transient=True):
            rates = {each: rate(*each) for each in random.sample(list(ports), 4)}
            for what, found in ratios.items():
                found.append(rates[what, 2] / rates[what, 1])
    gained, ceiling = interval(ratios["app"]), interval(ratios["bare"])
    _say("two processes on two cores ÷ one on one", gained, "", gained.median >= GOALS["workers"])
    _say("  the same of a bare answer", ceiling, "", ceiling.median >= GOALS["workers"])


def memory(views: int, shares: int) -> None:
    """In ten tenths, each over a part of the shares that was not seen before."""
    keyring = Keyring([KEY])
    sizes = []
    with vendor() as folder, serving(folder) as (process, port, _):
        for tenth in track(range(10), "memory", console=CONSOLE, transient=True):
            tokens = [mint(keyring, claim(asset="report", customer="initech", mechanic="hard"))
                      for _ in range(shares // 10)]  # fmt: skip
            load = Load(folder, f"tenth-{tenth}", [request_of(token) for token in tokens], None)
            seen = 0
            while seen < views // 10:
                seen += _checked(load.run(port, 16, 2, seen)).requests
            sizes.append(max(_resident_mb(pid) for pid in _children(process.pid)))
    CONSOLE.print("  after each tenth: " + ", ".join(f"{size:.0f}" for size in sizes) + " MB", highlight=False)
    grown = sizes[-1] - sizes[4]
    good = sizes[-1] < GOALS["memory"]
    CONSOLE.print(
        f"{'✓' if good else '✗'} resident after {views:,} views of {shares:,} shares: {sizes[-1]:.0f} MB, "
        f"{grown:+.1f} in the second half",
        highlight=False,
    )


def flame(name: str, seconds: int, connections: int) -> None:
    """py-spy's picture of the process that serves, while one row of the table is asked of it."""
    with a_round([name], foreign=9) as servers:
        [pid] = _children(servers.pid)
        spy = [str(Path(sys.executable).with_name("py-spy")), "record", "--output", "flame.svg", "--rate", "250"]
        recording = subprocess.Popen([*spy, "--duration", str(seconds), "--gil", "--pid", str(pid)])
        while recording.poll() is None:
            servers.half("app", name, connections, 1.0)
        CONSOLE.print(f"flame.svg: {seconds} s of {name}; {servers.check()}", highlight=False)


def _children(pid: int) -> list[int]:
    """The processes that serve, below the one that supervises them."""
    found = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [child for child in found if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def _resident_mb(pid: int) -> float:
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) * 1024 / 1e6


def _checked(done: Slice) -> Slice:
    if done.refused or done.broken or not done.requests:
        raise RuntimeError(str(done))
    return done


def _say(what: str, found: Interval, unit: str, good: bool) -> None:
    CONSOLE.print(
        f"{'✓' if good else '✗'} {what}: {found.median:.2f}{unit} ({found.low:.2f}–{found.high:.2f})", highlight=False
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", nargs="*", help="only these: start, workers, memory")
    parser.add_argument("--flame", metavar="ROW", help="a flame graph of one row of the table instead")
    parser.add_argument("--pairs", type=int, default=16, help="starts, and pairs of slices of workers (16)")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a slice (2)")
    parser.add_argument("--views", type=int, default=MEMORY_VIEWS, help="of memory (1,000,000)")
    given = parser.parse_args()
    if given.flame:
        flame(given.flame, 20, 16)
        return
    chosen = given.what or ["start", "workers", "memory"]
    if "start" in chosen:
        start(given.pairs)
    if "workers" in chosen:
        workers(given.pairs, given.seconds)
    if "memory" in chosen:
        memory(given.views, given.views * MEMORY_SHARES // MEMORY_VIEWS)


if __name__ == "__main__":
    main()
