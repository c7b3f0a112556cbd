"""Credits sum exactly, whatever comes; and say why."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passalong.domain.attribution import (
    MODELS,
    WHOLE,
    Evidence,
    Touchpoint,
    Via,
    apportion,
    attribute,
    model_of,
    why,
)
from passalong.domain.money import Money, written

DAY_MS = 86_400_000
NOW = 1_000 * DAY_MS
TOUCHES = st.lists(
    st.builds(
        Touchpoint,
        via=st.sampled_from(Via),
        customer=st.sampled_from(["initech", "globex", "hooli"]),
        customer_name=st.just("Initech"),
        at_ms=st.integers(0, NOW),
        share=st.none() | st.sampled_from(["s1", "s2"]),
        hop=st.integers(0, 8),
        contact=st.integers(0, 5),
        contacts=st.just(5),
    ),
    max_size=12,
)


def touch(via: Via, *, at_ms: int = NOW, **more: object) -> Touchpoint:
    given = {"customer": "initech", "customer_name": "Initech", **more}
    return Touchpoint(via=via, at_ms=at_ms, **given)  # type: ignore[arg-type]


@given(st.integers(0, 10**15), st.lists(st.integers(0, 10**9), min_size=1, max_size=40).filter(any))
def test_parts_sum_to_the_whole_and_none_is_off_by_more_than_one(total: int, weights: list[int]) -> None:
    parts = apportion(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - total * weight) < sum(weights)
        assert weight or not part


def test_nothing_to_weigh_by_is_an_error() -> None:
    for weights in ([], [0, 0]):
        with pytest.raises(ValueError, match="weights"):
            apportion(1, weights)


@given(TOUCHES, st.none() | st.integers(0, 10**12), st.sampled_from(MODELS))
def test_credits_and_money_sum_exactly_under_every_model(
    touches: list[Touchpoint], minor: int | None, model: str
) -> None:
    amount = None if minor is None else Money(minor, "EUR")
    credits = attribute(touches, occurred_at_ms=NOW, amount=amount, model=model_of(model))
    assert bool(credits) == bool(touches)
    if not credits:
        return
    assert sum(credit.micro for credit in credits) == WHOLE
    assert all(credit.micro > 0 for credit in credits)
    if minor is None:
        assert all(credit.amount_minor is None for credit in credits)
    else:
        assert sum(credit.amount_minor or 0 for credit in credits) == minor
    order = list(Evidence)
    best = min(order.index(touch.evidence) for touch in touches)
    assert {order.index(credit.evidence) for credit in credits} == {best}
    assert all(credit.why.endswith(".") and "@" not in credit.why for credit in credits)


@given(TOUCHES, st.randoms(use_true_random=False))
def test_the_order_in_which_touches_were_found_changes_nothing(touches: list[Touchpoint], random: object) -> None:
    keys = {(touch.at_ms, touch.contact) for touch in touches}
    shuffled = list(touches)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    if len(keys) == len(touches):
        assert attribute(touches, occurred_at_ms=NOW, amount=None) == attribute(
            shuffled, occurred_at_ms=NOW, amount=None
        )


@pytest.mark.parametrize(
    ("model", "shares"),
    [
        ("origin", [1_000_000]),
        ("first", [1_000_000]),
        ("last", [1_000_000]),
        ("linear", [250_000] * 4),
        ("position", [400_000, 100_000, 100_000, 400_000]),
        ("time_decay", [66_667, 133_333, 266_667, 533_333]),
    ],
)
def test_what_each_model_gives_to_four_touches_a_half_life_apart(model: str, shares: list[int]) -> None:
    touches = [touch(Via.CONTACT, at_ms=NOW - 7 * n * DAY_MS, customer=f"c{n}") for n in (3, 2, 1, 0)]
    credits = attribute(touches, occurred_at_ms=NOW, amount=Money(1_000_000, "EUR"), model=model_of(model))
    assert [credit.micro for credit in credits] == shares
    assert [credit.amount_minor for credit in credits] == shares
    assert credits[0].customer == ("c0" if model == "last" else "c3")


def test_two_touches_share_alike_by_position() -> None:
    touches = [touch(Via.CONTACT, at_ms=NOW - n, customer=f"c{n}") for n in (1, 0)]
    credits = attribute(touches, occurred_at_ms=NOW, amount=None, model=model_of("position"))
    assert [credit.micro for credit in credits] == [500_000, 500_000]


@given(TOUCHES.filter(bool), TOUCHES)
def test_no_model_invents_a_customer_and_the_origin_stands(touches: list[Touchpoint], more: list[Touchpoint]) -> None:
    named = {touch.customer for touch in touches}
    for model in MODELS:
        credits = attribute(touches, occurred_at_ms=NOW, amount=None, model=model_of(model))
        assert {credit.customer for credit in credits} <= named
    [first] = attribute(touches, occurred_at_ms=NOW, amount=None)
    evidence = [touch for touch in touches if touch.evidence is first.evidence]
    latest = max(touch.at_ms for touch in evidence)
    later = [msgspec.structs.replace(t, via=evidence[0].via, at_ms=latest + 1 + t.at_ms, contact=9) for t in more]
    assert attribute([*touches, *later], occurred_at_ms=NOW, amount=None)[0].customer == first.customer


def test_the_origin_is_the_first_touch() -> None:
    first = touch(Via.CONTACT, at_ms=NOW - 9 * DAY_MS, customer="globex")
    credits = attribute([touch(Via.CLICK), first, touch(Via.DOMAIN, at_ms=0)], occurred_at_ms=NOW, amount=None)
    assert [credit.customer for credit in credits] == ["globex"]


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (touch(Via.CLICK), "Came through the call to action on Initech’s link on the same day."),
        (
            touch(Via.CLICK, at_ms=NOW - 2 * DAY_MS, hop=3),
            "Came through the call to action on Initech’s link 2 days before; the link had been passed along (hop 3).",
        ),
        (
            touch(Via.CONTACT, at_ms=NOW - DAY_MS, contact=1, contacts=1),
            "The contact filled the gate on Initech’s link the day before.",
        ),
        (
            touch(Via.CONTACT, at_ms=NOW - DAY_MS, contact=2, contacts=2),
            "The second of 2 contacts filled the gate on Initech’s link the day before.",
        ),
        (
            touch(Via.CONTACT, contact=21, contacts=30),
            "The 21st of 30 contacts filled the gate on Initech’s link on the same day.",
        ),
        (
            touch(Via.DOMAIN, at_ms=NOW + 3 * DAY_MS, detail="umbrella.example"),
            "Somebody at umbrella.example filled the gate on Initech’s link afterwards.",
        ),
        (
            touch(Via.HEARD_FROM, detail="a friend at Initech"),
            "Asked how they heard of us, they named Initech (“a friend at Initech”).",
        ),
    ],
)
def test_a_credit_says_why_in_a_sentence(found: Touchpoint, sentence: str) -> None:
    assert why(found, NOW) == sentence


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (120_000, "EUR", "EUR 1,200"),
        (120_050, "EUR", "EUR 1,200.50"),
        (5, "EUR", "EUR 0.05"),
        (0, "EUR", "EUR 0"),
        (120_050, "JPY", "JPY 120,050"),
        (1_234_005, "KWD", "KWD 1,234.005"),
        (1_000, "KWD", "KWD 1"),
    ],
)
def test_money_is_written_with_its_currencys_own_digits(minor: int, currency: str, text: str) -> None:
    assert written(minor, currency) == text


@given(st.integers(0, 10**15), st.sampled_from(["EUR", "JPY", "KWD", "CLP", "XXX"]))
def test_nothing_is_lost_in_writing_money(minor: int, currency: str) -> None:
    digits = {"JPY": 0, "CLP": 0, "KWD": 3}.get(currency, 2)
    whole, _, fraction = written(minor, currency).removeprefix(f"{currency} ").replace(",", "").partition(".")
    assert int(whole) * 10**digits + int(fraction.ljust(digits, "0") or 0) == minor
