"""Prompts in a vendor's product: how tests make them and press their buttons."""

from __future__ import annotations

from typing import Any

import httpx2

from factories import FIREFOX, Server, parsed

BILLING = "https://billing.acme.example/upgrade?plan=business"
CAP = {"used": 46, "limit": 50, "unit": "seats", "upgrade_url": BILLING}
BODIES: dict[str, dict[str, Any]] = {
    "invite_teammates": {"asset": "report"},
    "share_with_team": {"asset": "report"},
    "usage_cap": CAP,
}


def answer_of(server: Server, kind: str = "usage_cap", **more: Any) -> dict[str, Any]:
    """A new prompt as the vendor's product gets it."""
    body = {"customer": "initech", "kind": kind, "mechanic": "open", **BODIES[kind], **more}
    answer = server.api.post("/api/v1/prompts", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def prompt(server: Server, kind: str = "usage_cap", **more: Any) -> str:
    """The path of a new prompt."""
    return str(answer_of(server, kind, **more)["url"]).removeprefix(server.config.base_url)


def proof(html: str, action: str) -> str:
    """The form token of the form that does this."""
    for form in parsed(html).iter("form"):
        if form.get("action", "").endswith(f"/{action}"):
            found = form.find(".//input[@name='csrf_token']")
            assert found is not None
            return found.get("value", "")
    raise AssertionError(f"no form does {action}: {html}")


def press(
    server: Server, path: str, action: str, client: httpx2.Client | None = None, *, on: str = "", **values: str
) -> httpx2.Response:
    """Opens the page (`on` says which of the prompt's) and sends its form as a browser would."""
    client = client or server.viewer
    page = client.get(path + on)
    return client.post(f"{path}/{action}", data={"csrf_token": proof(page.text, action), **values})


def status(server: Server, path: str) -> dict[str, Any]:
    """How the prompt stands, as the vendor's product may ask."""
    answer = server.api.get(f"/api/v1/prompts/{path.removeprefix('/p/')}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def agent(n: int) -> str:
    """A browser like another one, of somebody else."""
    return FIREFOX.replace("140", f"14{n}")
