"""On which engine the tests of this run are: TEST_ENGINE=postgres for PostgreSQL, a SQLite file otherwise."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from passalong.domain.address import on_server
from passalong.store.dialect import numbered

ON_POSTGRES = os.environ.get("TEST_ENGINE") == "postgres"
REFUSED: tuple[type[Exception], ...] = (sqlite3.IntegrityError,)
"""What an engine raises where a trigger refuses."""
if ON_POSTGRES:
    import asyncpg

    REFUSED = (asyncpg.RaiseError,)


def database_for(folder: Path, name: str = "passalong.db") -> str:
    """The setting `database` of a test that has this folder for its own."""
    if ON_POSTGRES:
        import postgres

        return postgres.database_for(folder / name)
    return str(folder / name)


def variables(folder: Path) -> dict[str, str]:
    """What a command in this folder is told by its environment, beside its settings file."""
    return {"PASSALONG_DATABASE": database_for(folder)} if ON_POSTGRES else {}


def execute(database: str | Path, sql: str, *params: Any) -> list[tuple[Any, ...]]:
    """Rows of one statement (marks are `?`), past everything that Passalong does."""
    if on_server(str(database)):
        import postgres

        return postgres.execute(str(database), numbered(sql), *params)
    with closing(sqlite3.connect(database, isolation_level=None, timeout=10)) as connection:
        return list(connection.execute(sql, params))


def execute_many(database: str | Path, sql: str, rows: Iterable[Sequence[Any]]) -> None:
    """One statement for each row of values."""
    if on_server(str(database)):
        import postgres

        postgres.execute_many(str(database), numbered(sql), list(rows))
        return
    with closing(sqlite3.connect(database, timeout=10)) as connection, connection:
        connection.executemany(sql, rows)


def happened(database: str | Path, share: str, kind: str, visitors: Iterable[int], *, at_ms: int, day: int) -> None:
    """Events of people with a share that is known, past the ledger's writer and counted all the same."""
    if on_server(str(database)):
        execute(database, "SELECT events_room(?)", day // 100)
    execute_many(
        database,
        """INSERT INTO events (at_ms, day, kind, actor, share, customer, mechanic, asset, hop, visitor)
            SELECT CAST(? AS BIGINT), CAST(? AS BIGINT), ?, 'human', share, customer, mechanic, asset, hop,
              CAST(? AS BIGINT) FROM shares WHERE share = ?""",
        [(at_ms, day, kind, visitor, share) for visitor in visitors],
    )


def columns(database: str | Path) -> dict[str, set[str]]:
    """The tables with their columns."""
    if on_server(str(database)):
        asked = (
            "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = 'public'"
        )
    else:
        asked = "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
    found: dict[str, set[str]] = {}
    for table, column in execute(database, asked):
        found.setdefault(table, set()).add(column)
    return found


@contextmanager
def held(database: str | Path) -> Iterator[None]:
    """Another program keeps every writer waiting."""
    if on_server(str(database)):
        import postgres

        with postgres.held(str(database)):
            yield
        return
    with closing(sqlite3.connect(database, isolation_level=None, timeout=10)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def everything(database: str | Path) -> bytes:
    """What whoever gets hold of the database can read: each byte of the file and its log; of a server all its rows."""
    if on_server(str(database)):
        return all_text(database).encode()
    return b"".join(
        path.read_bytes() for path in Path(database).parent.glob(f"{Path(database).name}*") if path.is_file()
    )


def all_text(database: str | Path) -> str:
    """Everything that a database says, table for table."""
    if on_server(str(database)):
        tables = execute(database, "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
        return "\n".join(str(execute(database, f"SELECT * FROM {table}")) for (table,) in tables)
    with closing(sqlite3.connect(database)) as connection:
        return "\n".join(connection.iterdump())
