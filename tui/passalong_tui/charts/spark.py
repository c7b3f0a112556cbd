"""One line that shows how something went: a column for each week, or for each few where there is little room."""

from __future__ import annotations

from collections.abc import Sequence

_EIGHTHS = "▁▂▃▄▅▆▇█"
_NONE = "."


def spark(values: Sequence[float], width: int) -> str:
    """At most `width` columns, the newest last; the highest is full, and nothing at all is a dot on the ground."""
    if not values or width < 1:
        return ""
    each = -(-len(values) // width)
    first = len(values) % each
    # The oldest column is the one that may be short of weeks, not the newest.
    starts = ([0] if first else []) + list(range(first, len(values), each))
    sums = [sum(values[start : first if start < first else start + each]) for start in starts]
    top = max(sums)
    return "".join(_NONE if n <= 0 else _EIGHTHS[min(int(n * 8 / top), 7)] for n in sums)
