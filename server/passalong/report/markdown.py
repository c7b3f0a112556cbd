"""The monthly review in Markdown, with tables as GitHub and most wikis read them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from passalong.report.outline import Outline, Points, Section, Table

_MARKUP = re.compile(r"[\\`*_\[\]<>|~#&$@]|(?<=\w):(?=//)|(?<=www)\.", re.IGNORECASE)
"""What could begin markup or a link, wherever it stands."""
_OPENING = re.compile(r"^(\d*)(?=[-+=.)])")
"""What begins a list or a heading, and only does so at the start of a line."""


def render(outline: Outline) -> str:
    lines = [f"# {escaped(outline.vendor)}: monthly review, {escaped(outline.title)}", "", line(outline.dated), ""]
    if outline.number is not None:
        lines += [f"## {escaped(f'{outline.number} {outline.label}')}", "", line(outline.change), ""]
        sums = [f"Pipeline {'; '.join(outline.pipeline)}."] if outline.pipeline else []
        lines += [f"- {line(fact)}" for fact in [*outline.facts, *sums]]
        lines.append("")
    for section in outline.sections:
        lines += [f"## {escaped(section.heading)}", "", *_section(section)]
    if outline.notes:
        lines += ["---", ""]
    for note in outline.notes:
        lines += [line(note), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is: nothing in it becomes markup, a link or a cell of its own."""
    return _MARKUP.sub(r"\\\g<0>", text)


def line(text: str) -> str:
    """The same at the start of a line."""
    return _OPENING.sub(r"\1\\", escaped(text))


def _section(section: Section) -> Iterator[str]:
    for block in section.blocks:
        match block:
            case Table():
                yield from _table(block)
            case Points():
                yield from (f"- {line(said)}" for said in block.said)
            case _:
                yield line(block)
        yield ""
    for note in section.notes:
        if not note.startswith("Bars "):
            yield from (line(note), "")


def _table(table: Table) -> Iterator[str]:
    yield _row([escaped(title.removeprefix(">")) for title in table.columns])
    yield _row(["---:" if title.startswith(">") else "---" for title in table.columns])
    for row in table.rows:
        yield _row(["<br>".join(escaped(part) for part in cell.split("\n")) for cell in row])


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
