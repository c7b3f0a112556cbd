"""Tables that are too long to be read whole: the newest first, more as one goes down, searched by the server."""

from __future__ import annotations

from typing import ClassVar, Generic, TypeVar

from textual import on, work
from textual.content import Content

from passalong_tui.answers.common import Page as Answer
from passalong_tui.client import Client, Lost, Refusal
from passalong_tui.messages import ConnectionLost, ConnectionRefused, Fact
from passalong_tui.screens.page import TablePage
from passalong_tui.widgets.listing import Listing

T = TypeVar("T")

MOST = 1000
"""Entries that one table holds: what is older is found by searching."""
MOST_WRITTEN = 20_000
"""Entries that one file holds."""


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
        return [*await self.naming(client, entries), FeedFetched(asked, entries, cursor)]

    async def naming(self, client: Client, entries: list[T]) -> list[Fact]:
        """What it takes to call by name what the entries are about; may raise Lost or Refusal."""
        return []

    def begin(self) -> None:
        """Asks anew from the newest on: something else is to be shown."""
        self._parts = 1
        self.load()

    def draw(self) -> None:
        listing = self.query_one(Listing)
        if self._entries is not None:
            listing.partial = self.searchable
            listing.show(self._entries)
        self.ask(self.headline())
        if self.focused is None:
            listing.focus_rows()

    def headline(self) -> Content:
        """The question, with how much of the answer is shown."""
        return Content.assemble(self.QUESTION, (f"   {self._extent()}", "$quiet"))

    @on(Listing.Arranged)
    def _retitle(self) -> None:
        self.ask(self.headline())

    def _extent(self) -> str:
        """How much of it is shown."""
        if self._entries is None:
            return ""
        n = len(self._entries)
        if self._cursor is None:
            return f"all {n:,} {self.things}" if n > 1 else ""
        newest = f"the newest {n:,} {self.things}, {'more below' if n < MOST else 'older ones by searching'}"
        # In another order, what comes first among these need not come first among all.
        return newest if self.query_one(Listing).in_first_order else f"sorted among {newest}"

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

    def action_export(self) -> None:
        if self._cursor is None or self._entries is None:
            super().action_export()
        else:
            self.console.say(f"Reading all {self.things}…")
            self._read_out(self._entries, self._cursor)

    @work(group="export", exclusive=True)
    async def _read_out(self, entries: list[T], cursor: str | None) -> None:
        """Reads on to the end, and writes all of it in the order and by the filter of the table."""
        asked, search, listing, things = self.asked, self.search, self.query_one(Listing), self.things
        found = list(entries)
        try:
            while cursor is not None and len(found) < MOST_WRITTEN:
                part = await self.read(self.console.client, search, cursor)
                if asked != self.asked:
                    self.console.say("Nothing was written: something else is to be shown by now.", "warning")
                    return
                found += part.items
                cursor = part.next_cursor
            for fact in await self.naming(self.console.client, found):
                self.post_message(fact)
        except (Lost, Refusal) as error:
            self.console.say(f"Nothing was written: {error}", "error")
            return
        bounded = f", the newest {things} and not all," if cursor is not None else ""
        await self.write(self._named(listing), listing.header, listing.rows(found), bounded)
