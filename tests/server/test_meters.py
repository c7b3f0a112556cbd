"""Numbers for Prometheus: what they say, who may ask, and that they say nothing of anybody."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import prometheus_client  # noqa: F401  it reads where to write once, on import: before a test here names a folder
import pytest

import engine
from factories import ANN, Server
from passalong.errors import Unusable
from passalong.meters import Exposition, Meters, Together
from passalong.settings import HubSpot, Monitoring, Settings, checked
from ports import free_port
from serving import Clock

KEY = "a-key-for-prometheus-alone"
KEYED = Monitoring(key=KEY)
PARTS = ("data",) if engine.ON_POSTGRES else ("data", "log")


def scraped(server: Server, key: str = KEY) -> httpx2.Response:
    return httpx2.get(f"{server.address}/metrics", headers={"authorization": f"Bearer {key}"})


def read(text: str) -> dict[str, float]:
    """Values by name and labels, as Prometheus's text format has them."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            assert re.fullmatch(r'[a-z_]+(\{([a-z]+="[^"]*",?)+\})?', name), line
            found[name] = float(value)
    return found


@pytest.mark.settings(metrics=KEYED)
def test_requests_are_counted_by_door_and_status_and_batches_as_they_are_flushed(server: Server) -> None:
    before = read(scraped(server).text)
    share = server.share()
    for _ in range(3):
        server.viewer.get(share)
    server.viewer.get("/s/forged")
    server.submit(share, **ANN)
    server.viewer.get("/nowhere/at/all")
    server.api.get("/api/v1/events?after=0&limit=1")
    after = read(scraped(server).text)

    def more(name: str) -> float:
        return after.get(name, 0) - before.get(name, 0)

    assert more('passalong_request_seconds_count{door="share",status="2xx"}') == 4
    assert more('passalong_request_seconds_count{door="share",status="3xx"}') == 1
    assert more('passalong_request_seconds_count{door="share",status="4xx"}') == 1
    assert more('passalong_request_seconds_count{door="other",status="4xx"}') == 1
    assert more('passalong_request_seconds_count{door="tail",status="2xx"}') == 1
    assert more('passalong_request_seconds_bucket{door="share",le="10.0",status="2xx"}') == 4
    assert more("passalong_ledger_batch_events_sum") >= 5
    assert more("passalong_ledger_flush_seconds_count") == more("passalong_ledger_batch_events_count") > 0
    assert more("passalong_ledger_refused_batches_total") == 0


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody counts is looked up often; to be asked for before the server."""
    monkeypatch.setattr("passalong.meters.LOOK_S", 0.05)


@pytest.mark.settings(metrics=KEYED, hubspot=HubSpot(token="t", base_url="http://127.0.0.1:9"))
def test_what_waits_is_told_with_its_age(often: None, server: Server, clock: Clock) -> None:
    server.submit(server.share(), **ANN)
    clock.ms += 3_600_000
    eventually(
        lambda: read(scraped(server).text).get('passalong_outbox_oldest_seconds{destination="hubspot"}', 0) >= 3600
    )
    told = read(scraped(server).text)
    assert told['passalong_outbox_jobs{destination="hubspot",state="pending"}'] >= 1
    assert told['passalong_outbox_jobs{destination="mail",state="failed"}'] == 0
    assert told["passalong_hubspot_heard_seconds"] > 365 * 86_400  # never
    assert sum(told[f'passalong_database_bytes{{part="{part}"}}'] for part in PARTS) > 100_000
    assert told["passalong_disk_free_bytes"] > 0
    assert told["passalong_catalog_generation"] >= 1


def eventually(so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not so():
        assert time.monotonic() < deadline, "it was never told"
        time.sleep(0.1)


@pytest.mark.settings(metrics=KEYED)
def test_nothing_says_who_asked_for_what(server: Server) -> None:
    share = server.share(customer="globex")
    server.submit(share, **ANN)
    server.viewer.get("/p/of-nobody?email=ann@umbrella.example")
    text = scraped(server).text
    for secret in ("globex", "initech", "umbrella", "Ann", share.removeprefix("/s/"), "of-nobody", "127.0.0.1", "hard"):
        assert secret not in text


@pytest.mark.settings(metrics=KEYED)
def test_only_the_key_opens_it(server: Server) -> None:
    answer = scraped(server)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert answer.headers["cache-control"] == "no-store"
    refused = scraped(server, "another-key-of-somebody")
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert httpx2.get(f"{server.address}/metrics").status_code == 401


def test_without_a_key_there_is_nothing(server: Server) -> None:
    assert scraped(server).status_code == 404


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where processes of one server write."""
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    return tmp_path


COUNT = (
    "from passalong.meters import Meters; m = Meters(); "
    "[m.answered('share', 200, 0.003) for _ in range({})]; m.flushed(4, 0.001, {}, stored=True); {}"
)


def process(folder: Path, requests: int, waiting: int, then: str = "") -> subprocess.Popen[str]:
    """A server process as far as counting goes."""
    return subprocess.Popen(
        [sys.executable, "-c", COUNT.format(requests, waiting, then)],
        env={"PROMETHEUS_MULTIPROC_DIR": str(folder), "PYTHONPATH": ":".join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_several_processes_are_told_as_one_and_the_dead_keep_their_counts_alone(folder: Path) -> None:
    from prometheus_client import CollectorRegistry, generate_latest

    with process(folder, 5, 100) as gone:
        gone.communicate(timeout=30)
    assert gone.returncode == 0
    living = process(folder, 7, 3, "print('up', flush=True); input()")
    with living:
        assert living.stdout is not None
        assert living.stdout.readline() == "up\n"
        registry = CollectorRegistry()
        registry.register(Together(folder))
        told = read(generate_latest(registry).decode())
        assert told['passalong_request_seconds_count{door="share",status="2xx"}'] == 12
        assert told["passalong_ledger_batch_events_sum"] == 8
        assert told["passalong_ledger_waiting_events"] == 3
        started = [name for name in told if name.startswith("passalong_process_started_timestamp_seconds")]
        assert started == [f'passalong_process_started_timestamp_seconds{{pid="{living.pid}"}}']
        living.communicate("\n")


def test_the_port_of_its_own_follows_the_settings(folder: Path) -> None:
    first, second = free_port(), free_port()
    exposition = Exposition()
    try:
        exposition.follow(Monitoring(port=first))
        assert httpx2.get(f"http://127.0.0.1:{first}/metrics").status_code == 200
        exposition.follow(Monitoring(port=second))
        assert httpx2.get(f"http://127.0.0.1:{second}/metrics").status_code == 200
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(f"http://127.0.0.1:{first}/metrics")
        exposition.follow(Monitoring())
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(f"http://127.0.0.1:{second}/metrics")
    finally:
        exposition.close()


async def test_a_batch_that_was_not_stored_is_told_apart() -> None:
    meters = Meters()
    meters.flushed(3, 0.001, 0, stored=False)
    told = read(meters.told().decode())
    assert told["passalong_ledger_refused_batches_total"] == 1
    assert told["passalong_ledger_batch_events_count"] == 0


def test_without_the_extra_it_is_said_what_to_install(home: Path) -> None:
    """A Python that has no prometheus-client: the module is hidden by one of the same name that cannot be found."""
    settings = home / "passalong.toml"
    settings.write_text(settings.read_text() + "\n[metrics]\nport = 9464\n")
    hide = "import sys; sys.modules['prometheus_client'] = None; from passalong.__main__ import main; main()"
    for command, stream in (("serve", "stderr"), ("doctor", "stdout")):
        env = {k: v for k, v in os.environ.items() if not k.startswith("PASSALONG_")}
        words = [sys.executable, "-c", hide, command, *(["--port", str(free_port())] if command == "serve" else [])]
        done = subprocess.run(words, cwd=home, env=env, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 1, done
        assert "pip install 'passalong[metrics]'" in getattr(done, stream)
        assert "Traceback" not in done.stderr


def test_a_key_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(Unusable, match=r"metrics\.key: use at least 24 characters"):
        checked(Settings(metrics=Monitoring(key="short")))
