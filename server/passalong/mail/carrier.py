"""Carries letters: each is written when it leaves, so that nothing personal waits in a queue."""

from __future__ import annotations

import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from email.message import EmailMessage
from typing import Protocol

from passalong.domain.delivery import HOUR_MS, MINUTE_MS, Destination, Job
from passalong.domain.instant import Clock
from passalong.domain.letter import Letter
from passalong.errors import Unavailable
from passalong.mail.message import packed
from passalong.mail.post import LockedOut, Lost, Post, Refused, connected
from passalong.settings import Mail
from passalong.store.outbox import Outbox

WAITS_MS = (
    MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS, 2 * HOUR_MS, 4 * HOUR_MS, 8 * HOUR_MS, 9 * HOUR_MS,
)  # fmt: skip
"""After each attempt that may go better the next time: about a day in all, then it is a dead letter."""
LOCKED_OUT_MS = 15 * MINUTE_MS
"""How long to wait after a refused login; an admin can end it earlier."""
AT_ONCE = 20
"""How many letters are written for one connection."""
_LOOK_MS = HOUR_MS
_LOG = logging.getLogger(__name__)


class Composer(Protocol):
    """Writes the letters of one topic. `subject` is the job's: an id, never an address."""

    async def compose(self, subject: str) -> Letter | None:
        """The letter, or None when there is nobody to write to any more."""

    async def sent(self, subject: str) -> None:
        """The server has taken it."""


class MailCarrier:
    """`composers` by topic. `looks` are called once an hour, to queue what is due by the calendar."""

    destination = Destination.MAIL

    def __init__(
        self,
        config: Mail,
        outbox: Outbox,
        composers: Mapping[str, Composer],
        clock: Clock,
        looks: Sequence[Callable[[], Awaitable[None]]] = (),
    ) -> None:
        self._config = config
        self._outbox = outbox
        self._composers = composers
        self._clock = clock
        self._looks = looks
        self._looked_ms: int | None = None

    async def carry(self) -> bool:
        """Some letters, over one connection."""
        if self._looked_ms is None:  # a start is an admin's hand: what kept us out may be mended
            await self._outbox.resume(Destination.MAIL)
        if self._looked_ms is None or abs(self._clock() - self._looked_ms) >= _LOOK_MS:
            for look in self._looks:
                await look()
            self._looked_ms = self._clock()
        left_ms = [p.until_ms - self._clock() for p in await self._outbox.pauses() if p.destination == Destination.MAIL]
        if any(0 < left <= 2 * LOCKED_OUT_MS for left in left_ms):  # more: the clock was set back
            return False
        jobs = await self._outbox.claim(Destination.MAIL, AT_ONCE)
        written = [(job, message) for job in jobs if (message := await self._written(job)) is not None]
        if written:
            await self._hand_over(written)
        return bool(jobs)

    async def _written(self, job: Job) -> EmailMessage | None:
        """The letter of a job, ready to leave; None if the job is settled without it."""
        composer = self._composers.get(job.topic)
        if composer is None:
            await self._outbox.failed(job, "Nobody here writes letters of this kind.")
            return None
        try:
            letter = await composer.compose(job.subject)
        except Unavailable:  # a full or locked disk: the courier waits, and nobody is to blame
            raise
        except Exception:  # one letter that cannot be written must not hold up the others
            _LOG.exception("the letter %s cannot be written", job.id)
            await self._again_or_never(job, "It could not be written; the log says why.")
            return None
        if letter is None:
            await self._outbox.passed_over(job, "There is nobody left to write to.")
            return None
        try:
            return packed(letter, sender=self._config.sender, id=job.id, now_ms=self._clock())
        except ValueError as fault:
            await self._outbox.failed(job, str(fault))
            return None

    async def _hand_over(self, written: list[tuple[Job, EmailMessage]]) -> None:
        waiting = [job for job, _ in written]
        tried = waiting  # without a connection, all of them were
        try:
            async with connected(self._config) as post:
                for job, message in written:
                    tried = [job]
                    await self._deliver(post, job, message)
                    waiting = [other for other in waiting if other is not job]
        except Lost as trouble:
            # The one that was on its way may have arrived: its id tells, when it comes again.
            for job in tried:
                await self._again_or_never(job, str(trouble))
            await self._outbox.back([job for job in waiting if job not in tried], reason=None, tried=False)
        except LockedOut as trouble:
            await self._outbox.back(waiting, reason=str(trouble), tried=False)
            await self._outbox.pause(Destination.MAIL, str(trouble), LOCKED_OUT_MS)
        else:
            await self._outbox.resume(Destination.MAIL)

    async def _deliver(self, post: Post, job: Job, message: EmailMessage) -> None:
        try:
            await post.hand_over(message)
        except Refused as refusal:
            if refusal.passing:
                await self._again_or_never(job, str(refusal))
            else:
                await self._outbox.failed(job, str(refusal))
            return
        await self._composers[job.topic].sent(job.subject)
        await self._outbox.done([job])

    async def _again_or_never(self, job: Job, words: str) -> None:
        if job.attempts > len(WAITS_MS):
            await self._outbox.failed(job, words)
        else:
            wait_ms = round(WAITS_MS[job.attempts - 1] * (1 + random.random() / 10))  # noqa: S311 - jitter
            await self._outbox.back([job], reason=words, wait_ms=wait_ms)
