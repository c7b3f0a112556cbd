"""What stands above everything while the server does not answer."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from passalong_tui import safe


class Banner(Static):
    """Hidden while all is well."""

    def say(self, sentence: str) -> None:
        self.update(Content.assemble(("! ", "bold"), safe.line(sentence)))
        self.display = bool(sentence)
