"""`passalong console`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

if TYPE_CHECKING:
    from passalong.settings import Settings


@click.command("console")
@click.option("--url", envvar="PASSALONG_URL", help="A server's address, as https://share.example.com.")
@click.option("--key", envvar="PASSALONG_KEY", help="An API key for it; better from PASSALONG_KEY.")
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
            _open_in_browser(port, {"URL": url, "KEY": key})
        else:
            _console("console")(base_url=url.rstrip("/"), key=key, operator=_operator())
    elif web:
        _open_in_browser(port, {"DATABASE": _settings(ctx, database).database})
    else:
        _open_local(ctx, database)


def _open_local(ctx: click.Context, database: str | None) -> None:
    from passalong.commands.beside import Beside

    with Beside() as server:  # before anything else is imported: its imports take longest
        import secrets

        config = _settings(ctx, database)
        secret = secrets.token_urlsafe(32)
        server.tell(config, secret)
        _console("console")(base_url=config.base_url, key=secret, operator=_operator(), connect=server.connect)


def _open_in_browser(port: int, told: dict[str, str]) -> None:
    """Serves this very command to a browser. What it is about reaches it by variables, which nobody else can list."""
    import os
    import shlex
    import sys

    from passalong.settings import PREFIX

    serve = _console("browser")
    for name in ("URL", "KEY"):
        os.environ.pop(f"{PREFIX}{name}", None)
    os.environ.update({f"{PREFIX}{name}": value for name, value in told.items()})
    serve(command=shlex.join([sys.executable, "-m", "passalong", "console"]), port=port)


def _settings(ctx: click.Context, database: str | None) -> Settings:
    """The settings, of the database that was named or of theirs; raises Unusable where there is none."""
    from passalong.commands.common import load_settings
    from passalong.domain.address import on_server
    from passalong.errors import Unusable

    if database is not None:
        return _settings_of(ctx, Path(database).resolve())
    config = load_settings(ctx)
    if not on_server(config.database) and not Path(config.database).exists():
        raise Unusable("There is no database here. `passalong init` makes one; --url and --key reach a server.")
    return config


def _settings_of(ctx: click.Context, database: Path) -> Settings:
    """Those that were named, else those beside the database, else those of the folder where one is."""
    import os

    from msgspec.structs import replace

    from passalong import settings
    from passalong.commands.common import load_settings
    from passalong.errors import Unusable

    beside = database.with_name(settings.FILE_NAME)
    named = ctx.find_root().obj or os.environ.get(f"{settings.PREFIX}CONFIG")
    if beside.is_file() and not named:
        os.environ[f"{settings.PREFIX}CONFIG"] = str(beside)  # the server beside the console tells where they stand
    config = replace(load_settings(ctx), database=str(database))
    if not config.signing_keys:
        raise Unusable(
            f"The signing keys of {database} are not known: there is no {settings.FILE_NAME} beside it, nor here. "
            "Name its settings by `passalong --config FILE console …`."
        )
    return config


def _operator() -> str:
    import getpass

    return getpass.getuser()


def _console(name: str) -> Any:
    """A way to run the console: here, or in a browser."""
    from importlib.metadata import entry_points

    from passalong.errors import Unusable

    for entry in entry_points(group="passalong.console", name=name):
        return entry.load()
    raise Unusable("The console is not installed.")
