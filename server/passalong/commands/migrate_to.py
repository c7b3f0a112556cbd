"""`passalong migrate-to`"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from passalong.commands.common import load_settings
from passalong.domain.address import on_server
from passalong.errors import PassalongError, Unusable

if TYPE_CHECKING:
    from passalong.store.copying import Copied
    from passalong.store.db import Database


@click.command("migrate-to")
@click.argument("address", metavar="postgresql://USER@HOST/NAME")
@click.pass_context
def command(ctx: click.Context, address: str) -> None:
    """Copy the SQLite database of these settings to PostgreSQL, and prove that both say the same.

    Servers may go on writing meanwhile. Run it again once they are stopped: it brings the rest, in a fraction of the
    time. Then set `database` to the address.
    """
    config = load_settings(ctx)
    if on_server(config.database):
        raise Unusable("database: these settings name a PostgreSQL server already.")
    if not on_server(address):
        raise click.UsageError("Name the target as postgresql://user:password@host/name.")
    copied, events = asyncio.run(_copy(config.database, address))
    click.echo(f"{copied.rows:,} rows are there, {copied.written:,} of them written now; {events:,} events.")
    click.echo("Both say the same, row for row, and every counter says what the ledger says.")


async def _copy(file: str, address: str) -> tuple[Copied, int]:
    from rich.console import Console
    from rich.progress import Progress

    from passalong.store.copying import copy_in
    from passalong.store.postgres import PostgresDatabase
    from passalong.store.sqlite import SqliteDatabase

    source, target = SqliteDatabase(_there(file)), PostgresDatabase(address)
    await source.open()
    try:
        await target.open()
        try:
            with Progress(console=Console(stderr=True), transient=True) as bar:
                task = bar.add_task("Rows")
                copied = await copy_in(source, target, lambda done, of: bar.update(task, completed=done, total=of))
            if copied.different:
                raise PassalongError(f"These tables are not the same on both sides: {', '.join(copied.different)}.")
            for database, where in ((source, file), (target, "the copy")):
                await _verify(database, where)
            row = await target.read_one("SELECT count(*) AS n FROM events")
        finally:
            await target.close()
    finally:
        await source.close()
    return copied, int(row["n"]) if row else 0


def _there(file: str) -> Path:
    path = Path(file)
    if not path.exists():
        raise Unusable(f"There is no database at {path}.")
    return path


async def _verify(database: Database, where: str) -> None:
    from passalong.store.reports import Reports

    differences = await Reports(database).verify()
    if differences:
        raise PassalongError(f"{len(differences)} counters of {where} differ from the ledger: see `passalong verify`.")
