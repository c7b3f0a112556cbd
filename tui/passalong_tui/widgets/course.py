"""The course of one mechanic since its launch, drawn in whatever room there is."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from passalong_tui.answers.mechanics import Course
from passalong_tui.charts.survival import survival


class CourseChart(Widget):
    def __init__(self) -> None:
        super().__init__()
        self._course: Course | None = None

    def show(self, course: Course | None) -> None:
        """None while it is being read."""
        self._course = course
        self.refresh()

    def render(self) -> Content:
        return survival(self._course, self.size.width, self.size.height)
