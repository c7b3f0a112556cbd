"""What happens right now: the newest events, newest first."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widget import Widget

from passalong_tui import safe
from passalong_tui.answers.metric import Event
from passalong_tui.known import Known
from passalong_tui.words import ACTORS, EVENTS, NOTHING, ago, said, unread

_MARKED = {"lead", "signup", "trial", "opportunity", "won"}


class LiveTail(Widget):
    """As many events as there are lines."""

    def __init__(self) -> None:
        super().__init__()
        self._known: Known | None = None

    def show(self, known: Known) -> None:
        self._known = known
        self.refresh()

    def render(self) -> Content:
        if self._known is None or not self._known.following:
            return Content.styled(unread(), "$quiet")
        newest = list(reversed(self._known.events))[: max(self.size.height, 1)]
        if not newest:
            return Content.styled("Nothing has happened yet. The first view of a share appears here at once.", "$quiet")
        return Content("\n").join(event_lines(newest, self._known, self.size.width))


def event_lines(events: Sequence[Event], known: Known, width: int) -> list[Content]:
    """Time, what, whose and by whom; the actor goes where there is no room."""
    roomy = width >= 76
    whose_width = min(max(width - 14 - 22 - (24 if roomy else 0), 10), 56)
    lines = []
    for event in events:
        style = "bold" if event.kind in _MARKED else ""
        whose = safe.line(known.name(event.customer)) or NOTHING
        if event.mechanic:
            whose += f" · {safe.line(known.title(event.mechanic))}"
        if event.hop:
            whose += f" · hop {event.hop}"
        whose = safe.cut(whose, whose_width)
        pad = " " * (whose_width - Content(whose).cell_length)
        mark = "●" if event.kind in _MARKED else "·"
        kind = safe.line(said(EVENTS, event.kind), 18)
        actor = safe.line(said(ACTORS, event.actor), 22) if roomy else ""
        lines.append(
            Content.assemble(
                (f"{ago(event.at):<14}", "$quiet"),
                (f"{mark} ", "$accent" if style else "$faint"),
                (f"{kind:<20}", style),
                whose + pad,
                (f"  {actor}", "$quiet"),
            )
        )
    return lines
