"""What came of the decisions of a review, looked at afterwards."""

from __future__ import annotations

from msgspec import Struct

from passalong.domain.decision import Decision, DecisionKind
from passalong.domain.instant import Calendar, Clock, date_of, day_in_words, months_back
from passalong.domain.mechanic import Status
from passalong.domain.review import Choice, Review, Reviewed
from passalong.domain.text import counted, number, quoted
from passalong.store.catalog import Catalog
from passalong.store.metric import Metrics


class CameOf(Struct, frozen=True, kw_only=True):
    """`opportunities` of the month after the one reviewed, None while it has not begun; `why` in words."""

    status: Status
    opportunities: int | float | None
    done: bool | None
    """Whether what was to change has changed, or what was killed is dead; None where nothing was to be done."""
    why: str


class Aftermath:
    def __init__(self, catalog: Catalog, metrics: Metrics, calendar: Calendar, clock: Clock) -> None:
        self._catalog = catalog
        self._metrics = metrics
        self._calendar = calendar
        self._clock = clock

    async def of(self, review: Review) -> dict[str, CameOf]:
        """By mechanic."""
        after = months_back(review.month, 1)[0]
        after = after + 1 if after % 100 < 12 else after + 89
        begun = after <= self._calendar.month(self._clock())
        month = (await self._metrics.months(after, 1, []))[0] if begun else None
        found: dict[str, CameOf] = {}
        for said in review.decisions:
            mechanic = self._catalog.mechanics[said.mechanic]
            since = [d for d in await self._catalog.decisions(said.mechanic) if d.at_ms > review.at_ms]
            brought = month.credited_to(said.mechanic) if month else None
            done, words = self._done(said, mechanic.status, since)
            sentences = [words] if words else []
            if brought is not None:
                many = counted(brought, "opportunity", "opportunities") if brought else "No opportunity"
                before = number(said.opportunities) if said.opportunities else "none"
                sentences.append(f"{many} in the month after, {before} in the month reviewed.")
            found[said.mechanic] = CameOf(
                status=mechanic.status, opportunities=brought, done=done, why=" ".join(sentences) or "Too early to say."
            )
        return found

    def _done(self, said: Reviewed, status: Status, since: list[Decision]) -> tuple[bool | None, str]:
        match said.decision:
            case Choice.CHANGE:
                change = next((d for d in since if d.kind is DecisionKind.CHANGE), None)
                if change is None:
                    return False, self._killed(since) or "Nothing was changed since."
                return True, f"Changed on {self._day(change)}: {quoted(change.reason)}"
            case Choice.KILL:
                revived = next((d for d in reversed(since) if d.kind is DecisionKind.REVIVE), None)
                if revived and status is not Status.KILLED:
                    return False, f"Revived on {self._day(revived)} by {revived.by}: {quoted(revived.reason)}"
                return True, "It is dead."
            case Choice.KEEP:
                return None, self._killed(since)

    def _killed(self, since: list[Decision]) -> str:
        """That it was killed, and whether it was revived after that."""
        killed = next((d for d in reversed(since) if d.kind is DecisionKind.KILL), None)
        if killed is None:
            return ""
        told = f"Killed on {self._day(killed)} by {killed.by}"
        revived = next((d for d in since[since.index(killed) :] if d.kind is DecisionKind.REVIVE), None)
        if revived is None:
            return f"{told}: {quoted(killed.reason)}"
        return f"{told}, revived on {self._day(revived)} by {revived.by}: {quoted(revived.reason)}"

    def _day(self, decision: Decision) -> str:
        return day_in_words(date_of(self._calendar.day(decision.at_ms)))
