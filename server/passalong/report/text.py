"""The monthly review for a terminal, 80 cells wide."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from passalong.report.outline import Bar, Outline, Points, Section, Table
from passalong.report.wording import cut

WIDTH = 80
_GAP = 2
_SHORT_NAME = 24
"""Up to this width of the first column, bars stand in a column of their own; else they lie under the names."""
_WORD = re.compile(r"\S+(?:\s+%\S*)?")
_EIGHTHS = " ▏▎▍▌▋▊▉"
_BOLD, _DIM, _OFF = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_LARGE = {
    "0": ("┏━┓", "┃ ┃", "┗━┛"), "1": ("╺┓ ", " ┃ ", "╺┻╸"), "2": ("╺━┓", "┏━┛", "┗━╸"), "3": ("╺━┓", " ━┫", "╺━┛"),
    "4": ("╻ ╻", "┗━┫", "  ╹"), "5": ("┏━╸", "┗━┓", "╺━┛"), "6": ("┏━╸", "┣━┓", "┗━┛"), "7": ("╺━┓", "  ┃", "  ╹"),
    "8": ("┏━┓", "┣━┫", "┗━┛"), "9": ("┏━┓", "┗━┫", "╺━┛"), ",": ("  ", "  ", " ╹"), ".": ("  ", "  ", " ▪"),
}  # fmt: skip


def render(outline: Outline, *, terminal: bool) -> str:
    """The document. On a `terminal` what matters is bold and the one number drawn large; else it is plain text."""
    lines = [
        _bold(f"{outline.vendor}: monthly review", terminal),
        _bold(outline.title, terminal),
        *(_dim(line, terminal) for line in wrapped(outline.dated)),
    ]
    if outline.number is not None:
        sums = [f"Pipeline {'; '.join(outline.pipeline)}."] if outline.pipeline else []
        lines += ["", *_number(outline.number, outline.label, terminal), *wrapped(outline.change)]
        for fact in [*outline.facts, *sums]:
            lines += wrapped(fact)
    for section in outline.sections:
        lines += ["", _bold(section.heading, terminal), "─" * WIDTH, *_section(section, terminal)]
    if outline.notes:
        lines += ["", "─" * WIDTH]
        lines += [_dim(line, terminal) for note in outline.notes for line in wrapped(note)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def wrapped(text: str, width: int = WIDTH, indent: str = "") -> list[str]:
    """The text in lines of at most so many cells; a word longer than a line is cut in its middle, and a percent sign
    stays with its number."""
    lines, line = [], ""
    words = (found[0] for found in _WORD.finditer(text))
    for word in (cut(" ".join(word.split()), width - len(indent)) for word in words):
        if line and cell_len(line) + 1 + cell_len(word) > width:
            lines.append(line)
            line = indent + word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line] if line else lines


def _section(section: Section, terminal: bool) -> Iterator[str]:
    for n, block in enumerate(section.blocks):
        if n:
            yield ""
        match block:
            case Table():
                yield from _table(block, terminal)
            case Points():
                for said in block.said:
                    yield from wrapped(f"• {said}", indent="  ")
            case _:
                yield from wrapped(block)
    if section.notes:
        yield ""
    for note in section.notes:
        yield from (_dim(line, terminal) for line in wrapped(note))


def _table(table: Table, terminal: bool) -> Iterator[str]:
    """The first column takes what the others leave, and its cells are cut in the middle."""
    titles = [title.removeprefix(">") for title in table.columns]
    rows = [[cell.split("\n") for cell in row] for row in table.rows]
    widths = [
        max(cell_len(line) for lines in ([title], *(row[n] for row in rows)) for line in lines)
        for n, title in enumerate(titles)
    ]
    left = WIDTH - sum(width + _GAP for width in widths[1:])
    beside = table.bars is not None and widths[0] <= _SHORT_NAME
    bar = left - widths[0] - _GAP if beside else left - _GAP
    first = widths[0] if beside else left
    yield _dim(
        _row([titles[0], *([" " * bar] if beside else []), *titles[1:]], table.columns, first, widths, beside), terminal
    )
    for n, row in enumerate(rows):
        names = row[0]
        if len(names) > 1 and table.bars is None and cell_len(names[0]) > first:
            yield cut(names[0], WIDTH)  # a title too long for its column has a line of its own, numbers follow below
            names = [f"  {line}" for line in names[1:]]
        else:
            names = [names[0], *(f"  {line}" for line in names[1:])]
        names = [cut(line, first) for line in names]
        drawn = _bar(table.bars[n], bar) if table.bars is not None else ""
        if table.bars is not None and not beside:
            names.append(f"  {drawn}")
        for k in range(max(len(names), *(len(cell) for cell in row[1:]))):
            shown = [_padded(drawn if k == 0 else "", bar)] if beside else []
            yield _row(
                [_at(names, k), *shown, *(_at(cell, k) for cell in row[1:])], table.columns, first, widths, beside
            )


def _row(cells: Sequence[str], columns: Sequence[str], first: int, widths: Sequence[int], beside: bool) -> str:
    shown = [_padded(cells[0], first)]
    rest = list(cells[1:])
    if beside:
        shown.append(rest.pop(0))
    for cell, column, width in zip(rest, columns[1:], widths[1:], strict=True):
        shown.append(_padded(cell, width, right=column.startswith(">")))
    return (" " * _GAP).join(shown)


def _at(lines: Sequence[str], n: int) -> str:
    return lines[n] if n < len(lines) else ""


def _padded(text: str, width: int, *, right: bool = False) -> str:
    space = " " * max(width - cell_len(text), 0)
    return space + text if right else text + space


def _bar(bar: Bar, width: int) -> str:
    """A bar in eighths of a cell; what is not nothing is seen."""
    eighths = max(round(bar.size * width * 8), 1 if bar.size > 0 else 0)
    if bar.faint:
        return "░" * -(-eighths // 8)
    whole, part = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[part] if part else "")


def _number(number: str, label: str, terminal: bool) -> Iterator[str]:
    if terminal and all(digit in _LARGE for digit in number):
        for n in range(3):
            yield _bold(" ".join(_LARGE[digit][n] for digit in number), terminal)
        yield _bold(label, terminal)
    else:
        yield f"{number} {label}"


def _bold(text: str, terminal: bool) -> str:
    return f"{_BOLD}{text}{_OFF}" if terminal else text


def _dim(text: str, terminal: bool) -> str:
    return f"{_DIM}{text}{_OFF}" if terminal else text
