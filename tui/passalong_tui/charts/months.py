"""Months as bars: of one number each, or of the money that several sources brought, one upon the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct
from textual.content import Content

from passalong.domain.money import Money, decimals, written
from passalong_tui import safe
from passalong_tui.answers.metric import Month
from passalong_tui.charts.canvas import Canvas, compact, flowing
from passalong_tui.words import money, month_label, number

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_NAMED = ("█", "▒", "╳", "░")
_OTHERS, _NOBODY = "▚", "·"
_TONES = {"█": "$accent", "▒": "$accent", "╳": "$foreground", "░": "$foreground", "▚": "$quiet", "·": "$quiet"}
LEAST_WIDTH, LEAST_HEIGHT = 40, 7


def month_bars(months: Sequence[Month], width: int, height: int) -> Content:
    """The one number of each month, standing on its bar; as many of the newest months as the width takes."""
    if not months or width < 4 or height < 3:
        return Content("")
    slot = max(min(width // len(months), 9), 4)
    shown = months[-(width // slot) :]
    top = max(max(month.attributed for month in shown), 1)
    rows = height - 2
    lines = [_bars(shown, slot, top, rows, row) for row in range(rows, -1, -1)]
    return Content("\n").join([*lines, _names(shown, slot)])


def _bars(months: Sequence[Month], slot: int, top: float, rows: int, row: int) -> Content:
    """One line of the chart, `rows` of them above the lowest; a number stands on top of its bar."""
    parts: list[tuple[str, str]] = []
    for place, month in enumerate(months, 1):
        last = place == len(months)
        eighths = round(month.attributed * rows * 8 / top)
        if month.attributed:
            eighths = max(eighths, 1)
        here = eighths - row * 8
        if here > 0:
            bar = _EIGHTHS[min(here, 8)] * (slot - 2)
            parts.append((f" {bar} ", "$accent" if last else "$faint"))
        elif here > -8 or (row == 0 and eighths == 0):
            told = number(month.attributed)
            told = told if len(told) <= slot else compact(month.attributed)
            parts.append((told.center(slot), "bold" if last else "$quiet"))
        else:
            parts.append((" " * slot, ""))
    return Content.assemble(*parts)


def _names(months: Sequence[Month], slot: int) -> Content:
    names = [month_label(month.month).center(slot) for month in months]
    return Content.assemble(("".join(names[:-1]), "$quiet"), (names[-1], "bold"))


class Part(Struct, frozen=True, kw_only=True):
    """One source over the months, in minor units. `mark` tells it from the others without any colour."""

    name: str
    mark: str
    amounts: list[int]


class Stacks(Struct, frozen=True, kw_only=True):
    """Money of one currency by source, from below upwards; `others` came in other currencies, which cannot be stacked
    upon it."""

    currency: str
    months: list[str]
    parts: list[Part]
    others: list[Money]


def stacks(months: Sequence[Month], title: Callable[[str | None], str]) -> Stacks | None:
    """The pipeline by source in the currency that most opportunities came in; None without any money.

    The largest sources have a part of their own, the rest is put together; what nobody is credited for lies on top.
    """
    found = [(n, source, source.amount) for n, month in enumerate(months) for source in month.sources if source.amount]
    weight: dict[str, tuple[float, int]] = {}
    for _, source, amount in found:
        times, minor = weight.get(amount.currency, (0, 0))
        weight[amount.currency] = (times + source.opportunities, minor + amount.amount_minor)
    if not weight:
        return None
    currency = max(weight, key=lambda code: (weight[code], code))
    sums: dict[tuple[bool, str | None], list[int]] = {}
    for n, source, amount in found:
        if amount.currency == currency:
            sums.setdefault((source.attributed, source.mechanic), [0] * len(months))[n] += amount.amount_minor
    return Stacks(
        currency=currency,
        months=[month.month for month in months],
        parts=_ranked(sums, title),
        others=[Money(minor, code) for code, (_, minor) in weight.items() if code != currency],
    )


def _ranked(sums: Mapping[tuple[bool, str | None], list[int]], title: Callable[[str | None], str]) -> list[Part]:
    """The largest first, what is too many put together, and what is nobody's last."""
    named = {mechanic: amounts for (attributed, mechanic), amounts in sums.items() if attributed}
    ranked = sorted(named, key=lambda mechanic: (-sum(named[mechanic]), mechanic or ""))
    parts = [
        Part(name=safe.line(title(mechanic)) or "Declared, no link", mark=mark, amounts=named[mechanic])
        for mechanic, mark in zip(ranked, _NAMED, strict=False)
    ]
    if rest := ranked[len(_NAMED) :]:
        together = [sum(column) for column in zip(*(named[mechanic] for mechanic in rest), strict=True)]
        parts.append(Part(name=f"{len(rest)} others", mark=_OTHERS, amounts=together))
    nobody = [amounts for (attributed, _), amounts in sums.items() if not attributed]
    return [*parts, *(Part(name="Unattributed", mark=_NOBODY, amounts=amounts) for amounts in nobody)]


def stacked(found: Stacks | None, width: int, height: int) -> Content:
    """One stacked bar a month with its sum on top, and a legend with what each part came to over all the months."""
    if found is None:
        return Content.styled("No opportunity with an amount is known yet.", "$quiet")
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return Content.styled("Too little room for the months.", "$quiet")
    legend = _legend(found, width)
    rows = max(height - 1 - len(legend), 2)
    slot = max(min(width // len(found.months), 9), 5)
    shown = range(max(len(found.months) - width // slot, 0), len(found.months))
    canvas = Canvas(slot * len(shown), rows)
    top = max(max(sum(part.amounts[n] for part in found.parts) for n in shown), 1)
    for place, n in enumerate(shown):
        _stack(canvas, found, n, place * slot, slot, (rows - 1) / top)
    names = "".join(month_label(found.months[n]).center(slot) for n in shown)
    return Content("\n").join([*canvas.lines(), Content.styled(names, "$quiet"), *legend])


def _stack(canvas: Canvas, found: Stacks, month: int, column: int, slot: int, rows_each: float) -> None:
    """One bar from the ground up. Edges are rounded where they lie, so that the parts are as high as the whole."""
    sum_below, edge = 0, 0
    for part in found.parts:
        sum_below += part.amounts[month]
        above = max(round(sum_below * rows_each), edge)
        for row in range(edge, above):
            canvas.write(column + 1, row, part.mark * (slot - 2), _TONES[part.mark])
        edge = above
    if sum_below:
        label = compact(sum_below / 10 ** decimals(found.currency)).center(slot)
        canvas.write(column, edge, label, "bold" if month == len(found.months) - 1 else "$quiet")


def _legend(found: Stacks, width: int) -> list[Content]:
    entries = [
        (part.mark * 2, _TONES[part.mark], f"{safe.cut(part.name, 28)} {_rounded(sum(part.amounts), found.currency)}")
        for part in found.parts
    ]
    lines = flowing(entries, width)
    if found.others:
        lines.append(Content.styled(f"Not drawn, of another currency: {money(found.others)}", "$quiet"))
    return lines


def _rounded(minor: int, currency: str) -> str:
    """Whole units, which is as much as a chart can show."""
    scale = 10 ** decimals(currency)
    return written(round(minor / scale) * scale, currency)
