"""HubSpot's API over HTTP: its limits kept, and what goes wrong told apart by what is to be done about it."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

import httpx2
import msgspec

from passalong.domain.text import tidy, without_addresses
from passalong.settings import HubSpot

WINDOW_S = 10.0
MOST_INPUTS = 100
"""Records that one batch takes."""
_MOST_WORDS = 600


class Unreachable(Exception):
    """Try later: it did not answer, is busy, or something that is not HubSpot answered in its place."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        self.reason = reason
        self.retry_after_s = retry_after_s
        super().__init__(reason)


class LockedOut(Exception):
    """The key was refused, and nothing can go on until an admin has seen to it; with `scope`, for this thing alone."""

    def __init__(self, reason: str, *, scope: bool = False) -> None:
        self.reason = reason
        self.scope = scope
        super().__init__(reason)


class Refused(Exception):
    """HubSpot understood, and refuses: in its own words."""

    def __init__(self, status: int, words: str) -> None:
        self.status = status
        self.words = words
        super().__init__(words)


class Client:
    """`post` and `get` give the decoded answer; they raise Unreachable, LockedOut or Refused."""

    def __init__(self, config: HubSpot, http: httpx2.AsyncClient) -> None:
        self._config = config
        self._http = http
        self._calls: deque[float] = deque(maxlen=config.calls_per_10_s)
        self.failures = 0
        """How many calls in a row have found nobody who could answer."""

    def objects(self, kind: str, rest: str) -> str:
        return f"/crm/objects/{self._config.version}/{kind}/{rest}"

    def properties(self, kind: str, rest: str = "") -> str:
        return f"/crm/properties/{self._config.version}/{kind}{rest}"

    def associations(self, of: str, to: str, rest: str) -> str:
        return f"/crm/associations/{self._config.version}/{of}/{to}/{rest}"

    async def get(self, path: str) -> dict[str, Any]:
        return await self._call("GET", path, None)

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return await self._call("POST", path, body)

    async def _call(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        await self._wait_for_a_turn()
        self.failures += 1
        try:
            said = await self._answer(method, path, body)
        except (LockedOut, Refused):
            self.failures = 0
            raise
        self.failures = 0
        return said

    async def _answer(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        try:
            answer = await self._http.request(
                method,
                f"{self._config.base_url.rstrip('/')}{path}",
                content=None if body is None else msgspec.json.encode(body),
                headers={"authorization": f"Bearer {self._config.token}", "content-type": "application/json"},
                timeout=self._config.timeout_s,
            )
        except httpx2.TimeoutException:
            raise Unreachable(f"HubSpot did not answer within {self._config.timeout_s:g} s.") from None
        except httpx2.HTTPError as error:
            raise Unreachable(f"HubSpot could not be reached ({type(error).__name__}).") from None
        said = _decoded(answer)
        if said is None:
            if answer.status_code == 204:
                return {}
            kind = answer.headers.get("content-type", "something without a type").partition(";")[0]
            raise Unreachable(f"Something that is not HubSpot answered {answer.status_code} with {kind}.")
        if answer.is_success:
            return said
        words = _words(said, answer.status_code)
        if answer.status_code in (401, 403):
            raise LockedOut(words, scope=answer.status_code == 403)
        if answer.status_code in (423, 429, 477) or answer.status_code >= 500:
            raise Unreachable(words, _retry_after(answer))
        raise Refused(answer.status_code, words)

    async def _wait_for_a_turn(self) -> None:
        """At most so many calls in any ten seconds as the settings allow."""
        clock = asyncio.get_running_loop().time
        if len(self._calls) == self._calls.maxlen:
            await asyncio.sleep(max(self._calls[0] + WINDOW_S - clock(), 0))
        self._calls.append(clock())


def _decoded(answer: httpx2.Response) -> dict[str, Any] | None:
    """The JSON object of an answer; None for anything else."""
    try:
        return msgspec.json.decode(answer.content, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _words(said: dict[str, Any], status: int) -> str:
    """HubSpot's own words, with those of each of its errors that says more; nobody's address stays in them."""
    words = [str(said.get("message") or f"HubSpot answered {status}.")]
    for error in said.get("errors") or []:
        more = error.get("message") if isinstance(error, dict) else None
        if more and str(more) not in words[0]:
            words.append(str(more))
    return without_addresses(tidy(" ".join(words)))[:_MOST_WORDS]


def _retry_after(answer: httpx2.Response) -> float | None:
    text = answer.headers.get("retry-after", "")
    return float(text) if text.replace(".", "", 1).isdecimal() else None
