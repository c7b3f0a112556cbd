"""`passalong erase`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import rich_click as click

from passalong.commands.common import printable, table, with_services
from passalong.domain.audit import Way

if TYPE_CHECKING:
    from passalong.store.erasures import Request

_MOST_LISTED = 10_000


@click.command("erase")
@click.argument("email", required=False)
@click.option("--asked", is_flag=True, help="List those who asked for it on /privacy and wait for you.")
@click.option("--request", "asked_id", metavar="ID", help="Erase whoever made this request, as --asked lists it.")
@click.option("--dismiss", metavar="ID", help="Put this request away, and erase nobody.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def command(
    ctx: click.Context,
    email: str | None,
    asked: bool,
    asked_id: str | None,
    dismiss: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Empty everything personal that is kept of EMAIL, and print a certificate of it. Cannot be undone; every total
    stays as it was."""
    if sum((email is not None, asked, asked_id is not None, dismiss is not None)) != 1:
        raise click.UsageError("Name one address, or one of --asked, --request and --dismiss.")
    if asked:
        _list(ctx, as_json)
    elif dismiss is not None:
        _dismiss(ctx, dismiss)
    else:
        _erase(ctx, email, asked_id, yes=yes, as_json=as_json)


def _erase(ctx: click.Context, email: str | None, asked_id: str | None, *, yes: bool, as_json: bool) -> None:
    from passalong.domain.erasure import certificate, in_words
    from passalong.domain.instant import at

    if not yes:
        whom = printable(email) if email is not None else "whoever made this request"
        click.confirm(f"Erase everything personal of {whom}? This cannot be undone.", abort=True, err=True)

    async def work(services: Any) -> Any:
        now_ms, erasures = services.clock(), services.erasures
        emptied = await (erasures.erase(email) if email is not None else erasures.erase_asked(asked_id))
        for id in emptied.leads or [""]:
            await services.audit.note("erase_lead", id, by=Way.COMMAND, **emptied.rows)
        return certificate(emptied, at=at(now_ms), by=Way.COMMAND)

    told = with_services(ctx, work)
    click.echo(msgspec.json.encode(told).decode() if as_json else in_words(told))


def _list(ctx: click.Context, as_json: bool) -> None:
    from passalong.domain.instant import at

    async def work(services: Any) -> list[Request]:
        found: list[Request] = await services.erasures.page(limit=_MOST_LISTED)
        return found

    found = with_services(ctx, work)
    if as_json:
        told = [{"id": one.id, "lead": one.lead, "email": one.email, "asked_at": at(one.asked_at_ms)} for one in found]
        click.echo(msgspec.json.encode(told).decode())
        return
    if not found:
        click.echo("Nobody waits to be erased.")
        return
    rows = [(f"{at(one.asked_at_ms):%Y-%m-%d %H:%M}", one.email or "only invited; not kept", one.id) for one in found]
    table("", ["asked (UTC)", "address", "request"], rows)
    click.echo(
        "Anybody can have entered these addresses: write to the person first.\n"
        "If they want it, `passalong erase --request ID` erases all that is kept of them; if not, "
        "`passalong erase --dismiss ID` puts the request away."
    )


def _dismiss(ctx: click.Context, id: str) -> None:
    async def work(services: Any) -> None:
        await services.erasures.dismiss(id)
        await services.audit.note("dismiss_erasure", id, by=Way.COMMAND)

    with_services(ctx, work)
    click.echo("Put away; nobody was erased.")
