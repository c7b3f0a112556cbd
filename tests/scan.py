"""Attacks a demonstration with Wapiti: `make scan`. Says what was found and leaves with 1 if it was anything.

Every kind of page is a start: shares and their frames, walkthrough, prompts, the portal from within, what a pass opens;
and the API by its description, with an admin's key. Reports stay in `.scan`.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
from msgspec.structs import replace

sys.path.insert(0, str(Path(__file__).parent))

from factories import form_token
from passalong.app import create_app
from passalong.commands.demo import free_port, serving
from passalong.demo import setup

FOLDER = Path(__file__).parents[1] / ".scan"
WAPITI = FOLDER / "venv" / "bin" / "wapiti"
OF_PAGES = (
    "backup cookieflags crlf csp exec file htaccess http_headers methods permanentxss redirect shellshock "
    "spring4shell sql timesql upload xss"
).split()
"""Left out are modules that guess names and passwords of other products, that look for a directory where there is none
(ldap takes a form's fresh token for its answer), that need a server of Wapiti's own on the internet (log4shell, ssrf,
xxe), and that look at certificates and HTTPS, which stand before this server."""
OF_THE_API = "crlf exec file permanentxss redirect shellshock sql timesql xss".split()
SECONDS = 90
"""For each module."""
EXPECTED = ("Secure Flag cookie",)
"""A demonstration is served over plain HTTP, where no browser would keep a cookie with that flag."""


def wapiti(report: Path, base_url: str, modules: list[str], *more: str) -> list[str]:
    """What was found, a line each."""
    command = [
        str(WAPITI), "--url", f"{base_url}/privacy", "--scope", "domain", "--module", ",".join(modules),
        "--depth", "3", "--max-links-per-page", "40", "--max-parameters", "30",
        "--max-scan-time", "300", "--max-attack-time", str(SECONDS), "--flush-session", "--no-bugreport",
        "--store-session", str(FOLDER / "session"), "--store-config", str(FOLDER / "config"),
        "--format", "json", "--output", str(report), *more,
    ]  # fmt: skip
    report.unlink(missing_ok=True)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    told = json.loads(report.read_text("utf-8"))
    print(f"{report.name}: {told['infos']['crawled_pages_nbr']} addresses and forms, {len(modules)} modules")
    return [
        f"{kind}: {found['method']} {found['path']}: {found['info']}"
        for part in ("vulnerabilities", "anomalies")
        for kind, entries in told[part].items()
        if kind not in EXPECTED
        for found in entries
    ]


def starts(links: dict[str, Any]) -> Iterator[str]:
    """Addresses of every kind of page, and one behind a gate."""
    yield from (url for name, url in links.items() if name not in ("base_url", "database", "admin_key"))
    yield f"{links['base_url']}/oembed?url={quote(links['report'], safe='')}"
    with httpx2.Client() as viewer:
        page = viewer.get(links["report"])
        values = {
            "email": "ann@umbrella.example",
            "name": "Ann",
            "company": "Umbrella",
            "role": "Head",
            "consent": "true",
        }
        sent = {**values, "csrf_token": form_token(page.text), "website": ""}
        passed = viewer.post(f"{links['report']}/gate", data=sent)
        assert passed.status_code == 303, passed.text
        yield f"{links['base_url']}{passed.headers['location']}"


def session(link: str) -> str:
    """The cookie of a customer who has entered its portal."""
    with httpx2.Client() as browser:
        entered = browser.post(link, data={"csrf_token": form_token(browser.get(link).text)})
        assert entered.status_code == 303, entered.text
        return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        port = free_port(8700)
        config = setup.settings_in(Path(folder), f"http://localhost:{port}")
        config = replace(config, limits=replace(config.limits, submissions_per_10_minutes=10**9))
        links = asyncio.run(setup.prepare(config, lambda _: None))
        base_url = str(links["base_url"])
        with serving(create_app(config), "127.0.0.1", port):
            pages = [part for url in starts(links) for part in ("--start", url)]
            portal = ["--start", f"{base_url}/portal", "--cookie-value", session(links["portal"])]
            found = wapiti(FOLDER / "pages.json", base_url, OF_PAGES, *pages, *portal)
            # Whom a gate knows it lets pass, whatever else the form says: forms are looked at by somebody unknown.
            found += wapiti(FOLDER / "forms.json", base_url, ["csrf"], *pages, *portal, "--drop-set-cookie")
            key = ["--header", f"Authorization: Bearer {links['admin_key']}"]
            document = ["--swagger", f"{base_url}/api/openapi.json"]
            found += wapiti(FOLDER / "api.json", base_url, OF_THE_API, *document, *key)
    print("\n".join(found) or "Nothing was found.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
