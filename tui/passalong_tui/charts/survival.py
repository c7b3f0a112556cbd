"""Whether a mechanic earns its life: what came, step by step, against what its target let expect, day by day.

The steps are opportunities, the dotted line what was expected at target. Below the upper edge of the shaded zone the
verdict would have been to kill; it begins when the floor has passed and enough was to be expected.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from textual.content import Content

from passalong_tui.answers.mechanics import Course, Point
from passalong_tui.charts.canvas import Canvas, compact, flowing
from passalong_tui.words import counted, number, unread

LEAST_WIDTH, LEAST_HEIGHT = 30, 8
_CAME, _EXPECTED, _ZONE, _FLOOR, _AWAY = "━", "⠒", "░", "┊", "‖"


class _Scale(Struct, frozen=True, kw_only=True):
    """From days and opportunities to columns and rows of the plot. `last` is its last day, `now` that of the course."""

    width: int
    height: int
    last: int
    now: int
    top: float

    def column(self, day: int) -> int:
        return round(day * (self.width - 1) / self.last)

    def day(self, column: float) -> float:
        return column * self.last / (self.width - 1)

    def row(self, opportunities: float) -> int:
        return round(opportunities * (self.height - 1) / self.top)

    def quarter(self, opportunities: float) -> int:
        """In quarters of a row, the middle of the lowest being nothing."""
        return round(opportunities * (self.height - 1) * 4 / self.top + 1.5)


def survival(course: Course | None, width: int, height: int) -> Content:
    """The chart with its axes in words and its legend; a sentence where there is nothing to draw, or no room."""
    if course is None:
        return Content.styled(unread(), "$quiet")
    if not course.points:
        return Content.styled("It is not launched yet: its course begins that day.", "$quiet")
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return Content.styled("Too little room for its course.", "$quiet")
    points, days = course.points, _days(course.points)
    floor = _floor(course, days)
    legend = _legend(course, width)
    top = max(max(point.observed, point.expected or 0, point.kills_at_most or 0) for point in points)
    margin = 6
    scale = _Scale(
        width=width - margin,
        height=height - 2 - len(legend),
        last=max(days[-1], floor, 1),
        now=days[-1],
        top=max(top, 1),
    )
    canvas = Canvas(scale.width, scale.height)
    _zone(canvas, scale, points, days)
    for row in range(scale.height):
        canvas.put(scale.column(floor), row, _FLOOR, "$quiet")
    _expected(canvas, scale, points, days)
    _came(canvas, scale, points, days)
    lines = [
        Content.assemble((f"{_label(scale, row):>{margin - 1}}", "$quiet"), ("│", "$faint"), line)
        for row, line in zip(reversed(range(scale.height)), canvas.lines(), strict=True)
    ]
    axis = Content.assemble((" " * (margin - 1) + "└" + _axis(scale, points, days), "$faint"))
    return Content("\n").join([*lines, axis, _words(scale, floor, margin), *legend])


def _days(points: Sequence[Point]) -> list[int]:
    """Of each point, calendar days since the launch."""
    return [(point.day - points[0].day).days for point in points]


def _floor(course: Course, days: Sequence[int]) -> int:
    """The day on which it could first be judged, be it yet to come."""
    for point, day in zip(course.points, days, strict=True):
        if not point.days_left:
            return max(day - (point.days - course.floor_days), 0)  # it passed between this point and the one before
    return days[-1] + course.points[-1].days_left


def _place(days: Sequence[int], day: float) -> int:
    """The last point that had come by a day."""
    return max(sum(1 for d in days if d <= day + 0.5) - 1, 0)


def _zone(canvas: Canvas, scale: _Scale, points: Sequence[Point], days: Sequence[int]) -> None:
    for column in range(scale.column(scale.now) + 1):
        most = points[_place(days, scale.day(column))].kills_at_most
        if most is not None:
            # Half way to the first number that is enough: seen around a line that lies in it, not behind one above.
            edge = max(min(scale.row(most + 0.5), scale.row(most + 1) - 1), scale.row(most))
            for row in range(edge + 1):
                canvas.put(column, row, _ZONE, "$error")


def _expected(canvas: Canvas, scale: _Scale, points: Sequence[Point], days: Sequence[int]) -> None:
    """A dotted line, twice as fine as the cells from left to right and four times from below."""
    for half in range(2 * scale.column(scale.now) + 2):
        day = min(scale.day(half / 2), scale.now)
        place = max(sum(1 for d in days if d <= day) - 1, 0)
        after = min(place + 1, len(points) - 1)
        here, there = points[place].expected, points[after].expected
        if here is None or there is None:
            continue
        part = (day - days[place]) / ((days[after] - days[place]) or 1)
        canvas.dot(half, scale.quarter(here + (there - here) * part), "$foreground")


def _came(canvas: Canvas, scale: _Scale, points: Sequence[Point], days: Sequence[int]) -> None:
    """Steps: level while nothing came, and upright where something did."""
    style = "bold $accent"
    before = scale.row(0)
    for column in range(scale.column(scale.now) + 1):
        row = scale.row(points[_place(days, scale.day(column))].observed)
        if row == before or column == 0:
            canvas.put(column, row, _CAME, style)
        else:
            low, high = sorted((before, row))
            for between in range(low + 1, high):
                canvas.put(column, between, "┃", style)
            canvas.put(column, before, "┛" if row > before else "┓", style)
            canvas.put(column, row, "┏" if row > before else "┗", style)
        before = row


def _label(scale: _Scale, row: int) -> str:
    """A number at the top, at the bottom, and half way where there is room and it is a whole one."""
    if row == scale.height - 1:
        return compact(scale.top)
    if row == 0:
        return "0"
    half = scale.top / 2
    return compact(half) if scale.height >= 9 and half >= 1 and row == scale.row(half) else ""


def _axis(scale: _Scale, points: Sequence[Point], days: Sequence[int]) -> str:
    """The ground, marked where days do not count."""
    return "".join(
        _AWAY if column <= scale.column(scale.now) and points[_place(days, scale.day(column))].away else "─"
        for column in range(scale.width)
    )


def _words(scale: _Scale, floor: int, margin: int) -> Content:
    """Launch, floor and today beneath the ground. The floor gives way to the left, or goes where there is no room."""
    line = Canvas(scale.width + margin, 1)
    launch, now = "launch", f"day {scale.now}"
    line.write(margin - 1, 0, launch, "$quiet")
    left = margin + len(launch) + 1
    if floor > scale.now:
        end = scale.width + margin
        at = _centred(margin + scale.column(scale.now), now, left, end)
        line.write(at, 0, now, "$quiet")
        left = at + len(now) + 2
    else:
        end = _centred(margin + scale.column(scale.now), now, left, scale.width + margin)
        line.write(end, 0, now, "$quiet")
        end -= 2
    words = f"floor, day {floor}"
    if end - left >= len(words):
        line.write(_centred(margin + scale.column(floor), words, left, end), 0, words, "$quiet")
    return line.lines()[0]


def _centred(column: int, words: str, left: int, right: int) -> int:
    """Where words begin that stand about a column, between two others."""
    return max(min(column - len(words) // 2, right - len(words)), left)


def _legend(course: Course, width: int) -> list[Content]:
    last = course.points[-1]
    came = counted(last.observed, "opportunity", "opportunities")
    entries: list[tuple[str, str, str]] = [(_CAME * 2, "bold $accent", f"{came} came")]
    if last.expected is not None:
        entries.append((_EXPECTED * 2, "$foreground", f"{last.expected:,.1f} expected at target"))
    if any(point.kills_at_most is not None for point in course.points):
        most = last.kills_at_most
        now = "" if most is None else f": {f'at {number(most)} or fewer' if most else 'without any'} today"
        entries.append((_ZONE * 2, "$error", f"here the verdict is to kill{now}"))
    elif last.expected is None:
        entries.append(("  ", "", "no target, so nothing is expected"))
    if any(point.away for point in course.points):
        entries.append((_AWAY, "$faint", "paused, or killed for a time"))
    return flowing(entries, width)
