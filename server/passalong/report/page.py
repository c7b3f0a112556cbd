"""The monthly review as a page that stands by itself: one file, no script, nothing fetched, ready to print."""

from __future__ import annotations

from passalong import paths
from passalong.domain import brand as colours
from passalong.domain.text import number
from passalong.report import chart
from passalong.report.outline import Outline, Points, Table
from passalong.report.wording import month

HOUSE_ACCENT = "#3f4fb5"
"""Of a document that speaks for no brand, or for several."""


def render(outline: Outline, *, accents: list[str], running: bool) -> str:
    """The page. `accents` are the brands' colours; if there is one, it dresses the page. `running`: not over yet."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    accent = accents[0] if len(accents) == 1 else HOUSE_ACCENT
    environment = Environment(
        loader=FileSystemLoader(paths.widget_templates()),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests["table"] = lambda block: isinstance(block, Table)
    environment.tests["points"] = lambda block: isinstance(block, Points)
    columns = chart.columns([(short, number(value), value) for _, short, value in outline.months])
    return environment.get_template("report.html").render(
        report=outline,
        chart=chart,
        columns=columns,
        told=", ".join(f"{month(name)} {number(value)}" for name, _, value in outline.months),
        running=running,
        on_light=colours.readable(accent, colours.LIGHT_PAPER),
        on_dark=colours.readable(accent, colours.DARK_PAPER),
    )
