"""Two small tables of the month: where its pipeline comes from, and how visits became opportunities."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.widget import Widget

from passalong.domain.money import written
from passalong_tui import safe
from passalong_tui.answers.metric import Source
from passalong_tui.words import MOTIONS, NOTHING, number, percent, said, unread

STEPS = (
    ("visit", "Visits"),
    ("lead", "Leads"),
    ("click", "CTA clicks"),
    ("signup", "Sign-ups"),
    ("opportunity", "Opportunities"),
)


class Pipeline(Widget):
    """A month's opportunities by mechanic and motion, with their money; what nobody caused stands last."""

    def __init__(self) -> None:
        super().__init__()
        self._sources: list[Source] | None = None
        self._title: Callable[[str | None], str] = str

    def show(self, sources: list[Source], title: Callable[[str | None], str]) -> None:
        """`title` gives a mechanic's title for its key."""
        self._sources, self._title = sorted(sources, key=lambda source: not source.attributed), title
        self.refresh()

    def render(self) -> Content:
        if self._sources is None:
            return Content.styled(unread(), "$quiet")
        if not self._sources:
            return Content.styled(
                "No opportunity is known this month yet. The CRM or the product reports them as conversions.", "$quiet"
            )
        # Money that nobody's name is on is never what gets left out.
        named = [s for s in self._sources if s.attributed]
        unnamed = [s for s in self._sources if not s.attributed]
        room = max(self.size.height - len(unnamed), 1)
        left_out = len(named) - (room - 1) if len(named) > room else 0
        shown = [*named[: len(named) - left_out], *unnamed]
        widest = max(len(_amount(source)) for source in shown)
        lines = [self._line(source, _amount(source).rjust(widest)) for source in shown]
        if left_out:
            lines.insert(len(named) - left_out, Content.styled(f"and {left_out} more", "$quiet"))
        return Content("\n").join(lines)

    def _line(self, source: Source, amount: str) -> Content:
        if source.attributed:
            name = safe.line(self._title(source.mechanic)) or "Declared, no link"
            motion = said(MOTIONS, source.motion)
        else:
            name, motion = "Unattributed", ""
        motion = f"{motion:<9}"
        count = f"{number(source.opportunities):>3}"
        width = self.size.width - len(motion) - len(count) - len(amount) - 4
        name = safe.cut(name, max(width, 8))
        name += " " * (width - Content(name).cell_length)
        style = "" if source.attributed else "$quiet"
        return Content.assemble(
            (name, style), "  ", (motion, "$quiet"), (count, style), "  ", (amount, style or "bold")
        )


def _amount(source: Source) -> str:
    return written(source.amount.amount_minor, source.amount.currency) if source.amount else NOTHING


class Funnel(Widget):
    """The month's steps with numbers, and each step's part of the one before.

    A step larger than the one before is no part of it (sign-ups that skipped the gate), so it gets a dash.
    """

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[str, int] | None = None

    def show(self, counts: dict[str, int]) -> None:
        self._counts = counts
        self.refresh()

    def render(self) -> Content:
        if self._counts is None:
            return Content.styled(unread(), "$quiet")
        if not any(self._counts.get(kind) for kind, _ in STEPS):
            return Content.styled("Nobody has opened a share this month yet. Mint one and send it.", "$quiet")
        top = max(self._counts.get(kind, 0) for kind, _ in STEPS) or 1
        bar_width = max(self.size.width - 34, 0)
        lines = []
        before: int | None = None
        for kind, label in STEPS:
            n = self._counts.get(kind, 0)
            rate = "" if before is None else percent(n, before) if n <= before else NOTHING
            bar = "━" * max(round(bar_width * n / top), 1 if n else 0) if bar_width >= 4 else ""
            lines.append(
                Content.assemble(
                    f"{label:<14}", (f"{number(n):>8}", "bold"), (f"{rate:>9}", "$quiet"), "   ", (bar, "$faint")
                )
            )
            before = n
        return Content("\n").join(lines)
