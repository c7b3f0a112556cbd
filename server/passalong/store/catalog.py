"""The catalog: brands, customers, assets, mechanics, API keys, revocations and slugs, read from memory.

Every change raises the generation. Each process follows that one number and fetches the rows newer than
its own, so a kill by one process is served by all of them within a fraction of a second.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from passalong.domain.access import ApiKey
from passalong.domain.asset import Asset
from passalong.domain.brand import Brand
from passalong.domain.customer import Customer
from passalong.domain.decision import Decision
from passalong.domain.delivery import Endpoint
from passalong.domain.faults import fault_of
from passalong.domain.instant import Clock
from passalong.domain.mechanic import Mechanic
from passalong.domain.vanity import Vanity
from passalong.errors import Invalid, NotFound, Unavailable
from passalong.store.db import Database, Row, Transaction, retried

PAUSE_S = 0.05
STUMBLE_S = 1.0
_LOG = logging.getLogger(__name__)


class Revocation(Struct, frozen=True, kw_only=True):
    """A share taken back: its links say goodbye from `at_ms` on. `by` None means that it was given back."""

    share: str
    at_ms: int
    by: str | None


class Erased(Struct, frozen=True, kw_only=True):
    """A lead that was erased: its passes and cookies, wherever they are, are nobody's from then on."""

    lead: str
    at_ms: int


Noun = Brand | Customer | Asset | Mechanic | ApiKey | Revocation | Vanity | Erased | Endpoint
N = TypeVar("N", Brand, Customer, Asset, Mechanic, ApiKey, Revocation, Vanity, Erased, Endpoint)

TellDecision = Callable[[Transaction, int, Decision], Awaitable[None]]


async def _tell_nobody(tx: Transaction, id: int, decision: Decision) -> None:
    return


_NOUNS: dict[str, type[Noun]] = {
    "brand": Brand,
    "customer": Customer,
    "asset": Asset,
    "mechanic": Mechanic,
    "api_key": ApiKey,
    "revocation": Revocation,
    "vanity": Vanity,
    "erased": Erased,
    "endpoint": Endpoint,
}
_NAME_OF = {kind: name for name, kind in _NOUNS.items()}
_DECISION = Decision.__struct_fields__
_ID_OF: dict[type[Noun], str] = {Mechanic: "key", Revocation: "share", Vanity: "slug", Erased: "lead"}


class Catalog:
    """`load` before use. The mappings are by id, and never to be changed from outside."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._loading = asyncio.Lock()
        self.tell_decision: TellDecision = _tell_nobody
        """Told of each decision within its transaction; the outbox puts itself here."""
        self.generation = 0
        self.loaded_s = 0.0
        """When the present generation was last asked for, with success, on the clock of `time.monotonic`."""
        self.brands: dict[str, Brand] = {}
        self.customers: dict[str, Customer] = {}
        self.assets: dict[str, Asset] = {}
        self.mechanics: dict[str, Mechanic] = {}
        self.api_keys: dict[str, ApiKey] = {}
        self.revoked: dict[str, Revocation] = {}
        self.slugs: dict[str, Vanity] = {}
        self.erased: dict[str, Erased] = {}
        self.endpoints: dict[str, Endpoint] = {}
        self.lent: set[str] = set()
        """API keys that live as long as this process, by id."""
        self._keys_by_digest: dict[str, ApiKey] = {}
        self._public: set[str] = set()
        self._public_of = -1
        self._shelf: dict[type[Noun], dict[str, Any]] = {
            Brand: self.brands,
            Customer: self.customers,
            Asset: self.assets,
            Mechanic: self.mechanics,
            ApiKey: self.api_keys,
            Revocation: self.revoked,
            Vanity: self.slugs,
            Erased: self.erased,
            Endpoint: self.endpoints,
        }

    async def load(self) -> None:
        """Fetches what other processes, or an earlier run, have changed since."""
        async with self._loading:  # two at once could put an older row over a newer one
            row = await self._db.read_one("SELECT value FROM generation")
            newest = int(row["value"]) if row else 0
            self.loaded_s = time.monotonic()
            if newest == self.generation:
                return
            rows = await self._db.read(
                "SELECT noun, id, body FROM catalog WHERE generation > ? AND generation <= ? ORDER BY noun, id",
                (self.generation, newest),
            )
            for row in rows:
                try:
                    self._shelve(msgspec.json.decode(row["body"], type=_NOUNS[row["noun"]]))
                except (msgspec.MsgspecError, KeyError):
                    # One row that cannot be read must not keep the others, a kill among them, from being served.
                    _LOG.exception("the %s %s cannot be read and is left out", row["noun"], row["id"])
            self.generation = newest

    async def follow(self) -> None:
        """Looks for news for ever; meant to be a task of its own. A locked or full disk, or a server that is gone for a
        while, is waited out, and all else too."""
        while True:
            try:
                await self._db.news()
                await self.load()
            except Unavailable:
                await asyncio.sleep(PAUSE_S)
            except Exception:  # without news this process would go on serving what has been killed
                _LOG.exception("the catalog's news cannot be fetched")
                await asyncio.sleep(STUMBLE_S)

    @retried
    async def change(
        self,
        kind: type[N],
        id: str,
        change: Callable[[N | None], N],
        decisions: Callable[[N | None, N], Sequence[Decision]] = lambda before, after: (),
    ) -> tuple[N | None, N]:
        """Replaces one entry by what `change` makes of it, in one transaction; gives it before and after.

        `change` may raise to refuse; then nothing is stored. `decisions` are kept in the mechanic's history.
        """
        async with self._db.transaction() as tx:
            both = await self.change_in(tx, kind, id, change, decisions)
        await self.load()
        return both

    async def change_in(
        self,
        tx: Transaction,
        kind: type[N],
        id: str,
        change: Callable[[N | None], N],
        decisions: Callable[[N | None, N], Sequence[Decision]] = lambda before, after: (),
    ) -> tuple[N | None, N]:
        """The same within an open transaction; whoever commits it calls `load` afterwards."""
        name = _NAME_OF[kind]
        row = await tx.one("SELECT body FROM catalog WHERE noun = ? AND id = ?", (name, id))
        before = msgspec.json.decode(row["body"], type=kind) if row else None
        after = change(before)
        if after != before:
            await self._put(tx, [after])
        for decision in decisions(before, after):
            row = await tx.one(
                f"INSERT INTO decisions ({', '.join(_DECISION)}) VALUES ({', '.join('?' * len(_DECISION))}) "
                "RETURNING id AS value",
                [_column(getattr(decision, name)) for name in _DECISION],
            )
            await self.tell_decision(tx, _value(row), decision)
        return before, after

    @retried
    async def put_all(self, entries: Sequence[Noun]) -> None:
        """Stores many at once, all or nothing: an import."""
        async with self._db.transaction() as tx:
            await self._put(tx, entries)
        await self.load()

    async def decisions(self, mechanic: str) -> list[Decision]:
        """The mechanic's history, oldest first."""
        rows = await self._db.read("SELECT * FROM decisions WHERE mechanic = ? ORDER BY id", (mechanic,))
        return [decision_of(row) for row in rows]

    async def decision(self, id: int) -> Decision:
        """One decision of any mechanic; raises NotFound."""
        row = await self._db.read_one("SELECT * FROM decisions WHERE id = ?", (id,))
        if row is None:
            raise NotFound(f"There is no decision {id}.")
        return decision_of(row)

    def key_of(self, digest: str) -> ApiKey | None:
        """The API key with this digest, unless it was revoked."""
        key = self._keys_by_digest.get(digest)
        return key if key and key.revoked_at_ms is None else None

    def is_revoked(self, share: str) -> bool:
        held = self.revoked.get(share)
        return held is not None and held.by is not None

    def is_public(self, sha256: str) -> bool:
        """Whether a stored file is a logo or a picture of a walkthrough: what pages show by its content alone."""
        if self._public_of != self.generation:
            logos = [brand.logo for brand in self.brands.values()] + [c.logo for c in self.customers.values()]
            pictures = [p for asset in self.assets.values() for p in asset.pictures.values()]
            self._public = {name.partition(".")[0] for name in logos if name}
            self._public |= {variant.sha256 for picture in pictures for variant in picture.variants}
            self._public_of = self.generation
        return sha256 in self._public

    def lend(self, key: ApiKey) -> None:
        """Accepts an API key for as long as this process lives, without storing it."""
        self.lent.add(key.id)
        self._shelve(key)

    def find(self, kind: type[N], id: str) -> N:
        """One entry; raises NotFound in words."""
        found = self._shelf[kind].get(id)
        if found is None:
            raise NotFound(f"There is no {_NAME_OF[kind].replace('_', ' ')} called {id}.")
        return found  # type: ignore[no-any-return]

    async def _put(self, tx: Transaction, entries: Sequence[Noun]) -> None:
        row = await tx.one("UPDATE generation SET value = value + 1 RETURNING value")
        generation = _value(row)
        now_ms = self._clock()
        await tx.many(
            """INSERT INTO catalog (noun, id, body, generation, updated_at_ms) VALUES (?, ?, ?, ?, ?)
               ON CONFLICT (noun, id) DO UPDATE SET
                 body = excluded.body, generation = excluded.generation, updated_at_ms = excluded.updated_at_ms""",
            [(_NAME_OF[type(entry)], _id(entry), _written(entry), generation, now_ms) for entry in entries],
        )

    def _shelve(self, entry: Noun) -> None:
        self._shelf[type(entry)][_id(entry)] = entry
        if isinstance(entry, ApiKey):
            self._keys_by_digest[entry.digest] = entry


def decision_of(row: Row) -> Decision:
    """A decision of its row."""
    packed = {name: msgspec.json.decode(row[name]) for name in ("rule", "verdict", "produced") if row[name]}
    return msgspec.convert({**{name: row[name] for name in _DECISION}, **packed}, Decision)


def _column(value: Any) -> Any:
    return msgspec.json.encode(value).decode() if isinstance(value, Struct) else value


def _written(entry: Noun) -> str:
    """The row's body; raises Invalid, before anything is committed, for what could not be read back."""
    body = msgspec.json.encode(entry)
    try:
        msgspec.json.decode(body, type=type(entry))
    except msgspec.ValidationError as error:
        raise Invalid([fault_of(str(error))]) from None
    return body.decode()


def _id(entry: Noun) -> str:
    return str(getattr(entry, _ID_OF.get(type(entry), "id")))


def _value(row: Row | None) -> int:
    if row is None:
        raise NotFound("The catalog has no generation: this database is damaged.")
    return int(row["value"])
