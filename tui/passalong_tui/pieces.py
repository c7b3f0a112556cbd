"""Pieces of advocacy, in words: whether they are tracked, and what came of them."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content

from passalong_tui import safe
from passalong_tui.answers.plays import Piece
from passalong_tui.known import Known
from passalong_tui.widgets.columns import count
from passalong_tui.widgets.listing import Column
from passalong_tui.words import NOTHING, PIECES, ago, counted, day, money, said

TONES = {"linked": "success", "untracked": "warning", "unknown": "warning", "withdrawn": "quiet"}
_LABEL = 10


def state(piece: Piece) -> str:
    """`linked`, `unvisited`, `untracked`, `unknown`, `unchecked` or `withdrawn`."""
    if piece.withdrawn_at is not None:
        return "withdrawn"
    if piece.tracked.state == "tracked":
        return "linked" if piece.counts.visits else "unvisited"
    if piece.public_url is None:  # a talk has no page to read
        return "unvisited"
    return piece.tracked.state


def _address(key: str, label: str, of: Callable[[Piece], str | None], drop: int) -> Column[Piece]:
    """For the whole row and the file: no table is wide enough for it."""
    return Column(
        key=key,
        label=label,
        cell=lambda p, w: of(p) or "",
        order=lambda p: of(p) or "",
        width=60,
        drop=drop,
    )


def columns(known: Known) -> tuple[Column[Piece], ...]:
    def customer(piece: Piece) -> str:
        return known.name(piece.customer)

    return (
        Column(key="title", label="Piece", least=18, cell=lambda p, w: p.title,
               order=lambda p: safe.clean(p.title).casefold()),
        Column(key="kind", label="Kind", cell=lambda p, w: p.kind.replace("_", " "), order=lambda p: p.kind,
               width=11, drop=3),
        Column(key="customer", label="Customer", cell=lambda p, w: customer(p), width=16,
               order=lambda p: safe.clean(customer(p)).casefold(),
               drop=2),
        Column(key="state", label="Link", cell=lambda p, w: said(PIECES, state(p)), order=state, width=14,
               tone=lambda p: TONES.get(state(p), "")),
        count("visits", "Visits", 7, lambda p: p.counts.visits),
        count("opportunities", "Opps", 6, lambda p: p.counts.opportunities),
        Column(key="when", label="Published", cell=lambda p, w: ago(p.published_at or p.created_at),
               order=lambda p: p.published_at or p.created_at, width=12, right=True, drop=1),
        _address("url", "Tracked link", lambda p: p.url, drop=4),
        _address("page", "Public page", lambda p: p.public_url, drop=5),
        _address("utm", "Link with UTM", lambda p: p.utm_url, drop=6),
        _address("qr", "QR code", lambda p: p.qr_url, drop=7),
    )  # fmt: skip


def told(piece: Piece, customer: str, width: int) -> Content:
    """All about a piece; `customer` by its name. Addresses are cut to `width` cells: the whole row has them whole."""
    facts = [
        ("Link", piece.url),
        ("Page", piece.public_url or "none; it is a talk"),
        ("With UTM", piece.utm_url or NOTHING),
        ("QR code", piece.qr_url),
    ]
    when = f"Published {day(piece.published_at)}" if piece.published_at else f"Known since {day(piece.created_at)}"
    checked = f"; its page was read last on {day(piece.tracked.checked_at)}" if piece.tracked.checked_at else ""
    counts = piece.counts
    came = [
        counted(counts.visits, "visit"),
        counted(counts.leads, "lead"),
        counted(counts.opportunities, "opportunity", "opportunities"),
        *([f"pipeline {money(counts.pipeline)}"] if counts.pipeline else []),
    ]
    parts: list[str | tuple[str, str]] = [
        (safe.line(piece.title), "bold"),
        "\n",
        (f"{safe.line(piece.kind).replace('_', ' ')} by ", "$quiet"),
        safe.line(customer, 60),
        "\n\n",
        (safe.line(said(PIECES, state(piece))), "bold"),
        # The link stands below, and can be copied.
        f"  {safe.line(piece.why.replace(piece.url, 'its link'))}\n\n",
        f"{', '.join(came)}\n\n",
    ]
    for label, value in facts:
        parts += [(f"{label:<{_LABEL}}", "$quiet"), safe.line(value, max(width - _LABEL, 20)), "\n"]
    parts += [("\ny copies the link, v shows all of it whole.\n", "$quiet"), (f"{when}{checked}.", "$quiet")]
    return Content.assemble(*parts)
