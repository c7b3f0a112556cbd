"""The console in a browser: for whoever has the printed address on this machine, and for nobody else."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from playwright.sync_api import Browser, WebSocket

from factories import SIGNING_KEY, Server, eventually

MECHANICS = {"hard", "soft", "open", "plain", "strict"}
_SEQUENCE = re.compile(rb"\x1b(\[[0-9;?<>=:]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|.)", re.DOTALL)


@pytest.fixture
def key(server: Server) -> str:
    """An admin's key that no other process knows."""
    return str(server.api.post("/api/v1/keys", json={"name": "browser", "role": "admin"}).json()["key"])


@pytest.fixture
def console(server: Server, key: str, tmp_path: Path) -> Iterator[str]:
    """A console of the running server, served to browsers: the address that it prints."""
    variables = {"PASSALONG_URL": server.config.base_url, "PASSALONG_KEY": key, "XDG_STATE_HOME": str(tmp_path)}
    with served(tmp_path, **variables) as address:
        yield address


@contextmanager
def served(folder: Path, *args: str, **variables: str) -> Iterator[str]:
    """`passalong console --web` in a process of its own; the address that it prints."""
    command = [sys.executable, "-m", "passalong", "console", "--web", *args]
    process = subprocess.Popen(
        command, cwd=folder, env=bare(variables), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert process.stdout
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/\?token=\S{40,}", line)
        assert found, line
        yield found[0]
    finally:
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=20)
    assert process.returncode == 0, said
    assert "Traceback" not in said


def bare(variables: dict[str, str]) -> dict[str, str]:
    """The variables of this process, of Passalong's these alone."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PASSALONG_")} | variables


def base(address: str) -> str:
    return address.partition("/?")[0]


def token(address: str) -> str:
    return parse_qs(urlsplit(address).query)["token"][0]


def arguments_of_all() -> str:
    """The arguments of every process, as anybody on the machine can list them."""
    return subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True).stdout


def test_the_page_shows_the_console_and_takes_keys(chrome: Browser, console: str, key: str) -> None:
    context = chrome.new_context(viewport={"width": 1200, "height": 800})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    asked: list[str] = []
    shown = bytearray()
    problems: list[Any] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: problems.append(error))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)

    def listen(socket: WebSocket) -> None:
        asked.append(socket.url)
        socket.on("framereceived", lambda frame: shown.extend(frame if isinstance(frame, bytes) else b""))

    def reads(words: str) -> Callable[[], bool]:
        def looked() -> bool:
            page.wait_for_timeout(50)
            return words.encode() in _SEQUENCE.sub(b"", bytes(shown))

        return looked

    page.on("websocket", listen)
    page.goto(console)
    eventually(reads("What did customers bring this month?"), within_s=20)
    assert page.url == f"{base(console)}/", "the token is gone from the address bar"
    [cookie] = context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["value"]) == (True, "Strict", token(console))
    assert not page.get_by_role("status").first.is_visible()
    page.keyboard.press("2")
    eventually(reads("Which mechanic produces pipeline?"), within_s=20)
    eventually(reads("Customer reports"), within_s=20)
    page.keyboard.press("y")
    eventually(lambda: page.wait_for_timeout(50) or page.evaluate("navigator.clipboard.readText()") in MECHANICS)
    assert {urlsplit(url).netloc for url in asked} == {urlsplit(console).netloc}, "nobody else is asked"
    assert problems == []
    listed = arguments_of_all()
    assert "-m passalong console" in listed
    assert key not in listed
    page.keyboard.press("Control+q")
    page.get_by_text("This console has ended.").wait_for()
    shown.clear()
    page.keyboard.press("Enter")
    page.get_by_text("This console has ended.").wait_for(state="hidden")
    eventually(reads("Which mechanic produces pipeline?"), within_s=20)  # where one was
    context.close()


@pytest.mark.parametrize("path", ["/", "/ws", "/page.js", "/static/js/textual.js", "/download/x", "/nothing"])
def test_without_the_token_nothing_is_there(console: str, path: str) -> None:
    address = base(console)
    for query in ("", "?token=", "?token=guess", f"?token={token(console)[:-1]}", f"?token={token(console)}%ff"):
        assert httpx2.get(f"{address}{path}{query}").status_code == 403, query
    with httpx2.Client(base_url=address) as right:
        assert right.get(f"/?token={token(console)}").status_code == 200
        assert right.get("/page.js").status_code == 200, "by the cookie"
        assert right.get(path, params={"token": "guess"}).status_code == 403, "what the address says counts first"


def test_other_hosts_and_origins_are_refused(console: str) -> None:
    with httpx2.Client(base_url=base(console)) as client:
        client.get(f"/?token={token(console)}").raise_for_status()
        refused_elsewhere(client, urlsplit(console).port or 0)


def refused_elsewhere(client: httpx2.Client, port: int) -> None:
    for host in (f"rebound.example:{port}", "127.0.0.1", f"127.0.0.1:{port}.evil.example", "evil.example"):
        assert client.get("/", headers={"host": host}).status_code == 403, host
    assert client.get("/", headers={"host": f"localhost:{port}"}).status_code == 200
    upgrade = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    foreign = ("https://evil.example", "null", f"https://127.0.0.1:{port}", "http://127.0.0.1:1", f"http://evil:{port}")
    for origin in foreign:
        assert client.get("/ws", headers={**upgrade, "origin": origin}).status_code == 403, origin
        assert client.get("/", headers={"origin": origin}).status_code == 403, origin
    assert client.get("/ws", headers=upgrade).status_code == 403, "a browser says where a websocket comes from"


def test_a_foreign_page_cannot_reach_the_console(chrome: Browser, console: str) -> None:
    """The same browser, which has the cookie; another page of it, which has not the origin."""
    context = chrome.new_context()
    context.new_page().goto(console)
    foreign = context.new_page()
    foreign.route(
        "https://evil.example/", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html")
    )
    foreign.goto("https://evil.example/")
    address = base(console).replace("http", "ws")
    ended = foreign.evaluate(
        """address => new Promise(done => {
             const socket = new WebSocket(address + "/ws");
             socket.onopen = () => done("open");
             socket.onerror = () => done("refused");
           })""",
        address,
    )
    assert ended == "refused"
    context.close()


def test_it_listens_on_this_machine_alone(console: str) -> None:
    port = urlsplit(console).port
    assert port
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    listening = {line.split()[1] for line in lines if line.split()[3] == "0A"}
    assert f"0100007F:{port:04X}" in listening
    assert f"00000000:{port:04X}" not in listening


def test_what_the_browser_is_told_of_every_answer(console: str) -> None:
    answers = [httpx2.get(console), httpx2.get(f"{base(console)}/static/js/textual.js"), httpx2.get(base(console))]
    for answer in answers:
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"


def test_a_local_database_reaches_it_by_a_variable(server: Server, chrome: Browser, tmp_path: Path) -> None:
    database = server.config.database
    (tmp_path / "passalong.toml").write_text(f'signing_keys = ["{SIGNING_KEY}"]\n')
    with served(tmp_path, "--db", "passalong.db", XDG_STATE_HOME=str(tmp_path)) as address:
        shown = bytearray()
        page = chrome.new_page()
        page.on(
            "websocket",
            lambda s: s.on("framereceived", lambda frame: shown.extend(frame if isinstance(frame, bytes) else b"")),
        )
        page.goto(address)
        eventually(lambda: page.wait_for_timeout(50) or b"customers bring" in bytes(shown), within_s=20)
        assert database not in arguments_of_all()
        page.close()


def test_a_port_that_is_taken_and_a_server_without_a_key(tmp_path: Path, server: Server) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        said = asked_in_vain(tmp_path, "--port", port, PASSALONG_URL=server.config.base_url, PASSALONG_KEY="pak_x")
    assert f"passalong: Port {port} cannot be had here" in said
    assert "--url needs --key, or the variable PASSALONG_KEY." in asked_in_vain(tmp_path, "--url", "https://x.example")


def test_without_the_extra_it_says_how_to_get_it(tmp_path: Path) -> None:
    # What Python finds first is a package without the module: as if it were not installed.
    code = "import sys; sys.modules['textual_serve'] = None; from passalong.__main__ import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", code, "console", "--web", "--url", "https://x.example", "--key", "pak_x"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        "passalong: Showing the console in a browser needs textual-serve: pip install 'passalong[web]'.\n"
    )


def asked_in_vain(folder: Path, *args: str, **variables: str) -> str:
    command = [sys.executable, "-m", "passalong", "console", "--web", *args]
    done = subprocess.run(
        command, cwd=folder, env=bare(variables), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.replace("│", " ").split())
