"""Pieces of advocacy: what was published with a tracked link, whether its page carries it, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from passalong.domain.delivery import Destination
from passalong.domain.money import Money
from passalong.domain.piece import Piece, PieceKind, Tracking
from passalong.domain.share import Claims
from passalong.errors import Conflict, NotFound
from passalong.store.db import Database, Row, Transaction, retried
from passalong.store.metric import whole_or_part
from passalong.store.outbox import Outbox

CHECK = "piece.check"
"""Topic of a job for the web outside: read a piece's public page."""
_COLUMNS = Piece.__struct_fields__


class PieceCounts(Struct, kw_only=True):
    """What came of a piece, by its own link and by all that was passed along from it."""

    visits: int = 0
    leads: int = 0
    clicks: int = 0
    opportunities: int | float = 0
    pipeline: list[Money] = []


class PieceLine(Struct, frozen=True, kw_only=True):
    """A piece that stands, in short. `published_at_ms` if that was told."""

    id: str
    customer: str
    mechanic: str
    kind: PieceKind
    title: str
    created_at_ms: int
    published_at_ms: int | None
    tracking: Tracking
    by_utm: bool
    visits: int


class Advocacy:
    def __init__(self, db: Database, outbox: Outbox) -> None:
        self._db = db
        self._outbox = outbox

    async def same(self, piece: Piece) -> Piece | None:
        """The piece that is kept of the same customer's same page, or of the same talk without one."""
        return _piece(await self._db.read_one(*_same(piece)))

    @retried
    async def keep(self, piece: Piece) -> Piece:
        """Stores a piece and has its page read; gives the one that stands, which is an older one of the same page.

        An older one that was withdrawn stands again.
        """
        async with self._db.transaction() as tx:
            known = _piece(await tx.one(*_same(piece)))
            if known is None:
                places = ", ".join("?" * len(_COLUMNS))
                await tx.all(f"INSERT INTO pieces ({', '.join(_COLUMNS)}) VALUES ({places})", _row(piece))
            elif known.withdrawn_at_ms is not None:
                await tx.all("UPDATE pieces SET withdrawn_at_ms = NULL WHERE id = ?", (known.id,))
            if known is None or known.withdrawn_at_ms is not None:
                await self._have_read(tx, known or piece)
            return await _get(tx, (known or piece).id)

    @retried
    async def change(self, id: str, change: Callable[[Piece], Piece]) -> Piece:
        """Replaces a piece by what `change` makes of it. Raises NotFound, and Conflict for another piece's page.

        A page that is another one than before is read anew.
        """
        async with self._db.transaction() as tx:
            before = await _get(tx, id)
            after = change(before)
            other = _piece(await tx.one(*_same(after)))
            if other is not None and other.id != id:
                raise Conflict(f"The piece {other.id} of {other.customer} has this page already.")
            if after.public_url != before.public_url:
                after = msgspec.structs.replace(after, page=Tracking.UNCHECKED, checked_at_ms=None, page_why=None)
                await self._have_read(tx, after)
            sets = ", ".join(f"{name} = ?" for name in _COLUMNS)
            await tx.all(f"UPDATE pieces SET {sets} WHERE id = ?", (*_row(after), id))
        return after

    async def get(self, id: str) -> Piece:
        """One piece; raises NotFound."""
        found = _piece(await self._db.report_one("SELECT * FROM pieces WHERE id = ?", (id,)))
        if found is None:
            raise NotFound(f"There is no piece of advocacy called {id}.")
        return found

    async def of_share(self, share: str) -> Piece | None:
        """The piece whose tracked link a share is."""
        return _piece(await self._db.report_one("SELECT * FROM pieces WHERE share = ?", (share,)))

    async def page(
        self,
        *,
        limit: int,
        before: tuple[int, str] | None = None,
        customer: str | None = None,
        kind: PieceKind | None = None,
        tracking: Tracking | None = None,
        proven: int = 0,
        withdrawn: bool = False,
    ) -> list[Piece]:
        """Pieces, newest first, from below the (created_at_ms, id) `before`; `withdrawn` ones among them if asked. For
        `proven` see Piece.tracking."""
        before_ms, last = before or (None, None)
        rows = await self._rows(
            "pieces", customer=customer, kind=kind, tracking=tracking, proven=proven, withdrawn=withdrawn,
            before_ms=before_ms, before=last, limit=limit,
        )  # fmt: skip
        return [msgspec.convert(dict(row), Piece, strict=False) for row in rows]

    async def counts(self, ids: Sequence[str]) -> dict[str, PieceCounts]:
        """What came of some pieces."""
        asked = msgspec.json.encode(list(ids)).decode()
        counts = {id: PieceCounts() for id in ids}
        for row in await self._rows("piece_counts", ids=asked):
            found = counts[row["id"]]
            found.visits, found.leads, found.clicks = row["visits"], row["leads"], row["clicks"]
        micros = dict.fromkeys(ids, 0)
        for row in await self._rows("piece_credits", ids=asked):
            micros[row["id"]] += row["micro"]
            if row["currency"]:
                counts[row["id"]].pipeline.append(Money(row["amount_minor"], row["currency"]))
        for id, micro in micros.items():
            counts[id].opportunities = whole_or_part(micro)
        return counts

    async def claims(self, shares: Sequence[str]) -> dict[str, Claims]:
        """What the pieces' shares claim, by share: enough to write their tokens anew."""
        rows = await self._db.read(
            "SELECT s.* FROM json_each(?) named JOIN shares s ON s.share = named.value",
            (msgspec.json.encode(list(shares)).decode(),),
        )
        return {row["share"]: Claims(**{name: row[name] for name in Claims.__struct_fields__}) for row in rows}

    async def pieces(self, proven: int) -> list[PieceLine]:
        """Every piece that stands, oldest first, with whether it is tracked (see Piece.tracking) and how many came."""
        rows = await self._rows("lines", proven=proven)
        return [msgspec.convert(dict(row), PieceLine, strict=False) for row in rows]

    async def looked(self, piece: Piece, state: Tracking, why: str, at_ms: int, *, by_utm: bool = False) -> None:
        """What a look at the piece's page has found, unless it has another page by now."""
        await self._db.write(
            "UPDATE pieces SET page = ?, page_why = ?, checked_at_ms = ?, by_utm = ? WHERE id = ? AND public_url = ?",
            (state.value, why, at_ms, by_utm, piece.id, piece.public_url),
        )

    @retried
    async def have_old_ones_read(self, before_ms: int) -> int:
        """Queues a look at every page that was looked at before a time, or never; gives how many."""
        async with self._db.transaction() as tx:
            rows = await tx.all(
                """SELECT * FROM pieces WHERE withdrawn_at_ms IS NULL AND public_url IS NOT NULL
                   AND coalesce(checked_at_ms, 0) < ?""",
                (before_ms,),
            )
            for row in rows:
                await self._have_read(tx, msgspec.convert(dict(row), Piece, strict=False))
        return len(rows)

    async def _have_read(self, tx: Transaction, piece: Piece) -> None:
        if piece.public_url is not None:
            await self._outbox.add(tx, Destination.PAGES, CHECK, piece.id)

    async def _rows(self, name: str, **params: Any) -> list[Row]:
        return await self._db.named("advocacy", name, **params)


def _same(piece: Piece) -> tuple[str, tuple[object, ...]]:
    if piece.public_url is not None:
        sql = "SELECT * FROM pieces WHERE customer = ? AND public_url = ?"
        return sql, (piece.customer, piece.public_url)
    sql = "SELECT * FROM pieces WHERE customer = ? AND kind = ? AND title = ? AND public_url IS NULL"
    return sql, (piece.customer, piece.kind.value, piece.title)


async def _get(tx: Transaction, id: str) -> Piece:
    found = _piece(await tx.one("SELECT * FROM pieces WHERE id = ?", (id,)))
    if found is None:
        raise NotFound(f"There is no piece of advocacy called {id}.")
    return found


def _piece(row: Row | None) -> Piece | None:
    return None if row is None else msgspec.convert(dict(row), Piece, strict=False)


def _row(piece: Piece) -> tuple[object, ...]:
    return tuple(msgspec.to_builtins(piece)[name] for name in _COLUMNS)
