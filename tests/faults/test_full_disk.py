"""A full disk is said to everyone in the form they read, loses nothing, and is over when there is space again."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from factories import form_token
from faults.crowd import Crowd
from faults.running import BROWSER, mint_share, running

pytestmark = [pytest.mark.faults, pytest.mark.sqlite]

TYPED = {"website": "", "email": "ann@firm.example", "name": "Ann Viewer", "company": "Firm & Sons"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 6 MB."""
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if os.geteuid() != 0 or not mount or not umount:
        pytest.skip("mounting a small disk takes root")
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run([mount, "-t", "tmpfs", "-o", "size=6m", "none", str(folder)], capture_output=True).returncode:
        pytest.skip("this machine mounts no tmpfs")
    yield folder
    subprocess.run([umount, "--lazy", str(folder)], check=True)


def fill(folder: Path, leave: int = 0) -> Path:
    """Takes the space that is left, all of it to the last byte or all but `leave`."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        if leave:
            file.write(b"\0" * (shutil.disk_usage(folder).free - leave))
            return filler
        for size in (65536, 4096, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return filler


def test_a_full_disk_and_its_end(tmp_path: Path, small_disk: Path) -> None:
    with (
        running(tmp_path, database=small_disk / "passalong.db") as server,
        server.seeded() as api,
        httpx2.Client(base_url=server.url, headers={"user-agent": BROWSER}, timeout=20) as viewer,
    ):
        share, path = mint_share()
        token = form_token(viewer.get(path).text)
        acknowledged = 1
        filler = fill(small_disk)
        # What room the log's last page has is used up first; every answer says truly what became of its event.
        for _ in range(2_000):
            said = viewer.get(path).headers["passalong-event"]
            if said != "view":
                break
            acknowledged += 1
        assert said == "none; reason=not-stored"

        page = viewer.get(path)
        assert (page.status_code, page.headers["passalong-event"]) == (200, "none; reason=not-stored")
        assert 'name="email"' in page.text
        unseen = viewer.get(mint_share()[1])
        assert (unseen.status_code, unseen.headers["passalong-event"]) == (200, "none; reason=not-stored")
        click = viewer.get(f"{path}/go")
        assert (click.status_code, click.headers["passalong-event"]) == (303, "none; reason=not-stored")
        assert "pa_click=" in click.headers["location"]

        form = viewer.post(f"{path}/gate", data=TYPED | {"csrf_token": token})
        assert form.status_code == 503
        assert int(form.headers["retry-after"]) > 0
        assert form.headers["content-type"].startswith("text/html")
        assert "ann@firm.example" in form.text
        assert "Ann Viewer" in form.text
        assert "Firm &amp; Sons" in form.text
        assert not viewer.cookies

        # A whole batch fails together, and each of its requests is told so.
        with ThreadPoolExecutor(16) as pool:
            many = list(pool.map(lambda _: viewer.post(f"{path}/gate", data=TYPED | {"csrf_token": token}), range(32)))
        assert {answer.status_code for answer in many} == {503}

        ready = viewer.get("/readyz")
        assert ready.status_code == 503
        assert int(ready.headers["retry-after"]) > 0
        assert viewer.get("/healthz").status_code == 200
        for answer in (
            api.post("/api/v1/shares", json={"asset": "report", "customer": "initech", "mechanic": "hard"}),
            api.post("/api/v1/mechanics/hard/kill", json={"reason": "a test", "by": "me"}),
            api.put("/api/v1/customers/hooli", json={"name": "Hooli"}),
        ):
            assert answer.status_code == 503, answer.text
            assert answer.headers["content-type"].startswith("application/problem+json")
            assert int(answer.headers["retry-after"]) > 0
            assert answer.json()["status"] == 503

        # Nothing of what was refused is there, in memory or on the disk.
        assert api.get("/api/v1/mechanics/hard").json()["tombstone"] is None
        assert api.get("/api/v1/customers/hooli").status_code == 404
        stored = server.stored()
        print(f"\nfull: {acknowledged} views acknowledged, {stored[share, 'view']} stored; no lead, no click")
        assert stored[share, "view"] == acknowledged
        assert stored[share, "lead"] == stored[share, "click"] == 0
        assert server.stored_addresses() == set()

        filler.unlink()
        assert viewer.get("/readyz").status_code == 200
        assert viewer.get(path).headers["passalong-event"] == "view"
        assert viewer.get(f"{path}/go").headers["passalong-event"] == "click"
        again = viewer.post(f"{path}/gate", data=TYPED | {"csrf_token": form_token(form.text)})
        assert (again.status_code, again.headers["passalong-event"]) == (303, "lead")
        body = {"asset": "report", "customer": "initech", "mechanic": "hard"}
        assert api.post("/api/v1/shares", json=body).status_code == 201
        acknowledged += 1
        said = server.verify()
        stored = server.stored()
        print(f"space again: {acknowledged} views acknowledged, {stored[share, 'view']} stored; verify: {said}")
        assert stored[share, "view"] == acknowledged
        assert stored[share, "lead"] == stored[share, "click"] == 1
        assert server.stored_addresses() == {"ann@firm.example"}
        assert said["differences"] == []
        assert said["damage"] == []


async def test_a_disk_that_fills_up_under_load_tells_everyone_the_truth(tmp_path: Path, small_disk: Path) -> None:
    """Batches of many viewers, some with new shares and leads: what was refused is not stored, what was not is."""
    with running(tmp_path, database=small_disk / "passalong.db") as server:
        with server.seeded():
            pass
        filler = fill(small_disk, leave=1_000_000)
        crowd = Crowd(server.url, 60)
        async with crowd.at_work():
            for _ in range(300):
                await asyncio.sleep(0.02)
                if crowd.odd.total() > 200:
                    break
            refused = crowd.odd.total()
            filler.unlink()
            await asyncio.sleep(0.5)
            before = crowd.acknowledged.total()
            await asyncio.sleep(0.5)
            went_on = crowd.acknowledged.total() - before
        stored = server.stored()
        said = server.verify()
        print(f"\n{refused} refused, {went_on} taken in half a second after\n{crowd.account(stored)}\nverify: {said}")
        assert refused > 200, "the disk never filled up"
        assert set(crowd.odd) <= {
            "view: 200 none; reason=not-stored",
            "click: 303 none; reason=not-stored",
            "lead: 503 None",
        }
        assert went_on > 50
        assert not crowd.lost(stored)
        assert not crowd.invented(stored)
        assert crowd.emails == server.stored_addresses()
        assert said["differences"] == []
        assert said["damage"] == []


def test_a_disk_that_is_full_at_the_start_is_said_in_a_sentence(tmp_path: Path, small_disk: Path) -> None:
    with running(tmp_path, database=small_disk / "passalong.db") as server:
        server.terminate()
        filler = fill(small_disk)
        refused = server.command("keys", "create", "nobody", within_s=10)
        print(f"\n{refused.stderr.strip()}")
        assert refused.returncode == 1
        assert refused.stderr.startswith("passalong: ")
        assert "Traceback" not in refused.stderr
        filler.unlink()
        assert server.verify()["damage"] == []
