"""`passalong console`"""

from __future__ import annotations

import getpass
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import rich_click as click

from passalong.commands.common import load_settings
from passalong.errors import Unusable
from passalong.settings import Settings


@click.command("console")
@click.option("--url", help="A server's address, as https://share.example.com.")
@click.option("--key", envvar="PASSALONG_KEY", help="An API key for it; also from PASSALONG_KEY.")
@click.option("--db", "database", type=click.Path(exists=True, dir_okay=False), help="A local database.")
@click.pass_context
def command(ctx: click.Context, url: str | None, key: str | None, database: str | None) -> None:
    """Open the terminal console: of a server by URL and key, else of the local database."""
    run = _console()
    if url is not None:
        if not key:
            raise click.UsageError("--url needs --key, or the variable PASSALONG_KEY.")
        run(base_url=url.rstrip("/"), key=key, operator=getpass.getuser())
        return
    config = load_settings(ctx)
    if database is not None:
        from msgspec.structs import replace

        config = replace(config, database=str(Path(database).resolve()))
    elif not Path(config.database).exists():
        raise Unusable("There is no database here. `passalong init` makes one; --url and --key reach a server.")
    secret = secrets.token_urlsafe(32)
    run(base_url=config.base_url, key=secret, operator=getpass.getuser(), connect=lambda: in_process(config, secret))


@asynccontextmanager
async def in_process(config: Settings, secret: str) -> AsyncIterator[Any]:
    """The same application, in this process, behind the same client: one code path for near and far."""
    import httpx2

    from passalong.app import create_app

    app: Any = create_app(config, operator_key=secret, carrying=False)
    async with app.litestar.lifespan():
        yield httpx2.ASGITransport(app=app)


def _console() -> Any:
    for entry in entry_points(group="passalong.console"):
        return entry.load()
    raise Unusable("The console is not installed.")
