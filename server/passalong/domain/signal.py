"""A signal: one thing that a customer did, asked or said, as the vendor's product, community or support tells it."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from passalong.domain.faults import fault_of
from passalong.domain.instant import DAY_MS, Moment, at, ms_of
from passalong.domain.share import Id
from passalong.errors import Fault, Invalid

MOST = 1_000
"""Signals in one request."""
EARLY_MS = DAY_MS
"""How far ahead a sender's clock may be."""


class Family(StrEnum):
    """Where a signal comes from: the first part of its kind."""

    PRODUCT = "product"
    COMMUNITY = "community"
    SUPPORT = "support"
    SATISFACTION = "satisfaction"
    PIPELINE = "pipeline"


KIND_PATTERN = rf"^({'|'.join(Family)})\.[a-z][a-z0-9_]{{0,47}}$(?!\n)"
Kind = Annotated[str, Meta(pattern=KIND_PATTERN, description="product.exported, support.ticket_opened, …")]


class SignalBody(Struct, forbid_unknown_fields=True):
    """A signal as an integrator reports it. `external_id` names it for ever; `value` is a score or an amount of
    something, as 9 of `satisfaction.nps`."""

    external_id: Annotated[str, Meta(min_length=1, max_length=128)]
    customer: Id
    kind: Kind
    occurred_at: Moment
    value: Annotated[float, Meta(ge=-1e12, le=1e12)] | None = None


class Signal(Struct, frozen=True, gc=False):
    """A signal as it is kept. It names a customer and nobody of its people."""

    external_id: str
    customer: str
    kind: str
    value: float | None
    occurred_at_ms: int


def read(body: dict[str, Any], customers: Container[str], now_ms: int) -> list[Signal]:
    """The signals of a request, which is one of them or holds a list; raises Invalid naming every bad one."""
    if "signals" not in body:
        found, faults = _one(body, "", customers, now_ms)
        if found is None or faults:
            raise Invalid(faults)
        return [found]
    faults = [Fault(name, "Beside `signals` there is nothing else.") for name in body if name != "signals"]
    entries = body["signals"]
    if not isinstance(entries, list) or not 1 <= len(entries) <= MOST:
        faults.append(Fault("signals", f"Give a list of 1 to {MOST:,} signals."))
        raise Invalid(faults)
    signals: list[Signal] = []
    for place, entry in enumerate(entries):
        signal, wrong = _one(entry, f"signals[{place}]", customers, now_ms)
        faults += wrong
        if signal is not None:
            signals.append(signal)
    if faults:
        raise Invalid(faults)
    return signals


def _one(entry: object, path: str, customers: Container[str], now_ms: int) -> tuple[Signal | None, list[Fault]]:
    try:
        body = msgspec.convert(entry, SignalBody)
    except msgspec.ValidationError as error:
        fault = fault_of(str(error))
        return None, [Fault(_within(path, "" if fault.field == "body" else fault.field) or "body", fault.message)]
    faults = []
    if not body.external_id.isprintable() or not body.external_id.strip():
        faults.append(Fault(_within(path, "external_id"), "Use printable characters."))
    if body.customer not in customers:
        faults.append(Fault(_within(path, "customer"), f"There is no customer called {body.customer}."))
    if wrong := _wrong_time(body.occurred_at, now_ms):
        faults.append(Fault(_within(path, "occurred_at"), wrong))
        return None, faults
    return Signal(body.external_id, body.customer, body.kind, body.value, ms_of(body.occurred_at)), faults


def _wrong_time(moment: datetime, now_ms: int) -> str | None:
    if moment.tzinfo is None:
        return "Give the time with its zone, as 2026-11-21T09:00:00Z."
    if not 2000 <= moment.year < 2200:
        return "This year cannot be right."
    if ms_of(moment) > now_ms + EARLY_MS:
        return f"This has not happened yet; it is {at(now_ms):%Y-%m-%dT%H:%MZ} now."
    return None


def _within(path: str, field: str) -> str:
    return ".".join(filter(None, (path, field)))
