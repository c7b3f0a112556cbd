"""How a lead came, link by link; what it did; and how it stands in HubSpot: each in words."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby

from textual.content import Content

from passalong_tui import safe
from passalong_tui.answers.leads import Hop, Lead, Person
from passalong_tui.answers.metric import Event
from passalong_tui.answers.outbox import InCrm
from passalong_tui.known import Known
from passalong_tui.words import ACTORS, EVENTS, NOTHING, day, here, said, stamp

Part = str | tuple[str, str] | Content

_MOMENT, _COLUMN = 23, 19
_LEFT = 14
_MOST_LINES = 60
_STAFF = "staff"


def called(person: Person | None) -> str:
    """Somebody on the way, by as much as may be shown."""
    if person is None:
        return "somebody unknown"
    return safe.line(person.email, 48) or (
        f"someone at {safe.line(person.domain, 40)}" if person.domain else "somebody"
    )


def between(first: datetime, then: datetime) -> str:
    """`the same day`, `the day after`, `12 days later`."""
    days = (here(then).date() - here(first).date()).days
    if days <= 0:
        return "the same day"
    return "the day after" if days == 1 else f"{days:,} days later"


def way(hops: list[Hop], lead: Lead, known: Known) -> Content:
    """Whose link it was, from whom to whom, and how long each step took. The lead itself stands at the end."""
    if not hops:
        return Content.styled("The link by which this lead came is not on record.", "$quiet")
    parts: list[Part] = []
    if hops[0].hop:
        parts += [("Links before this one were never opened here: nothing is known of them.", "$quiet"), "\n"]
    parts += [*_left(day(hops[0].shared_at)), ("◆ ", "$accent"), _shared(hops[0], known), "\n"]
    for place, hop in enumerate(hops):
        when = between(hop.shared_at, hop.reached_at) if hop.reached_at else "some day"
        following = hops[place + 1] if place + 1 < len(hops) else None
        if following is None:
            parts += [*_left(when), ("● this lead", "bold"), " filled the gate"]
            continue
        pause = f" {between(hop.reached_at, following.shared_at)}" if hop.reached_at else ""
        parts += [*_left(when), ("○ ", "$accent"), (called(hop.reached), "bold"), " came by it\n"]
        parts += [*_left(""), f"  and passed it along{pause} ", (f"hop {following.hop}", "$quiet"), "\n"]
    return Content.assemble(*parts)


def _left(text: str) -> list[Part]:
    return [(f"{text:>{_LEFT}}  ", "$quiet")]


def _shared(hop: Hop, known: Known) -> Content:
    asset = safe.line(hop.asset, 32)
    if hop.hop:
        return Content.assemble((called(hop.passed_by), "bold"), f" passed “{asset}” along")
    whose = safe.line(known.name(hop.customer), 40)
    if hop.channel == "prompt":
        return Content.assemble((whose, "bold"), " was prompted in the product")
    sharer = hop.sharer or ""
    by = ", by your own staff" if sharer == _STAFF or sharer.startswith(f"{_STAFF}:") else ""
    by = by or (f", by {safe.line(sharer, 24)}" if sharer else "")
    where = f" · {safe.line(hop.channel, 32)}" if hop.channel != "link" else ""
    return Content.assemble((whose, "bold"), f" shared “{asset}”{where}{by}")


def doings(events: list[Event], known: Known) -> Content:
    """Oldest first, each with its time; what was done several times in a row on one day stands once."""
    if not events:
        return Content.styled("No event is on record for this lead.", "$quiet")
    lines: list[Content] = []
    for _, alike in groupby(events, key=lambda e: (e.kind, e.asset, e.share, e.actor, here(e.at).date())):
        first, *others = alike
        where = safe.line(first.asset, 40) or safe.line(known.name(first.customer), 40)
        times = f"  {len(others) + 1} times" if others else ""
        lines.append(
            Content.assemble(
                (f"{stamp(first.at):<{_MOMENT}}", "$quiet"),
                (f"{safe.line(said(EVENTS, first.kind), 18):<{_COLUMN}}", "bold"),
                where,
                (f"  {safe.line(said(ACTORS, first.actor))}{times}", "$quiet"),
            )
        )
    left_out = len(lines) - _MOST_LINES
    if left_out > 0:
        lines = [Content.styled(f"… {left_out:,} earlier ones", "$quiet"), *lines[left_out:]]
    return Content("\n").join(lines)


def in_hubspot(crm: InCrm | None, *, what: str, sample: bool = False, erased: bool = False) -> Content:
    """How a record (`what`: a contact, a deal) stands there, and what is to be done about it."""
    if crm is None or (not crm.connected and crm.record is None):
        return Content.styled("HubSpot is not connected.", "$quiet")
    lines: list[Content] = []
    job = crm.job
    undone = job is not None and job.state in ("pending", "sending", "failed")
    if crm.record is not None:
        told = f", told {stamp(crm.told_at)}" if crm.told_at and not undone else ""
        lines.append(Content.assemble("✓ ", f"{what.capitalize()} ", (safe.line(crm.record, 40), "bold"), told))
        if not crm.ours and what == "contact":
            lines.append(Content.styled("  A first touch stood there before; it was left as it was.", "$quiet"))
    if job is not None and job.state == "failed":
        lines.append(Content.styled("! HubSpot refused it, and it is not tried again:", "bold $error"))
        lines.append(Content(f"  “{safe.line(job.reason) or NOTHING}”"))
        lines.append(Content.styled("  Integrations (8) tries it once more.", "$quiet"))
    elif job is not None and undone:
        doing = "to be erased there" if job.topic == "erasure" else "to be sent"
        lines.append(Content.assemble("… ", f"Waits {doing}, next attempt {stamp(job.due_at)}."))
        if job.reason:
            lines.append(Content(f"  The last one was refused: “{safe.line(job.reason)}”"))
    elif crm.record is None:
        lines.append(_absent(crm, what, sample=sample, erased=erased))
    if crm.pause_reason and crm.paused_until and (undone or crm.record is None):
        lines.append(
            Content.assemble(
                ("! ", "$warning"), f"Nothing goes there until {stamp(crm.paused_until)}: {safe.line(crm.pause_reason)}"
            )
        )
    if crm.drift:
        lines.append(Content.assemble(("! It differs: ", "bold $warning"), safe.line(crm.drift)))
    return Content("\n").join(lines)


def _absent(crm: InCrm, what: str, *, sample: bool, erased: bool) -> Content:
    if erased:
        return Content("✓ Nothing of this lead is there any more.")
    if sample:
        return Content.styled("Sample data is never sent.", "$quiet")
    return Content(f"It is no {what} there, and none is waiting to be made. Integrations (8) sends what is lacking.")
