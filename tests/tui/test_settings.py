"""How the server is set up: values with where they are changed, keys that are shown once, brands as pages show them."""

from __future__ import annotations

from typing import Any

import pytest
from console_driver import Driver, Flaky, console

from factories import Server
from passalong.settings import HubSpot, Mail
from passalong_tui.screens.keys import KeyScreen, NewKeyDialog, RevokeDialog
from passalong_tui.screens.settings import SettingsScreen

HOSTILE = "[/]evil <b>"


async def _to_settings(tui: Driver) -> None:
    await tui.until(lambda: tui.console.known.role is not None, "the role")
    await tui.press("comma")
    await tui.until(lambda: isinstance(tui.console.screen, SettingsScreen) and tui.console.known.brands, "the settings")


async def _to_keys(tui: Driver) -> None:
    await _to_settings(tui)
    await tui.press("f")
    await tui.until_shown("API keys; f shows")


def keys(server: Server) -> list[dict[str, Any]]:
    return list(server.api.get("/api/v1/keys?limit=200").json()["items"])


def make(server: Server, name: str, role: str = "reader") -> dict[str, Any]:
    return dict(server.api.post("/api/v1/keys", json={"name": name, "role": role}).json())


def values(tui: Driver) -> dict[str, str]:
    """By label; of two with one label, that of the section that stands first."""
    rows = list(zip(tui.column("label", "#in-force"), tui.column("value", "#in-force"), strict=True))
    return dict(reversed(rows))


@pytest.mark.settings(
    hubspot=HubSpot(token="pat-very-secret", poll_minutes=10),
    mail=Mail(host="127.0.0.1", port=9, username="post", password="hush", sender="Acme <a@acme.example>"),
)
@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_what_is_in_force_in_words(server: Server, size: tuple[int, int]) -> None:
    async with console(server, size=size) as tui:
        await _to_settings(tui)
        await tui.until(lambda: tui.column("label", "#in-force"), "the rows")
        told = values(tui)
        assert (told["model"], told["window"], told["half life"]) == ("origin", "180 days", "7 days")
        assert (told["leads"], told["jobs"], told["visitors"]) == ("until erased", "90 days", "2 days")
        assert (told["poll"], told["connected"], told["port"]) == ("10 minutes", "yes", "9")
        assert (told["timezone"], told["look"], told["times"]) == ("Europe/Berlin", "dark", "local")
        about = tui.column("section", "#in-force")
        assert about[0] == "Attribution", "sections stand in their order"
        assert about[-1] == "This console"
        await tui.until_shown("Attribution: model", "By which rule several touches share a credit.")
        assert "PASSALONG_ATTRIBUTION__MODEL" in tui.text("#told")
        for secret in ("pat-very-secret", "hush"):
            assert secret not in " ".join(str(told))


async def test_a_variable_that_sets_it_is_named(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSALONG_ATTRIBUTION__MODEL", "origin")
    async with console(server) as tui:
        await _to_settings(tui)
        await tui.until_shown("Set by the variable")
        assert "PASSALONG_ATTRIBUTION__MODEL, whatever the file says" in tui.text("#told")


async def test_the_look_and_the_times_are_told_as_they_change(server: Server) -> None:
    async with console(server, size=(160, 50)) as tui:
        await _to_settings(tui)
        await tui.until(lambda: tui.column("label", "#in-force"), "the rows")
        await tui.press("t", "z")
        await tui.until(lambda: (values(tui)["look"], values(tui)["times"]) == ("light", "UTC"), "both")
        await tui.press("z")


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_a_new_key_is_shown_once(server: Server, size: tuple[int, int]) -> None:
    async with console(server, size=size) as tui:
        await _to_settings(tui)
        await tui.dialog("n", NewKeyDialog)
        await tui.press("enter")
        await tui.until_shown("! Say whose key this is")
        await tui.type("Billing")
        await tui.press("enter")
        await tui.until(lambda: isinstance(tui.console.screen, KeyScreen), "the key")
        [made] = keys(server)
        assert (made["name"], made["role"]) == ("Billing", "reader")
        await tui.until(lambda: tui.text("#key").startswith("pak_"), "its secret")
        secret = tui.text("#key")
        assert secret in tui.screen(), "whole, on one line, to be selected by hand"
        header = {"authorization": f"Bearer {secret}"}
        assert server.api.get("/api/v1/key", headers=header).json() == {"name": "Billing", "role": "reader"}
        await tui.press("escape")
        assert isinstance(tui.console.screen, KeyScreen), "it does not go by a slip"
        await tui.press("enter")
        assert tui.console.clipboard == secret
        await tui.press("enter")
        await tui.until(lambda: tui.column("name", "#api-keys") == ["Billing"], "the list")
        assert secret not in tui.screen()


async def test_a_key_whose_answer_got_lost_is_not_made_twice(server: Server) -> None:
    network = Flaky()
    async with console(server, transport=network, refresh_s=60) as tui:
        await _to_settings(tui)
        await tui.dialog("n", NewKeyDialog)
        await tui.type("Billing")
        network.swallow = True
        await tui.press("enter")
        await tui.until_shown("Sending it again is safe.")
        network.swallow = False
        await tui.press("enter")
        await tui.until_shown("the answer that showed it got lost on its way.")
        assert [key["name"] for key in keys(server)] == ["Billing"]


async def test_revoked_after_a_question(server: Server) -> None:
    made = make(server, "Old laptop")
    async with console(server) as tui:
        await _to_keys(tui)
        await tui.until(lambda: tui.column("state", "#api-keys") == ["✓ valid"], "the key")
        await tui.until_shown("reads, but sees nobody’s address")
        await tui.dialog("x", RevokeDialog)
        await tui.until_shown("Revoke Old laptop?", made["id"])
        await tui.press("enter")
        await tui.until(lambda: isinstance(tui.console.screen, SettingsScreen), "nothing done by a slip")
        assert keys(server)[0]["revoked_at"] is None
        await tui.dialog("x", RevokeDialog)
        await tui.press("tab", "enter")
        await tui.until(lambda: tui.column("state", "#api-keys") == ["✕ revoked"], "worthless")
        await tui.until_shown("Worthless since")
        await tui.press("x")
        assert isinstance(tui.console.screen, SettingsScreen), "once is enough"
    header = {"authorization": f"Bearer {made['key']}"}
    assert server.api.get("/api/v1/key", headers=header).status_code == 401


async def test_ones_own_key_and_the_last_admins_stay(server: Server) -> None:
    mine = make(server, "Mine", "admin")
    async with console(server, key=mine["key"]) as tui:
        await _to_keys(tui)
        await tui.until(lambda: tui.column("state", "#api-keys") == ["● in use"], "the key")
        await tui.press("x")
        assert isinstance(tui.console.screen, SettingsScreen)
    async with console(server) as tui:  # as on the machine itself, with a key that nobody stores
        await _to_keys(tui)
        await tui.until(lambda: tui.column("state", "#api-keys") == ["✓ valid"], "the key")
        await tui.dialog("x", RevokeDialog)
        await tui.press("tab", "enter")
        await tui.until_shown("! This is the last valid key of an admin.")
        await tui.press("escape")
    assert keys(server)[0]["revoked_at"] is None


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_a_brand_as_pages_show_it(server: Server, size: tuple[int, int]) -> None:
    body = {"name": "Umbra", "accent": "#FFCC00", "home_url": "https://umbra.example", "embed_hosts": ["a.example"]}
    server.api.put("/api/v1/brands/acme", json=body).raise_for_status()
    async with console(server, size=size) as tui:
        await _to_settings(tui)
        await tui.press("f", "f")
        await tui.until(lambda: tui.column("name", "#brands") == ["Umbra"], "the brand")
        told = tui.text("#told")
        assert "#ffcc00" in told
        assert "black text on it: 13.9:1" in told
        assert "Light pages 1.4:1, too faint; text there is #856a00" in told
        assert "Dark pages 10.8:1, reads as text." in told
        assert "Shared by Globex" in told
        assert "Made with Umbra" in told
        assert "Framed by a.example" in told


async def test_the_part_is_remembered_and_searched(server: Server) -> None:
    async with console(server) as tui:
        await _to_settings(tui)
        await tui.until(lambda: tui.column("label", "#in-force"), "the rows")
        await tui.press("slash")
        await tui.type("retention")
        await tui.until(lambda: set(tui.column("section", "#in-force")) == {"Retention"}, "one section")
        await tui.press("escape", "f")
        await tui.until_shown("API keys; f shows")
        assert tui.console.remembered.choices["settings"] == "api-keys"


async def test_a_reader_sees_brands_and_neither_settings_nor_keys(server: Server, reader_key: str) -> None:
    async with console(server, key=reader_key) as tui:
        await _to_settings(tui)
        await tui.until(lambda: tui.column("section", "#in-force") == ["This console"] * 3, "its own")
        await tui.press("f")
        await tui.until_shown("Only a key of the role admin sees this.")
        assert not {"new_key", "revoke"} & tui.offered()
        await tui.press("n", "x", "f")
        await tui.until(lambda: tui.column("name", "#brands") == ["Acme"], "the brand")
        assert not tui.console.trouble


async def test_strangers_words_are_harmless_here_too(server: Server) -> None:
    make(server, HOSTILE)
    body = {"name": HOSTILE + "\x1b[31m\u202e", "accent": "#0b5fff", "home_url": "https://umbra.example"}
    server.api.put("/api/v1/brands/acme", json=body).raise_for_status()
    async with console(server) as tui:
        await _to_keys(tui)
        await tui.until(lambda: tui.column("name", "#api-keys") == [HOSTILE], "the key")
        await tui.dialog("x", RevokeDialog)
        await tui.until_shown("Revoke [/]evil <b>?")
        await tui.press("escape", "f")
        await tui.until_shown("Made with [/]evil")
        assert not [c for c in tui.screen().replace("\n", "") if c < " " or "\x7f" <= c <= "\x9f" or c == "\u202e"]
