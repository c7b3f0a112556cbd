"""The front door: share pages, steps and cards are answered here, on bare ASGI; everything else goes on to Litestar.

Litestar's routing costs more than all of a share page's own work, and its `@asgi` handlers take no path
parameters in 2.25.
"""

from __future__ import annotations

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.exceptions import MethodNotAllowedException
from litestar.routes import HTTPRoute
from litestar.types import HTTPScope, Message, Receive, Scope, Send

from passalong.web.asgi import answer
from passalong.web.connection import patient
from passalong.web.security import Armour
from passalong.web.services import Services
from passalong.web.unfurl.images import CARD, card
from passalong.web.viewer.share import share_page
from passalong.web.visitor import accept_language

_DOORS = ("/s/", "/e/")

MAX_DIGITS = 3
"""No walkthrough has a thousand steps."""


class FrontDoor:
    """The ASGI application. `litestar` is the house behind the door."""

    def __init__(self, litestar: Litestar, services: Services) -> None:
        self.litestar = litestar
        self.services = services
        self._armour = Armour(secure=services.settings.secure)
        self._methods = {
            route.path_format: ", ".join(sorted(route.methods)).encode()
            for route in litestar.routes
            if isinstance(route, HTTPRoute)
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            path = scope["path"]
            if path.startswith(_DOORS):
                token, deeper, tail = path[3:].partition("/")
                if not deeper or tail == CARD or (len(tail) <= MAX_DIGITS and tail.isdecimal() and tail.isascii()):
                    await self._answer(scope, send, path[1], token, tail)
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

    async def _answer(self, scope: HTTPScope, send: Send, door: str, token: str, tail: str) -> None:
        services, method = self.services, scope["method"]
        try:
            if method not in ("GET", "HEAD"):
                raise MethodNotAllowedException(headers={"allow": "GET, HEAD"})
            if tail == CARD:
                await card(services, scope, self._armour.over(send, scope["path"]), token)
            else:
                await share_page(services, scope, send, door, token, int(tail) if tail else None)
        except Exception as error:  # the last door before the server's own: every refusal is a page
            link = services.links.behind(scope["path"])
            status, headers, body = services.refusals.of(error, link, accept_language(scope))
            await answer(send, status, headers, body, head=method == "HEAD")
