"""Who may come in. A console decides and sees addresses, and any page in the same browser can ask this machine.

So three things must hold of every request, the websocket's among them: it names this machine by an address of the
loopback (a name that was made to point here would let its own pages in), it comes from no other origin (websockets
know no same-origin policy), and it bears the token that was printed where the console was started.
"""

from __future__ import annotations

import hmac
import secrets

from aiohttp import web
from aiohttp.typedefs import Handler

LOOPBACK = "127.0.0.1"


class Door:
    def __init__(self) -> None:
        self._token = secrets.token_urlsafe(32)
        self._hosts: frozenset[str] = frozenset()
        self._cookie = ""

    def open(self, port: int) -> str:
        """Lets in whoever knocks at this port from now on; gives the address that opens."""
        self._hosts = frozenset({f"{LOOPBACK}:{port}", f"localhost:{port}"})
        self._cookie = f"passalong_console_{port}"  # cookies know no ports, and there may be several consoles
        return f"http://{LOOPBACK}:{port}/?token={self._token}"

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuses with 403 before anything is looked up; a page that was opened by its token gets the cookie."""
        if (refusal := self._refusal(request)) is not None:
            return web.Response(status=403, text=f"{refusal}\n")
        answer = await handler(request)
        if "token" in request.query and not answer.prepared:
            answer.set_cookie(self._cookie, self._token, httponly=True, samesite="Strict", path="/")
        return answer

    def _refusal(self, request: web.Request) -> str | None:
        if request.headers.get("host") not in self._hosts:
            return "This console answers under its own address alone."
        origin = request.headers.get("origin")
        upgrading = request.headers.get("upgrade") is not None
        if (origin is None and upgrading) or (origin is not None and origin.removeprefix("http://") not in self._hosts):
            return "This console answers its own page alone."
        given = request.query.get("token", request.cookies.get(self._cookie, ""))
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self._token.encode()):
            return "Open the address that was printed where this console was started: it carries the token."
        return None


async def dress(request: web.Request, answer: web.StreamResponse) -> None:
    """What a browser is told of every answer: to ask nobody else, to keep nothing, to tell nobody where it was."""
    answer.headers.update(
        {
            # The terminal writes its colours into style elements of its own.
            "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
            f"font-src 'self'; img-src 'self' data:; connect-src 'self' ws://{request.host}; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "cache-control": "no-store",
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
            "cross-origin-resource-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin",
        }
    )
