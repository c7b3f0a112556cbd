"""The command line, as it is run: what it prints, what it leaves, and what it exits with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import engine
from commands import run
from factories import Server

SECRET = "pak_"


def test_the_help_is_there_before_anything_heavy_is(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom passalong.__main__ import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit as end:\n    assert not end.code\n"
        "heavy = {'litestar', 'textual', 'uvicorn', 'aiosqlite', 'jinja2', 'PIL', 'httpx2', 'passalong.app'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    for command in (
        "demo",
        "init",
        "serve",
        "console",
        "mint",
        "import",
        "keys",
        "export",
        "erase",
        "backup",
        "verify",
        "doctor",
    ):
        assert command in done.stdout


def test_every_command_has_help_and_a_wrong_call_is_a_usage_error(tmp_path: Path) -> None:
    for command in ("demo", "mint", "import", "keys", "export", "doctor"):
        assert command in run(tmp_path, command, "--help").stdout
    run(tmp_path, "nonsense", code=2)
    run(tmp_path, "mint", code=2)
    run(tmp_path, "export", "--what", "secrets", code=2)


def test_init_writes_once_and_keeps_the_key_to_itself(home: Path) -> None:
    settings = home / "passalong.toml"
    assert settings.stat().st_mode & 0o077 == 0
    before = settings.read_bytes()
    refused = run(home, "init", code=1)
    assert "Nothing was changed" in refused.stderr
    assert settings.read_bytes() == before
    assert "ok" in run(home, "doctor").stdout


def test_init_elsewhere_refuses_a_zone_that_is_none_and_leaves_nothing(tmp_path: Path) -> None:
    run(tmp_path, "init", "new", "--timezone", "Mars/Olympus", code=1)
    assert not (tmp_path / "new" / "passalong.toml").exists()
    made = run(tmp_path, "init", "new")
    secret = next(line.strip() for line in made.stdout.splitlines() if line.strip().startswith(SECRET))
    assert secret.encode() not in b"".join(p.read_bytes() for p in (tmp_path / "new").iterdir() if p.is_file())


def test_keys_are_made_listed_and_revoked(home: Path) -> None:
    made = run(home, "keys", "create", "the [bold]shop[/]", "--role", "reader")
    assert made.stdout.startswith(SECRET)
    assert made.stdout.strip() not in made.stderr
    listed = run(home, "keys", "list")
    assert "the [bold]shop[/]" in listed.stdout
    assert made.stdout.strip() not in listed.stdout
    keys = json.loads(run(home, "keys", "list", "--json").stdout)
    assert [key["role"] for key in keys] == ["admin", "reader"]
    assert not any(key["digest"] for key in keys)
    run(home, "keys", "revoke", keys[1]["id"])
    assert "revoked" in run(home, "keys", "list").stdout
    assert "nobody" in run(home, "keys", "revoke", "nobody", code=1).stderr


def test_a_link_minted_here_is_served_there(server: Server, beside: Path) -> None:
    claims = ("--asset", "report", "--customer", "initech", "--mechanic", "open")
    url = run(beside, "mint", *claims, "--channel", "email", "--sharer", "u-1").stdout.strip()
    assert url.startswith(f"{server.config.base_url}/s/")
    assert server.viewer.get(url).status_code == 200
    said = json.loads(run(beside, "mint", *claims, "--expires", "2020-01-31", "--json").stdout)
    assert server.viewer.get(said["url"]).status_code == 410
    for wrong in (("--expires", "soon"), ("--channel", "A B"), ("--sharer", "ann@umbrella.example")):
        assert wrong[0].lstrip("-") in run(beside, "mint", *claims, *wrong, code=1).stderr


def test_minting_needs_the_signing_key_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "passalong.toml").write_text(f'signing_keys = ["{"k" * 40}"]\ndatabase = "/nowhere/x.db"\n')
    claims = ("--asset", "a", "--customer", "c", "--mechanic", "m")
    assert "/s/" in run(tmp_path, "mint", *claims).stdout
    assert [path.name for path in tmp_path.iterdir()] == ["passalong.toml"]


def test_a_new_signing_key_leaves_old_links_working(home: Path) -> None:
    claims = ("--asset", "a", "--customer", "c", "--mechanic", "m", "--json")
    old = json.loads(run(home, "mint", *claims).stdout)
    before = (home / "passalong.toml").read_text()
    run(home, "keys", "rotate-signing")
    after = (home / "passalong.toml").read_text()
    assert before.split("signing_keys")[0] == after.split("signing_keys")[0]
    assert (home / "passalong.toml").stat().st_mode & 0o077 == 0
    from passalong.domain.share import verify
    from passalong.domain.token import Keyring
    from passalong.errors import BadToken
    from passalong.settings import load

    keys = load(home / "passalong.toml", {}).signing_keys
    new = json.loads(run(home, "mint", *claims).stdout)
    assert len(keys) == 2
    assert verify(Keyring(keys), old["token"]).asset == "a"
    assert verify(Keyring(keys[1:]), new["token"]).asset == "a"
    with pytest.raises(BadToken):
        verify(Keyring(keys[1:]), old["token"])


def test_a_person_is_erased_by_address_after_a_question(server: Server, beside: Path) -> None:
    server.submit(server.share(), email="ann@umbrella.example", name="Ann")
    run(beside, "erase", "ANN@umbrella.example", "--yes")
    [lead] = server.leads()
    assert lead["email"] == ""
    assert "Nobody" in run(beside, "erase", "ann@umbrella.example", "--yes", code=1).stderr


def test_a_copy_taken_from_a_running_server_is_whole(server: Server, beside: Path) -> None:
    server.admit(server.share())
    run(beside, "backup", "copy.db")
    assert [p.read_bytes() for p in (beside / "copy.db.files").rglob("*") if p.is_file()][:1]
    refused = run(beside, "backup", "copy.db", code=1)
    assert "nothing was overwritten" in refused.stderr
    settings = (beside / "passalong.toml").read_text().replace("passalong.db", "copy.db")
    (beside / "copy.toml").write_text(settings)
    said = json.loads(run(beside, "--config", "copy.toml", "verify", "--json").stdout)
    assert said["events"] == len(server.events())
    assert said["differences"] == said["damage"] == []


def test_verify_fails_when_a_counter_lies(server: Server, beside: Path) -> None:
    server.viewer.get(server.share())
    run(beside, "verify")
    engine.execute(server.config.database, "UPDATE mechanic_days SET n = n + 5 WHERE kind = 'view'")
    failed = run(beside, "verify", code=1)
    assert "mechanic_days" in failed.stdout
    assert "1 counters differ" in failed.stderr
    assert len(json.loads(run(beside, "verify", "--json", code=1).stdout)["differences"]) == 1


def test_the_doctor_says_what_must_be_mended(home: Path) -> None:
    assert {finding["state"] for finding in json.loads(run(home, "doctor", "--json").stdout)} <= {"ok", "note"}
    (home / "passalong.toml").write_text('base_url = "http://share.acme.example"\nsigning_keys = ["short"]\n')
    said = run(home, "doctor", code=1)
    assert "https" in said.stdout
    assert "signing" in said.stdout
    (home / "passalong.toml").write_text("nonsense = 1\n")
    assert "nonsense" in run(home, "doctor", code=1).stdout
