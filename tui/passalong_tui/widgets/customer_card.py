"""One customer beside the table: what it brought, how, and what happened last."""

from __future__ import annotations

from textual.content import Content

from passalong_tui import safe
from passalong_tui.answers.customers import Brought, Moment, RankedCustomer, Standing
from passalong_tui.known import Known
from passalong_tui.moments import about, lately, tone, what
from passalong_tui.words import counted, money_in, number, percent, unread

Part = str | tuple[str, str] | Content
_LABEL = 11
_BAR = "━"
MOTIONS = (("new_logo", "New logos"), ("expansion", "Expansion"))


def card(customer: RankedCustomer, latest: list[Moment] | None, known: Known, width: int) -> Content:
    """`latest` is None until it is known; `width` in cells."""
    counts = customer.counts
    parts: list[Part] = [(safe.line(customer.name, width), "bold"), "\n"]
    where = " · ".join(filter(None, [customer.region or "", *customer.domains]))
    parts += [(safe.line(where or customer.id, width), "$quiet"), "\n\n"]
    parts += [brought(customer.credited, width), "\n\n"]
    parts += [
        (counted(counts.shares, "share"), ""),
        (f" brought {counted(counts.visits, 'visit')} and {counted(counts.leads, 'lead')}", ""),
    ]
    if counts.visits >= counts.leads > 0:
        parts += [(f": {percent(counts.leads, counts.visits)} of those who looked", "$quiet")]
    parts += [".\n\n", ("What happened last\n", "bold")]
    if latest is None:
        parts += [(unread(), "$quiet")]
    elif not latest:
        parts += [("Nothing yet.", "$quiet")]
    dates = [lately(moment) for moment in latest or ()]
    widest = max(map(len, dates), default=0)
    for date, moment in zip(dates, latest or (), strict=True):
        colour = tone(moment)
        kind = safe.cut(safe.line(what(moment)), 13)
        parts += [(f"{date:>{widest}}  ", "$quiet"), (f"{kind:<14}", f"${colour}" if colour else "")]
        parts += [safe.line(about(moment, known), max(width - widest - 16, 8)), "\n"]
    return Content.assemble(*parts).rstrip()


def brought(of: Brought, width: int) -> Content:
    """New logos and expansion apart, each with its count, its money and a bar as long as its part."""
    whole = of.whole.opportunities
    room = max(width - _LABEL - 6, 8)
    lines = []
    for motion, label in MOTIONS:
        standing: Standing = getattr(of, motion)
        lines.append(_line(label, standing, room))
        if whole:
            length = round(width * standing.opportunities / whole)
            bar = _BAR * max(length, 1 if standing.opportunities else 0)
            lines.append(Content.styled(bar, "$accent" if motion == "new_logo" else "$success"))
    lines.append(_line("Pipeline", of.whole, room, "bold"))
    if of.whole.won:
        lines.append(
            Content.assemble((f"{'Won':<{_LABEL}}{'':>6}", "$quiet"), money_in(of.whole.won, room).rjust(room))
        )
    return Content("\n").join(lines)


def _line(label: str, standing: Standing, room: int, style: str = "") -> Content:
    money = money_in(standing.pipeline, room - 2)
    return Content.assemble(
        (f"{label:<{_LABEL}}", style or "$quiet"),
        (f"{number(standing.opportunities):>6}", style),
        (money.rjust(room), style),
    )
