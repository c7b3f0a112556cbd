"""Half a year of plausible history, through the same store methods as live traffic, and marked as sample."""

from __future__ import annotations

import asyncio
import random
from bisect import bisect_left, bisect_right
from collections.abc import Awaitable, Callable, Iterator
from typing import NamedTuple

from uuid_utils import uuid7

from passalong.demo.sample import CONSENT, LINKS
from passalong.domain.conversion import ConversionBody, ConversionKind
from passalong.domain.domains import email_key
from passalong.domain.event import Actor, Event, EventKind
from passalong.domain.gate import consent_version
from passalong.domain.instant import DAY_MS, at
from passalong.domain.lead import Lead, motion
from passalong.domain.money import Money
from passalong.domain.share import Claims, claim
from passalong.store.ledger import Entry
from passalong.web.services import Services

DAYS = 183

Evening = Callable[[int, int], Awaitable[None]]

_FIRST = (
    "Ada Ben Carla Dirk Elif Femi Greta Hugo Iris Jonas Kaya Leif Mina Noor Otto Pia Rafael Sofia Timo Vera".split()
)
_LAST = "Adeyemi Berg Castro Dahl Eriksen Fontaine Greco Haas Ivanova Jansen Keller Laurent Moreau Novak".split()
_COMPANIES = (
    "Aldergate Norrsken Quillfeather Marbury Pellworm Castellan Ravensburn Ostrava-Rail Fennimore Kestrel-Bio "
    "Lindenau Tamarind Solveig Brookhaven Dunmore Hartwell Inverlith Jotun-Sea Calderon Westerly"
).split()
_ROLES = ("Operations", "Finance", "Data", "Product", "Logistics")
_HEARD = ("", "", "A colleague", "A newsletter", "Halvorsen Shipping showed us", "Searched for it", "At a conference")


class Odds(NamedTuple):
    """How a mechanic behaves: visits a day at the end, and the chances from step to step."""

    visits: float
    lead: float
    click: float
    opportunity: float


_ODDS = {
    "report": Odds(17, 0.15, 0.10, 0.115),
    "board": Odds(14, 0.035, 0.12, 0.30),
    "story": Odds(9, 0.12, 0.08, 0.09),
    "template": Odds(6, 0.03, 0.15, 0.25),
    "seat_guide": Odds(4, 0.0, 0.20, 0.0),
    "walkthrough": Odds(8, 0.11, 0.06, 0.09),
    "talk": Odds(10, 0.05, 0.02, 0.0),  # a mechanic that looks busy and brings nothing
}


class _Visitor(NamedTuple):
    link: str
    claims: Claims
    at_ms: int
    person: Lead | None


class _Reported(NamedTuple):
    """What the product or the CRM will say at that moment."""

    at_ms: int
    body: ConversionBody


async def write(services: Services, evening: Evening, progress: Callable[[int], object]) -> None:
    """Writes the history; awaits `evening` with each day (of DAYS) and its start, calls `progress` when it is done."""
    dice = random.Random(2026)  # noqa: S311 - plausible, not secret
    shares = {
        name: [claim(asset=a, customer=c, mechanic=m, channel=channel) for _ in range(5)]
        for name, (a, c, m, channel) in LINKS.items()
        if name in _ODDS
    }
    today = services.clock() // DAY_MS
    number = 0
    ahead: list[_Reported] = []
    for day in range(DAYS):
        start_ms = (today - DAYS + day) * DAY_MS
        entries: list[Entry] = []
        leads: list[_Visitor] = []
        for name, odds in _ODDS.items():
            season = (0.35 + 0.65 * day / DAYS) * (0.35 if (today - DAYS + day) % 7 in (2, 3) else 1.0)
            for _ in range(_poisson(dice, odds.visits * season)):
                found = _visit(services, dice, name, odds, shares[name], start_ms)
                entries += found[0]
                leads += found[1]
        for visitor in leads:
            number += 1
            ahead += _follow_ups(services.clock(), dice, visitor, _ODDS[visitor.link], number)
        if day % 5 == 0:
            number += 1
            ahead.append(_unattributed(dice, start_ms, number))
        ahead.sort(key=_said)
        ended = bisect_left(ahead, start_ms + DAY_MS, key=_said)
        await _live_through(services, entries, ahead[:ended])
        del ahead[:ended]
        await evening(day, start_ms)
        progress(day)


_STEPS, _STAY = 8, 0.88
"""The steps of the walkthrough, and the chance that somebody goes on to the next."""
_GATE_AFTER = 4
_PASSED_ALONG = 0.2
"""The chance that a lead sends the page on."""
_DEEPEST = 3


def _visit(
    services: Services, dice: random.Random, name: str, odds: Odds, shares: list[Claims], start_ms: int
) -> tuple[list[Entry], list[_Visitor]]:
    claims = dice.choice(shares)
    at_ms = start_ms + int(dice.triangular(6, 22, 11) * 3_600_000)
    bot = dice.random() < 0.12
    actor = dice.choice((Actor.BOT, Actor.UNFURLER)) if bot else Actor.HUMAN
    visitor = dice.getrandbits(62) | 1

    def entry(kind: EventKind, after_ms: int, person: Lead | None = None, ref: str | None = None) -> Entry:
        event = Event(
            at_ms=at_ms + after_ms,
            day=services.calendar.day(at_ms + after_ms),
            kind=kind,
            actor=actor,
            share=claims.share,
            customer=claims.customer,
            mechanic=claims.mechanic,
            asset=claims.asset,
            hop=claims.hop,
            visitor=visitor,
            ref=ref,
        )
        return Entry(event, claims, person)

    entries = [entry(EventKind.VIEW, 0)]
    visitors = []
    leaves = not bot and dice.random() < odds.lead
    if name == "walkthrough":
        far = _STEPS if leaves else min(_walked(dice), _GATE_AFTER)
        entries += [entry(EventKind.STEP, step * 9_000, ref=str(step)) for step in range(1, far + 1)]
    if leaves:
        person = _lead(services, dice, claims, at_ms + 40_000)
        entries.append(entry(EventKind.LEAD, 40_000, person))
        visitors.append(_Visitor(name, claims, at_ms + 40_000, person))
        if claims.hop < _DEEPEST and dice.random() < _PASSED_ALONG:
            shares.append(_branch(claims, person.id))
    if not bot and dice.random() < odds.click:
        entries.append(entry(EventKind.CLICK, 90_000))
    return entries, visitors


def _walked(dice: random.Random) -> int:
    """How many steps somebody takes before they have seen enough."""
    far = 1
    while far < _STEPS and dice.random() < _STAY:
        far += 1
    return far


def _branch(claims: Claims, lead: str) -> Claims:
    """The share by which a lead passes this one along."""
    return Claims(
        claims.asset, claims.customer, claims.mechanic, "pass-along", sharer=lead, parent=claims.share,
        hop=claims.hop + 1, nonce=lead[-8:],
    )  # fmt: skip


def _lead(services: Services, dice: random.Random, claims: Claims, at_ms: int) -> Lead:
    customer = services.catalog.customers[claims.customer]
    own = dice.random() < 0.14
    company = customer.name if own else dice.choice(_COMPANIES).replace("-", " ")
    domain = customer.domains[0] if own else f"{company.lower().replace(' ', '-')}.example"
    name = f"{dice.choice(_FIRST)} {dice.choice(_LAST)}"
    # A number keeps namesakes apart: each lead here is a person of their own.
    email = f"{name.lower().replace(' ', '.')}.{dice.randrange(10**6)}@{domain}"
    hard = claims.mechanic == "shared-reports"
    return Lead(
        id=str(uuid7()),
        email=email,
        email_key=email_key(email),
        domain=domain,
        share=claims.share,
        customer=claims.customer,
        mechanic=claims.mechanic,
        asset=claims.asset,
        created_at_ms=at_ms,
        name=name,
        company=company,
        role=dice.choice(_ROLES),
        heard_from=dice.choice(_HEARD),
        motion=motion(customer, domain),
        parent=claims.sharer if claims.parent else None,
        hop=claims.hop,
        consent_text=CONSENT if hard else None,
        consent_version=consent_version(CONSENT) if hard else None,
        consent_at_ms=at_ms if hard else None,
        sample=True,
    )


def _follow_ups(now_ms: int, dice: random.Random, visitor: _Visitor, odds: Odds, number: int) -> Iterator[_Reported]:
    """Some leads sign up, some of those become opportunities, some of those are won."""
    lead = visitor.person
    if lead is None:
        return
    fate = dice.random()
    wait_ms = int(dice.uniform(3, 30) * DAY_MS)
    if fate < odds.opportunity * 3:
        yield _reported(ConversionKind.SIGNUP, number, visitor.at_ms + 3_600_000, lead.email)
    if fate < odds.opportunity and visitor.at_ms + wait_ms < now_ms:
        amount = Money(dice.randrange(40, 400) * 10_000, "EUR")
        yield _reported(ConversionKind.OPPORTUNITY, number, visitor.at_ms + wait_ms, lead.email, amount)
        won_ms = visitor.at_ms + wait_ms + int(dice.uniform(10, 60) * DAY_MS)
        if fate < odds.opportunity * 0.3 and won_ms < now_ms:
            yield _reported(ConversionKind.WON, number, won_ms, lead.email, amount)


def _unattributed(dice: random.Random, start_ms: int, number: int) -> _Reported:
    """An opportunity that no customer caused, so that coverage means something."""
    amount = Money(dice.randrange(50, 600) * 10_000, "EUR")
    email = f"buyer{number}@{dice.choice(('straitlace', 'umberfield', 'corvane'))}.example"
    return _reported(ConversionKind.OPPORTUNITY, number, start_ms + 36_000_000, email, amount)


def _reported(kind: ConversionKind, number: int, at_ms: int, email: str, amount: Money | None = None) -> _Reported:
    body = ConversionBody(
        external_id=f"sample-{number}", kind=kind, occurred_at=at(at_ms), emails=[email], amount=amount
    )
    return _Reported(at_ms, body)


async def _live_through(services: Services, entries: list[Entry], reported: list[_Reported]) -> None:
    """Records what happened on a day as it happened, one thing after the other."""
    entries.sort(key=_happened)
    done = 0
    for conversion in reported:
        until = bisect_right(entries, conversion.at_ms, key=_happened)
        await _append(services, entries[done:until])
        await services.pipeline.record(conversion.body, sample=True)
        done = until
    await _append(services, entries[done:])


async def _append(services: Services, entries: list[Entry]) -> None:
    await asyncio.gather(*(services.ledger.append(entry) for entry in entries))


def _happened(entry: Entry) -> int:
    return entry.event.at_ms


def _said(reported: _Reported) -> int:
    return reported.at_ms


def _poisson(dice: random.Random, mean: float) -> int:
    """Knuth's method; the means here are small."""
    limit, product, count = 2.718281828459045**-mean, dice.random(), 0
    while product > limit:
        product *= dice.random()
        count += 1
    return count
