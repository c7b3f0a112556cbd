"""The front door: share pages and steps are answered here, on bare ASGI; everything else goes on to Litestar.

Litestar's routing costs more than all of a share page's own work, and its `@asgi` handlers take no path
parameters in 2.25.
"""

from __future__ import annotations

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import Receive, Scope, Send

from passalong.web.services import Services
from passalong.web.viewer.share import share_page

_DOORS = ("/s/", "/e/")

MAX_DIGITS = 3
"""No walkthrough has a thousand steps."""


class FrontDoor:
    """The ASGI application. `litestar` is the house behind the door."""

    def __init__(self, litestar: Litestar, services: Services) -> None:
        self.litestar = litestar
        self.services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            path = scope["path"]
            if path.startswith(_DOORS):
                token, deeper, step = path[3:].partition("/")
                if not deeper:
                    await share_page(self.services, scope, send, path[1], token)
                    return
                if step.isdecimal() and step.isascii() and len(step) <= MAX_DIGITS:
                    await share_page(self.services, scope, send, path[1], token, int(step))
                    return
        await self.litestar(scope, receive, send)
