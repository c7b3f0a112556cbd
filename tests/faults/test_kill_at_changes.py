"""kill -9 while the product changes its state, one change after another: what was acknowledged is there afterwards,
what was not is there whole or not at all, and every counter says what the ledger says."""

from __future__ import annotations

import itertools
import random
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest

from engine import execute
from factories import form_token
from faults.running import BROWSER, PASSALONG, Running, mint_share, running
from passalong.store.migrate import Engine, migrations
from serving import client

pytestmark = pytest.mark.faults

KILLS = 4
BEFORE_A_KILL = 10
Step = Callable[[httpx2.Client, httpx2.Client, int], str | None]
"""One change, made as number n by (API, viewer): what was acknowledged by it, None if it was refused or cut off."""


def view(page: httpx2.Client, path: str) -> str:
    answer = page.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def gate(api: httpx2.Client, page: httpx2.Client, n: int) -> str | None:
    path = mint_share()[1]
    typed = {"csrf_token": form_token(view(page, path)), "website": "", "email": f"g{n}@firm.example", "name": "Ann"}
    return f"g{n}@firm.example" if page.post(f"{path}/gate", data=typed).status_code == 303 else None


def pass_along(api: httpx2.Client, page: httpx2.Client, n: int) -> str | None:
    made = page.post(f"{mint_share(mechanic='open')[1]}/pass-along")
    return made.headers["location"].partition("link=")[2].partition("&")[0] if made.status_code == 303 else None


def conversion(api: httpx2.Client, page: httpx2.Client, n: int) -> str | None:
    said = {
        "external_id": f"D-{n}", "kind": "opportunity", "occurred_at": "2026-11-21T09:00:00Z", "heard_from": "Initech",
        "amount": {"amount_minor": 100, "currency": "EUR"},
    }  # fmt: skip
    return f"D-{n}" if api.post("/api/v1/conversions", json=said).status_code == 201 else None


def kill_or_revive(api: httpx2.Client, page: httpx2.Client, n: int) -> str | None:
    name = "revive" if api.get("/api/v1/mechanics/soft").json()["tombstone"] else "kill"
    said = {"reason": f"number {n}", "by": "me"}
    return f"number {n}" if api.post(f"/api/v1/mechanics/soft/{name}", json=said).status_code == 200 else None


def erasure(api: httpx2.Client, page: httpx2.Client, n: int) -> str | None:
    if gate(api, page, n) is None:
        return None
    [lead] = [
        lead["id"] for lead in api.get("/api/v1/leads?limit=5").json()["items"] if lead["email"].startswith(f"g{n}@")
    ]
    return str(lead) if api.delete(f"/api/v1/leads/{lead}").status_code == 200 else None


def stored(server: Running, kind: str) -> set[str]:
    """Names of what is in the file, as the steps acknowledge them."""
    asked = {
        "gate": "SELECT email FROM leads",
        "pass_along": "SELECT share FROM shares WHERE parent IS NOT NULL",
        "conversion": "SELECT external_id FROM conversions",
        "kill_or_revive": "SELECT reason FROM decisions",
        "erasure": "SELECT id FROM leads WHERE erased_at_ms IS NOT NULL AND email = ''",
    }
    return {str(name) for (name,) in execute(server.database, asked[kind])}


def halves(server: Running, kind: str) -> list[Any]:
    """Rows that only half of a change could have left."""
    asked = {
        "gate": "SELECT id FROM leads WHERE id NOT IN (SELECT lead FROM events WHERE kind = 'lead')",
        "pass_along": "SELECT share FROM events WHERE kind = 'share' AND share NOT IN (SELECT share FROM shares)",
        "conversion": """SELECT external_id FROM conversions WHERE external_id NOT IN (SELECT ref FROM events
            WHERE kind = 'opportunity') OR id NOT IN (SELECT conversion FROM evaluations)""",
        "kill_or_revive": """SELECT m.id FROM catalog m WHERE m.noun = 'mechanic' AND m.id = 'soft'
            AND (m.body ->> 'tombstone' IS NOT NULL) <> ((SELECT kind FROM decisions d WHERE d.mechanic = 'soft'
                 AND d.kind IN ('kill', 'revive') ORDER BY id DESC LIMIT 1) = 'kill')""",
        "erasure": "SELECT id FROM leads WHERE (erased_at_ms IS NULL) <> (email <> '')",
    }
    return execute(server.database, asked[kind])


@pytest.mark.parametrize(
    "step", [gate, pass_along, conversion, kill_or_revive, erasure], ids=lambda step: step.__name__
)
def test_what_a_change_acknowledged_survives_kills(tmp_path: Path, step: Step) -> None:
    numbers = itertools.count(1)
    acknowledged: list[str] = []
    cut = 0
    with running(tmp_path) as server:
        with server.seeded() as api:
            secret = api.headers["authorization"].removeprefix("Bearer ")
        for _ in range(KILLS):
            axe = threading.Timer(random.uniform(0, 0.05), server.kill)
            before = len(acknowledged)
            with server.api(secret) as api, suppressing():
                while True:
                    if axe.ident is None and len(acknowledged) >= before + BEFORE_A_KILL:
                        axe.start()
                    with client(server.url, {"user-agent": BROWSER}) as page:
                        said = step(api, page, next(numbers))
                        if said is not None:
                            acknowledged.append(said)
            cut += 1
            axe.join()
            server.start()
        server.kill()
        there, said = stored(server, step.__name__), server.verify()
        print(f"\n{step.__name__}: {len(acknowledged)} acknowledged, {cut} cut off; verify: {said}", end="")
        assert len(acknowledged) >= KILLS * BEFORE_A_KILL
        if step is not pass_along:  # a link's token is not its share's id: those are counted
            assert not set(acknowledged) - there
        assert len(there) >= len(acknowledged)
        assert halves(server, step.__name__) == []
        assert (said["differences"], said["damage"]) == ([], [])


class suppressing:  # noqa: N801 - read as a word
    """Ends a loop of requests where the server has gone."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> bool:
        return kind is not None and issubclass(kind, httpx2.TransportError)


def killed_after(server: Running, seconds: float, *words: str) -> int | None:
    """A command that is killed in the middle; its exit code, None if it was."""
    done = subprocess.Popen(
        [*PASSALONG, *words], cwd=server.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        return done.wait(seconds)
    except subprocess.TimeoutExpired:
        done.kill()
        done.wait()
        return None


def killed_until_done(server: Running, words: Callable[[int], Sequence[str]]) -> Iterator[tuple[int, bool]]:
    """Runs a command again and again, each time killed a little later, until one is done; number and whether it was."""
    for number in itertools.count():
        done = killed_after(server, 0.3 + 0.1 * number, *words(number))
        assert done in (0, None)
        yield number, done == 0
        if done == 0:
            return


def test_an_import_that_is_killed_has_happened_or_not(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        with server.seeded():
            pass

        def words(number: int) -> Sequence[str]:
            rows = "".join(f"c{number}-{n},Customer {n}\n" for n in range(3000))
            (tmp_path / "customers.csv").write_text("id,name\n" + rows)
            return "import", "customers", "customers.csv"

        whole = cut = 0
        for number, done in killed_until_done(server, words):
            [(kept,)] = execute(server.database, "SELECT count(*) FROM catalog WHERE id LIKE ?", f"c{number}-%")
            assert kept in (0, 3000)
            assert not done or kept == 3000
            whole, cut = whole + (kept == 3000), cut + (not done)
        said = server.verify()
        print(f"\nimport: {cut} killed, {whole} whole, none in part; verify: {said}")
        assert cut
        assert (said["differences"], said["damage"]) == ([], [])


@pytest.mark.sqlite
def test_a_backup_that_is_killed_leaves_no_half_of_one(tmp_path: Path) -> None:
    with running(tmp_path) as server, server.seeded():
        with httpx2.Client(base_url=server.url, headers={"user-agent": BROWSER}) as page:
            for _ in range(30):
                page.get(mint_share()[1])
        whole = cut = 0
        for number, done in killed_until_done(server, lambda number: ("backup", f"copy{number}.db")):
            copy = tmp_path / f"copy{number}.db"
            cut += not done
            if copy.exists():
                whole += 1
                assert server.verify(PASSALONG_DATABASE=str(copy))["damage"] == []
                assert server.stored(copy).total() >= 30
        print(f"\nbackup: {cut} killed, {whole} copies, all of them whole")
        assert cut
        assert server.command("backup", "last.db").returncode == 0, "what a killed one left is in nobody's way"


@pytest.mark.sqlite
def test_a_migration_that_is_killed_is_done_by_the_next_start(tmp_path: Path) -> None:
    """From the first schema, with enough in it for the work to take a moment."""
    first = migrations(Engine.SQLITE)[0][1]
    server = Running(tmp_path)
    with closing(sqlite3.connect(server.database, isolation_level=None)) as db:
        db.executescript(f"BEGIN;\n{first}\nPRAGMA user_version = 1;\nCOMMIT;")
        db.execute("BEGIN")
        db.executemany(
            """INSERT INTO events (at_ms, day, kind, actor, share, customer, mechanic, asset, hop, visitor, last)
               VALUES (?, 20261101, 'view', 'human', ?, 'initech', 'hard', 'report', 0, ?, 0)""",
            [(n, f"s{n % 500}", 1 + n % 7000) for n in range(60_000)],
        )
        db.execute(
            """INSERT INTO events (at_ms, day, kind, actor, share, customer, mechanic, asset, hop, visitor, last)
               VALUES (1, 20261101, 'view', 'human', 's', 'initech', 'hard', 'report', 0, 1, 1)"""
        )
        db.execute("COMMIT")
    cut, seen = 0, set()
    for _, done in killed_until_done(server, lambda number: ("keys", "list")):
        cut += not done
        with closing(sqlite3.connect(server.database)) as db:
            seen |= {row[0] for row in db.execute("PRAGMA user_version")}
    said = server.verify()
    print(f"\nmigration: {cut} killed, seen at schemas {sorted(seen)}; verify: {said}")
    assert cut
    assert (said["differences"], said["damage"]) == ([], [])
    assert said["events"] == 60_001
