"""Reads one public page as a stranger would: no cookies, few redirects, an end to patience and to size."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection
from urllib.parse import urljoin, urlsplit

import httpx2
from msgspec import Struct

from passalong import __version__
from passalong.domain.address import web_url
from passalong.domain.text import tidy
from passalong.outgoing.asking import ask
from passalong.outgoing.guard import Unresolved, Unsafe, resolve

READ_S = 15.0
MOST_BYTES = 2_000_000
MOST_REDIRECTS = 3
_MOST_WORDS = 200
_WALLS = frozenset({401, 402, 403, 407, 429, 451, 999})
"""How sites say that they let no program in; 999 is LinkedIn's."""
_LOGIN = re.compile(r"/(log-?in|sign-?in|auth-?wall|checkpoint|sso|auth)\b", re.IGNORECASE)
_TEXT = ("text/", "application/xhtml", "application/xml", "application/json", "application/ld+json")


class Unread(Exception):
    """A page that could not be read, in a sentence. `passing`: it may be readable soon; `gone`: there is none."""

    def __init__(self, words: str, *, passing: bool = False, gone: bool = False) -> None:
        super().__init__(words)
        self.passing = passing
        self.gone = gone


class Reading(Struct, frozen=True, kw_only=True):
    """What stood there: the addresses that it led on to, and the page's text. `whole` unless it was longer than is
    read; `home` when it led to this server, which was not asked."""

    led_to: tuple[str, ...]
    text: str
    whole: bool = True
    home: bool = False


async def read(http: httpx2.AsyncClient, url: str, *, base_url: str, allowed: Collection[str]) -> Reading:
    """The page at an address. Every hop passes the guard. Raises Unread."""
    try:
        async with asyncio.timeout(READ_S):
            return await _followed(http, url, base_url, allowed)
    except Unsafe as refusal:
        raise Unread(str(refusal), passing=isinstance(refusal, Unresolved)) from None
    except (httpx2.TimeoutException, TimeoutError):
        raise Unread(f"It did not answer within {READ_S:g} s.", passing=True) from None
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        said = tidy(str(error))[:_MOST_WORDS]
        raise Unread(f"It could not be reached ({said or type(error).__name__}).", passing=True) from None


async def _followed(http: httpx2.AsyncClient, url: str, base_url: str, allowed: Collection[str]) -> Reading:
    led_to: list[str] = []
    while True:
        target = await resolve(url, allowed, plain=True)
        headers = {
            "user-agent": f"Mozilla/5.0 (compatible; Passalong/{__version__}; +{base_url})",
            "accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5",
        }
        answer = await ask(http, "GET", target, headers=headers, timeout_s=READ_S)
        try:
            if not answer.has_redirect_location:
                text, whole = await _text(answer, wandered=bool(led_to), url=url)
                return Reading(led_to=tuple(led_to), text=text, whole=whole)
        finally:
            await answer.aclose()
        following = _following(url, answer.headers["location"])
        if following is None:
            raise Unread("It leads to something that is no address on the web.")
        led_to.append(following)
        if f"{following}/".startswith(f"{base_url}/"):  # a short link to the share itself: asking would count as a look
            return Reading(led_to=tuple(led_to), text="", home=True)
        if len(led_to) > MOST_REDIRECTS:
            raise Unread(f"It leads on more than {MOST_REDIRECTS} times.")
        url = following


def _following(url: str, location: str) -> str | None:
    """Where a redirect leads; None for what is no address on the web."""
    try:
        return web_url(urljoin(url, location))
    except ValueError:  # of brackets and characters that no address has
        return None


async def _text(answer: httpx2.Response, *, wandered: bool, url: str) -> tuple[str, bool]:
    """The body as text, and whether that is all of it; raises Unread for what is no page."""
    status = answer.status_code
    if status in _WALLS:
        raise Unread(f"It lets no program in (it answered {status}).", passing=status == 429)
    if status in (404, 410):
        raise Unread(f"There is no page (it answered {status}).", gone=True)
    if not answer.is_success:
        raise Unread(f"It answered {status}.", passing=status >= 500)
    if wandered and _LOGIN.search(urlsplit(url).path):
        raise Unread("It leads to a page that asks to sign in.")
    kind = answer.headers.get("content-type", "text/html").partition(";")[0].strip().lower()
    if not kind.startswith(_TEXT):
        raise Unread(f"It is no page of text ({tidy(kind)[:60]}), so no link was looked for in it.")
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise Unread("It came packed, though it was asked for as it is.")
    held = bytearray()
    async for chunk in answer.aiter_raw():
        held += chunk
        if len(held) > MOST_BYTES:
            return bytes(held[:MOST_BYTES]).decode("utf-8", "replace"), False
    return bytes(held).decode("utf-8", "replace"), True
