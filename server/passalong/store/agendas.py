"""What a monthly review has to decide: the two questions, each mechanic's verdict, and what came of the last review."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from passalong.domain.instant import Calendar, at, month_name, months_back
from passalong.domain.mechanic import Mechanic, MechanicKind, Status
from passalong.domain.money import Amounts, amounts, comparable, size
from passalong.domain.monthly import Agenda, Held, Judged, Outcome
from passalong.domain.review import Review
from passalong.domain.verdict import Answers, State
from passalong.store.aftermath import Aftermath
from passalong.store.catalog import Catalog
from passalong.store.decisions import Decisions
from passalong.store.metric import Month
from passalong.store.theater import Theater
from passalong.store.verdicts import Verdicts

_URGENCY = {State.KILL: 0, State.REVIEW: 1, State.KEEP: 2, State.COLLECTING: 3}


class Agendas:
    """`currency` and `rates` are the settings': into what amounts are converted beside being told as they are."""

    def __init__(
        self,
        catalog: Catalog,
        verdicts: Verdicts,
        decisions: Decisions,
        aftermath: Aftermath,
        theater: Theater,
        calendar: Calendar,
        currency: str | None,
        rates: Mapping[str, float],
    ) -> None:
        self._catalog = catalog
        self._verdicts = verdicts
        self._decisions = decisions
        self._aftermath = aftermath
        self._theater = theater
        self._calendar = calendar
        self._currency = currency
        self._rates = rates

    async def of(self, month: Month, now_ms: int) -> Agenda:
        """Of a month that has begun. Verdicts and theater are today's: they are told of this month and the last."""
        recent = month.month in months_back(self._calendar.month(now_ms), 2)
        verdicts = await self._verdicts.of(self._catalog.mechanics.values())
        mechanics = [m for m in self._catalog.mechanics.values() if m.launched_at_ms <= now_ms]
        review = await self._decisions.review_of(month.month)
        decided = {said.mechanic: said.decision for said in review.decisions} if review else {}
        known = [
            Judged(
                mechanic=mechanic.key,
                title=mechanic.title,
                kind=mechanic.kind,
                owner=mechanic.owner,
                status=mechanic.status,
                verdict=verdicts[mechanic.key],
                opportunities=month.credited_to(mechanic.key),
                pipeline=self._pipeline(month, mechanic.key),
                decision=decided.get(mechanic.key),
            )
            for mechanic in mechanics
        ]
        living = [judged for judged in known if recent and judged.status is not Status.KILLED]
        living.sort(key=lambda judged: (_URGENCY[judged.verdict.state], judged.title.casefold(), judged.mechanic))
        last = await self._decisions.review_of(months_back(month.month, 2)[0])
        return Agenda(
            recent=recent,
            most=_most(known),
            stalled=[judged for judged in living if judged.verdict.stalled],
            judged=living,
            review=await self._held(review),
            last=await self._held(last),
            theater=await self._theater.findings(verdicts) if recent else [],
            answers=await self._answers(month, mechanics),
        )

    def _pipeline(self, month: Month, mechanic: str) -> Amounts:
        found = [source.amount for source in month.sources if source.mechanic == mechanic and source.amount]
        return amounts(found, self._currency, self._rates)

    async def _answers(self, month: Month, mechanics: Iterable[Mechanic]) -> Answers | None:
        """Where a community is counted on, how the month's buyers had heard."""
        if not any(m.kind is MechanicKind.COMMUNITY and m.tombstone is None for m in mechanics):
            return None
        return (await self._verdicts.answers(month.month * 100, month.month * 100 + 99))[0]

    async def _held(self, review: Review | None) -> Held | None:
        if review is None:
            return None
        came_of = await self._aftermath.of(review)
        return Held(
            month=month_name(review.month),
            at=at(review.at_ms),
            by=review.by,
            note=review.note,
            outcomes=[
                Outcome(
                    mechanic=said.mechanic,
                    title=said.title,
                    decision=said.decision,
                    role=said.role,
                    owner=said.owner,
                    reason=said.reason,
                    overrides=said.overrides,
                    done=came_of[said.mechanic].done,
                    came_of=came_of[said.mechanic].why,
                )
                for said in review.decisions
            ],
        )


def _most(known: Sequence[Judged]) -> list[Judged]:
    """The mechanic that brought the most pipeline; where amounts do not compare, the most opportunities. Ties stay."""
    brought = [judged for judged in known if judged.opportunities]
    ordered = comparable([judged.pipeline for judged in brought])

    def much(judged: Judged) -> tuple[float, float]:
        return size(judged.pipeline) if ordered else 0, judged.opportunities

    return [judged for judged in brought if much(judged) == max(map(much, brought))]
