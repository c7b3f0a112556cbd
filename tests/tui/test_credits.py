"""Credits, ways and the state in HubSpot as people read them, whatever the width and whatever stands in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from passalong.domain.attribution import MODELS
from passalong.domain.money import Money
from passalong_tui.answers.conversions import Attribution, Case, Conversion, Credit
from passalong_tui.answers.outbox import Errand, InCrm
from passalong_tui.credits import reasons, side_by_side
from passalong_tui.journeys import between, in_hubspot
from passalong_tui.known import Known

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def credit(customer: str, micro: int, minor: int | None) -> Credit:
    return Credit(
        customer=customer, mechanic="hard", micro=micro, amount_minor=minor, evidence="observed", motion="new_logo",
        why="They came by a link.",
    )  # fmt: skip


def case(models: dict[str, list[Credit]], amount: Money | None, present: str = "origin") -> Case:
    deal = Conversion(id="1", external_id="D-1", kind="opportunity", occurred_at=NOW, amount=amount)
    told = Attribution(credits=models[present], unattributed_reason=None, model=present)
    return Case(conversion=deal, attribution=told, touchpoints=[], models=models, evaluations=[], overrides=[])


@example(names=["0"], minor=1_000_000_000_001, width=40)
@settings(deadline=None)
@given(
    names=st.lists(
        st.text(st.characters(codec="ascii", exclude_characters="%"), min_size=1, max_size=60),
        min_size=1,
        max_size=4,
        unique=True,
    ),
    minor=st.none() | st.integers(0, 10**13),
    width=st.integers(40, 200),
)
def test_models_side_by_side_fit_and_say_every_part(names: list[str], minor: int | None, width: int) -> None:
    part = 1_000_000 // len(names)
    money = None if minor is None else minor // len(names)
    credits = [credit(str(n), part, money) for n in range(len(names))]
    known = Known()
    known.names = {str(n): name for n, name in enumerate(names)}
    drawn = side_by_side(
        case(dict.fromkeys(MODELS, credits), Money(minor or 0, "EUR") if minor else None), known, width
    )
    lines = drawn.plain.splitlines()
    assert all(cell_len(line) <= width for line in lines)
    assert "● origin" in drawn.plain
    assert drawn.plain.count("%") == len(MODELS) * len(names)


def test_the_present_model_comes_first_in_order_and_is_marked() -> None:
    models = {name: [credit("a", 250_000, 25), credit("b", 750_000, 75)] for name in MODELS}
    models["last"] = [credit("b", 1_000_000, 100)]
    drawn = side_by_side(case(models, Money(100, "EUR"), "last"), Known(), 150).plain.splitlines()
    assert "● last" in drawn[0]
    assert drawn[1].startswith("b ")
    assert drawn[2].startswith("a ")
    assert "–" in drawn[2]


def test_without_any_credit_it_says_so() -> None:
    nobody = case({model: [] for model in MODELS}, None)
    assert side_by_side(nobody, Known(), 80).plain == "Under no model is anybody credited."
    nobody.attribution.unattributed_reason = "The click id was not issued here."
    told = reasons(nobody.conversion, nobody.attribution, Known()).plain
    assert told == "Nobody is credited. The click id was not issued here."
    nobody.conversion.withdrawn = True
    assert reasons(nobody.conversion, nobody.attribution, Known()).plain.startswith("It counts for nothing.")


def test_days_between_in_words() -> None:
    assert between(NOW, NOW + timedelta(minutes=5)) == "the same day"
    assert between(NOW, NOW - timedelta(days=3)) == "the same day", "clocks differ"
    assert between(NOW, NOW + timedelta(days=1)) == "the day after"
    assert between(NOW, NOW + timedelta(days=1200)) == "1,200 days later"


def crm(**more: Any) -> InCrm:
    nothing: dict[str, Any] = dict.fromkeys(
        ("record", "told_at", "checked_at", "drift", "job", "paused_until", "pause_reason")
    )
    return InCrm(**{**nothing, "connected": True, "ours": True, **more})


def job(state: str, topic: str = "contact", reason: str | None = None) -> Errand:
    return Errand(topic=topic, state=state, attempts=2, due_at=NOW, done_at=None, reason=reason)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (None, ["HubSpot is not connected."]),
        (crm(connected=False), ["HubSpot is not connected."]),
        (crm(), ["It is no contact there", "Integrations (8)"]),
        (crm(record="501", told_at=NOW), ["✓ Contact 501, told 22 Nov 2026"]),
        (crm(record="501", ours=False), ["A first touch stood there before"]),
        (crm(record="501", drift="hop is “1” there and “2” here."), ["It differs: hop is “1” there"]),
        (crm(job=job("pending")), ["Waits to be sent, next attempt"]),
        (crm(job=job("pending", reason="slow down\x1b[31m")), ["The last one was refused: “slow down[31m”"]),
        (crm(job=job("failed", reason="no [/] such stage")), ["HubSpot refused it", "“no [/] such stage”"]),
        (crm(record="501", job=job("pending", "erasure")), ["Waits to be erased there"]),
        (
            crm(job=job("pending"), paused_until=NOW, pause_reason="HubSpot refuses the key"),
            ["Nothing goes there until", "HubSpot refuses the key"],
        ),
    ],
)
def test_how_a_lead_stands_in_hubspot_in_words(state: InCrm | None, said: list[str]) -> None:
    told = in_hubspot(state, what="contact").plain
    for words in said:
        assert words in told
    assert "\x1b" not in told


def test_what_is_not_to_be_sent_says_why() -> None:
    assert in_hubspot(crm(), what="contact", sample=True).plain == "Sample data is never sent."
    assert "Nothing of this lead is there any more." in in_hubspot(crm(), what="contact", erased=True).plain
