"""The `passalong` command. Imports lazily: its help is there at once, and minting needs no framework."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import rich_click as click

from passalong import __version__
from passalong.errors import PassalongError

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("demo", "A sample vendor with half a year of history, a server, and links to open."),
    "init": ("init", "Write passalong.toml and a database, with a fresh signing key and the first API key."),
    "serve": ("serve", "Run the server."),
    "console": ("console", "Open the terminal console."),
    "mint": ("mint", "Print a share's URL. Offline: only the signing key is needed."),
    "import": ("imports", "Bring in customers or assets, all or nothing."),
    "keys": ("keys", "API keys and signing keys."),
    "report": ("report", "The monthly review, as text, Markdown, HTML, JSON or CSV."),
    "export": ("export", "Leads, events or opportunities, as CSV or JSON lines."),
    "replay": ("replay", "Attribution under another model beside the present one: whose credit moves."),
    "plays": ("plays", "Next best actions for customers; the rules that make them; dry runs of rules."),
    "sync": ("sync", "Carry what waits for HubSpot and webhooks; --status says what waits and what failed."),
    "person": ("person", "All that is kept of one person, as JSON."),
    "audit": ("audit", "What admins did, when, and with which key."),
    "erase": ("erase", "Erase one person's data for good."),
    "backup": ("backup", "Copy the live database and its files."),
    "migrate-to": ("migrate_to", "Copy the SQLite database to PostgreSQL, and prove that both say the same."),
    "verify": ("verify", "Rebuild every counter from the ledger and compare."),
    "doctor": ("doctor", "Check settings, database and environment."),
}
"""Each command, the module in `passalong.commands` that holds it as `command`, and its line in the help."""


class LazyGroup(click.RichGroup):
    """A group whose commands are imported when they are run, and not to list them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        known = COMMANDS.get(cmd_name)
        return click.RichCommand(name=cmd_name, short_help=known[1]) if known else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, stub, rest = super().resolve_command(ctx, args)
        if stub is None or name is None:
            return name, stub, rest
        module = importlib.import_module(f"passalong.commands.{COMMANDS[name][0]}")
        found: click.Command = module.command
        return name, found, rest


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", type=click.Path(dir_okay=False), help="Settings file; else passalong.toml in this folder.")
@click.version_option(__version__, prog_name="passalong")
@click.pass_context
def passalong(ctx: click.Context, config: str | None) -> None:
    """Share, gate and attribution for customer-led growth."""
    ctx.obj = config


def main(argv: list[str] | None = None) -> Any:
    """Runs a command; exit code 1 and a sentence for what went wrong, never a traceback for what a user can cause."""
    try:
        return passalong.main(args=argv, prog_name="passalong")
    except PassalongError as error:
        click.echo(f"passalong: {error}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(1)


if __name__ == "__main__":
    main()
