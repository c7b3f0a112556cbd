"""One held connection to each worker process: several accept on one port, and nobody chooses which."""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from faults.running import BROWSER, Running


class Door:
    """A keep-alive connection and the process at its other end."""

    def __init__(self, connection: http.client.HTTPConnection, worker: int) -> None:
        self._connection = connection
        self.worker = worker

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        self._connection.request("GET", path, headers={"user-agent": BROWSER} | headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read().decode()


@contextmanager
def doors(server: Running, within_s: float = 10) -> Iterator[list[Door]]:
    """A door to each of the server's workers."""
    with ExitStack() as held:
        found: dict[int, Door] = {}
        deadline = time.monotonic() + within_s
        while len(found) < server.workers:
            assert time.monotonic() < deadline, f"seen only {sorted(found)} of {server.worker_pids}"
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
            held.enter_context(closing(connection))
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            worker = holder(server, connection.sock.getsockname()[1])
            if worker in found:
                connection.close()
            else:
                found[worker] = Door(connection, worker)
        yield list(found.values())


def fresh(server: Running, path: str) -> str:
    """The page at this path, over a connection of its own: either worker may answer."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as connection:
        connection.request("GET", path, headers={"user-agent": BROWSER})
        return connection.getresponse().read().decode()


def holder(server: Running, client_port: int) -> int:
    """The worker that holds the server's end of the connection from this port, as the kernel tells."""
    ends = rf"^ *\d+: [0-9A-F]+:{server.port:04X} [0-9A-F]+:{client_port:04X} .*"
    row = re.search(ends, Path("/proc/net/tcp").read_text(), re.MULTILINE)
    assert row, "the connection is gone"
    inode = row[0].split()[9]
    for pid in server.worker_pids:
        if any(_target(link) == f"socket:[{inode}]" for link in Path(f"/proc/{pid}/fd").iterdir()):
            return pid
    raise AssertionError("nobody holds the connection")


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:  # closed since the folder was read
        return ""
