"""The courier: carries the outbox's jobs to where they belong, in one process of however many there are.

Each destination has a carrier and a loop of its own, so that a slow one delays nobody. A lease in the database says
who carries; what a courier that died had on its way is pending again for the next one.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from passalong.domain.delivery import HOUR_MS, MINUTE_MS, Destination, Job
from passalong.domain.instant import DAY_MS, Clock
from passalong.errors import PassalongError, Unavailable
from passalong.store.invitations import Invitations
from passalong.store.outbox import Outbox
from passalong.store.pipeline import Pipeline
from passalong.store.plays import Plays
from passalong.store.retention import Keeper

LEASE_MS = 6_000
RENEW_S = 2.0
POLL_S = 0.25
"""How often an idle courier looks for jobs that other processes have queued."""
STUMBLE_S = 2.0
STUMBLED_WAIT_MS = 60_000
LOOKS_AT_ONCE = 50
LOOKS_REST = 3
"""After looking at customers for some time, so many times that time passes before others are looked at …"""
LOOKS_REST_S = 5.0
"""… but never more than this."""
_LOG = logging.getLogger(__name__)


class Carrier(Protocol):
    """Knows the way to one destination."""

    destination: Destination

    async def carry(self) -> bool:
        """Carries some of what is due; whether there was anything to do. Raises only for what is our own fault."""


class PipelineCarrier:
    """Looks again at what a new lead may matter to; once an hour puts away what was kept for long enough, and the
    addresses of those who could not be written to."""

    destination = Destination.PIPELINE

    def __init__(
        self, outbox: Outbox, pipeline: Pipeline, invitations: Invitations, keeper: Keeper, clock: Clock
    ) -> None:
        self._outbox = outbox
        self._pipeline = pipeline
        self._invitations = invitations
        self._keeper = keeper
        self._clock = clock
        self._swept_ms = 0

    async def carry(self) -> bool:
        jobs = await self._outbox.claim(Destination.PIPELINE, 100)
        for job in jobs:
            await self._pipeline.lead_came(job.subject)
            await self._outbox.done([job])
        if _passed(self._swept_ms, self._clock(), HOUR_MS):
            self._swept_ms = self._clock()
            await self._invitations.sweep(self._clock())
            await self._keeper.sweep()
        return bool(jobs)


class PlaysCarrier:
    """Looks at customers of whom something was heard; and once a day at all of them, since silence sends no signal."""

    destination = Destination.PLAYS

    def __init__(self, outbox: Outbox, plays: Plays, clock: Clock) -> None:
        self._outbox = outbox
        self._plays = plays
        self._clock = clock
        self._swept_ms: int | None = None
        self._expired_ms = 0

    async def carry(self) -> bool:
        await self._keep_time()
        jobs = await self._outbox.claim(Destination.PLAYS, LOOKS_AT_ONCE)
        if not jobs:
            return False
        began = time.monotonic()
        try:
            await self._plays.look(jobs)
        except PassalongError:  # a full or locked disk: nobody is to blame
            raise
        except Exception:  # one customer must not hold up the others
            _LOG.exception("a look stumbled; each of them alone")
            for job in jobs:
                await self._alone(job)
        # While much is heard, most of the time belongs to those who send it, and to pages.
        await asyncio.sleep(min(LOOKS_REST * (time.monotonic() - began), LOOKS_REST_S))
        return True

    async def _alone(self, job: Job) -> None:
        try:
            await self._plays.look([job])
        except PassalongError:
            raise
        except Exception:
            _LOG.exception("%s cannot be looked at", job.subject)
            await self._outbox.failed(job, "It could not be looked at; the log says why.")

    async def _keep_time(self) -> None:
        now_ms = self._clock()
        if self._swept_ms is None:
            self._swept_ms = await self._plays.swept_at_ms()
        if _passed(self._swept_ms, now_ms, DAY_MS):
            await self._plays.sweep()
            self._swept_ms = now_ms
        if _passed(self._expired_ms, now_ms, MINUTE_MS):
            await self._plays.expire()
            self._expired_ms = now_ms


def _passed(since_ms: int, now_ms: int, wait_ms: int) -> bool:
    """Whether so much time has passed since then; or then is yet to come, because the clock was set back."""
    return not 0 <= now_ms - since_ms < wait_ms


class Courier:
    """`run` for ever in a server; `once` to carry what is due now and no more."""

    def __init__(self, outbox: Outbox, carriers: Sequence[Carrier]) -> None:
        self._outbox = outbox
        self._carriers = carriers
        self._holder = secrets.token_hex(8)
        self._held = False

    async def run(self) -> None:
        """Until cancelled. Whoever does not hold the lease waits for it."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_lease(), name="courier")
                for carrier in self._carriers:
                    group.create_task(self._loop(carrier), name=f"courier {type(carrier).__name__}")
        finally:
            self._held = False
            with suppress(Unavailable):
                await asyncio.shield(self._outbox.release(self._holder))

    async def once(self) -> bool:
        """Carries all that is due. False when another process holds the lease, and nothing was done."""
        if not await self._outbox.lease(self._holder, LEASE_MS):
            return False
        keeper = asyncio.create_task(self._keep_lease())
        try:
            busy = True
            while busy:
                busy = any([await carrier.carry() for carrier in self._carriers])
        finally:
            keeper.cancel()
            with suppress(asyncio.CancelledError):
                await keeper
            await self._outbox.release(self._holder)
        return True

    async def _keep_lease(self) -> None:
        while True:
            try:
                self._held = await self._outbox.lease(self._holder, LEASE_MS)
            except Unavailable:
                self._held = False
            except Exception:  # without the lease nothing is carried, and whatever it was may pass
                _LOG.exception("the lease could not be renewed")
                self._held = False
            await asyncio.sleep(RENEW_S if self._held else POLL_S)

    async def _loop(self, carrier: Carrier) -> None:
        wait_ms: int | None = None  # set while what was on its way has yet to be put back
        while True:
            busy = False
            try:
                if wait_ms is not None and self._held:
                    await self._outbox.reclaim(carrier.destination, wait_ms)
                    wait_ms = None
                busy = self._held and await carrier.carry()
            except Unavailable:  # a full or locked disk: it goes back once it can be written again
                wait_ms = 0
                await asyncio.sleep(STUMBLE_S)
            except Exception:  # one bad job must not end the carrying of all others
                _LOG.exception("%s stumbled", type(carrier).__name__)
                wait_ms = STUMBLED_WAIT_MS
                await asyncio.sleep(STUMBLE_S)
            if not busy:
                await asyncio.sleep(POLL_S)
