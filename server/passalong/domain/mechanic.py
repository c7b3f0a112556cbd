"""A mechanic: one way in which customers produce pipeline, with its rule, its owner and its end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct, field
from msgspec.structs import replace

from passalong.domain.address import NEEDED, web_url
from passalong.domain.domains import is_domain, to_ascii
from passalong.domain.instant import DAY_MS, Moment, ms_of, wrong_time
from passalong.domain.share import Id
from passalong.domain.text import tidy
from passalong.errors import Fault, Invalid, Sentence


class MechanicKind(StrEnum):
    REFERRAL_LOOP = "referral_loop"
    EXPANSION = "expansion"
    SHARED_ASSET = "shared_asset"
    ADVOCACY = "advocacy"
    COMMUNITY = "community"


PRODUCT_TOUCH = (MechanicKind.SHARED_ASSET, MechanicKind.REFERRAL_LOOP, MechanicKind.EXPANSION)
"""The kinds that live where the product is touched, apart from what people write and say."""


class GateMode(StrEnum):
    NONE = "none"
    """The asset is open and nobody is asked."""
    SOFT = "soft"
    """The asset shows and the form invites."""
    HARD = "hard"
    """The asset waits behind the form."""
    AT_STEP = "at_step"
    """A walkthrough's form stands after a step; any other asset treats it as hard."""


class Fallback(StrEnum):
    """What a killed mechanic's links do from then on."""

    ASSET_ONLY = "asset_only"
    REDIRECT = "redirect"
    GONE = "gone"


KNOWN_FIELDS = {
    "name": Sentence("Name"),
    "company": Sentence("Company"),
    "role": Sentence("Role"),
    "heard_from": Sentence("How did you hear about us?"),
}
"""The gate's fields beside the e-mail address that every gate asks for."""

_OWN_FIELD = re.compile(r"^x_[a-z0-9_]{1,30}\Z")


class FieldSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """One more question of a gate: one of KNOWN_FIELDS, or the mechanic's own `x_…` with a label."""

    name: Annotated[str, Meta(max_length=32)]
    label: Annotated[str, Meta(min_length=1, max_length=80)] | None = None
    required: bool = False

    @property
    def text(self) -> str:
        return self.label or KNOWN_FIELDS.get(self.name) or self.name[2:].replace("_", " ").capitalize()


class GateBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A gate as an integrator writes it. In `fields`, a bare name stands for `{"name": …}`."""

    mode: GateMode = GateMode.NONE
    step: Annotated[int, Meta(ge=1)] | None = None
    fields: Annotated[list[str | FieldSpec], Meta(max_length=8)] = []
    consent_text: Annotated[str, Meta(min_length=1, max_length=600)] | None = None
    allow_domains: Annotated[list[Annotated[str, Meta(max_length=253)]], Meta(max_length=200)] = []
    block_freemail: bool = False
    block_disposable: bool = False


class Gate(Struct, frozen=True, kw_only=True):
    mode: GateMode = GateMode.NONE
    step: int | None = None
    fields: tuple[FieldSpec, ...] = ()
    consent_text: str | None = None
    allow_domains: tuple[str, ...] = ()
    block_freemail: bool = False
    block_disposable: bool = False


class Cta(Struct, frozen=True, forbid_unknown_fields=True):
    """The one next step that a page offers."""

    label: Annotated[str, Meta(min_length=1, max_length=60)]
    url: Annotated[str, Meta(max_length=1000)]


class MechanicBody(Struct, forbid_unknown_fields=True):
    """A mechanic as an integrator writes it. `target_per_1000` is opportunities per 1,000 human visits;
    `floor_days` must pass before it is judged; `cycle_days` is how long a visit usually takes to become an opportunity.

    `by` and `reason` say who changes a mechanic that was launched, and why: they are kept with the decision.
    """

    kind: MechanicKind
    title: Annotated[str, Meta(min_length=1, max_length=120)]
    owner: Annotated[str, Meta(min_length=1, max_length=120)]
    brand: Id
    gate: GateBody = field(default_factory=GateBody)
    cta: Cta | None = None
    target_per_1000: Annotated[float, Meta(gt=0, le=1000)] | None = None
    floor_days: Annotated[int, Meta(ge=1, le=730)] | None = None
    cycle_days: Annotated[int, Meta(ge=0, le=730)] = 0
    launched_at: Moment | None = None
    by: Annotated[str, Meta(min_length=1, max_length=120)] | None = None
    reason: Annotated[str, Meta(min_length=1, max_length=500)] | None = None


class Status(StrEnum):
    LIVE = "live"
    PAUSED = "paused"
    """Its links go on, but none is made, and these days count neither for nor against it."""
    KILLED = "killed"


class Tombstone(Struct, frozen=True, kw_only=True):
    """The end of a mechanic: when, by whom, why, and what its links do since."""

    at_ms: int
    by: str
    reason: str
    fallback: Fallback
    redirect_url: str | None = None


class Mechanic(Struct, frozen=True, kw_only=True):
    """A mechanic as it is kept; `tombstone` is set while it is killed, `paused_at_ms` while it is paused. `away`
    are the times, from and until, at which it was dead or paused before that."""

    key: Id
    kind: MechanicKind
    title: str
    owner: str
    brand: str
    gate: Gate
    cta: Cta | None
    target_per_1000: float | None
    floor_days: int
    launched_at_ms: int
    tombstone: Tombstone | None = None
    cycle_days: int = 0
    paused_at_ms: int | None = None
    away: tuple[tuple[int, int], ...] = ()

    @property
    def status(self) -> Status:
        if self.tombstone:
            return Status.KILLED
        return Status.LIVE if self.paused_at_ms is None else Status.PAUSED

    def days_live(self, now_ms: int) -> int:
        """Whole days since the launch, without those it was paused or dead."""
        ends = [now_ms, self.paused_at_ms, self.tombstone.at_ms if self.tombstone else None]
        end_ms = min(ms for ms in ends if ms is not None)
        gone_ms = sum(max(min(until, end_ms) - max(since, self.launched_at_ms), 0) for since, until in self.away)
        return max(end_ms - self.launched_at_ms - gone_ms, 0) // DAY_MS

    def back(self, now_ms: int) -> Mechanic:
        """The same without its pause and its tombstone: it was away until now."""
        starts = [self.paused_at_ms, self.tombstone.at_ms if self.tombstone else None]
        away = tuple((since, now_ms) for since in starts if since is not None and since < now_ms)
        return replace(self, tombstone=None, paused_at_ms=None, away=(*self.away, *away))

    @property
    def instrumented(self) -> bool:
        """Community is deliberately not: its pages record nothing about who looks, dead or alive."""
        return self.kind is not MechanicKind.COMMUNITY

    @property
    def records_viewers(self) -> bool:
        return self.instrumented and self.tombstone is None


def build(key: str, body: MechanicBody, *, now_ms: int, before: Mechanic | None) -> Mechanic:
    """A checked mechanic; raises Invalid with every fault. Keeps the launch date it had, and whether it
    is dead or paused."""
    faults = list(_gate_faults(body))
    cta_url = web_url(body.cta.url) if body.cta is not None else None
    if body.cta is not None and cta_url is None:
        faults.append(Fault("cta.url", NEEDED))
    if wrong := wrong_time(body.launched_at):
        faults.append(Fault("launched_at", wrong))
    if faults:
        raise Invalid(faults)
    if body.launched_at is not None:
        launched_at_ms = ms_of(body.launched_at)
    else:
        launched_at_ms = before.launched_at_ms if before else now_ms
    return Mechanic(
        key=key,
        kind=body.kind,
        title=body.title,
        owner=body.owner,
        brand=body.brand,
        gate=_gate(body.gate),
        cta=Cta(body.cta.label, cta_url) if body.cta and cta_url else None,
        target_per_1000=body.target_per_1000,
        floor_days=body.floor_days or (180 if body.kind is MechanicKind.ADVOCACY else 90),
        launched_at_ms=launched_at_ms,
        tombstone=before.tombstone if before else None,
        cycle_days=body.cycle_days,
        paused_at_ms=before.paused_at_ms if before else None,
        away=before.away if before else (),
    )


def _gate(body: GateBody) -> Gate:
    return Gate(
        mode=body.mode,
        step=body.step,
        fields=tuple(FieldSpec(entry) if isinstance(entry, str) else entry for entry in body.fields),
        consent_text=body.consent_text,
        allow_domains=tuple(to_ascii(domain) for domain in body.allow_domains),
        block_freemail=body.block_freemail,
        block_disposable=body.block_disposable,
    )


def _gate_faults(body: MechanicBody) -> Iterator[Fault]:
    gate = _gate(body.gate)
    names = [field.name for field in gate.fields]
    for n, name in enumerate(names):
        if name not in KNOWN_FIELDS and not _OWN_FIELD.match(name):
            yield Fault(f"gate.fields[{n}]", f"Use {', '.join(KNOWN_FIELDS)}, or a name of your own as x_team_size.")
        elif name in names[:n]:
            yield Fault(f"gate.fields[{n}]", f"{name} is asked twice.")
    for n, domain in enumerate(gate.allow_domains):
        if not is_domain(domain):
            yield Fault(f"gate.allow_domains[{n}]", "Write a domain alone, as example.com.")
    if gate.mode is GateMode.AT_STEP and gate.step is None:
        yield Fault("gate.step", "A gate at a step needs the step after which it stands.")
    if body.kind is MechanicKind.COMMUNITY and gate.mode is not GateMode.NONE:
        yield Fault("gate.mode", "Community links record nothing about viewers, so they carry no gate.")


def tombstone(
    mechanic: Mechanic, *, at_ms: int, by: str, reason: str, fallback: Fallback, redirect_url: str | None
) -> Tombstone:
    """The end of a mechanic, checked; raises Invalid. A redirect needs an address to lead to."""
    faults = _unsaid(by=by, reason=reason)
    leads_to = web_url(redirect_url) if redirect_url else None
    if fallback is Fallback.REDIRECT and leads_to is None:
        faults.append(Fault("redirect_url", "Give the full https:// address that the links lead to from now on."))
    if fallback is not Fallback.REDIRECT and redirect_url is not None:
        faults.append(Fault("redirect_url", "Only the fallback `redirect` leads anywhere."))
    if faults:
        raise Invalid(faults)
    return Tombstone(at_ms=at_ms, by=tidy(by), reason=tidy(reason), fallback=fallback, redirect_url=leads_to)


def check_words(*, by: str, reason: str) -> None:
    """Raises Invalid unless somebody says who decides, and why."""
    if faults := _unsaid(by=by, reason=reason):
        raise Invalid(faults)


def _unsaid(*, by: str, reason: str) -> list[Fault]:
    said = (("reason", reason), ("by", by))
    return [Fault(name, "Say it in a few words.") for name, text in said if not tidy(text)]
