"""What a webhook says: made when it is sent, so that nothing personal waits in a queue, and nothing erased is told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from passalong.domain.delivery import Job, Topic
from passalong.domain.event import EventRow
from passalong.domain.instant import at
from passalong.domain.play import Play
from passalong.errors import NotFound
from passalong.store.catalog import Catalog
from passalong.store.conversions import Conversion, Conversions
from passalong.store.leads import Leads
from passalong.store.ledger import Ledger
from passalong.store.plays import Plays

MOST_BYTES = 20_000
"""Less than this is what Standard Webhooks recommends for a body."""


class Message(Struct, frozen=True, kw_only=True):
    """As Standard Webhooks has it: `type`, `timestamp` of what happened, and `data`."""

    type: str
    timestamp: datetime
    data: dict[str, Any]


class Messages:
    def __init__(self, catalog: Catalog, ledger: Ledger, leads: Leads, conversions: Conversions, plays: Plays) -> None:
        self._catalog = catalog
        self._ledger = ledger
        self._leads = leads
        self._conversions = conversions
        self._plays = plays

    async def of(self, job: Job) -> Message | None:
        """What a job says; None when there is nothing left to tell."""
        topic = Topic(job.topic)
        try:
            match topic:
                case Topic.SHARE_CREATED | Topic.LEAD_CREATED | Topic.CLICK_CREATED:
                    seq = int(job.subject)
                    found = await self._ledger.tail(seq - 1, 1)
                    return await self._event(topic, found[0]) if found and found[0].seq == seq else None
                case Topic.CONVERSION_CREATED | Topic.ATTRIBUTION_CHANGED:
                    id, _, _ = job.subject.partition("/")
                    return self._conversion(topic, job, (await self._conversions.case(id)).conversion)
                case Topic.LEAD_ERASED:
                    return Message(type=topic, timestamp=at(job.created_at_ms), data={"lead": job.subject})
                case Topic.MECHANIC_KILLED | Topic.MECHANIC_REVIVED:
                    decision = await self._catalog.decision(int(job.subject))
                    data = {
                        "mechanic": decision.mechanic, "by": decision.by, "reason": decision.reason,
                        "fallback": decision.fallback, "verdict": decision.verdict, "produced": decision.produced,
                        "overrides": decision.overrides,
                    }  # fmt: skip
                    return Message(type=topic, timestamp=at(decision.at_ms), data=data)
                case Topic.PLAY_CREATED | Topic.PLAY_CLOSED:
                    id, _, _ = job.subject.partition("/")
                    return _play(topic, job, await self._plays.get(id))
        except NotFound:
            return None

    async def _event(self, topic: Topic, event: EventRow) -> Message:
        data: dict[str, Any] = {
            "seq": event.seq, "share": event.share, "customer": event.customer, "mechanic": event.mechanic,
            "asset": event.asset, "hop": event.hop, "lead": event.lead,
        }  # fmt: skip
        if topic is Topic.LEAD_CREATED and event.lead is not None:
            lead = await self._leads.get(event.lead)
            data |= {
                "email": lead.email, "name": lead.name, "company": lead.company, "role": lead.role,
                "heard_from": lead.heard_from, "answers": lead.extra, "motion": lead.motion, "parent": lead.parent,
                "consent_version": lead.consent_version, "opted_out": lead.opted_out, "suspect": lead.suspect,
                "erased": lead.erased_at_ms is not None,
            }  # fmt: skip
        return Message(type=topic, timestamp=at(event.at_ms), data=data)

    def _conversion(self, topic: Topic, job: Job, conversion: Conversion) -> Message:
        data = {
            "conversion": conversion.id, "external_id": conversion.external_id, "kind": conversion.kind,
            "occurred_at": at(conversion.occurred_at_ms), "amount": conversion.amount, "version": conversion.version,
            "model": conversion.model, "credits": conversion.credits,
            "unattributed_reason": conversion.unattributed_reason,
        }  # fmt: skip
        return Message(type=topic, timestamp=at(job.created_at_ms), data=data)


def _play(topic: Topic, job: Job, play: Play) -> Message:
    data: dict[str, Any] = {
        "play": play.id, "customer": play.customer, "rule": play.rule, "kind": play.kind, "title": play.title,
        "owner": play.owner, "why": play.why, "state": play.state, "outcome": None,
    }  # fmt: skip
    if play.outcome is not None:
        data["outcome"] = {"result": play.outcome.result, "note": play.outcome.note, "by": play.outcome.by}
    return Message(type=topic, timestamp=at(job.created_at_ms), data=data)


def packed(message: Message) -> bytes:
    """The body. Of more credits than it has room for, the largest are told and the others counted."""
    body = msgspec.json.encode(message)
    if len(body) < MOST_BYTES or "credits" not in message.data:
        return body
    credits = sorted(message.data["credits"], key=lambda credit: -credit.micro)
    told = credits
    while len(body) >= MOST_BYTES and told:
        told = told[: len(told) * 9 // 10]
        data = message.data | {"credits": told, "credits_left_out": len(credits) - len(told)}
        body = msgspec.json.encode(replace(message, data=data))
    return body


def sample(topic: Topic, now_ms: int) -> Message:
    """What a test sends: shaped like the real thing, and marked as none."""
    data: dict[str, Any] = {"sample": True, "customer": "initech", "mechanic": "shared-reports", "asset": "report"}
    if topic is Topic.LEAD_CREATED:
        data |= {"lead": "sample", "email": "viewer@example.com", "name": "Sample Viewer"}
    elif topic in (Topic.CONVERSION_CREATED, Topic.ATTRIBUTION_CHANGED):
        data |= {"external_id": "sample", "kind": "opportunity", "credits": []}
    elif topic in (Topic.PLAY_CREATED, Topic.PLAY_CLOSED):
        data |= {"play": "sample", "kind": "expansion_prompt", "why": "4 exports in 14 days."}
    return Message(type=topic, timestamp=at(now_ms), data=data)
