"""The monthly review in Markdown, with tables as GitHub and most wikis read them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from passalong.domain.text import in_markdown
from passalong.report.outline import Outline, Points, Section, Table

_OPENING = re.compile(r"^(\d*)(?=[-+=.)])")
"""What begins a list or a heading, and only does so at the start of a line."""


def render(outline: Outline) -> str:
    lines = [
        f"# {in_markdown(outline.vendor)}: monthly review, {in_markdown(outline.title)}",
        "",
        line(outline.dated),
        "",
    ]
    if outline.number is not None:
        lines += [f"## {in_markdown(f'{outline.number} {outline.label}')}", "", line(outline.change), ""]
        sums = [f"Pipeline {'; '.join(outline.pipeline)}."] if outline.pipeline else []
        lines += [f"- {line(fact)}" for fact in [*outline.facts, *sums]]
        lines.append("")
    for section in outline.sections:
        lines += [f"## {in_markdown(section.heading)}", "", *_section(section)]
    if outline.notes:
        lines += ["---", ""]
    for note in outline.notes:
        lines += [line(note), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def line(text: str) -> str:
    """Text as Markdown shows it, at the start of a line."""
    return _OPENING.sub(r"\1\\", in_markdown(text))


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
    yield _row([in_markdown(title.removeprefix(">")) for title in table.columns])
    yield _row(["---:" if title.startswith(">") else "---" for title in table.columns])
    for row in table.rows:
        yield _row(["<br>".join(in_markdown(part) for part in cell.split("\n")) for cell in row])


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
