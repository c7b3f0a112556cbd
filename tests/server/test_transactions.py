"""Work within a transaction: all of it or none, whoever's commit it shares."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import engine
from passalong.errors import Conflict, Unavailable
from passalong.store.db import REMEMBER, Database, Taken, Transaction, Work, database_at


@asynccontextmanager
async def database_in(folder: Path) -> AsyncIterator[Database]:
    db = database_at(engine.database_for(folder))
    await db.open()
    try:
        yield db
    finally:
        await db.close()


async def remembered(db: Database) -> set[str]:
    return {row["name"] for row in await db.read("SELECT name FROM meta WHERE name LIKE 'work %'")}


def remembering(*names: str, then: Exception | None = None) -> Work[int]:
    async def work(tx: Transaction) -> int:
        for name in names:
            await tx.all(REMEMBER, (f"work {name}", "1"))
        if then is not None:
            raise then
        return len(names)

    return work


async def test_one_that_fails_takes_nothing_of_its_neighbours_back_and_leaves_nothing(tmp_path: Path) -> None:
    async with database_in(tmp_path) as db:
        said = await asyncio.gather(
            db.within(remembering("a", "b")),
            db.within(remembering("c", "d", then=Conflict("No."))),
            db.within(remembering("e")),
            return_exceptions=True,
        )
        assert said[0::2] == [2, 1]
        assert isinstance(said[1], Conflict)
        assert await remembered(db) == {"work a", "work b", "work e"}


async def test_what_the_database_itself_refuses_is_told_to_whom_it_concerns(tmp_path: Path) -> None:
    async def twice(tx: Transaction) -> None:
        await tx.all("INSERT INTO meta VALUES ('work x', '1')")
        await tx.all("INSERT INTO meta VALUES ('work x', '2')")

    async with database_in(tmp_path) as db:
        said = await asyncio.gather(db.within(remembering("a")), db.within(twice), return_exceptions=True)
        assert said[0] == 1
        assert isinstance(said[1], Taken)
        assert await remembered(db) == {"work a"}


async def test_each_sees_what_those_before_it_have_done(tmp_path: Path) -> None:
    async def one_more(tx: Transaction) -> int:
        row = await tx.one("SELECT value FROM meta WHERE name = 'work n'")
        n = int(row["value"]) + 1 if row else 1
        await tx.all(REMEMBER, ("work n", str(n)))
        return n

    async with database_in(tmp_path) as db:
        said = await asyncio.gather(*(db.within(one_more) for _ in range(200)))
        assert sorted(said) == list(range(1, 201))


async def test_whoever_no_longer_waits_holds_nobody_up(tmp_path: Path) -> None:
    async with database_in(tmp_path) as db:
        gone = asyncio.ensure_future(db.within(remembering("a")))
        await asyncio.sleep(0)
        gone.cancel()
        assert await db.within(remembering("b")) == 1
        assert await remembered(db) >= {"work b"}


async def test_whoever_is_cancelled_at_any_moment_leaves_nothing_open(tmp_path: Path) -> None:
    database = engine.database_for(tmp_path)
    async with database_in(tmp_path) as db:

        async def some() -> None:
            async with db.transaction() as tx:
                await tx.all(REMEMBER, ("work gone", "1"))

        for turns in range(0, 120, 3):
            gone = asyncio.create_task(some())
            for _ in range(turns):
                await asyncio.sleep(0)
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)
            await asyncio.wait_for(db.write(REMEMBER, ("work last", str(turns))), 10)
            assert engine.execute(database, "SELECT value FROM meta WHERE name = 'work last'") == [(str(turns),)]


@pytest.mark.sqlite
async def test_while_nothing_can_be_written_everybody_hears_so_and_afterwards_it_goes_on(tmp_path: Path) -> None:
    async with database_in(tmp_path) as db:
        with engine.held(engine.database_for(tmp_path)):
            said = await asyncio.gather(*(db.within(remembering(n)) for n in "abc"), return_exceptions=True)
        assert [type(each) for each in said] == [Unavailable] * 3
        assert await db.within(remembering("d")) == 1
        assert await remembered(db) == {"work d"}


@pytest.mark.sqlite
async def test_work_that_waits_for_something_else_is_refused_whole(tmp_path: Path) -> None:
    async def dawdling(tx: Transaction) -> None:
        await tx.all(REMEMBER, ("work a", "1"))
        await asyncio.sleep(0)

    async with database_in(tmp_path) as db:
        with pytest.raises(RuntimeError, match="waited for something else"):
            await db.within(dawdling)
        assert await remembered(db) == set()


async def test_what_waits_is_done_before_the_database_closes(tmp_path: Path) -> None:
    async with database_in(tmp_path) as db:
        waiting = [asyncio.ensure_future(db.within(remembering(str(n)))) for n in range(100)]
        await asyncio.sleep(0)
    assert await asyncio.gather(*waiting) == [1] * 100
