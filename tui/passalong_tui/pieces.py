"""Pieces of advocacy, in words: whether they are tracked, and what came of them."""

from __future__ import annotations

from textual.content import Content

from passalong_tui import safe
from passalong_tui.answers import Piece
from passalong_tui.known import Known
from passalong_tui.widgets.listing import Column
from passalong_tui.words import NOTHING, PIECES, ago, counted, day, money, number, said

TONES = {"linked": "success", "untracked": "warning", "unknown": "warning", "withdrawn": "quiet"}
_LABEL = 10


def state(piece: Piece) -> str:
    """`linked`, `unvisited`, `untracked`, `unknown`, `unchecked` or `withdrawn`."""
    if piece.withdrawn_at is not None:
        return "withdrawn"
    if piece.tracked.state == "tracked":
        return "linked" if piece.counts.visits else "unvisited"
    return piece.tracked.state


def _count(key: str, label: str, width: int, drop: int = 0) -> Column[Piece]:
    return Column(
        key=key,
        label=label,
        cell=lambda p, w: number(getattr(p.counts, key)),
        order=lambda p: getattr(p.counts, key),
        width=width,
        right=True,
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
        _count("visits", "Visits", 7),
        _count("opportunities", "Opps", 6),
        Column(key="when", label="Published", cell=lambda p, w: ago(p.published_at or p.created_at),
               order=lambda p: p.published_at or p.created_at, width=12, right=True, drop=1),
    )  # fmt: skip


def told(piece: Piece, customer: str) -> Content:
    """All about a piece; `customer` by its name."""
    facts = [
        ("Link", piece.url),
        ("Page", piece.public_url or "none; it is a talk"),
        ("With UTM", piece.utm_url or NOTHING),
        ("QR code", piece.qr_url),
        (
            "Published",
            day(piece.published_at) if piece.published_at else f"not told; known since {day(piece.created_at)}",
        ),
    ]
    checked = piece.tracked.checked_at
    parts: list[str | tuple[str, str]] = [
        (safe.line(piece.title), "bold"),
        "\n",
        (f"{safe.line(piece.kind).replace('_', ' ')} by ", "$quiet"),
        safe.line(customer, 60),
        "\n\n",
        (safe.line(said(PIECES, state(piece))), "bold"),
        f"  {safe.line(piece.why)}\n\n",
        f"{counted(piece.counts.visits, 'visit')}, {counted(piece.counts.leads, 'lead')}, ",
        f"{counted(piece.counts.opportunities, 'opportunity', 'opportunities')}, ",
        f"pipeline {money(piece.counts.pipeline)}",
        "\n\n",
    ]
    for label, value in facts:
        parts += [(f"{label:<{_LABEL}}", "$quiet"), safe.line(value), "\n"]
    parts += [(f"The page was read last on {day(checked)}.", "$quiet")] if checked else []
    return Content.assemble(*parts).rstrip()
