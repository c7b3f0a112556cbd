"""`make bench`: what Passalong's work costs on top of the bare server underneath it, in the same minutes.

    make bench                            all of it, about eight minutes
    make bench ARGS="--quick"             a look, about one minute; its intervals are wide
    make bench ARGS="--rows page,form --connections 16 --json"

Absolute rates say more about a machine than about a program, so every figure is a ratio of two slices side by side:
the real application (`passalong serve`, one worker, one core) and an ASGI application that answers as many bytes
and does nothing. Slices come in shuffled pairs over several restarts; pairs with strangers on the CPU are dropped
and counted; a ratio is the median of the pairs with its 95 % bootstrap interval. `by CPU` is the same ratio of the CPU
time that the server's process used for a request: steadier where others are busy. Goals are shown, and fail nothing.
"""

from __future__ import annotations

import argparse
import json
import random
import shlex
import statistics
import sys
from collections.abc import Sequence
from typing import Any

from load import WRK
from measure import awake, interval
from rich import box
from rich.console import Console
from rich.progress import track
from rich.table import Table
from under import Pair, a_round, ingest
from vendor import Row, rows

INGESTION_GOAL = 0.6
GROUPED_GOAL = 0.3
BUSY = 0.95
"""Of its core: above it, the load generator is what is measured."""
WIDTH = 150
"""The table's; a narrower terminal wraps it, which still reads better than cut figures."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="6 pairs over 2 starts, for a look")
    parser.add_argument("--pairs", type=int, help="pairs of slices a line (24)")
    parser.add_argument("--starts", type=int, help="how often the servers are started anew (3)")
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a slice (1)")
    parser.add_argument("--connections", default="16,64", help="keep-alive connections (16,64)")
    parser.add_argument(
        "--rows", default="", help=f"only these: {', '.join([*(row.name for row in rows()), 'ingestion'])}"
    )
    parser.add_argument(
        "--foreign", type=float, default=0.1, help="share of a core above which a slice is dropped (0.1)"
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    given = parser.parse_args()
    given.pairs = given.pairs or (6 if given.quick else 24)
    given.starts = given.starts or (2 if given.quick else 3)
    return given


def main() -> None:
    given = arguments()
    console = Console(stderr=given.json)
    console.width = max(console.width, WIDTH)
    wanted = set(filter(None, given.rows.split(",")))
    chosen = [row for row in rows() if not wanted or row.name in wanted]
    connections = [int(count) for count in given.connections.split(",")]
    pairs: list[Pair] = []
    grouped: list[tuple[Pair, dict[str, float]]] = []
    notes: list[str] = []
    plan = [(row.name, count) for row in chosen for count in connections] * -(-given.pairs // given.starts)
    for start in range(given.starts if chosen else 0):
        with a_round([row.name for row in chosen], given.foreign) as servers:
            for row in chosen:
                servers.pair(row.name, connections[0], 1.0)  # warms up
            servers.dropped, before = 0, len(pairs)
            steps = random.sample(plan, len(plan))
            for name, count in track(steps, f"start {start + 1} of {given.starts}", console=console, transient=True):
                if pair := servers.pair(name, count, given.seconds):
                    pairs.append(pair)
            if any(row.name == "conversion" for row in chosen):
                ceiling = servers.grouped()
                grouped += [(pair, ceiling) for pair in pairs[before:] if pair.row == "conversion"]
            notes.append(f"start {start + 1}: {servers.check()}; {servers.dropped} pairs dropped for foreign load")
    lines = [line for row in chosen for count in connections if (line := line_of(row, count, pairs))]
    lines += [line for count in connections if (line := grouped_line(count, grouped))]
    if not wanted or "ingestion" in wanted:
        with console.status("ingestion"):
            slices = ingest(given.pairs, given.seconds)
            lines.append(ingestion_line("events stored ÷ raw group commit", slices, "group", INGESTION_GOAL))
            lines.append(ingestion_line("  ÷ SQLite alone, nobody waiting", slices, "bare", None))
    command = shlex.join(["make", "bench", *([f"ARGS={shlex.join(sys.argv[1:])}"] if sys.argv[1:] else [])])
    if given.json:
        print(json.dumps({"lines": lines, "notes": notes, "load": "wrk" if WRK else "own client", "again": command}))
        return
    console.print(drawn(lines))
    if any(line.get("generator", 0) > BUSY for line in lines):
        notes.append("The load generator was busy all the time on the bare server, which flatters the ratios.")
    if not WRK:
        notes.append("wrk is not installed: our own client is slower than the bare server, which flatters the ratios.")
    with awake() as kept:
        if not kept:
            notes.append("Cores may fall asleep here, and waking them costs the server: as root they are kept awake.")
    for note in notes:
        console.print(note, style="dim", highlight=False)
    console.print(f"Again: {command}", highlight=False)


def line_of(row: Row, connections: int, pairs: list[Pair]) -> dict[str, Any] | None:
    found = [pair for pair in pairs if (pair.row, pair.connections) == (row.name, connections)]
    if not found:
        return None
    middle = statistics.median
    return {
        "row": row.name,
        "title": row.title,
        "connections": connections,
        "pairs": len(found),
        "ratio": interval([pair.app.rate / pair.bare.rate for pair in found]),
        "cpu_ratio": interval([pair.bare.cpu_us / pair.app.cpu_us for pair in found]),
        "goal": dict(row.goals).get(connections),
        "per_s": middle([pair.app.rate for pair in found]),
        "bare_per_s": middle([pair.bare.rate for pair in found]),
        "cpu_us": middle([pair.app.cpu_us for pair in found]),
        "bare_cpu_us": middle([pair.bare.cpu_us for pair in found]),
        "p50_ms": middle([pair.app.p50_ms for pair in found]),
        "p99_ms": middle([pair.app.p99_ms for pair in found]),
        "generator": max(pair.bare.generator for pair in found),
    }


def grouped_line(connections: int, grouped: Sequence[tuple[Pair, dict[str, float]]]) -> dict[str, Any] | None:
    """Conversions by API over the same rows inserted in groups: a ratio for each slice, to its start's ceiling. The
    interval leaves the ceiling's own noise out."""
    found = [(pair.app, ceiling) for pair, ceiling in grouped if pair.connections == connections]
    if not found:
        return None
    middle = statistics.median
    return {
        "row": "grouped",
        "title": "  ÷ the same rows inserted in groups",
        "connections": connections,
        "pairs": len(found),
        "ratio": interval([app.rate / ceiling["per_s"] for app, ceiling in found]),
        "cpu_ratio": interval([ceiling["cpu_us"] / app.cpu_us for app, ceiling in found]),
        "goal": GROUPED_GOAL,
        "per_s": middle([app.rate for app, _ in found]),
        "bare_per_s": middle([ceiling["per_s"] for _, ceiling in found]),
        "cpu_us": middle([app.cpu_us for app, _ in found]),
        "bare_cpu_us": middle([ceiling["cpu_us"] for _, ceiling in found]),
    }


def ingestion_line(title: str, slices: list[dict[str, Any]], ceiling: str, goal: float | None) -> dict[str, Any]:
    ours = {s["pair"]: s for s in slices if s["what"] == "ledger"}
    bare = {s["pair"]: s for s in slices if s["what"] == ceiling}
    return {
        "row": "ingestion",
        "title": title,
        "connections": 64,
        "pairs": len(ours),
        "ratio": interval([ours[pair]["per_s"] / bare[pair]["per_s"] for pair in ours]),
        "cpu_ratio": interval([bare[pair]["cpu_us"] / ours[pair]["cpu_us"] for pair in ours]),
        "goal": goal,
        "per_s": statistics.median(s["per_s"] for s in ours.values()),
        "bare_per_s": statistics.median(s["per_s"] for s in bare.values()),
        "cpu_us": statistics.median(s["cpu_us"] for s in ours.values()),
        "bare_cpu_us": statistics.median(s["cpu_us"] for s in bare.values()),
    }


def drawn(lines: list[dict[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title="Passalong ÷ bare ceiling, one core", title_justify="left")
    for name in (
        "",
        ">at once",
        ">ratio",
        ">95 %",
        ">goal",
        ">per s",
        ">bare",
        ">CPU µs",
        ">bare",
        ">p50 ms",
        ">p99",
        ">n",
    ):
        table.add_column(name.removeprefix(">"), justify="right" if name else "left", no_wrap=True)
    for line in lines:
        median, low, high = line["ratio"]
        goal = line["goal"]
        table.add_row(
            line["title"],
            str(line["connections"]),
            f"{median:.3f}",
            f"{low:.3f}–{high:.3f}",
            "" if goal is None else f"≥ {goal:.2f} {'✓' if median >= goal else '✗'}",
            f"{line['cpu_ratio'].median:.3f}",
            f"{line['per_s']:,.0f}",
            f"{line['bare_per_s']:,.0f}",
            f"{line['cpu_us']:.1f}",
            f"{line['bare_cpu_us']:.1f}",
            f"{line['p50_ms']:.2f}" if "p50_ms" in line else "",
            f"{line['p99_ms']:.2f}" if "p99_ms" in line else "",
            str(line["pairs"]),
        )
    return table


if __name__ == "__main__":
    main()
