"""How the server is set up: what is in force and where it is changed, who may call, and how its brands look."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from passalong_tui import safe
from passalong_tui.answers.settings import ApiKey, Brand
from passalong_tui.client import Client
from passalong_tui.commands import ADMIN, SETTINGS, bindings
from passalong_tui.messages import CustomersFetched, Fact, RoleKnown, SettingsFetched
from passalong_tui.screens.brand_look import look
from passalong_tui.screens.in_force import Setting, rows
from passalong_tui.screens.page import TablePage
from passalong_tui.themes import SAID
from passalong_tui.widgets.listing import Column, Listing
from passalong_tui.words import Zone, ago, day, stamp

PARTS = {"in-force": "settings", "api-keys": "API keys", "brands": "brands"}
"""What the table shows, one after the other."""
ADMINS_ALONE = "Only a key of the role admin sees this."
EMPTY = {
    "in-force": "The server tells of no setting.",
    "api-keys": "No key is stored: this console uses one that lives as long as its process. n makes one.",
    "brands": "No brand yet. PUT /api/v1/brands/{id} with a name, an accent and a home_url.",
}

IN_FORCE: tuple[Column[Setting], ...] = (
    Column(key="section", label="About", cell=lambda s, w: s.section, order=lambda s: s.place, width=12,
           value=lambda s: s.section),
    Column(key="label", label="Setting", cell=lambda s, w: s.label, order=lambda s: s.label, width=26,
           value=lambda s: s.name),
    Column(key="value", label="In force", least=18, cell=lambda s, w: s.value,
           order=lambda s: safe.clean(s.value).casefold()),
)  # fmt: skip
KEYS: tuple[Column[ApiKey], ...] = (
    Column(key="name", label="Whose", least=13, cell=lambda k, w: k.name,
           order=lambda k: safe.clean(k.name).casefold()),
    Column(key="role", label="May", cell=lambda k, w: k.role, order=lambda k: k.role, width=10),
    Column(key="state", label="State", cell=lambda k, w: key_state(k), order=lambda k: key_state(k), width=9,
           tone=lambda k: "quiet" if k.revoked_at else ""),
    Column(key="made", label="Made", cell=lambda k, w: ago(k.created_at), order=lambda k: k.created_at, width=12,
           right=True),
    Column(key="id", label="Id", cell=lambda k, w: k.id, order=lambda k: k.id, width=10, drop=1),
)  # fmt: skip
BRANDS: tuple[Column[Brand], ...] = (
    Column(key="name", label="Brand", least=16, cell=lambda b, w: b.name,
           order=lambda b: safe.clean(b.name).casefold()),
    Column(key="accent", label="Accent", cell=lambda b, w: b.accent, order=lambda b: b.accent, width=9),
    Column(key="home", label="Leads to", least=20, cell=lambda b, w: b.home_url, order=lambda b: b.home_url),
    Column(key="id", label="Id", cell=lambda b, w: b.id, order=lambda b: b.id, width=14, drop=1),
)  # fmt: skip
DOES = {
    "reader": "reads, but sees nobody’s address",
    "integrator": "reads and posts; neither kills nor erases nor sees addresses",
    "admin": "does everything",
}


def key_state(key: ApiKey) -> str:
    """A word and a symbol."""
    if key.revoked_at is not None:
        return "✕ revoked"
    return "● in use" if key.yours else "✓ valid"


class SettingsScreen(TablePage):
    NAME = TAB = SETTINGS
    QUESTION = "How is this server set up?"
    CSS_PATH = "settings.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(SETTINGS)]

    _part = "in-force"

    def body(self) -> ComposeResult:
        with Container(classes="pair"):
            yield Listing(IN_FORCE, key=lambda s: f"{s.section} {s.name}", order="section", descending=False,
                          found_by=lambda s: f"{s.section} {s.name} {s.label} {s.value} {s.means}", empty="",
                          copies=lambda s: s.value, id="in-force")  # fmt: skip
            yield Listing(KEYS, key=lambda k: k.id, order="made", found_by=lambda k: f"{k.name} {k.role} {k.id}",
                          empty="", id="api-keys")  # fmt: skip
            yield Listing(BRANDS, key=lambda b: b.id, order="name", descending=False, empty="",
                          found_by=lambda b: f"{b.name} {b.id} {b.home_url}", copies=lambda b: b.accent,
                          id="brands")  # fmt: skip
            with VerticalScroll(classes="detail"):
                yield Static(Content(""), id="told")

    def on_mount(self) -> None:
        chosen = self.console.remembered.choices.get(self.NAME, "")
        self._part = chosen if chosen in PARTS else self._part

    @property
    def listing(self) -> Listing[Any]:
        """The one that is shown."""
        return self.query_one(f"#{self._part}", Listing)

    async def fetch(self, client: Client) -> list[Fact]:
        facts: list[Fact] = []
        if self.known.customers is None:
            facts.append(CustomersFetched(await client.customers()))  # one of them stands in the preview of a brand
        if self.known.role != ADMIN:
            return [*facts, SettingsFetched(None, None, await client.brands())]
        settings, keys, brands = await asyncio.gather(client.settings(), client.keys(), client.brands())
        return [*facts, SettingsFetched(settings, keys, brands)]

    def draw(self) -> None:
        known = self.known
        for listing in self.query(Listing):
            listing.display = listing.id == self._part
            hidden = not known.may(ADMIN) and listing.id != "brands"
            listing.explain_empty(ADMINS_ALONE if hidden else EMPTY[listing.id or ""])
        shown: dict[str, list[Any] | None] = {"api-keys": known.keys, "brands": known.brands}
        if known.settings is not None:
            shown["in-force"] = [*rows(known.settings), *self._of_console()]
        entries = shown.get(self._part)
        if entries is None and not known.may(ADMIN):
            entries = self._of_console() if self._part == "in-force" else []
        if entries is not None:
            self.listing.show(entries)
        others = ", ".join(words for part, words in PARTS.items() if part != self._part)
        self.ask(Content.assemble(self.QUESTION, (f"   {PARTS[self._part]}; f shows {others}", "$quiet")))
        if self.focused is None or not self.listing.has_focus_within:
            self.listing.focus_rows()
        self._detail()

    def _of_console(self) -> list[Setting]:
        """What this console itself keeps: the rest is the server's."""
        zone = "UTC" if Zone.utc else "local"
        told = (
            (
                "look",
                SAID.get(self.app.theme, self.app.theme),
                "Dark, light, or for colour-blind eyes",
                "t changes it.",
            ),
            ("times", zone, "In which zone times are told here", "z changes it."),
            ("exports", str(self.console.exports), "Where tables are written to", "E writes one."),
        )
        return [
            Setting(place=1000 + n, section="This console", name=name, value=value, means=means, changed=changed)
            for n, (name, value, means, changed) in enumerate(told)
        ]

    @on(SettingsFetched)
    @on(CustomersFetched)
    def _fetched(self) -> None:
        self.draw()

    @on(RoleKnown)
    def _role_known(self) -> None:
        self.load()

    @on(Listing.Moved)
    def _moved(self, event: Listing.Moved) -> None:
        if event.listing.id == self._part:
            self._detail()

    @property
    def key(self) -> ApiKey | None:
        """The key under the cursor."""
        current = self.listing.current if self._part == "api-keys" and self.query(Listing) else None
        return current if isinstance(current, ApiKey) else None

    def _detail(self) -> None:
        current = self.listing.current
        self.query_one(".detail").display = current is not None
        if isinstance(current, Setting):
            told = told_of_setting(current)
        elif isinstance(current, ApiKey):
            told = told_of_key(current)
        elif isinstance(current, Brand):
            customers = self.known.customers or []
            told = look(current, customers[0].name if customers else "a customer")
        else:
            told = Content("")
        self.query_one("#told", Static).update(told)
        key = self.key
        self.rebind((self._part, key and key_state(key)))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action not in ("new_key", "revoke"):
            return True
        if not self.known.may(ADMIN):
            return False
        key = self.key
        return True if action == "new_key" or (key and not key.yours and key.revoked_at is None) else None

    def action_next_part(self) -> None:
        parts = list(PARTS)
        self._show_part(parts[(parts.index(self._part) + 1) % len(parts)])

    def _show_part(self, part: str) -> None:
        self._part = self.console.remembered.choices[self.NAME] = part
        self.draw()
        self.call_after_refresh(self.draw)  # once the table that is shown now has a size

    def action_new_key(self) -> None:
        from passalong_tui.screens.keys import NewKeyDialog

        self._show_part("api-keys")
        self.app.push_screen(NewKeyDialog(), self._made)

    def _made(self, key: ApiKey | None) -> None:
        from passalong_tui.screens.keys import KeyScreen

        if key is not None:
            self.load()
            self.app.push_screen(KeyScreen(key))

    def action_revoke(self) -> None:
        from passalong_tui.screens.keys import RevokeDialog

        if self.key is not None:
            self.app.push_screen(RevokeDialog(self.key), self._revoked)

    def _revoked(self, key: ApiKey | None) -> None:
        if key is not None:
            self.known.keys = [key if known.id == key.id else known for known in self.known.keys or []]
            self.draw()
            self.load()


def told_of_setting(setting: Setting) -> Content:
    return Content.assemble(
        (f"{setting.section}: {safe.line(setting.label)}", "bold"),
        "\n",
        safe.line(setting.value),
        "\n\n",
        f"{safe.line(setting.means)}." if setting.means else "",
        "\n\n" if setting.means else "",
        (safe.line(setting.changed), "$quiet"),
    )


def told_of_key(key: ApiKey) -> Content:
    revoked = f"\nWorthless since {stamp(key.revoked_at)}." if key.revoked_at else ""
    yours = "\nIt is the key that this console uses: revoke it with another one." if key.yours else ""
    return Content.assemble(
        (safe.line(key.name), "bold"),
        "\n",
        (f"{key_state(key)}  ", "bold"),
        f"{safe.line(key.role)}: {DOES.get(key.role, 'a role that this console does not know')}",
        "\n\n",
        (f"Made {day(key.created_at)}; its id is {safe.line(key.id)}.", "$quiet"),
        revoked,
        yours,
    )
