"""The audit trail: who did what, by ids and counts alone."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

Detail = dict[str, int | str | list[str]]


class Way(StrEnum):
    """By which way something is done that no API key asks for."""

    COMMAND = "command"
    """The command line, by somebody with access to the machine."""
    HUBSPOT = "hubspot"
    LETTER = "letter"
    """Whoever it is about, by the link in a letter to them."""
    RETENTION = "retention"
    """The settings of `retention.*`, when their time has come."""
    START = "start"
    """The server, as it started."""


class Act(Struct, frozen=True, kw_only=True):
    """Something that was done. `api_key` is the id of the key that asked, or a `Way`; `action` what was done, as
    `kill_mechanic`; `subject` the id of what it was done to, '' where there is none. Nothing here names a person."""

    id: int
    at_ms: int
    api_key: str
    action: str
    subject: str
    detail: Detail
