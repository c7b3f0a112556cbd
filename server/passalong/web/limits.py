"""Rate limits, in memory and per process: enough to slow a flood, nothing to keep about anybody."""

from __future__ import annotations

import math

from passalong.domain.instant import Clock
from passalong.errors import TooMany

_MAX_KEYS = 100_000


class Limiter:
    """A leaky bucket for each key: `count` at once, refilled evenly over `window_s` seconds."""

    def __init__(self, clock: Clock, count: int, window_s: int) -> None:
        self._clock = clock
        self._count = count
        self._ms_each = window_s * 1000 / count
        self._empty_at: dict[int | str, float] = {}

    def take(self, key: int | str) -> None:
        """Takes one; raises TooMany, saying after how many seconds the next is free."""
        now = self._clock()
        empty_at = max(self._empty_at.get(key, 0), now)
        if empty_at - now > (self._count - 1) * self._ms_each:
            raise TooMany(math.ceil((empty_at - now - (self._count - 1) * self._ms_each) / 1000))
        if len(self._empty_at) >= _MAX_KEYS:
            self._empty_at = {held: at for held, at in self._empty_at.items() if at > now}
        self._empty_at[key] = empty_at + self._ms_each
