"""Attribution under another model beside the present one: whose credit moves, and by how much."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from msgspec import Struct

from passalong.domain.attribution import Credit, Policy
from passalong.domain.conversion import ConversionKind
from passalong.domain.money import Money, summed
from passalong.store.metric import whole_or_part
from passalong.store.pipeline import Pipeline

REPLAYED = (ConversionKind.OPPORTUNITY, ConversionKind.WON)


class Standing(Struct, kw_only=True):
    """What a customer is credited with under one model: opportunities (as parts) and their money by currency, and the
    money of what was won."""

    opportunities: int | float
    pipeline: list[Money]
    won: list[Money]


class Move(Struct, kw_only=True):
    """A customer whose credit differs; `opportunities_by` is how much it gains, negative where it loses."""

    customer: str
    before: Standing
    after: Standing
    opportunities_by: int | float


class Replay(Struct, kw_only=True):
    """Both sides as they are. `moved` of the `conversions` are credited differently; `moves` are the largest first,
    and customers whose credit stays are not among them."""

    present: Policy
    other: Policy
    conversions: int
    moved: int
    moves: list[Move]


async def replayed(pipeline: Pipeline, policy: Policy, progress: Callable[[int], object] = lambda done: None) -> Replay:
    """Runs every conversion through another policy; nothing is stored. `progress` hears how many are done."""
    before: dict[str, list[tuple[str, Credit, str | None]]] = defaultdict(list)
    after: dict[str, list[tuple[str, Credit, str | None]]] = defaultdict(list)
    moved = count = 0
    async for conversion, credits in pipeline.replay(policy):
        count += 1
        moved += _shares(conversion.credits) != _shares(credits)
        if conversion.kind in REPLAYED:
            for credit in conversion.credits:
                before[credit.customer].append((conversion.kind, credit, conversion.currency))
            for credit in credits:
                after[credit.customer].append((conversion.kind, credit, conversion.currency))
        progress(count)
    moves = []
    for customer in before.keys() | after.keys():
        was, would = _standing(before[customer]), _standing(after[customer])
        if was != would:
            by = sum(c.micro for kind, c, _ in after[customer] if kind == ConversionKind.OPPORTUNITY) - sum(
                c.micro for kind, c, _ in before[customer] if kind == ConversionKind.OPPORTUNITY
            )
            moves.append(Move(customer=customer, before=was, after=would, opportunities_by=whole_or_part(by)))
    moves.sort(key=lambda move: (-abs(move.opportunities_by), move.customer))
    return Replay(present=pipeline.policy, other=policy, conversions=count, moved=moved, moves=moves)


def _shares(credits: Iterable[Credit]) -> list[tuple[str, str | None, int]]:
    """Who gets how much, whatever the words."""
    return [(credit.customer, credit.share, credit.micro) for credit in credits]


def _standing(credits: Iterable[tuple[str, Credit, str | None]]) -> Standing:
    micro = 0
    pipeline: list[Money] = []
    won: list[Money] = []
    for kind, credit, currency in credits:
        opportunity = kind == ConversionKind.OPPORTUNITY
        micro += credit.micro if opportunity else 0
        if credit.amount_minor is not None and currency:
            (pipeline if opportunity else won).append(Money(credit.amount_minor, currency))
    return Standing(opportunities=whole_or_part(micro), pipeline=summed(pipeline), won=summed(won))
