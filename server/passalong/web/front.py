"""The front door: what viewers do all day is answered here, on bare ASGI; everything else goes on to Litestar.

Litestar's routing costs more than all of a share page's own work, and its `@asgi` handlers take no path
parameters in 2.25.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.exceptions import MethodNotAllowedException
from litestar.routes import HTTPRoute
from litestar.types import HTTPScope, Message, Receive, Scope, Send
from msgspec import Struct

from passalong.errors import Elsewhere
from passalong.web.asgi import Answer, Asked, answer, header, moved
from passalong.web.connection import patient
from passalong.web.security import FOR_ALL, Armour
from passalong.web.services import Services
from passalong.web.unfurl.images import CARD, card
from passalong.web.viewer.cta import follow_cta
from passalong.web.viewer.gate import submit_gate
from passalong.web.viewer.share import share_page
from passalong.web.watch import Watch


class Door(Struct, frozen=True):
    """What stands behind a share's address, and which requests it takes."""

    answer: Callable[[Services, Asked], Awaitable[Answer]]
    methods: tuple[str, ...] = ("GET", "HEAD")

    @property
    def allow(self) -> str:
        return ", ".join(sorted((*self.methods, "OPTIONS")))


_ENTRANCES = ("/s/", "/e/")
_STEP = "{step}"
DOORS = {
    "": Door(share_page),
    _STEP: Door(share_page),
    "gate": Door(submit_gate, ("POST",)),
    "go": Door(follow_cta),
    CARD: Door(card),
}
"""By what follows the token."""
PATHS = {
    (entrance, tail): f"/{entrance}/{{token}}" + (f"/{tail}" if tail else "") for entrance in "se" for tail in DOORS
}
"""The addresses of all of them, as a log names them."""

MAX_DIGITS = 3
"""No walkthrough has a thousand steps."""


class FrontDoor:
    """The ASGI application. `litestar` is the house behind the door."""

    def __init__(self, litestar: Litestar, services: Services) -> None:
        self.litestar = litestar
        self.services = services
        self._armour = Armour(secure=services.settings.secure)
        self._watch = Watch(services.settings, services.meters)
        self._methods = {
            route.path_format: ", ".join(sorted(route.methods)).encode()
            for route in litestar.routes
            if isinstance(route, HTTPRoute)
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            path = scope["path"]
            send = self._watch.over(scope, send)
            if path.startswith(_ENTRANCES):
                token, deeper, tail = path[3:].partition("/")
                step = int(tail) if len(tail) <= MAX_DIGITS and tail.isdecimal() and tail.isascii() else None
                name = tail if step is None else _STEP
                if name in DOORS and (tail or not deeper):
                    scope["path_template"] = PATHS[path[1], name]
                    await self._answer(DOORS[name], send, Asked(scope, receive, path[1], token, step))
                    return
            send = self._armour.over(send, path)
            receive = patient(receive)
            if scope["method"] == "OPTIONS":
                send = self._allowing(scope, send)
        await self.litestar(scope, receive, send)

    def _allowing(self, scope: HTTPScope, send: Send) -> Send:
        """Litestar's own answer to OPTIONS knows but the methods that were registered first at an address."""

        async def sending(message: Message) -> None:
            methods = self._methods.get(scope.get("path_template", ""))
            if message["type"] == "http.response.start" and methods is not None:
                others = [(name, value) for name, value in message["headers"] if name != b"allow"]
                message["headers"] = [*others, (b"allow", methods)]
            await send(message)

        return sending

    async def _answer(self, door: Door, send: Send, asked: Asked) -> None:
        method = asked.scope["method"]
        try:
            if method in door.methods:
                status, headers, body = await door.answer(self.services, asked)
            elif method == "OPTIONS":
                status, headers, body = 204, [(b"allow", door.allow.encode()), FOR_ALL], b""
            else:
                raise MethodNotAllowedException(headers={"allow": door.allow})
        except Elsewhere as error:
            status, headers, body = moved(error.url)
        except Exception as error:  # the last door before the server's own: every refusal is a page
            link = self.services.links.behind(asked.scope["path"])
            status, headers, body = self.services.refusals.of(error, link, header(asked.scope, b"accept-language"))
        await answer(send, status, [*headers, *self._armour.common], body, head=method == "HEAD")
