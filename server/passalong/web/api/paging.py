"""Pages of a list: `?limit=&cursor=` in, `{items, next_cursor}` out. A cursor is opaque to its bearer."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

import msgspec
from itsdangerous import BadData
from itsdangerous.encoding import base64_decode, base64_encode
from litestar.params import QueryParameter
from msgspec import Struct

from passalong.errors import Invalid

T = TypeVar("T")

Limit = Annotated[int, QueryParameter(ge=1, le=200, description="Entries a page, at most 200")]
_FORM = r"^[A-Za-z0-9_-]*$"
Cursor = Annotated[
    str | None,
    QueryParameter(description="`next_cursor` of the page before", schema_extra={"pattern": _FORM}),
]


class Page(Struct, Generic[T]):
    items: list[T]
    next_cursor: str | None


MAX_INTEGER = 2**63 - 1
"""The largest that a database's integer holds."""
_NOT_OURS = "This is no cursor of ours."


def encode(key: object) -> str:
    return base64_encode(msgspec.json.encode(key)).decode()


def decode(cursor: str | None, kind: type[T]) -> T | None:
    """The key that a cursor stands for; raises Invalid for one that is not ours."""
    if not cursor:
        return None
    if not re.fullmatch(_FORM, cursor):  # base64 would read past whatever is not of it
        raise Invalid.one("cursor", _NOT_OURS)
    try:
        key = msgspec.json.decode(base64_decode(cursor), type=kind)
    except (msgspec.MsgspecError, BadData, ValueError) as error:
        raise Invalid.one("cursor", _NOT_OURS) from error
    if isinstance(key, tuple) and any(isinstance(part, int) and abs(part) > MAX_INTEGER for part in key):
        raise Invalid.one("cursor", _NOT_OURS)
    return key


def page(found: Sequence[T], limit: int, key: Callable[[T], object]) -> Page[T]:
    """A page of what was found, asked for with one more than the limit."""
    items = list(found[:limit])
    return Page(items, encode(key(items[-1])) if len(found) > limit else None)


def page_by_id(everything: Sequence[T], limit: int, cursor: str | None, key: Callable[[T], str]) -> Page[T]:
    """A page of a whole list sorted by id, from behind the cursor's."""
    after = decode(cursor, str)
    rest = [entry for entry in sorted(everything, key=key) if after is None or key(entry) > after]
    return page(rest[: limit + 1], limit, key)
