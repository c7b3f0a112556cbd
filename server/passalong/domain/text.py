"""Text from strangers, as one line that can be shown anywhere; and numbers as they stand in sentences."""

from __future__ import annotations

import re

# C0, DEL, C1, and the characters that reorder or hide text around them, and what is no character at all.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ufffe\uffff]")

_ADDRESS = re.compile(r"[^\s<>\"'“”(),;:]+(?:@|%40|\\u0040)[^\s<>\"'“”(),;:]+", re.IGNORECASE)

_MARKUP = re.compile(r"[\\`*_\[\]<>|~#&$@]|(?<=\w):(?=//)|(?<=www)\.", re.IGNORECASE)
"""What could begin markup or a link in Markdown, wherever it stands."""


def tidy(text: str) -> str:
    """One line of readable text: control and bidirectional characters gone, white space folded."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())


def without_addresses(text: str) -> str:
    """The same words without anybody's e-mail address, as others repeat them in what they say."""
    return _ADDRESS.sub("…", text)


def cell(text: str) -> str:
    """The same for a cell of a CSV file, which no spreadsheet then takes for a formula: a leading quote where one would
    begin, also after spaces."""
    begins = text.lstrip(" ")[:1]
    return "'" + text if begins and begins in "=+-@\t\r\0" else text


def in_markdown(text: str) -> str:
    """The same as Markdown shows it: nothing in it becomes markup, a link or a cell of its own."""
    return _MARKUP.sub(r"\\\g<0>", text)


def quoted(text: str) -> str:
    """A sentence that somebody said, in quotation marks, with one full stop at its end."""
    return f"“{text}”" if text.endswith((".", "!", "?", "…")) else f"“{text}”."


def number(n: float) -> str:
    """`1,234`; of parts at most two digits after the point."""
    return f"{n:,}" if isinstance(n, int) else f"{n:,.2f}".rstrip("0").rstrip(".")


def counted(n: float, one: str, more: str | None = None) -> str:
    """`1 lead`, `3 leads`."""
    return f"{number(n)} {one if n == 1 else more or one + 's'}"


def percent(part: float) -> str:
    """A part in [0, 1], in whole percent; below one with a digit more. Something is never written as nothing, nor as
    all."""
    if 0 < part < 0.001:
        return "under 0.1 %"
    if 0 < part < 0.00995:
        return f"{part * 100:.1f} %"
    return "over 99 %" if 0.995 <= part < 1 else f"{part * 100:.0f} %"
