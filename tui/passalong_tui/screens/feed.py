"""Tables that are too long to be read whole: the newest first, more as one goes down, searched by the server."""

from __future__ import annotations

from typing import ClassVar, Generic, TypeVar

from textual import on, work
from textual.content import Content

from passalong_tui.answers import Page as Answer
from passalong_tui.client import Client, Lost, Refusal
from passalong_tui.messages import ConnectionLost, ConnectionRefused, Fact
from passalong_tui.screens.page import TablePage
from passalong_tui.widgets.listing import Listing

T = TypeVar("T")

MOST = 1000
"""Entries that one table holds: what is older is found by searching."""


class FeedFetched(Fact, Generic[T]):
    """The newest entries for what was asked, and where they go on (None: nowhere)."""

    def __init__(self, asked: tuple[object, ...], entries: list[T], cursor: str | None) -> None:
        self.asked = asked
        self.entries = entries
        self.cursor = cursor
        super().__init__()


class FeedPage(TablePage, Generic[T]):
    """A page around one table. A subclass says in `read` how a part of it is asked for.

    `THINGS` names what the table holds, for the line on top.
    """

    THINGS: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[T] | None = None
        self._cursor: str | None = None
        self._parts = 1
        """How many parts were read: a reading reads them all again."""

    async def read(self, client: Client, search: str, cursor: str | None) -> Answer[T]:
        """One part, from a cursor on; may raise Lost or Refusal."""
        raise NotImplementedError

    @property
    def things(self) -> str:
        """The same with what narrows them down."""
        return self.THINGS

    @property
    def asked(self) -> tuple[object, ...]:
        """What the answer depends on: an answer to another question is not shown. A subclass adds its own choices."""
        return (self.search,)

    @property
    def searchable(self) -> bool:
        """Whether the server searches for this key; else what was read is searched."""
        return True

    @property
    def search(self) -> str:
        """What the server is to look for."""
        listings = self.query(Listing)
        return listings.first().filter.strip() if listings and self.searchable else ""

    async def fetch(self, client: Client) -> list[Fact]:
        asked, search = self.asked, self.search
        entries: list[T] = []
        cursor: str | None = None
        for _ in range(self._parts):
            part = await self.read(client, search, cursor)
            entries += part.items
            cursor = part.next_cursor
            if cursor is None:
                break
        return [FeedFetched(asked, entries, cursor)]

    def begin(self) -> None:
        """Asks anew from the newest on: something else is to be shown."""
        self._parts = 1
        self.load()

    def draw(self) -> None:
        listing = self.query_one(Listing)
        if self._entries is not None:
            listing.partial = self.searchable
            listing.show(self._entries)
        self.ask(Content.assemble(self.QUESTION, (f"   {self._extent()}", "$quiet")))
        if self.focused is None:
            listing.focus_rows()

    def _extent(self) -> str:
        """How much of it is shown."""
        if self._entries is None:
            return ""
        n = len(self._entries)
        if self._cursor is None:
            return f"all {n:,} {self.things}" if n > 1 else ""
        return f"the newest {n:,} {self.things}, {'more below' if n < MOST else 'older ones by searching'}"

    @on(FeedFetched)
    def _fetched(self, fact: FeedFetched[T]) -> None:
        if fact.asked == self.asked:
            self._entries, self._cursor = fact.entries, fact.cursor
            self.draw()

    @on(Listing.Sought)
    def _sought(self) -> None:
        self.begin()

    @on(Listing.Ended)
    def _ended(self) -> None:
        if self._cursor is not None and len(self._entries or ()) < MOST:
            self._read_more(self.asked, self.search, self._cursor)

    @work(group="more", exclusive=True)
    async def _read_more(self, asked: tuple[object, ...], search: str, cursor: str) -> None:
        try:
            part = await self.read(self.console.client, search, cursor)
        except Lost:
            self.post_message(ConnectionLost())
        except Refusal as refused:
            self.post_message(ConnectionRefused(str(refused)))
        else:
            if asked == self.asked and cursor == self._cursor and self._entries is not None:
                self._parts += 1
                self.post_message(FeedFetched(asked, [*self._entries, *part.items], part.next_cursor))
