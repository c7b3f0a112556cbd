"""Rules: what they find in a customer's signals, what fatigue keeps back, and what a dry run says of the past."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from passalong.domain.history import Heard, History
from passalong.domain.instant import DAY_MS
from passalong.domain.play import Look, Made, Reason, holding, kept_back, rehearse, settle
from passalong.domain.rule import Condition, Fatigue, Rule, Rulebook, Then, rule_in, rule_of, rulebook
from passalong.errors import Invalid
from passalong.paths import shipped_rules

NOW = 1_795_000_000_000
HOUR_MS = 3_600_000
KINDS = ["product.exported", "product.opened", "support.ticket_opened", "support.ticket_closed", "satisfaction.nps"]


def rule(*when: dict[str, Any], **more: Any) -> Rule:
    then = {"play": "expansion_prompt", **more.pop("then", {})}
    return rule_of({"id": "r", "title": "A rule", "when": list(when), "then": then, **more})


def look(book: Rulebook, history: History, now_ms: int, made: list[Made], since: dict[str, int]) -> Look:
    return settle(holding(book, history, now_ms), book.fatigue, now_ms, made, since)


def heard(*signals: tuple[float, str] | tuple[float, str, float], first_days: float | None = None) -> History:
    """Signals so many days before now."""
    found = sorted((NOW - round(s[0] * DAY_MS), s[1], s[2] if len(s) > 2 else None) for s in signals)
    first = NOW - round(first_days * DAY_MS) if first_days is not None else found[0][0] if found else None
    return History(found, first)


# What a rule finds.

EXPORTS = {"kinds": ["product.exported"], "at_least": 3, "within_days": 14, "noun": "export/exports"}
QUIET = {"kinds": ["product.*"], "at_most": 0, "within_days": 30}


@pytest.mark.parametrize(
    ("signals", "holds"),
    [
        ([(1, "product.exported"), (2, "product.exported"), (13.9, "product.exported")], True),
        ([(1, "product.exported"), (2, "product.exported"), (14, "product.exported")], False),
        ([(1, "product.exported"), (2, "product.exported"), (-0.1, "product.exported")], False),
        ([(1, "product.exported"), (2, "product.exported"), (3, "product.opened")], False),
    ],
)
def test_signals_are_counted_within_the_days_and_not_before_they_happened(signals: Any, holds: bool) -> None:
    assert heard(*signals).holds(rule(EXPORTS), NOW) is holds


def test_what_is_taken_off_leaves_what_is_open() -> None:
    open_tickets = {"kinds": ["support.ticket_opened"], "less": ["support.ticket_closed"], "within_days": 30}
    unless = rule({"kinds": ["product.*"], "within_days": 9}, unless=[open_tickets])
    used = (1, "product.opened")
    assert not heard(used, (5, "support.ticket_opened")).holds(unless, NOW)
    assert heard(used, (5, "support.ticket_opened"), (4, "support.ticket_closed")).holds(unless, NOW)
    closed_twice = [(5, "support.ticket_opened"), (4, "support.ticket_closed"), (3, "support.ticket_closed")]
    assert heard(used, *closed_twice).holds(unless, NOW)


def test_what_is_open_is_open_whenever_it_was_opened() -> None:
    tickets = {
        "kinds": ["support.ticket_opened"],
        "less": ["support.ticket_closed"],
        "noun": "open ticket/open tickets",
    }
    open_now = rule({**tickets, "within_days": 30})
    assert heard((99, "support.ticket_opened")).holds(open_now, NOW), "opened long ago and never closed"
    closed_late = [(99, "support.ticket_opened"), (5, "support.ticket_opened"), (3, "support.ticket_closed")]
    assert heard(*closed_late).why(open_now, NOW) == "1 open ticket."
    unknown = heard((9, "support.ticket_closed"), (8, "support.ticket_closed"), (5, "support.ticket_opened"))
    assert unknown.holds(open_now, NOW), "what was opened before anything was heard is closed, and takes nothing off"
    assert not heard((401, "support.ticket_opened")).holds(open_now, NOW), "no rule looks back further"
    weeks_ago = rule({**tickets, "within_days": 30, "older_than_days": 21})
    assert heard((22, "support.ticket_opened"), (2, "support.ticket_closed")).why(weeks_ago, NOW) == (
        "1 open ticket 21 days ago."
    )
    assert heard((2, "support.ticket_opened")).why(weeks_ago, NOW) == "No open tickets 21 days ago."


@given(st.lists(st.tuples(st.integers(0, 900), st.booleans()), max_size=700).map(sorted), st.integers(0, 900))
def test_as_much_is_open_as_a_tally_since_the_longest_time_would_say(
    told: list[tuple[int, bool]], now_days: int
) -> None:
    condition = Condition(kinds=("support.ticket_opened",), less=("support.ticket_closed",), within_days=7)
    story = [
        (day * DAY_MS + place, f"support.ticket_{'opened' if opened else 'closed'}", None)
        for place, (day, opened) in enumerate(told)
    ]
    now_ms, tally = now_days * DAY_MS, 0
    for at_ms, kind, _ in story:
        if now_ms - 400 * DAY_MS < at_ms <= now_ms:
            tally = max(0, tally + (1 if kind.endswith("opened") else -1))
    for least in {max(tally, 1), tally + 1}:
        asked = Rule(
            id="r",
            title="A rule",
            when=(replace(condition, at_least=least),),
            then=Then(play="churn_warning"),
        )
        assert History(story, 0).holds(asked, now_ms) is (tally >= least)


def test_values_choose_which_signals_count_and_sums_are_exact() -> None:
    promoter = rule({"kinds": ["satisfaction.nps"], "value_at_least": 9, "within_days": 90})
    assert heard((1, "satisfaction.nps", 9)).holds(promoter, NOW)
    assert not heard((1, "satisfaction.nps", 8.99)).holds(promoter, NOW)
    assert not heard((1, "satisfaction.nps")).holds(promoter, NOW), "no value is no good value"
    thirds = rule({"kinds": ["pipeline.*"], "sum_at_least": 0.3, "within_days": 9})
    assert heard(*[(n, "pipeline.seats", 0.1) for n in (1, 2, 3)]).holds(thirds, NOW)
    assert not heard((1, "pipeline.seats", 0.1), (2, "pipeline.seats", 0.199)).holds(thirds, NOW)


def test_silence_proves_nothing_of_whom_nothing_was_ever_heard() -> None:
    assert not heard().holds(rule(QUIET), NOW)
    assert heard().holds(rule(QUIET, unheard=True), NOW)
    assert heard((40, "product.opened")).holds(rule(QUIET), NOW)
    assert heard(first_days=200).holds(rule(QUIET), NOW), "what was heard may be older than any rule looks back"
    assert not heard((2, "community.posted")).holds(rule(QUIET, heard_for_days=30), NOW)
    assert heard((31, "community.posted")).holds(rule(QUIET, heard_for_days=30), NOW)


def test_older_days_tell_having_gone_quiet_from_having_never_come() -> None:
    was_here = {"kinds": ["product.*"], "at_least": 2, "within_days": 90, "older_than_days": 30}
    quiet = rule(was_here, QUIET)
    assert heard((40, "product.opened"), (50, "product.opened")).holds(quiet, NOW)
    assert not heard((40, "product.opened"), (50, "product.opened"), (29, "product.opened")).holds(quiet, NOW)
    assert not heard((20, "product.opened"), (25, "product.opened")).holds(quiet, NOW)


def test_why_is_a_sentence_with_the_numbers() -> None:
    nps = {"kinds": ["satisfaction.nps"], "value_at_least": 9, "within_days": 90, "noun": "NPS"}
    tickets = {"kinds": ["support.ticket_opened"], "within_days": 30, "noun": "ticket/tickets"}
    history = heard(*[(n, "product.exported") for n in (1, 2, 3, 4)], (20, "satisfaction.nps", 9))
    assert history.why(rule(EXPORTS, nps, unless=[tickets]), NOW) == (
        "4 exports in 14 days and NPS 9 in 90 days; no tickets in 30 days."
    )
    twice = heard((3, "satisfaction.nps", 9), (1, "satisfaction.nps", 10))
    assert twice.why(rule(nps), NOW) == "2 × NPS, the last 10, in 90 days."
    plain = rule({"kinds": ["product.*"], "within_days": 60, "older_than_days": 30})
    assert heard((40, "product.opened")).why(plain, NOW) == "1 product signal between 30 and 60 days ago."
    seats = rule({"kinds": ["pipeline.seats"], "sum_at_least": 10, "within_days": 1, "noun": "seats"})
    assert heard((0.5, "pipeline.seats", 12)).why(seats, NOW) == "Seats of 12 together in 1 day."
    assert heard((0.5, "pipeline.seats", 1_234_567)).why(seats, NOW) == "Seats of 1,234,567 together in 1 day."


# What is refused, and in which words.


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        ("when = [{ kinds = ['product.x'], within_days = 0 }]", "rules.a.when[0].within_days"),
        ("when = [{ kinds = ['telepathy.x'], within_days = 1 }]", "rules.a.when[0].kinds[0]"),
        ("when = [{ kinds = [], within_days = 1 }]", "rules.a.when[0].kinds"),
        ("when = [{ kinds = ['product.x'], within_days = 1, atleast = 2 }]", "rules.a.when[0].atleast"),
        ("when = [{ kinds = ['product.x'], within_days = 2, older_than_days = 2 }]", "rules.a.when[0].older_than_days"),
        ("when = [{ kinds = ['product.x'], within_days = 2, at_least = 2, at_most = 1 }]", "rules.a.when[0].at_most"),
        ("when = [{ kinds = ['product.x'], within_days = 2, value_at_least = nan }]", "rules.a.when[0].value_at_least"),
        ("when = [{ kinds = ['product.x'], within_days = 2, value_at_most = -inf }]", "rules.a.when[0].value_at_most"),
        ("when = [{ kinds = ['product.x'], within_days = 2, sum_at_least = nan }]", "rules.a.when[0].sum_at_least"),
        ("when = []", "rules.a.when"),
        ("unless = []", "rules.a.when"),
        ("when = [{ kinds = ['product.x'], within_days = 2 }]\nwhy = 1", "rules.a.why"),
    ],
)
def test_a_malformed_rule_is_named_by_its_id(entry: str, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        rulebook(f'[[rules]]\nid = "a"\ntitle = "A"\nthen = {{ play = "onboarding" }}\n{entry}\n')
    assert [fault.field for fault in refusal.value.faults] == [field]


def test_every_fault_of_a_file_is_named() -> None:
    good = "title = 'A'\nthen = { play = 'onboarding' }\nwhen = [{ kinds = ['product.x'], within_days = 2 }]\n"
    text = f"fees = 1\n[fatigue]\nmost = 0\n[[rules]]\nid = 'a'\n{good}[[rules]]\nid = 'a'\n{good}[[rules]]\n{good}"
    with pytest.raises(Invalid) as refusal:
        rulebook(text)
    assert [fault.field for fault in refusal.value.faults] == ["fees", "fatigue.most", "rules[2].id", "rules.a.id"]
    for broken in ("[[rules]", "a = " + "[" * 5000, "rules = 1", "\x00", "most = " + "9" * 5000):
        with pytest.raises(Invalid):
            rulebook(broken)
    with pytest.raises(Invalid):
        rule_in(f"[[rules]]\nid = 'a'\n{good}[[rules]]\nid = 'b'\n{good}")
    assert rule_in(f"id = 'a'\n{good}") == rule_in(f"[[rules]]\nid = 'a'\n{good}")


def test_a_text_brings_its_own_fatigue() -> None:
    good = "title = 'A'\nthen = { play = 'onboarding' }\nwhen = [{ kinds = ['product.x'], within_days = 2 }]\n"
    two = f"[fatigue]\nmost = 1\n[[rules]]\nid = 'a'\n{good}[[rules]]\nid = 'b'\n{good}"
    found, fatigue = rule_in(two, "b")
    assert (found.id, fatigue) == ("b", Fatigue(most=1))
    assert rule_in(f"id = 'a'\n{good}[fatigue]\nmost = 1")[1] == Fatigue(most=1)
    assert rule_in(f"id = 'a'\n{good}")[1] is None
    with pytest.raises(Invalid) as refusal:
        rule_in(f"id = 'a'\n{good}[fatigue]\nmost = 0")
    assert [fault.field for fault in refusal.value.faults] == ["fatigue.most"]


def test_the_shipped_set_is_in_order_and_serves_every_purpose() -> None:
    book = rulebook(shipped_rules().read_text("utf-8"))
    purposes = {"advocacy_invitation", "expansion_prompt", "onboarding", "reactivation", "churn_warning"}
    assert {r.then.play for r in book.rules} == set(book.fatigue.rest_days) == purposes
    assert all(r.then.owner for r in book.rules)
    assert not any(r.unheard for r in book.rules)


@pytest.mark.parametrize(
    ("signals", "plays"),
    [
        ([(n, "product.shared") for n in (1, 2, 3)] + [(9, "satisfaction.nps", 10)], {"happy-and-sharing"}),
        ([(n, "product.shared") for n in (1, 2, 3)]
         + [(9, "satisfaction.nps", 10), (1, "support.ticket_opened")], set()),
        ([(n, "community.answered") for n in range(5)], {"voice-of-the-community"}),
        ([(n, "product.limit_reached") for n in (1, 2)], {"at-the-limit"}),
        ([(n, "product.opened") for n in range(20)] + [(n, "product.invited") for n in (1, 2, 3)], {"team-grows"}),
        ([(6, "product.signed_up")], {"started-but-stuck"}),
        ([(6, "product.signed_up"), (5, "product.activated")], set()),
        ([(20, "product.signed_up"), (15, "product.activated")], {"one-seat-only"}),
        ([(30 + n, "product.opened") for n in range(9)], {"gone-quiet"}),
        ([(n, "support.ticket_opened") for n in (1, 2, 3)], {"tickets-pile-up"}),
        ([(20 + n, "product.opened") for n in range(12)] + [(3, "satisfaction.nps", 3)], {"unhappy-and-quiet"}),
        ([(22 + n, "product.opened") for n in range(4)] + [(3, "pipeline.renewal_due")], {"renewal-without-use"}),
        ([(3, "pipeline.renewal_due")], set()),
    ],
)  # fmt: skip
def test_what_the_shipped_rules_make_of_typical_customers(signals: Any, plays: set[str]) -> None:
    book = rulebook(shipped_rules().read_text("utf-8"))
    assert {r.id for r, _ in look(book, heard(*signals), NOW, [], {}).plays} == plays


# Fatigue.


def test_what_keeps_a_play_back_is_said() -> None:
    asked = rule(EXPORTS, then={"rest_days": 30})
    fatigue = Fatigue(most=2, within_days=10)
    day = DAY_MS
    assert kept_back(asked, fatigue, [], NOW) is None
    assert kept_back(asked, fatigue, [Made("expansion_prompt", NOW - 40 * day, NOW + 1)], NOW) is Reason.OPEN
    assert kept_back(asked, fatigue, [Made("expansion_prompt", NOW - 30 * day + 1, NOW - day)], NOW) is Reason.REST
    assert kept_back(asked, fatigue, [Made("expansion_prompt", NOW - 30 * day, NOW - day)], NOW) is None
    others = [Made("onboarding", NOW - 9 * day, NOW - day), Made("reactivation", NOW - 8 * day, NOW + day)]
    assert kept_back(asked, fatigue, others, NOW) is Reason.MOST
    assert kept_back(asked, fatigue, others, NOW + day) is None
    longer = Fatigue(rest_days={"expansion_prompt": 60})
    assert kept_back(asked, longer, [Made("expansion_prompt", NOW - 30 * day, NOW - day)], NOW) is Reason.REST


days = st.integers(1, 20)
kinds = st.lists(st.sampled_from([*KINDS, "product.*", "support.*"]), min_size=1, max_size=2, unique=True).map(tuple)
bound = st.none() | st.integers(1, 4)


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    within = draw(days)
    least, most = draw(bound), draw(st.none() | st.integers(0, 4))
    if least is not None and most is not None and least > most:
        least = None
    return Condition(
        kinds=draw(kinds),
        less=draw(st.just(()) | st.just(("support.ticket_closed",))),
        within_days=within,
        older_than_days=draw(st.integers(0, within - 1)),
        at_least=least,
        at_most=most,
        value_at_least=draw(st.none() | st.sampled_from([0.0, 0.5])),
        sum_at_least=draw(st.none() | st.sampled_from([0.3, 1.1])),
    )


@st.composite
def rules(draw: st.DrawFn, id: str = "r") -> Rule:
    then = Then(
        play=draw(st.sampled_from(["onboarding", "reactivation"])),
        rest_days=draw(st.integers(0, 15)),
        open_days=draw(st.integers(1, 10)),
    )
    return Rule(
        id=id,
        title="A rule",
        when=tuple(draw(st.lists(conditions(), min_size=1, max_size=2))),
        unless=tuple(draw(st.lists(conditions(), max_size=1))),
        then=then,
        unheard=draw(st.booleans()),
        heard_for_days=draw(st.integers(0, 9)),
    )


signals = st.lists(
    st.tuples(
        st.integers(0, 60 * 24), st.sampled_from(KINDS), st.none() | st.sampled_from([0.1, 0.2, 0.7, 9.0])
    ),
    max_size=25,
    unique_by=lambda signal: signal[0],
).map(sorted)  # fmt: skip
fatigues = st.builds(
    Fatigue,
    most=st.integers(1, 3),
    within_days=st.integers(1, 20),
    rest_days=st.dictionaries(st.sampled_from(["onboarding", "reactivation"]), st.integers(0, 20)),
)


def lived(
    book: Rulebook, told: list[Heard], first_ms: int, last_ms: int
) -> tuple[list[tuple[int, str, str]], dict[Reason, int]]:
    """What a running server would have done: it knows what has come, and looks when something comes and every day."""
    moments = sorted({s[0] for s in told if s[0] >= first_ms} | set(range(first_ms, last_ms + 1, DAY_MS)))
    made: list[Made] = []
    since: dict[str, int] = {}
    plays, counted = [], dict.fromkeys(Reason, 0)
    for now_ms in moments:
        come = [s for s in told if s[0] <= now_ms]
        found = look(book, History(come, come[0][0] if come else None), now_ms, made, since)
        for rule, why in found.plays:
            plays.append((now_ms, rule.id, why))
            made.append(Made(rule.then.play, now_ms, now_ms + rule.then.open_days * DAY_MS))
        for _, reason in found.kept_back:
            counted[reason] += 1
        since = found.holding
    return plays, counted


@settings(max_examples=300, deadline=None)
@given(rules(), fatigues, signals, st.integers(0, 30))
def test_a_dry_run_says_what_a_running_server_would_have_done(
    rule: Rule, fatigue: Fatigue, told: list[tuple[int, str, float | None]], first_days: int
) -> None:
    story = [(hours * HOUR_MS, kind, value) for hours, kind, value in told]
    first_ms, last_ms = first_days * DAY_MS, 60 * DAY_MS
    plays, counted = lived(Rulebook(rules=(rule,), fatigue=fatigue), story, first_ms, last_ms)
    history = History(story, story[0][0] if story else None)
    dry = rehearse(rule, fatigue, history, first_ms=first_ms, last_ms=last_ms, sweep_ms=DAY_MS, made=[])
    assert dry.plays == [(at_ms, why) for at_ms, _, why in plays]
    assert {reason: dry.kept_back[reason] for reason in Reason} == counted


@settings(max_examples=150, deadline=None)
@given(st.tuples(rules("a"), rules("b"), rules("c")), fatigues, signals)
def test_nobody_is_approached_more_often_than_allowed(
    several: tuple[Rule, ...], fatigue: Fatigue, told: list[tuple[int, str, float | None]]
) -> None:
    story = [(hours * HOUR_MS, kind, value) for hours, kind, value in told]
    book = Rulebook(rules=several, fatigue=fatigue)
    plays, _ = lived(book, story, 0, 60 * DAY_MS)
    made = [(at_ms, found) for at_ms, id, _ in plays if (found := book.find(id))]
    for n, (at_ms, rule) in enumerate(made):
        recent = [a for a, _ in made[: n + 1] if a > at_ms - fatigue.within_days * DAY_MS]
        assert len(recent) <= fatigue.most
        for before_ms, other in made[:n]:
            if other.then.play == rule.then.play:
                assert at_ms >= before_ms + fatigue.rest_of(rule) * DAY_MS
                assert at_ms >= before_ms + other.then.open_days * DAY_MS, "one of a kind is open at a time"
