"""Who may call: a bearer key, its role, and the least role that a route asks for."""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from passalong.domain.access import ApiKey, Role, digest
from passalong.errors import Forbidden, Unauthenticated
from passalong.web.services import Services

ROLE = "role"
"""The key of a route's `opt` under which its least role stands. Reads default to reader, the rest to integrator."""

ADMIN: dict[str, Any] = {ROLE: Role.ADMIN}


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Lets a request through if its key's role reaches far enough; leaves the key in the connection's state. It waits
    for nothing; a guard that is no coroutine is sent to a thread for every request."""
    services: Services = connection.app.state.services
    scheme, _, secret = connection.headers.get("authorization", "").partition(" ")
    key = services.catalog.key_of(digest(secret.strip())) if scheme.lower() == "bearer" and secret else None
    if key is None:
        raise Unauthenticated("Send a valid API key, as `Authorization: Bearer pak_…`.")
    method = connection.scope.get("method")
    needed = handler.opt.get(ROLE) or (Role.READER if method in ("GET", "HEAD") else Role.INTEGRATOR)
    if not key.role.reaches(needed):
        raise Forbidden(f"The key {key.name!r} has the role {key.role}; this needs {needed}.")
    connection.state.api_key = key


def key_of(connection: ASGIConnection[Any, Any, Any, Any]) -> ApiKey:
    found: ApiKey = connection.state.api_key
    return found
