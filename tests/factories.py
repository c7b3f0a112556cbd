"""Sample parts for tests: a vendor called Acme, whose customers Initech and Globex share."""

from __future__ import annotations

import asyncio
import io
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from xml.etree.ElementTree import Element

import html5lib
import httpx2
from PIL import Image

import engine
from passalong.commands.keys import create_key
from passalong.domain.access import ApiKey, Role
from passalong.settings import Settings, Unfurl

T = TypeVar("T")

SIGNING_KEY = "test-signing-key-of-thirty-two-characters"
ADMIN_KEY = "pak_test-admin-key"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n%%EOF\n"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.1 Safari/605.1.15"
SLACK = "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
ANN = {"email": "ann@umbrella.example", "name": "Ann Umber"}
"""What the gate of the mechanic `hard` asks for."""
SIZE = (1600, 1000)
CTA = {"label": "Start a free account", "url": "https://acme.example/signup?plan=free"}


@dataclass
class Server:
    """A running server: `api` speaks with an admin key, `viewer` is a browser without JavaScript.

    `address` is where it listens; `config.base_url` is what the world calls it.
    """

    config: Settings
    address: str
    api: httpx2.Client
    viewer: httpx2.Client

    def share(self, asset: str = "report", mechanic: str = "hard", customer: str = "initech", **more: Any) -> str:
        """The path of a new share's page."""
        body = {"asset": asset, "customer": customer, "mechanic": mechanic, **more}
        answer = self.api.post("/api/v1/shares", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["url"]).removeprefix(self.config.base_url)

    def submit(self, path: str, client: httpx2.Client | None = None, **values: str) -> httpx2.Response:
        """Fills the form as a browser would: opens the page, takes its form token, posts."""
        client = client or self.viewer
        page = client.get(path)
        return client.post(f"{path}/gate", data={"csrf_token": form_token(page.text), "website": "", **values})

    def events(self) -> list[dict[str, Any]]:
        found = self.api.get("/api/v1/events?after=0&limit=1000").json()["items"]
        return list(found)

    def happened(self, *kinds: str) -> list[tuple[str, str]]:
        """Kind and actor of every event that was not an integrator's; of these kinds alone if some are given."""
        return [
            (e["kind"], e["actor"])
            for e in self.events()
            if e["actor"] != "system" and (not kinds or e["kind"] in kinds)
        ]

    def share_page(self, path: str) -> str:
        """The page as somebody sees it who was never here before."""
        return httpx2.get(self.address + path, headers={"user-agent": SAFARI}).text

    def admit(self, path: str, client: httpx2.Client | None = None, **values: str) -> httpx2.Response:
        """Passes the gate of a share; the page behind it."""
        answer = self.submit(path, client, **{**ANN, **values})
        assert answer.status_code == 303, answer.text
        return (client or self.viewer).get(answer.headers["location"], follow_redirects=True)

    def leads(self) -> list[dict[str, Any]]:
        """All leads, newest first."""
        return list(self.api.get("/api/v1/leads?limit=200").json()["items"])

    def counts(self, mechanic: str) -> dict[str, Any]:
        return dict(self.api.get(f"/api/v1/mechanics/{mechanic}").json()["counts"])

    def convert(self, external_id: str, **report: Any) -> dict[str, Any]:
        """Reports an opportunity and gives its attribution."""
        body = {"external_id": external_id, "kind": "opportunity", **report}
        answer = self.api.post("/api/v1/conversions", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json()["attribution"])

    def key(self, role: str) -> tuple[ApiKey, dict[str, str]]:
        """A new key as `passalong keys create` makes it, and its header, once the running server knows it."""
        key, secret = asyncio.run(create_key(self.config, f"the {role}", Role(role)))
        header = {"authorization": f"Bearer {secret}"}
        eventually(lambda: self.api.get("/api/v1/mechanics", headers=header).status_code == 200)
        return key, header


def eventually(look: Callable[[], T], within_s: float = 15) -> T:
    """Looks again and again until there is something to see: what reaches other processes takes a moment."""
    deadline = time.monotonic() + within_s
    while not (seen := look()):
        assert time.monotonic() < deadline, f"not within {within_s} s"
    return seen


def parsed(html: str) -> Element:
    """The page as a browser would read it."""
    return html5lib.parse(html, namespaceHTMLElements=False)


def element(html: str, id: str) -> Element:
    found = parsed(html).find(f".//*[@id='{id}']")
    assert found is not None, f"nothing has the id {id}"
    return found


def words(html: str) -> str:
    """What a reader sees, in one line."""
    body = parsed(html).find("body")
    assert body is not None
    return " ".join("".join(body.itertext()).split())


def rfc3339(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat()


def form_token(html: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', html)
    assert found, html
    return found[1]


def picture(colour: str = "#aa3333", size: tuple[int, int] = SIZE, kind: str = "PNG", **more: Any) -> bytes:
    """A picture of one colour."""
    packed = io.BytesIO()
    Image.new("RGB", size, colour).save(packed, kind, **more)
    return packed.getvalue()


def settings_for(folder: Path, **more: Any) -> Settings:
    if "database" not in more:
        more["database"] = engine.database_for(folder)
    return Settings(
        signing_keys=[SIGNING_KEY],
        timezone="Europe/Berlin",
        embed_sources=["*.acme.example"],
        **{"unfurl": Unfurl(draw_ahead=False), "uploads": str(folder / "passalong.files"), **more},
    )


def mechanic(**more: Any) -> dict[str, Any]:
    return {
        "kind": "shared_asset",
        "title": "Customer reports",
        "owner": "Mara",
        "brand": "acme",
        "cta": CTA,
        "target_per_1000": 10,
        **more,
    }


def seed(api: httpx2.Client) -> None:
    def put(path: str, body: dict[str, Any]) -> None:
        answer = api.put(f"/api/v1/{path}", json=body)
        assert answer.status_code == 200, answer.text

    put("brands/acme", {"name": "Acme", "accent": "#0b5fff", "home_url": "https://acme.example"})
    put("customers/initech", {"name": "Initech", "domains": ["initech.example"], "consent_to_cobrand": True})
    put("customers/globex", {"name": "Globex", "domains": ["globex.example"]})
    gate = {"mode": "hard", "fields": [{"name": "name", "required": True}, "company", "heard_from"]}
    put("mechanics/hard", mechanic(gate=gate))
    put("mechanics/soft", mechanic(title="Soft", gate={"mode": "soft", "fields": ["name"]}))
    put("mechanics/open", mechanic(title="Open"))
    put("mechanics/plain", mechanic(title="Community", kind="community"))
    strict = {
        "mode": "hard",
        "fields": ["name", {"name": "x_team", "label": "Team size"}],
        "consent_text": "Acme may write to me.",
        "block_freemail": True,
        "block_disposable": True,
    }
    put("mechanics/strict", mechanic(title="Strict", gate=strict))
    put("assets/report", {"title": "Quarterly report", "kind": "file", "summary": "What changed in a quarter."})
    upload = api.post("/api/v1/assets/report/files", files={"file": ("Q3 report.pdf", PDF, "text/html")})
    assert upload.status_code == 200, upload.text
    put("assets/page", {"title": "How we did it", "kind": "page", "source": {"markdown": "# Hello\n\nSome *text*."}})
    embed = {"url": "https://app.acme.example/board/1", "aspect_ratio": "4/3"}
    put("assets/embed", {"title": "Live board", "kind": "embed", "source": embed})
    put("assets/link", {"title": "Template", "kind": "link", "source": {"url": "https://acme.example/t/1"}})
