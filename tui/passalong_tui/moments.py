"""What happened to a customer, in words that fit a line."""

from __future__ import annotations

from passalong_tui.answers.customers import Moment
from passalong_tui.known import Known
from passalong_tui.words import EVENTS, MOMENTS, day, here, month_name, number, said, today

_WORDS = {**EVENTS, **MOMENTS}


def when(moment: Moment) -> str:
    """The day; of prompts, which are counted by the month, the month."""
    return month_name(f"{here(moment.at):%Y-%m}")[:3] + f" {here(moment.at):%Y}" if _monthly(moment) else day(moment.at)


def lately(moment: Moment) -> str:
    """The same without the year, where that is the present one."""
    return when(moment).removesuffix(f" {today().year}")


def what(moment: Moment) -> str:
    return said(_WORDS, moment.kind)


def about(moment: Moment, known: Known) -> str:
    """Whom or what it was about, as strangers wrote it."""
    match moment.kind:
        case "share":
            return f"{moment.title} by {moment.detail}"
        case "lead":
            return moment.title or "someone"
        case "play_done" | "play_dismissed":
            return f"{moment.title}, by {moment.detail}"
        case "prompts":
            return f"{number(moment.count)} of {known.title(moment.mechanic) or 'no mechanic'}"
        case "invitations":
            return f"{number(moment.count)} to {moment.title}"
        case "signals":
            return f"{moment.title} × {number(moment.count)}" if moment.count > 1 else moment.title
        case _:
            return moment.title


def tone(moment: Moment) -> str:
    """The colour of what it is, by its name in the themes: what brings money stands out."""
    return {"opportunity": "accent", "won": "success", "lost": "error"}.get(moment.kind, "")


def _monthly(moment: Moment) -> bool:
    return moment.kind == "prompts"
