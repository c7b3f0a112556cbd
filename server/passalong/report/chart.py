"""Twelve months as columns: geometry alone, so that the page needs no script."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

WIDTH, HEIGHT = 348, 172
_TOP, _FLOOR = 22, 146
_GAP = 7


class Column(Struct, frozen=True, kw_only=True):
    """In units of the chart's `WIDTH` × `HEIGHT`; `height` 0 is none. `value` is as it is written."""

    label: str
    value: str
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)


def columns(values: Sequence[tuple[str, str, float]]) -> list[Column]:
    """A column for each (label, value as written, value), heights in proportion; what is not nothing is seen."""
    most = max((value for _, _, value in values), default=0) or 1
    pitch = WIDTH / max(len(values), 1)
    found = []
    for n, (label, written, value) in enumerate(values):
        height = max((_FLOOR - _TOP) * value / most, 2 if value > 0 else 0)
        found.append(
            Column(
                label=label,
                value=written,
                x=round(n * pitch + _GAP / 2, 1),
                y=round(_FLOOR - height, 1),
                width=round(pitch - _GAP, 1),
                height=round(height, 1),
            )
        )
    return found


FLOOR = _FLOOR
