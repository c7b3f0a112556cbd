"""Shares and their branches."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from passalong.domain.money import Money


class ShareOf(Struct, kw_only=True):
    """A share of a customer, with what came of it."""

    share: str
    url: str
    asset: str
    asset_title: str | None
    mechanic: str
    channel: str
    sharer: str | None
    hop: int
    first_seen_at: datetime
    expires_at: datetime | None
    revoked: bool
    visits: int
    leads: int
    opportunities: int


class ListedShare(ShareOf, kw_only=True):
    """A share in the list of all: `branches` counts what was passed along from it, at any hop; the rest is its own."""

    customer: str
    customer_name: str | None
    parent: str | None
    state: str
    branches: int
    pipeline: list[Money]


class Below(Struct, kw_only=True):
    """What everything brought that was passed along from a share, itself not counted."""

    branches: int
    visits: int
    leads: int
    opportunities: int
    pipeline: list[Money]


class ShareMonth(Struct, kw_only=True):
    """`month` as 2026-10."""

    month: str
    visits: int
    leads: int


class ShareDetail(Struct, kw_only=True):
    """`months` are the share's own, oldest first; those in which nobody came are left out."""

    share: ListedShare
    below: Below
    months: list[ShareMonth]


class Node(Struct, kw_only=True):
    """A share in a tree. `children` counts those right below; numbers are its own, `depth` counts from the top."""

    share: str
    parent: str | None
    depth: int
    hop: int
    channel: str
    sharer: str | None
    first_seen_at: datetime
    revoked: bool
    children: int
    visits: int
    leads: int
    opportunities: int
    pipeline: list[Money]


class Revocation(Struct, kw_only=True):
    share: str
    revoked_at: datetime
    by: str | None
