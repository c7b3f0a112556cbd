"""Invitations: links for colleagues whose addresses somebody else has typed, kept no longer than a letter takes."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace
from uuid_utils import uuid7

from passalong.domain.delivery import Destination
from passalong.domain.event import Event
from passalong.domain.instant import DAY_MS
from passalong.domain.prompt import INVITED_A_DAY, REMEMBERED_MS, WAITING_MS
from passalong.domain.share import Claims
from passalong.errors import TooMany
from passalong.store.addresses import Addresses, addresses
from passalong.store.catalog import Catalog
from passalong.store.db import Database, Row, Transaction, retried
from passalong.store.idempotency import erase_answers
from passalong.store.ledger import insert_shares
from passalong.store.outbox import Outbox

TOPIC = "invitation"
"""Of the jobs that ask for a letter; the subject is the invitation's id."""

_EMPTY = "address = '', inviter = '', waits_ms = NULL"


class Invited(Struct, frozen=True, kw_only=True):
    """Somebody's invitation. `sent_at_ms` says when the letter went; `waiting` that one is on its way."""

    address: str
    claims: Claims
    fresh: bool
    waiting: bool
    sent_at_ms: int | None


class Waiting(Struct, frozen=True, kw_only=True):
    """An invitation whose letter is still to be written."""

    id: str
    claims: Claims
    inviter: str
    language: str
    address: str


class Invitations:
    def __init__(self, db: Database, catalog: Catalog, outbox: Outbox) -> None:
        self._db = db
        self._catalog = catalog
        self._outbox = outbox

    @retried
    async def invite(
        self, people: Sequence[str], event: Event, claims: Claims, *, inviter: str, language: str, by_mail: bool
    ) -> list[Invited]:
        """A link of one's own for each address; who was invited within thirty days has theirs already.

        Links, events and letters to write commit together or not at all. `event` is what happens for each new link,
        `claims` what all of them claim, but for the nonce. Raises TooMany when a day's invitations are used up, or
        fewer are left.
        """
        async with self._db.transaction() as tx:
            hashes = await addresses(tx)
            known = {address: await self._known(tx, hashes, address, claims, event.at_ms) for address in people}
            await self._room(tx, claims.customer, event.at_ms, sum(row is None for row in known.values()))
            made = {
                address: replace(claims, nonce=secrets.token_urlsafe(6)) for address, row in known.items() if not row
            }
            await insert_shares(tx, {new.share: (new, event.at_ms) for new in made.values()})
            await self._tell(tx, [replace(event, share=new.share) for new in made.values()])
            invited = []
            for address, row in known.items():
                written = by_mail and (row is None or row["sent_at_ms"] is None)
                id = row["id"] if row else str(uuid7())
                if row is None:
                    own = made[address]
                    await tx.all(
                        "INSERT INTO invitations VALUES (?, ?, ?, ?, ?, '', ?, '', ?, ?, NULL, NULL)",
                        (
                            id, own.share, own.customer, own.mechanic, own.asset, language, hashes.hash(address),
                            event.at_ms,
                        ),
                    )  # fmt: skip
                else:
                    own = _claims(row)
                if written:
                    await tx.all(
                        "UPDATE invitations SET address = ?, inviter = ?, waits_ms = ? WHERE id = ?",
                        (address, inviter, event.at_ms, id),
                    )
                    await self._outbox.add(tx, Destination.MAIL, TOPIC, id)
                sent_at_ms = row["sent_at_ms"] if row else None
                invited.append(
                    Invited(address=address, claims=own, fresh=row is None, waiting=written, sent_at_ms=sent_at_ms)
                )
        return invited

    async def waiting(self, id: str) -> Waiting | None:
        """The invitation, if its letter is still to be written; None once it was, or its address is gone."""
        row = await self._db.read_one(
            """SELECT i.id, i.inviter, i.language, i.address, s.* FROM invitations i JOIN shares s ON s.share = i.share
               WHERE i.id = ? AND i.waits_ms IS NOT NULL""",
            (id,),
        )
        if row is None:
            return None
        said = {name: row[name] for name in ("id", "inviter", "language", "address")}
        return Waiting(claims=_claims(row), **said)

    async def sent(self, id: str, at_ms: int) -> None:
        """The letter has gone, and the address with it."""
        await self._db.write(f"UPDATE invitations SET sent_at_ms = ?, {_EMPTY} WHERE id = ?", (at_ms, id))

    @retried
    async def sweep(self, now_ms: int) -> None:
        """Forgets addresses that have waited for too long, and whom nothing depends on knowing again."""
        async with self._db.transaction() as tx:
            gone = await tx.all(
                f"UPDATE invitations SET {_EMPTY} WHERE waits_ms <= ? RETURNING id",
                (now_ms - WAITING_MS,),
            )
            gone += await tx.all(
                "UPDATE invitations SET address_key = NULL WHERE address_key IS NOT NULL AND at_ms <= ? RETURNING id",
                (now_ms - REMEMBERED_MS,),
            )
        if gone:
            await self._db.forget()

    @retried
    async def erase(self, email: str) -> int:
        """Empties what is kept of somebody who was invited. Gives how many invitations that were."""
        async with self._db.transaction() as tx:
            erased = await erase_invited(tx, (await addresses(tx)).hash(email))
            if erased:
                await erase_answers(tx, [email])
        if erased:
            await self._db.forget()
        return erased

    @retried
    async def erase_hashed(self, address_key: str) -> int:
        """The same of somebody whose address is known no more, by the keyed hash of it. An answer to a post that names
        the address is not found by that, and goes within its day."""
        async with self._db.transaction() as tx:
            erased = await erase_invited(tx, address_key)
        await self._db.forget()
        return erased

    async def _known(self, tx: Transaction, hashes: Addresses, address: str, claims: Claims, now_ms: int) -> Row | None:
        """The invitation that an address has to the same thing, unless its link was taken back."""
        row = await tx.one(
            """SELECT i.id, i.sent_at_ms, s.* FROM invitations i JOIN shares s ON s.share = i.share
               WHERE i.address_key = ? AND i.at_ms > ? AND i.customer = ? AND i.mechanic = ? AND i.asset = ?
               ORDER BY i.at_ms DESC LIMIT 1""",
            (hashes.hash(address), now_ms - REMEMBERED_MS, claims.customer, claims.mechanic, claims.asset),
        )
        return None if row is None or self._catalog.is_revoked(row["share"]) else row

    async def _room(self, tx: Transaction, customer: str, now_ms: int, more: int) -> None:
        row = await tx.one(
            "SELECT count(*) AS made, min(at_ms) AS oldest_ms FROM invitations WHERE customer = ? AND at_ms > ?",
            (customer, now_ms - DAY_MS),
        )
        if row is not None and more and row["made"] + more > INVITED_A_DAY:
            left = max(INVITED_A_DAY - row["made"], 0)
            raise TooMany(max(((row["oldest_ms"] or now_ms) + DAY_MS - now_ms) // 1000, 1), left)

    async def _tell(self, tx: Transaction, events: Sequence[Event]) -> None:
        if events:
            await tx.append(events)
            await self._outbox.tell_events(tx, events, [])


async def erase_invited(tx: Transaction, address_key: str) -> int:
    """The same within an open transaction: for an erasure that empties more than this. That it was asked for is done
    with."""
    rows = await tx.all(
        f"UPDATE invitations SET {_EMPTY}, address_key = NULL WHERE address_key = ? RETURNING id", (address_key,)
    )
    await tx.all("DELETE FROM erasures WHERE address_key = ?", (address_key,))
    return len(rows)


def _claims(row: Row) -> Claims:
    return Claims(**{name: row[name] for name in Claims.__struct_fields__})
