"""What is kept of one person, whole: the answer to somebody who asks what is known of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from passalong.domain.gate import address_of
from passalong.domain.instant import at
from passalong.errors import NotFound
from passalong.store.people import EXPORTED, Rows
from passalong.web.api.access import ADMIN
from passalong.web.api.audited import AUDITED, tell
from passalong.web.api.idempotent import ONLY_READS
from passalong.web.api.refusals import REFUSALS
from passalong.web.services import FromServices


class Section(Struct, kw_only=True):
    """What one table keeps of the person; `what` says in words what that is."""

    kind: str
    what: str
    rows: list[dict[str, Any]]


class PersonAnswer(Struct, kw_only=True):
    """All that is kept of one person. What names other people is left out."""

    exported_at: datetime
    sections: list[Section]


class PersonBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """Whose: an address as it was entered at a gate, or invited."""

    email: Annotated[str, Meta(max_length=254)]


@get("/leads/{id:str}/export", tags=["Leads"], summary="All that is kept of a person", opt=ADMIN | AUDITED,
     responses=REFUSALS)  # fmt: skip
async def export_person(
    request: Request[Any, Any, State], services: FromServices, id: FromPath[str]
) -> Response[PersonAnswer]:
    """Every row of every table that knows the lead or its address: to hand over to whoever asks what is kept of
    them."""
    await services.leads.get(id)
    answer = told(await services.people.known_of(id), services.clock())
    return Response(answer, headers={"cache-control": "no-store"})


@post("/people/export", tags=["Leads"], summary="All that is kept of whoever has an address", status_code=200,
      opt=ADMIN | ONLY_READS, responses=REFUSALS)  # fmt: skip
async def export_person_by_address(
    request: Request[Any, Any, State], services: FromServices, data: JSONBody[PersonBody]
) -> Response[PersonAnswer]:
    """The same by address, also of somebody who was only invited. The address comes in the body, so that no log has it;
    the answer is not kept for an `Idempotency-Key`."""
    email, _ = address_of(data.email)
    rows = await services.people.known(email)
    if not any(rows.values()):
        raise NotFound("Nobody is known here by this address.")
    tell(request, next((lead["id"] for lead in rows["leads"]), ""))
    return Response(told(rows, services.clock()), headers={"cache-control": "no-store"})


def told(rows: Rows, now_ms: int) -> PersonAnswer:
    return PersonAnswer(
        exported_at=at(now_ms),
        sections=[Section(kind=table, what=EXPORTED[table].what, rows=found) for table, found in rows.items()],
    )
