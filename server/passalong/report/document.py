"""The monthly review as something to read: the same text and the same page, printed or sent."""

from __future__ import annotations

from typing import Literal

from passalong.domain.monthly import Monthly
from passalong.report import markdown, page, text, wording
from passalong.report.review import outline


def render(monthly: Monthly, form: Literal["text", "md", "html"], *, terminal: bool = False) -> str:
    """The document; as text for a `terminal` what matters is bold."""
    said = outline(monthly)
    if form == "md":
        return markdown.render(said)
    if form == "html":
        return page.render(said, accents=[brand.accent for brand in monthly.brands], running=monthly.running)
    return text.render(said, terminal=terminal)


def title(monthly: Monthly) -> str:
    """One line that names it: whose review, of which month."""
    return wording.cut(f"{outline(monthly).vendor}: monthly review, {wording.month(monthly.month)}", 120)
