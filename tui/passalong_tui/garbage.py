"""Garbage is looked for while nobody is waiting: Python by itself would do it in the middle of a key, for 0.1 s."""

from __future__ import annotations

import gc

_NEVER = 1_000_000_000


def begin() -> None:
    """From now on only what is young is looked through as it comes; what is there already, never."""
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, _NEVER)
    gc.freeze()
    gc.enable()


def settle() -> None:
    """What there is now is there to stay, too."""
    gc.collect()
    gc.freeze()
