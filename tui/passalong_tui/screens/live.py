"""What happens right now: every event as it comes, the newest on top, held still on demand."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, NamedTuple

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, Static

from passalong_tui import safe
from passalong_tui.answers.metric import Event
from passalong_tui.client import Client
from passalong_tui.commands import LIVE, bindings
from passalong_tui.known import TAIL
from passalong_tui.messages import CustomersFetched, EventsArrived, Fact, MechanicsFetched
from passalong_tui.screens.page import Page
from passalong_tui.widgets.stream import Stream
from passalong_tui.words import ACTORS, BRIEFLY, EVENTS, NOTHING, counted, said, second, stamp, unread

FRAME_S = 0.1
"""What comes within it is drawn at once, however much that is."""
_MARKED = {"lead", "signup", "trial", "opportunity", "won"}
_CONVERSIONS = {"signup", "trial", "opportunity", "won", "lost"}


class Choice(NamedTuple):
    name: str
    keeps: Callable[[Event], bool]


CHOICES = (
    Choice("everything", lambda e: True),
    Choice("people only", lambda e: e.actor == "human"),
    Choice("leads", lambda e: e.kind == "lead"),
    Choice("conversions", lambda e: e.kind in _CONVERSIONS),
    Choice("shares made", lambda e: e.kind == "share"),
)
_CHOICE = "live.kind"
_TIME = 14
"""Cells of a day and a time, in UTC too."""
_HEADER = ("at", "kind", "actor", "customer", "mechanic", "asset", "share", "lead", "hop", "step", "suspect", "seq")


class LiveScreen(Page):
    NAME = TAB = LIVE
    QUESTION = "What happens right now?"
    CSS_PATH = "live.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(LIVE)]

    def __init__(self) -> None:
        super().__init__()
        self._seen = 0
        """The seq up to which events were looked at."""
        self._held_at: int | None = None
        """The newest seq when it was paused."""
        self._frame: Timer | None = None
        self._title = ""
        self._standing = False
        """Whether there is an event that commands could be about."""

    def body(self) -> ComposeResult:
        yield Static(Content(unread()), id="nothing")
        yield Stream(self._line, TAIL)
        yield Static(Content(""), id="about")
        yield Input(placeholder="Type to find, Enter to go to the events, Esc to show all", compact=True, id="find")

    async def fetch(self, client: Client) -> list[Fact]:
        return []

    def load(self) -> None:
        """Nothing to ask: the console follows the ledger all the time."""

    def tick(self) -> None:
        self.show_age()

    def on_mount(self) -> None:
        self.query_one("#find", Input).display = False

    def draw(self) -> None:
        self._renew()
        self._stream.refresh()
        self._name_it()

    @property
    def _stream(self) -> Stream:
        return self.query_one(Stream)

    @property
    def choice(self) -> Choice:
        remembered = self.console.remembered.choices.get(_CHOICE, "")
        return next((choice for choice in CHOICES if choice.name == remembered), CHOICES[0])

    @on(EventsArrived)
    @on(CustomersFetched)
    @on(MechanicsFetched)
    def _arrived(self) -> None:
        if self._frame is None:
            self._frame = self.set_timer(FRAME_S, self._drawn)

    def _drawn(self) -> None:
        self._frame = None
        self.draw()

    def _renew(self) -> None:
        """Takes over what came since the last frame, unless it is paused."""
        if self._held_at is None and self.known.events:
            newer = [event for event in self.known.events if event.seq > self._seen]
            self._seen = self.known.events[-1].seq
            self._stream.put(event for event in newer if self._wanted(event))

    def _anew(self) -> None:
        """Shows what is wanted of all that is known; of what came during a pause, nothing."""
        known = [e for e in self.known.events if self._held_at is None or e.seq <= self._held_at]
        self._seen = known[-1].seq if known else self._seen
        self._stream.replace(event for event in known if self._wanted(event))
        self._name_it()

    def _wanted(self, event: Event) -> bool:
        if not self.choice.keeps(event):
            return False
        sought = safe.clean(self.query_one("#find", Input).value).casefold()
        if not sought:
            return True
        names = (self.known.name(event.customer), self.known.title(event.mechanic), said(EVENTS, event.kind))
        ids = (event.customer, event.mechanic, event.asset, event.share, event.lead)
        return sought in " ".join([*names, *(id for id in ids if id)]).casefold()

    def _name_it(self) -> None:
        """What is shown, and what a pause keeps back."""
        parts: list[str | tuple[str, str]] = [self.QUESTION, "   "]
        if self._held_at is None:
            parts.append(("● following", "$success"))
        else:
            parts.append((f"Ⅱ paused, {self._waiting(self._held_at)}", "$warning"))
        if self.choice is not CHOICES[0]:
            parts.append((f"   {self.choice.name}", "$accent"))
        self._ask_anew(Content.assemble(*parts))
        stream = self._stream
        empty = stream.current is None
        nothing = self.query_one("#nothing", Static)
        nothing.display, stream.display = empty, not empty
        if self.focused is None and not empty:
            stream.focus()
        if empty:
            nothing.update(Content(self._why_empty()))

    def _ask_anew(self, title: Content) -> None:
        """A title that says the same is let alone: it would have the whole screen arranged again."""
        if title.plain != self._title:
            self._title = title.plain
            self.ask(title)

    def _waiting(self, held_at: int) -> str:
        new = [event for event in self.known.events if event.seq > held_at]
        full = len(new) == TAIL
        wanted = sum(map(self._wanted, new))
        return f"{wanted:,} new" if not full else f"{wanted:,} new, the oldest of them let go: {TAIL:,} are kept"

    def _why_empty(self) -> str:
        if not self.known.following:
            return unread()
        if not self.known.events:
            return "Nothing has happened yet. The first view of a share appears here at once."
        if sought := safe.clean(self.query_one("#find", Input).value):
            return f"Nothing here matches “{safe.line(sought, 40)}”. Esc shows all again."
        return f"None of the newest {counted(len(self.known.events), 'event')} is of this kind. f shows others."

    @on(Stream.Moved)
    def _moved(self) -> None:
        event = self._stream.current
        self.query_one("#about", Static).update(about(event) if event is not None else Content(""), layout=False)
        if self._standing != (event is not None):
            self._standing = event is not None
            self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("open", "whole", "copy", "export") and self.is_mounted:
            return True if self._stream.current is not None else None
        return True

    @property
    def names(self) -> dict[str, str]:
        return {} if self._held_at is None else {"pause": "Go on"}

    def action_pause(self) -> None:
        """Holds still what is shown, or goes on with all that came meanwhile."""
        if self._held_at is None:
            self._held_at = self._seen
        else:
            self._held_at = None
            self._renew()
        self.refresh_bindings()
        self._name_it()

    def action_next_kind(self) -> None:
        following = CHOICES[(CHOICES.index(self.choice) + 1) % len(CHOICES)]
        self.console.remembered.choices[_CHOICE] = following.name
        self._anew()

    def action_filter(self) -> None:
        find = self.query_one("#find", Input)
        find.display = True
        find.focus()

    @on(Input.Changed, "#find")
    def _typed(self) -> None:
        self._anew()

    @on(Input.Submitted, "#find")
    def _found(self, event: Input.Submitted) -> None:
        event.input.display = bool(event.value)
        self._stream.focus()

    def key_escape(self) -> None:
        find = self.query_one("#find", Input)
        find.value = ""
        find.display = False
        self._stream.focus()

    def action_open(self) -> None:
        """Goes to what it was about."""
        event = self._stream.current
        if event is None:
            return
        what, id = _subject(event)
        if id:
            {
                "lead": self.console.open_lead,
                "share": self.console.open_share,
                "customer": self.console.open_customer,
            }[what](id)

    def action_copy(self) -> None:
        event = self._stream.current
        if event is not None:
            self.console.copy(safe.line(_subject(event)[1]))

    def action_whole(self) -> None:
        from passalong_tui.screens.whole import WholeScreen

        event = self._stream.current
        if event is not None:
            said_so = {"at": stamp(event.at), "kind": said(EVENTS, event.kind), "actor": said(ACTORS, event.actor)}
            values = [(name, said_so.get(name, getattr(event, name))) for name in _HEADER]
            self.app.push_screen(WholeScreen([(name, safe.line(str(value))) for name, value in values if value]))

    def action_export(self) -> None:
        self.save(self.NAME, _HEADER, [[getattr(event, name) for name in _HEADER] for event in self._stream.shown])

    def _line(self, event: Event, width: int) -> Text:
        colours = self.app.theme_variables
        marked = event.kind in _MARKED
        kind = safe.line(said(EVENTS, event.kind), 19) + (f" {event.step}" if event.step else "")
        whose = safe.line(self.known.name(event.customer)) or NOTHING
        roomy = width >= 110
        by = safe.line(said(ACTORS if roomy else BRIEFLY, event.actor), 22)
        what = " · ".join(
            part
            for part in (safe.line(self.known.title(event.mechanic)), safe.line(event.asset) if roomy else "",
                         f"hop {event.hop}" if event.hop else "", "! faster than people type" if event.suspect else "")
            if part
        )  # fmt: skip
        by_width = 24 if roomy else 9
        what_width = 20 if roomy else 16
        room = max(width - _TIME - 2 - what_width - by_width, 12)
        named = min(max(room * 2 // 5, 12), 32)
        line = Text(no_wrap=True)
        line.append(f"{second(event.at):<{_TIME}}", colours["quiet"])
        line.append("● " if marked else "· ", colours["accent"] if marked else colours["faint"])
        line.append(f"{safe.cut(kind, what_width - 1):<{what_width}}", "bold" if marked else "")
        line.append_text(_cell(whose, named, "bold" if marked else ""))
        line.append_text(_cell(what, room - named, colours["quiet"]))
        line.append(f"{by:>{by_width}}", colours["quiet"])
        return line


def _subject(event: Event) -> tuple[str, str | None]:
    """What an event is about, and its id: the share that was made, else the lead if there is one, else the share, else
    the customer."""
    if event.kind == "share" and event.share:
        return "share", event.share
    found: list[tuple[str, str | None]] = [("lead", event.lead), ("share", event.share)]
    return next(((what, id) for what, id in found if id), ("customer", event.customer))


def about(event: Event) -> Content:
    """The event under the cursor in full: when exactly, by whom, on which link."""
    parts = [
        stamp(event.at),
        said(ACTORS, event.actor),
        f"lead {event.lead}" if event.lead else "",
        f"share {event.share}" if event.share else "",
        f"asset {event.asset}" if event.asset else "",
        f"no. {event.seq:,}",
    ]
    return Content.styled(" · ".join(safe.line(part) for part in parts if part), "$quiet")


def _cell(value: str, width: int, style: str) -> Text:
    cell = Text(safe.cut(value, width - 2), style, no_wrap=True)
    cell.pad_right(max(width - cell.cell_len, 0))
    return cell
