"""Delivers webhooks, signed by Standard Webhooks (https://www.standardwebhooks.com), each endpoint at its own pace."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2
from msgspec import Struct
from msgspec.structs import replace
from standardwebhooks import Webhook

from passalong import __version__
from passalong.domain.delivery import FAILING_MS, Destination, Endpoint, Job, pause_of, wait_ms
from passalong.domain.instant import DAY_MS, Clock, at, ms_of
from passalong.domain.text import tidy, without_addresses
from passalong.errors import PassalongError
from passalong.outgoing.asking import ask
from passalong.outgoing.guard import Unsafe, resolve
from passalong.settings import Webhooks
from passalong.store.catalog import Catalog
from passalong.store.outbox import Outbox
from passalong.webhooks.messages import Message, Messages, packed

AT_ONCE = 4
"""How many messages are on their way to one endpoint."""
_LOOK_S = 0.25
"""How often new jobs are looked for while some are on their way."""
_MOST_WORDS = 300
_GONE = 410
_LOG = logging.getLogger(__name__)


class Answer(Struct, frozen=True, kw_only=True):
    """What an endpoint said: a status, or none when it could not be asked. `words` explain what is not a success."""

    status: int | None
    words: str | None
    retry_after_ms: int = 0

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def in_short(self) -> str:
        """Without the endpoint's own words, which may repeat what it was sent: for what outlives the message."""
        return self.words or "It refused." if self.status is None else f"It answered {self.status}."


class WebhookCarrier:
    destination = Destination.WEBHOOK

    def __init__(
        self,
        config: Webhooks,
        http: httpx2.AsyncClient,
        outbox: Outbox,
        catalog: Catalog,
        messages: Messages,
        clock: Clock,
    ) -> None:
        self._config = config
        self._http = http
        self._outbox = outbox
        self._catalog = catalog
        self._messages = messages
        self._clock = clock
        self._under_way: dict[asyncio.Task[None], str] = {}

    async def carry(self) -> bool:
        """Starts what is due, some of it to each endpoint, and comes back when any of it is done or more may have come:
        an endpoint that takes its time holds up nobody else."""
        try:
            await self._start()
            if not self._under_way:
                return False
            done, _ = await asyncio.wait(self._under_way, timeout=_LOOK_S, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                del self._under_way[task]
            await asyncio.gather(*done)
        except BaseException:  # the courier ends, or queues anew all that is on its way
            left, self._under_way = list(self._under_way), {}
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            raise
        return True

    async def _start(self) -> None:
        if not await self._outbox.due(Destination.WEBHOOK):
            return
        taken = Counter(self._under_way.values())
        for endpoint in list(self._catalog.endpoints):
            if taken[endpoint] < AT_ONCE:
                for job in await self._outbox.claim(Destination.WEBHOOK, AT_ONCE - taken[endpoint], endpoint=endpoint):
                    self._under_way[asyncio.create_task(self._deliver(job))] = endpoint

    async def send(self, endpoint: Endpoint, id: str, message: Message) -> Answer:
        """One attempt. Redirects are not followed, and only an address that the guard lets pass is connected to."""
        now_ms = self._clock()
        body = packed(message)
        moment = datetime.fromtimestamp(now_ms // 1000, UTC)
        headers = {
            "content-type": "application/json",
            "user-agent": f"Passalong/{__version__}",
            "webhook-id": id,
            "webhook-timestamp": str(now_ms // 1000),
            "webhook-signature": " ".join(
                Webhook(secret).sign(id, moment, body.decode()) for secret in endpoint.signing(now_ms)
            ),
        }
        try:
            async with asyncio.timeout(2 * self._config.timeout_s):  # whoever drips its answer is done, too
                target = await resolve(endpoint.url, self._config.allow_hosts)
                answer = await ask(
                    self._http, "POST", target, headers=headers, timeout_s=self._config.timeout_s, content=body
                )
                try:
                    said = await _first_words(answer)
                finally:
                    await answer.aclose()
        except Unsafe as refusal:
            return Answer(status=None, words=str(refusal))
        except (httpx2.TimeoutException, TimeoutError):
            return Answer(status=None, words=f"It did not answer within {self._config.timeout_s:g} s.")
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            said = tidy(str(error))[:_MOST_WORDS]
            return Answer(status=None, words=f"It could not be reached ({said or type(error).__name__}).")
        words = None
        if answer.is_redirect:
            words = f"It answered {answer.status_code}; redirects are not followed."
        elif not answer.is_success:
            words = f"It answered {answer.status_code}: {said or 'without a word'}"
        return Answer(status=answer.status_code, words=words, retry_after_ms=_retry_after_ms(answer, now_ms))

    async def _deliver(self, job: Job) -> None:
        endpoint = self._catalog.endpoints.get(job.endpoint)
        if endpoint is None or endpoint.removed or endpoint.disabled_at_ms is not None:
            await self._outbox.failed(job, "The endpoint is disabled or gone.")
            return
        try:
            message = await self._messages.of(job)
            if message is None:
                await self._outbox.failed(job, "What it was about is not there any more.")
                return
            answer = await self.send(endpoint, job.id, message)
        except PassalongError:  # a full or locked disk: the courier waits, and nobody is to blame
            raise
        except Exception:  # one bad message must not hold up the others, nor is the endpoint to blame
            _LOG.exception("the message %s cannot be sent", job.id)
            await self._again_or_never(job, "It could not be sent; the log says why.")
            return
        if answer.taken:
            await self._outbox.done([job])
            await self._outbox.resume(pause_of(endpoint.id))
        else:
            await self._refused(endpoint, job, answer)

    async def _refused(self, endpoint: Endpoint, job: Job, answer: Answer) -> None:
        words = answer.words or "It refused."
        if not self._stands(endpoint):
            await self._outbox.failed(job, words)
            return
        failing = await self._outbox.pause(pause_of(endpoint.id), answer.in_short, 0)
        if answer.status == _GONE:
            await self._disable(endpoint, "It answered 410: it wants no more.")
        elif self._clock() - failing.since_ms >= FAILING_MS:
            days = FAILING_MS // DAY_MS
            await self._disable(endpoint, f"It has taken nothing for {days} days. Last: {answer.in_short}")
        if self._stands(endpoint):
            await self._again_or_never(job, words, answer.retry_after_ms)
        else:
            await self._outbox.failed(job, words)

    async def _again_or_never(self, job: Job, words: str, asked_ms: int = 0) -> None:
        """After the wait that is due, or longer if it was asked for; a dead letter when there were enough."""
        wait = wait_ms(job.attempts, random.random())  # noqa: S311 - jitter
        if wait is None:
            await self._outbox.failed(job, words)
        else:
            await self._outbox.back([job], reason=words, wait_ms=max(wait, min(asked_ms, DAY_MS)))

    def _stands(self, endpoint: Endpoint) -> bool:
        """Whether it is still told anything: others of its messages may have had it disabled meanwhile."""
        known = self._catalog.endpoints[endpoint.id]
        return not known.removed and known.disabled_at_ms is None

    async def _disable(self, endpoint: Endpoint, reason: str) -> None:
        now_ms = self._clock()

        def end(found: Endpoint | None) -> Endpoint:
            known = found or endpoint
            if known.removed or known.disabled_at_ms is not None or known.url != endpoint.url:
                return known  # an admin was faster
            return replace(known, disabled_at_ms=now_ms, disabled_reason=reason)

        before, after = await self._catalog.change(Endpoint, endpoint.id, end)
        if after == before:
            return
        await self._outbox.fail_all(endpoint.id, reason)
        await self._outbox.resume(pause_of(endpoint.id))
        _LOG.warning("the webhook endpoint %s was disabled at %s: %s", endpoint.id, at(now_ms).isoformat(), reason)


async def _first_words(answer: httpx2.Response) -> str:
    """The beginning of a refusal, without e-mail addresses; no more of it is read, however much there is."""
    held = b""
    if not answer.is_success and "content-encoding" not in answer.headers:
        async for chunk in answer.aiter_raw():
            held += chunk
            if len(held) > 4 * _MOST_WORDS:
                break
    beginning = held[: 4 * _MOST_WORDS].decode("utf-8", "replace")
    return without_addresses(tidy(beginning))[:_MOST_WORDS].strip()


def _retry_after_ms(answer: httpx2.Response, now_ms: int) -> int:
    """What an endpoint asks for, in seconds or as a date (RFC 9110, 10.2.3); 0 for nothing that can be read."""
    text = answer.headers.get("retry-after", "")
    if text.isascii() and text.isdecimal():
        return min(int(text[:9]), 10**8) * 1000
    try:
        return max(ms_of(parsedate_to_datetime(text)) - now_ms, 0)
    except (ValueError, TypeError, OverflowError):
        return 0
