"""A deal as a CRM knows it, and which conversions it stands for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from passalong.domain.conversion import ConversionBody, ConversionKind
from passalong.domain.domains import is_domain
from passalong.domain.instant import at
from passalong.domain.money import Money, decimals

MOST_CONTACTS = 100
MOST_MINOR = 10**15
IGNORED = "ignore"
_AMOUNT = re.compile(r"\d{1,16}(\.\d{1,16})?\Z", re.ASCII)
_CLOSED = {"closedwon": "won", "closedlost": "lost"}


class Deal(Struct, frozen=True, kw_only=True):
    """A deal of the CRM with *all* its contacts' addresses and its companies' domains."""

    id: str
    name: str
    stage: str
    amount: Money | None
    created_at_ms: int
    closed_at_ms: int | None
    modified_at_ms: int
    emails: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


def amount_of(text: str | None, currency: str) -> Money | None:
    """Money of a CRM's decimal text; None for none, and for what no deal is worth.

    >>> amount_of("1200.5", "KWD")
    Money(amount_minor=1200500, currency='KWD')
    """
    if not _AMOUNT.match(text or ""):
        return None
    minor = Decimal(text or "").scaleb(decimals(currency)).to_integral_value()
    return Money(int(minor), currency) if minor <= MOST_MINOR else None


def meaning(stage: str, stages: Mapping[str, str]) -> str:
    """What a stage stands for: `opportunity`, `won`, `lost` or `ignore`."""
    return stages.get(stage) or _CLOSED.get(stage, "opportunity")


def conversions_of(deal: Deal, stages: Mapping[str, str]) -> list[ConversionBody]:
    """An opportunity from its first day on, and beside it how it ended; nothing for a stage that is ignored."""
    what = meaning(deal.stage, stages)
    if what == IGNORED:
        return []

    def conversion(kind: ConversionKind, at_ms: int) -> ConversionBody:
        return ConversionBody(
            external_id=f"hubspot-{deal.id}",
            kind=kind,
            occurred_at=at(at_ms),
            emails=[email for email in deal.emails if all(email.strip().rpartition("@")[::2])][:MOST_CONTACTS],
            company_domain=next((domain for domain in deal.domains if is_domain(domain)), None),
            amount=deal.amount,
        )

    found = [conversion(ConversionKind.OPPORTUNITY, deal.created_at_ms)]
    if what != ConversionKind.OPPORTUNITY:
        found.append(conversion(ConversionKind(what), deal.closed_at_ms or deal.modified_at_ms))
    return found
