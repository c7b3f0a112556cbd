"""Where a request may go: nowhere private, unless a host is allowed by name.

What was checked is what is connected to, so that a name cannot change its mind in between.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

_NAT64 = ip_network("64:ff9b::/96")
_GLOBAL_UNICAST = ip_network("2000::/3")
"""All that IANA gives out; mapped and translated addresses lie elsewhere and are judged by what they stand for."""
_SPECIAL = tuple(ip_network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20"))
"""Protocol assignments, the 6to4 relays and documentation, which `is_global` lets pass."""


class Unsafe(Exception):
    """An address that nothing may be sent to, in a sentence."""


class Unresolved(Unsafe):
    """A name without an address, for now at least."""


class Target(Struct, frozen=True, kw_only=True):
    """A checked address: `urls` name the host by each of its numbers, `host` is what it is called there."""

    urls: tuple[str, ...]
    host: str
    name: str
    """For the certificate: the host without its port."""


def look_at(url: str, allowed: Collection[str], *, plain: bool = False) -> None:
    """What can be said without asking for the name's address; raises Unsafe for private numbers, and for plain http
    unless it may be `plain`."""
    parts = urlsplit(url)
    name, free = _named(parts, allowed)
    if parts.scheme != "https" and not free and not (plain and parts.scheme == "http"):
        raise Unsafe("Webhooks go to https addresses only." if not plain else "This is no address on the web.")
    try:
        ip_address(name)
    except ValueError:
        return
    _refuse_private(name, [name], free)


async def resolve(url: str, allowed: Collection[str], *, plain: bool = False) -> Target:
    """The address to connect to; raises Unsafe for private ones, and for plain http unless it may be `plain`. Every
    address that the name has must be public, since which of them answers is not ours to say."""
    look_at(url, allowed, plain=plain)
    parts = urlsplit(url)
    name, free = _named(parts, allowed)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unresolved(f"{name} cannot be resolved.") from None
    addresses = list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
    _refuse_private(name, addresses, free)
    if not addresses:
        raise Unsafe(f"{name} has no address.")
    host = f"[{name}]" if ":" in name else name
    return Target(
        urls=tuple(
            parts._replace(netloc=f"[{a}]:{port}" if ":" in a else f"{a}:{port}", fragment="").geturl()
            for a in addresses
        ),
        host=host if parts.port is None else f"{host}:{parts.port}",
        name=name,
    )


def _named(parts: SplitResult, allowed: Collection[str]) -> tuple[str, bool]:
    """The host, and whether it is allowed by that name."""
    name = parts.hostname or ""
    return name, name in {host.lower() for host in allowed}


def _refuse_private(name: str, addresses: Collection[str], free: bool) -> None:
    private = [address for address in addresses if not _public(ip_address(address))]
    if private and not free:
        raise Unsafe(f"{name} is the private address {private[0]}; `webhooks.allow_hosts` would have to name it.")


def _public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return _public(inner)
        if address not in _GLOBAL_UNICAST:
            return False
    return address.is_global and not address.is_multicast and not any(address in special for special in _SPECIAL)
