"""Keys, brands, and the settings in force."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class OwnKey(Struct, kw_only=True):
    """The key in use."""

    name: str
    role: str


class ApiKey(Struct, kw_only=True):
    """A key as the server keeps it; `yours` is the one in use. `key` is its secret, in the answer that made it."""

    id: str
    name: str
    role: str
    created_at: datetime
    revoked_at: datetime | None
    yours: bool
    key: str | None = None


class Brand(Struct, kw_only=True):
    id: str
    name: str
    accent: str
    home_url: str
    logo: str | None
    privacy_url: str | None
    embed_hosts: list[str]


class Kept(Struct, kw_only=True):
    """How long something is kept; `days` None for good. `setting` says otherwise, where it can be said."""

    kind: str
    days: int | None
    what: str
    setting: str | None = None


class Settings(Struct, kw_only=True):
    """What the server says of its settings. `entries` are as it names them: a newer one knows more."""

    file: str | None
    by_variable: list[str]
    retention: list[Kept]
    entries: dict[str, object] = {}
