"""Numbers for Prometheus, counted in every process of a server and told together.

With several processes each writes its own small files in one folder (prometheus-client's multiprocess mode), and
whoever is asked reads all of them: a scrape says the same whichever process it meets, and counters outlive a reload.
Labels are few and fixed: no token, no customer, no address is ever one.

Needs prometheus-client, which the extra `metrics` brings; nothing of it is imported unless it is asked for.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from passalong import __version__
from passalong.domain.delivery import Destination, JobState
from passalong.errors import PassalongError, Unusable
from passalong.settings import Monitoring

if TYPE_CHECKING:
    from prometheus_client import Histogram
    from prometheus_client.metrics_core import Metric

    from passalong.web.services import Services

MISSING = "metrics are asked for, and need prometheus-client: pip install 'passalong[metrics]'."
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that tells prometheus-client where the processes of one server write. It is read on import."""
LOOK_S = 10.0
"""How often each process looks up what nobody counts."""
_LOG = logging.getLogger(__name__)
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_EVENTS = (1, 2, 4, 8, 16, 32, 64, 128)
_STATES = (JobState.PENDING, JobState.SENDING, JobState.FAILED)
_OF_LIVING = re.compile(r"gauge_live[a-z]*_(\d+)\.db")


def wanted(config: Monitoring) -> bool:
    """Whether anybody is to be told; raises Unusable if they cannot be."""
    if not config.port and not config.key:
        return False
    if find_spec("prometheus_client") is None:
        raise Unusable(MISSING)
    return True


class Meters:
    """Everything that is counted in this process. Times are in seconds."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self._registry = registry = CollectorRegistry()

        def gauge(name: str, what: str, *labels: str, mode: Any = "mostrecent") -> Gauge:
            return Gauge(f"passalong_{name}", what, labels, registry=registry, multiprocess_mode=mode)

        def histogram(name: str, what: str, buckets: Iterable[float], *labels: str) -> Histogram:
            return Histogram(f"passalong_{name}", what, labels, registry=registry, buckets=tuple(buckets))

        self._requests = histogram(
            "request_seconds", "From a request's head to the end of its answer", _SECONDS, "door", "status"
        )
        self._children: dict[tuple[str, int], Histogram] = {}
        self._batches = histogram("ledger_batch_events", "Events that were flushed together", _EVENTS)
        self._flushes = histogram("ledger_flush_seconds", "How long a batch took to reach the disk", _SECONDS)
        self._lost = Counter("passalong_ledger_refused_batches_total", "Batches not stored", registry=registry)
        self._waiting = gauge("ledger_waiting_events", "Events that wait for the next batch", mode="livesum")
        self._generation = gauge("catalog_generation", "Up to which change a process knows", mode="liveall")
        self._jobs = gauge("outbox_jobs", "What waits to be told outside, or could not be", "destination", "state")
        self._oldest = gauge("outbox_oldest_seconds", "Age of the oldest job that waits", "destination")
        self._heard = gauge("hubspot_heard_seconds", "Since HubSpot was last asked for deals, with success")
        self._bytes = gauge("database_bytes", "Of the database", "part")
        self._free = gauge("disk_free_bytes", "Where uploaded files live, and the database if it is a file")
        self._looked = gauge("looked_timestamp_seconds", "When the numbers of database and outbox were taken")
        gauge("process_started_timestamp_seconds", "When a server process began", mode="liveall").set(time.time())
        gauge("build_info", "Always 1", "version", mode="livemostrecent").labels(__version__).set(1)

    def answered(self, door: str, status: int, seconds: float) -> None:
        """A request was answered, with this status."""
        key = (door, status // 100)
        found = self._children.get(key)
        if found is None:
            found = self._children[key] = self._requests.labels(door, f"{key[1]}xx")
        found.observe(seconds)

    def flushed(self, events: int, seconds: float, waiting: int, *, stored: bool) -> None:
        """A batch of the ledger reached the disk, or did not."""
        if stored:
            self._batches.observe(events)
            self._flushes.observe(seconds)
        else:
            self._lost.inc()
        self._waiting.set(waiting)

    async def look(self, services: Services) -> None:
        """Takes the numbers that nobody counts: what waits, how old it is, how large everything has become."""
        now_ms = services.clock()
        by = {(count.destination, count.state): count for count in await services.outbox.counts()}
        for destination in Destination:
            for state in _STATES:
                found = by.get((destination, state))
                self._jobs.labels(destination.value, state.value).set(found.n if found else 0)
            waits = by.get((destination, JobState.PENDING))
            age_ms = now_ms - waits.oldest_ms if waits else 0
            self._oldest.labels(destination.value).set(max(0, age_ms) / 1000)
        if services.settings.hubspot.token:
            self._heard.set((now_ms - await services.crm.polled_at_ms()) / 1000)
        for part, size in (await services.db.sizes()).items():
            self._bytes.labels(part).set(size)
        self._free.set(shutil.disk_usage(services.settings.files.parent).free)
        self._generation.set(services.catalog.generation)
        self._looked.set(time.time())

    async def keep_looking(self, services: Services) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look(services)
            except PassalongError as error:  # a full or locked disk: `looked` says how old the numbers are
                _LOG.warning("no numbers of the database for now: %s", error)
            except Exception:
                _LOG.exception("no numbers of the database for now")
            await asyncio.sleep(LOOK_S)

    def told(self) -> bytes:
        """Everything that all processes of this server have counted, in Prometheus's text format."""
        from prometheus_client import CollectorRegistry, generate_latest

        registry = self._registry
        if folder := os.environ.get(FOLDER):
            registry = CollectorRegistry()
            registry.register(Together(Path(folder)))
        told: bytes = generate_latest(registry)
        return told


class Together:
    """A collector of what all processes have written into a folder. Those that have ended keep their counters, and no
    say in what is so now."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        from prometheus_client.multiprocess import MultiProcessCollector

        for path in self._folder.glob("gauge_live*.db"):
            if (of := _OF_LIVING.fullmatch(path.name)) and not _lives(int(of[1])):
                path.unlink(missing_ok=True)
        collector = MultiProcessCollector(None, path=str(self._folder))
        return list(collector.collect())


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class Exposition:
    """What a supervisor keeps for its processes: the folder that they write into, and a port where all is told."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._at: tuple[str, int] | None = None
        self._server: Any = None

    def follow(self, config: Monitoring) -> None:
        """Opens, moves or closes the port as the settings say. Raises Unusable; then all stays as it was."""
        at = (config.host, config.port) if config.port else None
        if wanted(config) and self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="passalong-metrics-"))
            os.environ[FOLDER] = str(self._folder)
        if at == self._at:
            return
        server = _serve(self._folder, *at) if at and self._folder else None
        self._stop()
        self._at, self._server = at, server

    def close(self) -> None:
        self._stop()
        if self._folder is not None:
            os.environ.pop(FOLDER, None)
            shutil.rmtree(self._folder, ignore_errors=True)

    def _stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


def _serve(folder: Path, host: str, port: int) -> Any:
    from prometheus_client import CollectorRegistry, start_http_server

    registry = CollectorRegistry()
    registry.register(Together(folder))
    try:
        return start_http_server(port, host, registry)[0]
    except OSError as error:
        raise Unusable(f"metrics.port: {host}:{port} cannot be listened on: {os.strerror(error.errno or 0)}.") from None
