"""What the bench asks: a vendor in a folder, shares minted offline, and the raw requests of each row of the table."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx2
from load import Request
from PIL import Image

from passalong.domain.passes import Click, FormToken
from passalong.domain.share import claim, mint
from passalong.domain.token import Keyring, Purpose

SHARES = 200
KEY = "bench-signing-key-of-thirty-two-characters"
_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_COMMON = f"host: 127.0.0.1\r\nuser-agent: {_AGENT}\r\naccept: text/html,*/*;q=0.8\r\n"
_TOML = f"""\
base_url = "http://127.0.0.1"
signing_keys = ["{KEY}"]
trusted_proxies = ["127.0.0.1"]
[limits]
submissions_per_10_minutes = 100000000
"""


class Row(NamedTuple):
    """One line of the table: a kind of request, and the event that each answered one has left in the ledger."""

    name: str
    title: str
    requests: Sequence[Request]
    event: str | None = None
    goals: tuple[tuple[int, float], ...] = ()
    """By connections, the least ratio to the ceiling hoped for."""
    opened: Sequence[Request] = ()
    """What has been asked for once before."""


def settle(folder: Path) -> str:
    """Settings and a database in a folder. Gives the secret of an admin key."""
    (folder / "passalong.toml").write_text(_TOML)
    command = [sys.executable, "-m", "passalong", "keys", "create", "bench", "--role", "admin"]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def furnish(url: str, secret: str) -> None:
    """A brand, a customer, a hard gate, and a page behind it."""
    things: dict[str, dict[str, Any]] = {
        "brands/acme": {"name": "Acme", "accent": "#0b5fff", "home_url": "https://acme.example"},
        "customers/initech": {"name": "Initech", "domains": ["initech.example"], "consent_to_cobrand": True},
        "mechanics/hard": {
            "kind": "shared_asset",
            "title": "Customer reports",
            "owner": "Mara",
            "brand": "acme",
            "gate": {"mode": "hard", "fields": ["name", "company"]},
            "cta": {"label": "Start a free account", "url": "https://acme.example/signup"},
            "target_per_1000": 10,
        },
        "mechanics/open": {"kind": "shared_asset", "title": "Tours", "owner": "Mara", "brand": "acme"},
        "assets/tour": {"title": "A tour", "kind": "walkthrough", "source": {"steps": [{"image": "a.png"}] * 3}},
        "assets/report": {
            "title": "Quarterly report",
            "kind": "page",
            "summary": "What changed in a quarter.",
            "source": {"markdown": "# Hello\n\nSome *text*."},
        },
    }
    for path, body in things.items():
        answer = httpx2.put(f"{url}/api/v1/{path}", json=body, headers={"authorization": f"Bearer {secret}"})
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.text}")
    drawn = io.BytesIO()
    Image.new("RGB", (640, 400), "#0b5fff").save(drawn, "PNG")
    httpx2.post(
        f"{url}/api/v1/assets/tour/files",
        files={"file": ("a.png", drawn.getvalue())},
        headers={"authorization": f"Bearer {secret}"},
    ).raise_for_status()


def rows(secret: str = "") -> list[Row]:
    """Each over the same many shares: one share alone would be one counter row, and warm everywhere."""
    keyring = Keyring([KEY])
    claims = [claim(asset="report", customer="initech", mechanic="hard") for _ in range(SHARES)]
    tokens = [mint(keyring, each) for each in claims]
    rendered_at_ms = time.time_ns() // 1_000_000 - 60_000
    tours = [mint(keyring, claim(asset="tour", customer="initech", mechanic="open")) for _ in range(SHARES)]
    clicks = [keyring.seal(Purpose.CLICK, Click(each.share, None, rendered_at_ms, each.nonce)) for each in claims]
    conversions = [_conversion(secret, click) for click in clicks]
    forms = [keyring.seal(Purpose.FORM, FormToken(each.share, rendered_at_ms)) for each in claims]
    goals = ((16, 0.40), (64, 0.50))
    pages = [request_of(token) for token in tokens]
    zipped = [request_of(token, "accept-encoding: gzip, br\r\n") for token in tokens]
    posts = [_post(token, form) for token, form in zip(tokens, forms, strict=True)]
    return [
        Row("page", "share page, view stored", pages, "view", goals),
        Row(
            "gzip",
            "  with gzip",
            zipped,
            "view",
            goals,
        ),
        Row("visitor", "  every visitor new, by a proxy", [_from_anywhere(token) for token in tokens], "view"),
        Row("prefetch", "  no event (prefetch)", [request_of(token, "sec-purpose: prefetch\r\n") for token in tokens]),
        Row("step", "step of a walkthrough, stored", [_walked(token) for token in tours], "step", goals),
        Row("form", "form, a new lead stored", posts, "lead"),
        Row("conversion", "conversion by API, credited", conversions, "signup", opened=pages),
    ]


def request_of(token: str, more: str = "") -> Request:
    """Of a share's page, by a browser."""
    return Request(f"GET /s/{token} HTTP/1.1\r\n{_COMMON}{more}\r\n")


def _walked(token: str) -> Request:
    """The second step, by somebody who was at the first."""
    return request_of(f"{token}/2", f"referer: http://127.0.0.1/s/{token}\r\n")


def _from_anywhere(token: str) -> Request:
    """Each from another address, so that each counts as a visit, too."""
    return Request(f"GET /s/{token} HTTP/1.1\r\n{_COMMON}x-forwarded-for: 2001:db8::", "\r\n\r\n", ":")


def _conversion(secret: str, click: str) -> Request:
    """Under a name of its own each."""
    occurred_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    before = f'{{"kind":"signup","occurred_at":"{occurred_at}","click":"{click}","external_id":"bench-'
    head = (
        f"POST /api/v1/conversions HTTP/1.1\r\n{_COMMON}authorization: Bearer {secret}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(before) + 8 + 2}\r\n\r\n"
    )
    return Request(head + before, '"}')


def _post(token: str, form: str) -> Request:
    before, after = f"csrf_token={quote(form)}&website=&name=Ann+Viewer&company=Firm&email=viewer.", "%40firm.example"
    head = (
        f"POST /s/{token}/gate HTTP/1.1\r\n{_COMMON}content-type: application/x-www-form-urlencoded\r\n"
        f"content-length: {len(before) + 8 + len(after)}\r\n\r\n"
    )
    return Request(head + before, after)
