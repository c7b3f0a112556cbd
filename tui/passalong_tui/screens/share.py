"""One share: its link and code, and the tree of where it was passed along, with what each branch brought."""

from __future__ import annotations

from textwrap import wrap
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Resize
from textual.geometry import Size
from textual.widgets import Static

from passalong_tui import safe
from passalong_tui.answers.shares import Node, ShareDetail
from passalong_tui.client import PAGE_SIZE, Client, Lost, Refusal
from passalong_tui.commands import INTEGRATOR, SHARE, SHARES, bindings
from passalong_tui.messages import BranchesFetched, ConnectionLost, ConnectionRefused, Fact, ShareFetched
from passalong_tui.screens.page import Page
from passalong_tui.widgets.branches import BranchTree
from passalong_tui.widgets.qr import QrCode
from passalong_tui.widgets.share_card import facts, title, whose
from passalong_tui.words import money_header, money_told, unread

_LABEL = 13
_HEADER = (
    "share", "parent", "hop", "channel", "sharer", "first_seen_at", "revoked", "children", "visits", "leads",
    "opportunities",
)  # fmt: skip
_TREE_WIDTH = 90
"""Cells that the words and the tree have at least, where the code stands beside them."""


class ShareScreen(Page):
    NAME, TAB = SHARE, SHARES
    QUESTION = "Where did this share go?"
    CSS_PATH = "share.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(SHARE)]

    def __init__(self, share: str) -> None:
        super().__init__()
        self._about = share
        self._detail: ShareDetail | None = None
        self._begun = False
        """Whether the tree was read once: of a large one only what was opened is there."""

    def body(self) -> ComposeResult:
        with Horizontal(id="share"):
            with Vertical(id="told"):
                yield Static(Content(unread()), id="facts")
                yield Static(Content(""), id="columns")
                yield BranchTree()
            yield QrCode()

    async def fetch(self, client: Client) -> list[Fact]:
        detail = await client.share(self._about)
        if detail.share.branches < PAGE_SIZE:
            tree = await client.tree(self._about)
            return [ShareFetched(detail, tree.items)]
        if self._begun:
            return [ShareFetched(detail, [])]
        tree = await client.tree(self._about, depth=1)
        return [ShareFetched(detail, tree.items, tree.next_cursor)]

    def draw(self) -> None:
        if not self.query(QrCode):
            return  # it was left before a turn of its own came
        self._arrange()
        if self._detail is None:
            return
        share = self._detail.share
        room = min(self.size.width - 22, 100)  # on one line, with the words around
        asset, customer = safe.line(title(share), room * 3 // 5), safe.line(whose(share), room * 2 // 5)
        self.ask(Content.assemble("Where did “", (asset, "$accent"), "” by ", (customer, "$accent"), " go?"))
        width = self.query_one("#facts", Static).size.width or self.size.width
        told = facts(share, self.known, self._detail)
        if self.size.height < 40:  # what the title and the tree say needs no line of its own
            told = [fact for fact in told if fact[0] not in ("Asset", "Customer", "Id")]
        self.query_one("#facts", Static).update(lines(told, width))
        if self.focused is None:
            self.query_one(BranchTree).focus()

    @on(ShareFetched)
    def _fetched(self, fact: ShareFetched) -> None:
        self._detail = fact.detail
        tree = self.query_one(BranchTree)
        if fact.nodes:
            tree.show(fact.nodes, unfolded=True)
            if fact.cursor is not None:
                tree.add(self._about, [], fact.cursor)
            self._begun = True
        self.draw()
        self.refresh_bindings()

    @on(BranchTree.Wanted)
    def _wanted(self, wanted: BranchTree.Wanted) -> None:
        self._read_branches(wanted.share, wanted.cursor)

    @on(BranchesFetched)
    def _branches(self, fact: BranchesFetched) -> None:
        self.query_one(BranchTree).add(fact.share, fact.nodes, fact.cursor)

    @work(group="branches")
    async def _read_branches(self, share: str, cursor: str | None) -> None:
        try:
            page = await self.console.client.tree(share, depth=1, cursor=cursor)
        except (Lost, Refusal) as error:
            self.query_one(BranchTree).failed(share, cursor)
            lost = isinstance(error, Lost)
            self.post_message(ConnectionLost() if lost else ConnectionRefused(str(error)))
        else:
            below = [node for node in page.items if node.share != share]
            self.post_message(BranchesFetched(share, below, page.next_cursor))

    def on_resize(self, event: Resize) -> None:
        self.call_after_refresh(self.draw)

    def _arrange(self) -> None:
        """The code stands beside the rest where all of it has room."""
        code, tree = self.query_one(QrCode), self.query_one(BranchTree)
        if self._detail is not None:
            code.show(self._detail.share.url, Size(self.size.width - _TREE_WIDTH, self.size.height - 5))
        beside = self._detail is not None and code.fits
        if code.display != beside:
            code.display = beside
            self.call_after_refresh(self.draw)  # the rest has another width then
        self.query_one("#columns", Static).update(Content(tree.header().plain))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "revoke" and not self.known.may(INTEGRATOR):
            return False
        if action == "revoke":
            return True if self._detail is not None and self._detail.share.state != "revoked" else None
        if action == "up":
            return True if self._detail is not None and self._detail.share.parent else None
        return True

    def action_open(self) -> None:
        node = self.query_one(BranchTree).current
        if isinstance(node, Node) and node.share != self._about:
            self.console.open_share(node.share)
        else:
            self.action_fold()

    def action_fold(self) -> None:
        self.query_one(BranchTree).unfold()

    def action_up(self) -> None:
        if self._detail is not None and self._detail.share.parent:
            self.console.open_share(self._detail.share.parent)

    def action_customer(self) -> None:
        if self._detail is not None:
            self.console.open_customer(self._detail.share.customer)

    def action_copy(self) -> None:
        if self._detail is not None:
            self.console.copy(self._detail.share.url)

    def action_browse(self) -> None:
        if self._detail is not None:
            self.console.browse(self._detail.share.url)

    def action_code(self) -> None:
        from passalong_tui.screens.code import CodeScreen

        if self._detail is not None:
            self.app.push_screen(CodeScreen(self._detail.share))

    def action_whole(self) -> None:
        from passalong_tui.screens.whole import WholeScreen

        if self._detail is not None:
            self.app.push_screen(WholeScreen(facts(self._detail.share, self.known, self._detail)))

    def action_export(self) -> None:
        """What was read of the tree."""
        rows = [[getattr(node, name) for name in _HEADER] for node in self.query_one(BranchTree).nodes]
        brought = [money_told(node.pipeline) for node in self.query_one(BranchTree).nodes]
        header = [*_HEADER, *money_header("pipeline")]
        self.save(self.NAME, header, [[*row, *money] for row, money in zip(rows, brought, strict=True)])

    def action_revoke(self) -> None:
        from passalong_tui.screens.revoke import RevokeDialog

        if self._detail is not None:
            self.app.push_screen(RevokeDialog(self._detail), lambda done: self.load() if done else None)

    def action_back(self) -> None:
        self.app.pop_screen()


def lines(told: list[tuple[str, str]], width: int) -> Content:
    """Facts beneath each other, long ones cut in the middle; sentences with numbers go on in the next line."""
    room = max(width - _LABEL, 20)
    parts = []
    for name, value in told:
        rows = wrap(value, room) if name in ("Brought", "Branches", "By month") else [safe.cut(value, room)]
        parts.append(Content.assemble((f"{name:<{_LABEL}}", "$quiet"), f"\n{' ' * _LABEL}".join(rows)))
    return Content("\n").join(parts)
