"""The ways out in a few lines: what waits on each, what stands in the way, and how far HubSpot has drifted."""

from __future__ import annotations

from textual.content import Content

from passalong_tui import safe
from passalong_tui.answers.outbox import Differences, Endpoint, OutboxStatus, Way
from passalong_tui.words import NOTHING, WAYS, ago, clock, counted, number, said, stamp

ALWAYS = ("hubspot", "webhook")
"""Told of even while nothing happens there; the others only when something does."""
MOST_TROUBLES = 3

Part = str | tuple[str, str]


def sendable(differences: Differences) -> int:
    """Records that HubSpot lacks, or that say something else there; a new credit goes there by itself."""
    return differences.lacking + differences.drifted_contacts + differences.drifted_deals


def lines(status: OutboxStatus, endpoints: list[Endpoint] | None, *, wide: bool, acts: bool) -> Content:
    """A line for each way, then one for each trouble. `endpoints` None where the key may not see them; `acts` says
    whether it may have records sent."""
    shown = [w for w in status.destinations if w.destination in ALWAYS or w.pending or w.sending or w.failed]
    shown.sort(key=lambda way: [*WAYS].index(way.destination) if way.destination in WAYS else len(WAYS))
    rows: list[list[Part]] = [_head(wide)]
    rows += [_row(way, _about(way, status, endpoints, wide=wide), wide) for way in shown]
    troubles = _troubles(status)
    rows += [[("! ", "bold $warning"), *trouble] for trouble in troubles[:MOST_TROUBLES]]
    if len(troubles) > MOST_TROUBLES:
        rows.append([(f"  and {len(troubles) - MOST_TROUBLES} more", "$quiet")])
    if status.crm.connected and (differences := told(status.crm.differences)):
        hints = ["w names them"] if status.crm.drifts else []
        hints += ["d sends"] if acts and sendable(status.crm.differences) else []
        rows.append([("≠ ", "bold $accent"), differences, (f"  {', '.join(hints)}", "$quiet")])
    return Content("\n").join([Content.assemble(*row) for row in rows])


def _head(wide: bool) -> list[Part]:
    labels = f"{'':<12}{'Pending':>9}{'Sending':>9}{'Failed':>9}"
    return [(f"{labels}   {'Oldest':<14}" if wide else f"{labels}  {'Oldest':<12}", "$quiet")]


def _row(way: Way, about: list[Part], wide: bool) -> list[Part]:
    oldest = ago(way.oldest_pending_at) if way.oldest_pending_at else NOTHING
    failed = f"{number(way.failed):>9}"
    return [
        (f"{said(WAYS, way.destination):<12}", "bold"),
        f"{number(way.pending):>9}{number(way.sending):>9}",
        (failed, "bold $error") if way.failed else failed,
        f"   {oldest:<14}" if wide else f"  {oldest:<12}",
        *about,
    ]


def _about(way: Way, status: OutboxStatus, endpoints: list[Endpoint] | None, *, wide: bool) -> list[Part]:
    """Whether there is anybody at its end, and since when nobody was asked."""
    if way.paused_until is not None:
        return [(f"‖ paused until {clock(way.paused_until)}", "$warning")]
    crm = status.crm
    if way.destination == "hubspot":
        if not crm.connected:
            return [("○ not connected" if not wide else "○ not connected: set hubspot.token", "$quiet")]
        said_of = [f"deals read {ago(crm.polled_at)}" if crm.polled_at else "deals never read"]
        said_of += [f"compared {ago(crm.reconciled_at)}" if crm.reconciled_at else "never compared"]
        return [("● connected", "$success"), (f"  {'; '.join(said_of)}" if wide else "", "$quiet")]
    if way.destination == "webhook" and endpoints is not None:
        if not endpoints:
            return [("○ no endpoint" if not wide else "○ no endpoint: PUT /api/v1/webhooks/{id}", "$quiet")]
        off = sum(not endpoint.enabled for endpoint in endpoints)
        return [("● ", "$success"), f"{counted(len(endpoints), 'endpoint')}{f', {off} disabled' if off else ''}"]
    return []


def _troubles(status: OutboxStatus) -> list[list[Part]]:
    """Why something does not go where it should, in the words of whoever refuses."""
    found: list[list[Part]] = [
        [
            (said(WAYS, way.destination), "bold"),
            " is paused ",
            ("(u tries again now)", "$quiet"),
            f": {safe.line(way.pause_reason, 200)}",
        ]
        for way in status.paused
    ]
    found += [
        [
            (safe.line(each.endpoint, 40), "bold"),
            f" has taken nothing since {stamp(each.since)}: {safe.line(each.reason, 200)}",
        ]
        for each in status.failing_endpoints
    ]
    return found + [[("HubSpot", "bold"), f" refuses: {safe.line(trouble, 200)}"] for trouble in status.crm.troubles]


def told(differences: Differences) -> str:
    """Both ways, in a sentence; empty where nothing differs."""
    parts = []
    if differences.lacking:
        parts.append(f"HubSpot lacks {counted(differences.lacking, 'lead')}")
    drifted = [
        counted(n, noun)
        for n, noun in ((differences.drifted_contacts, "contact"), (differences.drifted_deals, "deal"))
        if n
    ]
    if drifted:
        n = differences.drifted_contacts + differences.drifted_deals
        parts.append(f"{' and '.join(drifted)} {'says' if n == 1 else 'say'} something else there")
    if differences.deals_to_tell:
        n = differences.deals_to_tell
        parts.append(f"{counted(n, 'deal')} {'carries' if n == 1 else 'carry'} another credit here")
    sentence = "; ".join(parts)
    return f"{sentence[:1].upper()}{sentence[1:]}." if sentence else ""
