"""`passalong console`"""

from __future__ import annotations

import getpass
import os
import secrets
import shlex
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import rich_click as click

from passalong.commands.common import load_settings
from passalong.errors import Unusable
from passalong.settings import PREFIX, Settings


@click.command("console")
@click.option("--url", envvar=f"{PREFIX}URL", help="A server's address, as https://share.example.com.")
@click.option("--key", envvar=f"{PREFIX}KEY", help="An API key for it; better from PASSALONG_KEY.")
@click.option("--db", "database", type=click.Path(exists=True, dir_okay=False), help="A local database.")
@click.option("--web", is_flag=True, help="Show it in a browser on this machine, behind a token.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="With --web: where; else any that is free.")
@click.pass_context
def command(ctx: click.Context, url: str | None, key: str | None, database: str | None, web: bool, port: int) -> None:
    """Open the terminal console: of a server by URL and key, else of the local database."""
    if url is not None and database is None:
        if not key:
            raise click.UsageError("--url needs --key, or the variable PASSALONG_KEY.")
        if web:
            in_browser(port, {"URL": url, "KEY": key})
        else:
            _console("console")(base_url=url.rstrip("/"), key=key, operator=getpass.getuser())
        return
    config = load_settings(ctx)
    if database is not None:
        from msgspec.structs import replace

        config = replace(config, database=str(Path(database).resolve()))
    elif not Path(config.database).exists():
        raise Unusable("There is no database here. `passalong init` makes one; --url and --key reach a server.")
    if web:
        in_browser(port, {"DATABASE": config.database})
        return
    run, secret = _console("console"), secrets.token_urlsafe(32)
    run(base_url=config.base_url, key=secret, operator=getpass.getuser(), connect=lambda: in_process(config, secret))


def in_browser(port: int, told: dict[str, str]) -> None:
    """Serves this very command to a browser. What it is about reaches it by variables, which nobody else can list."""
    serve = _console("browser")
    for name in ("URL", "KEY"):
        os.environ.pop(f"{PREFIX}{name}", None)
    os.environ.update({f"{PREFIX}{name}": value for name, value in told.items()})
    serve(command=shlex.join([sys.executable, "-m", "passalong", "console"]), port=port)


@asynccontextmanager
async def in_process(config: Settings, secret: str) -> AsyncIterator[Any]:
    """The same application, in this process, behind the same client: one code path for near and far."""
    import httpx2

    from passalong.app import create_app

    app: Any = create_app(config, operator_key=secret, carrying=False)
    async with app.litestar.lifespan():
        yield httpx2.ASGITransport(app=app)


def _console(name: str) -> Any:
    """A way to run the console: here, or in a browser."""
    for entry in entry_points(group="passalong.console", name=name):
        return entry.load()
    raise Unusable("The console is not installed.")
