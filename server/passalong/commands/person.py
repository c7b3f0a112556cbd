"""`passalong person`"""

from __future__ import annotations

from typing import Any

import msgspec
import rich_click as click

from passalong.commands.common import printable, with_services
from passalong.domain.audit import Way
from passalong.errors import NotFound


@click.command("person")
@click.argument("email")
@click.pass_context
def command(ctx: click.Context, email: str) -> None:
    """All that is kept of EMAIL, as JSON on standard output: to hand over to whoever asks what is known of them."""

    async def work(services: Any) -> Any:
        from passalong.web.api.people import told

        rows = await services.people.known(email)
        if not any(rows.values()):
            raise NotFound(f"Nobody is known here by the address {printable(email)}.")
        for lead in rows["leads"] or [{"id": ""}]:
            await services.audit.note("export_person", lead["id"], by=Way.COMMAND)
        return told(rows, services.clock())

    answer = with_services(ctx, work)
    click.echo(msgspec.json.format(msgspec.json.encode(answer), indent=2).decode())
