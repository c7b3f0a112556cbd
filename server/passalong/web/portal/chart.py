"""Visits a month as bars: geometry alone, so that a page needs neither script nor inline style."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from passalong.domain.receipt import Receipt, Told

WIDTH, HEIGHT = 372, 132
_TOP, _FLOOR = 22, 110
_STUB = 5
"""The height of 1 and of 2, which must look alike."""
_GAP = 7


class Bar(Struct, frozen=True, kw_only=True):
    """In units of the chart's `WIDTH` × `HEIGHT`. A bar that tells no exact number is a `few`; `height` 0 is none."""

    month: int
    x: float
    y: float
    width: float
    height: float
    few: bool

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


class Chart(Struct, frozen=True, kw_only=True):
    """`most` is the tallest bar's number, None where no bar tells one."""

    bars: list[Bar]
    most: int | None
    top: int = _TOP
    floor: int = _FLOOR
    width: int = WIDTH
    height: int = HEIGHT


def chart(months: Sequence[int], receipts: Mapping[int, Receipt]) -> Chart:
    """Visits of these months, oldest first; heights are in proportion, and never less than what 1 or 2 is drawn at."""
    visits = [receipts[month].visits if month in receipts else Told() for month in months]
    most = max((told.least for told in visits if told.exact), default=0)
    room = _FLOOR - _TOP - _STUB
    pitch = WIDTH / len(months)
    bars = []
    for n, (month, told) in enumerate(zip(months, visits, strict=True)):
        height = 0.0
        if told:
            height = _STUB + (room * told.least / most if told.exact else 0)
        bars.append(
            Bar(
                month=month,
                x=round(n * pitch + _GAP / 2, 1),
                y=round(_FLOOR - height, 1),
                width=round(pitch - _GAP, 1),
                height=round(height, 1),
                few=not told.exact,
            )
        )
    return Chart(bars=bars, most=most or None)
