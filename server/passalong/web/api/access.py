"""Who may call: a bearer key, its role, and the least role that a route asks for."""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from passalong.domain.access import ApiKey, Role, digest
from passalong.errors import Forbidden, Unauthenticated
from passalong.web.asgi import header
from passalong.web.services import Services

ROLE = "role"
"""The key of a route's `opt` under which its least role stands. Reads default to reader, the rest to integrator."""

ADMIN: dict[str, Any] = {ROLE: Role.ADMIN}
_KEY = "api_key"


class AccessMiddleware(ASGIMiddleware):
    """Lets a request through if its key's role reaches far enough, before anything of its body is read; leaves the key
    in the request's state. (Of a handler with guards, Litestar makes a copy for each request.)"""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        services: Services = scope["litestar_app"].state.services
        scheme, _, secret = header(scope, b"authorization").partition(" ")
        key = services.catalog.key_of(digest(secret.strip())) if scheme.lower() == "bearer" and secret else None
        if key is None:
            raise Unauthenticated("Send a valid API key, as `Authorization: Bearer pak_…`.")
        reads = scope["method"] in ("GET", "HEAD")  # type: ignore[typeddict-item]
        needed = scope["route_handler"].opt.get(ROLE) or (Role.READER if reads else Role.INTEGRATOR)
        if not key.role.reaches(needed):
            raise Forbidden(f"The key {key.name!r} has the role {key.role}; this needs {needed}.")
        scope["state"][_KEY] = key
        await next_app(scope, receive, send)


def key_of(connection: ASGIConnection[Any, Any, Any, Any]) -> ApiKey:
    """Whose request it is."""
    found: ApiKey = connection.scope["state"][_KEY]
    return found
