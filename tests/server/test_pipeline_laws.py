"""Laws of the pipeline, whatever happens: credits are exact, counters follow them, an erasure moves nothing."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from uuid_utils import uuid7

from factories import SIGNING_KEY
from passalong.app import opened, wire
from passalong.courier import PipelineCarrier
from passalong.domain.attribution import MODELS, WHOLE, Override, Policy
from passalong.domain.conversion import ConversionBody, ConversionKind
from passalong.domain.customer import Customer
from passalong.domain.domains import domain_of, email_key
from passalong.domain.event import Actor, Event, EventKind
from passalong.domain.instant import DAY_MS, at
from passalong.domain.lead import Lead
from passalong.domain.money import Money
from passalong.domain.share import Claims
from passalong.settings import Attribution, Settings
from passalong.store.ledger import Entry

CUSTOMERS = ("initech", "globex", "hooli")
PEOPLE = ("ann@umbrella.example", "bob@umbrella.example", "cleo@gmail.com", "dan@pied.example", "eve@initech.example")
START_MS = 1_790_000_000_000

LEADS = st.tuples(st.just("lead"), st.sampled_from(CUSTOMERS), st.sampled_from(PEOPLE))
REPORTS = st.tuples(
    st.just("report"),
    st.sampled_from(ConversionKind),
    st.lists(st.sampled_from(PEOPLE), max_size=3, unique=True),
    st.none() | st.builds(Money, st.integers(0, 10**9), st.sampled_from(["EUR", "JPY", "KWD"])),
    st.none() | st.sampled_from(["umbrella.example", "gmail.com"]),
)
ERASURES = st.tuples(st.just("erase"), st.sampled_from(PEOPLE))
DECISIONS = st.tuples(st.just("decide"), st.integers(0, 9), st.none() | st.sampled_from(CUSTOMERS), st.booleans())
STORIES = st.lists(LEADS | LEADS | REPORTS | REPORTS | ERASURES | DECISIONS, max_size=24)
WAITS = st.lists(st.integers(0, 40), min_size=24, max_size=24)


class Story:
    """A vendor to whom things happen."""

    def __init__(self, services: Any, now: list[int]) -> None:
        self.services = services
        self.now = now
        self.reported: list[str] = []

    async def happen(self, what: str, *more: Any) -> None:
        await getattr(self, what)(*more)
        services = self.services
        carrier = PipelineCarrier(
            services.outbox, services.pipeline, services.invitations, services.keeper, services.clock
        )
        await carrier.carry()

    async def lead(self, customer: str, email: str) -> None:
        claims = Claims("report", customer, "hard", nonce=customer)
        day = self.services.calendar.day(self.now[0])
        person = Lead(
            id=str(uuid7()), email=email, email_key=email_key(email), domain=domain_of(email), share=claims.share,
            customer=customer, mechanic="hard", asset="report", created_at_ms=self.now[0], name="A B",
        )  # fmt: skip
        event = Event(
            at_ms=self.now[0], day=day, kind=EventKind.LEAD, actor=Actor.HUMAN, share=claims.share, customer=customer,
            mechanic="hard", asset="report",
        )  # fmt: skip
        await self.services.ledger.append(Entry(event, claims, person))

    async def report(self, kind: ConversionKind, emails: list[str], amount: Money | None, domain: str | None) -> None:
        name = f"D-{len(self.reported)}"
        body = ConversionBody(name, kind, at(self.now[0]), emails=emails, amount=amount, company_domain=domain)
        conversion, _ = await self.services.pipeline.record(body)
        self.reported.append(conversion.id)

    async def erase(self, email: str) -> None:
        before = await self.totals()
        await self.services.leads.erase(await self.services.leads.ids_of(email), self.now[0])
        assert await self.totals() == before

    async def decide(self, which: int, customer: str | None, withdrawn: bool) -> None:
        if self.reported:
            override = Override(
                at_ms=self.now[0], by="Mara", reason="So.", customer=None if withdrawn else customer,
                withdrawn=withdrawn,
            )  # fmt: skip
            await self.services.pipeline.decide(self.reported[which % len(self.reported)], override)

    async def totals(self) -> Any:
        """Everything that is counted, without a word of why."""
        month = self.services.calendar.month(self.now[0])
        return (
            msgspec.to_builtins(await self.services.metrics.months(month, 3, [])),
            msgspec.to_builtins(await self.services.reports.customers(CUSTOMERS)),
            msgspec.to_builtins(await self.services.reports.mechanics()),
        )

    async def check(self, policy: Policy) -> None:
        assert await self.services.reports.verify() == []
        async for conversion, credits in self.services.pipeline.replay(policy):
            assert credits == conversion.credits
        for model in MODELS:
            async for conversion, credits in self.services.pipeline.replay(Policy(model=model)):
                exact(conversion, credits)
        for id in self.reported:
            versions = await self.services.conversions.evaluations(id)
            assert [version.version for version in versions] == list(range(1, len(versions) + 1))
            assert versions[-1].credits == (await self.services.conversions.case(id)).conversion.credits


def exact(conversion: Any, credits: Sequence[Any]) -> None:
    assert {credit.customer for credit in credits} <= set(CUSTOMERS)
    if credits:
        assert sum(credit.micro for credit in credits) == WHOLE
    if credits and conversion.amount is not None:
        assert sum(credit.amount_minor for credit in credits) == conversion.amount.amount_minor


async def play(folder: Path, story: Sequence[tuple[Any, ...]], waits: Sequence[int], model: Any) -> None:
    config = Settings(
        database=str(folder / "passalong.db"), signing_keys=[SIGNING_KEY], attribution=Attribution(model=model)
    )
    now = [START_MS]
    async with opened(wire(config, lambda: now[0])) as services:
        await services.catalog.put_all(
            [Customer(id=id, name=id.title(), domains=(f"{id}.example",)) for id in CUSTOMERS]
        )
        told = Story(services, now)
        for (what, *more), hours in zip(story, waits, strict=False):
            now[0] += hours * DAY_MS // 24
            await told.happen(what, *more)
        await told.check(config.attribution.policy)


@settings(max_examples=25, deadline=None)
@given(STORIES, WAITS, st.sampled_from(MODELS))
def test_credits_are_exact_counters_follow_and_an_erasure_moves_nothing(
    story: list[tuple[Any, ...]], waits: list[int], model: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(Path(folder), story, waits, model))
