"""The store's statements in PostgreSQL's words. What both engines can say alike is said alike in the statements; what
PostgreSQL lacks under a name is a function of its schema; the few differences of writing are here."""

from __future__ import annotations

import re
from functools import lru_cache

_INDEX = re.compile(r" INDEXED BY \w+")
"""Which index to read by: SQLite is told, PostgreSQL knows."""
_NO_INDEX = re.compile(r"(?<=[ (])\+(?=s\.)")
"""The same: a plus keeps SQLite from an index."""
_GLOB = re.compile(r"GLOB '([^'*]*)\*'")
_SKIP = "/* unclaimed */"
"""Stands where rows that another process is claiming are passed over."""
_MARK = re.compile(r"\?")


def of_both(sql: str) -> str:
    """The same statement for PostgreSQL; its marks stay as they are."""
    sql = _NO_INDEX.sub("", _INDEX.sub("", sql))
    return _GLOB.sub(r"LIKE '\1%'", sql).replace(_SKIP, "FOR UPDATE SKIP LOCKED")


@lru_cache(maxsize=4096)
def numbered(sql: str) -> str:
    """The same with numbered marks: `$1` for the first `?`, and so on."""
    count = iter(range(1, 1_000_000))
    return _MARK.sub(lambda _: f"${next(count)}", of_both(sql))
