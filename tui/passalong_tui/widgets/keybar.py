"""The footer. A key whose label would be cut off at the edge is left out; `?` lists them all."""

from __future__ import annotations

from itertools import zip_longest

from textual.events import Resize
from textual.widgets import Footer, Label


class KeyBar(Footer):
    def __init__(self) -> None:
        super().__init__(show_command_palette=False, compact=True)

    def on_resize(self, event: Resize) -> None:
        self.call_after_refresh(self.fit)

    async def recompose(self) -> None:
        await super().recompose()
        self.call_after_refresh(self.fit)

    def fit(self) -> None:
        edge = self.content_region.right
        fits = True
        for key, after in zip_longest(self.children, self.children[1:]):
            # A group's label follows its keys, and neither stands without the other.
            last = after if isinstance(after, Label) else key
            fits = fits and last.region.right <= edge
            key.visible = fits
