"""`passalong serve`"""

from __future__ import annotations

import asyncio
import os

import rich_click as click

from passalong.commands.common import UVICORN, load_settings
from passalong.settings import WORKERS


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Server processes.")
@click.pass_context
def command(ctx: click.Context, host: str, port: int, workers: int) -> None:
    """Run the server. GET /healthz says that it lives, /readyz that the database takes writes."""
    import uvicorn

    from passalong.app import opened, outside, wire

    config = load_settings(ctx)

    async def rehearse() -> None:
        async with opened(wire(config)) as services, outside(services):
            pass

    # What is wrong is said here, in a sentence; and workers never migrate side by side.
    asyncio.run(rehearse())
    click.echo(f"Passalong serves {config.base_url} on {host}:{port} from {config.database}.", err=True)
    os.environ[WORKERS] = str(workers)  # so that each of them can say how many there are
    uvicorn.run(
        "passalong.app:from_environment",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        **UVICORN,
    )
