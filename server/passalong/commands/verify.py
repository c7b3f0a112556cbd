"""`passalong verify`"""

from __future__ import annotations

from typing import Any

import msgspec
import rich_click as click

from passalong.commands.common import table, with_services
from passalong.errors import PassalongError


@click.command("verify")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Rebuild every counter from the ledger and report any difference; check the file's integrity."""

    async def work(services: Any) -> tuple[Any, list[str], int]:
        return (
            await services.reports.verify(),
            await services.reports.integrity(),
            await services.ledger.last_seq(),
        )

    differences, damage, events = with_services(ctx, work)
    if as_json:
        said = {"events": events, "differences": differences, "damage": damage}
        click.echo(msgspec.json.encode(said).decode())
    elif differences:
        rows = [(d.counter, d.subject, d.kind, d.actor, d.kept, d.rebuilt) for d in differences]
        table("Counters that differ", ["counter", "subject", "kind", "actor", ">kept", ">rebuilt"], rows)
    if differences or damage:
        raise PassalongError("; ".join([f"{len(differences)} counters differ from the ledger", *damage]) + ".")
    if not as_json:
        click.echo(f"{events:,} events: every counter says what the ledger says, and the file is sound.")
