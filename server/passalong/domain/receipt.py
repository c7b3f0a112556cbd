"""Receipts: what a customer is told of what its sharing led to. Counts of people, never a person.

A number of 1 or 2 would tell a customer what one recipient did ("I sent it to Ann alone, and there is one lead"), so
it is told as "fewer than 3". Such a number must not come back as the difference between a total and its other parts.
Therefore nothing is ever counted for a total but what is told of its parts: a count is told as a range, 0, 1–2 or
exact, for the smallest part that is ever shown (a share in a month, a hop of a share), and totals are sums of these
ranges. A total of hidden parts is itself a range, "at least 14", which says nothing that its parts did not say.

What this does not hide: whoever looks every minute sees when a larger number grows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from msgspec import Struct

from passalong.errors import Sentence

FEW = 3
"""The least number that is told as it is; 0 is told too."""


class Told(Struct, frozen=True):
    """What is told of a count: that it lies from `least` to `most`, both included."""

    least: int = 0
    most: int = 0

    @classmethod
    def of(cls, count: int) -> Self:
        """What is told of one part's count.

        >>> [Told.of(n) for n in (0, 1, 2, 3)]
        [Told(least=0, most=0), Told(least=1, most=2), Told(least=1, most=2), Told(least=3, most=3)]
        """
        return cls(1, FEW - 1) if 0 < count < FEW else cls(count, count)

    def __add__(self, other: Told) -> Told:
        return Told(self.least + other.least, self.most + other.most)

    def times(self, parts: int) -> Told:
        """The total of so many parts of which the same is told."""
        return Told(self.least * parts, self.most * parts)

    @property
    def exact(self) -> bool:
        return self.least == self.most

    def __bool__(self) -> bool:
        return self.most > 0

    def words(self, number: Callable[[int], str]) -> str:
        """The count in words; `number` writes a number as the reader does.

        >>> [Told.of(n).words(str) for n in (0, 1, 2, 3)] + [Told.of(2).times(20).words(str)]
        ['none', 'fewer than 3', 'fewer than 3', '3', 'at least 20']
        """
        if not self:
            return Sentence("none")
        if self.exact:
            return number(self.least)
        if self.least < FEW:
            return Sentence("fewer than %(number)s", number=number(self.most + 1))
        return Sentence("at least %(number)s", number=number(self.least))


class Receipt(Struct, frozen=True, kw_only=True):
    """What came of sharing: people who looked (each once a day), people who left their address, opportunities."""

    visits: Told = Told()
    leads: Told = Told()
    opportunities: Told = Told()

    def __add__(self, other: Receipt) -> Receipt:
        return Receipt(
            visits=self.visits + other.visits,
            leads=self.leads + other.leads,
            opportunities=self.opportunities + other.opportunities,
        )
