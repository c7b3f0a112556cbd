"""Links into a customer's portal, for the vendor's product to lead its signed-in customer to."""

from __future__ import annotations

from datetime import datetime

from litestar import post
from litestar.params import JSONBody
from msgspec import Struct

from passalong.domain.instant import at
from passalong.domain.portal import LINK_MAX_AGE_MS, issue
from passalong.domain.share import Id
from passalong.domain.token import Purpose
from passalong.errors import Invalid
from passalong.web.api.refusals import REFUSALS
from passalong.web.services import FromServices, Services


class PortalLinkBody(Struct, forbid_unknown_fields=True):
    """`brand` is the one in whose product the customer is; it may be left out where there is only one."""

    customer: Id
    brand: Id | None = None


class PortalLinkAnswer(Struct, kw_only=True):
    """Whoever has the link gets in until it expires: lead the browser there, and write it into no log."""

    url: str
    expires_at: datetime


@post("/portal-links", tags=["Portal"], summary="Open a customer's portal", status_code=201, responses=REFUSALS)
async def make_portal_link(services: FromServices, data: JSONBody[PortalLinkBody]) -> PortalLinkAnswer:
    """A link for the browser of somebody who is signed in to your product as this customer."""
    if data.customer not in services.catalog.customers:
        raise Invalid.one("customer", f"There is no customer called {data.customer}.")
    now_ms = services.clock()
    token = issue(services.keyring, Purpose.PORTAL, data.customer, _brand(services, data.brand), now_ms)
    url = f"{services.settings.base_url}/portal/{token}"
    return PortalLinkAnswer(url=url, expires_at=at(now_ms + LINK_MAX_AGE_MS))


def _brand(services: Services, named: str | None) -> str:
    brands = services.catalog.brands
    if named is None:
        if len(brands) != 1:
            raise Invalid.one("brand", f"Name the brand: {', '.join(sorted(brands)) or 'there is none yet'}.")
        [named] = brands
    if named not in brands:
        raise Invalid.one("brand", f"There is no brand called {named}.")
    return named
