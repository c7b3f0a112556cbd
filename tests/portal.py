"""A customer in its portal: how tests get in, and how things come to have happened long ago."""

from __future__ import annotations

import secrets
from typing import Any

import httpx2

import engine
from factories import FIREFOX, Server, form_token
from passalong.domain.instant import DAY_MS, Calendar

COOKIE = "pa_portal"


def portal_link(server: Server, customer: str = "initech", **more: Any) -> str:
    """The path of a link into a customer's portal, as the vendor's product gets it."""
    answer = server.api.post("/api/v1/portal-links", json={"customer": customer, **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["url"]).removeprefix(server.config.base_url)


def enter(server: Server, client: httpx2.Client, customer: str = "initech") -> httpx2.Client:
    """The browser, once its button has been pressed."""
    path = portal_link(server, customer)
    answer = client.post(path, data={"csrf_token": form_token(client.get(path).text)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/portal")
    return client


def made_in_portal(client: httpx2.Client, asset: str = "report", **choices: str) -> str:
    """The id of a share that was made in the portal."""
    path = f"/portal/new/{asset}"
    values = {"channel": "linkedin", "expires": "never", "mechanic": "hard", **choices}
    answer = client.post(path, data={"csrf_token": form_token(client.get(path).text), **values})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].removeprefix("/portal/shares/").partition("?")[0]


def share_of(server: Server, **more: Any) -> str:
    """The id of a share that the vendor's product made."""
    body = {"asset": "report", "customer": "initech", "mechanic": "hard", **more}
    answer = server.api.post("/api/v1/shares", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["share"])


def happened(server: Server, share: str, kind: str, times: int, *, now_ms: int, days_ago: int = 0) -> None:
    """Writes events of a share into the ledger, each by somebody else, or opportunities credited to it."""
    at_ms = now_ms - days_ago * DAY_MS
    day = Calendar(server.config.timezone).day(at_ms)
    if kind != "opportunity":
        visitors = [secrets.randbits(62) for _ in range(times)]
        engine.happened(server.config.database, share, kind, visitors, at_ms=at_ms, day=day)
        return
    names = [secrets.token_hex(8) for _ in range(times)]
    engine.execute_many(
        server.config.database,
        "INSERT INTO conversions (id, external_id, kind, digest, occurred_at_ms, day, attributed, sample, "
        "recorded_at_ms) VALUES (?, ?, 'opportunity', '', ?, ?, 1, 0, ?)",
        [(name, name, at_ms, day, at_ms) for name in names],
    )
    engine.execute_many(
        server.config.database,
        "INSERT INTO credits SELECT ?, 0, 'opportunity', CAST(? AS BIGINT), '', customer, mechanic, share, asset, "
        "sharer, hop, NULL, 1000000, NULL, 'observed', 'new_logo', '' FROM shares WHERE share = ?",
        [(name, day, share) for name in names],
    )


def branch_of(server: Server, path: str, agent: str = FIREFOX) -> str:
    """The path of a link by which an unknown viewer passes a page along."""
    with httpx2.Client(base_url=server.address, headers={"user-agent": agent}) as viewer:
        viewer.get(path)
        made = viewer.post(f"{path}/pass-along").headers["location"]
    return "/s/" + made.partition("link=")[2].partition("&")[0]
