"""`passalong backup`"""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import rich_click as click

from passalong.commands.common import with_services
from passalong.domain.audit import Way
from passalong.errors import Unavailable, Unusable


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_context
def command(ctx: click.Context, file: Path) -> None:
    """Copy the live database to FILE, and its uploaded files to FILE.files. The server may go on writing."""
    if file.exists():
        raise Unusable(f"{file} is there already; nothing was overwritten.")

    async def work(services: Any) -> int:
        draft = file.with_name(file.name + ".part")
        draft.unlink(missing_ok=True)
        try:
            await services.db.backup(draft)
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)
        with suppress(Unavailable):  # of a disk that is full a backup is wanted most
            await services.audit.note("back_up", by=Way.COMMAND)
        return copy_files(services.files.folder, Path(f"{file}.files"))

    copied = with_services(ctx, work)
    click.echo(f"Copied the database to {file} and {copied} files beside it.")


def copy_files(source: Path, target: Path) -> int:
    """Copies files named by their content, except those that are there already; gives how many."""
    copied = 0
    for path in source.glob("??/*"):
        kept = target / path.parent.name / path.name
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, kept)
            copied += 1
    return copied
