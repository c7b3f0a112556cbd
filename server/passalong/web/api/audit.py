"""The audit trail, for admins: what was done, when, and with which key. No personal data is in it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from litestar import get
from litestar.params import QueryParameter
from msgspec import Struct

from passalong.domain.audit import Act, Detail
from passalong.domain.instant import at
from passalong.store.catalog import Catalog
from passalong.web.api.access import ADMIN
from passalong.web.api.paging import Cursor, Limit, Page, decode, page
from passalong.web.api.refusals import REFUSALS
from passalong.web.services import FromServices


class ActAnswer(Struct, kw_only=True):
    """Something that was done. `key` is the id of the API key that asked for it, or `operator` (a console on the
    server's own machine), `command` (the command line), `hubspot`, `retention` or `start`; `key_name` what the key is
    called. `subject` is the id of what it was done to, `detail` counts and ids."""

    id: int
    at: datetime
    key: str
    key_name: str | None
    action: str
    subject: str
    detail: Detail


@get("/audit", tags=["Audit"], summary="What was done, the latest first", opt=ADMIN, responses=REFUSALS)
async def list_acts(
    services: FromServices,
    limit: Limit = 50,
    cursor: Cursor = None,
    action: Annotated[str | None, QueryParameter(description="Only this, as erase_lead", max_length=80)] = None,
    subject: Annotated[str | None, QueryParameter(description="Only what was done to this", max_length=200)] = None,
) -> Page[ActAnswer]:
    below = decode(cursor, tuple[int])
    found = await services.audit.page(
        limit=limit + 1, before=below[0] if below else None, action=action, subject=subject
    )
    paged = page(found, limit, lambda act: (act.id,))
    return Page([told(act, services.catalog) for act in paged.items], paged.next_cursor)


def told(act: Act, catalog: Catalog) -> ActAnswer:
    key = catalog.api_keys.get(act.api_key)
    return ActAnswer(
        id=act.id,
        at=at(act.at_ms),
        key=act.api_key,
        key_name=key.name if key else None,
        action=act.action,
        subject=act.subject,
        detail=act.detail,
    )
