"""The one table of commands. Bindings, the footer, the help screen and the palette are all made from it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from textual.binding import Binding

OVERVIEW, MECHANICS, REVIEW, THEATER = "overview", "mechanics", "review", "theater"
CUSTOMERS, CUSTOMER = "customers", "customer"
SHARES, SHARE = "shares", "share"
LEADS, LEAD = "leads", "lead"
OPPORTUNITIES, OPPORTUNITY = "opportunities", "opportunity"
PLAYS, PLAY_REPORT = "plays", "play_report"
INTEGRATIONS, LIVE, SETTINGS = "integrations", "live", "settings"
DIFFERENCES = "differences"

ADMIN, INTEGRATOR = "admin", "integrator"
"""The least role that a command needs where it changes something."""

SCREENS = {
    OVERVIEW: "Overview",
    MECHANICS: "Mechanics",
    CUSTOMERS: "Customers",
    CUSTOMER: "One customer",
    SHARES: "Shares",
    SHARE: "One share",
    LEADS: "Leads",
    LEAD: "One lead",
    OPPORTUNITIES: "Opportunities",
    OPPORTUNITY: "One opportunity",
    PLAYS: "Plays",
    PLAY_REPORT: "What followed plays",
    INTEGRATIONS: "Integrations",
    DIFFERENCES: "Where HubSpot differs",
    REVIEW: "Review",
    LIVE: "Live",
    SETTINGS: "Settings",
    THEATER: "Theater",
}
"""The screens by name, in the order of the help."""

MAIN = {
    "1": (OVERVIEW, "What did customers bring this month?"),
    "2": (MECHANICS, "Which mechanic produces pipeline?"),
    "3": (CUSTOMERS, "Which customers bring others?"),
    "4": (SHARES, "Which shares are out?"),
    "5": (LEADS, "Who came, and through whom?"),
    "6": (OPPORTUNITIES, "Which opportunities carry a customer’s name, and why?"),
    "7": (PLAYS, "Whom to invite, help or call next?"),
    "8": (INTEGRATIONS, "What reaches HubSpot and the webhooks?"),
    "9": (REVIEW, "What is kept, changed or killed this month?"),
    "0": (LIVE, "What happens right now?"),
    "comma": (SETTINGS, "How is this server set up?"),
    "T": (THEATER, "What only looks like pipeline?"),
}
"""The screens that one key leads to, each with the question that it answers, in the order of the top line."""

TABLES = (
    *(MECHANICS, CUSTOMERS, CUSTOMER, SHARES, LEADS, LEAD, OPPORTUNITIES, OPPORTUNITY, PLAYS, PLAY_REPORT),
    *(INTEGRATIONS, DIFFERENCES, REVIEW, SETTINGS, THEATER),
)
"""Screens with a table, which all have its commands."""


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
    footer: bool = True
    """Whether the footer shows it; the help and the palette list every command."""

    @property
    def keys(self) -> str:
        """The keys as people read them: `^p`, `? or F1`."""
        return " or ".join(read(key) for key in self.key.split(","))


_READ = {
    "slash": "/",
    "question_mark": "?",
    "f1": "F1",
    "escape": "Esc",
    "enter": "Enter",
    "comma": ",",
    "space": "Space",
    "left": "←",
    "right": "→",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
}


def read(key: str) -> str:
    """A key as people read it."""
    return _READ.get(key, key.replace("ctrl+", "^"))


COMMANDS = (
    Command("enter", "Details", "Show the verdict, rule and history of this mechanic", "open", (MECHANICS,)),
    Command("K", "Kill", "End this mechanic: its links stay, what it asks for goes", "kill", (MECHANICS,), ADMIN),
    Command("e", "Keep", "Let this mechanic live, whatever the verdict, and say why", "keep", (MECHANICS,), ADMIN),
    Command(
        "p", "Pause", "Stop the clock of this mechanic: its links go on, none is made", "pause", (MECHANICS,), ADMIN
    ),
    Command("u", "Resume", "End a pause: links can be made, and days count again", "resume", (MECHANICS,), ADMIN),
    Command("r", "Revive", "Undo a kill: gate, call to action and attribution return", "revive", (MECHANICS,), ADMIN),
    Command("enter", "Mechanic", "Go to the mechanic that this finding is about", "open", (THEATER,)),
    Command("enter", "Open", "Open this share: where it was passed along, and what came of it", "open", (SHARES,)),
    Command("enter", "Open", "Open the branch under the cursor", "open", (SHARE,)),
    Command("space", "Fold", "Show or hide what was passed along from here", "fold", (SHARE,)),
    Command("u", "Up", "Go to the share that this one was passed along from", "up", (SHARE,)),
    Command("f", "State", "Show all shares, or only open, revoked or expired ones", "next_state", (SHARES,)),
    Command("b", "Browser", "Open this link in your browser: it counts as a view", "browse", (SHARES, SHARE)),
    Command("q", "Code", "Show the QR code of this link, to be scanned from the screen", "code", (SHARES, SHARE)),
    Command("c", "Customer", "Open the customer whose share this is", "customer", (SHARES, SHARE)),
    Command("R", "Revoke", "Take this share back, and what was passed along", "revoke", (SHARES, SHARE), INTEGRATOR),
    Command("space", "Pause", "Hold the events still, or go on with what came meanwhile", "pause", (LIVE,)),
    Command("f", "Kind", "Show all events, people only, leads, conversions or shares made", "next_kind", (LIVE,)),
    Command("enter", "Open", "Open the share, lead or customer that this event is about", "open", (LIVE,)),
    Command("slash", "Find", "Find in the events as you type; Esc shows all again", "filter", (LIVE,)),
    Command("y", "Copy", "Copy the link of this share to the clipboard", "copy", (SHARE,)),
    Command("y", "Copy", "Copy the id of the share, lead or customer of this event", "copy", (LIVE,)),
    Command("v", "Whole", "Show all of it, with nothing cut short", "whole", (SHARE, LIVE)),
    Command("E", "Export", "Write the events that are shown to a CSV file", "export", (LIVE,)),
    Command("E", "Export", "Write the branches that were read to a CSV file", "export", (SHARE,)),
    Command("enter", "Open", "Open this customer: what happened, and what it brought", "open", (CUSTOMERS,)),
    Command(
        "m", "Model", "Rank by the next rule of sharing credit: origin, last, linear …", "next_model", (CUSTOMERS,)
    ),
    Command("right", "Next part", "Go on to the next part of what is known of this customer", "part(1)", (CUSTOMER,)),
    Command("left", "Part before", "Go back to the part before", "part(-1)", (CUSTOMER,), footer=False),
    Command("enter", "Open", "Open this share, lead or opportunity", "open", (CUSTOMER,)),
    Command("enter", "Customer", "Open the customer that this play is for, or this piece is by", "open", (PLAYS,)),
    Command("a", "Advocacy", "Switch between plays and pieces of advocacy", "switch", (PLAYS,)),
    Command("W", "Withdraw", "Count this piece no more; its link goes on working", "withdraw", (PLAYS,), INTEGRATOR),
    Command("enter", "Open", "Open this lead: how it came, and what became of it", "open", (LEADS,)),
    Command("enter", "Opportunity", "Open this opportunity: why it is credited as it is", "open", (LEAD,)),
    Command("enter", "Open", "Open this opportunity: why it is credited as it is", "open", (OPPORTUNITIES,)),
    Command("enter", "Lead", "Open the lead who left this trace", "open", (OPPORTUNITY,)),
    Command("f", "Kind", "Show opportunities, what was won or lost, or all kinds", "next_kind", (OPPORTUNITIES,)),
    Command(
        "a", "Names", "Show all, those with a customer’s name, or those without one", "next_named", (OPPORTUNITIES,)
    ),
    Command("c", "Customer", "Open the customer whose doing it is", "customer", (LEAD, OPPORTUNITY)),
    Command(
        "o",
        "Override",
        "Decide over the evidence whose this is, and say why",
        "override",
        (OPPORTUNITIES, OPPORTUNITY),
        ADMIN,
    ),
    Command(
        "w",
        "Withdraw",
        "Take a decision back: the evidence speaks again",
        "withdraw",
        (OPPORTUNITIES, OPPORTUNITY),
        ADMIN,
    ),
    Command("X", "Erase", "Erase this person’s data for good", "erase", (LEAD,), ADMIN),
    Command("d", "Done", "Say that this play was done, with a note if you like", "done", (PLAYS,), INTEGRATOR),
    Command(
        "x", "Dismiss", "Say that nothing will be done, with a note if you like", "set_aside", (PLAYS,), INTEGRATOR
    ),
    Command("o", "Hand over", "Give this open play to somebody else", "hand_over", (PLAYS,), INTEGRATOR),
    Command("f", "State", "Show plays or pieces in the next state, or all of them", "next_state", (PLAYS,)),
    Command("w", "Report", "Which rules fired, what became of it, and what followed", "report", (PLAYS,)),
    Command("r", "Retry", "Try this job again now", "retry", (INTEGRATIONS,), ADMIN),
    Command("x", "Skip", "Give this job up for good, and say why", "skip", (INTEGRATIONS,), ADMIN),
    Command("a", "Retry all", "Try everything again that has failed", "retry_all", (INTEGRATIONS,), ADMIN),
    Command("d", "Resend", "Send what HubSpot lacks, and again what differs there", "resend", (INTEGRATIONS,), ADMIN),
    Command("u", "Resume", "End the pause of a destination", "resume", (INTEGRATIONS,), ADMIN),
    Command("f", "State", "Show failed, pending, sent, skipped or all jobs", "next_state", (INTEGRATIONS,)),
    Command("w", "Differences", "Where HubSpot says something else, record by record", "differences", (INTEGRATIONS,)),
    Command("f", "Part", "Show the settings, the API keys or the brands", "next_part", (SETTINGS,)),
    Command("n", "New key", "Make an API key; it is shown this once", "new_key", (SETTINGS,), ADMIN),
    Command("x", "Revoke", "Make this API key worthless from now on", "revoke", (SETTINGS,), ADMIN),
    Command("e", "Keep", "Decide to keep this mechanic", "keep", (REVIEW,), ADMIN),
    Command("c", "Change", "Decide that something about this mechanic is to change", "change", (REVIEW,), ADMIN),
    Command("K", "Kill", "Decide to kill this mechanic", "kill", (REVIEW,), ADMIN),
    Command("x", "Undecide", "Take back what was decided about this mechanic", "undecide", (REVIEW,), ADMIN),
    Command("w", "Hold", "Look at what was decided, and record the review", "hold", (REVIEW,), ADMIN),
    Command("m", "Minutes", "Write the review of this month to a Markdown file", "minutes", (REVIEW,)),
    Command("left_square_bracket", "Earlier", "Review the month before", "month(-1)", (REVIEW,)),
    Command("right_square_bracket", "Later", "Review the month after", "month(1)", (REVIEW,)),
    Command("escape", "Back", "Go back", "back", (CUSTOMER, SHARE, LEAD, OPPORTUNITY, PLAY_REPORT, DIFFERENCES)),
    Command("slash", "Find", "Find in the table as you type; Esc shows all again", "filter", TABLES),
    Command("question_mark,f1", "Help", "Every key of this console", "app.help"),
    Command("ctrl+p", "Commands", "Find a command, a screen or a customer by name", "app.command_palette"),
    Command("ctrl+z", "Undo", "Take back what was decided last, where that is possible", "app.undo"),
    Command("s", "Sort", "Sort by the next column", "sort", TABLES),
    Command("S", "Reverse", "Turn the order round", "reverse", TABLES),
    Command("y", "Copy", "Copy what this row is about to the clipboard", "copy", TABLES),
    Command("v", "Whole", "Show this row whole, with nothing cut short", "whole", TABLES),
    Command("E", "Export", "Write this table to a CSV file, as it is filtered and sorted", "export", TABLES),
    Command("ctrl+r", "Refresh", "Ask the server again now", "refresh_page"),
    Command("t", "Look", "Change the look: dark, light, or for colour-blind eyes", "app.next_look"),
    Command("z", "UTC", "Show times in UTC, or in local time again", "app.toggle_utc"),
    Command("ctrl+q", "Quit", "Leave the console", "app.quit"),
    Command("j", "Down", "Go down, as the arrow key does", "move('down')", footer=False),
    Command("k", "Up", "Go up, as the arrow key does", "move('up')", footer=False),
    Command("g", "Top", "Go to the first row", "move('top')", footer=False),
    Command("G", "Bottom", "Go to the last row", "move('bottom')", footer=False),
    *(
        Command(key, SCREENS[screen], question, f"app.go('{screen}')", footer=False)
        for key, (screen, question) in MAIN.items()
    ),
)


def available(screen: str | None) -> list[Command]:
    """The commands of a screen and those that work everywhere."""
    return [command for command in COMMANDS if not command.screens or screen in command.screens]


def of_app(command: Command) -> bool:
    """Whether it works above dialogs too: the rest is a screen's own."""
    return command.action.startswith("app.")


def bindings(screen: str) -> list[Binding]:
    """The key bindings of one screen alone."""
    return [binding for command in COMMANDS if screen in command.screens for binding in _bound(command)]


def page_bindings() -> list[Binding]:
    """Those of every screen."""
    return [b for command in COMMANDS if not command.screens and not of_app(command) for b in _bound(command)]


def app_bindings() -> list[Binding]:
    """Those that work wherever one is."""
    return [binding for command in COMMANDS if of_app(command) for binding in _bound(command)]


def _bound(command: Command) -> Iterable[Binding]:
    action = command.action.removeprefix("app.")
    # Leaving and the palette work from inside a text field too.
    priority = command.key in ("ctrl+q", "ctrl+p", "ctrl+r")
    for key in command.key.split(","):
        yield Binding(key, action, command.name, key_display=read(key), tooltip=command.help, priority=priority)
