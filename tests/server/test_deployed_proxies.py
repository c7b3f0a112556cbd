"""What server/deploy says to nginx and Caddy, said to them: pages, forms and addresses come through, and what is nobody
else's business does not."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from commands import run
from deployed import PROXIES, Front, caddy
from factories import ADMIN_KEY, ANN, PDF, SIGNING_KEY, Server
from passalong.settings import Limits, Monitoring
from ports import free_port
from serving import Clock, serving

VIEWER = "127.0.0.7"
OTHER = "127.0.0.8"


@pytest.fixture(params=PROXIES)
def proxied(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[tuple[Server, Front]]:
    """A server that believes its proxy, and the proxy."""
    with standing(request.param, tmp_path, clock) as pair:
        yield pair


@contextmanager
def standing(name: str, folder: Path, clock: Clock, **more: Any) -> Iterator[tuple[Server, Front]]:
    port = free_port()
    told = {"base_url": f"https://localhost:{port}", "trusted_proxies": ["127.0.0.1"], **more}
    before = folder / name
    before.mkdir()
    with (
        serving(folder, clock, limits=Limits(upload_mb=1), metrics=Monitoring(key="k" * 24), **told) as server,
        PROXIES[name](server.address.removeprefix("http://"), before, port) as front,
    ):
        yield server, front


def test_visitors_are_known_by_the_address_they_come_from_and_not_by_what_they_say(
    proxied: tuple[Server, Front],
) -> None:
    server, front = proxied
    path = server.share(mechanic="open")
    claims = [("x-forwarded-for", "203.0.113.1"), ("x-forwarded-for", "203.0.113.2"), ("x-request-id", "mine-of-all")]
    with front.visitor(VIEWER) as viewer, front.visitor(OTHER) as other:
        answers = [viewer.get(path), viewer.get(path, headers=claims[:1]), viewer.get(path, headers=claims)]
        assert server.counts("open")["visits"] == 1
        other.get(path)
        assert server.counts("open")["visits"] == 2
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert len(set(ids)) == 3
    assert "mine-of-all" not in ids


def test_a_gate_is_passed_with_cookies_for_https_alone_and_the_page_passed_along(proxied: tuple[Server, Front]) -> None:
    server, front = proxied
    path = server.share()
    with front.visitor(VIEWER) as viewer:
        passed = server.submit(path, viewer, **ANN)
        assert passed.status_code == 303
        cookies = passed.headers.get_list("set-cookie")
        assert len(cookies) == 2
        assert all("; Secure" in cookie for cookie in cookies)
        assert "max-age=" in passed.headers["strict-transport-security"]
        viewer.get(passed.headers["location"], follow_redirects=True).raise_for_status()
        assert viewer.get(f"{path}/file").content == PDF
        assert viewer.get(f"{path}/go").headers["location"].startswith("https://acme.example/signup")
        along = viewer.post(f"{path}/pass-along", follow_redirects=True)
        assert f"{front.address}/s/" in along.text
    assert [lead["email"] for lead in server.leads()] == [ANN["email"]]


def test_a_frame_that_fifty_hosts_may_show_comes_through_and_so_does_http_2(proxied: tuple[Server, Front]) -> None:
    server, front = proxied
    hosts = [f"a-host-with-number-{n}.of-a-department.of-a-company-with-a-long-name.example" for n in range(50)]
    brand = {"name": "Acme", "accent": "#0b5fff", "home_url": "https://acme.example", "embed_hosts": hosts}
    server.api.put("/api/v1/brands/acme", json=brand).raise_for_status()
    path = server.share("page", "open")
    with front.visitor() as viewer:
        framed = viewer.get(path.replace("/s/", "/e/"))
    assert framed.status_code == 200
    assert hosts[-1] in framed.headers["content-security-policy"]
    offering = ssl.create_default_context(cafile=front.certificate)
    offering.set_alpn_protocols(["h2", "http/1.1"])
    host, _, port = front.address.removeprefix("https://").partition(":")
    with (
        socket.create_connection(("127.0.0.1", int(port)), timeout=10) as wire,
        offering.wrap_socket(wire, server_hostname=host) as spoken,
    ):
        assert spoken.selected_alpn_protocol() == "h2"


def test_a_file_that_is_too_large_is_refused_and_not_cut_off(proxied: tuple[Server, Front]) -> None:
    _, front = proxied
    with front.visitor() as integrator:
        for megabytes, status in ((0.9, 200), (2, 413), (54, 413)):
            answer = integrator.post(
                "/api/v1/assets/report/files",
                files={"file": ("a.pdf", PDF + bytes(int(megabytes * 1_000_000)))},
                headers={"authorization": f"Bearer {ADMIN_KEY}"},
            )
            assert answer.status_code == status
            if megabytes == 2:
                assert "larger than" in answer.json()["detail"]


def test_metrics_are_told_inside_alone(proxied: tuple[Server, Front]) -> None:
    server, front = proxied
    key = {"authorization": f"Bearer {server.config.metrics.key}"}
    assert server.viewer.get("/metrics/", headers=key).status_code == 200
    with front.visitor() as stranger:
        for path in ("/metrics", "/metrics/", "/%6detrics", "/metrics%2f", "//metrics", "/metrics?a=b"):
            assert stranger.get(path, headers=key).status_code == 404, path


@pytest.mark.parametrize("name", PROXIES)
@pytest.mark.parametrize("trusted", [["127.0.0.1"], []])
def test_the_doctor_tells_whether_the_proxy_is_believed(
    name: str, trusted: list[str], tmp_path: Path, clock: Clock
) -> None:
    with standing(name, tmp_path, clock, trusted_proxies=trusted) as (server, front):
        config = server.config
        (tmp_path / "passalong.toml").write_text(
            f'base_url = "{front.address}"\nsigning_keys = ["{SIGNING_KEY}"]\ntrusted_proxies = {trusted}\n'
            f'database = "{config.database}"\nuploads = "{config.uploads}"\n'
        )
        believing = {"SSL_CERT_FILE": str(front.certificate)}
        said = run(tmp_path, "doctor", "--json", code=int(not trusted), environ=believing)
    state, what = ("ok", "by way of a trusted proxy") if trusted else ("bad", 'Set trusted_proxies = ["127.0.0.1"].')
    assert any(finding["state"] == state and what in finding["what"] for finding in json.loads(said.stdout))


@pytest.mark.parametrize("name", PROXIES)
def test_no_log_says_who_asked_for_what(name: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as rude:

        def hang_up() -> None:
            while True:
                try:
                    rude.accept()[0].close()
                except OSError:
                    return

        threading.Thread(target=hang_up, daemon=True).start()
        port = free_port()
        with (
            PROXIES[name](f"127.0.0.1:{rude.getsockname()[1]}", tmp_path, port) as front,
            front.visitor(VIEWER) as viewer,
        ):
            assert viewer.post("/s/a-token/gate", data={"email": "ann@umbrella.example"}).status_code == 502
        rude.shutdown(socket.SHUT_RDWR)
    said = front.log.read_text()
    assert [word for word in ("a-token", VIEWER, "umbrella") if word in said] == []
    assert not (tmp_path / "start.log").exists() or "a-token" not in (tmp_path / "start.log").read_text()


def test_caddy_waits_for_a_server_that_starts_anew(tmp_path: Path, clock: Clock) -> None:
    port, told = free_port(), []
    with caddy(f"127.0.0.1:{port}", tmp_path, free_port()) as front, front.visitor() as viewer:

        def ask() -> None:
            told.append(viewer.get("/healthz").status_code)

        asking = threading.Thread(target=ask)
        asking.start()
        with serving(tmp_path, clock, port=port):
            asking.join(5)
    assert told == [200]
