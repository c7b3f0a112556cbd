"""nginx and Caddy as server/deploy sets them up, run by their own programs before a server: addresses, certificate and
the place of the log are others, and nothing else is."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from factories import FIREFOX
from ports import free_port

DEPLOY = Path(__file__).resolve().parents[1] / "server" / "deploy"


@dataclass(frozen=True)
class Front:
    """A proxy that speaks TLS on loopback, and whatever it has said."""

    address: str
    certificate: Path
    log: Path

    @contextmanager
    def visitor(self, address: str = "127.0.0.1") -> Iterator[httpx2.Client]:
        """A browser at that address."""
        trusting = ssl.create_default_context(cafile=self.certificate)
        way = httpx2.HTTPTransport(verify=trusting, local_address=address)
        with httpx2.Client(base_url=self.address, transport=way, headers={"user-agent": FIREFOX}, timeout=20) as http:
            yield http


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate that nobody has signed, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl here to make a certificate")
    words = f"req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 1 -subj /CN={name}"
    done = [openssl, *words.split(), "-addext", f"subjectAltName=DNS:{name}"]
    subprocess.run(done, cwd=folder, check=True, capture_output=True)
    return folder / "cert.pem", folder / "key.pem"


def changed(text: str, *changes: tuple[str, str]) -> str:
    """The text with these parts of it replaced, each of which is there."""
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after)
    return text


@contextmanager
def nginx(to: str, folder: Path, port: int) -> Iterator[Front]:
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    if program is None:
        pytest.skip("no nginx here")
    cert, key = certificate(folder, "localhost")
    log = folder / "nginx.log"
    site = changed(
        (DEPLOY / "nginx.conf").read_text(),
        ("server 127.0.0.1:8000;", f"server {to};"),
        ("listen 80;", f"listen 127.0.0.1:{free_port()};"),
        ("    listen [::]:80;\n", ""),
        ("listen 443 ", f"listen 127.0.0.1:{port} "),
        ("    listen [::]:443 ssl http2;\n", ""),
        ("/etc/letsencrypt/live/share.example.com/fullchain.pem", str(cert)),
        ("/etc/letsencrypt/live/share.example.com/privkey.pem", str(key)),
        ("share.example.com", "localhost"),
        ("/var/log/nginx/error.log", str(log)),
    )
    (folder / "site.conf").write_text(site)
    # What surrounds a site in the packages' own nginx.conf, as far as it matters here.
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    (folder / "nginx.conf").write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nevents {{}}\n"
        f"http {{\naccess_log {log};\n{temporary}include {folder}/site.conf;\n}}\n"
    )
    command = [program, "-e", str(folder / "start.log"), "-c", str(folder / "nginx.conf")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    with _standing(command, {}, Front(f"https://localhost:{port}", cert, log)) as front:
        yield front


@contextmanager
def caddy(to: str, folder: Path, port: int) -> Iterator[Front]:
    program = shutil.which("caddy")
    if program is None:
        pytest.skip("no Caddy here")
    cert, key = certificate(folder, "localhost")
    site = "{$PASSALONG_HOST:share.example.com} {"
    text = changed((DEPLOY / "Caddyfile").read_text(), (site, f"{site}\n\ttls {cert} {key}"))
    own = f"{{\n\tadmin off\n\tdefault_bind 127.0.0.1\n\thttp_port {free_port()}\n"
    (folder / "Caddyfile").write_text(text.replace("{\n", own, 1))
    environ = {
        "PASSALONG_HOST": f"https://localhost:{port}", "PASSALONG_UPSTREAM": to,
        "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder),
    }  # fmt: skip
    told = ["--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
    checked = subprocess.run([program, "validate", *told], env=os.environ | environ, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    with _standing([program, "run", *told], environ, Front(f"https://localhost:{port}", cert, folder / "log")) as front:
        yield front


PROXIES: dict[str, Callable[[str, Path, int], object]] = {"nginx": nginx, "caddy": caddy}
"""By name: each takes where the server listens, a folder of its own and the port to listen on, and gives a Front."""


@contextmanager
def _standing(command: list[str], environ: dict[str, str], front: Front) -> Iterator[Front]:
    """The proxy from when it takes connections on."""
    with front.log.open("ab") as log:
        process = subprocess.Popen(command, env=os.environ | environ, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 20
        with front.visitor() as http:
            while True:
                try:
                    http.get("/metrics")  # whatever stands behind is not asked for that
                    break
                except httpx2.ConnectError:
                    assert process.poll() is None, front.log.read_text()
                    assert time.monotonic() < deadline, front.log.read_text()
                    time.sleep(0.02)
        yield front
    finally:
        process.terminate()
        process.wait(10)
