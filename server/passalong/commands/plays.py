"""`passalong plays`"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from passalong.commands.common import load_settings, printable, table, with_services
from passalong.errors import PassalongError

_MOST = 200
_REASONS = {"open": "another was open", "rest": "too soon after the last", "most": "as many as the limit allows"}


@click.group("plays", invoke_without_command=True)
@click.option("--state", type=click.Choice(["open", "done", "dismissed", "expired"]), default="open", show_default=True)
@click.option("--customer", help="Only of this customer.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def command(ctx: click.Context, state: str, customer: str | None, as_json: bool) -> None:
    """Next best actions for customers, newest first; the rules that make them; and dry runs of rules."""
    if ctx.invoked_subcommand is not None:
        return

    async def work(services: Any) -> Any:
        from passalong.domain.play import PlayState
        from passalong.web.api.plays import answer

        found = await services.plays.page(limit=_MOST, state=PlayState(state), customer=customer)
        return [answer(services, play) for play in found]

    plays = with_services(ctx, work)
    if as_json:
        _json(plays)
        return
    if not plays:
        click.echo(f"No play is {state}{f' for {printable(customer)}' if customer else ''}.")
        return
    rows = [
        (f"{p.created_at:%Y-%m-%d}", p.customer_name or p.customer, (p.kind.replace("_", " "), p.owner), (p.why, p.id))
        for p in plays
    ]
    table(f"Plays that are {state}", ["since", "customer", "play", "why"], rows)
    if len(plays) == _MOST:
        click.echo(f"These are the newest {_MOST}; the API has them all.")


@command.command("rules")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def rules(ctx: click.Context, as_json: bool) -> None:
    """Checks the rules that are live, and says what each has made. Nothing but the file is needed to check it."""
    from passalong.settings import read_rules

    config = load_settings(ctx)
    book = read_rules(config)

    async def work(services: Any) -> Any:
        from passalong.web.api.rules import live_rules

        return await live_rules(services)

    found = with_services(ctx, work)
    if as_json:
        _json(found)
        return
    where = config.plays.rules or "the rules that Passalong ships (plays.rules names others)"
    click.echo(f"{len(book.rules)} rules are in order: {printable(where)}.")
    fatigue = book.fatigue
    click.echo(f"For one customer, at most {fatigue.most} plays within {fatigue.within_days} days.")
    rows = [
        (
            (item.rule.id, f"{item.rule.then.play.replace('_', ' ')}, {item.owner}"),
            (item.counts.plays, *_became(item.counts)),
            sum(item.counts.kept_back.values()),
            item.counts.followed_by.opportunities,
        )
        for item in found.items
    ]
    columns = ["rule", "plays", ">kept back", ">followed by"]
    table("Rules, the weightiest first", columns, rows)
    click.echo("“Followed by” counts opportunities within 90 days after a play was done. It claims no cause.")


def _became(counts: Any) -> list[str]:
    """What became of the plays of a rule, in a line; nothing of what did not happen."""
    found = [(n, state) for state in ("open", "done", "dismissed", "expired") if (n := getattr(counts, state, 0))]
    return [", ".join(f"{n} {state}" for n, state in found)] if found else []


@command.command("dry-run")
@click.argument("rule_id", metavar="RULE_ID", required=False)
@click.option("--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A TOML file with a rule.")
@click.option("--days", type=click.IntRange(1, 1100), default=365, show_default=True, help="How far back.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def dry_run(ctx: click.Context, rule_id: str | None, file: Path | None, days: int, as_json: bool) -> None:
    """Which plays a rule would have made of the history that there is. Nothing is stored.

    RULE_ID is live, or in FILE; it can be left out where FILE holds one rule. A [fatigue] in FILE takes the place of
    the one that is live."""
    if rule_id is None and file is None:
        raise click.UsageError("Name a rule, or a --file with one.")
    written = _rule_of(file, rule_id) if file is not None else None

    async def work(services: Any) -> Any:
        from rich.console import Console
        from rich.progress import Progress

        from passalong.web.api.rules import DryRunBody, asked, dry_run_answer

        rule, fatigue = written or asked(services, DryRunBody(id=rule_id))
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("Customers", total=len(services.catalog.customers))
            found = await services.rehearsals.dry_run(
                rule, days, lambda done: bar.update(task, completed=done), fatigue=fatigue
            )
        return dry_run_answer(services, found)

    found = with_services(ctx, work)
    if as_json:
        _json(found)
    else:
        _tell(found)


def _rule_of(file: Path, rule_id: str | None) -> Any:
    """The rule in a file, and the file's own fatigue, if it has one; raises Invalid."""
    from passalong.domain.rule import rule_in

    try:
        text = file.read_text("utf-8")
    except UnicodeDecodeError:
        raise PassalongError(f"{file} is not UTF-8 text.") from None
    return rule_in(text, rule_id)


def _tell(found: Any) -> None:
    plays = "1 play" if found.plays == 1 else f"{found.plays} plays"
    click.echo(
        f"“{printable(found.rule.title)}” ({found.rule.id}) would have made {plays} of the kind {found.rule.then.play} "
        f"for {found.customers} of {found.of_customers} customers in {found.days} days."
    )
    kept_back = [f"{n} ({_REASONS[reason]})" for reason, n in found.kept_back.items() if n]
    click.echo(f"Kept back by fatigue: {', '.join(kept_back) or 'none'}.")
    if found.months:
        most = max(found.months.values())
        rows = [(month, n, "█" * max(1, round(40 * n / most))) for month, n in found.months.items()]
        table("", ["month", ">plays", ""], rows)
    if found.examples:
        rows = [(f"{e.at:%Y-%m-%d}", e.customer_name or e.customer, e.why) for e in found.examples]
        table("The newest of them", ["on", "customer", "why"], rows)
    click.echo(f"{found.signals:,} signals were looked at in {found.took_ms / 1000:.1f} s. Nothing was stored.")


def _json(found: Any) -> None:
    import msgspec

    click.echo(msgspec.json.encode(found).decode())
