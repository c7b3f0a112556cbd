"""Who stands between the world and this server, and what they say of whom they forward."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_network


class Proxies:
    """The addresses and networks that are believed."""

    def __init__(self, trusted: Iterable[str]) -> None:
        self._networks = [ip_network(network, strict=False) for network in trusted]

    def __bool__(self) -> bool:
        return bool(self._networks)

    def trusts(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)

    def client(self, peer: str, forwarded: bytes) -> str:
        """The client's address: the socket's peer, or what trusted proxies say of it, nearest first."""
        if forwarded and self._networks and self.trusts(peer):
            for hop in reversed(forwarded.decode("latin-1").split(",")):
                peer = hop.strip()
                if not self.trusts(peer):
                    break
        return peer
