"""`passalong keys`"""

from __future__ import annotations

import asyncio
import re
import secrets
import tomllib
from pathlib import Path
from typing import Any

import rich_click as click

from passalong import settings
from passalong.commands.common import load_settings, table, with_services
from passalong.domain.access import ApiKey, Role
from passalong.domain.audit import Way
from passalong.domain.instant import at
from passalong.errors import Unusable
from passalong.settings import Settings


async def create_key(config: Settings, name: str, role: Role) -> tuple[ApiKey, str]:
    """A new API key and its secret, which is kept nowhere."""
    from passalong.app import opened, wire

    async with opened(wire(config)) as services:
        made = await services.keys.make(name, role)
        await services.audit.note("make_key", made[0].id, by=Way.COMMAND, role=role.value)
        return made


@click.group("keys")
def command() -> None:
    """API keys (roles reader, integrator, admin) and signing keys."""


@command.command("create")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.INTEGRATOR.value)
@click.pass_context
def create(ctx: click.Context, name: str, role: str) -> None:
    """Make an API key. Its secret is shown this once."""
    key, secret = asyncio.run(create_key(load_settings(ctx), name, Role(role)))
    click.echo(f"{key.role} key {key.id} for {name!r}, shown this once:", err=True)
    click.echo(secret)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def list_keys(ctx: click.Context, as_json: bool) -> None:
    """All API keys, without their secrets."""
    import msgspec

    async def work(services: Any) -> list[ApiKey]:
        return list(services.keys.stored())

    keys: list[ApiKey] = with_services(ctx, work)
    if as_json:
        click.echo(msgspec.json.encode([msgspec.structs.replace(key, digest="") for key in keys]).decode())
        return
    rows = [
        (key.id, key.name, key.role, f"{at(key.created_at_ms):%Y-%m-%d}", "revoked" if key.revoked_at_ms else "valid")
        for key in keys
    ]
    table("", ["id", "name", "role", "created", "state"], rows)


@command.command("revoke")
@click.argument("id")
@click.pass_context
def revoke(ctx: click.Context, id: str) -> None:
    """Make an API key worthless, at once, in every server process."""

    async def work(services: Any) -> ApiKey:
        after: ApiKey = await services.keys.revoke(id)
        await services.audit.note("revoke_key", id, by=Way.COMMAND)
        return after

    key: ApiKey = with_services(ctx, work)
    click.echo(f"The key {key.id} ({key.name}) is revoked.")


@command.command("rotate-signing")
@click.pass_context
def rotate_signing(ctx: click.Context) -> None:
    """Add a new signing key. It signs from the next start on; links of the older ones keep working."""
    load_settings(ctx)
    path = settings.locate(None)
    if path is None:
        raise Unusable("There is no passalong.toml here to write the new key to.")
    count = add_signing_key(path, secrets.token_urlsafe(48))
    click.echo(f"{path} now has {count} signing keys; the newest signs. Restart the server to use it.")
    click.echo("Remove the oldest from the list to retire the links that it signed.")


def add_signing_key(path: Path, key: str) -> int:
    """Writes one more key at the end of `signing_keys`, touching nothing else; gives how many there are."""
    text = path.read_text("utf-8")
    before = tomllib.loads(text).get("signing_keys", [])
    entries = "".join(f'\n  "{entry}",' for entry in [*before, key])
    changed = re.sub(r"(?m)^signing_keys\s*=\s*\[[^\]]*\]", f"signing_keys = [{entries}\n]", text, count=1)
    if tomllib.loads(changed).get("signing_keys") != [*before, key]:
        raise Unusable(f"{path}: signing_keys could not be rewritten safely; add a key to the list by hand.")
    draft = path.with_suffix(".toml.new")
    draft.touch(mode=0o600)
    draft.write_text(changed, "utf-8")
    draft.replace(path)
    return len(before) + 1
