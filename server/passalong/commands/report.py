"""`passalong report`"""

from __future__ import annotations

import csv
import io
import re
import sys
from typing import TYPE_CHECKING, Any, Literal

import rich_click as click

from passalong.commands.common import printable, with_services
from passalong.commands.export import safe_cell
from passalong.errors import Invalid

if TYPE_CHECKING:
    from passalong.domain.monthly import Monthly

Form = Literal["text", "md", "html", "json", "csv"]
_MONTH = re.compile(r"^2\d{3}-(0[1-9]|1[0-2])\Z", re.ASCII)


def _month(ctx: click.Context, option: click.Parameter, text: str | None) -> int | None:
    if text is None:
        return None
    if not _MONTH.match(text):
        raise click.BadParameter(f"{printable(text)!r} is no month; write one like 2026-11.")
    return int(text.replace("-", ""))


@click.command("report")
@click.option("--month", metavar="YYYY-MM", callback=_month, help="Else the present month, so far.")
@click.option("--format", "form", type=click.Choice(["text", "md", "html", "json", "csv"]), default="text",
              show_default=True)  # fmt: skip
@click.pass_context
def command(ctx: click.Context, month: int | None, form: Form) -> None:
    """The monthly review: the one number, where it came from and what changed, to standard output.

    HTML is one file without script, ready to be printed or sent; CSV holds a value a row.
    """

    async def work(services: Any) -> Monthly:
        from passalong.domain.instant import month_name

        now_ms = services.clock()
        present = services.calendar.month(now_ms)
        if month is not None and month > present:
            raise Invalid.one("--month", f"{month_name(month)} has not begun; it is {month_name(present)} now.")
        found: Monthly = await services.monthly.of(month or present, now_ms)
        return found

    _write(_rendered(with_services(ctx, work), form))


def _rendered(monthly: Monthly, form: Form) -> str:
    if form == "json":
        import msgspec

        return msgspec.json.format(msgspec.json.encode(monthly), indent=2).decode() + "\n"
    if form == "csv":
        return _csv(monthly)
    from passalong.report import document

    return document.render(monthly, form, terminal=sys.stdout.isatty())


def _csv(monthly: Monthly) -> str:
    from passalong.report.rows import Row, rows

    packed = io.StringIO(newline="")
    writer = csv.writer(packed)
    writer.writerow(Row._fields)
    writer.writerows([safe_cell(value) for value in row] for row in rows(monthly))
    return packed.getvalue()


def _write(text: str) -> None:
    """As UTF-8, whatever the terminal's locale says: the page and the tables say that they are."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode())
    sys.stdout.buffer.flush()
