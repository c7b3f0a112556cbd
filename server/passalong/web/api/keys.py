"""API keys: who may call, made and revoked by admins. A key itself is in one answer, and never again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from passalong.domain.access import ApiKey, Role
from passalong.domain.instant import at
from passalong.domain.text import tidy
from passalong.errors import Invalid
from passalong.web.api.access import ADMIN, key_of
from passalong.web.api.audited import tell
from passalong.web.api.idempotent import SHOWN_ONCE
from passalong.web.api.paging import Cursor, Limit, Page, page_by_id
from passalong.web.api.refusals import REFUSALS
from passalong.web.services import FromServices


class OwnKey(Struct, kw_only=True):
    """The key that asks."""

    name: str
    role: Role


class KeyAnswer(Struct, kw_only=True):
    """An API key as it is kept, without its secret. `yours` is the one that asks."""

    id: str
    name: str
    role: Role
    created_at: datetime
    revoked_at: datetime | None
    yours: bool


class NewKeyAnswer(KeyAnswer, kw_only=True):
    """The same with `key`, the secret to send as a bearer. It is stored nowhere; a post repeated under the same
    Idempotency-Key is told null."""

    key: str | None


class KeyBody(Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=80)]
    role: Role


@get("/key", tags=["Keys"], summary="The key that asks, and its role", responses=REFUSALS)
async def get_key(request: Request[Any, ApiKey, State]) -> OwnKey:
    key = key_of(request)
    return OwnKey(name=key.name, role=key.role)


@get("/keys", tags=["Keys"], summary="List API keys", opt=ADMIN, responses=REFUSALS)
async def list_keys(
    request: Request[Any, Any, State], services: FromServices, limit: Limit = 50, cursor: Cursor = None
) -> Page[KeyAnswer]:
    """The oldest first, those that were revoked among them."""
    asking = key_of(request).id
    paged = page_by_id(services.keys.stored(), limit, cursor, lambda key: f"{key.created_at_ms:015d}/{key.id}")
    return Page([KeyAnswer(**_told(key, asking)) for key in paged.items], paged.next_cursor)


@post("/keys", tags=["Keys"], summary="Make an API key", opt={**ADMIN, SHOWN_ONCE: "key"}, responses=REFUSALS)
async def make_key(
    request: Request[Any, Any, State], services: FromServices, data: JSONBody[KeyBody]
) -> Response[NewKeyAnswer]:
    """The key is in this answer alone: whoever loses it revokes it and makes another."""
    name = tidy(data.name)
    if not name:
        raise Invalid.one("name", "Say whose key this is, or what for.")
    key, secret = await services.keys.make(name, data.role)
    tell(request, key.id, {"role": key.role.value})
    answer = NewKeyAnswer(**_told(key, key_of(request).id), key=secret)
    return Response(answer, headers={"cache-control": "no-store"})


@post("/keys/{id:str}/revoke", tags=["Keys"], summary="Revoke an API key", status_code=200, opt=ADMIN,
      responses=REFUSALS)  # fmt: skip
async def revoke_key(request: Request[Any, Any, State], services: FromServices, id: FromPath[str]) -> KeyAnswer:
    """Worthless from now on, in every process. Neither the key that asks nor the last admin's can be revoked."""
    asking = key_of(request).id
    return KeyAnswer(**_told(await services.keys.revoke(id, asking=asking), asking))


def _told(key: ApiKey, asking: str) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "role": key.role,
        "created_at": at(key.created_at_ms),
        "revoked_at": at(key.revoked_at_ms) if key.revoked_at_ms is not None else None,
        "yours": key.id == asking,
    }
