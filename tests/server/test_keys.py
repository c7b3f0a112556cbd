"""API keys over the API: made and shown once, listed without secrets, revoked at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest

import engine
from commands import run
from factories import Server, eventually

HOSTILE = "Mallory\x1b]52;c;aGk=\x07\u202e <script>"


def make(server: Server, name: str = "billing", role: str = "integrator", **more: Any) -> dict[str, Any]:
    made = server.api.post("/api/v1/keys", json={"name": name, "role": role}, **more)
    assert made.status_code == 201, made.text
    return dict(made.json())


def stored(folder: Path) -> bytes:
    return engine.everything(engine.database_for(folder))


def listed(server: Server, api: httpx2.Client | None = None) -> list[dict[str, Any]]:
    return list((api or server.api).get("/api/v1/keys?limit=200").json()["items"])


def test_a_key_is_shown_once_and_works_at_once(server: Server, tmp_path: Path) -> None:
    answer = server.api.post("/api/v1/keys", json={"name": " billing \n", "role": "integrator"})
    assert answer.headers["cache-control"] == "no-store"
    made = answer.json()
    assert (made["name"], made["role"], made["revoked_at"], made["yours"]) == ("billing", "integrator", None, False)
    header = {"authorization": f"Bearer {made['key']}"}
    assert server.api.get("/api/v1/mechanics", headers=header).status_code == 200
    assert server.api.get("/api/v1/keys", headers=header).status_code == 403
    [kept] = listed(server)
    assert kept == {name: value for name, value in made.items() if name != "key"}
    assert made["id"].encode() in stored(tmp_path)
    assert made["key"].encode() not in stored(tmp_path)


def test_a_repeated_post_makes_no_second_key_and_keeps_no_secret(server: Server, tmp_path: Path) -> None:
    name = {"idempotency-key": "once"}
    first = make(server, headers=name)
    again = make(server, headers=name)
    assert first["key"].startswith("pak_")
    assert again == {**first, "key": None}
    assert len(listed(server)) == 1
    assert first["key"].encode() not in stored(tmp_path)


def test_keys_are_listed_page_by_page_the_oldest_first(server: Server, clock: Any) -> None:
    for name in ("one", "two", "three"):
        make(server, name)
        clock.ms += 1000
    first = server.api.get("/api/v1/keys?limit=2").json()
    second = server.api.get("/api/v1/keys", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [key["name"] for key in [*first["items"], *second["items"]]] == ["one", "two", "three"]
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "", "role": "reader"}, "name"),
        ({"name": " \x1b\u202e", "role": "reader"}, "name"),
        ({"name": "x" * 81, "role": "reader"}, "name"),
        ({"name": "x", "role": "root"}, "role"),
        ({"name": "x"}, "role"),
        ({"name": "x", "role": "reader", "key": "pak_mine"}, "key"),
    ],
)
def test_a_key_that_cannot_be_is_refused_by_field(server: Server, body: dict[str, str], field: str) -> None:
    refused = server.api.post("/api/v1/keys", json=body)
    assert refused.status_code in (400, 422), refused.text
    assert [fault["field"] for fault in refused.json()["faults"]] == [field]
    assert listed(server) == []


def test_a_name_cannot_move_a_terminal(server: Server) -> None:
    assert make(server, HOSTILE)["name"] == "Mallory ]52;c;aGk= <script>"


def test_a_revoked_key_is_worthless_and_stays_in_the_list(server: Server) -> None:
    made = make(server)
    header = {"authorization": f"Bearer {made['key']}"}
    revoked = server.api.post(f"/api/v1/keys/{made['id']}/revoke").json()
    assert revoked["revoked_at"] is not None
    assert server.api.get("/api/v1/mechanics", headers=header).status_code == 401
    assert listed(server) == [revoked]
    assert server.api.post(f"/api/v1/keys/{made['id']}/revoke").json() == revoked, "once is enough"
    assert server.api.post("/api/v1/keys/nothing/revoke").status_code == 404


def test_neither_ones_own_key_nor_the_last_admins_can_be_revoked(server: Server) -> None:
    one, two = make(server, "one", "admin"), make(server, "two", "admin")
    header = {"authorization": f"Bearer {one['key']}"}
    assert [key["yours"] for key in server.api.get("/api/v1/keys", headers=header).json()["items"]] == [True, False]
    own = server.api.post(f"/api/v1/keys/{one['id']}/revoke", headers=header)
    assert (own.status_code, own.json()["detail"]) == (
        409,
        "This is the key that you are asking with. Revoke it with another one.",
    )
    assert server.api.post(f"/api/v1/keys/{two['id']}/revoke", headers=header).status_code == 200
    # The console of this machine asks with a key that nobody stores: whoever it leaves has to be left one.
    last = server.api.post(f"/api/v1/keys/{one['id']}/revoke")
    assert (last.status_code, last.json()["detail"]) == (
        409,
        "This is the last valid key of an admin. Make another before you revoke it.",
    )
    assert server.api.get("/api/v1/keys", headers=header).status_code == 200


def test_the_machine_itself_may_revoke_the_last_one(server: Server, beside: Path) -> None:
    one = make(server, "one", "admin")
    assert f"The key {one['id']} (one) is revoked." in run(beside, "keys", "revoke", one["id"]).stdout
    eventually(lambda: listed(server)[0]["revoked_at"] is not None)
    assert "There is no API key nothing." in run(beside, "keys", "revoke", "nothing", code=1).stderr
