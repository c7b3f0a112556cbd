"""Deciding about mechanics: to keep, pause, kill and revive them, one by one or in a review.

Each decision commits with what it does, and with what was known when it was made.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec.structs import replace
from uuid_utils import uuid7

from passalong.domain import mechanic as mechanics
from passalong.domain import review as reviews
from passalong.domain.decision import Decision, DecisionKind, Produced
from passalong.domain.instant import Calendar, Clock, at
from passalong.domain.mechanic import Fallback, Mechanic
from passalong.domain.review import Choice, Review, ReviewBody, Reviewed, ReviewedBody
from passalong.domain.text import tidy
from passalong.domain.verdict import Verdict
from passalong.errors import Conflict, Fault, Invalid, NotFound
from passalong.store.catalog import Catalog
from passalong.store.db import Database, Row, Transaction, retried
from passalong.store.metric import Metrics
from passalong.store.reports import Reports, Tally
from passalong.store.verdicts import Verdicts


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a mechanic when it is decided about."""

    verdict: Verdict
    produced: Produced


class Decisions:
    def __init__(
        self,
        db: Database,
        catalog: Catalog,
        reports: Reports,
        metrics: Metrics,
        verdicts: Verdicts,
        calendar: Calendar,
        clock: Clock,
    ) -> None:
        self._db = db
        self._catalog = catalog
        self._reports = reports
        self._metrics = metrics
        self._verdicts = verdicts
        self._calendar = calendar
        self._clock = clock

    @retried
    async def kill(
        self, key: str, *, by: str, reason: str, fallback: Fallback, redirect_url: str | None = None
    ) -> Mechanic:
        """Ends a mechanic; a redirect without an address leads to the brand's home.

        Raises NotFound, Conflict (it is dead), Invalid.
        """
        known = await self.known(key)
        async with self._db.transaction() as tx:
            after = await self._kill_in(tx, key, known, by, reason, fallback, redirect_url)
        await self._catalog.load()
        return after

    async def revive(self, key: str, *, by: str, reason: str) -> Mechanic:
        """Undoes a kill. Raises NotFound, Conflict."""
        now_ms = self._clock()

        def begin(mechanic: Mechanic) -> Mechanic:
            if mechanic.tombstone is None:
                raise Conflict(f"{key} is alive.")
            return mechanic.back(now_ms)

        return await self._decide(key, DecisionKind.REVIVE, by, reason, begin)

    async def pause(self, key: str, *, by: str, reason: str) -> Mechanic:
        """Stops its clock: its links go on, and none is made. Raises NotFound, Conflict."""
        now_ms = self._clock()

        def stop(mechanic: Mechanic) -> Mechanic:
            if mechanic.tombstone is not None:
                raise Conflict(f"{key} is dead.")
            if mechanic.paused_at_ms is not None:
                raise Conflict(f"{key} has been paused since {at(mechanic.paused_at_ms):%Y-%m-%d}.")
            return replace(mechanic, paused_at_ms=now_ms)

        return await self._decide(key, DecisionKind.PAUSE, by, reason, stop)

    async def resume(self, key: str, *, by: str, reason: str) -> Mechanic:
        """Ends a pause. Raises NotFound, Conflict."""
        now_ms = self._clock()

        def go_on(mechanic: Mechanic) -> Mechanic:
            if mechanic.paused_at_ms is None:
                raise Conflict(f"{key} is not paused.")
            return mechanic.back(now_ms)

        return await self._decide(key, DecisionKind.RESUME, by, reason, go_on)

    async def keep(self, key: str, *, by: str, reason: str) -> Mechanic:
        """Lets a mechanic live, whatever the verdict says. Raises NotFound, Conflict."""

        def live_on(mechanic: Mechanic) -> Mechanic:
            if mechanic.tombstone is not None:
                raise Conflict(f"{key} is dead; revive it.")
            return mechanic

        return await self._decide(key, DecisionKind.KEEP, by, reason, live_on)

    @retried
    async def review(self, body: ReviewBody) -> Review:
        """Records a review and does what it decides, all of it or nothing. Raises Invalid, Conflict."""
        now_ms = self._clock()
        month = reviews.month_of(body.month, present=self._calendar.month(now_ms))
        asked = [said.mechanic for said in body.decisions]
        known = {key: await self.known(key) for key in dict.fromkeys(asked) if key in self._catalog.mechanics}
        reviews.check(body, self._catalog.mechanics, {key: each.verdict for key, each in known.items()})
        [found] = await self._metrics.months(month, 1, [])
        review = Review(
            id=str(uuid7()),
            month=month,
            at_ms=now_ms,
            by=body.by.strip(),
            note=body.note.strip(),
            decisions=tuple(
                Reviewed(
                    mechanic=said.mechanic,
                    title=self._catalog.mechanics[said.mechanic].title,
                    decision=said.decision,
                    role=said.role,
                    owner=said.owner.strip(),
                    reason=said.reason.strip(),
                    verdict=known[said.mechanic].verdict,
                    opportunities=found.credited_to(said.mechanic),
                )
                for said in body.decisions
            ),
        )
        async with self._db.transaction() as tx:
            for n, said in enumerate(body.decisions):
                try:
                    await self._carry_out(tx, said, known[said.mechanic], body.month)
                except Invalid as refused:
                    raise Invalid(Fault(f"decisions[{n}].{f.field}", f.message) for f in refused.faults) from None
            await tx.all(
                "INSERT INTO reviews VALUES (?, ?, ?, ?, ?, ?)",
                (
                    review.id, review.month, review.at_ms, review.by, review.note,
                    msgspec.json.encode(review.decisions).decode(),
                ),
            )  # fmt: skip
        await self._catalog.load()
        return review

    async def _carry_out(self, tx: Transaction, said: ReviewedBody, known: Known, month: str) -> None:
        reason = said.reason.strip() or f"Kept in the review of {month}."
        if said.decision is Choice.KILL:
            await self._kill_in(tx, said.mechanic, known, said.owner, reason, said.fallback, said.redirect_url)
        else:
            kind = DecisionKind.KEEP if said.decision is Choice.KEEP else DecisionKind.REVISE
            await self._put(tx, said.mechanic, kind, said.owner, reason, known, _same)

    async def reviews(self, *, before: str | None = None, limit: int = 50) -> list[Review]:
        """The latest first, from below an id."""
        rows = await self._db.read(
            "SELECT * FROM reviews WHERE id < ? OR CAST(? AS TEXT) IS NULL ORDER BY id DESC LIMIT ?",
            (before, before, limit),
        )
        return [_review(row) for row in rows]

    async def review_of(self, month: int) -> Review | None:
        """What stands of a month's reviews (202610): of each mechanic the last decision, with the notes of all."""
        rows = await self._db.read("SELECT * FROM reviews WHERE month = ? ORDER BY at_ms, id", (month,))
        if not rows:
            return None
        held = [_review(row) for row in rows]
        standing = {said.mechanic: said for review in held for said in review.decisions}
        notes = dict.fromkeys(review.note for review in held if review.note)
        return replace(held[-1], decisions=tuple(standing.values()), note="\n".join(notes))

    async def last_reviewed_ms(self) -> int | None:
        """When the last review was held, of whatever month."""
        row = await self._db.read_one("SELECT max(at_ms) AS at_ms FROM reviews")
        return row["at_ms"] if row else None

    async def known(self, key: str) -> Known:
        """What is known of a mechanic now; raises NotFound."""
        mechanic = self._catalog.find(Mechanic, key)
        verdict = (await self._verdicts.of([mechanic]))[key]
        tally = (await self._reports.mechanics()).get(key, Tally())
        produced = Produced(**{name: getattr(tally, name) for name in Produced.__struct_fields__})
        return Known(verdict=verdict, produced=produced)

    @retried
    async def _decide(
        self, key: str, kind: DecisionKind, by: str, reason: str, change: Callable[[Mechanic], Mechanic]
    ) -> Mechanic:
        mechanics.check_words(by=by, reason=reason)
        known = await self.known(key)
        async with self._db.transaction() as tx:
            after = await self._put(tx, key, kind, by, reason, known, change)
        await self._catalog.load()
        return after

    async def _kill_in(
        self,
        tx: Transaction,
        key: str,
        known: Known,
        by: str,
        reason: str,
        fallback: Fallback,
        redirect_url: str | None,
    ) -> Mechanic:
        now_ms = self._clock()

        def end(mechanic: Mechanic) -> Mechanic:
            if mechanic.tombstone is not None:
                killed = mechanic.tombstone
                raise Conflict(f"{key} was killed on {at(killed.at_ms):%Y-%m-%d} by {killed.by}.")
            leads_to = redirect_url
            if fallback is Fallback.REDIRECT and leads_to is None:
                leads_to = self._catalog.brands[mechanic.brand].home_url
            tombstone = mechanics.tombstone(
                mechanic, at_ms=now_ms, by=by, reason=reason, fallback=fallback, redirect_url=leads_to
            )
            return replace(mechanic.back(now_ms), tombstone=tombstone)

        return await self._put(tx, key, DecisionKind.KILL, by, reason, known, end, fallback)

    async def _put(
        self,
        tx: Transaction,
        key: str,
        kind: DecisionKind,
        by: str,
        reason: str,
        known: Known,
        change: Callable[[Mechanic], Mechanic],
        fallback: Fallback | None = None,
    ) -> Mechanic:
        decision = Decision(
            mechanic=key,
            kind=kind,
            at_ms=self._clock(),
            by=tidy(by),
            reason=tidy(reason),
            fallback=fallback,
            verdict=known.verdict,
            produced=known.produced,
        )

        def known_one(mechanic: Mechanic | None) -> Mechanic:
            if mechanic is None:
                raise NotFound(f"There is no mechanic called {key}.")
            return change(mechanic)

        _, after = await self._catalog.change_in(tx, Mechanic, key, known_one, lambda before, after: [decision])
        return after


def _same(mechanic: Mechanic) -> Mechanic:
    return mechanic


def _review(row: Row) -> Review:
    return msgspec.convert({**dict(row), "decisions": msgspec.json.decode(row["decisions"])}, Review)
