"""What a stranger installs: the wheel, the container's image as far as it can be tried without an engine, the unit."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from commands import run
from installed import NOBODY, ROOT, as_nobody, environment
from ports import free_port

DEPLOY = ROOT / "server" / "deploy"


def instructions() -> list[tuple[str, str]]:
    """The last stage of the Dockerfile, instruction by instruction; continued lines are one."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
    first = max(number for number, (word, *_) in enumerate(lines) if word == "FROM")
    return [(word, rest) for word, rest in lines[first:]]


def last(instruction: str) -> str:
    return [rest for word, rest in instructions() if word == instruction][-1]


def health_command() -> list[str]:
    return list(json.loads(last("HEALTHCHECK").partition("CMD")[2]))


def test_the_image_holds_no_secret_runs_as_nobody_and_keeps_its_data_apart() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    assert not re.search(r"(?i)(secret|password|token|_key)\s*=", text)
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", last("USER")), "by number, so that a cluster sees that it is not root"
    assert (last("WORKDIR"), last("VOLUME"), last("EXPOSE")) == ("/data", "/data", "8000")
    assert health_command()[0] == "python"
    copied = [word for line in text.splitlines() if line.startswith("COPY") and "--from" not in line for word in
              line.split()[1:-1]]  # fmt: skip
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert {f"!{path}" for path in copied} == {line for line in ignored if line.startswith("!")}
    assert all((ROOT / path).exists() for path in copied)


def test_compose_names_what_is_there_and_grants_nothing() -> None:
    compose: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    ours, caddy = compose["services"]["passalong"], compose["services"]["caddy"]
    assert (DEPLOY / ours["build"]["context"]).resolve() == ROOT
    assert (ROOT / ours["build"]["dockerfile"]).is_file()
    assert (ours["read_only"], ours["cap_drop"]) == (True, ["ALL"])
    assert "ports" not in ours, "the world goes by the proxy"
    assert ours["environment"]["PASSALONG_TRUSTED_PROXIES"] == caddy["networks"]["inside"]["ipv4_address"]
    for service in (ours, caddy):
        for volume in service["volumes"]:
            source = volume.partition(":")[0]
            assert (DEPLOY / source).is_file() if source.startswith(".") else source in compose["volumes"]
    assert any(volume.endswith(f":{last('VOLUME')}") for volume in ours["volumes"])


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty environment with the wheel in it, and nothing of this checkout."""
    own = tmp_path_factory.getbasetemp()
    with environment(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) as folder:
        yield folder


@pytest.fixture
def volume() -> Iterator[Path]:
    """An empty folder of the user that the server runs as, where that user may get to it."""
    folder = Path(tempfile.mkdtemp(prefix="passalong-data-"))
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    yield folder
    shutil.rmtree(folder)


def in_container(volume: Path, *words: str) -> list[str]:
    """The command with a root that cannot be written to, but for the volume, as far as this user can make one."""
    unshare = shutil.which("unshare")
    nobody = as_nobody(*words)
    if os.geteuid() != 0 or unshare is None:
        return nobody
    script = f"mount --bind {volume} {volume} && mount -o remount,bind,ro / && cd {volume} && exec {shlex.join(nobody)}"
    trial = f"mount --bind {volume} {volume} && mount -o remount,bind,ro /"
    if subprocess.run([unshare, "--mount", "sh", "-c", trial], capture_output=True).returncode:
        return nobody  # nobody may mount here
    return [unshare, "--mount", "sh", "-c", script]


def test_the_containers_command_serves_from_a_read_only_root_and_ends_in_time(volume: Path, installed: Path) -> None:
    port = str(free_port())
    told = {"PATH": f"{installed / 'bin'}:{os.defpath}", "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"}
    for pair in shlex.split(last("ENV")):
        name, _, value = pair.partition("=")
        told.setdefault(name, value)

    def command(words: list[str]) -> list[str]:
        words = [shutil.which(words[0], path=told["PATH"]) or words[0], *words[1:]]
        return in_container(volume, *(word.replace("8000", port) for word in words))

    def healthy() -> bool:
        return not subprocess.run(command(health_command()), env=told, cwd=volume, capture_output=True).returncode

    made = subprocess.run(command(["passalong", "init", str(volume)]), env=told, cwd=volume, capture_output=True)
    assert made.returncode == 0, made.stderr
    assert not healthy()
    log = volume.with_suffix(".log")
    with log.open("w") as said:
        server = subprocess.Popen(
            command(json.loads(last("CMD"))), env=told, cwd=volume, stdout=said, stderr=said, start_new_session=True
        )
    try:
        deadline = time.monotonic() + 60
        while not healthy():
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
        if os.geteuid() == 0:
            assert volume.joinpath("passalong.db").stat().st_uid == NOBODY
        began = time.monotonic()
        server.send_signal(signal.SIGTERM)
        assert server.wait(15) == 0, log.read_text()
        assert time.monotonic() - began < 10
        assert "Traceback" not in log.read_text()
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
        log.unlink()


def test_the_wheel_is_complete_and_its_demonstration_plays_in_an_empty_folder(tmp_path: Path, installed: Path) -> None:
    (wheel,) = installed.parent.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for source, inside in (("widget_templates", "passalong/widget_templates"), ("server/passalong", "passalong")):
        tracked = subprocess.run(["git", "ls-files", source], cwd=ROOT, capture_output=True, text=True).stdout.split()
        assert {path.replace(source, inside, 1) for path in tracked} <= set(names)
    assert not [name for name in names if name.startswith(("tests/", "server/", "passalong/deploy"))]
    played = subprocess.run(
        [installed / "bin" / "passalong", "demo", "--check", "--port", str(free_port())],
        cwd=tmp_path, env={"PATH": os.defpath, "HOME": str(tmp_path)}, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert played.returncode == 0, played.stdout + played.stderr
    assert "Traceback" not in played.stderr


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    text = (DEPLOY / "passalong.service").read_text()
    start = re.search(r"^ExecStart=(\S+) (.*)$", text, re.MULTILINE)
    assert start
    assert "ExecReload=/bin/kill -HUP $MAINPID" in text
    words = shlex.split(start[2])
    run(tmp_path, words[0], "--help")
    options = run(tmp_path, words[0], "--help").stdout
    assert all(word in options for word in words if word.startswith("--"))
    if (analyze := shutil.which("systemd-analyze")) is None:
        pytest.skip("no systemd here")
    unit = tmp_path / "passalong.service"
    unit.write_text(text.replace(start[1], "/bin/true"))  # it looks whether the command is there
    done = subprocess.run([analyze, "verify", str(unit)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
