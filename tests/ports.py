"""Ports of this machine for the servers of tests."""

from __future__ import annotations

import secrets
import socket

_FIRST, _LAST = 20_000, 31_999
"""Below those that the system gives away: a server that is started anew finds its port as it left it, whatever other
tests have asked for meanwhile."""


def free_port() -> int:
    """One that nobody listens on."""
    while True:
        port = _FIRST + secrets.randbelow(_LAST - _FIRST + 1)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
