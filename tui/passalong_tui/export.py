"""A table as a CSV file, with values as a program reads: numbers bare, times in RFC 3339. And documents as they are."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import TextIO

from passalong.domain.text import cell
from passalong_tui import safe


def folder() -> Path:
    """Where people look for what they saved."""
    downloads = Path.home() / "Downloads"
    return downloads if downloads.is_dir() else Path.home()


def write(name: str, header: Sequence[str], rows: Iterable[Sequence[object]], into: Path, today: date) -> Path:
    """Writes a new file and gives its path: nothing that is there is written over. May raise OSError."""
    # A byte order mark, by which spreadsheets know UTF-8.
    with _new(into, f"passalong-{name}-{today.isoformat()}", "csv", "utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows([told(value) for value in row] for row in rows)
    return Path(file.name)


def write_document(name: str, text: str, into: Path) -> Path:
    """The same of a document in Markdown; its name says of when it is."""
    with _new(into, f"passalong-{name}", "md", "utf-8") as file:
        file.write(text)
    return Path(file.name)


def _new(into: Path, stem: str, suffix: str, encoding: str) -> TextIO:
    """A file that was not there before, open to be written."""
    into.mkdir(parents=True, exist_ok=True)
    for n in count(1):
        with suppress(FileExistsError):
            return (into / f"{stem}{f'-{n}' if n > 1 else ''}.{suffix}").open("x", encoding=encoding, newline="")
    raise AssertionError("unreachable: numbers do not end")


def told(value: object) -> object:
    """A value as it stands in the file. Text that a spreadsheet would take for a formula gets a leading quote."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return cell(safe.line(str(value))) if value is not None else ""
