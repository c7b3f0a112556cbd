"""What a document is made of, before it is a text, a page or anything else.

Everything here is plain text: each form escapes all of it by its own rules.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field


class Bar(Struct):
    """How large a row is, in [0, 1]; `faint` for what the others are compared with."""

    size: float
    faint: bool = False


class Table(Struct, kw_only=True):
    """`columns` whose title begins with `>` hold numbers. A cell's lines are parted by a line break; of the first
    cell, all but the first line are said more quietly. A `compact` table fits the smallest screen as it is."""

    title: str
    columns: Sequence[str]
    rows: list[tuple[str, ...]]
    bars: list[Bar] | None = None
    compact: bool = False


class Points(Struct):
    """A list of sentences."""

    said: list[str]


class Section(Struct, kw_only=True):
    """A part of the document: paragraphs (plain strings), lists and tables under a heading. `notes` are small print."""

    id: str
    heading: str
    blocks: list[str | Points | Table] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Outline(Struct, kw_only=True):
    """The document. `facts` stand beside the one number, with the month's `pipeline`, a line a currency; `months` are
    its twelve values, each with the month (2026-11) and its short name.

    `number` is None where nothing can be told; then `sections` say what to do instead.
    """

    vendor: str
    title: str
    dated: str
    number: str | None
    label: str
    change: str
    facts: list[str]
    pipeline: list[str]
    months: list[tuple[str, str, float]]
    sections: list[Section]
    notes: list[str]
