"""Looks at the public pages of pieces of advocacy, after they are reported and every week: do they carry the link?"""

from __future__ import annotations

import asyncio

import httpx2

from passalong.advocacy.reading import Reading, Unread, read
from passalong.domain.delivery import HOUR_MS, Destination, Job
from passalong.domain.instant import DAY_MS, Clock, at
from passalong.domain.piece import Piece, Tracking
from passalong.domain.placement import BY_UTM, Placement, found
from passalong.domain.token import Keyring
from passalong.errors import NotFound
from passalong.settings import Settings
from passalong.store.advocacy import Advocacy
from passalong.store.outbox import Outbox
from passalong.store.reports import Reports

AGAIN_MS = 7 * DAY_MS
WAITS_MS = (HOUR_MS, 6 * HOUR_MS, DAY_MS)
"""Before a page that could not be read just now is asked again; after these, in a week like all others."""
AT_ONCE = 4
_LOOK_MS = HOUR_MS
"""How often it is looked whether a week has passed for any page."""


class PagesCarrier:
    destination = Destination.PAGES

    def __init__(
        self,
        config: Settings,
        http: httpx2.AsyncClient,
        outbox: Outbox,
        advocacy: Advocacy,
        reports: Reports,
        keyring: Keyring,
        clock: Clock,
    ) -> None:
        self._config = config
        self._http = http
        self._outbox = outbox
        self._advocacy = advocacy
        self._reports = reports
        self._keyring = keyring
        self._clock = clock
        self._looked_ms = 0

    async def carry(self) -> bool:
        """Reads some of the pages that are due, beside each other."""
        if abs(self._clock() - self._looked_ms) >= _LOOK_MS:
            await self._advocacy.have_old_ones_read(self._clock() - AGAIN_MS)
            self._looked_ms = self._clock()
        jobs = await self._outbox.claim(Destination.PAGES, AT_ONCE)
        ended = await asyncio.gather(*(self._do(job) for job in jobs), return_exceptions=True)
        for trouble in ended:
            if trouble is not None:
                raise trouble
        return bool(jobs)

    async def _do(self, job: Job) -> None:
        try:
            piece = await self._advocacy.get(job.subject)
        except NotFound:
            await self._outbox.failed(job, "The piece is not there any more.")
            return
        if piece.withdrawn_at_ms is not None or piece.public_url is None:
            await self._outbox.done([job])
            return
        try:
            reading = await read(
                self._http,
                piece.public_url,
                base_url=self._config.base_url,
                allowed=self._config.webhooks.allow_hosts,
            )
        except Unread as trouble:
            await self._unread(job, piece, trouble)
            return
        state, why, by_utm = await self._judged(piece, reading)
        await self._advocacy.looked(piece, state, why, self._clock(), by_utm=by_utm)
        await self._outbox.done([job])

    async def _judged(self, piece: Piece, reading: Reading) -> tuple[Tracking, str, bool]:
        wanted = Placement(
            base_url=self._config.base_url,
            shares=frozenset([piece.share, *await self._reports.branch_shares(piece.share)]),
            slug=piece.slug,
            customer=piece.customer,
            mechanic=piece.mechanic,
        )
        said = "\n".join((*reading.led_to, reading.text))
        how = await asyncio.to_thread(found, said, wanted, self._keyring)  # two megabytes take their time
        day = f"{at(self._clock()):%Y-%m-%d}"
        if how is not None:
            return Tracking.TRACKED, f"Its public page carried {how} when it was read on {day}.", how == BY_UTM
        if reading.home:
            return Tracking.UNTRACKED, f"Its address led to another page of this server on {day}.", False
        if not reading.whole:
            return Tracking.UNKNOWN, f"The beginning of its public page, read on {day}, carries no tracked link.", False
        return Tracking.UNTRACKED, f"Its public page was read on {day} and carries no tracked link.", False

    async def _unread(self, job: Job, piece: Piece, trouble: Unread) -> None:
        """A page that cannot be read says nothing about its link, so what was read before stands, unless it is gone."""
        day = f"{at(self._clock()):%Y-%m-%d}"
        why = f"Its public page could not be read on {day}: {trouble}"
        state = Tracking.UNKNOWN
        if piece.page is Tracking.TRACKED and not trouble.gone:
            state, why = Tracking.TRACKED, f"Its public page has carried the link. {why}"
        await self._advocacy.looked(piece, state, why, self._clock())
        if trouble.passing and job.attempts <= len(WAITS_MS):
            await self._outbox.back([job], reason=str(trouble), wait_ms=WAITS_MS[job.attempts - 1])
        else:
            await self._outbox.done([job])
