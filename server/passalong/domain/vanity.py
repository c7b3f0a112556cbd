"""A vanity link: a readable slug for talks, print and advocacy. Owned once, re-pointed only in the open."""

from __future__ import annotations

import re

from msgspec import Struct
from msgspec.structs import replace

from passalong.errors import Conflict, Fault, Invalid

SLUG_PATTERN = r"^[a-z0-9](?:[a-z0-9-]{1,62}[a-z0-9])\Z"
_SLUG = re.compile(SLUG_PATTERN)

RESERVED = frozenset(
    "about account admin api app assets auth billing brand card contact demo docs download embed help hooks home index "
    "info legal login logout media oembed official passalong portal pricing privacy robots root security settings "
    "signin signup sitemap static status support system terms test vendor verify www".split()
)
"""Words that would make a link look like something of the vendor's own, or of ours."""


class Pointing(Struct, frozen=True, kw_only=True):
    """To which share a slug has led since `at_ms`, by whose hand and why."""

    share: str
    token: str
    at_ms: int
    by: str
    reason: str = ""


class Vanity(Struct, frozen=True, kw_only=True):
    """A slug with its one owner and where it has led, newest last."""

    slug: str
    customer: str
    history: tuple[Pointing, ...]

    @property
    def now(self) -> Pointing:
        return self.history[-1]


def build(slug: str, first: Pointing, customer: str) -> Vanity:
    """A new slug; raises Invalid for one that nobody can have. Case and spaces around it do not matter."""
    slug = slug.strip().lower()
    if not _SLUG.match(slug) or "--" in slug:
        raise Invalid.one("slug", "Use 3 to 64 lower-case letters, digits and single dashes, as spring-report.")
    if slug in RESERVED:
        raise Invalid.one("slug", f"{slug} is reserved; choose a word of your own.")
    return Vanity(slug=slug, customer=customer, history=(first,))


def pointed(before: Vanity | None, fresh: Vanity) -> Vanity:
    """The slug as it is kept; raises Conflict when somebody has it. What is printed never changes by accident."""
    if before is not None:
        raise Conflict(
            f"/go/{fresh.slug} is taken; it leads to the share {before.now.share} of {before.customer}. "
            "Choose another, or let an admin point it elsewhere with a reason."
        )
    return fresh


def repointed(before: Vanity, to: Pointing, customer: str) -> Vanity:
    """The same slug, leading elsewhere from now on; raises Conflict for another customer's share, Invalid without a
    reason."""
    if customer != before.customer:
        raise Conflict(f"/go/{before.slug} belongs to {before.customer}; it cannot lead to a share of {customer}.")
    if not to.reason.strip():
        raise Invalid([Fault("reason", "Say it in a few words: what was printed now leads elsewhere.")])
    return before if before.now.share == to.share else replace(before, history=(*before.history, to))
