"""A screen's own styles, read so that nobody waits for it."""

from __future__ import annotations

from typing import Any

from textual.screen import Screen


def read_styles(screen: Screen[Any]) -> None:
    """Reads the styles of a screen that is being made. Textual would do it too, with every style of the console anew:
    that is seen when the screen is gone to for the first time."""
    stylesheet = screen.app.stylesheet
    for path in screen.css_path:
        if not stylesheet.has_source(str(path), ""):
            stylesheet.read(path)
