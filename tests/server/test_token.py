"""Tokens: what was signed here opens, and nothing else does."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from passalong.domain.passes import Click, FormToken, Known, Pass, open_form, open_pass
from passalong.domain.share import Channel, Claims, Id, claim, mint, verify
from passalong.domain.token import MAX_TOKEN_LENGTH, Keyring, Purpose
from passalong.errors import BadToken, Invalid, Unusable

OLD, NEW, OTHER = (letter * 32 for letter in "onx")
RING = Keyring([OLD, NEW])
IDS = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
CLAIMS = st.builds(
    Claims,
    asset=IDS,
    customer=IDS,
    mechanic=IDS,
    channel=st.from_regex(r"\A[a-z0-9][a-z0-9_-]{0,31}\Z"),
    sharer=st.none() | st.text(max_size=64),
    parent=st.none() | st.text(max_size=16),
    hop=st.integers(0, 8),
    expires_at_s=st.none() | st.integers(0, 2**40),
    nonce=st.text(max_size=12),
)


@given(CLAIMS)
def test_claims_survive_the_journey_and_name_the_same_share(claims: Claims) -> None:
    token = mint(RING, claims)
    assert verify(RING, token) == claims
    assert verify(RING, token).share == claims.share
    assert len(claims.share) == 16


@given(CLAIMS, CLAIMS)
def test_different_claims_are_different_shares(one: Claims, other: Claims) -> None:
    assert (one.share == other.share) == (one == other)


def test_a_share_keeps_its_id_for_ever() -> None:
    """Written down once: a change here would tear every link from its history."""
    claims = Claims("report", "initech", "hard", "email", "u-17", None, 0, 1_900_000_000, "nonce")
    assert claims.share == "F_A_Pv4NmSgHqmhy"
    token = "maZyZXBvcnSnaW5pdGVjaKRoYXJkpWVtYWlspHUtMTfAAM5xP7MApW5vbmNl.oSdEQeQl7uLUB-eAbm0LiHpLe-n3C3955tJbN79D1ME"
    assert verify(Keyring(["k" * 32]), token) == claims


@given(st.data())
def test_a_token_changed_in_any_place_is_refused(data: st.DataObject) -> None:
    token = mint(RING, Claims("report", "initech", "hard", nonce="n"))
    place = data.draw(st.integers(0, len(token) - 1))
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=é "
    letter = data.draw(st.sampled_from([c for c in alphabet if c != token[place]]))
    for forged in (token[:place] + letter + token[place + 1 :], token[:place], token[:place] + letter + token[place:]):
        with pytest.raises(BadToken):
            verify(RING, forged)


@given(st.text(max_size=200))
@example("")
@example(".")
@example("a.b.c")
@example("\x00.\x00")
def test_what_was_never_signed_is_refused(text: str) -> None:
    for purpose in Purpose:
        with pytest.raises(BadToken):
            RING.open(purpose, text, Claims)


def test_a_token_too_long_to_be_ours_is_refused_before_it_is_looked_at() -> None:
    token = RING.seal(Purpose.CLICK, ["x" * MAX_TOKEN_LENGTH])
    assert len(token) > MAX_TOKEN_LENGTH
    with pytest.raises(BadToken):
        RING.open(Purpose.CLICK, token, list)


@given(st.sampled_from(list(Purpose)), st.sampled_from(list(Purpose)))
def test_a_token_is_good_for_one_purpose(made_for: Purpose, used_for: Purpose) -> None:
    token = RING.seal(made_for, ["a", "b", 1])
    if made_for is used_for:
        assert RING.open(used_for, token, list) == ["a", "b", 1]
    else:
        with pytest.raises(BadToken):
            RING.open(used_for, token, list)


def test_a_signed_token_of_another_shape_is_refused() -> None:
    for payload in ({"asset": "a"}, ["a", "b"], ["a b", "c", "m"], ["a", "c", "m", "link", None, None, 9], 7):
        with pytest.raises(BadToken):
            verify(RING, RING.seal(Purpose.SHARE, payload))
    assert verify(RING, RING.seal(Purpose.SHARE, ["a", "c", "m"])) == Claims("a", "c", "m")


def test_keys_rotate_and_retire() -> None:
    claims = Claims("a", "c", "m")
    by_old, by_both, by_new = (mint(Keyring(keys), claims) for keys in ([OLD], [OLD, NEW], [NEW]))
    assert by_both == by_new != by_old
    assert verify(RING, by_old) == verify(RING, by_new) == claims
    with pytest.raises(BadToken):
        verify(Keyring([NEW]), by_old)
    with pytest.raises(BadToken):
        verify(Keyring([OTHER]), by_new)


def test_a_keyring_without_a_decent_key_is_no_keyring() -> None:
    for keys in ([], ["short"], ["k" * 31], [NEW, ""]):
        with pytest.raises(Unusable, match="signing_keys"):
            Keyring(keys)


def test_a_link_ends_two_minutes_after_its_time_for_clocks_that_differ() -> None:
    claims = Claims("a", "c", "m", expires_at_s=1_000)
    assert [claims.expired(ms) for ms in (0, 1_000_000, 1_120_000, 1_120_001)] == [False, False, False, True]
    assert not Claims("a", "c", "m").expired(10**15)


@given(st.text(max_size=80), st.text(max_size=80))
def test_what_can_be_minted_can_be_opened(id: str, channel: str) -> None:
    try:
        claims = claim(asset=id, customer="c", mechanic="m", channel=channel)
    except Invalid as refused:
        named = {fault.field for fault in refused.faults}
    else:
        named = set()
        assert verify(RING, mint(RING, claims)) == claims
        msgspec.convert(id, Id)
        msgspec.convert(claims.channel, Channel)
    assert named <= {"asset", "channel"}


def test_nobody_can_be_named_by_address_in_a_link() -> None:
    with pytest.raises(Invalid, match="sharer"):
        claim(asset="a", customer="c", mechanic="m", sharer="ann@umbrella.example")
    assert claim(asset="a", customer="c", mechanic="m").nonce != claim(asset="a", customer="c", mechanic="m").nonce


def test_passes_and_forms_are_bound_to_their_share_and_their_time() -> None:
    held = RING.seal(Purpose.PASS, Pass("lead", "share", 1_000, 7))
    assert open_pass(RING, held, "share", 2_000) == Pass("lead", "share", 1_000, 7)
    assert open_pass(RING, held, "other", 2_000) is None
    assert open_pass(RING, held, "share", 1_001 + 365 * 86_400_000) is None
    form = RING.seal(Purpose.FORM, FormToken("share", 1_000))
    assert open_form(RING, form, "share", 1_000 + 86_400_000) is not None
    assert open_form(RING, form, "share", 1_001 + 86_400_000) is None
    assert open_form(RING, form, "other", 1_000) is None
    for other in (Known("lead", "brand", 1), Click("share", None, 1, "n")):
        assert open_pass(RING, RING.seal(Purpose.PASS, other), "share", 2_000) is None
