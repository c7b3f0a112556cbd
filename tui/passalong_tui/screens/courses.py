"""What screens share that show the course of one mechanic beside their table."""

from __future__ import annotations

from textual import on, work

from passalong_tui.client import Lost, Refusal
from passalong_tui.messages import CourseFetched
from passalong_tui.screens.page import TablePage
from passalong_tui.widgets.course import CourseChart


class CoursePage(TablePage):
    """Has one CourseChart. Its course is drawn as it is known, and read anew when another mechanic is looked at."""

    _key: str | None = None
    """Whose course is shown, or to be shown."""

    def show_course(self, key: str | None) -> None:
        """Of the mechanic with this key; None takes the chart away."""
        chart = self.query_one(CourseChart)
        chart.set_class(key is None, "-none")
        changed, self._key = key != self._key, key
        chart.show(self.known.courses.get(key) if key else None)
        if key is not None and changed:
            self._read_course(key)

    @work(group="course", exclusive=True)
    async def _read_course(self, key: str) -> None:
        try:
            self.console.learn(CourseFetched(await self.console.client.course(key)))
        except (Lost, Refusal):
            self._key = None  # read when it is looked at again; the next reading of the table says what is wrong

    @on(CourseFetched)
    def _course_fetched(self, fact: CourseFetched) -> None:
        if fact.course.mechanic == self._key:
            self.query_one(CourseChart).show(fact.course)
