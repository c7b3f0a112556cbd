"""`passalong init`"""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path

import rich_click as click

from passalong import settings
from passalong.commands.keys import create_key
from passalong.domain.access import Role
from passalong.domain.address import without_password
from passalong.errors import Unusable

TEMPLATE = """\
# Settings of this Passalong. Each can be overridden by a variable, as PASSALONG_BASE_URL.

# How the world reaches this server. Links, redirects and cookies are made from it.
base_url = "{base_url}"

# The SQLite file. Uploaded files live beside it, in passalong.db.files/.
database = "passalong.db"

# Whoever holds one of these can mint links. Oldest first; the newest signs, all verify.
signing_keys = ["{key}"]

# In whose days and months reports count.
timezone = "{timezone}"

# Addresses or networks of proxies whose X-Forwarded-For is believed, as "10.0.0.0/8".
trusted_proxies = []

# Hosts that an asset of kind `embed` may show in a frame, as "app.example.com" or "*.example.com".
embed_sources = []
"""


@click.command("init")
@click.argument("folder", metavar="[DIR]", type=click.Path(file_okay=False, path_type=Path), default=".")
@click.option("--base-url", default="http://localhost:8000", show_default=True, help="How the world reaches it.")
@click.option("--timezone", default="UTC", show_default=True, help="In whose days reports count.")
def command(folder: Path, base_url: str, timezone: str) -> None:
    """Write passalong.toml and a database in DIR, with a fresh signing key and the first admin API key (shown once)."""
    target = folder / settings.FILE_NAME
    if target.exists():
        raise Unusable(f"{target} is there already, and its signing key with it. Nothing was changed.")
    folder.mkdir(parents=True, exist_ok=True)
    text = TEMPLATE.format(base_url=base_url, key=secrets.token_urlsafe(48), timezone=timezone)
    target.touch(mode=0o600)
    target.write_text(text, "utf-8")
    try:
        config = settings.load(target)
        _, secret = asyncio.run(create_key(config, "first admin", Role.ADMIN))
    except BaseException:
        target.unlink()
        raise
    click.echo(f"Wrote {target} and {without_password(config.database)}.\n")
    click.echo("Your first API key, of the role admin. It is shown this once; keep it somewhere safe:\n")
    click.echo(f"  {secret}\n")
    click.echo("Next: `passalong serve` here, `passalong console` in another terminal.")
