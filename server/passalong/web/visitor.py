"""Who is asking: a person, a bot or an unfurler; under which daily hash; with which cookies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any
from urllib.parse import parse_qs

from msgspec import Struct

from passalong.domain.event import Actor
from passalong.domain.instant import DAY_MS, Calendar
from passalong.errors import Unavailable
from passalong.settings import Settings
from passalong.store.salts import Salts
from passalong.web.proxies import Proxies

_UNFURLERS = (
    "slackbot", "slack-imgproxy", "twitterbot", "facebookexternalhit", "facebot", "linkedinbot", "whatsapp",
    "discordbot", "telegrambot", "skypeuripreview", "microsoft teams", "msteams", "redditbot", "pinterest",
    "mastodon", "bluesky", "embedly", "iframely", "applebot", "snapchat", "viber", "line-poker", "zoombot",
)  # fmt: skip


_OPT_OUTS = (b"sec-gpc", b"dnt")


class Visitor(Struct, gc=False):
    """One request's asker. `hash` is 63 bits, for this day only: it keeps one visitor from using up another's tries and
    from using another's pass. `counted` is False for HEAD and prefetches.

    `referer` is the page of ours that led here; browsers are told to send it to us alone.
    """

    actor: Actor
    hash: int
    before: int
    """The hash of the day before, where a pass is carried in the URL: nobody turns into another at midnight."""
    opted_out: bool
    """The browser asks not to be tracked: by Global Privacy Control (https://w3c.github.io/gpc) or Do Not Track."""
    kept: int
    """What the ledger may keep to tell this visitor from others of the day: the hash; of whoever opted out, 0."""
    counted: bool
    cookies: Mapping[str, str]
    query: Mapping[str, str]
    gzip: bool
    accept_language: str
    referer: str


class Visitors:
    def __init__(self, settings: Settings, calendar: Calendar, salts: Salts) -> None:
        self._calendar = calendar
        self._salts = salts
        self.proxies = Proxies(settings.trusted_proxies)

    async def read(self, scope: Mapping[str, Any], now_ms: int) -> Visitor:
        """The asker of an ASGI request, from its headers in one pass."""
        agent = cookie = forwarded = language = referer = b""
        counted, gzip, opted_out = scope["method"] != "HEAD", False, False
        for name, value in scope["headers"]:
            if name == b"user-agent":
                agent = value
            elif name == b"cookie":
                cookie = value
            elif name == b"accept-encoding":
                gzip = b"gzip" in value
            elif name == b"accept-language":
                language = value
            elif name == b"referer":
                referer = value
            elif name == b"x-forwarded-for":
                forwarded = forwarded + b"," + value if forwarded else value
            elif value == b"1" and name in _OPT_OUTS:
                opted_out = True
            elif name in (b"sec-purpose", b"purpose", b"x-moz") and b"pre" in value:
                counted = False
        day = self._calendar.day(now_ms)
        salt = self._salts.known(day)
        if salt is None:
            try:
                salt = await self._salts.of(day)
            except Unavailable:
                salt = b""
        client = scope.get("client")
        address = self.proxies.client(client[0] if client else "", forwarded).encode("latin-1", "replace")
        query = scope["query_string"]
        yesterday = self._salts.known(self._calendar.day(now_ms - DAY_MS)) if b"pass=" in query else None
        known_as = _hash(address, agent, salt)
        return Visitor(
            actor=actor_of(agent),
            hash=known_as,
            before=_hash(address, agent, yesterday) if yesterday else 0,
            opted_out=opted_out,
            kept=0 if opted_out else known_as,
            counted=counted,
            cookies=_cookies(cookie) if cookie else {},
            query={name: found[0] for name, found in parse_qs(query.decode("latin-1")).items()} if query else {},
            gzip=gzip,
            accept_language=language.decode("latin-1"),
            referer=referer.decode("latin-1"),
        )


def _hash(address: bytes, agent: bytes, salt: bytes) -> int:
    """63 bits of an address and a browser under a day's salt; 0 without one."""
    if not salt:
        return 0
    return int.from_bytes(blake2b(address + b"\0" + agent, key=salt, digest_size=8).digest(), "big") >> 1 or 1


@lru_cache(maxsize=8192)
def actor_of(agent: bytes) -> Actor:
    """What kind of asker names itself so. A look-up in the list of crawlers takes 0.3 ms, hence the cache."""
    from crawleruseragents import is_crawler

    text = agent.decode("latin-1")
    lowered = text.lower()
    if any(name in lowered for name in _UNFURLERS):
        return Actor.UNFURLER
    if not text or is_crawler(text) or "compatible; passalong/" in lowered:
        return Actor.BOT
    return Actor.HUMAN


def has_opted_out(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a request asks not to be tracked, where nothing else of its asker matters."""
    return any(value == b"1" and name in _OPT_OUTS for name, value in headers)


def _cookies(header: bytes) -> dict[str, str]:
    """Cookies by name. Of two with one name the first counts: browsers send the most specific path first."""
    found: dict[str, str] = {}
    for pair in header.decode("latin-1").split(";"):
        name, _, value = pair.partition("=")
        found.setdefault(name.strip(), value.strip())
    return found
