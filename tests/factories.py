"""Sample parts for tests: a vendor called Acme, whose customers Initech and Globex share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from passalong.settings import Settings

SIGNING_KEY = "test-signing-key-of-thirty-two-characters"
ADMIN_KEY = "pak_test-admin-key"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n%%EOF\n"
CTA = {"label": "Start a free account", "url": "https://acme.example/signup?plan=free"}


@dataclass
class Server:
    """A running server: `api` speaks with an admin key, `viewer` is a browser without JavaScript."""

    config: Settings
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


def form_token(html: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', html)
    assert found, html
    return found[1]


def settings_for(folder: Path, port: int, **more: Any) -> Settings:
    return Settings(
        base_url=f"http://127.0.0.1:{port}",
        database=str(folder / "passalong.db"),
        signing_keys=[SIGNING_KEY],
        timezone="Europe/Berlin",
        embed_sources=["*.acme.example"],
        **more,
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
