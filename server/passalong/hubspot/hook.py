"""`POST /hooks/hubspot`: HubSpot's notices, signed (v3), taken once, and done after the answer has left.

Signature: base64 of HMAC-SHA256 over method, URI as HubSpot called it, body and timestamp, under the app's client
secret. https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.datastructures import State
from msgspec import Struct

from passalong.domain.audit import Way
from passalong.errors import Forbidden, Invalid, Unauthenticated
from passalong.web.services import FromServices, Services

OLDEST_MS = 300_000
_CONTACT, _DEAL = "0-1", "0-3"


class Notice(Struct, rename="camel"):
    """What HubSpot says has happened. Fields of other kinds of notice are skipped."""

    event_id: int | str
    subscription_type: str = ""
    object_id: int | str | None = None
    object_type_id: str = ""
    occurred_at: int | str | None = None
    from_object_id: int | str | None = None
    from_object_type_id: str = ""
    to_object_id: int | str | None = None
    to_object_type_id: str = ""

    @property
    def name(self) -> str:
        """What tells it from every other; the same when it is delivered again."""
        about = (self.object_id, self.from_object_id, self.to_object_id, self.occurred_at)
        return f"{self.event_id}/{self.subscription_type}/{'/'.join(map(str, about))}"

    @property
    def deals(self) -> list[str]:
        """The deals that it is about: changed themselves, or tied to somebody else."""
        sides = (
            (self.object_type_id or (_DEAL if self.subscription_type.startswith("deal.") else ""), self.object_id),
            (self.from_object_type_id, self.from_object_id),
            (self.to_object_type_id, self.to_object_id),
        )
        return [str(id) for kind, id in sides if kind == _DEAL and id is not None]


@post("/hooks/hubspot", status_code=204, include_in_schema=False)
async def take_notices(request: Request[Any, Any, State], services: FromServices) -> Response[None]:
    """204 once every notice is stored; 401 for a signature that is not HubSpot's, or older than five minutes."""
    body = await request.body()
    _check(services, request, body)
    try:
        notices = msgspec.json.decode(body, type=list[Notice])
    except msgspec.MsgspecError as error:
        raise Invalid.one("body", f"These are no notices of HubSpot: {error}.") from None
    for notice in notices:
        if notice.subscription_type == "contact.privacyDeletion" and notice.object_id is not None:
            # Here at once, and before it is noted: delivered again, it finds nothing left to do.
            leads = await services.crm.leads_of(str(notice.object_id))
            await services.leads.erase(leads, services.clock(), in_crm=False)
            for lead in leads:
                await services.audit.note("erase_lead", lead, by=Way.HUBSPOT)
        await services.crm.notice(notice.name, notice.deals)
    return Response(None, status_code=204)


def _check(services: Services, request: Request[Any, Any, State], body: bytes) -> None:
    secret = services.settings.hubspot.client_secret
    if not secret:
        raise Forbidden("hubspot.client_secret is not set, so notices of HubSpot cannot be told from others.")
    timestamp = request.headers.get("x-hubspot-request-timestamp", "")
    if not (timestamp.isascii() and timestamp.isdecimal()) or len(timestamp) > 15:
        raise Unauthenticated("There is no X-HubSpot-Request-Timestamp.")
    if abs(services.clock() - int(timestamp)) > OLDEST_MS:
        raise Unauthenticated("This notice is older than five minutes.")
    query = request.scope["query_string"].decode("latin-1")
    uri = f"{services.settings.base_url}{request.url.path}{'?' + query if query else ''}"
    signed = request.method.encode() + uri.encode() + body + timestamp.encode()
    expected = base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest())
    given = request.headers.get("x-hubspot-signature-v3", "")
    if not hmac.compare_digest(expected, given.encode("latin-1", "replace")):
        raise Unauthenticated("The signature is not HubSpot’s.")
