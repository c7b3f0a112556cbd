"""API keys: what the one in hand may do."""

from __future__ import annotations

from typing import Any

from litestar import Request, get
from litestar.datastructures import State
from msgspec import Struct

from passalong.domain.access import ApiKey, Role
from passalong.web.api.access import key_of
from passalong.web.api.refusals import REFUSALS


class OwnKey(Struct, kw_only=True):
    """The key that asks."""

    name: str
    role: Role


@get("/key", tags=["Keys"], summary="The key that asks, and its role", responses=REFUSALS)
async def get_key(request: Request[Any, ApiKey, State]) -> OwnKey:
    key = key_of(request)
    return OwnKey(name=key.name, role=key.role)
