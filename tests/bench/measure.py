"""Ratios on a noisy machine: CPU clocks of processes and of strangers, medians with a bootstrap interval."""

from __future__ import annotations

import os
import random
import statistics
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """User and system time of a process and of those that it started, all their threads, since they began."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own_cpu_s(pid) + sum(cpu_s(int(child)) for child in children)


def own_cpu_s(pid: int) -> float:
    """The same of one process alone."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def machine_s() -> float:
    """User and system time of everything on this machine. Interrupts stay out: our own traffic causes them."""
    user, nice, system = Path("/proc/stat").read_text().split(maxsplit=4)[1:4]
    return (int(user) + int(nice) + int(system)) * TICK_S


class Foreign:
    """How busy others keep the machine: what it used, less what our own processes used."""

    def __init__(self, pids: Iterable[int]) -> None:
        self._pids = list(pids)
        self._machine, self._ours = machine_s(), self._own()

    def since(self, children_s: float) -> float:
        """CPU seconds of strangers since the start; `children_s` went to children of ours that have ended."""
        return max(0.0, machine_s() - self._machine - (self._own() - self._ours) - children_s)

    def _own(self) -> float:
        return own_cpu_s(os.getpid()) + sum(cpu_s(pid) for pid in self._pids)


@contextmanager
def awake() -> Iterator[bool]:
    """Keeps every core from falling asleep, where that is allowed (by root on Linux: its PM QoS interface);
    gives whether it is. On a virtual machine it takes the server up to 20 µs an answer to wake the load generator's
    core, and the slower a server, the more often that core has fallen asleep."""
    latency_us = None
    with suppress(OSError):
        latency_us = os.open("/dev/cpu_dma_latency", os.O_WRONLY)
        os.write(latency_us, bytes(4))
    try:
        yield latency_us is not None
    finally:
        if latency_us is not None:
            os.close(latency_us)


class Interval(NamedTuple):
    """A median and the 95 % bootstrap interval around it."""

    median: float
    low: float
    high: float


def interval(values: Sequence[float], draws: int = 4000) -> Interval:
    """Percentile bootstrap of the median (Efron 1979)."""
    chance = random.Random(1)
    medians = sorted(statistics.median(chance.choices(values, k=len(values))) for _ in range(draws))
    return Interval(statistics.median(values), medians[draws * 25 // 1000], medians[draws * 975 // 1000])
