"""Charts, read as a person reads them: heights, steps, zones and legends, and what happens at the extremes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passalong.domain.money import Money
from passalong.domain.verdict import kills_at_most
from passalong_tui.answers.mechanics import Course, Point
from passalong_tui.answers.metric import Month, Source
from passalong_tui.charts.canvas import compact
from passalong_tui.charts.coverage import coverage
from passalong_tui.charts.months import month_bars, stacked, stacks
from passalong_tui.charts.spark import spark
from passalong_tui.charts.survival import survival

NO_MARKUP = "Reports [/] and [b]boards[/b]"


def course(
    days: int,
    brought: list[int],
    *,
    visits: int = 600,
    target: float | None = 10,
    floor: int = 90,
    away: range = range(0),
) -> Course:
    """So many visits a hundred days, and an opportunity on each of the days given."""
    points = []
    for day in sorted({round(days * n / 59) for n in range(60)}):
        expected = None if target is None else visits * day / 100 * target / 1000
        judged = expected is not None and day >= floor and day not in away
        points.append(
            Point(
                day=date(2026, 5, 1) + timedelta(days=day),
                days=day,
                days_left=max(floor - day, 0),
                expected=expected,
                observed=sum(1 for b in brought if b <= day),
                state="collecting",
                away=day in away,
                kills_at_most=kills_at_most(expected) if judged and expected is not None else None,
            )
        )
    return Course(mechanic="soft", target_per_1000=target, floor_days=floor, points=points)


def plot(chart: str) -> list[str]:
    """The rows of the plot, top down, without their labels."""
    return [line.split("│", 1)[1] for line in chart.splitlines() if "│" in line]


def drawn(*args: Any, width: int = 70, height: int = 18, **more: Any) -> str:
    return survival(course(*args, **more), width, height).plain


def test_what_came_is_drawn_in_steps_against_what_was_expected() -> None:
    chart = drawn(200, [20, 50, 110])
    rows = plot(chart)
    assert rows[-1].startswith("━━━━━")
    assert chart.count("┛") == chart.count("┏") == 3
    assert "━" in rows[-4] and "━" not in rows[-5], "three of twelve is a quarter of the way up"  # noqa: PT018
    assert "⠒" in rows[0], "the line of the target ends at the top"
    assert chart.splitlines()[0].startswith(" 12.0│") or chart.splitlines()[0].startswith("   12│")
    assert "launch" in chart
    assert "floor, day 90" in chart
    assert "day 200" in chart
    assert "━━ 3 opportunities came" in chart
    assert "12.0 expected at target" in chart


def test_the_zone_of_the_kill_begins_after_the_floor_and_rises_with_the_target() -> None:
    chart = drawn(200, [20])
    rows = plot(chart)
    floor = rows[0].index("┊")
    assert all("░" not in row[:floor] for row in rows)
    shaded = [row.count("░") for row in rows if "━" not in row]
    assert shaded == sorted(shaded), "the lower, the wider"
    assert "here the verdict is to kill: at 4 or fewer today" in chart
    assert "verdict is to kill" not in drawn(60, [20])


def test_before_the_floor_the_chart_leaves_room_for_the_days_to_come() -> None:
    chart = drawn(30, [20])
    rows = plot(chart)
    assert rows[0].rstrip().endswith("┊")
    assert all("━" not in row[len(row) // 2 :] for row in rows)
    assert "day 30" in chart
    assert "1 opportunity came" in chart


def test_nothing_at_all_no_target_and_a_pause_are_told_in_words() -> None:
    nothing = drawn(0, [])
    assert "0 opportunities came" in nothing
    assert set(plot(nothing)[-1][:1]) == {"━"}
    without = drawn(150, [100], target=None)
    assert "no target, so nothing is expected" in without
    assert "⠒" not in without
    paused = drawn(180, [], visits=5000, away=range(100, 130))
    axis = next(line for line in paused.splitlines() if "└" in line)
    assert axis.count("‖") > 5
    assert "‖ paused, or killed for a time" in paused
    assert survival(Course(mechanic="x", target_per_1000=1, floor_days=9, points=[]), 70, 18).plain.startswith(
        "It is not"
    )
    assert survival(None, 70, 18).plain == "Reading…"
    assert "Too little room" in survival(course(9, []), 12, 18).plain


@given(st.integers(30, 200), st.integers(8, 60), st.integers(0, 3000), st.integers(0, 10**7), st.integers(0, 400))
def test_the_chart_fills_its_room_and_no_more(width: int, height: int, days: int, visits: int, brought: int) -> None:
    found = course(days, [n * days // max(brought, 1) for n in range(brought)], visits=visits)
    lines = survival(found, width, height).plain.splitlines()
    assert len(lines) <= max(height, 12)
    assert max(map(len, lines)) <= max(width, 60)
    assert sum("│" in line for line in lines) >= 1


def source(mechanic: str | None, minor: int, currency: str = "EUR", **more: Any) -> Source:
    known: dict[str, Any] = {"motion": "new_logo", "attributed": True, "opportunities": 1, **more}
    return Source(mechanic=mechanic, amount=Money(minor, currency), **known)


def month(n: int, *sources: Source, attributed: float = 0) -> Month:
    return Month(month=f"2026-{n:02}", attributed=attributed, opportunities=9, coverage=None, sources=list(sources))


def test_months_are_stacked_by_source_with_a_mark_for_each() -> None:
    year = [
        month(1, source("a", 400_000), source("b", 400_000)),
        month(2, source("a", 400_000)),
        month(3),
        month(4, source(None, 800_000, attributed=False)),
    ]
    chart = stacked(stacks(year, lambda key: {"a": NO_MARKUP, "b": "Boards"}[key or ""]), 60, 14).plain
    rows = chart.splitlines()
    assert rows[0].split() == ["8k", "8k"]
    high = sum("█" in row[:9] for row in rows[:12])
    assert high == sum("▒" in row[:9] for row in rows[:12]) > 2
    assert sum("█" in row[9:18] for row in rows[:11]) == high
    assert sum("·" in row[27:36] for row in rows[:11]) == 2 * high
    assert f"██ {NO_MARKUP[:13]}" in chart
    assert "EUR 8,000" in chart
    assert "▒▒ Boards EUR 4,000" in chart
    assert "·· Unattributed EUR 8,000" in chart


def test_many_sources_are_put_together_and_other_currencies_are_said() -> None:
    year = [month(1, *(source(f"m{n}", 100_000 * (9 - n)) for n in range(7)), source("m0", 55_000, "USD"))]
    found = stacks(year, str)
    assert found is not None
    assert [part.name for part in found.parts] == ["m0", "m1", "m2", "m3", "3 others"]
    assert len({part.mark for part in found.parts}) == 5
    chart = stacked(found, 60, 20).plain
    assert "▚▚ 3 others EUR 12,000" in chart
    assert "Not drawn, of another currency: USD 550" in chart


def test_the_currency_that_most_came_in_is_drawn_however_small_its_unit() -> None:
    year = [month(1, source("a", 900_000_000, "JPY"), source("a", 100, "EUR"), source("b", 100, "EUR"))]
    found = stacks(year, str)
    assert found is not None
    assert (found.currency, found.others) == ("EUR", [Money(900_000_000, "JPY")])


def test_no_money_and_no_room_are_said_in_words() -> None:
    assert stacks([month(1)], str) is None
    assert "No opportunity with an amount" in stacked(None, 60, 14).plain
    found = stacks([month(1, source("a", 0))], str)
    assert "EUR 0" in stacked(found, 60, 14).plain
    assert "Too little room" in stacked(found, 20, 14).plain


@given(st.lists(st.lists(st.integers(0, 10**15), min_size=3, max_size=3), min_size=1, max_size=12), st.integers(10, 40))
def test_a_stack_is_as_high_as_its_month_and_the_highest_fills_the_chart(rows: list[list[int]], height: int) -> None:
    year = [month(n, *(source(f"m{k}", minor) for k, minor in enumerate(row))) for n, row in enumerate(rows, 1)]
    lines = stacked(stacks(year, str), 110, height).plain.splitlines()
    assert len(lines) <= height + 2
    if any(map(sum, rows)):
        assert lines[0].strip(), "the number of the highest month"


def test_the_months_bars_are_as_high_as_their_numbers() -> None:
    chart = month_bars([month(n, attributed=n - 1) for n in range(1, 6)], 40, 10).plain.splitlines()
    assert chart[-1].split() == ["Jan", "Feb", "Mar", "Apr", "May"]
    heights = [sum("█" in line[n * 8 : n * 8 + 8] for line in chart) for n in range(5)]
    assert heights == [0, 2, 4, 6, 8]
    assert "0" in chart[-2][:8], "a month without any says so"
    huge = month_bars([month(1, attributed=12_345_678)], 6, 5).plain
    assert "12M" in huge
    assert month_bars([], 40, 10).plain == ""


@pytest.mark.parametrize(
    ("values", "width", "line"),
    [
        ([], 10, ""),
        ([0, 0, 0], 10, "..."),
        ([0, 1, 8], 10, ".▂█"),
        ([5], 10, "█"),
        ([1, 1, 2, 2, 4, 4], 3, "▃▅█"),
        ([9, 1, 1], 2, "█▂"),
        ([0.5, 10**12], 2, "▁█"),
    ],
)
def test_a_line_of_weeks(values: list[float], width: int, line: str) -> None:
    assert spark(values, width) == line


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=60), st.integers(1, 40))
def test_a_line_of_weeks_never_runs_over(values: list[int], width: int) -> None:
    line = spark(values, width)
    assert 0 < len(line) <= width
    assert ("█" in line) is any(values)


def test_coverage_is_never_full_while_something_is_missing() -> None:
    assert coverage(32, 50, 80).plain == f"Coverage {'█' * 22}{'░' * 13} 64 %  32 of 50 known opportunities"
    nearly = coverage(999, 1000, 80).plain
    assert "over 99 %" in nearly
    assert "░" in nearly
    assert "░" not in coverage(5, 5, 80).plain
    assert "█" not in coverage(0, 5, 80).plain
    assert "█" in coverage(1, 5000, 80).plain
    assert coverage(32, 50, 40).plain == "Coverage 64 %  32 of 50 known opportunities"
    assert "no opportunity is known yet" in coverage(0, 0, 80).plain


@pytest.mark.parametrize(
    ("n", "said"),
    [(0, "0"), (7, "7"), (2.5, "2.5"), (999, "999"), (1000, "1k"), (1999, "1.9k"), (12_900, "12k"), (1e6, "1M"),
     (1_250_000_000, "1.2bn")],
)  # fmt: skip
def test_numbers_on_an_axis_are_short(n: float, said: str) -> None:
    assert compact(n) == said
