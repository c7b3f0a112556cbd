"""Who did what: each act of an admin is in the audit trail before its answer leaves."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from passalong.domain.access import Role
from passalong.domain.audit import Detail
from passalong.web.api.access import ROLE, key_of
from passalong.web.services import Services

AUDITED: dict[str, Any] = {"audited": True}
"""`opt` of a route whose success is noted though it does not ask for an admin, or only reads."""
_SUBJECT, _DETAIL = "audit_subject", "audit_detail"


def tell(request: Request[Any, Any, State], subject: str, detail: Detail | None = None) -> None:
    """Says whom or what an act was done to, where the address does not; and how much, by counts and ids."""
    request.state[_SUBJECT] = subject
    request.state[_DETAIL] = detail or {}


class AuditMiddleware(ASGIMiddleware):
    """Notes every success of a route that only admins may take and that does not only read. What is noted is the
    handler's name and what the address names: never a body, which may name people."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        handler = scope["route_handler"]
        reads = scope["method"] in ("GET", "HEAD")  # type: ignore[typeddict-item]
        if not handler.opt.get("audited") and (reads or handler.opt.get(ROLE) is not Role.ADMIN):
            await next_app(scope, receive, send)
            return
        request: Request[Any, Any, State] = Request(scope)
        services: Services = request.app.state.services

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start" and 200 <= message["status"] < 300:
                asked = next((str(value) for value in request.path_params.values()), "")
                subject = request.state.get(_SUBJECT, asked)
                by = key_of(request).id
                await services.audit.note(handler.handler_name, subject, by=by, **request.state.get(_DETAIL, {}))
            await send(message)

        await next_app(scope, receive, noting)
