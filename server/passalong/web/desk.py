"""The API as a console's own server has it: what is asked first is there at once, the rest when it is asked for.

Importing and registering all of the API takes a quarter of a second, which nobody is to look at a blank screen for.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import Receive, Scope, Send


class Desk:
    """The ASGI application. `lifespan` opens what both halves work with."""

    def __init__(
        self,
        first: Litestar,
        make_whole: Callable[[], Litestar],
        lifespan: Callable[[], AbstractAsyncContextManager[None]],
    ) -> None:
        self.lifespan = lifespan
        self._first = first
        self._at_once = {route.path for route in first.routes}
        self._make_whole = make_whole
        self._whole: Litestar | None = None

    def complete(self) -> Litestar:
        """All of the API, put together now if it has not been yet."""
        if self._whole is None:
            self._whole = self._make_whole()
        return self._whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        first = scope["type"] == ScopeType.HTTP and scope["method"] == "GET" and scope["path"] in self._at_once
        await (self._first if first else self.complete())(scope, receive, send)
