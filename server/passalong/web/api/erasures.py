"""Those who asked on `/privacy` to be erased, and wait for an admin because no mail is configured."""

from __future__ import annotations

from datetime import datetime

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath
from msgspec import Struct

from passalong.domain.access import ApiKey
from passalong.domain.erasure import Certificate, certificate
from passalong.domain.instant import at
from passalong.web.api.access import ADMIN, key_of
from passalong.web.api.audited import tell
from passalong.web.api.paging import Cursor, Limit, Page, decode, page
from passalong.web.api.refusals import REFUSALS
from passalong.web.services import FromServices


class ErasureRequest(Struct, kw_only=True):
    """Somebody entered the address of a person who is known here and asked for an erasure. Nobody has checked that it
    was the person: write to the lead before you erase it. `lead` is None for somebody who was only invited, and whose
    address is kept no more."""

    id: str
    lead: str | None
    asked_at: datetime


class Dismissal(Struct, kw_only=True):
    id: str
    dismissed: bool


@get("/erasures", tags=["Leads"], summary="List who asked to be erased, the oldest first", opt=ADMIN,
     responses=REFUSALS)  # fmt: skip
async def list_erasures(services: FromServices, limit: Limit = 50, cursor: Cursor = None) -> Page[ErasureRequest]:
    """Only those who wait for an admin: whoever gets a letter sees to it alone. Gone once the person is erased, by
    whatever way."""
    found = await services.erasures.page(limit=limit + 1, after=decode(cursor, tuple[int, str]))
    paged = page(found, limit, lambda asked: (asked.asked_at_ms, asked.id))
    items = [ErasureRequest(id=asked.id, lead=asked.lead, asked_at=at(asked.asked_at_ms)) for asked in paged.items]
    return Page(items, paged.next_cursor)


@post("/erasures/{id:str}/carry-out", tags=["Leads"], summary="Erase somebody who asked for it", status_code=200,
      opt=ADMIN, responses=REFUSALS)  # fmt: skip
async def carry_out_erasure(
    request: Request[None, ApiKey, State], services: FromServices, id: FromPath[str]
) -> Response[Certificate]:
    """Empties all that is kept of the person for good, as a lead and as somebody invited; every total stays. The
    certificate is given this once."""
    now_ms = services.clock()
    emptied = await services.erasures.erase_asked(id)
    tell(request, next(iter(emptied.leads), ""), dict(emptied.rows))
    shown = certificate(emptied, at=at(now_ms), by=key_of(request).id)
    return Response(shown, headers={"cache-control": "no-store"})


@post("/erasures/{id:str}/dismiss", tags=["Leads"], summary="Put a request for erasure away", status_code=200,
      opt=ADMIN, responses=REFUSALS)  # fmt: skip
async def dismiss_erasure(services: FromServices, id: FromPath[str]) -> Dismissal:
    """Nobody is erased: it was not the person who asked."""
    await services.erasures.dismiss(id)
    return Dismissal(id=id, dismissed=True)
