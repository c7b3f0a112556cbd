"""The API is what its description says: Schemathesis makes requests from it, good and bad, and judges every answer."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factories import ANN, Server, eventually, rfc3339
from passalong.settings import Plays
from serving import Clock, serving

CONFIG = Path(__file__).parents[1] / "schemathesis.toml"
SCHEMATHESIS = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"]
RULE = """
[[rules]]
id = "tickets"
title = "Tickets"
when = [{ kinds = ["support.ticket_opened"], within_days = 30 }]
then = { play = "churn_warning" }
"""
NAMED = {"mechanics": "key", "shares": "share", "slugs": "slug", "prompts": "token", "reviews": "month"}
"""What routes call the id of a thing, where not `id`."""
OFTEN = 0.7
"""How often a request names what is there, and not just anything."""


@pytest.fixture
def server(tmp_path: Path, clock: Clock) -> Iterator[Server]:
    rules = tmp_path / "rules.toml"
    rules.write_text(RULE)
    with serving(tmp_path, clock, plays=Plays(rules=str(rules))) as running:
        yield running


def made(server: Server, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = server.api.post(f"/api/v1/{path}", json=body)
    assert answer.is_success, answer.text
    return dict(answer.json())


def things(server: Server, now_ms: int) -> dict[str, list[str]]:
    """What there is by then, one of everything at least: ids by the noun of their routes."""
    api, now = server.api, rfc3339(now_ms)
    assert api.put("/api/v1/webhooks/crm", json={"url": "https://crm.example/hook"}).is_success
    steps = [{"image": "a.png"}, {"image": "b.png", "title": "Then"}]
    assert api.put(
        "/api/v1/assets/tour", json={"title": "T", "kind": "walkthrough", "source": {"steps": steps}}
    ).is_success
    share = made(server, "shares", {"asset": "report", "customer": "initech", "mechanic": "hard", "slug": "talk"})
    page = f"/s/{share['token']}"
    server.admit(page)
    click = server.viewer.get(f"{page}/go").headers["location"]
    won = {"external_id": "d-1", "kind": "won", "occurred_at": now, "emails": [ANN["email"]], "heard_from": click[:99]}
    signal = {"external_id": "s-1", "customer": "initech", "kind": "support.ticket_opened", "occurred_at": now}
    made(server, "signals", signal)
    prompt = {"customer": "initech", "kind": "invite_teammates", "mechanic": "open", "asset": "page"}
    piece = {"customer": "initech", "kind": "talk", "title": "Our year", "mechanic": "talks", "asset": "page"}
    talks = {"kind": "advocacy", "title": "Talks", "owner": "Mara", "brand": "acme"}
    assert api.put("/api/v1/mechanics/talks", json=talks).is_success
    plays = eventually(lambda: api.get("/api/v1/plays").json()["items"])
    month = api.get("/api/v1/metric?months=1").json()["months"][0]["month"]
    kept = {"mechanic": "hard", "decision": "keep", "role": "sales", "owner": "Nora", "reason": "It works."}
    made(server, "reviews", {"month": month, "by": "Mara", "decisions": [kept]})
    return {
        "brands": ["acme"],
        "customers": ["initech", "globex"],
        "mechanics": ["hard", "soft", "open", "plain", "talks"],
        "assets": ["report", "page", "link", "tour"],
        "shares": [share["share"]],
        "slugs": ["talk"],
        "leads": [lead["id"] for lead in server.leads()],
        "conversions": [made(server, "conversions", won)["conversion"]["id"]],
        "plays": [play["id"] for play in plays],
        "prompts": [made(server, "prompts", prompt)["token"]],
        "advocacy": [made(server, "advocacy", piece)["id"]],
        "outbox": [job["id"] for job in api.get("/api/v1/outbox").json()["items"]],
        "webhooks": ["crm"],
        "reviews": [month],
        "keys": [made(server, "keys", {"name": "a spare", "role": "reader"})["id"]],
    }


def config(known: dict[str, list[str]]) -> str:
    """The repository's own, and that requests often name what there is."""
    lines = [CONFIG.read_text("utf-8")]
    for noun, ids in known.items():
        often = f'{{ dictionary = "{noun}", probability = {OFTEN} }}'
        lines += [f"[dictionaries.{noun}]", f"values = {json.dumps(ids)}"]
        lines += [
            "[[operations]]",
            f'include-path-regex = "^/api/v1/{noun}/"',
            f'parameters."path.{NAMED.get(noun, "id")}" = {often}',
        ]
    lines.append("[parameters]")
    for name in ("brand", "customer", "mechanic", "asset", "share"):
        often = f'{{ dictionary = "{name}s", probability = {OFTEN} }}'
        lines += [f'"body.{name}" = {often}', f'"query.{name}" = {often}']
    return "\n".join(lines)


@pytest.mark.parametrize(("role", "examples"), [("admin", 8), ("integrator", 3), ("reader", 2), ("nobody", 1)])
def test_every_answer_is_one_that_the_description_tells_of(
    server: Server, tmp_path: Path, clock: Clock, role: str, examples: int
) -> None:
    text = config(things(server, clock()))
    if role != "nobody":
        secret = server.key(role)[1]["authorization"].removeprefix("Bearer ")
        text += f'\n[auth.openapi.key]\nbearer = "{secret}"\n'
    (tmp_path / "schemathesis.toml").write_text(text)
    done = subprocess.run(
        [
            *SCHEMATHESIS, "--config-file", "schemathesis.toml", "run", f"{server.address}/api/openapi.json",
            "--checks=all", f"--max-examples={examples}", "--seed=20261121", "--warnings=off", "--no-color",
            f"--phases={'coverage,' if role == 'admin' else ''}fuzzing,stateful",
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    selected = re.search(r"Selected: (\d+)/\1\n", done.stdout)
    assert selected, done.stdout
    assert int(selected[1]) > 70
    assert f"Tested: {selected[1]}\n" in done.stdout
