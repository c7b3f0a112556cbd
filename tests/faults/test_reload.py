"""SIGHUP: the settings of that moment, on every process, while nobody who asks is turned away."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import httpx2
import pytest

from commands import run
from factories import SIGNING_KEY
from faults.crowd import Crowd
from faults.running import BROWSER, Running, mint_share, running
from passalong.domain.share import claim, mint
from passalong.domain.token import Keyring
from passalong.paths import shipped_rules
from ports import free_port

pytestmark = pytest.mark.faults

SECOND_KEY = "a-second-signing-key-of-forty-characters"


def until(so: Callable[[], bool], within_s: float = 30) -> None:
    deadline = time.monotonic() + within_s
    while not so():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def change(server: Running, old: str, new: str) -> None:
    """Edits the settings file and asks for a reload."""
    path = server.folder / "passalong.toml"
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    server.reload()


def reload(server: Running, old: str, new: str) -> None:
    """The same, and waits until no process of before is left."""
    before = set(serving(server))
    change(server, old, new)
    until(lambda: len(serving(server)) == len(before) and not before & set(server.worker_pids))


def serving(server: Running) -> list[int]:
    """The processes that take requests: those in whose hands the listening socket is, the supervisor aside."""
    port = f":{server.port:04X}"
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    (inode,) = [row[9] for row in rows if row[1].endswith(port) and row[3] == "0A"]
    return [pid for pid in server.worker_pids if f"socket:[{inode}]" in links(pid)]


def links(pid: int) -> set[str]:
    found = set()
    try:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            found.add(str(link.readlink()))
    except OSError:  # closed, or gone, since it was listed
        pass
    return found


@pytest.mark.parametrize("workers", [1, 2])
async def test_reloads_under_a_crowd_lose_nothing_and_refuse_nobody(tmp_path: Path, workers: int) -> None:
    with running(tmp_path, workers=workers) as server:
        crowd = Crowd(server.url, 40)
        with server.seeded():
            pass
        await asyncio.to_thread(reload, server, "[limits]", "[limits]\nupload_mb = 8")
        async with crowd.at_work():
            await asyncio.sleep(0.5)
            for mb, before in ((9, 8), (10, 9)):
                await asyncio.to_thread(reload, server, f"upload_mb = {before}", f"upload_mb = {mb}")
            await asyncio.sleep(0.5)
        server.terminate()
        stored = server.stored()
        print(f"\n{workers} worker(s)\n{crowd.account(stored)}\n{server.said()}")
        assert crowd.acknowledged.total() > 300
        assert not crowd.lost(stored)
        assert not crowd.invented(stored)
        assert not crowd.emails - server.stored_addresses()
        assert not crowd.odd
        said = server.verify()
        assert (said["differences"], said["damage"]) == ([], [])
        assert "Traceback" not in server.said()


def test_a_connection_that_a_proxy_keeps_says_which_answer_was_its_last(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        server.reload()
        with closing(HTTPConnection("127.0.0.1", server.port, timeout=10)) as kept:

            def told() -> bool:
                kept.request("GET", "/healthz")
                answer = kept.getresponse()
                answer.read()
                return answer.getheader("connection") == "close"

            until(told)
        assert server.answers("/healthz")


def test_every_process_follows_and_the_log_says_what_has_changed(tmp_path: Path) -> None:
    with running(tmp_path, workers=2) as server, server.seeded() as api:
        claims = claim(asset="report", customer="initech", mechanic="hard")
        path = f"/s/{mint(Keyring([SECOND_KEY]), claims)}"
        assert httpx2.get(server.url + path).status_code == 404
        reload(server, f'["{SIGNING_KEY}"]', f'["{SIGNING_KEY}", "{SECOND_KEY}"]')
        asked = [httpx2.get(server.url + path, headers={"user-agent": BROWSER}).status_code for _ in range(20)]
        assert set(asked) == {200}
        assert api.get("/api/v1/settings").json()["signing_keys"] == 2
        assert "settings read again; changed: signing_keys" in server.said()
        assert SECOND_KEY not in server.said()


def test_the_rules_of_plays_are_read_again_too(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(shipped_rules().read_text())
    with running(tmp_path) as server, server.seeded() as api:
        reload(server, "[limits]", '[plays]\nrules = "own.toml"\n[limits]')
        assert "tickets-pile-up" in api.get("/api/v1/rules").text
        own.write_text(own.read_text().replace('id = "tickets-pile-up"', 'id = "a-rule-of-our-own"'))
        reload(server, "[limits]", "[limits]")
        assert "a-rule-of-our-own" in api.get("/api/v1/rules").text
        assert server.said().count("changed: plays.rules\n") == 2


def test_metrics_of_all_processes_are_told_on_a_port_of_their_own_and_outlive_a_reload(tmp_path: Path) -> None:
    with running(tmp_path, workers=2) as server, server.seeded():
        port = free_port()
        reload(server, "[limits]", f"[metrics]\nport = {port}\n[limits]")

        def told(name: str) -> float:
            lines = httpx2.get(f"http://127.0.0.1:{port}/metrics").text.splitlines()
            return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))

        path = mint_share()[1]
        for _ in range(20):
            httpx2.get(server.url + path)
        count = 'passalong_request_seconds_count{door="share"'
        assert told(count) == 20
        assert told("passalong_process_started_timestamp_seconds{") > 2 * 1.7e9
        reload(server, "[limits]", "[limits]\nupload_mb = 9")
        httpx2.get(server.url + path)
        assert told(count) == 21
        assert len(serving(server)) == 2
        assert told("passalong_process_started_timestamp_seconds{") < 3 * 1.8e9, "those that have ended are not told"
        environ = Path(f"/proc/{serving(server)[0]}/environ").read_text().split("\0")
        (folder,) = [entry.partition("=")[2] for entry in environ if entry.startswith("PROMETHEUS_MULTIPROC_DIR=")]
        assert Path(folder).is_dir()
        server.terminate()
        assert not Path(folder).exists()


def test_a_broken_file_is_refused_in_words_and_the_settings_of_before_stand(tmp_path: Path) -> None:
    with running(tmp_path) as server, server.seeded() as api:
        before = serving(server)
        change(server, "[limits]", "[limits]\nupload_mb = 0")
        until(lambda: "the settings stay as they were: passalong.toml: limits.upload_mb" in server.said())
        change(server, "[limits]\nupload_mb = 0", '[mail]\nhost = "x.example"\n[limits]')
        until(lambda: "the settings stay as they were: mail.sender" in server.said())
        change(server, '[mail]\nhost = "x.example"\n[limits]', "[limits]")
        until(lambda: "changed: nothing" in server.said() and not set(before) & set(serving(server)))
        before = serving(server)
        change(server, f'"{server.database}"', '"/nowhere/at/all.db"')
        until(lambda: "the settings stay as they were: /nowhere/at is no folder" in server.said())
        assert "Traceback" not in server.said()
        assert serving(server) == before
        # Whoever takes the place of a process that dies does not stumble over the file either.
        os.kill(before[0], signal.SIGKILL)
        until(lambda: serving(server) not in ([], before) and server.answers("/readyz"))
        assert api.get("/api/v1/settings").json()["limits"]["upload_mb"] == 50


def test_a_killed_server_leaves_nobody_behind_on_its_port(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        (worker,) = serving(server)
        os.kill(server.pid, signal.SIGKILL)
        until(lambda: not Path(f"/proc/{worker}/fd").exists() or not links(worker))
        assert not server.answers("/healthz")


def test_who_comes_while_it_ends_is_refused_at_once_and_what_is_at_hand_is_finished(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        with server.seeded():
            pass
        address = ("127.0.0.1", server.port)

        def refused() -> bool:
            try:
                socket.create_connection(address).close()
            except ConnectionRefusedError:
                return True
            return False

        with socket.create_connection(address, timeout=10) as at_hand:
            at_hand.sendall(b"POST %s/gate HTTP/1.1\r\nhost: x\r\n" % mint_share()[1].encode())
            at_hand.sendall(b"content-type: application/x-www-form-urlencoded\r\ncontent-length: 500\r\n\r\nname=")
            assert server.answers("/healthz")
            assert server.process
            server.process.send_signal(signal.SIGTERM)
            until(refused, within_s=5)
            assert server.process.poll() is None
            at_hand.sendall(b"A" * 495)
            assert at_hand.recv(65_536).startswith(b"HTTP/1.1 422 ")
        assert server.process.wait(10) == 0


def test_sigterm_is_no_failure_and_a_port_in_use_is_said_in_words(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        port = str(server.port)
        said = run(tmp_path, "serve", "--port", port, code=1).stderr
        assert f"127.0.0.1:{port} cannot be listened on: Address already in use." in said
        server.terminate()
        assert server.process is not None
        assert server.process.returncode == 0
