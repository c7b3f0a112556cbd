"""The one table of commands. Bindings, the footer, the help screen and the palette are all made from it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from textual.binding import Binding

OVERVIEW, MECHANICS, CUSTOMERS, CUSTOMER, LEAD = "overview", "mechanics", "customers", "customer", "lead"
PLAYS, PLAY_REPORT, REVIEW, THEATER = "plays", "play_report", "review", "theater"
MAIN = (OVERVIEW, MECHANICS, CUSTOMERS, PLAYS, REVIEW, THEATER)
"""The screens of the top line, by the number that goes there."""
TABLES = (MECHANICS, CUSTOMERS, CUSTOMER, PLAYS, PLAY_REPORT, REVIEW, THEATER)

ADMIN, INTEGRATOR = "admin", "integrator"
"""The least role that a command needs where it changes something."""

SCREENS = {
    OVERVIEW: "Overview",
    MECHANICS: "Mechanics",
    CUSTOMERS: "Customers",
    CUSTOMER: "One customer",
    LEAD: "One lead",
    PLAYS: "Plays",
    PLAY_REPORT: "What followed plays",
    REVIEW: "Review",
    THEATER: "Theater",
}
"""The screens by name, in the order of the help."""


class Command(NamedTuple):
    """One thing that an operator can do.

    `key` in Textual's spelling (several with commas), `screens` where it works (none: everywhere), `needs`
    the least role of a key where it changes something on the server.
    """

    key: str
    name: str
    help: str
    action: str
    screens: tuple[str, ...] = ()
    needs: str = ""
    group: str = ""
    """Commands of one group share one label in the footer."""

    @property
    def keys(self) -> str:
        """The keys as people read them: `ctrl+p`, `? or F1`."""
        return " or ".join(_READ.get(key, key.replace("ctrl+", "^")) for key in self.key.split(","))


_READ = {
    "slash": "/",
    "question_mark": "?",
    "f1": "F1",
    "escape": "Esc",
    "enter": "Enter",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
}

COMMANDS = (
    Command("enter", "Details", "Show the verdict, rule and history of this mechanic", "open", (MECHANICS,)),
    Command("k", "Kill", "End this mechanic: its links stay, what it asks for goes", "kill", (MECHANICS,), ADMIN),
    Command("e", "Keep", "Let this mechanic live, whatever the verdict, and say why", "keep", (MECHANICS,), ADMIN),
    Command(
        "p", "Pause", "Stop the clock of this mechanic: its links go on, none is made", "pause", (MECHANICS,), ADMIN
    ),
    Command("u", "Resume", "End a pause: links can be made, and days count again", "resume", (MECHANICS,), ADMIN),
    Command("r", "Revive", "Undo a kill: gate, call to action and attribution return", "revive", (MECHANICS,), ADMIN),
    Command("enter", "Mechanic", "Go to the mechanic that this finding is about", "open", (THEATER,)),
    Command("enter", "Customer", "Open the customer that this play is for", "open", (PLAYS,)),
    Command("d", "Done", "Say that this play was done, with a note if you like", "done", (PLAYS,), INTEGRATOR),
    Command(
        "x", "Dismiss", "Say that nothing will be done, with a note if you like", "set_aside", (PLAYS,), INTEGRATOR
    ),
    Command("o", "Hand over", "Give this open play to somebody else", "hand_over", (PLAYS,), INTEGRATOR),
    Command("f", "State", "Show open, done, dismissed, expired or all plays", "next_state", (PLAYS,)),
    Command("w", "Report", "Which rules fired, what became of it, and what followed", "report", (PLAYS,)),
    Command("e", "Keep", "Decide to keep this mechanic", "keep", (REVIEW,), ADMIN),
    Command("c", "Change", "Decide that something about this mechanic is to change", "change", (REVIEW,), ADMIN),
    Command("k", "Kill", "Decide to kill this mechanic", "kill", (REVIEW,), ADMIN),
    Command("x", "Undecide", "Take back what was decided about this mechanic", "undecide", (REVIEW,), ADMIN),
    Command("w", "Hold", "Look at what was decided, and record the review", "hold", (REVIEW,), ADMIN),
    Command("left_square_bracket", "Earlier", "Review the month before", "month(-1)", (REVIEW,), group="Month"),
    Command("right_square_bracket", "Later", "Review the month after", "month(1)", (REVIEW,), group="Month"),
    Command("enter", "Open", "Open this customer: shares, leads, opportunities", "open", (CUSTOMERS,)),
    Command("enter", "Open", "Open this lead’s journey", "open", (CUSTOMER,)),
    Command("escape", "Back", "Go back", "back", (CUSTOMER, LEAD, PLAY_REPORT)),
    Command("slash", "Filter", "Filter the table as you type; Esc clears", "filter", TABLES),
    Command("s", "Sort", "Sort by the next column", "sort", TABLES, group="Order"),
    Command("S", "Reverse", "Turn the order round", "reverse", TABLES, group="Order"),
    Command("question_mark,f1", "Help", "Every key of this console", "app.help"),
    Command("1", "Overview", "What did customers bring this month?", "app.go('overview')", group="Screens"),
    Command("2", "Mechanics", "Which mechanic produces pipeline?", "app.go('mechanics')", group="Screens"),
    Command("3", "Customers", "Which customers bring others?", "app.go('customers')", group="Screens"),
    Command("4", "Plays", "Whom to invite, help or call next?", "app.go('plays')", group="Screens"),
    Command("5", "Review", "What is kept, changed or killed this month?", "app.go('review')", group="Screens"),
    Command("6", "Theater", "What only looks like pipeline?", "app.go('theater')", group="Screens"),
    Command("ctrl+q", "Quit", "Leave the console", "app.quit"),
    Command("ctrl+r", "Refresh", "Ask the server again now", "app.refresh_page"),
    Command("t", "Light/dark", "Switch between the light and the dark look", "app.toggle_look"),
    Command("g", "Top", "Go to the first row", "top", TABLES, group="Ends"),
    Command("G", "Bottom", "Go to the last row", "bottom", TABLES, group="Ends"),
    Command("ctrl+p", "Commands", "Find a command or a customer by name", "app.command_palette"),
)


def available(screen: str | None) -> list[Command]:
    """The commands of a screen and those that work everywhere."""
    return [command for command in COMMANDS if not command.screens or screen in command.screens]


def bindings(screen: str | None = None) -> list[Binding]:
    """The key bindings of a screen alone, or (None) those that work everywhere."""
    chosen = [c for c in COMMANDS if (screen in c.screens if screen else not c.screens)]
    return [binding for command in chosen for binding in _bound(command)]


def _bound(command: Command) -> Iterable[Binding]:
    first, *others = command.key.split(",")
    action = command.action.removeprefix("app.")
    # Leaving and the palette work from inside a text field too.
    priority = command.key in ("ctrl+q", "ctrl+p", "ctrl+r")
    yield Binding(
        first,
        action,
        command.name,
        key_display=_READ.get(first, first.replace("ctrl+", "^")),
        tooltip=command.help,
        priority=priority,
        group=_GROUPS.get(command.group),
    )
    for key in others:
        yield Binding(key, action, command.name, show=False, priority=priority)


_GROUPS = {name: Binding.Group(name, compact=True) for name in ("Screens", "Ends", "Order", "Month")}
