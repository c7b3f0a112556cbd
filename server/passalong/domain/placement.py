"""Whether a page that somebody else has published leads to a tracked link, however it writes it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from html import unescape
from itertools import islice
from urllib.parse import parse_qs, unquote, urlsplit

from msgspec import Struct

from passalong.domain import share
from passalong.domain.token import Keyring
from passalong.errors import BadToken

BY_UTM = "a link with its UTM set"
_TOKEN = re.compile(r"/[se]/([A-Za-z0-9_.-]{16,2000})")
_APART = re.compile(r"[\s\"'<>]+")
_MOST_TOKENS = 500
"""However many links a page has, that many different ones are looked at."""
_MOST_URL = 4000


class Placement(Struct, frozen=True, kw_only=True):
    """What is looked for: a link to any of the shares, the slug of this server, or the customer's UTM set."""

    base_url: str
    shares: frozenset[str]
    slug: str | None
    customer: str
    mechanic: str


def found(text: str, wanted: Placement, keyring: Keyring) -> str | None:
    """By which of its forms the link stands in a page's text, in words; None if it does not."""
    for said in _readings(text):
        if wanted.slug and _slug(wanted).search(said):
            return f"its link /go/{wanted.slug}"
        if any(_share_of(token, keyring) in wanted.shares for token in _tokens(said)):
            return "its link"
        if any(_tagged(part, wanted) for part in _APART.split(said)):
            return BY_UTM
    return None


def _readings(text: str) -> Iterator[str]:
    """The text as a reader has it, and as it is packed into the addresses of those who count clicks."""
    plain = unescape(text).replace("\\/", "/").replace("\\u002F", "/").replace("\\u002f", "/").replace("\\u0026", "&")
    yield plain
    yield unquote(plain)


def _slug(wanted: Placement) -> re.Pattern[str]:
    parts = urlsplit(wanted.base_url)
    return re.compile(re.escape(f"{parts.netloc}{parts.path}/go/{wanted.slug}") + r"(?![a-z0-9-])", re.IGNORECASE)


def _tokens(text: str) -> Collection[str]:
    matches = (match[1].rstrip(".") for match in _TOKEN.finditer(text))
    return list(islice(dict.fromkeys(matches), _MOST_TOKENS))


def _share_of(token: str, keyring: Keyring) -> str | None:
    try:
        return share.verify(keyring, token).share
    except BadToken:
        return None


def _tagged(part: str, wanted: Placement) -> bool:
    if "utm_campaign=" not in part:
        return False
    try:
        tags = parse_qs(urlsplit(part[:_MOST_URL]).query)
    except ValueError:
        return False
    return wanted.mechanic in tags.get("utm_campaign", ()) and wanted.customer in tags.get("utm_source", ())
