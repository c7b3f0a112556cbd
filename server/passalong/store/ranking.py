"""Customers by the pipeline that a model credits them with: worked out once, kept, and worked out anew when a credit
has changed."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from passalong.domain.conversion import ConversionKind
from passalong.domain.instant import Clock
from passalong.domain.lead import Motion
from passalong.domain.money import Money, converted, summed
from passalong.store.conversions import Conversions
from passalong.store.db import Database, Row
from passalong.store.metric import whole_or_part
from passalong.store.pipeline import Pipeline
from passalong.store.replay import REPLAYED, Standing

_BATCH = 16
"""Conversions that are credited in one go: pages wait for no longer than a few milliseconds."""
PATIENCE_S = 2.0
"""How long a question waits for a ranking; after that it is told how far it has come."""
REST = 10
"""A ranking stands for so many times as long as it took, so that it never takes more than a tenth of a processor."""
_ALIASES = {"first": "origin"}


class Place(Struct, frozen=True, order=True, array_like=True):
    """By what a customer is ranked. All is negative, so that most comes first; `sizes` end in 0, so that fewer amounts
    come after more."""

    sizes: tuple[int, ...] = (0,)
    micro: int = 0
    customer: str = ""


class Brought(Struct, kw_only=True):
    """What a customer is credited with: the whole of it, and told apart by motion."""

    whole: Standing
    new_logo: Standing
    expansion: Standing


class Ranked(Struct, kw_only=True):
    """A customer in its place."""

    place: Place
    brought: Brought

    @property
    def customer(self) -> str:
        return self.place.customer


class Progress(Struct, kw_only=True):
    """Of a ranking that is being worked out: how many conversions are done, of how many."""

    done: int
    of: int


class Ranking(Struct, kw_only=True):
    """Those who are credited with anything under a model, most first. `conversions` were looked at: 0 where the
    counters knew it all."""

    model: str
    made_at_ms: int
    conversions: int
    order: list[Ranked]


class _Kept(Struct, kw_only=True):
    ranking: Ranking
    edition: int
    stands_until: float


class _Sums:
    """Credits added up by motion, kind and currency."""

    def __init__(self) -> None:
        self._micro: dict[tuple[str, str], int] = defaultdict(int)
        self._minor: dict[tuple[str, str, str], int] = defaultdict(int)

    def add(self, motion: str, kind: str, currency: str, micro: int, amount_minor: int) -> None:
        self._micro[motion, kind] += micro
        if currency:
            self._minor[motion, kind, currency] += amount_minor

    def opportunities(self, *motions: Motion) -> int:
        """In millionths."""
        return sum(self._micro.get((motion, ConversionKind.OPPORTUNITY), 0) for motion in motions)

    def standing(self, *motions: Motion) -> Standing:
        def money(kind: ConversionKind) -> list[Money]:
            return summed(
                Money(minor, currency)
                for (motion, of, currency), minor in self._minor.items()
                if motion in motions and of == kind and minor
            )

        return Standing(
            opportunities=whole_or_part(self.opportunities(*motions)),
            pipeline=money(ConversionKind.OPPORTUNITY),
            won=money(ConversionKind.WON),
        )

    def brought(self) -> Brought:
        return Brought(
            whole=self.standing(*Motion),
            new_logo=self.standing(Motion.NEW_LOGO),
            expansion=self.standing(Motion.EXPANSION),
        )


class Rankings:
    """Amounts of several currencies are compared in `currency` by `rates` where one is given, else by the largest of
    them. `stop` gives up what is being worked out."""

    def __init__(
        self,
        db: Database,
        conversions: Conversions,
        pipeline: Pipeline,
        clock: Clock,
        currency: str | None,
        rates: Mapping[str, float],
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._db = db
        self._conversions = conversions
        self._pipeline = pipeline
        self._clock = clock
        self._currency = currency
        self._rates = rates
        self._patience_s = patience_s
        self._kept: dict[str, _Kept] = {}
        self._progress: dict[str, Progress] = {}
        self._working: dict[str, asyncio.Task[None]] = {}
        self._one_at_a_time = asyncio.Lock()

    async def stop(self) -> None:
        """Waits until nobody asks the database any more."""
        for task in (working := list(self._working.values())):
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)

    async def of(self, customer: str) -> Brought:
        """What one customer is credited with at present."""
        sums = _Sums()
        for row in await self._rows("brought_of", customer=customer):
            sums.add(row["motion"], row["kind"], row["currency"], row["micro"], row["amount_minor"])
        return sums.brought()

    async def under(self, model: str) -> tuple[Ranking | None, Progress | None]:
        """The ranking under a model, within the window that is set; of the model in use as it is stored.

        What takes long goes on by itself: until it is done the ranking of before is given, or None, and how far the new
        one has come.
        """
        task = self._working.get(model)
        if task is None and await self._stale(model):
            progress = Progress(done=0, of=await self._conversions.count())
            task = self._working.get(model)  # somebody else may have asked meanwhile
            if task is None:
                self._progress[model] = progress
                task = self._working[model] = asyncio.create_task(self._work_out(model), name=f"ranking by {model}")
        if task is not None:
            await asyncio.wait({task}, timeout=self._patience_s)
        if task is not None and task.done():
            if self._working.get(model) is task:
                del self._working[model]
            task.result()  # raises what went wrong
        kept = self._kept.get(model)
        under_way = self._progress.get(model) if task is not None and not task.done() else None
        return kept.ranking if kept else None, under_way

    def named(self, model: str | None) -> str:
        """A model by the one name of it that is used here; None for the one in use."""
        model = model or self._pipeline.policy.model
        return _ALIASES.get(model, model)

    @property
    def present(self) -> str:
        return self.named(None)

    async def _stale(self, model: str) -> bool:
        kept = self._kept.get(model)
        if kept is None:
            return True
        return time.monotonic() >= kept.stands_until and kept.edition != await self._pipeline.edition()

    async def _work_out(self, model: str) -> None:
        async with self._one_at_a_time:
            began = time.monotonic()
            edition = await self._pipeline.edition()
            sums = await self._stored() if model == self.present else await self._replayed(model)
            order = [self._ranked(customer, found) for customer, found in sums.items()]
            ranking = Ranking(
                model=model,
                made_at_ms=self._clock(),
                conversions=0 if model == self.present else self._progress[model].done,
                order=sorted((ranked for ranked in order if ranked is not None), key=lambda ranked: ranked.place),
            )
            ended = time.monotonic()
            self._kept[model] = _Kept(ranking=ranking, edition=edition, stands_until=ended + REST * (ended - began))

    async def _stored(self) -> dict[str, _Sums]:
        sums: dict[str, _Sums] = defaultdict(_Sums)
        for customer, *part in await self._rows("brought"):
            sums[customer].add(*part)
        return sums

    async def _replayed(self, model: str) -> dict[str, _Sums]:
        sums: dict[str, _Sums] = defaultdict(_Sums)
        progress = self._progress[model]
        async for conversion, credits in self._pipeline.replay(replace(self._pipeline.policy, model=model), _BATCH):
            progress.done += 1
            if conversion.kind in REPLAYED:
                for credit in credits:
                    sums[credit.customer].add(
                        credit.motion,
                        conversion.kind,
                        conversion.currency or "",
                        credit.micro,
                        credit.amount_minor or 0,
                    )
        return sums

    def _ranked(self, customer: str, sums: _Sums) -> Ranked | None:
        """None for one from whom all credit was taken."""
        brought, micro = sums.brought(), sums.opportunities(*Motion)
        if not micro and not brought.whole.won and not brought.whole.pipeline:
            return None
        return Ranked(place=Place(self._sizes(brought.whole.pipeline), -micro, customer), brought=brought)

    def _sizes(self, pipeline: list[Money]) -> tuple[int, ...]:
        sizes = [money.amount_minor for money in pipeline]
        if self._currency is not None:
            sizes = [converted(pipeline, self._currency, self._rates).amount.amount_minor]
        return (*sorted(-size for size in sizes if size), 0)

    async def _rows(self, name: str, **params: Any) -> list[Row]:
        return await self._db.named("customers", name, **params)


NOTHING = _Sums().brought()
"""What somebody brought who is credited with nothing."""
