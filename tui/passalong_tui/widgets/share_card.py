"""One share in words: whose it is, where it went, whether it opens, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence

from passalong_tui import safe
from passalong_tui.answers.shares import Below, ListedShare, ShareDetail, ShareMonth
from passalong_tui.known import Known
from passalong_tui.words import SHARE_STATES, counted, day, money, month_beside, month_name, number, said, stamp, today

_BARS = " ▁▂▃▄▅▆▇█"
_MONTHS = 12
"""So many of the newest are drawn."""


def state(share: ListedShare) -> str:
    """Whether it opens, and until when."""
    if share.state == "open" and share.expires_at:
        return f"● until {day(share.expires_at)}"
    return said(SHARE_STATES, share.state)


def title(share: ListedShare) -> str:
    return share.asset_title or share.asset


def whose(share: ListedShare) -> str:
    return share.customer_name or share.customer


def facts(share: ListedShare, known: Known, detail: ShareDetail | None = None) -> list[tuple[str, str]]:
    """What is known of a share by its name, made harmless; of one that was asked for by itself a little more."""
    below = detail.below if detail is not None else None
    lines = [
        ("Asset", f"{safe.line(title(share))} ({safe.line(share.asset)})"),
        ("Customer", f"{safe.line(whose(share))} ({safe.line(share.customer)})"),
        ("Mechanic", safe.line(known.title(share.mechanic))),
        ("Channel", safe.line(share.channel)),
        ("Sharer", _sharer(share)),
        ("Passed from", f"share {safe.line(share.parent)}, hop {share.hop}" if share.hop else ""),
        ("First seen", stamp(share.first_seen_at)),
        ("State", state(share)),
        ("Brought", brought(share)),
        ("By month", by_month(detail.months) if detail is not None else ""),
        ("Branches", _branches(share, below)),
        ("Id", safe.line(share.share)),
        ("Link", safe.line(share.url)),
    ]
    return [(name, value) for name, value in lines if value]


def brought(share: ListedShare | Below) -> str:
    """`12 visits, 3 leads, 1 opportunity, EUR 12,000`."""
    numbers = [
        counted(share.visits, "visit"),
        counted(share.leads, "lead"),
        counted(share.opportunities, "opportunity", "opportunities"),
    ]
    return ", ".join([*numbers, *([money(share.pipeline)] if share.pipeline else [])])


def by_month(months: Sequence[ShareMonth], newest: str | None = None) -> str:
    """Visits of the newest months as bars, the present one last, and which was the best. Nothing without visits."""
    visits = {m.month: m.visits for m in months if m.visits}
    if not visits:
        return ""
    newest = newest or f"{today():%Y-%m}"
    best = max(visits, key=lambda month: visits[month])
    most = f"most in {month_name(best)}: {counted(visits[best], 'visit')}"
    year = [month_beside(newest, back) for back in range(1 - _MONTHS, 1)]
    since = next((n for n, month in enumerate(year) if month in visits), None)
    if since is None:
        return f"nobody for {_MONTHS} months; {most}"
    shown = [visits.get(month, 0) for month in year[since:]]
    bars = "".join(_BARS[-(-n * 8 // max(shown))] for n in shown)  # whoever came at all is seen
    return f"{bars}  since {month_name(year[since])}; {most}"


def _branches(share: ListedShare, below: Below | None) -> str:
    if not share.branches:
        return "none: nobody has passed it along yet"
    return f"{number(share.branches)} with {brought(below)}" if below is not None else number(share.branches)


def _sharer(share: ListedShare) -> str:
    """The customer's own id of a person; of a branch the lead who passed it along."""
    if share.hop:
        return f"lead {safe.line(share.sharer)}" if share.sharer else "somebody unknown"
    return safe.line(share.sharer)
