"""Columns that many tables have."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from passalong_tui.widgets.listing import Column
from passalong_tui.words import number

T = TypeVar("T")


def count(key: str, label: str, width: int, of: Callable[[T], int], *, drop: int = 0) -> Column[T]:
    """How many: a number at the right, the largest first."""
    return Column(
        key=key, label=label, cell=lambda entry, w: number(of(entry)), order=of, width=width, right=True, drop=drop
    )
