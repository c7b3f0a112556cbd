"""Where a request may go: nowhere private, unless a host is allowed by name.

What was checked is what is connected to, so that a name cannot change its mind in between.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from msgspec import Struct


class Unsafe(Exception):
    """An address that nothing may be sent to, in a sentence."""


class Target(Struct, frozen=True, kw_only=True):
    """A checked address: `url` names the host by its number, `host` is what it is called there."""

    url: str
    host: str
    name: str
    """For the certificate: the host without its port."""


async def resolve(url: str, allowed: Collection[str]) -> Target:
    """The address to connect to; raises Unsafe for private ones, and for plain http. Every address that the name has
    must be public, since which of them answers is not ours to say."""
    parts = urlsplit(url)
    name = parts.hostname or ""
    free = name in allowed
    if parts.scheme != "https" and not free:
        raise Unsafe("Webhooks go to https addresses only.")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unsafe(f"{name} cannot be resolved.") from None
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    private = [address for address in addresses if not _public(address)]
    if private and not free:
        raise Unsafe(f"{name} is the private address {private[0]}; `webhooks.allow_hosts` would have to name it.")
    if not addresses:
        raise Unsafe(f"{name} has no address.")
    shown = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
    host = f"[{name}]" if ":" in name else name
    return Target(
        url=parts._replace(netloc=f"{shown}:{port}", fragment="").geturl(),
        host=host if parts.port is None else f"{host}:{parts.port}",
        name=name,
    )


def _public(address: str) -> bool:
    found = ip_address(address)
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    if inner is not None and not inner.is_global:
        return False
    return found.is_global and not found.is_multicast
