"""Carries jobs to HubSpot, and asks it for deals: one call after another, with patience."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence

from passalong.domain.delivery import Destination, Job, Pause
from passalong.domain.instant import DAY_MS, Clock
from passalong.domain.lead import Lead
from passalong.errors import PassalongError
from passalong.hubspot import contacts, deals, properties
from passalong.hubspot.client import MOST_INPUTS, Client, LockedOut, Refused, Unreachable
from passalong.settings import HubSpot
from passalong.store.crm import NOTHING_TOLD, Crm, Link
from passalong.store.outbox import CONTACT, CONTACT_AGAIN, DEAL, DEAL_IN, ERASURE, Outbox

FIRST_PAUSE_MS = 250
LONGEST_PAUSE_MS = 300_000
FIRST_WAIT_MS, LONGEST_WAIT_MS, MOST_ATTEMPTS = 1_000, 15 * 60_000, 16
"""For a record that is refused for now while others are taken: about two hours in all, then it is a dead letter."""
LOCKED_OUT_MS = 15 * 60_000
"""How long to wait after a refused key; an admin can end it earlier."""
RECONCILE_MS = DAY_MS


COMPANIES, DEALS = f"{Destination.HUBSPOT}:companies", f"{Destination.HUBSPOT}:deals"
"""Under which the outbox remembers what HubSpot refuses while it takes the rest."""

Work = Callable[[Sequence[Job]], Awaitable[None]]


class HubSpotCarrier:
    destination = Destination.HUBSPOT

    def __init__(self, config: HubSpot, client: Client, outbox: Outbox, crm: Crm, clock: Clock) -> None:
        self._config = config
        self._client = client
        self._outbox = outbox
        self._crm = crm
        self._clock = clock
        self._greeted = False
        self._prepared = False
        self._compared_to = ""  # a comparison that was cut short goes on where it was
        self._kinds = {
            ERASURE: self._erase,
            CONTACT: self._contacts,
            CONTACT_AGAIN: self._contacts,
            DEAL_IN: self._read_deals,
            DEAL: self._tell_deals,
        }

    async def carry(self) -> bool:
        """One batch of each kind of job, and deals when it is time to ask for them."""
        if not self._greeted:  # a start is an admin's hand: what kept us out may be mended
            await self._outbox.resume(Destination.HUBSPOT)
            self._greeted = True
        left_ms = [pause.until_ms - self._clock() for pause in await self._pauses()]
        if any(0 < left <= 2 * LOCKED_OUT_MS for left in left_ms):  # more: the clock was set back
            return False
        busy = False
        try:
            for topic, work in self._kinds.items():
                if jobs := await self._outbox.claim(Destination.HUBSPOT, MOST_INPUTS, topic):
                    busy = True
                    await self._attempt(jobs, work)
            if abs(self._clock() - await self._crm.polled_at_ms()) >= self._config.poll_minutes * 60_000:
                busy = await self._poll_if_let() or busy
            if not busy and self._clock() - await self._crm.reconciled_at_ms() >= RECONCILE_MS:
                busy = True
                await self.reconcile()
        except Unreachable as trouble:
            await self._wait(trouble)
            return False
        except LockedOut as trouble:
            reason = f"HubSpot refuses the key: {trouble.reason}"
            await self._outbox.pause(Destination.HUBSPOT, reason, LOCKED_OUT_MS)
            return False
        except Refused as refusal:  # of a question of ours, not of a record
            await self._outbox.pause(Destination.HUBSPOT, refusal.words, LOCKED_OUT_MS)
            return False
        return busy

    async def _poll_if_let(self) -> bool:
        """Polls, unless the key may not read deals: that is no reason to keep contacts back."""
        paused = [pause for pause in await self._outbox.pauses() if pause.destination == DEALS]
        if any(0 < pause.until_ms - self._clock() <= 2 * LOCKED_OUT_MS for pause in paused):
            return False
        try:
            await self.poll()
        except (Refused, LockedOut) as refusal:
            if isinstance(refusal, LockedOut) and not refusal.scope:
                raise
            await self._outbox.pause(DEALS, f"Deals are not read: {refusal}", LOCKED_OUT_MS)
            return False
        await self._outbox.resume(DEALS)
        return True

    async def compare(self) -> None:
        """The same as `reconcile`, for somebody who waits for it: raises PassalongError in HubSpot's words."""
        try:
            await self.reconcile()
        except (Unreachable, LockedOut, Refused) as trouble:
            raise PassalongError(f"HubSpot: {trouble}") from None

    async def poll(self) -> int:
        """Asks for all deals that changed since the watermark; gives how many there were."""
        began_ms = self._clock()
        await self._prepare()
        seen = 0
        since_ms, after = max(await self._crm.watermark() - deals.OVERLAP_MS, 0), "0"
        while True:
            found, following = await deals.changed_since(self._client, since_ms, after, self._config.currency)
            last_ms = max((deal.modified_at_ms for deal in found), default=since_ms)
            await self._crm.store_deals(found, watermark=last_ms if found else None)
            seen += len(found)
            if following is None:
                break
            # Asked by time, not by place: a deal that is edited meanwhile moves to the end, and all others up by one.
            since_ms, after = (last_ms, "0") if last_ms > since_ms else (since_ms, following)
        await self._crm.note("polled", began_ms)
        await self._outbox.resume(Destination.HUBSPOT)
        return seen

    async def reconcile(self) -> None:
        """Compares what HubSpot says with what was written, contact by contact and deal by deal."""
        began_ms = self._clock()
        await self._prepare()
        while links := await self._crm.links(self._compared_to, MOST_INPUTS):
            ours = {lead.id: contacts.first_touch(lead) for lead in await self._crm.leads([li.lead for li in links])}
            living: list[Link] = [link for link in links if link.lead in ours]
            if living:
                await self._crm.checked(await contacts.drifts(self._client, living, ours))
            self._compared_to = links[-1].lead
        after = ""
        while ids := await self._crm.deals(after, MOST_INPUTS):
            after = ids[-1]
            if told := await self._crm.told_of(ids):
                await self._crm.checked_deals(await deals.drifts(self._client, told))
        self._compared_to = ""
        await self._crm.note("reconciled", began_ms)
        await self._outbox.resume(Destination.HUBSPOT)

    async def _attempt(self, jobs: Sequence[Job], work: Work) -> None:
        """Does it; when HubSpot cannot be reached, all of it waits again."""
        try:
            await self._prepare()
            await work(jobs)
            await self._outbox.resume(Destination.HUBSPOT)
        except (Unreachable, LockedOut) as trouble:
            await self._outbox.back(jobs, reason=trouble.reason, tried=False)
            raise
        except Refused as refusal:
            await self._outbox.back(jobs, reason=refusal.words, tried=False)
            raise

    async def _contacts(self, jobs: Sequence[Job]) -> None:
        leads = await self._crm.leads([job.subject for job in jobs])
        over = jobs[0].topic == CONTACT_AGAIN
        sent = (
            await contacts.send(self._client, leads, lifecycle_stage=self._config.lifecycle_stage, over=over)
            if leads
            else contacts.Sent(links=[], refused={}, later={})
        )
        await self._crm.synced([], sent.links)
        await self._associate(leads, {link.lead: link.contact for link in sent.links})
        # Whoever was erased meanwhile is done: there is nothing to send.
        unsent = {**sent.refused, **sent.later}
        await self._outbox.done([job for job in jobs if job.subject not in unsent])
        for job in jobs:
            if job.subject in sent.refused:
                await self._outbox.failed(job, sent.refused[job.subject])
            elif job.subject in sent.later:
                await self._later(job, sent.later[job.subject])

    async def _associate(self, leads: Sequence[Lead], contact_of: Mapping[str, str]) -> None:
        """With their companies. A key that may not read companies is no reason to keep contacts back."""
        try:
            await contacts.associate(self._client, leads, contact_of)
        except (Refused, LockedOut) as refusal:
            if isinstance(refusal, LockedOut) and not refusal.scope:
                raise
            await self._outbox.pause(COMPANIES, f"Companies are not associated: {refusal}", 0)
        else:
            await self._outbox.resume(COMPANIES)

    async def _erase(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            contact = await self._crm.contact_of(job.subject)
            if contact is None:
                contact = await contacts.find(self._client, job.subject)
                if contact is None and job.attempts < 8:  # its search lags behind its records
                    await self._later(job, "HubSpot’s search does not know this contact yet.")
                    continue
            if contact is not None:
                await contacts.erase(self._client, contact)
            await self._crm.forget_contact(job)

    async def _read_deals(self, jobs: Sequence[Job]) -> None:
        asked = [job.subject for job in jobs]
        found = await deals.by_id(self._client, asked, self._config.currency)
        there = {deal.id for deal in found}
        await self._crm.store_deals(found, gone=[id for id in asked if id not in there], jobs=jobs)

    async def _tell_deals(self, jobs: Sequence[Job]) -> None:
        ids = [job.subject for job in jobs]
        values, told = await self._crm.credits_of(ids), await self._crm.told_of(ids)
        news = {id: value for id, value in values.items() if told.get(id, NOTHING_TOLD) != value}
        refused = await deals.tell(self._client, news)
        written = {id: value for id, value in news.items() if id not in refused}
        await self._crm.told_deals([job for job in jobs if job.subject not in refused], written)
        for job in jobs:
            if job.subject in refused:
                await self._outbox.failed(job, refused[job.subject])

    async def _later(self, job: Job, reason: str) -> None:
        """A record that was refused for now is tried again, each time after twice as long."""
        if job.attempts >= MOST_ATTEMPTS:
            await self._outbox.failed(job, reason)
        else:
            wait = min(FIRST_WAIT_MS * 2 ** (job.attempts - 1), LONGEST_WAIT_MS)
            await self._outbox.back([job], reason=reason, wait_ms=_jittered(wait))

    async def _prepare(self) -> None:
        if not self._prepared:
            await properties.prepare(self._client)
            self._prepared = True

    async def _pauses(self) -> list[Pause]:
        return [pause for pause in await self._outbox.pauses() if pause.destination == Destination.HUBSPOT]

    async def _wait(self, trouble: Unreachable) -> None:
        """As long as HubSpot asks for, or twice as long after each call in a row that failed."""
        wait = min(FIRST_PAUSE_MS * 2 ** min(self._client.failures - 1, 20), LONGEST_PAUSE_MS)
        if trouble.retry_after_s is not None:
            wait = min(round(trouble.retry_after_s * 1000), LONGEST_PAUSE_MS)
        await self._outbox.pause(Destination.HUBSPOT, trouble.reason, _jittered(wait))


def _jittered(wait_ms: int) -> int:
    """Up to a tenth longer, so that what failed together is not tried together."""
    return round(wait_ms * (1 + random.random() / 10))  # noqa: S311
