"""A letter: what is sent by mail, to one person."""

from __future__ import annotations

from msgspec import Struct


class Letter(Struct, frozen=True, kw_only=True):
    """Plain text, with a page beside it if there is one."""

    to: str
    subject: str
    text: str
    html: str | None = None
    reply_to: str | None = None
