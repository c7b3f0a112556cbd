"""`passalong replay`"""

from __future__ import annotations

from typing import Any

import rich_click as click

from passalong.commands.common import table, with_services
from passalong.domain.attribution import MODELS, Policy
from passalong.domain.audit import Way
from passalong.domain.money import Money, written


@click.command("replay")
@click.option("--model", type=click.Choice(MODELS), help="Else the present one, which shows what a window changes.")
@click.option("--window-days", type=click.IntRange(1, 3650), help="How long before a conversion a touch counts.")
@click.option("--half-life-days", type=click.FloatRange(0, 3650, min_open=True), help="For time_decay.")
@click.option("--apply", "store", is_flag=True, help="Credit everything anew by the settings as they are.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def command(
    ctx: click.Context,
    model: str | None,
    window_days: int | None,
    half_life_days: float | None,
    store: bool,
    as_json: bool,
) -> None:
    """Attribution under another model beside the present one: whose credit moves, and by how much. Nothing is stored,
    unless --apply says that the settings have changed and what is credited shall follow them."""
    import msgspec
    from rich.console import Console
    from rich.progress import Progress

    from passalong.store.replay import replayed

    if half_life_days is not None and not half_life_days < float("inf"):
        raise click.UsageError("--half-life-days must be a number of days.")
    if store and (model or window_days or half_life_days):
        raise click.UsageError("--apply follows the settings: change [attribution] there, then give it alone.")

    async def work(services: Any) -> Any:
        present: Policy = services.pipeline.policy
        policy = Policy(
            model=model or present.model,
            window_days=window_days or present.window_days,
            half_life_days=half_life_days or present.half_life_days,
        )
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("Conversions", total=await services.conversions.count())

            def progress(done: int) -> None:
                bar.update(task, completed=done)

            if store:
                changed = await services.pipeline.apply_policy(progress)
                await services.audit.note("apply_attribution", by=Way.COMMAND, changed=changed)
                return changed
            return await replayed(services.pipeline, policy, progress)

    found = with_services(ctx, work)
    if store and as_json:
        click.echo(msgspec.json.encode({"changed": found}).decode())
        return
    if store:
        click.echo(f"{found} conversions are credited differently now; what they were credited with stays readable.")
        return
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    there, here = (f"{p.model}, {p.window_days} days" for p in (found.other, found.present))
    click.echo(f"{found.moved} of {found.conversions} conversions are credited differently by “{there}” than now.")
    rows = [
        (
            move.customer,
            f"{move.before.opportunities:g}",
            f"{move.after.opportunities:g}",
            f"{move.opportunities_by:+g}",
            _money(move.before.pipeline),
            _money(move.after.pipeline),
        )
        for move in found.moves
    ]
    if rows:
        columns = [
            "customer",
            ">now",
            f">{found.other.model}",
            ">moves by",
            ">pipeline now",
            f">by {found.other.model}",
        ]
        table(f"Opportunities by “{here}” and by “{there}”", columns, rows)


def _money(amounts: list[Money]) -> str:
    return " + ".join(written(amount.amount_minor, amount.currency) for amount in amounts) or "–"
