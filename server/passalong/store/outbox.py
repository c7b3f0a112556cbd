"""The outbox: what is to be told outside, committed with what caused it, and carried by one process at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct
from uuid_utils import uuid7

from passalong.domain.decision import Decision, DecisionKind
from passalong.domain.delivery import (
    HOUR_MS,
    TELLING,
    TOPIC_OF,
    Destination,
    Endpoint,
    Job,
    JobState,
    Pause,
    Topic,
    message_id,
)
from passalong.domain.domains import is_freemail
from passalong.domain.event import Event, EventKind
from passalong.domain.instant import Clock
from passalong.domain.lead import Lead
from passalong.errors import Conflict, NotFound
from passalong.store.addresses import addresses
from passalong.store.catalog import Catalog
from passalong.store.db import Database, Transaction, retried

LEASE = "courier"
_KEPT = "state IN ('sent', 'skipped')"
_UNDONE = "state IN ('pending', 'sending', 'failed')"
"""As the index `outbox_undone` has it: of millions that were sent, none is looked at."""
CONTACT, CONTACT_AGAIN, DEAL, DEAL_IN, ERASURE = "contact", "contact.again", "deal", "deal.read", "erasure"
"""Topics of jobs for HubSpot: write a contact, write it over what stands there, write a credit to a deal, read a deal,
erase a contact."""
LATE_MS = 26 * 3_600_000
"""A gate passed on the day of a conversion counts, and a day has twenty-five hours at most."""
LEAD = "lead"
"""Topic of a job for ourselves: a lead has come whom known conversions may have waited for."""
LOOK = "look"
"""Topic of a job for ourselves: something was heard of a customer, or a day has passed."""


_KNOWN = """(EXISTS (SELECT 1 FROM signals s WHERE s.customer = told.customer AND s.external_id NOT GLOB 'sample-*')
    OR NOT EXISTS (SELECT 1 FROM signals s WHERE s.customer = told.customer))"""
"""Of a customer who was not made up for a demonstration, with all that was heard of it."""
_OF_PEOPLE = f"""SELECT seq AS subject, at_ms FROM events told WHERE {_KNOWN}
  AND actor IN ({", ".join(f"'{a}'" for a in TELLING)})
  AND share NOT IN (SELECT share FROM leads WHERE sample = 1)
  AND share NOT IN (SELECT c.share FROM credits c JOIN conversions v ON v.id = c.conversion
                    WHERE v.sample = 1 AND c.share IS NOT NULL) AND kind ="""
_HAPPENED = {topic: f"{_OF_PEOPLE} '{kind}'" for kind, topic in TOPIC_OF.items()} | {
    Topic.LEAD_ERASED: "SELECT id AS subject, erased_at_ms AS at_ms FROM leads WHERE sample = 0",
    Topic.CONVERSION_CREATED: "SELECT id AS subject, recorded_at_ms AS at_ms FROM conversions WHERE sample = 0",
    Topic.ATTRIBUTION_CHANGED: """SELECT e.conversion || '/' || e.version AS subject, e.at_ms FROM evaluations e
        JOIN conversions v ON v.id = e.conversion WHERE e.version > 1 AND v.sample = 0""",
    Topic.MECHANIC_KILLED: "SELECT id AS subject, at_ms FROM decisions WHERE kind = 'kill'",
    Topic.MECHANIC_REVIVED: "SELECT id AS subject, at_ms FROM decisions WHERE kind = 'revive'",
    Topic.PLAY_CREATED: f"SELECT id AS subject, created_at_ms AS at_ms FROM plays told WHERE {_KNOWN}",
    Topic.PLAY_CLOSED: f"""SELECT id || '/' || state AS subject, closed_at_ms AS at_ms FROM plays told
        WHERE {_KNOWN} AND state <> 'open'""",
}
"""Subject and time of everything that could have been told of a topic, but for what was made up for a demonstration."""


_ADD = """INSERT INTO outbox (id, destination, endpoint, topic, subject, state, created_at_ms, due_at_ms)
  VALUES (?, ?, ?, ?, ?, 'pending', ?, ?) ON CONFLICT DO NOTHING"""


class Count(Struct, frozen=True, kw_only=True):
    """Jobs of a destination in one state; `oldest_ms` is when the oldest of them came."""

    destination: str
    state: JobState
    n: int
    oldest_ms: int


class ToldOfErasure(Struct, frozen=True, kw_only=True):
    """How many jobs said something of an erased lead, whether the CRM is asked to erase it, how many endpoints are
    told."""

    jobs: int
    crm: bool
    endpoints: int


class Outbox:
    """`crm` says whether there is a CRM to tell."""

    def __init__(self, db: Database, catalog: Catalog, clock: Clock, *, crm: bool) -> None:
        self._db = db
        self._catalog = catalog
        self._clock = clock
        self._crm = crm
        catalog.tell_decision = self.tell_decision

    # What is told, within the transaction that causes it.

    @property
    def wanted(self) -> frozenset[EventKind]:
        """The kinds of events that concern anybody outside."""
        endpoints = tuple(self._catalog.endpoints.values())
        return frozenset(kind for kind, topic in TOPIC_OF.items() if any(e.takes(topic) for e in endpoints))

    async def tell_events(self, tx: Transaction, events: Sequence[Event], leads: Sequence[Lead]) -> None:
        """Of events that were appended last, and of the leads among them. What is written down long after it happened
        is history and no news; nor is what was made up for a demonstration."""
        samples, wanted = {lead.id for lead in leads if lead.sample}, self.wanted
        news_ms = self._clock() - HOUR_MS
        news = [
            (place, TOPIC_OF[event.kind])
            for place, event in enumerate(events)
            if event.at_ms > news_ms and event.lead not in samples and event.actor in TELLING and event.kind in wanted
        ]
        if news:
            row = await tx.one("SELECT max(seq) AS seq FROM events")
            first = (int(row["seq"]) if row else 0) - len(events) + 1
            for place, topic in news:
                await self.tell(tx, topic, str(first + place))
        if leads:
            await self._tell_of_leads(tx, leads)

    async def _tell_of_leads(self, tx: Transaction, leads: Sequence[Lead]) -> None:
        jobs = [(Destination.HUBSPOT, CONTACT, lead.id) for lead in leads if self._crm and not lead.sample]
        hashes = await addresses(tx)
        # A touch on the day of a conversion counts, so what happened up to a day before the lead came is asked about.
        asked = [
            (
                lead.id,
                hashes.hash(lead.email),
                None if lead.domain is None or is_freemail(lead.domain) else lead.domain,
                lead.created_at_ms - LATE_MS,
            )
            for lead in leads
        ]
        waited_for = await tx.all(
            """SELECT lead FROM (SELECT value ->> 0 AS lead, value ->> 1 AS address, value ->> 2 AS domain,
                                        CAST(value ->> 3 AS BIGINT) AS since_ms FROM json_each(?)) AS came
               WHERE EXISTS (SELECT 1 FROM contacts WHERE contacts.address = came.address)
                  OR EXISTS (SELECT 1 FROM contacts c JOIN conversions v ON v.id = c.conversion
                             WHERE c.domain = came.domain AND v.occurred_at_ms > came.since_ms)
                  OR EXISTS (SELECT 1 FROM conversions
                             WHERE company_domain = came.domain AND occurred_at_ms > came.since_ms)""",
            (msgspec.json.encode(asked).decode(),),
        )
        jobs += [(Destination.PIPELINE, LEAD, row["lead"]) for row in waited_for]
        await self.add_all(tx, jobs)

    async def tell(self, tx: Transaction, topic: Topic, subject: str) -> None:
        """A webhook job for every endpoint that takes the topic."""
        for endpoint in tuple(self._catalog.endpoints.values()):
            if endpoint.takes(topic):
                await self.add(tx, Destination.WEBHOOK, topic, subject, endpoint.id)

    async def tell_decision(self, tx: Transaction, id: int, decision: Decision) -> None:
        """A mechanic was killed, or lives again."""
        topics = {DecisionKind.KILL: Topic.MECHANIC_KILLED, DecisionKind.REVIVE: Topic.MECHANIC_REVIVED}
        if topic := topics.get(decision.kind):
            await self.tell(tx, topic, str(id))

    async def tell_credit(self, tx: Transaction, conversion: str, version: int, deal: str | None) -> None:
        """A conversion was credited: for the first time, or anew."""
        if version == 1:
            await self.tell(tx, Topic.CONVERSION_CREATED, conversion)
        else:
            await self.tell(tx, Topic.ATTRIBUTION_CHANGED, f"{conversion}/{version}")
        if self._crm and deal is not None:
            await self.add(tx, Destination.HUBSPOT, DEAL, deal)

    async def tell_erasure(self, tx: Transaction, lead: str, *, in_crm: bool) -> ToldOfErasure:
        """An erased lead is erased elsewhere, too; `in_crm` unless the CRM itself has asked for it."""
        in_crm = self._crm and in_crm and await self._sent(tx, lead)
        dropped = await tx.all(
            "UPDATE outbox SET state = 'skipped', done_at_ms = ?, reason = 'The lead was erased.' "
            "WHERE destination = 'hubspot' AND topic IN (?, ?) AND subject = ? AND state IN ('pending', 'failed') "
            "RETURNING id",
            (self._clock(), CONTACT, CONTACT_AGAIN, lead),
        )
        # An endpoint that refused may have repeated in its words what it was sent.
        quoted = await tx.all(
            """UPDATE outbox SET reason = 'The lead was erased.' WHERE destination = 'webhook' AND reason IS NOT NULL
                 AND subject IN (SELECT CAST(seq AS TEXT) FROM events WHERE lead = ?) RETURNING id""",
            (lead,),
        )
        jobs = len(dropped) + len(quoted)
        if await tx.one("SELECT 1 FROM leads WHERE id = ? AND sample = 1", (lead,)):
            return ToldOfErasure(jobs=jobs, crm=False, endpoints=0)
        if in_crm:
            await self.add(tx, Destination.HUBSPOT, ERASURE, lead)
        await self.tell(tx, Topic.LEAD_ERASED, lead)
        told = sum(endpoint.takes(Topic.LEAD_ERASED) for endpoint in tuple(self._catalog.endpoints.values()))
        return ToldOfErasure(jobs=jobs, crm=in_crm, endpoints=told)

    async def _sent(self, tx: Transaction, lead: str) -> bool:
        """Whether the CRM may know of a lead: it is there, is on its way, or an attempt was made."""
        row = await tx.one(
            """SELECT 1 WHERE EXISTS (SELECT 1 FROM crm_contacts WHERE lead = ?) OR EXISTS (
                 SELECT 1 FROM outbox WHERE subject = ? AND destination = 'hubspot' AND topic IN (?, ?)
                   AND (state IN ('sending', 'sent') OR attempts > 0 OR reason IS NOT NULL))""",
            (lead, lead, CONTACT, CONTACT_AGAIN),
        )
        return row is not None

    async def add(
        self, tx: Transaction, destination: Destination, topic: str, subject: str, endpoint: str = ""
    ) -> None:
        """One more job, unless the same already waits."""
        await self.add_all(tx, [(destination, topic, subject)], endpoint)

    async def add_all(self, tx: Transaction, jobs: Iterable[tuple[Destination, str, str]], endpoint: str = "") -> None:
        """Jobs by destination, topic and subject; whichever already waits is not added again."""
        now_ms = self._clock()
        rows = [
            (
                _id(destination, endpoint, topic, subject),
                destination.value,
                endpoint,
                str(topic),
                subject,
                now_ms,
                now_ms,
            )
            for destination, topic, subject in jobs
        ]
        await tx.many(_ADD, rows)

    async def add_looks(self, tx: Transaction, customers: Iterable[str]) -> None:
        """Each of these customers is looked at, unless it waits for that already; a trigger adds whom is heard of."""
        await self.add_all(tx, [(Destination.PLAYS, LOOK, customer) for customer in customers])

    # Carrying.

    @retried
    async def lease(self, holder: str, ttl_ms: int) -> bool:
        """Takes or renews the right to carry; a new holder finds what the last one had on its way pending again."""
        now_ms = self._clock()
        async with self._db.transaction() as tx:
            before = await tx.one("SELECT holder FROM leases WHERE name = ?", (LEASE,))
            row = await tx.one(
                """INSERT INTO leases VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET holder = excluded.holder,
                     until_ms = excluded.until_ms
                   WHERE leases.holder = excluded.holder OR leases.until_ms <= ? OR leases.until_ms > ?
                   RETURNING holder""",
                (LEASE, holder, now_ms + ttl_ms, now_ms, now_ms + 2 * ttl_ms),  # later: the clock was set back
            )
            if row is not None and (before is None or before["holder"] != holder):
                await self._wait_again(tx, now_ms, "state = 'sending'")
        return row is not None

    async def release(self, holder: str) -> None:
        """Gives the right back, so that the next one need not wait."""
        await self._db.write("DELETE FROM leases WHERE name = ? AND holder = ?", (LEASE, holder))

    async def due(self, destination: Destination, endpoint: str | None = None) -> bool:
        """Whether any job waits to be carried now; with `endpoint`, whether one of its own does."""
        row = await self._db.read_one(
            f"""SELECT 1 FROM outbox WHERE destination = ? {"" if endpoint is None else "AND endpoint = ?"}
                AND state = 'pending' AND due_at_ms <= ? LIMIT 1""",
            (destination.value, *([] if endpoint is None else [endpoint]), self._clock()),
        )
        return row is not None

    @retried
    async def claim(
        self, destination: Destination, limit: int, topic: str | None = None, *, endpoint: str = ""
    ) -> list[Job]:
        """Jobs that are due, oldest first, now on their way. With `topic` or `endpoint`, of that one alone."""
        if not await self.due(destination, endpoint):
            return []
        async with self._db.transaction() as tx:
            rows = await tx.all(
                f"""UPDATE outbox SET state = 'sending', attempts = attempts + 1 WHERE id IN (
                      SELECT id FROM outbox WHERE destination = ? AND endpoint = ? AND state = 'pending'
                        {"AND topic = ?" if topic else ""} AND due_at_ms <= ? ORDER BY created_at_ms, id
                      LIMIT ? /* unclaimed */)
                    RETURNING *""",
                (destination.value, endpoint, *([topic] if topic else []), self._clock(), limit),
            )
        return sorted((msgspec.convert(dict(row), Job) for row in rows), key=lambda job: (job.created_at_ms, job.id))

    @retried
    async def done(self, jobs: Sequence[Job]) -> None:
        async with self._db.transaction() as tx:
            await self.mark_done(tx, jobs)

    async def mark_done(self, tx: Transaction, jobs: Sequence[Job]) -> None:
        """The same, within a transaction that stores what came of them."""
        await tx.many(
            "UPDATE outbox SET state = 'sent', done_at_ms = ?, reason = NULL WHERE id = ?",
            [(self._clock(), job.id) for job in jobs],
        )

    async def drop(self, tx: Transaction, jobs: Sequence[Job]) -> None:
        """The same for what nobody asks about later: no trace of these stays."""
        await tx.many("DELETE FROM outbox WHERE id = ?", [(job.id,) for job in jobs])

    @retried
    async def back(self, jobs: Sequence[Job], *, reason: str | None, wait_ms: int = 0, tried: bool = True) -> None:
        """These wait again: for so long, and without an attempt counted unless they were `tried` themselves."""
        due_ms = self._clock() + wait_ms
        async with self._db.transaction() as tx:
            await tx.many(
                """UPDATE outbox SET reason = coalesce(?, reason), attempts = max(attempts - ?, 0)
                   WHERE id = ? AND state = 'sending'""",
                [(reason, 0 if tried else 1, job.id) for job in jobs],
            )
            ids = msgspec.json.encode([job.id for job in jobs]).decode()
            await self._wait_again(tx, due_ms, "id IN (SELECT value FROM json_each(?)) AND state = 'sending'", (ids,))

    @retried
    async def reclaim(self, destination: Destination, wait_ms: int) -> None:
        """All of a destination that is on its way waits again: whoever carried it has stumbled."""
        async with self._db.transaction() as tx:
            await self._wait_again(
                tx, self._clock() + wait_ms, "destination = ? AND state = 'sending'", (destination.value,)
            )

    async def failed(self, job: Job, reason: str) -> None:
        """A dead letter: tried no more, until an admin says so."""
        await self._db.write(
            "UPDATE outbox SET state = 'failed', done_at_ms = ?, reason = ? WHERE id = ?",
            (self._clock(), reason, job.id),
        )

    async def passed_over(self, job: Job, reason: str) -> None:
        """What was on its way is not sent after all: there is no need any more."""
        await self._db.write(
            "UPDATE outbox SET state = 'skipped', done_at_ms = ?, reason = ? WHERE id = ?",
            (self._clock(), reason, job.id),
        )

    # Pauses of a whole destination.

    @retried
    async def pause(self, destination: str, reason: str, wait_ms: int) -> Pause:
        """Nothing goes there for a while."""
        now_ms = self._clock()
        async with self._db.transaction() as tx:
            row = await tx.one(
                """INSERT INTO pauses VALUES (?, ?, ?, 1, ?) ON CONFLICT (destination) DO UPDATE SET
                     until_ms = excluded.until_ms, reason = excluded.reason, attempts = pauses.attempts + 1
                   RETURNING *""",
                (destination, now_ms, now_ms + wait_ms, reason),
            )
        if row is None:
            raise NotFound(f"There is no pause of {destination}.")
        return msgspec.convert(dict(row), Pause)

    async def resume(self, destination: str) -> None:
        """The destination answers again, or an admin says that it will."""
        if destination in {pause.destination for pause in await self.pauses()}:
            await self._db.write("DELETE FROM pauses WHERE destination = ?", (destination,))

    async def pauses(self) -> list[Pause]:
        return [msgspec.convert(dict(row), Pause) for row in await self._db.read("SELECT * FROM pauses")]

    # Looking, and an admin's hand.

    async def counts(self) -> list[Count]:
        rows = await self._db.read(
            """SELECT destination, state, count(*) AS n, min(created_at_ms) AS oldest_ms FROM outbox
               WHERE state IN ('pending', 'sending', 'failed') GROUP BY destination, state"""
        )
        return [msgspec.convert(dict(row), Count) for row in rows]

    async def page(
        self,
        *,
        limit: int,
        before: tuple[int, str] | None = None,
        state: JobState | None = None,
        destination: Destination | None = None,
        endpoint: str | None = None,
        search: str | None = None,
    ) -> list[Job]:
        """Jobs, newest first, from below the (created_at_ms, id) `before`. Looks that wait are told only if they are
        asked for: they are ours alone, and gone in a moment."""
        where, params = ["true"], []  # type: tuple[list[str], list[object]]
        source = "outbox"
        if state in (JobState.PENDING, JobState.SENDING, JobState.FAILED):
            source = "outbox INDEXED BY outbox_undone"
            where.append(_UNDONE)
        if search:
            where.append(
                "instr(lower(topic || ' ' || subject || ' ' || endpoint || ' ' || coalesce(reason, '')), lower(?)) > 0"
            )
            params.append(search)
        if destination is None:
            where.append("(destination <> 'plays' OR state = 'failed')")
        if before is not None:
            where.append("(created_at_ms, id) < (?, ?)")
            params += before
        for column, value in (("state", state), ("destination", destination), ("endpoint", endpoint)):
            if value is not None:
                where.append(f"{column} = ?")
                params.append(str(value))
        rows = await self._db.read(
            f"SELECT * FROM {source} WHERE {' AND '.join(where)} ORDER BY created_at_ms DESC, id DESC LIMIT ?",
            [*params, limit],
        )
        return [msgspec.convert(dict(row), Job) for row in rows]

    async def get(self, id: str) -> Job:
        """One job; raises NotFound."""
        row = await self._db.read_one("SELECT * FROM outbox WHERE id = ?", (id,))
        if row is None:
            raise NotFound(f"There is no job {id} in the outbox.")
        return msgspec.convert(dict(row), Job)

    async def retry(self, id: str) -> Job:
        """Tried again at once, from the first attempt; raises Conflict for one that is on its way."""
        job = await self.get(id)
        if job.state is JobState.SENDING:
            raise Conflict("This job is on its way right now.")
        await self._again("id = ?", (id,))
        return await self.get(id)

    async def skip(self, id: str, reason: str) -> Job:
        """Given up for good, with a reason; raises Conflict for what is done or on its way."""
        job = await self.get(id)
        if job.state not in (JobState.PENDING, JobState.FAILED):
            raise Conflict(f"This job is {job.state} and cannot be skipped.")
        await self._db.write(
            "UPDATE outbox SET state = 'skipped', done_at_ms = ?, reason = ? WHERE id = ? AND state = ?",
            (self._clock(), reason, id, job.state.value),
        )
        return await self.get(id)

    async def resend_failed(self, destination: Destination | None = None) -> int:
        """All dead letters once more; gives how many."""
        if destination is None:
            return await self._again("state = 'failed'", ())
        return await self._again("state = 'failed' AND destination = ?", (destination.value,))

    @retried
    async def replay(self, endpoint: Endpoint, first_ms: int, last_ms: int) -> int:
        """All that an endpoint takes and that happened between two times, once more under the same ids."""
        told = []
        for topic, asked in _HAPPENED.items():
            if endpoint.takes(topic):
                rows = await self._db.read(
                    f"SELECT subject, at_ms FROM ({asked}) happened WHERE at_ms BETWEEN ? AND ?", (first_ms, last_ms)
                )
                told += [
                    (
                        message_id(endpoint.id, topic, str(row["subject"])),
                        topic.value,
                        str(row["subject"]),
                        row["at_ms"],
                    )
                    for row in rows
                ]
        async with self._db.transaction() as tx:
            again = await tx.all(
                """INSERT INTO outbox (id, destination, endpoint, topic, subject, state, created_at_ms, due_at_ms)
                   SELECT value ->> 0, 'webhook', ?, value ->> 1, value ->> 2, 'pending', CAST(value ->> 3 AS BIGINT), ?
                   FROM json_each(?) WHERE true
                   ON CONFLICT (id) DO UPDATE SET state = 'pending', attempts = 0, due_at_ms = excluded.due_at_ms,
                     done_at_ms = NULL WHERE outbox.state <> 'sending' RETURNING id""",
                (endpoint.id, self._clock(), msgspec.json.encode(told).decode()),
            )
        return len(again)

    async def fail_all(self, endpoint: str, reason: str) -> None:
        """What waits for an endpoint that was disabled waits no longer."""
        await self._db.write(
            """UPDATE outbox SET state = 'failed', done_at_ms = ?, reason = ?
               WHERE destination = 'webhook' AND endpoint = ? AND state IN ('pending', 'sending')""",
            (self._clock(), reason, endpoint),
        )

    @retried
    async def forget(self, before_ms: int) -> int:
        """Deletes what was done before a time; what failed stays."""
        async with self._db.transaction() as tx:
            rows = await tx.all(f"DELETE FROM outbox WHERE {_KEPT} AND done_at_ms < ? RETURNING id", (before_ms,))
        return len(rows)

    @retried
    async def _again(self, where: str, params: Sequence[object]) -> int:
        async with self._db.transaction() as tx:
            await tx.all(f"UPDATE outbox SET attempts = 0, done_at_ms = NULL WHERE {where}", params)
            return await self._wait_again(tx, self._clock(), where, params)

    async def _wait_again(self, tx: Transaction, due_ms: int, where: str, params: Sequence[object] = ()) -> int:
        """Jobs wait (again); gives how many. What waits already for the same subject says the same, so one of the two
        is enough."""
        rows = await tx.all(
            f"SELECT destination, endpoint, topic, subject, id FROM outbox WHERE {where} ORDER BY created_at_ms, id",
            params,
        )
        standing = {tuple(row)[:4]: str(row["id"]) for row in rows}
        await tx.many(
            """DELETE FROM outbox WHERE destination = ? AND endpoint = ? AND topic = ? AND subject = ?
                 AND state = 'pending' AND id <> ?""",
            [(*subject, id) for subject, id in standing.items()],
        )
        twice = [(str(row["id"]),) for row in rows if standing[tuple(row)[:4]] != row["id"]]
        await tx.many("DELETE FROM outbox WHERE id = ?", twice)
        await tx.many(
            "UPDATE outbox SET state = 'pending', due_at_ms = ? WHERE id = ?",
            [(due_ms, id) for id in standing.values()],
        )
        return len(standing)


def _id(destination: Destination, endpoint: str, topic: str, subject: str) -> str:
    return message_id(endpoint, topic, subject) if destination is Destination.WEBHOOK else str(uuid7())
