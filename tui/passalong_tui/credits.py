"""Credits as people read them: whose, how much, on what evidence and why, and under every model side by side."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from rich.cells import cell_len
from textual.content import Content

from passalong.domain.money import Money, written
from passalong_tui import safe
from passalong_tui.answers.conversions import Attribution, Case, Conversion, Credit, Override
from passalong_tui.known import Known
from passalong_tui.words import EVIDENCE, MODELS, MOTIONS, NOTHING, day, percent, said, stamp

Part = str | tuple[str, str] | Content

WHOLE = 1_000_000
_GAP = 2


def known_as(conversion: Conversion) -> str:
    """What people call it: the deal's name where the CRM has one, else what it was reported as."""
    return conversion.deal_name or conversion.external_id


def amount_of(conversion: Conversion, minor: int | None = None) -> str:
    """The amount, or a part of it in minor units."""
    amount = conversion.amount
    if amount is None:
        return NOTHING
    return written(amount.amount_minor if minor is None else minor, amount.currency)


def amounts(conversion: Conversion, minor: int | None = None) -> list[Money]:
    """The same for programs."""
    whole = conversion.amount
    return [] if whole is None else [whole if minor is None else Money(minor, whole.currency)]


def credited_minor(attribution: Attribution) -> int | None:
    parts = [credit.amount_minor for credit in attribution.credits if credit.amount_minor is not None]
    return sum(parts) if parts else None


def each(values: Sequence[str]) -> str:
    """The first, and how many others there are."""
    told = list(dict.fromkeys(values))
    return NOTHING if not told else told[0] + (f" +{len(told) - 1}" if len(told) > 1 else "")


def customers(attribution: Attribution, known: Known) -> str:
    return each([known.name(credit.customer) for credit in _largest(attribution.credits)])


def mechanics(attribution: Attribution, known: Known) -> str:
    return each([known.title(credit.mechanic) for credit in _largest(attribution.credits) if credit.mechanic])


def evidence(attribution: Attribution) -> str:
    return each([said(EVIDENCE, credit.evidence) for credit in _largest(attribution.credits)])


def motions(attribution: Attribution) -> str:
    return each([said(MOTIONS, credit.motion) for credit in _largest(attribution.credits)])


def _largest(credits: Sequence[Credit]) -> list[Credit]:
    return sorted(credits, key=lambda credit: -credit.micro)


def reasons(conversion: Conversion, attribution: Attribution, known: Known) -> Content:
    """Each credit with its part and the sentence that says why; or why there is none."""
    if conversion.withdrawn:
        said_why = safe.line(attribution.unattributed_reason) or "HubSpot has taken it back."
        return Content.assemble(("It counts for nothing. ", "bold $warning"), said_why)
    if not attribution.credits:
        why = safe.line(attribution.unattributed_reason) or "No reason was told."
        return Content.assemble(("Nobody is credited. ", "bold"), why)
    parts: list[Part] = []
    for credit in attribution.credits:
        parts += [(safe.line(known.name(credit.customer), 40), "bold"), f"  {percent(credit.micro, WHOLE)}"]
        if credit.amount_minor is not None:
            parts += [f"  {amount_of(conversion, credit.amount_minor)}"]
        traits = [known.title(credit.mechanic), said(MOTIONS, credit.motion), said(EVIDENCE, credit.evidence)]
        if credit.hop:
            traits.append(f"hop {credit.hop}")
        parts += [(f"  {' · '.join(safe.line(trait, 40) for trait in traits if trait)}", "$quiet")]
        parts += ["\n", safe.line(credit.why), "\n"]
    return Content.assemble(*parts).rstrip()


def decided(decision: Override, known: Known) -> Content:
    """An admin's word, in a sentence."""
    if decision.withdrawn:
        what = "The decision was withdrawn: the evidence speaks again"
    elif decision.customer is None:
        what = "Credited to nobody"
    else:
        by = f", {safe.line(known.title(decision.mechanic), 40)}" if decision.mechanic else ""
        what = f"Credited to {safe.line(known.name(decision.customer), 40)}{by}"
    who = f"{stamp(decision.at)}  {safe.line(decision.by, 40)}"
    return Content.assemble((f"{who}  ", "$quiet"), what, f"\n  “{safe.line(decision.reason)}”")


# Under every model.


_NAMED = 12
"""Cells without which a name says nothing: then its numbers stand beneath it."""


class _Row(Struct):
    """A customer and a mechanic, with what each model gives them: millionths, and minor units where there is money."""

    label: str
    micro: dict[str, int]
    minor: dict[str, int | None]


def _rows(case: Case, known: Known) -> list[_Row]:
    rows: dict[tuple[str, str | None], _Row] = {}
    for model, credits in case.models.items():
        for credit in credits:
            names = [safe.line(name, 40) for name in (known.name(credit.customer), known.title(credit.mechanic))]
            label = " · ".join(filter(None, names))
            row = rows.setdefault((credit.customer, credit.mechanic), _Row(label, {}, {}))
            row.micro[model] = row.micro.get(model, 0) + credit.micro
            if credit.amount_minor is not None:
                row.minor[model] = (row.minor.get(model) or 0) + credit.amount_minor
    present = case.attribution.model
    return sorted(rows.values(), key=lambda row: (-row.micro.get(present, 0), -sum(row.micro.values()), row.label))


def side_by_side(case: Case, known: Known, width: int) -> Content:
    """What the credits would be under each model, the present one marked, within so many cells."""
    rows = _rows(case, known)
    if not rows:
        return Content.styled("Under no model is anybody credited.", "$quiet")
    parts: list[Part] = []
    if case.decision is not None:
        parts += [("A decision stands over the evidence, so every model says the same.", "$quiet"), "\n"]
    models = list(case.models)
    heads = {model: _head(model, model == case.attribution.model) for model in models}
    shares = {(n, m): percent(row.micro[m], WHOLE) for n, row in enumerate(rows) for m in models if m in row.micro}
    money = {
        (n, m): amount_of(case.conversion, minor)
        for n, row in enumerate(rows)
        for m, minor in row.minor.items()
        if minor is not None
    }
    table = _Table(rows=rows, heads=heads, shares=shares, money=money, present=case.attribution.model)
    return Content.assemble(*parts, table.drawn(width))


def _head(model: str, present: bool) -> str:
    return f"● {said(MODELS, model)}" if present else said(MODELS, model)


class _Table(Struct):
    """Models by name to what stands above their column; parts and money by row and model."""

    rows: list[_Row]
    heads: dict[str, str]
    shares: dict[tuple[int, str], str]
    money: dict[tuple[int, str], str]
    present: str

    def drawn(self, width: int) -> Content:
        """Each row on a line if there is room; else its name above its numbers; else models as rows."""
        heads = max(len(head) for head in self.heads.values())
        share, money = (max((len(cell) for cell in cells.values()), default=0) for cells in (self.shares, self.money))
        label = max(cell_len(row.label) for row in self.rows) + _GAP
        wide = max(share + (_GAP + money if money else 0), heads) + _GAP
        narrow = max(share, money, heads) + _GAP
        n = len(self.heads)
        if label + wide * n <= width:
            return self._columns(label, wide, stacked=False)
        if wide * n <= width:
            return self._columns(0, wide, stacked=False)
        return self._columns(0, narrow, stacked=True) if narrow * n <= width + _GAP else self._by_model(width)

    def _columns(self, label: int, column: int, *, stacked: bool) -> Content:
        """Models as columns; without room for labels they stand above; with `stacked` the money stands beneath."""
        # The first column begins at the edge, where no label stands before it.
        widths = dict.fromkeys(self.heads, column) | ({} if label else {next(iter(self.heads)): column - _GAP})
        parts: list[Part] = [" " * label]
        parts += [
            (f"{self.heads[m]:>{w}}", "bold $accent" if m == self.present else "$quiet") for m, w in widths.items()
        ]
        for n, row in enumerate(self.rows):
            name = row.label if label else safe.cut(row.label, sum(widths.values()))
            parts += ["\n", name, " " * (label - cell_len(name)) if label else "\n"]
            for model, width in widths.items():
                told = self.shares.get((n, model), NOTHING)
                if not stacked and (n, model) in self.money:
                    told += " " * _GAP + self.money[n, model]
                strength = "bold" if model == self.present else ""
                parts += [(f"{told:>{width}}", strength if told != NOTHING else "$faint")]
            if stacked and self.money:
                parts += ["\n"]
                parts += [(f"{self.money.get((n, model), ''):>{width}}", "$quiet") for model, width in widths.items()]
        return Content.assemble(*parts)

    def _by_model(self, width: int) -> Content:
        """Models as rows, each with a line for whoever it credits, or some: names are cut, numbers never."""
        share, money = (max((len(cell) for cell in cells.values()), default=0) for cells in (self.shares, self.money))
        widest = max(len(head) for head in self.heads.values()) + _GAP
        figures = share + 2 * _GAP + money
        beneath = width - widest - figures < _NAMED
        apart = width - widest < figures - _GAP
        room = width - widest - (0 if beneath else figures)
        parts: list[Part] = []
        for model, head in self.heads.items():
            lines: list[str] = []
            for n, row in enumerate(self.rows):
                if (n, model) in self.shares:
                    part, amount = f"{self.shares[n, model]:>{share}}", self.money.get((n, model), "")
                    told = f"{part}{amount:>{_GAP + money}}"
                    name = safe.cut(row.label, room)
                    if apart:
                        lines += [name, part, amount]
                    else:
                        lines += [name, told] if beneath else [f"{_filled(name, room)}{' ' * _GAP}{told}"]
            parts += [(f"{head:<{widest}}", "bold $accent" if model == self.present else "$quiet")]
            parts += [f"\n{' ' * widest}".join(lines or [NOTHING]), "\n"]
        return Content.assemble(*parts).rstrip()


def _filled(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))


def versions(case: Case, known: Known) -> Content:
    """How the credits came to be what they are, the newest first."""
    parts: list[Part] = []
    for version in reversed(case.evaluations):
        whose = each([known.name(credit.customer) for credit in _largest(version.credits)])
        whose = "nobody" if whose == NOTHING else safe.line(whose, 40)
        rule = f"{said(MODELS, version.model)} within {version.window_days} days"
        parts += [(f"{version.version:>3}  {day(version.at):<12} ", "$quiet"), (f"{whose}", "bold")]
        parts += [(f"  {rule}", "$quiet"), f"\n     {safe.line(version.cause)}\n"]
    return Content.assemble(*parts).rstrip()
