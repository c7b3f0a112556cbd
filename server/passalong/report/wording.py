"""How months, numbers and money are written for people, and how a long name is made to fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.cells import cell_len

from passalong.domain.instant import MONTH_NAMES
from passalong.domain.money import Amounts, Converted, decimals, written
from passalong.domain.text import number, tidy


def month(name: str, *, short: bool = False) -> str:
    """`November 2026` of `2026-11`; `Nov` if short."""
    year, _, number = name.partition("-")
    word = MONTH_NAMES[int(number) - 1]
    return word[:3] if short else f"{word} {year}"


def day(moment: datetime, timezone: str, *, year: bool = True) -> str:
    """`22 November 2026` in the vendor's time zone."""
    local = moment.astimezone(ZoneInfo(timezone))
    said = f"{local.day} {MONTH_NAMES[local.month - 1]}"
    return f"{said} {local.year}" if year else said


def change(now: float, before: float) -> str:
    """`+3`, `−2`, or `±0`, with a true minus sign."""
    by = round(now - before, 6)
    by = int(by) if by == int(by) else by
    return f"+{number(by)}" if by > 0 else f"−{number(-by)}" if by < 0 else "±0"


def money(amounts: Amounts) -> list[str]:
    """A line for each currency, the largest first; then the converted sum, where it says something new."""
    lines = [written(amount.amount_minor, amount.currency) for amount in amounts.by_currency]
    if foreign(amounts) and amounts.converted:
        left_out = f", without {joined(amounts.converted.left_out)}" if amounts.converted.left_out else ""
        lines.append(f"≈ {_about(amounts.converted)}{left_out}")
    return lines


def foreign(amounts: Amounts) -> bool:
    """Whether any amount is in another currency than the one of the settings."""
    to = amounts.converted
    return to is not None and any(amount.currency != to.amount.currency for amount in amounts.by_currency)


def conversion(found: Iterable[Amounts]) -> str | None:
    """In a sentence how amounts were converted, and which were not; None where nothing was."""
    done = [amounts.converted for amounts in found if amounts.converted and foreign(amounts)]
    if not done:
        return None
    said = f"≈ marks sums converted at the settings’ rates into {done[0].amount.currency}"
    rates = {name: rate for to in done for name, rate in to.rates.items()}
    if rates:
        said += f" ({joined([f'{name} 1 = {rate:g}' for name, rate in sorted(rates.items())])})"
    left_out = sorted({name for to in done for name in to.left_out})
    if left_out:
        said += (
            f"; {joined(left_out)} {'has no rate and is' if len(left_out) == 1 else 'have no rate and are'} left out"
        )
    return f"{said}."


def joined(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def name(text: str, cells: int = 72) -> str:
    """What a stranger wrote, as one line that is at most so many cells wide."""
    return cut(tidy(text), cells)


def cut(text: str, cells: int) -> str:
    """The text, its middle given up for a … where it is wider than so many cells of a terminal."""
    if cell_len(text) <= cells:
        return text
    head, tail = "", ""
    # From both ends by turns, the beginning first: it says most.
    left, right = 0, len(text)
    while left < right:
        from_start = cell_len(head) <= cell_len(tail) * 2
        letter = text[left] if from_start else text[right - 1]
        if cell_len(head + tail + letter) > cells - 1:
            break
        if from_start:
            head, left = head + letter, left + 1
        else:
            tail, right = letter + tail, right - 1
    return f"{head.rstrip()}…{tail.lstrip()}"


def _about(to: Converted) -> str:
    """A converted sum in whole units: its rates are not so exact that more could be said."""
    scale = 10 ** decimals(to.amount.currency)
    whole = (to.amount.amount_minor + scale // 2) // scale
    return f"{to.amount.currency} {whole:,}" if whole else written(to.amount.amount_minor, to.amount.currency)
