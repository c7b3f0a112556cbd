"""`passalong sync`"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import Any

import rich_click as click

from passalong.commands.common import load_settings, printable, table
from passalong.domain.delivery import JobState
from passalong.errors import PassalongError


@click.command("sync")
@click.option("--once", is_flag=True, help="Carry what is due now, then leave.")
@click.option("--status", is_flag=True, help="What waits, what failed and why, and where HubSpot differs.")
@click.option("--reconcile", is_flag=True, help="Compare with HubSpot first; with --status, show what that found.")
@click.option("--json", "as_json", is_flag=True, help="For programs, with --status.")
@click.pass_context
def command(ctx: click.Context, once: bool, status: bool, reconcile: bool, as_json: bool) -> None:
    """Carry what waits for HubSpot, webhooks and mail. `serve` does so by itself; this is for a process of its own.
    However many there are, one at a time carries."""
    if as_json and not status:
        raise click.UsageError("--json goes with --status.")
    config = load_settings(ctx)
    asyncio.run(_run(config, once=once, status=status, reconcile=reconcile, as_json=as_json))


async def _run(config: Any, *, once: bool, status: bool, reconcile: bool, as_json: bool) -> None:
    from passalong.app import opened, outside, wire

    async with opened(wire(config)) as services, outside(services) as ways:
        if reconcile:
            if ways.hubspot is None:
                raise PassalongError("hubspot.token is not set, so there is nothing to compare with.")
            await ways.hubspot.compare()
        if once:
            if not await ways.courier.once():
                raise PassalongError("Another process is carrying: a server, or another sync. It will see to it.")
        elif not status and not reconcile:
            click.echo("Carrying for HubSpot, webhooks and mail. Ctrl+C ends it.", err=True)
            await _until_stopped(ways.courier.run())
            return
        from passalong.web.api.outbox import status as status_of

        found = await status_of(services)
        if as_json:
            import msgspec

            click.echo(msgspec.json.encode(found).decode())
        else:
            failed = await services.outbox.page(limit=20, state=JobState.FAILED)
            _tell(found, failed)
        paused = [each for each in found.destinations if each.paused_until]
        if once and paused:
            raise PassalongError(f"{paused[0].destination} waits: {paused[0].pause_reason}")


async def _until_stopped(work: Any) -> None:
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _tell(found: Any, failed: list[Any]) -> None:
    rows = [
        (
            each.destination,
            each.pending + each.sending,
            each.failed,
            f"{each.oldest_pending_at:%Y-%m-%d %H:%M}" if each.oldest_pending_at else "–",
            f"until {each.paused_until:%H:%M} UTC: {each.pause_reason}" if each.paused_until else "",
        )
        for each in found.destinations
    ]
    table("Outbox", ["to", ">waiting", ">failed", "oldest", "paused"], rows)
    if failed:
        table(
            "Dead letters, newest first",
            ["job", "about", "in whose words"],
            [(job.id, f"{job.topic} {job.subject}", job.reason or "") for job in failed],
        )
    for trouble in found.failing_endpoints:
        click.echo(
            f"The endpoint {printable(trouble.endpoint)} has been failing since {trouble.since:%Y-%m-%d %H:%M} UTC: "
            f"{printable(trouble.reason)}"
        )
    crm = found.crm
    if not crm.connected:
        click.echo("HubSpot is not connected: hubspot.token is not set.")
        return
    differences = crm.differences
    click.echo(
        f"HubSpot: {differences.contacts} contacts and {differences.deals} deals are known. "
        f"{differences.lacking} leads were never sent, {differences.deals_to_tell} deals wait for their credit, "
        f"{differences.drifted_contacts} contacts and {differences.drifted_deals} deals say something else by now."
    )
    if crm.polled_at:
        click.echo(f"Deals were asked for at {crm.polled_at:%Y-%m-%d %H:%M} UTC.")
    if crm.reconciled_at:
        click.echo(f"Both sides were compared at {crm.reconciled_at:%Y-%m-%d %H:%M} UTC.")
    for trouble in crm.troubles:
        click.echo(printable(trouble))
    for drift in crm.drifts:
        click.echo(f"  {drift.kind} {printable(drift.record)}: {printable(drift.drift)}")
