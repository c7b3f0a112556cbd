"""`passalong doctor`: each thing that is wrong is named, with what to do; and what is right is not called wrong."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

import engine
from commands import run
from deployed import certificate
from factories import SIGNING_KEY, Server
from ports import free_port
from proxies import Rewrite, appending, proxy, silent, unchanged
from serving import Clock


class Patient:
    """A folder with settings, in which the doctor looks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def has(self, base_url: str, more: str = "", *, key: str = SIGNING_KEY) -> Patient:
        where = engine.database_for(self.folder) if engine.ON_POSTGRES else "passalong.db"
        paths = f'database = "{where}"\nuploads = "passalong.files"'
        text = f'base_url = "{base_url}"\n{paths}\nsigning_keys = ["{key}"]\n{more}\n'
        (self.folder / "passalong.toml").write_text(text)
        return self

    def found(self, state: str, *, path: str | None = None) -> list[str]:
        """What the doctor says of this weight. Its exit code says whether anything is bad."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("PASSALONG_")}
        env |= {"PATH": path} if path else {}
        done = subprocess.run(
            [sys.executable, "-m", "passalong", "doctor", "--json"],
            cwd=self.folder, env=env, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert "Traceback" not in done.stderr
        findings = json.loads(done.stdout)
        assert done.returncode == any(finding["state"] == "bad" for finding in findings)
        return [finding["what"] for finding in findings if finding["state"] == state]


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    return Patient(tmp_path)


def one(found: list[str], *parts: str) -> str:
    """The only finding, which says all of this."""
    assert len(found) == 1, found
    assert [part for part in parts if part not in found[0]] == [], found
    return found[0]


def nobody() -> str:
    """An address at which nothing answers."""
    return f"http://127.0.0.1:{free_port()}"


# Settings and machine.


@pytest.mark.parametrize(
    ("base_url", "key", "more", "says"),
    [
        ("http://share.invalid", SIGNING_KEY, "", "without https"),
        (None, "short", "", "has 5 characters; at least 32 are needed"),
        (None, SIGNING_KEY, 'trusted_proxies = ["0.0.0.0/0"]', "trusted_proxies names the whole world"),
        (None, SIGNING_KEY, "[metrics]\nkey = 'short'", "metrics.key: use at least 24 characters"),
    ],
)
def test_settings_that_must_be_mended(patient: Patient, base_url: str | None, key: str, more: str, says: str) -> None:
    found = patient.has(base_url or nobody(), more, key=key).found("bad")
    assert any(says in what for what in found), found


def test_an_engine_with_a_known_race_is_named(patient: Patient) -> None:
    found = [*patient.has(nobody()).found("note"), *patient.found("ok")]
    said = next(what for what in found if what.startswith("SQLite"))
    assert sqlite3.sqlite_version in said
    assert ("race" in said) == (sqlite3.sqlite_version_info < (3, 51, 3))


def test_a_folder_that_cannot_be_written_to(patient: Patient) -> None:
    (patient.folder / "passalong.files").write_text("not a folder")
    one(patient.has(nobody()).found("bad"), "passalong.files cannot be written to", "Not a directory")


def test_a_disk_that_is_nearly_full(patient: Patient) -> None:
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if mount is None or umount is None:
        pytest.skip("there is no mount here")
    small = patient.folder / "small"
    small.mkdir()
    if subprocess.run([mount, "-t", "tmpfs", "-o", "size=6m", "none", str(small)], capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        one(Patient(small).has(nobody()).found("bad"), "MB are free in", str(small))
    finally:
        subprocess.run([umount, "--lazy", str(small)], check=True)


# Clocks.


def test_events_of_the_future_say_that_the_clock_went_back(server: Server, clock: Clock, patient: Patient) -> None:
    clock.ms += 7_200_000
    server.viewer.get(server.share())
    one(patient.has(nobody()).found("bad"), "the newest event is 7,", "the clock went back")


@pytest.mark.parametrize(("clock_s", "side"), [(7200, "behind"), (-600, "ahead of")])
def test_a_clock_that_others_do_not_share(patient: Patient, server: Server, clock_s: float, side: str) -> None:
    with proxy(server.address, unchanged, clock_s=clock_s) as front:
        one(patient.has(front).found("bad"), "the clock of this machine is", f"seconds {side} that of {front}")


def test_the_clock_is_compared_with_hubspots_too(patient: Patient) -> None:
    with proxy("", status=404, clock_s=900) as hubspot:
        found = patient.has(nobody(), f'[hubspot]\ntoken = "t"\nbase_url = "{hubspot}"').found("bad")
    one(found, "seconds behind that of HubSpot")


def test_a_clock_that_nobody_sets(patient: Patient) -> None:
    tools = patient.folder / "bin"
    tools.mkdir()
    (tools / "timedatectl").write_text('#!/bin/sh\ntest "$*" = "show --property=NTPSynchronized --value" && echo no\n')
    (tools / "timedatectl").chmod(0o755)
    found = patient.has(nobody()).found("note", path=f"{tools}:{os.defpath}")
    assert any("not set by the network" in what for what in found)


# What stands before the server.


def test_nothing_before_it_is_fine_to_try_it_out(server: Server, patient: Patient) -> None:
    found = patient.has(server.address)
    assert found.found("bad") == []
    assert any("no proxy stands before it" in what for what in found.found("ok"))


@pytest.mark.settings(trusted_proxies=["127.0.0.1"])
def test_a_proxy_that_is_trusted_and_tells_is_fine(server: Server, patient: Patient) -> None:
    with proxy(server.address, appending) as front:
        patient.has(front)
        assert patient.found("bad") == []
        assert any("by way of a trusted proxy at 127.0.0.1" in what for what in patient.found("ok"))


@pytest.mark.parametrize(
    ("rewrite", "says"),
    [
        (appending, ("is not believed: all visitors look like one", 'trusted_proxies = ["127.0.0.1"]')),
        (silent, ("does not say for whom it forwards",)),
        (
            lambda headers: headers | {"x-forwarded-proto": "https"},
            ("visitors come by https; base_url says http",),
        ),
    ],
)
def test_a_proxy_that_is_not_as_it_should_be(
    server: Server, patient: Patient, rewrite: Rewrite, says: tuple[str, ...]
) -> None:
    with proxy(server.address, rewrite) as front:
        one(patient.has(front).found("bad"), *says)


@pytest.mark.settings(trusted_proxies=["127.0.0.1"])
def test_a_proxy_that_lets_visitors_say_who_they_are(server: Server, patient: Patient) -> None:
    with proxy(server.address, unchanged) as front:
        one(patient.has(front).found("bad"), "arrives unchanged from 127.0.0.1", "anybody can be anybody")


@pytest.mark.parametrize(
    ("status", "location", "says"),
    [
        (404, "", "/healthz is answered with 404"),
        (301, "https://share.acme.example/healthz", "led elsewhere, to https://share.acme.example"),
        (200, "", "a server that does not know these signing keys"),
    ],
)
def test_something_else_answers_in_its_place(patient: Patient, status: int, location: str, says: str) -> None:
    with proxy("", status=status, location=location) as front:
        one(patient.has(front).found("bad"), says)


def test_another_passalong_is_not_taken_for_this_one(server: Server, patient: Patient) -> None:
    patient.has(server.address, key="another-signing-key-of-forty-characters!")
    one(patient.found("bad"), "does not know these signing keys")


def test_nobody_else_learns_how_a_request_arrived(server: Server) -> None:
    for probe in ("", "?probe=", "?probe=forged.token", f"?probe={server.share().removeprefix('/s/')}"):
        assert server.viewer.get(f"/healthz{probe}").text == "ok\n"


def test_nothing_answers(patient: Patient) -> None:
    patient.has(nobody())
    assert patient.found("bad") == []
    assert any("nothing answers at http://127.0.0.1:" in what for what in patient.found("note"))


def test_https_that_is_none_and_a_certificate_of_nobody(server: Server, patient: Patient, tmp_path: Path) -> None:
    found = patient.has(server.address.replace("http:", "https:")).found("bad")
    one(found, "says https, and what answers there does not speak it")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(tmp_path, "127.0.0.1"))
    with proxy(server.address, tls=context) as front:
        one(patient.has(front).found("bad"), "the certificate at https://127.0.0.1:", "is refused: self")


def test_one_thing_that_is_unusable_hides_no_other(patient: Patient) -> None:
    text = run(patient.has("http://share.invalid", key="short").folder, "doctor", code=1)
    assert "without https" in text.stdout
    assert "at least 32 are needed" in text.stdout
    assert "SQLite" in text.stdout
    assert "things to mend" in text.stderr
