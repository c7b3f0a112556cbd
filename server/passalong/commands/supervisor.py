"""Server processes and the one above them: it starts them, starts them anew when one dies, and on SIGHUP leads them to
the settings of that moment, one by one, so that nobody who asks is turned away.

It holds the settings that were last found right and hands them to every process that it starts: a file that has been
broken meanwhile keeps no dead process from being replaced.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any

import msgspec
from uvicorn import Config
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from passalong import logs, mail, meters
from passalong.commands.common import UVICORN
from passalong.errors import PassalongError, Unusable, refusal_in
from passalong.settings import Settings, read_rules

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Receive, Scope, Send

READY_S = 60
"""How long a process may take until it serves, or be busy without a sign of life."""
YOUNG = 20_000
"""So many new objects before Python looks for rubbish among them. What waits together for one commit is more than its
usual few hundred, and not rubbish: looking through it took a fifteenth of every page."""
_LOG = logging.getLogger(__name__)
_NOT_STARTED = "lifespan.startup.failed"


def rehearse(config: Settings) -> None:
    """Opens and closes everything that these settings name, in a process of its own: whoever supervises stays small.
    Raises PassalongError, in words."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        pool.submit(_rehearse, config).result()


def _rehearse(config: Settings) -> None:
    from passalong.app import opened, outside, wire

    async def open_and_close() -> None:
        async with opened(wire(config)) as services, outside(services):
            pass

    logs.configure(config.log)
    asyncio.run(open_and_close())


def application(config: Settings, staying: Connection) -> ASGIApp:
    """What a server process runs. One that cannot open what its settings name says so in a sentence, and ends. As long
    as nobody has closed the other end of `staying`, a process that is to end is replaced by another."""
    gc.disable()  # nothing of what is imported and wired is ever rubbish, and looking for it takes long
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # it is for the process above, also where a whole group hears it
    threading.Thread(target=outlive_nobody, daemon=True).start()
    logs.configure(config.log)
    try:
        from passalong.app import create_app
        from passalong.web.connection import REPLACED

        app = create_app(config)
    except PassalongError as error:
        _say(error)
        raise SystemExit(STARTUP_FAILURE) from None
    gc.freeze()
    gc.set_threshold(YOUNG)
    gc.enable()

    async def serving(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":  # type: ignore[comparison-overlap]
            await app(scope, receive, send)
        else:
            scope["state"][REPLACED] = lambda: not staying.poll()
            await _living(app, scope, receive, send)

    return serving


async def _living(app: ASGIApp, scope: Any, receive: Any, send: Any) -> None:
    """The life of an application, which says in a sentence why it cannot begin, where that is known."""
    held: list[dict[str, str]] = []

    async def saying(message: dict[str, str]) -> None:
        if message["type"] == _NOT_STARTED:
            held.append(message)
        else:
            await send(message)

    try:
        await app(scope, receive, saying)  # type: ignore[arg-type]
    except BaseException as error:
        refused = refusal_in(error)
        if refused is None or not held:
            for message in held:
                await send(message)
            raise
        _say(refused)
        await send({"type": _NOT_STARTED, "message": ""})


def _say(error: PassalongError) -> None:
    print(f"passalong: {error}", file=sys.stderr)


def outlive_nobody() -> None:
    """Ends this process as SIGTERM does once its parent is gone: a killed server leaves nobody behind on its port."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)


def _suits(config: Settings) -> None:
    """Raises Unusable for settings that ask for what is not installed."""
    meters.wanted(config.metrics)
    if config.mail.host and not mail.installed():
        raise Unusable(mail.MISSING)


def listen(host: str, port: int) -> socket.socket:
    """The socket that all processes take requests from. Raises Unusable."""
    everywhere = host == "::" and socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, dualstack_ipv6=everywhere, backlog=2048)
    except OSError as error:
        raise Unusable(f"{host}:{port} cannot be listened on: {os.strerror(error.errno or 0)}.") from None


class Supervisor(Multiprocess):
    """`serve` until SIGTERM or SIGINT. `load` reads the settings anew; it raises PassalongError, in words."""

    def __init__(
        self, settings: Settings, load: Callable[[], Settings], listening: socket.socket, *, workers: int
    ) -> None:
        _suits(settings)
        self._settings = settings
        self._rules = read_rules(settings)
        self._load = load
        self._exposition = meters.Exposition()
        self._exposition.follow(settings.metrics)
        self._asked_to_end = False
        self._heard_staying, self._staying = multiprocessing.Pipe(duplex=False)
        self._in_terminal = sys.stdin.isatty()
        config = Config(
            partial(application, settings, self._heard_staying),
            factory=True,
            workers=workers,
            log_config=None,  # its lines go where ours go
            timeout_worker_healthcheck=READY_S,
            **UVICORN,
        )
        super().__init__(config, [listening])

    def serve(self) -> None:
        """Raises Unusable if it ends without having been asked to: no process came as far as serving."""
        try:
            self.run()
        finally:
            self._exposition.close()
        if not self._asked_to_end:
            raise Unusable("No server process could start; the lines above say why.")

    def terminate_all(self) -> None:
        """Refuses whoever comes now: who only waited would be cut off at the end, and a proxy could not ask again."""
        for listening in self.sockets:
            listening.close()
        self._staying.close()
        super().terminate_all()

    def keep_subprocess_alive(self) -> None:
        for process in self.processes:
            process.child_conn.close()  # our copy: while it is open, nobody hears that the process behind it is gone
        super().keep_subprocess_alive()

    def handle_int(self) -> None:
        self._end()

    def handle_term(self) -> None:
        self._end()

    def handle_hup(self) -> None:
        """The settings as they are written now, for every process; those of before where they cannot be right."""
        if self._in_terminal and not sys.stdin.isatty():  # it was closed: that is no wish to go on
            self._end()
            return
        try:
            settings = self._load()
            _suits(settings)
            rehearse(settings)
            rules = read_rules(settings)
            self._exposition.follow(settings.metrics)
        except PassalongError as error:
            _LOG.error("the settings stay as they were: %s", error)
            return
        except Exception:  # whatever it is, those who serve go on
            _LOG.exception("the settings stay as they were")
            return
        changed = differences(self._settings, settings)
        if rules != self._rules and "plays.rules" not in changed:
            changed.append("plays.rules")
        logs.configure(settings.log)
        _LOG.info("settings read again; changed: %s", ", ".join(changed) or "nothing")
        self._settings, self._rules = settings, rules
        self.config.app = partial(application, settings, self._heard_staying)
        self.restart_all()

    def _end(self) -> None:
        self._asked_to_end = True
        self.should_exit.set()


def differences(before: Settings, after: Settings) -> list[str]:
    """The names of the settings that differ, as `limits.upload_mb`; never what they are set to."""
    return sorted(_differences(before, after))


def _differences(before: msgspec.Struct, after: msgspec.Struct, prefix: str = "") -> list[str]:
    names: list[str] = []
    for field in msgspec.structs.fields(before):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if isinstance(old, msgspec.Struct):
            names += _differences(old, new, f"{prefix}{field.name}.")
        elif old != new:
            names.append(prefix + field.name)
    return names
