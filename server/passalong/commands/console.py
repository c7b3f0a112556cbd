"""`passalong console`"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click


@click.command("console")
@click.option("--url", help="A server's address, as https://share.example.com.")
@click.option("--key", envvar="PASSALONG_KEY", help="An API key for it; also from PASSALONG_KEY.")
@click.option("--db", "database", type=click.Path(exists=True, dir_okay=False), help="A local database.")
@click.pass_context
def command(ctx: click.Context, url: str | None, key: str | None, database: str | None) -> None:
    """Open the terminal console: of a server by URL and key, else of the local database."""
    if url is None:
        _open_local(ctx, database)
    elif not key:
        raise click.UsageError("--url needs --key, or the variable PASSALONG_KEY.")
    else:
        _console()(base_url=url.rstrip("/"), key=key, operator=_operator())


def _open_local(ctx: click.Context, database: str | None) -> None:
    from passalong.commands.beside import Beside

    with Beside() as server:  # before anything else is imported: its imports take longest
        import secrets

        from msgspec.structs import replace

        from passalong.commands.common import load_settings
        from passalong.errors import Unusable

        config = load_settings(ctx)
        if database is not None:
            config = replace(config, database=str(Path(database).resolve()))
        elif not Path(config.database).exists():
            raise Unusable("There is no database here. `passalong init` makes one; --url and --key reach a server.")
        secret = secrets.token_urlsafe(32)
        server.tell(config, secret)
        _console()(base_url=config.base_url, key=secret, operator=_operator(), connect=server.connect)


def _operator() -> str:
    import getpass

    return getpass.getuser()


def _console() -> Any:
    from importlib.metadata import entry_points

    from passalong.errors import Unusable

    for entry in entry_points(group="passalong.console"):
        return entry.load()
    raise Unusable("The console is not installed.")
