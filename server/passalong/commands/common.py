"""What commands share: settings, the store without the web, how things are told."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import rich_click as click

from passalong import settings
from passalong.settings import Settings

T = TypeVar("T")

UVICORN: dict[str, Any] = {
    "loop": "uvloop",
    "http": "passalong.web.connection:Connection",
    "access_log": False,
    "server_header": False,
    "proxy_headers": False,  # `trusted_proxies` decides, in one place
    "timeout_graceful_shutdown": 10,
    "log_level": "warning",
}
"""How uvicorn serves the application, wherever it is served."""


def load_settings(ctx: click.Context) -> Settings:
    """The settings of this call; raises Unusable."""
    config = ctx.find_root().obj
    if config:
        os.environ[f"{settings.PREFIX}CONFIG"] = str(Path(config).resolve())
    return settings.load()


def with_services(ctx: click.Context, work: Callable[[Any], Awaitable[T]]) -> T:
    """Runs `work` with everything wired and the database open, but no server."""
    from passalong.app import opened, wire

    config = load_settings(ctx)

    async def run() -> T:
        async with opened(wire(config)) as services:
            return await work(services)

    return asyncio.run(run())


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Prints a table. Cells are text, never markup: some come from strangers. A tuple is a cell of several lines, all
    but the first said more quietly."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    shown = Table(title=title or None, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")
    for column in columns:
        right = column.startswith(">")
        shown.add_column(column.removeprefix(">"), justify="right" if right else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(_lines(cell) for cell in row))
    Console().print(shown)


def _lines(cell: object) -> Any:
    from rich.text import Text

    first, *rest = (printable(str(line)) for line in (cell if isinstance(cell, tuple) else (cell,)))
    return Text("\n").join([Text(first), *(Text(line, style="dim") for line in rest)])


def printable(text: str) -> str:
    """Text that cannot move a terminal: no control and no bidirectional characters."""
    from passalong.domain.text import tidy

    return tidy(text)
