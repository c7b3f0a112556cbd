"""Strangers' text, made harmless for a terminal: no control characters, never markup, cut where it is too long.

Names, answers and referrers come from whoever fills a form. An escape sequence in one could rewrite the
operator's screen or clipboard, and a bracket crash a widget that parses markup, so every such value passes
through here and leaves as a Text or Content.
"""

from __future__ import annotations

import unicodedata

from rich.cells import cell_len
from rich.text import Text
from textual.content import Content

_DROPPED = {"Cc", "Cf", "Cs", "Co", "Cn"}
"""Unicode categories: controls (C0, DEL, C1), format (bidi, zero width, tags), surrogates, private, unassigned."""

_BREAKS = {"Zl", "Zp"}
_BLANKS = "\u115f\u1160\u3164\uffa0\u2800"
"""Letters that draw nothing: a name of these alone would look like no name."""

_MAX_MARKS = 2


def clean(value: str | None) -> str:
    """One line of readable text."""
    if not value:
        return ""
    kept: list[str] = []
    marks = 0
    for character in value:
        category = unicodedata.category(character)
        if character in "\t\n\r\v\f" or category in _BREAKS or character in _BLANKS:
            kept.append(" ")
        elif category in ("Mn", "Me"):
            # Stacked accents climb out of their line.
            marks += 1
            if marks <= _MAX_MARKS:
                kept.append(character)
            continue
        elif category not in _DROPPED:
            kept.append(character)
        marks = 0
    return " ".join("".join(kept).split())


def cut(value: str, width: int) -> str:
    """At most `width` cells, shortened in the middle: names differ at both ends."""
    if cell_len(value) <= width:
        return value
    if width <= 1:
        return "…"[:width]
    head, tail = width // 2, width - 1 - width // 2
    return f"{_first(value, head)}…{_first(value[::-1], tail)[::-1]}"


def line(value: str | None, width: int | None = None) -> str:
    """Cleaned, and cut where a width is given. For composing into Content; never hand it to a markup parser."""
    text = clean(value)
    return text if width is None else cut(text, width)


def text(value: str | None, width: int | None = None, style: str = "") -> Text:
    """For table cells."""
    return Text(line(value, width), style=style, no_wrap=True, end="")


def content(value: str | None, width: int | None = None) -> Content:
    """For every other widget."""
    return Content(line(value, width))


def _first(value: str, width: int) -> str:
    taken, used = [], 0
    for character in value:
        size = cell_len(character)
        if used + size > width:
            break
        taken.append(character)
        used += size
    return "".join(taken)
