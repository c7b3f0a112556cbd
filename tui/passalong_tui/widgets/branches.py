"""The tree of what was passed along from a link, each branch with what it brought. Large ones are read as they open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, NamedTuple

from rich.style import Style
from rich.text import Text
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from passalong_tui import safe
from passalong_tui.answers.shares import Node
from passalong_tui.words import counted, day, money_in, number

_COUNTS = (("Visits", 8), ("Leads", 7), ("Opps", 6))
_PIPELINE = 16
_ROOMY = 78
"""Cells from which on there is room for the pipeline too."""
_GUIDE = 3


class More(NamedTuple):
    """Branches of a share that were not read yet: how many, and the cursor to ask with."""

    share: str
    left: int
    cursor: str | None


class BranchTree(Tree[Node | More], inherit_bindings=False):
    """Enter and space belong to the screen, so that their commands are seen in the footer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        binding for binding in Tree.BINDINGS if getattr(binding, "key", "") not in ("enter", "space")
    ]
    ICON_NODE = "▸ "
    ICON_NODE_EXPANDED = "▾ "

    class Wanted(Message):
        """The branches right below a share are to be read, from a cursor on."""

        def __init__(self, share: str, cursor: str | None) -> None:
            self.share = share
            self.cursor = cursor
            super().__init__()

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(Text(""), id=id)
        self.guide_depth = _GUIDE
        self.auto_expand = False
        self._places: dict[str, TreeNode[Node | More]] = {}
        self._asked: set[tuple[str, str | None]] = set()

    @property
    def current(self) -> Node | More | None:
        """What the cursor stands on."""
        return self.cursor_node.data if self.cursor_node is not None else None

    @property
    def nodes(self) -> list[Node]:
        """What was read, in no order that means anything."""
        return [place.data for place in self._places.values() if isinstance(place.data, Node)]

    def show(self, nodes: Sequence[Node], *, unfolded: bool) -> None:
        """Adds what is new and renews what is known: a share always comes after the one that it was passed from.
        `unfolded` shows the branches of those that are new."""
        for node in nodes:
            place = self._places.get(node.share)
            if place is None:
                self._places[node.share] = place = self._placed(node)
                if unfolded and node.children:
                    place.expand()
            place.data = node
            place.allow_expand = node.children > 0
        for node in nodes:
            self._tell_more(node.share, None)
        self._invalidate()

    def add(self, share: str, nodes: Sequence[Node], cursor: str | None) -> None:
        """Branches of a share that was opened, and where they go on."""
        self._asked.discard((share, self._cursor_of(share)))
        self.show([node for node in nodes if node.share not in self._places], unfolded=False)
        self._tell_more(share, cursor)
        self._invalidate()

    def failed(self, share: str, cursor: str | None) -> None:
        """A reading came to nothing; it may be asked for again."""
        self._asked.discard((share, cursor))

    def header(self) -> Text:
        """The names of the columns, as wide as they are drawn."""
        name, *rest = ["Share", *(label for label, _ in self._columns())]
        widths = [width for _, width in self._columns()]
        numbers = "".join(f"{label:>{width}}" for label, width in zip(rest, widths, strict=True))
        return Text(f"{name:<{max(self._room() - len(numbers), 4)}}{numbers}", no_wrap=True)

    def unfold(self) -> None:
        """Opens or closes what the cursor stands on; of what was not read yet, reads it."""
        place = self.cursor_node
        if place is None:
            return
        if isinstance(place.data, More):
            self._want(place.data.share, place.data.cursor)
        elif place.allow_expand:
            place.toggle()

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[Node | More]) -> None:
        data = event.node.data
        if isinstance(data, Node) and data.children and not _shares(event.node):
            self._want(data.share, None)

    def render_label(self, node: TreeNode[Node | More], base_style: Style, style: Style) -> Text:
        data = node.data
        room = self._room() - _GUIDE * _depth(node)
        quiet = self.app.theme_variables["quiet"]
        if not isinstance(data, Node):
            words = f"  {counted(data.left, 'more branch', 'more branches')}: Space reads on" if data else "  Reading…"
            return Text(safe.cut(words, room), style=style + Style(color=quiet))
        icon = (self.ICON_NODE_EXPANDED if node.is_expanded else self.ICON_NODE) if node.allow_expand else "  "
        numbers = "".join(f"{told:>{width}}" for told, (_, width) in zip(_numbers(data), self._columns(), strict=False))
        width = max(room - len(icon) - len(numbers), 8)
        name = Text(safe.line(_name(data, top=node.is_root), width - 1), no_wrap=True)
        if data.revoked:
            name.stylize(quiet)
        name.pad_right(max(width - name.cell_len, 0))
        label = Text.assemble((icon, Style(color=quiet)), name, numbers, no_wrap=True)
        label.stylize(style)
        return label

    def get_label_width(self, node: TreeNode[Node | More]) -> int:
        return max(self._room() - _GUIDE * _depth(node), 1)

    def _room(self) -> int:
        return max(self.size.width - 2, 30)

    def _columns(self) -> list[tuple[str, int]]:
        return [*_COUNTS, ("Pipeline", _PIPELINE)] if self._room() >= _ROOMY else [*_COUNTS]

    def _placed(self, node: Node) -> TreeNode[Node | More]:
        above = self._places.get(node.parent or "") if self._places else None
        if above is None:
            return self.root
        last = above.children[-1] if above.children else None
        before = last if last is not None and isinstance(last.data, More) else None
        return above.add(Text(""), node, before=before)

    def _tell_more(self, share: str, cursor: str | None) -> None:
        """Says below a share that was opened how many of its branches are not there yet."""
        place = self._places[share]
        data = place.data
        shown = _shares(place)
        left = data.children - shown if isinstance(data, Node) else 0
        last = place.children[-1] if place.children else None
        standing = last if last is not None and isinstance(last.data, More) else None
        if left <= 0 or not shown:
            if standing is not None:
                standing.remove()
        elif standing is not None:
            known = standing.data.cursor if isinstance(standing.data, More) else None
            standing.data = More(share, left, cursor or known)
        else:
            place.add_leaf(Text(""), More(share, left, cursor))

    def _cursor_of(self, share: str) -> str | None:
        last = self._places[share].children[-1] if self._places[share].children else None
        return last.data.cursor if last is not None and isinstance(last.data, More) else None

    def _want(self, share: str, cursor: str | None) -> None:
        if (share, cursor) not in self._asked:
            self._asked.add((share, cursor))
            self.post_message(self.Wanted(share, cursor))


def _shares(place: TreeNode[Node | More]) -> int:
    """How many of its branches a place shows."""
    return sum(isinstance(child.data, Node) for child in place.children)


def _depth(place: TreeNode[Node | More]) -> int:
    depth = 0
    while place.parent is not None:
        place, depth = place.parent, depth + 1
    return depth


def _numbers(node: Node) -> Iterable[str]:
    return (
        number(node.visits),
        number(node.leads),
        number(node.opportunities),
        money_in(node.pipeline, _PIPELINE - 2),
    )


def _name(node: Node, *, top: bool) -> str:
    """What tells a link from those beside it. The sharer of a branch is a lead, or nobody who is known."""
    if top:
        by = f"This share, {node.channel}"
    else:
        by = f"lead {safe.line(node.sharer, 13)}" if node.sharer else "somebody unknown"
    return f"{'✕ revoked: ' if node.revoked else ''}{by}, {day(node.first_seen_at)}"
