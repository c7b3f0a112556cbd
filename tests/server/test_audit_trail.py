"""The audit trail: every act of an admin is in it, by whose key and when, and nobody's name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from litestar.routes import HTTPRoute

from commands import run
from engine import REFUSED, execute
from factories import ANN, Server
from passalong.app import create_app
from passalong.domain.access import Role
from passalong.settings import Limits, Mail
from passalong.web.api.access import ROLE
from serving import serving


def trail(server: Server, **asked: Any) -> list[dict[str, Any]]:
    """The latest first."""
    answer = server.api.get("/api/v1/audit", params={"limit": 200, **asked})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def test_what_admins_do_is_noted_with_key_and_time(server: Server, clock: Any) -> None:
    server.key("admin")  # the last one's cannot be revoked
    made = server.api.post("/api/v1/keys", json={"name": "Mara", "role": "admin"}).json()
    mara = {"authorization": f"Bearer {made['key']}"}
    said = {"reason": "It brought nothing", "by": "Mara Quartermain"}
    clock.ms += 60_000
    assert server.api.post("/api/v1/mechanics/soft/kill", json=said, headers=mara).status_code == 200
    server.admit(server.share())
    [lead] = server.leads()
    server.api.delete(f"/api/v1/leads/{lead['id']}", headers=mara).raise_for_status()
    server.api.post(f"/api/v1/keys/{made['id']}/revoke").raise_for_status()
    noted = [(act["action"], act["subject"], act["key"]) for act in trail(server)]
    assert noted[:4] == [
        ("revoke_key", made["id"], "operator"),
        ("erase_lead", lead["id"], made["id"]),
        ("kill_mechanic", "soft", made["id"]),
        ("make_key", made["id"], "operator"),
    ]
    killed = trail(server, action="kill_mechanic")
    assert [(act["key_name"], act["subject"]) for act in killed] == [("Mara", "soft")]
    assert killed[0]["at"] > trail(server, action="make_key", subject=made["id"])[0]["at"]
    assert [act["action"] for act in trail(server, subject="soft")] == ["kill_mechanic", "put_mechanic"]


def test_what_was_refused_looked_at_or_answered_once_more_is_not_noted(server: Server) -> None:
    before = trail(server)
    _, reader = server.key("integrator")
    said = {"reason": "x", "by": "me"}
    assert server.api.post("/api/v1/mechanics/soft/kill", json=said, headers=reader).status_code == 403
    assert server.api.post("/api/v1/mechanics/nothing/kill", json=said).status_code == 404
    assert server.api.get("/api/v1/keys").status_code == 200
    assert [act for act in trail(server) if act not in before and act["action"] != "make_key"] == []
    once = {"idempotency-key": "one"}
    for _ in range(2):
        assert server.api.post("/api/v1/mechanics/soft/kill", json=said, headers=once).status_code == 200
    assert len(trail(server, action="kill_mechanic")) == 1


def test_no_personal_data_is_in_it(server: Server) -> None:
    server.admit(server.share(), heard_from="My aunt")
    [lead] = server.leads()
    said = {"reason": "Ann Umber wrote to us", "by": "Mara Quartermain"}
    server.api.post("/api/v1/mechanics/soft/kill", json=said).raise_for_status()
    decided = {"mechanic": "hard", "decision": "keep", "role": "sales", "owner": "Zoe Klein", "reason": "Good"}
    review = {"month": lead["created_at"][:7], "by": "Zoe Klein", "decisions": [decided]}
    server.api.post("/api/v1/reviews", json=review).raise_for_status()
    server.api.delete(f"/api/v1/leads/{lead['id']}").raise_for_status()
    noted = json.dumps(trail(server))
    assert "hold_review" in noted
    for name in ("Ann", "umbrella", "Mara Q", "Zoe", "aunt"):
        assert name not in noted


def test_every_route_of_admins_that_does_something_is_noted(tmp_path: Path, server: Server) -> None:
    """By its handler's name, so a new one is noted without anybody thinking of it; these are the names."""
    routes = create_app(server.config).litestar.routes
    handlers = {h for route in routes if isinstance(route, HTTPRoute) for h in route.route_handlers}
    acts = {
        h.handler_name
        for h in handlers
        if h.opt.get("audited") or (h.opt.get(ROLE) is Role.ADMIN and h.http_methods - {"GET", "HEAD", "OPTIONS"})
    }
    assert {"kill_mechanic", "revive_mechanic", "erase_lead", "make_key", "revoke_key", "hold_review"} <= acts
    assert len(acts) > 20


def test_admins_alone_read_it_page_by_page(server: Server) -> None:
    _, reader = server.key("integrator")
    assert server.api.get("/api/v1/audit", headers=reader).status_code == 403
    first = server.api.get("/api/v1/audit?limit=2").json()
    rest = server.api.get("/api/v1/audit", params={"limit": 200, "cursor": first["next_cursor"]}).json()
    assert first["items"] + rest["items"] == trail(server)
    assert server.api.get("/api/v1/audit?cursor=%21").status_code == 422


def test_nobody_can_change_it_afterwards(server: Server) -> None:
    with pytest.raises(REFUSED, match="append-only"):
        execute(server.config.database, "UPDATE audit SET api_key = 'somebody else'")


def test_a_changed_setting_is_noted_by_name_at_the_next_start(tmp_path: Path, clock: Any) -> None:
    with serving(tmp_path, clock) as first:
        assert trail(first, action="change_settings") == []
    secret = Mail(host="127.0.0.1", port=9, password="hush", sender="Acme <a@acme.example>")
    for _ in range(2):
        with serving(tmp_path, clock, limits=Limits(upload_mb=7), mail=secret) as again:
            [act] = [a for a in trail(again, action="change_settings") if "limits.upload_mb" in a["detail"]["settings"]]
            assert {"mail.host", "mail.sender"} <= set(act["detail"]["settings"])
            assert "timezone" not in act["detail"]["settings"]
            assert "hush" not in json.dumps(act)


def test_the_command_line_shows_it_and_is_in_it_itself(server: Server, beside: Path) -> None:
    server.admit(server.share())
    run(beside, "erase", ANN["email"], "--yes")
    (beside / "customers.csv").write_text("id,name\nhooli,Hooli\n")
    run(beside, "import", "customers", "customers.csv")
    run(beside, "export", "--what", "leads")
    run(beside, "keys", "create", "x")
    shown = json.loads(run(beside, "audit", "--json").stdout)
    assert [act["action"] for act in shown if act["key"] == "command"] == [
        "make_key", "export_leads", "import_customers", "erase_lead",
    ]  # fmt: skip
    assert next(act["detail"]["customers"] for act in shown if act["action"] == "import_customers") == 1
    table = run(beside, "audit", "--action", "erase_lead").stdout
    assert "erase_lead" in table
    assert "import_customers" not in table
