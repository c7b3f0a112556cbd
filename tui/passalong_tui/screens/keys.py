"""Making and revoking API keys. A new key is shown once, and nobody can show it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from passalong.domain.access import Role
from passalong_tui import safe
from passalong_tui.answers.settings import ApiKey
from passalong_tui.client import Client
from passalong_tui.screens.dialog import Dialog, Line
from passalong_tui.widgets.choices import Choices
from passalong_tui.words import day

if TYPE_CHECKING:
    from passalong_tui.app import Console

NAME = Line("name", "Name", "Whose it is, or what for", "Say whose key this is, or what for.")
LABELS = {Role.READER: "Reads", Role.INTEGRATOR: "Reads and posts", Role.ADMIN: "Does everything"}


class NewKeyDialog(Dialog[ApiKey]):
    SEND, LEAVE = "Make it", "Make none"
    LINES: ClassVar[tuple[Line, ...]] = (NAME,)
    FIRST = "name"

    @property
    def subject(self) -> str:
        return "a new key"

    def explain(self) -> ComposeResult:
        yield Static(Content.styled("A new API key", "bold"), id="title")
        yield Static(
            Content("A key that only reads sees nobody’s address. Give no more than is needed."), classes="aside"
        )
        yield Choices([*LABELS.values()], id="role", chosen=list(LABELS).index(Role.READER))

    async def send(self, client: Client, attempt: str) -> ApiKey:
        role = list(LABELS)[self.query_one("#role", Choices).chosen]
        return await client.make_key(name=self.value("name"), role=role, attempt=attempt)


class RevokeDialog(Dialog[ApiKey]):
    SEND, LEAVE = "Revoke it", "Leave it valid"
    LINES: ClassVar[tuple[Line, ...]] = ()
    FINAL = True

    def __init__(self, key: ApiKey) -> None:
        super().__init__()
        self.key = key

    def explain(self) -> ComposeResult:
        yield Static(Content.assemble("Revoke ", (safe.line(self.key.name, 56), "bold"), "?"), id="title")
        made = f"The {safe.line(self.key.role)} key {safe.line(self.key.id)}, made {day(self.key.created_at)}."
        yield Static(Content(made), classes="said")
        yield Static(
            Content("Whatever uses it is refused from now on, in every process. This cannot be undone."),
            classes="aside",
        )

    async def send(self, client: Client, attempt: str) -> ApiKey:
        return await client.revoke_key(self.key.id, attempt=attempt)


class KeyScreen(ModalScreen[None]):
    """The key, this once. Nothing closes it but the word that it was kept: a stray Enter copies it."""

    CSS_PATH = "dialog.tcss"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]  # noqa: RUF012  as Textual declares it
    BINDINGS: ClassVar[list[BindingType]] = [Binding("y", "copy", "Copy")]

    def __init__(self, key: ApiKey) -> None:
        super().__init__(classes="dialog")
        self.key = key

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="dialog", can_focus=False):
            yield Static(Content.assemble("The key of ", (safe.line(self.key.name, 50), "bold")), id="title")
            if self.key.key is None:
                lost = "It was made, but the answer that showed it got lost on its way. Revoke it, and make another."
                yield Static(Content(lost), classes="said")
            else:
                yield Static(Content.styled(safe.line(self.key.key), "bold $accent"), classes="said", id="key")
                once = "It is shown this once, and stored nowhere. Keep it where secrets are kept."
                yield Static(Content(once), classes="aside")
            with Horizontal(id="buttons"):
                if self.key.key is not None:
                    yield Button(Content("Copy it (y)"), id="copy", variant="primary", compact=True)
                yield Button(Content("I have kept it" if self.key.key else "Close"), id="kept", compact=True)
                yield Static(Content("Tab goes on, Enter presses"), id="keys")

    def on_mount(self) -> None:
        self.query(Button).first().focus()

    @on(Button.Pressed, "#copy")
    def action_copy(self) -> None:
        if self.key.key is not None:
            self.app.copy_to_clipboard(self.key.key)
            cast("Console", self.app).say("The key is in the clipboard, if this terminal lets it.")
            self.query_one("#kept").focus()

    @on(Button.Pressed, "#kept")
    def _kept(self) -> None:
        self.dismiss(None)
