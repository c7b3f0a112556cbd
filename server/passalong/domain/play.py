"""A play: the next best action for one customer, why, whose it is, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from passalong.domain.history import History
from passalong.domain.instant import DAY_MS
from passalong.domain.rule import Fatigue, Rule, Rulebook
from passalong.errors import Invalid

FOLLOWED_DAYS = 90
"""For so long after a play was done, a customer's opportunities are told beside it."""


class PlayState(StrEnum):
    OPEN = "open"
    DONE = "done"
    DISMISSED = "dismissed"
    EXPIRED = "expired"


class Result(StrEnum):
    """What somebody says of a play."""

    DONE = "done"
    DISMISSED = "dismissed"


class Reason(StrEnum):
    """What keeps a play back though its rule holds."""

    OPEN = "open"
    """Another of its kind is open for the customer."""
    REST = "rest"
    """The last one of its kind was too short a time ago."""
    MOST = "most"
    """The customer has had as many plays as the limit allows."""


class OutcomeBody(Struct, forbid_unknown_fields=True):
    """What came of a play, in somebody's words."""

    result: Result
    by: Annotated[str, Meta(min_length=1, max_length=120)]
    note: Annotated[str, Meta(max_length=1000)] = ""


class OwnerBody(Struct, forbid_unknown_fields=True):
    owner: Annotated[str, Meta(min_length=1, max_length=120)]


class Outcome(Struct, frozen=True, kw_only=True):
    """Said once of a play. A play that expired has none."""

    result: Result
    note: str
    by: str
    at_ms: int


class Play(Struct, frozen=True, kw_only=True):
    """A play as it is kept. `closed_at_ms` is when it was done, dismissed or expired."""

    id: str
    customer: str
    rule: str
    kind: str
    title: str
    owner: str
    why: str
    created_at_ms: int
    expires_at_ms: int
    state: PlayState
    closed_at_ms: int | None = None
    result: Result | None = None
    note: str | None = None
    by: str | None = None

    @property
    def outcome(self) -> Outcome | None:
        if self.result is None or self.closed_at_ms is None:
            return None
        return Outcome(result=self.result, note=self.note or "", by=self.by or "", at_ms=self.closed_at_ms)


class Made(Struct, frozen=True):
    """What fatigue must know of a play that was made: it is open until `open_until_ms`."""

    kind: str
    at_ms: int
    open_until_ms: int


class Look(Struct, kw_only=True):
    """What comes of looking at a customer: plays to make, each with its why; what was kept back for the first time;
    and since when which rules hold."""

    plays: list[tuple[Rule, str]]
    kept_back: list[tuple[Rule, Reason]]
    holding: dict[str, int]


class Rehearsal(Struct, kw_only=True):
    """What a rule would have made for one customer, when and why, and how often it would have been kept back."""

    plays: list[tuple[int, str]]
    kept_back: Counter[Reason]


def kept_back(rule: Rule, fatigue: Fatigue, made: Iterable[Made], now_ms: int) -> Reason | None:
    """Why the rule's play may not be made now, after what was made for the customer; None if it may."""
    rest_ms, within_ms = fatigue.rest_of(rule) * DAY_MS, fatigue.within_days * DAY_MS
    rests, recent = False, 0
    for play in made:
        if play.at_ms > now_ms:
            continue
        if play.kind == rule.then.play:
            if now_ms < play.open_until_ms:
                return Reason.OPEN
            rests = rests or now_ms < play.at_ms + rest_ms
        recent += play.at_ms > now_ms - within_ms
    if rests:
        return Reason.REST
    return Reason.MOST if recent >= fatigue.most else None


def holding(book: Rulebook, history: History, now_ms: int) -> list[tuple[Rule, str]]:
    """The rules that hold of one customer, the weightiest first, each with its why."""
    return [(rule, history.why(rule, now_ms)) for rule in book.rules if history.holds(rule, now_ms)]


def settle(
    held: Sequence[tuple[Rule, str]], fatigue: Fatigue, now_ms: int, made: Sequence[Made], since: Mapping[str, int]
) -> Look:
    """What comes of the rules that hold. `since` says which of them held at the last look, and since when."""
    made = list(made)
    found = Look(plays=[], kept_back=[], holding={})
    for rule, why in held:
        found.holding[rule.id] = since.get(rule.id, now_ms)
        reason = kept_back(rule, fatigue, made, now_ms)
        if reason is None:
            found.plays.append((rule, why))
            made.append(_made(rule, now_ms))
        elif rule.id not in since:
            found.kept_back.append((rule, reason))
    return found


def rehearse(
    rule: Rule, fatigue: Fatigue, history: History, *, first_ms: int, last_ms: int, sweep_ms: int, made: Sequence[Made]
) -> Rehearsal:
    """The same over a time that has passed, for one rule: looked at with each signal, and every `sweep_ms`. `made` are
    the plays of other rules; what this one makes stays open, since nobody is there to act on it."""
    made, rest_ms = list(made), fatigue.rest_of(rule) * DAY_MS
    found = Rehearsal(plays=[], kept_back=Counter())
    moments = {at_ms for at_ms in history.times if first_ms <= at_ms <= last_ms}
    moments.update(range(first_ms, last_ms + 1, sweep_ms))
    turns = iter([*history.turns(rule), last_ms + 1])
    holds = history.asking(rule)
    turn_ms, free_ms, held = first_ms, first_ms, False
    for now_ms in sorted(moments):
        before = held
        if now_ms >= turn_ms:  # only then may it have become another answer
            held = holds(now_ms)
            turn_ms = next(turn for turn in turns if turn > now_ms)
        if not held or (before and now_ms < free_ms):
            continue
        reason = kept_back(rule, fatigue, made, now_ms)
        if reason is None:
            found.plays.append((now_ms, history.why(rule, now_ms)))
            made.append(_made(rule, now_ms))
        elif not before:
            found.kept_back[reason] += 1
        # Until then what was made before forbids another, whatever else is made meanwhile.
        same = [play for play in made if play.kind == rule.then.play and play.at_ms <= now_ms]
        free_ms = max((max(play.open_until_ms, play.at_ms + rest_ms) for play in same), default=now_ms)
    return found


def check_words(**said: str) -> None:
    """Raises Invalid for a name that is blank."""
    for field, text in said.items():
        if not text.strip():
            raise Invalid.one(field, "Please fill this in.")


def _made(rule: Rule, now_ms: int) -> Made:
    return Made(rule.then.play, now_ms, now_ms + rule.then.open_days * DAY_MS)
