"""The tables of one customer's screen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta

from msgspec import Struct
from rich.text import Text

from passalong.domain.money import Money
from passalong_tui import safe
from passalong_tui.answers.conversions import Credit, Reported
from passalong_tui.answers.customers import Moment, Signal
from passalong_tui.answers.leads import Lead
from passalong_tui.answers.plays import Piece, Play
from passalong_tui.answers.shares import ShareOf
from passalong_tui.credits import amounts
from passalong_tui.known import Known
from passalong_tui.moments import about, tone, what, when
from passalong_tui.pieces import columns as piece_columns
from passalong_tui.widgets.columns import count
from passalong_tui.widgets.listing import Column, Listing
from passalong_tui.words import EVENTS, MOTIONS, NOTHING, PLAY_STATES, ago, day, money, now, number, said

WEEKS = 12
"""Of signals, so many weeks are drawn."""
_BARS = "▁▂▃▄▅▆▇█"


class Heard(Struct, frozen=True, kw_only=True):
    """Signals of one kind: how many among the newest, what the last one said, and how many a week, oldest first."""

    kind: str
    count: int
    last: Signal
    weeks: list[int]


def share_state(share: ShareOf) -> str:
    if share.revoked:
        return "✕ revoked"
    if share.expires_at and share.expires_at < now():
        return "✕ expired"
    return f"until {day(share.expires_at)}" if share.expires_at else "● open"


def who(lead: Lead) -> str:
    """The address, or what may be shown instead of it."""
    if lead.erased_at:
        return "erased"
    return lead.email or f"someone at {lead.domain}" if lead.email or lead.domain else "not for this key"


def credit_of(reported: Reported, customer: str) -> Credit | None:
    return next((credit for credit in reported.attribution.credits if credit.customer == customer), None)


def conversion_amount(reported: Reported, credit: Credit | None = None) -> str:
    return money(credited_amounts(reported, credit))


def credited_amounts(reported: Reported, credit: Credit | None) -> list[Money]:
    return amounts(reported.conversion, credit.amount_minor if credit is not None else None)


def heard(signals: list[Signal]) -> list[Heard]:
    """By kind, those first that were heard last."""
    by_kind: dict[str, list[Signal]] = defaultdict(list)
    for signal in signals:
        by_kind[signal.kind].append(signal)
    found = []
    for kind, of_kind in by_kind.items():
        weeks = [0] * WEEKS
        for signal in of_kind:
            week = (now() - signal.occurred_at) // timedelta(weeks=1)
            if 0 <= week < WEEKS:
                weeks[WEEKS - 1 - week] += 1
        last = max(of_kind, key=lambda signal: signal.occurred_at)
        found.append(Heard(kind=kind, count=len(of_kind), last=last, weeks=weeks))
    return found


def sparkline(numbers: list[int]) -> str:
    """A bar for each number, the largest full; nothing where there was nothing."""
    top = max(numbers, default=0)
    return "".join(_BARS[(len(_BARS) - 1) * n // top] if n else "·" for n in numbers) if top else "·" * len(numbers)


def timeline(known: Known) -> Listing[Moment]:
    columns: tuple[Column[Moment], ...] = (
        Column(key="when", label="When", cell=lambda m, w: when(m), order=lambda m: m.at, width=11, right=True),
        Column(key="what", label="What", cell=lambda m, w: what(m), order=lambda m: m.kind, width=15, tone=tone),
        Column(key="about", label="Whom, or what", cell=lambda m, w: about(m, known),
               order=lambda m: safe.clean(about(m, known)).casefold(), least=20),
        Column(key="amount", label="Credited", cell=lambda m, w: _amount(m),
               order=lambda m: m.amount.amount_minor if m.amount else -1, width=15, right=True, drop=1,
               amounts=lambda m: [m.amount] if m.amount else []),
    )  # fmt: skip
    return Listing(
        columns,
        key=lambda m: f"{m.at.isoformat()} {m.kind} {m.subject or m.title} {m.mechanic or ''}",
        found_by=lambda m: f"{what(m)} {about(m, known)} {m.detail}",
        empty="Nothing happened yet. Mint a share with POST /api/v1/shares, or passalong mint.",
        order="when",
        copies=lambda m: m.subject or m.title,
        id="timeline",
    )


def shares(known: Known) -> Listing[ShareOf]:
    title = known.title
    columns: tuple[Column[ShareOf], ...] = (
        Column(key="asset", label="Asset", cell=lambda s, w: f"{_ended(s)}{s.asset_title or s.asset}", least=24,
               order=lambda s: safe.clean(s.asset_title or s.asset).casefold()),
        Column(key="mechanic", label="Mechanic", cell=lambda s, w: title(s.mechanic), order=lambda s: s.mechanic,
               width=22, drop=4),
        Column(key="channel", label="Channel", cell=lambda s, w: s.channel, order=lambda s: s.channel,
               width=10, drop=1),
        count("visits", "Visits", 7, lambda s: s.visits),
        count("leads", "Leads", 7, lambda s: s.leads),
        count("opportunities", "Opps", 6, lambda s: s.opportunities),
        Column(key="state", label="State", cell=lambda s, w: share_state(s), order=lambda s: share_state(s),
               width=17, drop=2),
        Column(key="seen", label="First seen", cell=lambda s, w: ago(s.first_seen_at),
               order=lambda s: s.first_seen_at, width=12, right=True, drop=3),
    )  # fmt: skip
    return Listing(
        columns,
        key=lambda s: s.share,
        found_by=lambda s: f"{s.asset_title or ''} {s.asset} {s.channel} {title(s.mechanic)} {s.share}",
        empty="No share yet. Mint one with POST /api/v1/shares, or passalong mint.",
        order="seen",
        copies=lambda s: s.url,
        id="shares",
    )


def leads() -> Listing[Lead]:
    columns: tuple[Column[Lead], ...] = (
        Column(key="email", label="Lead", cell=lambda lead, w: who(lead), order=lambda lead: safe.clean(who(lead))),
        Column(key="name", label="Name", cell=lambda lead, w: lead.name or "",
               order=lambda lead: safe.clean(lead.name).casefold(), width=22, drop=3),
        Column(key="company", label="Company", cell=lambda lead, w: lead.company or "",
               order=lambda lead: safe.clean(lead.company).casefold(), width=20, drop=1),
        Column(key="motion", label="Motion", cell=lambda lead, w: said(MOTIONS, lead.motion),
               order=lambda lead: lead.motion, width=10),
        Column(key="when", label="When", cell=lambda lead, w: Text(ago(lead.created_at)),
               order=lambda lead: lead.created_at, width=12, right=True),
    )  # fmt: skip
    return Listing(
        columns,
        key=lambda lead: lead.id,
        found_by=lambda lead: f"{lead.email or ''} {lead.name or ''} {lead.company or ''} {lead.domain or ''}",
        empty="No lead yet. They appear when a viewer passes a gate on one of this customer’s shares.",
        order="when",
        copies=who,
        id="leads",
    )


def conversions(customer: str) -> Listing[Reported]:
    def of(word: Callable[[Credit], str]) -> Callable[[Reported], str]:
        def cell(reported: Reported) -> str:
            credit = credit_of(reported, customer)
            return word(credit) if credit else NOTHING

        return cell

    motion, evidence = of(lambda credit: said(MOTIONS, credit.motion)), of(lambda credit: credit.evidence)
    columns: tuple[Column[Reported], ...] = (
        Column(key="kind", label="What", cell=lambda r, w: said(EVENTS, r.conversion.kind),
               order=lambda r: r.conversion.kind, width=12),
        Column(key="id", label="Known as", cell=lambda r, w: r.conversion.external_id,
               order=lambda r: r.conversion.external_id),
        Column(key="amount", label="Credited", cell=lambda r, w: conversion_amount(r, credit_of(r, customer)),
               order=lambda r: r.conversion.amount.amount_minor if r.conversion.amount else -1,
               width=16, right=True, amounts=lambda r: credited_amounts(r, credit_of(r, customer))),
        Column(key="motion", label="Motion", order=motion, cell=lambda r, w: motion(r), width=10, drop=2),
        Column(key="evidence", label="Evidence", order=evidence, cell=lambda r, w: evidence(r), width=10, drop=1),
        Column(key="when", label="When", cell=lambda r, w: ago(r.conversion.occurred_at),
               order=lambda r: r.conversion.occurred_at, width=12, right=True),
    )  # fmt: skip
    return Listing(
        columns,
        key=lambda r: r.conversion.id,
        found_by=lambda r: f"{r.conversion.external_id} {r.conversion.kind}",
        empty="Nothing is credited to this customer yet. Conversions come from the product or the CRM.",
        order="when",
        copies=lambda r: r.conversion.external_id,
        id="conversions",
    )


def plays() -> Listing[Play]:
    columns: tuple[Column[Play], ...] = (
        Column(key="title", label="Play", cell=lambda p, w: p.title, order=lambda p: safe.clean(p.title).casefold()),
        Column(key="state", label="State", cell=lambda p, w: said(PLAY_STATES, p.state), order=lambda p: p.state,
               width=11),
        Column(key="owner", label="Owner", cell=lambda p, w: p.owner, order=lambda p: safe.clean(p.owner).casefold(),
               width=18, drop=1),
        Column(key="when", label="Since", cell=lambda p, w: ago(p.created_at), order=lambda p: p.created_at,
               width=12, right=True),
    )  # fmt: skip
    return Listing(
        columns,
        key=lambda p: p.id,
        found_by=lambda p: f"{p.title} {p.kind} {p.owner} {p.why} {p.state}",
        empty="No play yet. Plays follow signals: send what this customer does with POST /api/v1/signals.",
        order="when",
        copies=lambda p: p.why,
        id="plays",
    )


def signals() -> Listing[Heard]:
    columns: tuple[Column[Heard], ...] = (
        Column(key="kind", label="Signal", cell=lambda h, w: h.kind, order=lambda h: h.kind),
        Column(key="count", label="Heard", cell=lambda h, w: number(h.count), order=lambda h: h.count, width=7,
               right=True),
        Column(key="weeks", label="Twelve weeks", cell=lambda h, w: Text(sparkline(h.weeks)), order=lambda h: h.weeks,
               width=WEEKS + 2, value=lambda h: " ".join(str(n) for n in h.weeks)),
        Column(key="value", label="Last value", cell=lambda h, w: _value(h.last), order=lambda h: _value(h.last),
               width=11, right=True, drop=1, value=lambda h: h.last.value),
        Column(key="when", label="Last", cell=lambda h, w: ago(h.last.occurred_at), order=lambda h: h.last.occurred_at,
               width=12, right=True),
    )  # fmt: skip
    return Listing(
        columns,
        key=lambda h: h.kind,
        found_by=lambda h: h.kind,
        empty="No signal yet. Send what this customer does with POST /api/v1/signals.",
        order="when",
        copies=lambda h: h.kind,
        id="signals",
    )


def advocacy(known: Known) -> Listing[Piece]:
    return Listing(
        [column for column in piece_columns(known) if column.key != "customer"],
        key=lambda p: p.id,
        found_by=lambda p: f"{p.title} {p.kind} {p.public_url or ''}",
        empty="No piece of advocacy yet. Report a review, case study, post or talk with POST /api/v1/advocacy.",
        order="when",
        copies=lambda p: p.url,
        id="advocacy",
    )


def _ended(share: ShareOf) -> str:
    return "✕ " if share_state(share).startswith("✕") else ""


def _amount(moment: Moment) -> str:
    return money([moment.amount]) if moment.amount else ""


def _value(signal: Signal) -> str:
    return NOTHING if signal.value is None else f"{signal.value:g}"
