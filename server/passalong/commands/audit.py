"""`passalong audit`"""

from __future__ import annotations

from typing import Any

import msgspec
import rich_click as click

from passalong.commands.common import printable, table, with_services


@click.command("audit")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many, newest first.")
@click.option("--action", help="Only this, as erase_lead.")
@click.option("--subject", help="Only what was done to this: the id of a lead, a key, a mechanic.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def command(ctx: click.Context, limit: int, action: str | None, subject: str | None, as_json: bool) -> None:
    """What admins did, the latest first: when, with which API key, and to what. No personal data is in it."""

    async def work(services: Any) -> Any:
        from passalong.web.api.audit import told

        found = await services.audit.page(limit=limit, action=action, subject=subject)
        return [told(act, services.catalog) for act in found]

    acts = with_services(ctx, work)
    if as_json:
        click.echo(msgspec.json.encode(acts).decode())
        return
    if not acts:
        click.echo("Nothing of that kind was done.")
        return
    rows = [
        (f"{act.at:%Y-%m-%d %H:%M}", act.key_name or act.key, act.action, act.subject, _said(act.detail))
        for act in acts
    ]
    table("", ["when (UTC)", "by", "what", "of", "detail"], rows)


def _said(detail: dict[str, Any]) -> str:
    parts = (f"{name} {', '.join(value) if isinstance(value, list) else value}" for name, value in detail.items())
    return printable("; ".join(parts))
