"""Requests for one slice of load: by wrk where it is installed, else by a client of our own.

A request is raw HTTP/1.1, in two halves if a number that never repeats goes between them.
The load generator runs on a core of its own and must not be what is measured: its own CPU time is told, too.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, cast


class Request(NamedTuple):
    """Raw HTTP; with `after`, a number of twice four digits goes before it, `between` parting the four and four."""

    before: str
    after: str | None = None
    between: str = ""


WRK = shutil.which("wrk")

_LUA = """\
local requests = dofile(os.getenv("BENCH_REQUESTS"))
local n, count = tonumber(os.getenv("BENCH_FIRST")), #requests
request = function()
  n = n + 1
  local r = requests[n % count + 1]
  if r[2] then
    return r[1] .. string.format("%04d", math.floor(n / 10000) % 10000) .. r[3]
      .. string.format("%04d", n % 10000) .. r[2]
  end
  return r[1]
end
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format('{"requests":%d,"seconds":%f,"refused":%d,"broken":%d,"p50_ms":%f,"p99_ms":%f}',
    summary.requests, summary.duration / 1e6, e.status, e.connect + e.read + e.write + e.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
"""


class Slice(NamedTuple):
    """What came of a slice. `cpu_s` is the load generator's own."""

    requests: int
    seconds: float
    refused: int
    broken: int
    p50_ms: float
    p99_ms: float
    cpu_s: float


class Load:
    """One kind of request, kept in a file for the load generator, which runs on one core or on any."""

    def __init__(self, folder: Path, name: str, requests: Sequence[Request], core: int | None) -> None:
        self._core = core
        self._script = folder / "load.lua"
        self._script.write_text(_LUA)
        self._json = folder / f"{name}.json"
        self._json.write_text(json.dumps(requests))
        self._lua = folder / f"{name}.lua"
        # JSON's escapes of ASCII text are Lua's, too.
        fields = [["nil" if part is None else json.dumps(part) for part in request] for request in requests]
        rows = ",\n".join(f"{{{','.join(parts)}}}" for parts in fields)
        self._lua.write_text(f"return {{\n{rows}\n}}\n")

    def run(self, port: int, connections: int, seconds: float, first: int) -> Slice:
        """Sends for that long over that many keep-alive connections; numbers start above `first`."""
        cores = {self._core} if self._core is not None else os.sched_getaffinity(0)
        if WRK:
            command = [WRK, "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--timeout", "10s", "-s", str(self._script)]
            command.append(f"http://127.0.0.1:{port}/")
        else:
            command = [sys.executable, __file__, str(self._json), str(port), str(connections), str(seconds), str(first)]
        done = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            env=os.environ | {"BENCH_REQUESTS": str(self._lua), "BENCH_FIRST": str(first)},
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )
        assert done.stdout
        with done.stdout:
            said = done.stdout.read().decode()
        _, status, used = os.wait4(done.pid, 0)
        done.returncode = os.waitstatus_to_exitcode(status)
        if done.returncode or "{" not in said:
            raise RuntimeError(f"the load generator failed: {said}")
        return Slice(**json.loads(said[said.index("{") :]), cpu_s=used.ru_utime + used.ru_stime)


class _Client(asyncio.Protocol):
    """One keep-alive connection: sends the next request when an answer is complete."""

    def __init__(self, requests: list[Request], numbers: list[int], tally: dict[str, int], took: list[float]) -> None:
        self._requests, self._numbers, self._tally, self._took = requests, numbers, tally, took
        self._missing = 0
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name
        self._ask()

    def _ask(self) -> None:
        self._numbers[0] += 1
        number = self._numbers[0]
        request, number = self._requests[number % len(self._requests)], number % 10**8
        raw = request.before
        if request.after is not None:
            raw += f"{number // 10_000:04d}{request.between}{number % 10_000:04d}{request.after}"
        self._began = time.perf_counter()
        self._transport.write(raw.encode())

    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._missing -= len(data)
        else:
            data = self._held + data
            head = data.find(b"\r\n\r\n")
            if head < 0:
                self._held = data
                return
            self._held = b""
            if data[9:10] not in b"23":
                self._tally["refused"] += 1
            at = data.lower().find(b"content-length: ", 0, head)
            length = int(data[at + 16 : data.find(b"\r", at)]) if at >= 0 else 0
            self._missing = length + head + 4 - len(data)
        if not self._missing:
            self._tally["requests"] += 1
            self._took.append(time.perf_counter() - self._began)
            self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        self._tally["broken"] += 1


async def _send(requests: list[Request], port: int, connections: int, seconds: float, first: int) -> dict[str, float]:
    tally = {"requests": 0, "refused": 0, "broken": 0}
    took: list[float] = []
    numbers = [first]
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    for _ in range(connections):
        await loop.create_connection(lambda: _Client(requests, numbers, tally, took), "127.0.0.1", port)
    await asyncio.sleep(seconds)
    result: dict[str, float] = {**tally, "seconds": time.perf_counter() - began}
    took.sort()
    return result | {"p50_ms": took[len(took) // 2] * 1000, "p99_ms": took[len(took) * 99 // 100] * 1000}


if __name__ == "__main__":
    import uvloop

    _requests = [Request(*request) for request in json.loads(Path(sys.argv[1]).read_text())]
    _port, _connections, _seconds, _first = sys.argv[2:]
    sys.stdout.write(
        json.dumps(uvloop.run(_send(_requests, int(_port), int(_connections), float(_seconds), int(_first))))
    )
