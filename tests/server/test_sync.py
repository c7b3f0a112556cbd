"""`passalong sync`: a process of its own that carries, and says what waits."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import engine
from commands import run
from factories import ANN, eventually
from hubspot import HubSpot
from passalong.settings import HubSpot as HubSpotSettings
from serving import serving


@pytest.fixture
def folder(tmp_path: Path, clock: Any, crm: HubSpot) -> Path:
    """A vendor with one lead whom HubSpot refuses, and nobody who carries."""
    crm.poison[ANN["email"]] = "No: \x1b[31mred\u202e"
    with serving(tmp_path, clock, hubspot=HubSpotSettings(base_url=crm.url, token="another")) as server:
        server.admit(server.share())
        eventually(lambda: server.api.get("/api/v1/outbox/status").json()["destinations"][1]["paused_until"])
        key = server.config.signing_keys[0]
    (tmp_path / "passalong.toml").write_text(
        f'signing_keys = ["{key}"]\n[hubspot]\nbase_url = "{crm.url}"\ntoken = "{crm.token}"\n'
    )
    return tmp_path


def test_once_carries_and_says_what_was_refused_in_words_that_cannot_move_a_terminal(
    folder: Path, crm: HubSpot
) -> None:
    said = run(folder, "sync", "--once").stdout
    assert "Dead letters" in said
    assert "No:" in said
    assert "\x1b" not in said
    assert "\u202e" not in said
    told = json.loads(run(folder, "sync", "--status", "--json").stdout)
    assert {d["destination"]: d["failed"] for d in told["destinations"] if d["failed"]} == {"hubspot": 1}
    crm.poison.clear()
    run(folder, "sync", "--json", code=2)


def test_a_refused_key_is_a_failure_with_its_reason(folder: Path, crm: HubSpot) -> None:
    crm.token = "locked"
    failed = run(folder, "sync", "--once", code=1)
    assert "hubspot waits: HubSpot refuses the key: " in failed.stderr


def test_only_one_carries_and_it_ends_when_told_to(folder: Path, crm: HubSpot) -> None:
    crm.poison.clear()
    process = subprocess.Popen(
        [sys.executable, "-m", "passalong", "sync"],
        cwd=folder,
        env=os.environ | engine.variables(folder),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        eventually(lambda: crm.find(ANN["email"]), within_s=15)
        assert "Another process is carrying" in run(folder, "sync", "--once", code=1).stderr
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=15)
    assert process.returncode == 0
    assert "Traceback" not in said
    run(folder, "sync", "--once")


def test_comparing_says_what_differs(folder: Path, crm: HubSpot) -> None:
    crm.poison.clear()
    run(folder, "sync", "--once")
    crm.find(ANN["email"]).properties["passalong_customer_id"] = "globex"  # type: ignore[union-attr]
    said = run(folder, "sync", "--reconcile", "--status").stdout
    assert "passalong_customer_id is “globex” there and “initech” here." in said


def test_without_hubspot_it_says_so(home: Path) -> None:
    assert "HubSpot is not connected" in run(home, "sync", "--status").stdout
    assert "hubspot.token is not set" in run(home, "sync", "--reconcile", code=1).stderr
