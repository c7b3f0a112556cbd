"""Text from strangers, as one line that can be shown anywhere."""

from __future__ import annotations

import re

# C0, DEL, C1, and the characters that reorder or hide text around them, and what is no character at all.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ufffe\uffff]")

_ADDRESS = re.compile(r"[^\s<>\"'“”(),;:]+(?:@|%40|\\u0040)[^\s<>\"'“”(),;:]+", re.IGNORECASE)


def tidy(text: str) -> str:
    """One line of readable text: control and bidirectional characters gone, white space folded."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())


def without_addresses(text: str) -> str:
    """The same words without anybody's e-mail address, as others repeat them in what they say."""
    return _ADDRESS.sub("…", text)
