"""Delivers webhooks, signed by Standard Webhooks (https://www.standardwebhooks.com), each endpoint at its own pace."""

from __future__ import annotations

import asyncio
import logging
import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2
import msgspec
from msgspec import Struct
from msgspec.structs import replace
from standardwebhooks import Webhook

from passalong import __version__
from passalong.domain.delivery import FAILING_MS, Destination, Endpoint, Job, message_id, wait_ms
from passalong.domain.instant import DAY_MS, Clock, at, ms_of
from passalong.domain.text import tidy
from passalong.errors import PassalongError
from passalong.settings import Webhooks
from passalong.store.catalog import Catalog
from passalong.store.outbox import Outbox
from passalong.webhooks.guard import Unsafe, resolve
from passalong.webhooks.messages import Message, Messages

AT_ONCE = 16
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

    async def carry(self) -> bool:
        """What is due, several at once, so that an endpoint that takes its time does not hold up the others."""
        jobs = await self._outbox.claim(Destination.WEBHOOK, AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for job in jobs:
                group.create_task(self._deliver(job))
        return bool(jobs)

    async def send(self, endpoint: Endpoint, id: str, message: Message) -> Answer:
        """One attempt. Redirects are not followed, and only an address that the guard lets pass is connected to."""
        now_ms = self._clock()
        body = msgspec.json.encode(message).decode()
        moment = datetime.fromtimestamp(now_ms // 1000, UTC)
        signatures = [Webhook(secret).sign(id, moment, body) for secret in endpoint.signing(now_ms)]
        try:
            target = await resolve(endpoint.url, self._config.allow_hosts)
            request = self._http.build_request(
                "POST",
                target.url,
                content=body.encode(),
                headers={
                    "host": target.host,
                    "content-type": "application/json",
                    "user-agent": f"Passalong/{__version__}",
                    "webhook-id": id,
                    "webhook-timestamp": str(now_ms // 1000),
                    "webhook-signature": " ".join(signatures),
                },
                extensions={"sni_hostname": target.name},
                timeout=self._config.timeout_s,
            )
            async with asyncio.timeout(2 * self._config.timeout_s):  # whoever drips its answer is done, too
                answer = await self._http.send(request, stream=True, follow_redirects=False)
                try:
                    said = await _first_words(answer)
                finally:
                    await answer.aclose()
        except Unsafe as refusal:
            return Answer(status=None, words=str(refusal))
        except (httpx2.TimeoutException, TimeoutError):
            return Answer(status=None, words=f"It did not answer within {self._config.timeout_s:g} s.")
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            return Answer(status=None, words=f"It could not be reached ({type(error).__name__}).")
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
            answer = await self.send(endpoint, message_id(job.endpoint, job.topic, job.subject), message)
        except PassalongError as error:
            answer = Answer(status=None, words=str(error))
        if answer.taken:
            await self._outbox.done([job])
            await self._outbox.resume(_name(endpoint))
        else:
            await self._refused(endpoint, job, answer)

    async def _refused(self, endpoint: Endpoint, job: Job, answer: Answer) -> None:
        words = answer.words or "It refused."
        failing = await self._outbox.pause(_name(endpoint), words, 0)
        if answer.status == _GONE:
            await self._disable(endpoint, "It answered 410: it wants no more.")
        elif self._clock() - failing.since_ms >= FAILING_MS:
            days = FAILING_MS // DAY_MS
            await self._disable(endpoint, f"It has taken nothing for {days} days. Last: {words}")
        wait = wait_ms(job.attempts, random.random())  # noqa: S311 - jitter
        if self._catalog.endpoints[endpoint.id].disabled_at_ms is not None or wait is None:
            await self._outbox.failed(job, words)
        else:
            await self._outbox.back([job], reason=words, wait_ms=max(wait, min(answer.retry_after_ms, DAY_MS)))

    async def _disable(self, endpoint: Endpoint, reason: str) -> None:
        now_ms = self._clock()

        def end(found: Endpoint | None) -> Endpoint:
            return replace(found or endpoint, disabled_at_ms=now_ms, disabled_reason=reason)

        await self._catalog.change(Endpoint, endpoint.id, end)
        await self._outbox.fail_all(endpoint.id, reason)
        await self._outbox.resume(_name(endpoint))
        _LOG.warning("the webhook endpoint %s was disabled at %s: %s", endpoint.id, at(now_ms).isoformat(), reason)


def _name(endpoint: Endpoint) -> str:
    """Under which the outbox remembers since when an endpoint has been failing."""
    return f"{Destination.WEBHOOK}:{endpoint.id}"


async def _first_words(answer: httpx2.Response) -> str:
    """The beginning of a refusal; no more of it is read, however much there is."""
    held = b""
    if not answer.is_success:
        async for chunk in answer.aiter_bytes():
            held += chunk
            if len(held) > 4 * _MOST_WORDS:
                break
    return tidy(held.decode("utf-8", "replace"))[:_MOST_WORDS].strip()


def _retry_after_ms(answer: httpx2.Response, now_ms: int) -> int:
    """What an endpoint asks for, in seconds or as a date (RFC 9110, 10.2.3); 0 for nothing that can be read."""
    text = answer.headers.get("retry-after", "")
    if text.isascii() and text.isdecimal():
        return min(int(text[:9]), 10**8) * 1000
    try:
        return max(ms_of(parsedate_to_datetime(text)) - now_ms, 0)
    except (ValueError, TypeError):
        return 0
