"""A prompt: signed claims of what the vendor's product asks a customer's people at a moment of success, or of need.

Like a share it is minted without a row; unlike one it is meant for somebody who is signed in already, in a frame.
"""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit

import msgspec
from itsdangerous.encoding import base64_encode
from msgspec import Meta, Struct

from passalong.domain.address import web_url
from passalong.domain.domains import email_key
from passalong.domain.instant import DAY_MS, Moment
from passalong.domain.share import EXPIRY_SKEW_S, LATEST_EXPIRY_S, PROMPT_CHANNEL, Claims, Id, claim
from passalong.domain.text import tidy
from passalong.domain.token import MAX_TOKEN_LENGTH, Keyring, Purpose
from passalong.errors import Fault, Invalid, Sentence

MAX_AGE_MS = 30 * DAY_MS
"""How long a prompt stands when nothing else was said."""
HIDDEN_MS = 30 * DAY_MS
HIDDEN_LONGER_MS = 180 * DAY_MS
PATIENCE = 3
"""Dismissed so often, a prompt stays away for longer."""

MOST_INVITED = 10
"""Addresses that one form takes."""
INVITED_A_DAY = 50
"""Invitations of one customer within twenty-four hours."""
REMEMBERED_MS = 30 * DAY_MS
"""For so long an address that is invited again gets the link it has, and no second letter."""
WAITING_MS = 3 * DAY_MS
"""For so long an address is kept for a letter that could not be sent yet."""
SUSPECT = "suspect"
"""The `ref` of what was submitted faster than people do."""

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_NAMED = re.compile(r'(?:(?<![^\s,;])(?:"[^"]*"|[^<>,;@"\s]+)[ \t]+){0,8}<([^<>]*)>')
"""`Ann Umber <ann@umbrella.example>`, as mail programs write it."""
_MOST_SHOWN = 60


class PromptKind(StrEnum):
    INVITE_TEAMMATES = "invite_teammates"
    SHARE_WITH_TEAM = "share_with_team"
    USAGE_CAP = "usage_cap"


class Size(StrEnum):
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class Frame(NamedTuple):
    """Width and height of a frame in pixels."""

    width: int
    height: int


FRAMES = {Size.SMALL: Frame(320, 128), Size.MEDIUM: Frame(480, 280), Size.LARGE: Frame(640, 336)}


class State(StrEnum):
    """How a prompt stands."""

    LIVE = "live"
    DISMISSED = "dismissed"
    EXPIRED = "expired"
    PAUSED = "paused"
    """Its mechanic is paused, and this would make links."""
    ENDED = "ended"
    """Its mechanic was killed: nothing is asked any more."""


class Cap(Struct, frozen=True, array_like=True):
    """How far a customer has come in its plan; `plan` is the one that the button leads to, if it has a name."""

    used: int
    limit: int
    unit: str
    upgrade_url: str
    plan: str | None = None

    @property
    def left(self) -> int:
        return max(self.limit - self.used, 0)

    @property
    def host(self) -> str:
        return urlsplit(self.upgrade_url).hostname or self.upgrade_url


class Prompt(Struct, frozen=True, array_like=True):
    """What a prompt's token says. Encoded as a msgpack array, so new claims are only ever added at the end."""

    customer: Id
    kind: PromptKind
    mechanic: Id
    expires_at_s: int
    asset: Id | None = None
    member: Annotated[str, Meta(max_length=64)] | None = None
    """An opaque id of the person who is asked, never an address."""
    name: str | None = None
    """What the person is called in an invitation: a first name."""
    size: Size = Size.MEDIUM
    channel: str = ""
    cap: Cap | None = None

    @property
    def id(self) -> str:
        """96 bits of the SHA-256 of the claims, 16 URL-safe characters."""
        return _short(msgspec.msgpack.encode(self), 12)

    def expired(self, now_ms: int) -> bool:
        return now_ms > (self.expires_at_s + EXPIRY_SKEW_S) * 1000

    @property
    def upgrade_share(self) -> Claims:
        """What an upgrade is credited to: one share a customer, mechanic and member, which nobody can open."""
        return Claims(
            asset=self.asset or "",
            customer=self.customer,
            mechanic=self.mechanic,
            channel=PROMPT_CHANNEL,
            sharer=self.member,
            nonce=self.kind.value,
        )

    def team_share(self, attempt: int) -> Claims:
        """The link that a member shares with the team: always the same, until it is taken back (`attempt` 2 and up)."""
        return Claims(
            asset=self.asset or "",
            customer=self.customer,
            mechanic=self.mechanic,
            channel=self.channel,
            sharer=self.member,
            nonce=_short(f"{self.kind.value} {attempt}".encode(), 6),
        )


class PromptBody(Struct, forbid_unknown_fields=True):
    """A prompt as an integrator writes it. `member` is an opaque id of the person who is asked, `member_name` a first
    name for invitations; `used, limit, unit, plan?, upgrade_url` are a usage cap's, `asset` what is invited to or
    shared. Without `expires_at` it stands for thirty days."""

    customer: Id
    kind: PromptKind
    mechanic: Id
    asset: Id | None = None
    member: Annotated[str, Meta(max_length=64)] | None = None
    member_name: Annotated[str, Meta(max_length=40)] | None = None
    size: Size = Size.MEDIUM
    channel: Annotated[str, Meta(max_length=32)] | None = None
    expires_at: Moment | None = None
    used: Annotated[int, Meta(ge=0, le=10**12)] | None = None
    limit: Annotated[int, Meta(ge=1, le=10**12)] | None = None
    unit: Annotated[str, Meta(max_length=40)] | None = None
    plan: Annotated[str, Meta(max_length=40)] | None = None
    upgrade_url: Annotated[str, Meta(max_length=500)] | None = None


MAKES_LINKS = (PromptKind.INVITE_TEAMMATES, PromptKind.SHARE_WITH_TEAM)
_CHANNELS = {PromptKind.INVITE_TEAMMATES: "invite", PromptKind.SHARE_WITH_TEAM: "team"}
_OF_A_CAP = ("used", "limit", "unit", "plan", "upgrade_url")


def build(body: PromptBody, expires_at_s: int) -> Prompt:
    """The claims of a checked prompt; raises Invalid with every fault."""
    faults = _faults(body)
    cap = None
    if body.kind is PromptKind.USAGE_CAP:
        cap, more = _cap(body)
        faults += more
    if expires_at_s > LATEST_EXPIRY_S:
        faults.append(Fault("expires_at", "This is too far away: a prompt is for the moment."))
    if faults:
        raise Invalid(faults)
    return Prompt(
        customer=body.customer,
        kind=body.kind,
        mechanic=body.mechanic,
        expires_at_s=expires_at_s,
        asset=body.asset,
        member=body.member or None,
        name=tidy(body.member_name or "") or None,
        size=body.size,
        channel=body.channel or _CHANNELS.get(body.kind, ""),
        cap=cap,
    )


def _faults(body: PromptBody) -> list[Fault]:
    faults = [
        Fault(field, "Use an opaque id or a first name here, not an e-mail address: links are public.")
        for field in ("member", "member_name")
        if "@" in (getattr(body, field) or "")
    ]
    if body.kind is PromptKind.USAGE_CAP:
        if body.channel is not None:
            faults.append(Fault("channel", "A usage cap makes no links, so it has no channel."))
        return faults
    faults += [Fault(field, "Only a usage_cap has this.") for field in _OF_A_CAP if getattr(body, field) is not None]
    if body.asset is None:
        return [*faults, Fault("asset", "Name the asset that the links lead to.")]
    try:
        claim(asset=body.asset, customer=body.customer, mechanic=body.mechanic, channel=body.channel)
    except Invalid as refused:
        faults += refused.faults
    return faults


def _cap(body: PromptBody) -> tuple[Cap | None, list[Fault]]:
    faults = [Fault(field, "A usage_cap needs this.") for field in ("used", "limit") if getattr(body, field) is None]
    unit, plan = tidy(body.unit or ""), tidy(body.plan or "")
    if not unit:
        faults.append(Fault("unit", "A usage_cap needs this, as seats or projects."))
    url = web_url(body.upgrade_url or "")
    if url is None or (urlsplit(url).scheme != "https" and urlsplit(url).hostname not in _LOOPBACK):
        faults.append(Fault("upgrade_url", "Give the full https:// address of your billing."))
    if faults or url is None or body.used is None or body.limit is None:
        return None, faults
    return Cap(used=body.used, limit=body.limit, unit=unit, upgrade_url=url, plan=plan or None), []


def seal(keyring: Keyring, prompt: Prompt) -> str:
    """The token of a prompt. Raises Invalid for claims that are longer than a token may be."""
    token = keyring.seal(Purpose.PROMPT, prompt)
    if len(token) > MAX_TOKEN_LENGTH:
        field = "upgrade_url" if prompt.cap else "member_name"
        raise Invalid.one(field, "All of it together is too long for a link. Shorten this.")
    return token


def verify(keyring: Keyring, token: str) -> Prompt:
    """The claims of a token minted with one of our keys, expired or not. Raises BadToken."""
    return keyring.open(Purpose.PROMPT, token, Prompt)


def subject(prompt: Prompt, action: str) -> str:
    """What a form token of this prompt is bound to: a form for one thing is of no use for another."""
    return f"prompt:{prompt.id}:{action}"


def hidden_ms(times: int) -> int:
    """For how long a prompt stays away once it was dismissed so many times."""
    return HIDDEN_LONGER_MS if times >= PATIENCE else HIDDEN_MS


def addresses_in(text: str) -> list[str]:
    """The addresses that somebody typed or pasted, checked, each once. Raises Invalid naming every one that is none.

    Commas, semicolons, spaces and lines separate them; of `Ann Umber <ann@umbrella.example>` the address counts.
    """
    typed = [tidy(part) for part in re.split(r"[\s,;]+", _NAMED.sub(r" \1 ", text))]
    typed = [part for part in typed if part]
    if not typed:
        raise Invalid.one("addresses", Sentence("Please enter at least one e-mail address."))
    found: dict[str, str] = {}
    faults = []
    for part in typed:
        address = _address(part)
        if address is None:
            said = Sentence("“%(address)s” does not look like an e-mail address.", address=_shown(part))
            faults.append(Fault("addresses", said))
        else:
            found.setdefault(email_key(address), address)
    if len(found) > MOST_INVITED:
        said = Sentence("Please invite at most %(most)s people at once.", most=MOST_INVITED)
        faults.append(Fault("addresses", said))
    if faults:
        raise Invalid(list(dict.fromkeys(faults))[: MOST_INVITED + 1])
    return list(found.values())


def _address(text: str) -> str | None:
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        return None


def _shown(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"


def _short(data: bytes, size: int) -> str:
    return base64_encode(hashlib.sha256(data).digest()[:size]).decode()
