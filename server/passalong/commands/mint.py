"""`passalong mint`"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import rich_click as click

from passalong.commands.common import load_settings
from passalong.domain.instant import ms_of
from passalong.domain.share import STAFF, claim, mint, share_url
from passalong.domain.token import Keyring
from passalong.errors import Invalid


@click.command("mint")
@click.option("--asset", required=True)
@click.option("--customer", required=True)
@click.option("--mechanic", required=True)
@click.option("--channel", help="Where it is shared: linkedin, email, slack, …")
@click.option("--sharer", default=STAFF, help="An opaque id of the person at the customer who shares, never an "
              "address; without it, the link counts as your own staff's.")  # fmt: skip
@click.option("--expires", metavar="TIME", help="2027-01-31 or 2027-01-31T18:00:00Z.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def command(
    ctx: click.Context,
    asset: str,
    customer: str,
    mechanic: str,
    channel: str | None,
    sharer: str,
    expires: str | None,
    as_json: bool,
) -> None:
    """Print a share's URL. No server and no database is asked; the share appears with its first view."""
    config = load_settings(ctx)
    claims = claim(
        asset=asset,
        customer=customer,
        mechanic=mechanic,
        channel=channel,
        sharer=sharer,
        expires_at_s=_moment(expires) if expires else None,
    )
    token = mint(Keyring(config.signing_keys), claims)
    url = share_url(config.base_url, token)
    if as_json:
        click.echo(msgspec.json.encode({"share": claims.share, "token": token, "url": url}).decode())
    else:
        click.echo(url)


def _moment(text: str) -> int:
    """Unix seconds of a date (its end, UTC) or a time."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid.one("--expires", "Write a date as 2027-01-31 or a time as 2027-01-31T18:00:00Z.") from None
    if len(text) == 10:
        moment = moment.replace(hour=23, minute=59, second=59)
    return ms_of(moment if moment.tzinfo else moment.replace(tzinfo=UTC)) // 1000
