"""`passalong serve`"""

from __future__ import annotations

import os

import rich_click as click

from passalong.commands.common import load_settings
from passalong.domain.address import without_password
from passalong.settings import WORKERS


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Server processes.")
@click.pass_context
def command(ctx: click.Context, host: str, port: int, workers: int) -> None:
    """Run the server. GET /healthz says that it lives, /readyz that the database takes writes.

    SIGHUP reads the settings again, SIGTERM finishes what is at hand and ends."""
    from passalong import logs
    from passalong.commands.supervisor import Supervisor, listen

    config = load_settings(ctx)
    listening = listen(host, port)
    supervisor = Supervisor(config, lambda: load_settings(ctx), listening, workers=workers)
    click.echo(
        f"Passalong serves {config.base_url} on {host}:{port} from {without_password(config.database)}.", err=True
    )
    os.environ[WORKERS] = str(workers)  # so that each of them can say how many there are
    logs.configure(config.log)
    supervisor.serve()
