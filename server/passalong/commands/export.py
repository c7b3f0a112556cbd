"""`passalong export`"""

from __future__ import annotations

import csv
import sys
from collections.abc import AsyncIterator, Generator
from datetime import UTC, datetime
from typing import Any

import msgspec
import rich_click as click

from passalong.commands.common import with_services
from passalong.domain.audit import Way
from passalong.domain.instant import at, ms_of
from passalong.domain.text import cell
from passalong.errors import Invalid

_PAGE = 1000


@click.command("export")
@click.option("--what", type=click.Choice(["leads", "events", "opportunities"]), required=True)
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True)
@click.option("--since", metavar="DATE", help="Only from this day on, as 2026-01-31 (UTC).")
@click.pass_context
def command(ctx: click.Context, what: str, form: str, since: str | None) -> None:
    """Leads, events or opportunities, to standard output. In CSV, a cell that a spreadsheet would run is quoted."""
    since_ms = _since(since)

    async def work(services: Any) -> None:
        write = _csv() if form == "csv" else _jsonl()
        next(write)
        rows = 0
        async for row in _rows(services, what, since_ms):
            write.send(row)
            rows += 1
        await services.audit.note(f"export_{what}", by=Way.COMMAND, rows=rows)

    with_services(ctx, work)


async def _rows(services: Any, what: str, since_ms: int) -> AsyncIterator[dict[str, Any]]:
    if what == "events":
        after = 0
        while events := await services.ledger.tail(after, _PAGE):
            after = events[-1].seq
            for event in events:
                if event.at_ms >= since_ms:
                    yield _readable(msgspec.structs.asdict(event), drop=("visitor", "day"))
    elif what == "leads":
        before = None
        while leads := await services.leads.page(limit=_PAGE, before=before):
            before = leads[-1].created_at_ms, leads[-1].id
            for lead in leads:
                if lead.created_at_ms >= since_ms:
                    yield _readable(msgspec.structs.asdict(lead), drop=("email_key",))
    else:
        for row in await services.reports.opportunities(since_ms):
            yield _readable(dict(row))


def _readable(row: dict[str, Any], drop: tuple[str, ...] = ()) -> dict[str, Any]:
    """Times as RFC 3339, under the name without its unit."""
    readable: dict[str, Any] = {}
    for name, value in row.items():
        if name.endswith("_ms"):
            readable[name.removesuffix("_ms")] = at(value).isoformat().replace("+00:00", "Z") if value else None
        elif name not in drop:
            readable[name] = value
    return readable


def safe_cell(value: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    if isinstance(value, dict):
        value = msgspec.json.encode(value).decode()
    return cell(value) if isinstance(value, str) else value


def _csv() -> Generator[None, dict[str, Any], None]:
    writer = None
    while True:
        row = yield
        if writer is None:
            writer = csv.writer(sys.stdout)
            writer.writerow(row)
        writer.writerow([safe_cell(value) for value in row.values()])


def _jsonl() -> Generator[None, dict[str, Any], None]:
    while True:
        row = yield
        click.echo(msgspec.json.encode(row).decode())


def _since(text: str | None) -> int:
    if text is None:
        return 0
    try:
        return ms_of(datetime.fromisoformat(text).replace(tzinfo=UTC))
    except ValueError:
        raise Invalid.one("--since", "Write a date as 2026-01-31.") from None
