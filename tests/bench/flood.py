"""A thousand cards asked for at once: what that does to share pages, and to the server's memory.

python tests/bench/flood.py          quiet and flooded by turns; ratios are flooded ÷ quiet in the same run
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import httpx2
from under import free_port
from vendor import KEY, furnish, settle

from passalong.domain.share import claim, mint
from passalong.domain.token import Keyring

VIEWERS, EVERY_S = 16, 0.04
"""Pages are asked for at a steady pace, so that a stall shows as the time that viewers wait."""
CARDS = 1000
AGENT = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


async def view(client: httpx2.AsyncClient, path: str, until: float, took: list[float]) -> None:
    await asyncio.sleep(random.random() * EVERY_S)
    while (began := time.perf_counter()) < until:
        (await client.get(path)).raise_for_status()
        took.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(max(EVERY_S - (time.perf_counter() - began), 0))


async def viewed(client: httpx2.AsyncClient, path: str, seconds: float) -> list[float]:
    """Milliseconds that each of the pages took."""
    took: list[float] = []
    until = time.perf_counter() + seconds
    await asyncio.gather(*(view(client, path, until, took) for _ in range(VIEWERS)))
    return took


async def card(client: httpx2.AsyncClient, path: str, told: Counter[int]) -> None:
    """Asks for one card as a network does, again after a while where it is told to wait."""
    while True:
        answer = await client.get(f"{path}/card.png")
        told[answer.status_code] += 1
        if answer.status_code != 429:
            return
        await asyncio.sleep(float(answer.headers["retry-after"]) + random.random())


async def ask(url: str, paths: list[str]) -> Counter[int]:
    """All cards at once, each until it has come; the answers by status. In a process of its own, see `flood`."""
    told: Counter[int] = Counter()
    limits = httpx2.Limits(max_connections=len(paths), max_keepalive_connections=0)
    async with httpx2.AsyncClient(base_url=url, headers=AGENT, limits=limits, timeout=120) as client:
        await asyncio.gather(*(card(client, path, told) for path in paths))
    return told


def flood(url: str, paths: list[str]) -> Counter[int]:
    os.nice(19)  # networks ask from other machines
    return asyncio.run(ask(url, paths))


def wait_for(url: str) -> None:
    for _ in range(200):
        try:
            httpx2.get(f"{url}/readyz")
        except httpx2.TransportError:
            time.sleep(0.05)
        else:
            return


def memory_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1000


def p99(took: list[float]) -> float:
    return statistics.quantiles(took, n=100)[98]


async def measure(url: str, paths: list[str], seconds: float, pid: int) -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as elsewhere:
        async with httpx2.AsyncClient(base_url=url, headers=AGENT, timeout=120) as client:
            await viewed(client, paths[0], 2)  # warms up
            before, quiet = memory_mb(pid), await viewed(client, paths[0], seconds)
            began = time.perf_counter()
            asked = asyncio.get_running_loop().run_in_executor(elsewhere, flood, url, paths[1:])
            flooded: list[float] = []
            most = before
            while not asked.done():
                flooded += await viewed(client, paths[0], 1)
                most = max(most, memory_mb(pid))
            lasted = time.perf_counter() - began
            told = await asked
            again = await viewed(client, paths[0], seconds)
    calm = quiet + again
    ratio = p99(flooded) / p99(calm)
    middle = statistics.median
    print(f"{VIEWERS / EVERY_S:.0f} pages a second beside {sum(told.values()):,} requests for cards in {lasted:.0f} s")
    print(f"p50 quiet {middle(calm):.2f} ms, flooded {middle(flooded):.2f} ms")
    print(f"p99 quiet {p99(calm):.2f} ms, flooded {p99(flooded):.2f} ms   ratio {ratio:.2f} (goal ≤ 2)")
    print(f"cards drawn {told[200]}, told to wait {told[429]} times, others {told.total() - told[200] - told[429]}")
    print(f"server's memory {before:.0f} MB before, {most:.0f} MB at most")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="passalong-bench-") as name:
        folder = Path(name)
        secret, port = settle(folder), free_port()
        url = f"http://127.0.0.1:{port}"
        server = subprocess.Popen([sys.executable, "-m", "passalong", "serve", "--port", str(port)], cwd=folder)
        try:
            wait_for(url)
            furnish(url, secret)
            keyring, paths = Keyring([KEY]), []
            with httpx2.Client(base_url=url, headers={"authorization": f"Bearer {secret}"}, timeout=60) as api:
                for n in range(CARDS + 1):
                    body = {"title": f"Report number {n} of very many", "kind": "page", "source": {"markdown": "x"}}
                    api.put(f"/api/v1/assets/a{n}", json=body).raise_for_status()
                    claims = claim(asset=f"a{n}", customer="initech", mechanic="hard")
                    paths.append(f"/s/{mint(keyring, claims)}")
            asyncio.run(measure(url, paths, given.seconds, server.pid))
        finally:
            server.terminate()
            server.wait(timeout=30)


if __name__ == "__main__":
    main()
