"""A server in a process of its own, to be killed, starved and traced: `python -m passalong serve` in a folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

import engine
from factories import SIGNING_KEY, seed
from passalong.domain.share import claim, mint
from passalong.domain.token import Keyring
from ports import free_port

PASSALONG = (sys.executable, "-m", "passalong")
KEYRING = Keyring([SIGNING_KEY])
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

Kinds = Counter[tuple[str, str]]
"""How many events, by share and kind."""


def mint_share(asset: str = "report", mechanic: str = "hard", customer: str = "initech") -> tuple[str, str]:
    """A share's id and the path of its page, minted offline as an integrator would."""
    claims = claim(asset=asset, customer=customer, mechanic=mechanic)
    return claims.share, f"/s/{mint(KEYRING, claims)}"


class Running:
    """`start`, then ask it; `kill` as often as wanted. Its folder stays."""

    def __init__(self, folder: Path, *, workers: int = 1, database: Path | str | None = None) -> None:
        self.folder = folder
        self.workers = workers
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database = str(database or engine.database_for(folder))
        self.process: subprocess.Popen[bytes] | None = None
        (folder / "passalong.toml").write_text(
            f'base_url = "{self.url}"\n'
            f'database = "{self.database}"\n'
            f'signing_keys = ["{SIGNING_KEY}"]\n'
            'embed_sources = ["*.acme.example"]\n'
            "[limits]\n"
            "submissions_per_10_minutes = 1000000\n"  # all viewers of a test are one address
        )

    def command(self, *words: str, within_s: float = 30, **environ: str) -> subprocess.CompletedProcess[str]:
        """A `passalong` command in the server's folder, whatever it says and however it ends."""
        return subprocess.run(
            [*PASSALONG, *words],
            cwd=self.folder,
            env=os.environ | environ,
            capture_output=True,
            text=True,
            timeout=within_s,
        )

    def new_key(self, role: str = "admin") -> tuple[str, str]:
        """Id and secret of a fresh API key, made by the command line beside the server."""
        made = self.command("keys", "create", "faults", "--role", role)
        assert made.returncode == 0, made.stderr
        return made.stderr.split(" key ")[1].split()[0], made.stdout.strip()

    def start(self, ready_s: float = 20) -> None:
        """Starts the server and waits until it says that it is ready."""
        self.launch()
        deadline = time.monotonic() + ready_s
        while not self.answers("/readyz"):
            assert self.process
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, f"not ready after {ready_s} s: {self.said()}"
            time.sleep(0.01)

    def launch(self) -> None:
        """Starts the server and waits for nothing. A group of its own, so that a kill reaches every worker."""
        log = (self.folder / "server.log").open("ab")
        with log:
            self.process = subprocess.Popen(
                [*PASSALONG, "serve", "--port", str(self.port), "--workers", str(self.workers)],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def answers(self, path: str) -> bool:
        try:
            return httpx2.get(self.url + path, timeout=2).status_code == 200
        except httpx2.HTTPError:
            return False

    def kill(self) -> None:
        """SIGKILL to every process of the server at once: what a power cut leaves of it."""
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def terminate(self, within_s: float = 15) -> float:
        """SIGTERM, as an operator's restart sends it. Gives the seconds until all of it was gone."""
        assert self.process
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(within_s)
        return time.monotonic() - began

    def reload(self) -> None:
        """SIGHUP, as an operator's reload sends it."""
        assert self.process
        self.process.send_signal(signal.SIGHUP)

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    @property
    def worker_pids(self) -> list[int]:
        """The processes below the server's own (one of them only tracks resources, and serves nobody)."""
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    def said(self) -> str:
        return (self.folder / "server.log").read_text()[-4000:]

    @contextmanager
    def seeded(self) -> Iterator[httpx2.Client]:
        """An API client with an admin key; the vendor, customers, mechanics and assets of the other tests are in."""
        with self.api(self.new_key()[1]) as api:
            # A key made beside the running server arrives with the next poll of the catalog.
            deadline = time.monotonic() + 2
            while api.get("/api/v1/mechanics").status_code == 401 and time.monotonic() < deadline:
                time.sleep(0.02)
            seed(api)
            yield api

    def api(self, secret: str) -> httpx2.Client:
        return httpx2.Client(base_url=self.url, headers={"authorization": f"Bearer {secret}"}, timeout=20)

    def verify(self, **environ: str) -> dict[str, Any]:
        """What `passalong verify --json` says: `events`, `differences`, `damage`."""
        done = self.command("verify", "--json", **environ)
        assert done.stdout, done.stderr
        return dict(json.loads(done.stdout))

    def stored(self, database: Path | None = None) -> Kinds:
        """Events in the ledger by share and kind, read past the server."""
        asked = "SELECT share, kind, count(*) FROM events WHERE share IS NOT NULL GROUP BY 1, 2"
        rows = engine.execute(database or self.database, asked)
        return Counter({(share, kind): n for share, kind, n in rows})

    def stored_addresses(self) -> set[str]:
        return {email for (email,) in engine.execute(self.database, "SELECT email FROM leads")}


@contextmanager
def running(folder: Path, *, workers: int = 1, database: Path | str | None = None) -> Iterator[Running]:
    """A started server; killed at the end, whatever has become of it."""
    server = Running(folder, workers=workers, database=database)
    server.start()
    try:
        yield server
    finally:
        server.kill()
