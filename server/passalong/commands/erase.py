"""`passalong erase`"""

from __future__ import annotations

from typing import Any

import rich_click as click

from passalong.commands.common import printable, with_services
from passalong.errors import NotFound


@click.command("erase")
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def command(ctx: click.Context, email: str, yes: bool) -> None:
    """Empty everything personal that is kept of EMAIL. Cannot be undone; every total stays as it was."""
    if not yes:
        click.confirm(f"Erase everything personal of {printable(email)}? This cannot be undone.", abort=True)

    async def work(services: Any) -> int:
        ids = await services.leads.ids_of(email)
        invited: int = await services.invitations.erase(email)  # of somebody who never came there is no more than this
        if not ids and not invited:
            raise NotFound(f"Nobody is known here by the address {printable(email)}.")
        erased: int = await services.leads.erase(ids, services.clock())
        return erased + invited

    with_services(ctx, work)
    click.echo("Erased. The lead's id and its events stay, without anything that says who it was.")
