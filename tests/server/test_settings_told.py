"""The settings in force, as an admin's console shows them: all that helps, and no secret."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from factories import SIGNING_KEY, Server
from passalong.settings import HubSpot, Mail, Reporting, Settings, Webhooks, from_variables
from passalong.web.api.settings import in_force

SECRET = {
    "signing_keys", "hubspot.token", "hubspot.client_secret", "mail.username", "mail.password", "metrics.key",
}  # fmt: skip
"""Settings that open a door, or name who may."""


def fields(of: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for field in msgspec.structs.fields(of):
        value = getattr(of, field.name)
        if isinstance(value, msgspec.Struct):
            yield from fields(value, f"{prefix}{field.name}.")
        else:
            yield prefix + field.name, value


def marked(of: Any, prefix: str = "") -> Any:
    """The same settings, where every text and every list of texts says which setting it is."""
    changed: dict[str, Any] = {}
    for field in msgspec.structs.fields(of):
        name, value = prefix + field.name, getattr(of, field.name)
        if isinstance(value, msgspec.Struct):
            changed[field.name] = marked(value, f"{name}.")
        elif isinstance(value, str):
            changed[field.name] = f"<{name}>"
        elif isinstance(value, list):
            changed[field.name] = [f"<{name}>"]
    return msgspec.structs.replace(of, **changed)


def test_no_secret_of_a_full_configuration_is_told() -> None:
    told = msgspec.json.encode(in_force(marked(Settings()))).decode()
    texts = {name for name, value in fields(Settings()) if isinstance(value, str | list)}
    assert texts > SECRET
    assert {name for name in texts if f"<{name}>" in told} == texts - SECRET, "a new setting: is it a secret?"


def test_every_setting_that_is_no_secret_is_told() -> None:
    told = msgspec.json.decode(msgspec.json.encode(in_force(Settings())))
    for name, _ in fields(Settings()):
        section, _, entry = name.rpartition(".")
        if section == "retention":
            assert name in {kept["setting"] for kept in told["retention"]}
        else:
            assert name in SECRET or entry in (told[section] if section else told), name


@pytest.mark.settings(
    hubspot=HubSpot(token="pat-na1-very-secret", client_secret="of-the-app"),
    mail=Mail(host="127.0.0.1", port=9, username="post", password="hush", sender="Acme <a@acme.example>"),
    webhooks=Webhooks(allow_hosts=["hooks.intern"]),
    reporting=Reporting(currency="EUR", rates={"USD": 0.92}),
)
def test_an_admin_sees_what_is_in_force(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSALONG_LIMITS__UPLOAD_MB", "70")
    monkeypatch.setenv("PASSALONG_HUBSPOT__TOKEN", "pat-na1-very-secret")
    monkeypatch.setenv("PASSALONG_KEY", "pak_secret")
    monkeypatch.setenv("WEB_CONCURRENCY", "3")
    answer = server.api.get("/api/v1/settings")
    told = answer.json()
    assert (told["base_url"], told["timezone"]) == (server.config.base_url, "Europe/Berlin")
    assert told["attribution"] == {"model": "origin", "half_life_days": 7.0, "window_days": 180}
    assert (told["hubspot"]["connected"], told["hubspot"]["hooks"]) == (True, True)
    assert (told["mail"]["connected"], told["mail"]["login"], told["mail"]["host"]) == (True, True, "127.0.0.1")
    assert told["webhooks"]["allow_hosts"] == ["hooks.intern"]
    assert told["signing_keys"] == 1
    assert {kept["kind"]: kept["days"] for kept in told["retention"]} == {
        "events": None, "leads": None, "visitors": 2, "invitations": 3, "erasures": 3, "signals": None, "plays": None,
        "jobs": 90, "audit": None, "backups": None, "notices": 7, "answers": 1,
    }  # fmt: skip
    assert (told["workers"], told["by_variable"]) == (3, ["hubspot.token", "limits.upload_mb"])
    for secret in ("pat-na1-very-secret", "of-the-app", "hush", SIGNING_KEY, "pak_"):
        assert secret not in answer.text


def test_variables_of_the_console_are_no_settings() -> None:
    names = ["PASSALONG_CONFIG", "PASSALONG_URL", "PASSALONG_KEY", "PASSALONG_BASE_URL", "HOME"]
    assert from_variables(dict.fromkeys(names, "x")) == ["base_url"]
    assert "HOME" in os.environ


def test_brands_are_listed_for_every_role(server: Server) -> None:
    server.api.put(
        "/api/v1/brands/umbra",
        json={
            "name": "Umbra",
            "accent": "#FFCC00",
            "home_url": "https://umbra.example",
            "embed_hosts": ["*.umbra.example"],
        },
    ).raise_for_status()
    _, reader = server.key("reader")
    page = server.api.get("/api/v1/brands?limit=1", headers=reader).json()
    assert [brand["id"] for brand in page["items"]] == ["acme"]
    rest = server.api.get("/api/v1/brands", params={"cursor": page["next_cursor"]}, headers=reader).json()
    assert rest == {
        "items": [
            {
                "id": "umbra",
                "name": "Umbra",
                "accent": "#ffcc00",
                "home_url": "https://umbra.example",
                "logo": None,
                "privacy_url": None,
                "embed_hosts": ["*.umbra.example"],
            }
        ],
        "next_cursor": None,
    }
