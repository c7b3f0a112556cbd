"""One share in words: whose it is, where it went, whether it opens, and what came of it."""

from __future__ import annotations

from passalong_tui import safe
from passalong_tui.answers import Below, ListedShare
from passalong_tui.known import Known
from passalong_tui.words import SHARE_STATES, counted, day, money, said, stamp


def state(share: ListedShare) -> str:
    """Whether it opens, and until when."""
    if share.state == "open" and share.expires_at:
        return f"● until {day(share.expires_at)}"
    return said(SHARE_STATES, share.state)


def title(share: ListedShare) -> str:
    return share.asset_title or share.asset


def whose(share: ListedShare) -> str:
    return share.customer_name or share.customer


def facts(share: ListedShare, known: Known, below: Below | None = None) -> list[tuple[str, str]]:
    """What is known of a share by its name, made harmless. `below` is what its branches brought."""
    lines = [
        ("Asset", f"{safe.line(title(share))} ({safe.line(share.asset)})"),
        ("Customer", f"{safe.line(whose(share))} ({safe.line(share.customer)})"),
        ("Mechanic", safe.line(known.title(share.mechanic))),
        ("Channel", safe.line(share.channel)),
        ("Sharer", _sharer(share)),
        ("Passed from", f"link {safe.line(share.parent)}, hop {share.hop}" if share.hop else ""),
        ("First seen", stamp(share.first_seen_at)),
        ("State", state(share)),
        ("Brought", brought(share)),
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


def _branches(share: ListedShare, below: Below | None) -> str:
    branches = counted(share.branches, "branch", "branches")
    if not share.branches:
        return "none: nobody has passed it along yet"
    return f"{branches} with {brought(below)}" if below is not None else branches


def _sharer(share: ListedShare) -> str:
    """The customer's own id of a person; of a branch the lead who passed it along."""
    if share.hop:
        return f"lead {safe.line(share.sharer)}" if share.sharer else "somebody unknown"
    return safe.line(share.sharer)
