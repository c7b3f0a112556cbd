"""Erasures that people have asked for: each waits for the person to confirm it by a letter's link, or for an admin."""

from __future__ import annotations

import msgspec
from msgspec import Struct
from uuid_utils import uuid7

from passalong.domain.delivery import Destination
from passalong.domain.domains import email_key
from passalong.domain.erasure import AGAIN_MS, LINK_MAX_AGE_MS, Emptied
from passalong.domain.instant import Clock
from passalong.domain.text import tidy
from passalong.errors import NotFound
from passalong.store.addresses import addresses
from passalong.store.db import REMEMBER, Database, retried
from passalong.store.invitations import Invitations
from passalong.store.leads import Leads
from passalong.store.outbox import Outbox

TOPIC = "confirmation"
"""Of the jobs that ask for a letter; the subject is the request's id."""


class Request(Struct, frozen=True, kw_only=True):
    """Somebody asked to be erased. `lead` is None for somebody who was only invited, whose address is not kept; `email`
    is the lead's."""

    id: str
    lead: str | None
    email: str | None
    asked_at_ms: int


class Waiting(Struct, frozen=True, kw_only=True):
    """A request whose letter is still to be written: to which address, in which language."""

    address: str
    language: str
    asked_at_ms: int


class Erasures:
    def __init__(self, db: Database, leads: Leads, invitations: Invitations, outbox: Outbox, clock: Clock) -> None:
        self._db = db
        self._leads = leads
        self._invitations = invitations
        self._outbox = outbox
        self._clock = clock

    # Asking.

    @retried
    async def ask(self, email: str, *, language: str, by_mail: bool) -> None:
        """Takes down that whoever has this address wants to be erased, and queues the letter if it goes `by_mail`. Of
        somebody who is unknown nothing is kept; nobody who asks can tell, by the time that it takes either: one
        transaction, which writes."""
        now_ms = self._clock()
        async with self._db.transaction() as tx:
            hashed = (await addresses(tx)).hash(email)
            await tx.all(REMEMBER, ("erasure_asked_at_ms", str(now_ms)))
            lead = await tx.one("SELECT id FROM leads WHERE email_key = ?", (email_key(email),))
            invited = await tx.one("SELECT 1 FROM invitations WHERE address_key = ? LIMIT 1", (hashed,))
            if lead is None and invited is None:
                return
            # What waits for an admin goes on waiting; of letters there is one a day.
            row = await tx.one(
                """INSERT INTO erasures (id, address_key, lead, asked_at_ms, by_mail, language, address)
                   VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (address_key) DO UPDATE SET lead = excluded.lead,
                     asked_at_ms = excluded.asked_at_ms, by_mail = excluded.by_mail, language = excluded.language,
                     address = excluded.address
                   WHERE erasures.by_mail = 1 AND (excluded.by_mail = 0 OR erasures.asked_at_ms <= ?)
                   RETURNING id""",
                (
                    str(uuid7()), hashed, None if lead is None else lead["id"], now_ms, int(by_mail), language,
                    email if by_mail and lead is None else "", now_ms - AGAIN_MS,
                ),
            )  # fmt: skip
            if by_mail and row is not None:
                await self._outbox.add(tx, Destination.MAIL, TOPIC, row["id"])

    async def waiting(self, id: str) -> Waiting | None:
        """The request, if its letter is still to be written and whom to write to is still known."""
        row = await self._db.read_one(
            """SELECT coalesce(l.email, e.address) AS address, e.language, e.asked_at_ms
               FROM erasures e LEFT JOIN leads l ON l.id = e.lead AND l.erased_at_ms IS NULL
               WHERE e.id = ? AND e.by_mail = 1 AND e.asked_at_ms > ?""",
            (id, self._clock() - LINK_MAX_AGE_MS),
        )
        return msgspec.convert(dict(row), Waiting) if row is not None and row["address"] else None

    async def sent(self, id: str) -> None:
        """The letter has gone, and the address with it."""
        await self._db.write("UPDATE erasures SET address = '' WHERE id = ?", (id,))

    # Seeing to it.

    async def get(self, id: str) -> Request:
        """One that is not done yet, however it was asked for. Raises NotFound."""
        found = await self._requests("e.id = ?", id)
        if not found:
            raise NotFound(f"Nobody waits to be erased under {id}.")
        return found[0]

    async def page(self, *, limit: int, after: tuple[int, str] | None = None) -> list[Request]:
        """Those that wait for an admin, the oldest first, from behind the (asked_at_ms, id) `after`."""
        waiting = "e.by_mail = 0 AND (e.asked_at_ms, e.id) > (?, ?)"
        return await self._requests(waiting, *(after or (0, "")), limit=limit)

    async def dismiss(self, id: str) -> None:
        """Puts a request away without an erasure: it was not the person who asked. Raises NotFound."""
        await self.get(id)
        await self._db.write("DELETE FROM erasures WHERE id = ?", (id,))

    async def erase(self, email: str) -> Emptied:
        """Empties all that is kept of whoever has this address, as a lead or because somebody invited it. Raises
        NotFound for somebody unknown."""
        ids = await self._leads.ids_of(email)
        if ids:
            return await self._leads.erase(ids, self._clock())
        invited = await self._invitations.erase(email)
        if not invited:
            raise NotFound(f"Nobody is known here by the address {tidy(email)}.")
        return _of_invited((await addresses(self._db)).hash(email), invited)

    async def erase_asked(self, id: str) -> Emptied:
        """The same for whoever has asked for it. Raises NotFound for what is done or was never asked."""
        asked = await self.get(id)
        row = await self._db.read_one("SELECT address_key FROM erasures WHERE id = ?", (id,))
        if row is None:
            raise NotFound(f"Nobody waits to be erased under {id}.")
        email = asked.email or await self._come_since(row["address_key"], asked.asked_at_ms)
        if email is not None:
            return await self.erase(email)
        return _of_invited(row["address_key"], await self._invitations.erase_hashed(row["address_key"]))

    @retried
    async def sweep(self, now_ms: int) -> None:
        """Forgets what nobody confirmed in time, and requests of people of whom nothing is kept any more."""
        async with self._db.transaction() as tx:
            gone = await tx.all(
                """DELETE FROM erasures WHERE (by_mail = 1 AND asked_at_ms <= ?) OR (lead IS NULL AND NOT EXISTS
                     (SELECT 1 FROM invitations i WHERE i.address_key = erasures.address_key)) RETURNING id""",
                (now_ms - LINK_MAX_AGE_MS,),
            )
        if gone:
            await self._db.forget()

    async def _come_since(self, address_key: str, asked_at_ms: int) -> str | None:
        """The address of somebody who had only been invited, and has come in person after asking."""
        hashes = await addresses(self._db)
        rows = await self._db.read(
            "SELECT email FROM leads WHERE erased_at_ms IS NULL AND created_at_ms >= ?", (asked_at_ms,)
        )
        return next((row["email"] for row in rows if hashes.hash(row["email"]) == address_key), None)

    async def _requests(self, condition: str, *params: object, limit: int = 1) -> list[Request]:
        rows = await self._db.read(
            f"""SELECT e.id, l.id AS lead, l.email, e.asked_at_ms
                FROM erasures e LEFT JOIN leads l ON l.id = e.lead AND l.erased_at_ms IS NULL
                WHERE {condition} ORDER BY e.asked_at_ms, e.id LIMIT ?""",
            (*params, limit),
        )
        return [msgspec.convert(dict(row), Request) for row in rows]


def _of_invited(address_key: str, invited: int) -> Emptied:
    """Of somebody who never came there is no more than this."""
    return Emptied(leads=[], addresses=[address_key], rows={"invitations": invited}, hubspot=False, webhooks=0)
