"""Addresses on the web, as people write them and as they travel in a header."""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from urllib.parse import quote, urlsplit, urlunsplit

from passalong.domain.domains import to_ascii

NEEDED = "Use a full https:// address."

_PATH = "/%:@!$&'()*+,;=~-._"


_HOST = re.compile(r"^[a-z0-9.-]+\Z")  # whatever else a browser takes for a host may end its place in a policy


def web_url(text: str, *, https_only: bool = False) -> str | None:
    """The address in ASCII: host in IDNA, the rest percent-encoded (RFC 3987, 3.1). None where a browser must not
    be sent: another scheme than http or https, no host, credentials, spaces, control characters."""
    if any(character <= " " or character in "\x7f\\" for character in text):
        return None
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    host = to_ascii(parts.hostname or "")
    if parts.scheme not in ({"https"} if https_only else {"https", "http"}) or not host or parts.username is not None:
        return None
    if not _HOST.match(host) and not _is_ipv6(host):
        return None
    shown = f"[{host}]" if ":" in host else host
    return urlunsplit(
        (
            parts.scheme,
            shown if port is None else f"{shown}:{port}",
            quote(parts.path, safe=_PATH),
            quote(parts.query, safe=_PATH + "?"),
            quote(parts.fragment, safe=_PATH + "?"),
        )
    )


def _is_ipv6(host: str) -> bool:
    try:
        return IPv6Address(host).scope_id is None
    except ValueError:
        return False


def on_server(database: str) -> bool:
    """Whether the setting `database` is the address of a PostgreSQL database, and no file."""
    return database.startswith(("postgresql://", "postgres://"))


def without_password(address: str) -> str:
    """An address, or the path of a file, as it may be said aloud: a password in it is left out."""
    parts = urlsplit(address)
    if parts.password is None:
        return address
    user, _, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}@{place}"))
