"""Webhooks: told to a real server, signed by the standard, tried again as it says, and to no private address."""

from __future__ import annotations

import base64
import gzip
import logging
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

import engine
from factories import ANN, FIREFOX, Server, eventually, rfc3339, settings_for
from faults.running import Running
from passalong.app import opened, outside, wire
from passalong.demo import setup
from passalong.domain.attribution import Credit, Evidence
from passalong.domain.conversion import ConversionBody, ConversionKind
from passalong.domain.delivery import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    RETRY_MS,
    Destination,
    Endpoint,
    Secret,
    Topic,
    new_secret,
    wait_ms,
)
from passalong.domain.event import Actor, Event, EventKind
from passalong.domain.instant import at
from passalong.domain.lead import Lead, Motion
from passalong.domain.share import claim
from passalong.domain.signal import Signal
from passalong.outgoing.guard import Unsafe, resolve
from passalong.settings import Webhooks
from passalong.store.ledger import Entry
from passalong.web.services import Services
from passalong.webhooks.carrier import AT_ONCE, WebhookCarrier
from passalong.webhooks.messages import MOST_BYTES, Message, packed, sample
from receivers import Delivery, Receiver, Say, verifies

HERE = Webhooks(allow_hosts=["127.0.0.1"], timeout_s=1)
PATIENT = Webhooks(allow_hosts=["127.0.0.1"], timeout_s=20)
pytestmark = pytest.mark.settings(webhooks=HERE)

DECIDED = {"by": "Mara", "reason": "Nobody asked for it"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """The vendor's system; whatever a test sent there was signed by a secret of its endpoint."""
    with Receiver() as receiver:
        yield receiver
    assert all(delivery.verified for delivery in receiver.deliveries)
    assert all(len(delivery.raw) < MOST_BYTES for delivery in receiver.deliveries)


def put(server: Server, receiver: Receiver, id: str = "a", *topics: str, **more: Any) -> str:
    """Makes an endpoint of the receiver, which trusts its secret. Gives the secret."""
    body = {"url": f"{receiver.url}/{id}", "topics": topics, **more}
    answer = server.api.put(f"/api/v1/webhooks/{id}", json=body)
    assert answer.status_code == 200, answer.text
    secret = answer.json()["secret"]
    receiver.trust(f"/{id}", secret)
    return str(secret)


def post(server: Server, path: str, **body: Any) -> dict[str, Any]:
    answer = server.api.post(f"/api/v1/{path}", json=body)
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json())


def listed(server: Server, id: str = "a") -> dict[str, Any]:
    found = server.api.get("/api/v1/webhooks").json()["items"]
    return next(dict(endpoint) for endpoint in found if endpoint["id"] == id)


def jobs(server: Server, id: str = "a", **more: str) -> list[dict[str, Any]]:
    """The outbox's jobs for an endpoint, oldest first."""
    found = server.api.get("/api/v1/outbox", params={"endpoint": id, "limit": 200, **more}).json()["items"]
    return list(reversed(found))


def refused(server: Server, id: str = "a", attempts: int = 1) -> dict[str, Any]:
    """The endpoint's only job, once it was refused so often."""

    def look() -> dict[str, Any] | None:
        [job] = jobs(server, id)
        return job if job["attempts"] == attempts and job["state"] in ("pending", "failed") and job["reason"] else None

    found = eventually(look, within_s=12)
    assert found is not None
    return found


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def arrive(receiver: Receiver, path: str, n: int = 1, topic: str | None = None) -> list[Delivery]:
    eventually(lambda: len(receiver.got(path, topic)) >= n)
    return receiver.got(path, topic)


def signal(n: int, at_ms: int) -> dict[str, Any]:
    """One of three tickets that nobody closes, which the shipped rules warn of."""
    return {
        "external_id": f"t-{n}", "customer": "globex", "kind": "support.ticket_opened", "occurred_at": rfc3339(at_ms),
    }  # fmt: skip


def everything(server: Server, clock: Callable[[], int]) -> None:
    """One of each thing that can be told."""
    path = server.share()
    server.admit(path)
    assert server.viewer.get(f"{path}/go").status_code == 303
    server.convert("D-1", occurred_at=rfc3339(clock()), emails=[ANN["email"]])
    [deal] = server.api.get("/api/v1/conversions").json()["items"]
    post(server, f"conversions/{deal['conversion']['id']}/override", customer="globex", **DECIDED)
    post(server, "mechanics/soft/kill", **DECIDED)
    post(server, "mechanics/soft/revive", **DECIDED)
    signals = [signal(n, clock() - MINUTE_MS) for n in range(3)]
    post(server, "signals", signals=signals)
    [play] = eventually(lambda: server.api.get("/api/v1/plays").json()["items"])
    post(server, f"plays/{play['id']}/outcome", result="dismissed", by="Mara", note="Not now.")
    [lead] = server.leads()
    assert server.api.delete(f"/api/v1/leads/{lead['id']}").status_code == 200


# What is told.


def test_every_topic_is_told_and_verifies_with_the_standards_library(
    server: Server, receiver: Receiver, clock: Any
) -> None:
    put(server, receiver)
    everything(server, clock)
    told = {delivery.topic: delivery for delivery in arrive(receiver, "/a", len(Topic))}
    assert sorted(told) == sorted(Topic)
    assert len({delivery.id for delivery in told.values()}) == len(receiver.deliveries) == len(Topic)
    for delivery in told.values():
        assert delivery.body.keys() == {"type", "timestamp", "data"}
        assert abs(ms(delivery.body["timestamp"]) - clock()) < MINUTE_MS
        assert delivery.headers["content-type"] == "application/json"
        assert delivery.headers["webhook-id"].startswith("msg_")
        assert delivery.headers["connection"] == "close", "a connection is of the name that its certificate is for"
    assert told["share.created"].data["customer"] == "initech"
    assert told["click.created"].data["mechanic"] == "hard"
    assert told["conversion.created"].data["external_id"] == "D-1"
    assert told["attribution.changed"].data["version"] == 2
    assert [c["customer"] for c in told["attribution.changed"].data["credits"]] == ["globex"]
    assert told["play.created"].data["why"] == "3 open tickets."
    assert told["play.closed"].data["outcome"] == {"result": "dismissed", "note": "Not now.", "by": "Mara"}
    killed = told["mechanic.killed"].data
    assert killed.items() >= {"mechanic": "soft", "fallback": "asset_only", "overrides": True, **DECIDED}.items()
    assert (killed["verdict"]["state"], killed["produced"]["opportunities"]) == ("collecting", 0)
    assert told["mechanic.revived"].data["mechanic"] == "soft"
    lead = told["lead.erased"].data["lead"]
    assert told["lead.erased"].data == {"lead": lead}
    assert told["lead.created"].data["lead"] == lead
    eventually(lambda: {job["state"] for job in jobs(server)} == {"sent"})


def test_a_lead_is_told_with_its_answers(server: Server, receiver: Receiver) -> None:
    put(server, receiver, "a", "lead.created")
    server.admit(server.share(), company="Umbrella")
    [delivery] = arrive(receiver, "/a")
    said = {key: delivery.data[key] for key in ("email", "name", "company", "motion", "erased")}
    assert said == {**ANN, "company": "Umbrella", "motion": "new_logo", "erased": False}


def test_an_endpoint_is_told_its_topics_and_one_without_any_is_told_all(
    server: Server, receiver: Receiver, clock: Any
) -> None:
    put(server, receiver, "all")
    put(server, receiver, "few", "mechanic.killed", "lead.created", "mechanic.killed")
    put(server, receiver, "off", enabled=False)
    assert listed(server, "few")["topics"] == ["mechanic.killed", "lead.created"]
    everything(server, clock)
    arrive(receiver, "/all", len(Topic))
    assert sorted(d.topic for d in arrive(receiver, "/few", 2)) == ["lead.created", "mechanic.killed"]
    assert receiver.got("/off") == jobs(server, "off") == []


def test_what_machines_do_is_not_told(server: Server, receiver: Receiver, browser: Any) -> None:
    path = server.share(mechanic="open")
    put(server, receiver)
    browser("Slackbot-LinkExpanding 1.0").get(f"{path}/go")
    browser().get(f"{path}/go")
    [delivery] = arrive(receiver, "/a")
    assert delivery.topic == "click.created"
    assert len(jobs(server)) == 1


def test_the_ids_of_two_endpoints_differ_and_survive_retries_and_replays(
    server: Server, receiver: Receiver, clock: Any
) -> None:
    put(server, receiver, "a", "share.created")
    put(server, receiver, "b", "share.created")
    began = clock()
    receiver.say("/a", Say(500), times=2)
    server.share()
    refused(server)
    clock.ms += 6_000
    refused(server, attempts=2)
    clock.ms += 6 * MINUTE_MS
    first = arrive(receiver, "/a", 3)
    eventually(lambda: jobs(server)[0]["state"] == "sent")
    assert post(server, "webhooks/a/replay", **{"from": rfc3339(began), "to": rfc3339(clock())}) == {"queued": 1}
    again = arrive(receiver, "/a", 4)
    [other] = arrive(receiver, "/b")
    assert len({delivery.id for delivery in again}) == 1
    assert len({delivery.raw for delivery in again}) == 1
    assert len({delivery.headers["webhook-timestamp"] for delivery in first}) == 3
    assert other.id != first[0].id
    assert other.body == first[0].body


def test_for_a_day_both_secrets_sign_and_then_the_new_one_alone(server: Server, receiver: Receiver, clock: Any) -> None:
    old = put(server, receiver, "a", "share.created")
    new = post(server, "webhooks/a/rotate")["secret"]
    receiver.trust("/a", new)
    assert listed(server)["secrets"] == 2
    server.share()
    clock.ms += DAY_MS - MINUTE_MS
    server.share()
    both = arrive(receiver, "/a", 2)
    assert [set(delivery.verified) for delivery in both] == [{old, new}] * 2
    assert all(len(delivery.headers["webhook-signature"].split(" ")) == 2 for delivery in both)
    clock.ms += 2 * MINUTE_MS
    server.share()
    assert arrive(receiver, "/a", 3)[2].verified == (new,)
    assert len(base64.b64decode(new.removeprefix("whsec_"))) == 32
    newest = post(server, "webhooks/a/rotate")["secret"]
    assert listed(server)["secrets"] == 2
    receiver.trust("/a", newest)


def test_a_signature_of_a_changed_body_or_id_does_not_verify(server: Server, receiver: Receiver) -> None:
    secret = put(server, receiver, "a", "share.created")
    server.share()
    [delivery] = arrive(receiver, "/a")
    assert verifies(secret, delivery.headers, delivery.raw)
    assert not verifies(secret, delivery.headers, delivery.raw + b" ")
    assert not verifies(secret, {**delivery.headers, "webhook-id": "msg_other"}, delivery.raw)
    assert not verifies(new_secret(), delivery.headers, delivery.raw)


def test_of_more_credits_than_a_message_has_room_for_the_largest_are_told() -> None:
    credits = [
        Credit(
            customer=f"c{n}", mechanic="m" * 60, share="s" * 22, asset="a" * 60, sharer=None, hop=0, lead="l" * 36,
            micro=n, amount_minor=n, evidence=next(iter(Evidence)), motion=Motion.NEW_LOGO, why="w" * 300,
        )
        for n in range(200)
    ]  # fmt: skip
    message = Message(type="conversion.created", timestamp=datetime.now(UTC), data={"credits": credits})
    body = packed(message)
    assert MOST_BYTES // 2 < len(body) < MOST_BYTES
    told = Delivery("/", {}, body, ()).data
    assert told["credits"][0]["customer"] == "c199"
    assert len(told["credits"]) + told["credits_left_out"] == 200


# What was made up for a demonstration.


def sample_lead(services: Services, now_ms: int, name: str) -> Entry:
    claims = claim(asset="report", customer="initech", mechanic="hard")
    lead = Lead(
        id=name, email=f"{name}@umbrella.example", email_key=f"{name}@umbrella.example", domain="umbrella.example",
        share=claims.share, customer="initech", mechanic="hard", asset="report", created_at_ms=now_ms, sample=True,
    )  # fmt: skip
    event = Event(
        at_ms=now_ms, day=services.calendar.day(now_ms), kind=EventKind.LEAD, actor=Actor.HUMAN, share=claims.share,
        customer="initech", mechanic="hard", asset="report", lead=name,
    )  # fmt: skip
    return Entry(event, claims, lead)


async def test_samples_are_told_neither_as_they_come_nor_by_a_replay(tmp_path: Path) -> None:
    services = wire(settings_for(tmp_path, webhooks=HERE))
    async with opened(services):
        endpoint = Endpoint(id="a", url="https://hooks.example/a", secrets=(Secret(new_secret()),))
        await services.catalog.put_all([endpoint])
        now_ms = services.clock()
        await services.ledger.append(sample_lead(services, now_ms, "one"))
        report = ConversionBody(
            external_id="D-1", kind=ConversionKind.WON, occurred_at=at(now_ms), emails=["one@umbrella.example"]
        )
        await services.pipeline.record(report, sample=True)
        assert (await services.leads.erase(["one"], now_ms)).leads == ["one"]
        assert await services.outbox.replay(endpoint, 0, now_ms + DAY_MS) == 0
        assert await services.outbox.page(limit=10, destination=Destination.WEBHOOK) == []


async def test_half_a_year_of_sample_history_is_told_to_nobody(tmp_path: Path) -> None:
    config = settings_for(tmp_path, webhooks=HERE)
    services = wire(config)
    async with opened(services):
        await services.catalog.put_all([Endpoint(id="a", url="https://hooks.example/a")])
    await setup.prepare(config, lambda day: None, walkthrough=False)
    async with opened(wire(config)) as services:
        assert len(await services.leads.page(limit=50, before=None)) == 50
        assert await services.outbox.page(limit=10, destination=Destination.WEBHOOK) == []
        told = (Topic.CLICK_CREATED, Topic.PLAY_CREATED, Topic.PLAY_CLOSED)
        asked = Endpoint(id="a", url="https://hooks.example/a", topics=told)
        assert await services.outbox.replay(asked, 0, services.clock() + DAY_MS) == 0
        [play] = await services.plays.page(limit=1)
        await services.signals.post([Signal("real", play.customer, "product.opened", None, services.clock())])
        assert await services.outbox.replay(asked, 0, services.clock() + DAY_MS) > 0, "of whom something is known"


# What is refused.


def test_a_refusal_is_tried_again_as_the_standard_says_and_is_a_dead_letter_in_the_end(
    server: Server, receiver: Receiver, clock: Any
) -> None:
    put(server, receiver, "a", "share.created")
    receiver.say("/a", Say(503, b"Maintenance \x1b[31m until noon"))
    before = clock()
    server.share()
    for attempt, wait in enumerate(RETRY_MS, 1):
        job = refused(server, attempts=attempt)
        assert job["state"] == "pending"
        assert before + wait <= ms(job["due_at"]) <= clock() + wait * 1.1
        assert len(receiver.got("/a")) == attempt
        before = clock() + (step := ms(job["due_at"]) - clock() + 1)
        clock.ms += step
    dead = refused(server, attempts=len(RETRY_MS) + 1)
    assert dead["state"] == "failed"
    assert dead["reason"] == "It answered 503: Maintenance [31m until noon"
    assert len({delivery.id for delivery in receiver.got("/a")}) == 1
    assert len(receiver.got("/a")) == 10
    trouble = server.api.get("/api/v1/outbox/status").json()["failing_endpoints"]
    assert [(t["endpoint"], t["reason"]) for t in trouble] == [("a", "It answered 503.")]
    receiver.say("/a", Say())
    assert post(server, "outbox/resend", destination="webhook") == {"queued": 1}
    arrive(receiver, "/a", 11)
    eventually(lambda: server.api.get("/api/v1/outbox/status").json()["failing_endpoints"] == [])


def test_the_schedule_is_the_standards() -> None:
    s, m, h = 1_000, MINUTE_MS, HOUR_MS
    assert [wait_ms(n, 0) for n in range(1, 11)] == [
        5 * s, 5 * m, 30 * m, 2 * h, 5 * h, 10 * h, 14 * h, 20 * h, 24 * h, None,
    ]  # fmt: skip
    assert wait_ms(1, 1) == 5_500


def test_an_endpoint_that_asks_for_more_time_gets_it(server: Server, receiver: Receiver, clock: Any) -> None:
    clock.ms += 3 * HOUR_MS
    in_an_hour = datetime.fromtimestamp(clock() // 1000 + 3600, UTC)
    asked = {
        "more": ("7200", 2 * HOUR_MS),
        "less": ("1", RETRY_MS[0]),
        "date": (format_datetime(in_an_hour, usegmt=True), HOUR_MS),
        "much": ("99999999999", DAY_MS),
        "words": ("in a while", RETRY_MS[0]),
        "past": ("Wed, 21 Oct 2015 07:28:00 GMT", RETRY_MS[0]),
        "odd": ("Fri, 31 Dec 9999 23:59:59 -9999", RETRY_MS[0]),
    }
    before = clock()
    for id, (retry_after, _) in asked.items():
        put(server, receiver, id, "share.created")
        receiver.say(f"/{id}", Say(429, b"slowly", {"retry-after": retry_after}))
    server.share()
    for id, (_, wait) in asked.items():
        due = ms(refused(server, id)["due_at"])
        assert before + wait - 1_000 <= due <= clock() + wait * 1.1, id


def test_a_redirect_is_a_failure_and_nobody_goes_there(server: Server, receiver: Receiver) -> None:
    statuses = ("301", "302", "303", "307", "308")
    for status in statuses:
        put(server, receiver, status, "share.created")
        receiver.say(f"/{status}", Say(int(status), headers={"location": f"{receiver.url}/elsewhere"}))
    server.share()
    for status in statuses:
        assert refused(server, status)["reason"] == f"It answered {status}; redirects are not followed."
    assert receiver.got("/elsewhere") == receiver.asked_with_get == []


@pytest.mark.parametrize(
    ("say", "reason"),
    [
        (Say(hang_up=True), "It could not be reached"),
        (Say(500, drip=True), "It did not answer within 1 s."),
        (Say(until=threading.Event()), "It did not answer within 1 s."),
        (Say(500, b"Sorry: ", endless=True), "It answered 500: Sorry: xxx"),
        (Say(500, gzip.compress(bytes(50_000_000)), {"content-encoding": "gzip"}), "It answered 500: without a word"),
        (Say(500, "Gänse \u202e!".encode("latin-1", "replace")), "It answered 500: G\ufffdnse ?!"),
        (Say(418, b"", {"set-cookie": "a=b"}), "It answered 418: without a word"),
    ],
    ids=["hangs up", "drips", "says nothing", "never ends", "bomb", "no text", "cookie"],
)
def test_whatever_an_endpoint_does_becomes_a_reason(
    server: Server, receiver: Receiver, clock: Any, say: Say, reason: str
) -> None:
    put(server, receiver, "a", "share.created")
    receiver.say("/a", say)
    server.share()
    job = refused(server)
    assert job["reason"].startswith(reason)
    assert len(job["reason"]) < 400
    assert receiver.bytes_taken < 20_000_000
    receiver.say("/a", Say())
    clock.ms += 6_000
    delivery = arrive(receiver, "/a", 2)[1]
    assert "cookie" not in delivery.headers
    assert delivery.headers["accept-encoding"] == "identity"


def test_a_success_is_one_whatever_follows(server: Server, receiver: Receiver) -> None:
    put(server, receiver, "a", "share.created")
    receiver.say("/a", Say(202, endless=True))
    server.share()
    eventually(lambda: [job["state"] for job in jobs(server)] == ["sent"])
    assert receiver.bytes_taken < 20_000_000


def test_a_port_at_which_nobody_listens(server: Server, receiver: Receiver) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/a"
        put(server, receiver, "a", "share.created", url=url)
        server.share()
        assert refused(server)["reason"].startswith("It could not be reached")


def test_410_disables_the_endpoint_and_all_that_waits_fails(server: Server, receiver: Receiver, clock: Any) -> None:
    put(server, receiver, "a", "share.created")
    receiver.say("/a", Say(500), times=1)
    receiver.say("/a", Say(410, b"moved out"))
    server.share()
    refused(server)
    server.share()
    said = "It answered 410: it wants no more."
    eventually(lambda: sorted(str(job["reason"]) for job in jobs(server)) == [said, "It answered 410: moved out"])
    assert [job["state"] for job in jobs(server)] == ["failed", "failed"]
    endpoint = listed(server)
    assert (endpoint["enabled"], endpoint["disabled_reason"]) == (False, said)
    assert endpoint["disabled_at"]
    assert server.api.get("/api/v1/outbox/status").json()["failing_endpoints"] == []
    server.share()
    assert len(jobs(server)) == 2
    assert server.api.post(
        "/api/v1/webhooks/a/replay", json={"from": rfc3339(0), "to": rfc3339(clock())}
    ).status_code == 409  # fmt: skip
    receiver.say("/a", Say())
    answer = server.api.put("/api/v1/webhooks/a", json={"url": f"{receiver.url}/a", "topics": ["share.created"]})
    assert (answer.json()["enabled"], answer.json()["disabled_reason"], answer.json()["secret"]) == (True, None, None)
    server.share()
    arrive(receiver, "/a", 3)


def test_an_endpoint_that_takes_nothing_for_five_days_is_disabled(
    server: Server, receiver: Receiver, clock: Any
) -> None:
    put(server, receiver, "a", "share.created")
    receiver.say("/a", Say(500, b"broken"))
    server.share()
    refused(server)
    clock.ms += 5 * DAY_MS - HOUR_MS
    refused(server, attempts=2)
    assert listed(server)["enabled"]
    clock.ms += 2 * HOUR_MS
    eventually(lambda: not listed(server)["enabled"])
    assert listed(server)["disabled_reason"] == "It has taken nothing for 5 days. Last: It answered 500."
    eventually(lambda: refused(server, attempts=3)["state"] == "failed")
    eventually(lambda: server.api.get("/api/v1/outbox/status").json()["failing_endpoints"] == [])
    # Enabled again, it has another five days.
    server.api.put("/api/v1/webhooks/a", json={"url": f"{receiver.url}/a", "topics": ["share.created"]})
    server.share()
    eventually(lambda: [job["state"] for job in jobs(server)] == ["failed", "pending"] and jobs(server)[1]["reason"])
    assert listed(server)["enabled"]


def test_a_success_in_between_begins_the_five_days_anew(server: Server, receiver: Receiver, clock: Any) -> None:
    put(server, receiver, "a", "share.created")
    for _ in range(2):
        receiver.say("/a", Say(500), times=1)
        server.share()
        eventually(lambda: jobs(server)[-1]["reason"])
        clock.ms += 3 * DAY_MS
        eventually(lambda: jobs(server)[-1]["state"] == "sent")
    assert listed(server)["enabled"]


@pytest.mark.settings(webhooks=PATIENT)
def test_an_endpoint_that_takes_its_time_holds_up_nobody_else(server: Server, receiver: Receiver) -> None:
    put(server, receiver, "slow", "share.created")
    put(server, receiver, "quick", "share.created")
    held = Say(until=threading.Event())
    receiver.say("/slow", held)
    for _ in range(4 * AT_ONCE):
        server.share()
    arrive(receiver, "/quick", 4 * AT_ONCE)
    server.share()
    arrive(receiver, "/quick", 4 * AT_ONCE + 1)
    assert len(receiver.got("/slow")) == AT_ONCE
    assert held.until
    held.until.set()
    assert len({delivery.id for delivery in arrive(receiver, "/slow", 4 * AT_ONCE + 1)}) == 4 * AT_ONCE + 1
    eventually(lambda: {job["state"] for job in jobs(server, "slow")} == {"sent"})


# Where nothing is sent.

PRIVATE = [
    "127.0.0.1", "127.8.9.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "0",
    "224.0.0.1", "239.1.2.3", "255.255.255.255", "240.0.0.1", "192.0.0.8", "192.88.99.1", "198.18.0.1", "192.0.2.1",
    "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "①27.0.0.1",
    "[::1]", "[::]", "[fe80::1]", "[fc00::1]", "[fd12::1]", "[fec0::1]", "[ff02::1]", "[2001:db8::1]", "[100::1]",
    "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[::ffff:a9fe:a9fe]", "[::127.0.0.1]", "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]", "[64:ff9b::10.0.0.1]", "[64:ff9b:1::127.0.0.1]", "[2002:7f00:1::]", "[2002:a00:1::1]",
    "[2001:0:4136:e378:8000:63bf:3fff:fdd2]", "[3fff::1]",
]  # fmt: skip


@pytest.mark.parametrize("host", [*PRIVATE, "localhost", "LOCALHOST"])
async def test_no_private_address_however_it_is_spelled(host: str) -> None:
    with pytest.raises(Unsafe, match="private address"):
        await resolve(f"https://{host}/hook", [])


@pytest.mark.parametrize("host", ["localhost.", "127.0.0.1.", "no-such-name.invalid", "a..b", "x" * 70 + ".example"])
async def test_a_name_that_is_none_is_not_asked_anything(host: str) -> None:
    with pytest.raises(Unsafe, match=r"cannot be resolved|private address"):
        await resolve(f"https://{host}/hook", [])


@pytest.mark.parametrize(
    ("host", "number"),
    [
        ("93.184.215.14", "93.184.215.14"),
        ("[2606:4700::6810:1]", "[2606:4700::6810:1]"),
        ("[::ffff:8.8.8.8]", "[::ffff:8.8.8.8]"),
        ("[64:ff9b::8.8.8.8]", "[64:ff9b::808:808]"),
    ],
)
async def test_public_addresses_are_gone_to(host: str, number: str) -> None:
    target = await resolve(f"https://user:word@{host}:8443/hook?x=1#part", [])
    assert [url.removesuffix("/hook?x=1") for url in target.urls] == [f"https://{number}:8443"]
    assert target.host == f"{target.name if '[' not in host else host}:8443"


class Names:
    """A name service: each look-up of a name takes the next of its answers, the last one stays."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **answers: list[list[str]]) -> None:
        self.asked: list[str] = []
        real = socket.getaddrinfo

        def look_up(host: Any, port: Any, *args: Any, **more: Any) -> Any:
            name = host.decode() if isinstance(host, bytes) else host
            if name is None or name.partition(".")[0] not in answers:
                return real(host, port, *args, **more)
            self.asked.append(name)
            left = answers[name.partition(".")[0]]
            found = left.pop(0) if len(left) > 1 else left[0]
            families = [socket.AF_INET6 if ":" in number else socket.AF_INET for number in found]
            return [(f, socket.SOCK_STREAM, 6, "", (n, port)) for f, n in zip(families, found, strict=True)]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)


@pytest.mark.parametrize("number", ["127.0.0.1", "10.0.0.7", "169.254.169.254", "::1", "fe80::1%eth0", "fd00::7"])
async def test_a_name_with_one_private_address_among_its_addresses_is_refused(
    monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    Names(monkeypatch, hooks=[["93.184.215.14", number]])
    with pytest.raises(Unsafe, match="is the private address"):
        await resolve("https://hooks.acme.example/", [])


async def test_a_name_that_changes_its_mind_is_not_asked_a_second_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, receiver: Receiver
) -> None:
    """What was checked is connected to: by its number, with the name in the Host header alone."""
    names = Names(monkeypatch, hooks=[["127.0.0.1"], ["127.0.0.2"]])
    async with carrier(tmp_path, allow_hosts=["Hooks.acme.example"]) as hooks:
        answer = await hooks.send(trusted(receiver, f"http://hooks.acme.example:{receiver.port}/a"), "msg_1", MESSAGE)
    assert answer.taken
    assert names.asked == ["hooks.acme.example"]
    assert receiver.got("/a")[0].headers["host"] == f"hooks.acme.example:{receiver.port}"
    names = Names(monkeypatch, turning=[["93.184.215.14"], ["127.0.0.1"]])
    assert (await resolve("https://turning.example/", [])).urls == ("https://93.184.215.14:443/",)
    assert names.asked == ["turning.example"]


async def test_of_several_addresses_the_first_that_listens_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, receiver: Receiver
) -> None:
    Names(monkeypatch, hooks=[["127.0.0.9", "127.0.0.1"]])
    async with carrier(tmp_path, allow_hosts=["hooks.acme.example"]) as hooks:
        answer = await hooks.send(trusted(receiver, f"http://hooks.acme.example:{receiver.port}/a"), "msg_1", MESSAGE)
    assert answer.taken
    assert len(receiver.got("/a")) == 1


async def test_no_proxy_of_the_environment_comes_between(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, receiver: Receiver
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    async with carrier(tmp_path, allow_hosts=["127.0.0.1"]) as hooks:
        answer = await hooks.send(trusted(receiver, f"{receiver.url}/a"), "msg_1", MESSAGE)
    assert answer.taken


MESSAGE = sample(Topic.LEAD_CREATED, 0)


@asynccontextmanager
async def carrier(folder: Path, **config: Any) -> AsyncIterator[WebhookCarrier]:
    services = wire(settings_for(folder, webhooks=Webhooks(**config)))
    async with opened(services), outside(services) as ways:
        yield ways.webhooks


def trusted(receiver: Receiver, url: str) -> Endpoint:
    secret = new_secret()
    receiver.trust("/a", secret)
    return Endpoint(id="a", url=url, secrets=(Secret(secret),))


@pytest.mark.settings(webhooks=Webhooks(timeout_s=1))
def test_a_running_server_sends_nothing_to_private_addresses(server: Server, receiver: Receiver) -> None:
    for n, host in enumerate(("localhost", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]", "127.0.0.1")):
        answer = server.api.put(f"/api/v1/webhooks/e{n}", json={"url": f"https://{host}:{receiver.port}/a"})
        if answer.status_code == 200:
            said = post(server, f"webhooks/e{n}/test")
            assert (said["delivered"], said["status"]) == (False, None)
            assert "is the private address" in said["reason"]
        else:
            assert [fault["field"] for fault in answer.json()["faults"]] == ["url"]
    server.share()
    eventually(lambda: len([job for job in jobs(server, "e0") if job["reason"]]) == 1)
    assert "is the private address" in jobs(server, "e0")[0]["reason"]
    assert receiver.deliveries == []


# What an admin does.


WRONG = [
    ("", "full address"),
    ("hooks.example.com", "full address"),
    ("ftp://hooks.example.com/", "full address"),
    ("https:///path", "full address"),
    ("https://user@hooks.example.com/", "full address"),
    ("https://user:word@hooks.example.com/", "full address"),
    ("https://hooks.example.com:99999/", "full address"),
    ("https://hooks.example.com/a b", "full address"),
    ("https://hooks.example.com/\r\nx: y", "full address"),
    ("http://hooks.example.com/", "https addresses only"),
    ("https://10.0.0.1/", "private address"),
    ("https://[::ffff:127.0.0.2]/", "private address"),
    ("https://[fe80::1%25eth0]/", "a"),
    ("x" * 1001, "1000"),
]


def test_an_address_that_cannot_be_right_is_refused_by_its_field(server: Server) -> None:
    for url, said in WRONG:
        answer = server.api.put("/api/v1/webhooks/a", json={"url": url})
        assert answer.status_code in (400, 422), url
        [fault] = answer.json()["faults"]
        assert fault["field"] == "url"
        assert said in fault["message"]
    assert server.api.get("/api/v1/webhooks").json()["items"] == []


def test_other_fields_are_refused_by_name(server: Server) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"url": "https://a.example/", "topics": ["lead.created", "lead.sold"]}, "topics[1]"),
        ({"url": "https://a.example/", "topics": "lead.created"}, "topics"),
        ({"url": "https://a.example/", "secret": "whsec_mine"}, "secret"),
        ({"url": "https://a.example/", "enabled": "no"}, "enabled"),
        ({"topics": []}, "url"),
    ]
    for body, field in wrong:
        answer = server.api.put("/api/v1/webhooks/a", json=body)
        assert answer.status_code in (400, 422), body
        assert [fault["field"] for fault in answer.json()["faults"]] == [field]


def test_what_cannot_be_done_is_said(server: Server, receiver: Receiver, clock: Any) -> None:
    put(server, receiver)
    for body, field in (
        ({"from": "2026-11-21T09:00:00", "to": rfc3339(clock())}, "from"),
        ({"from": rfc3339(clock()), "to": "2026-11-21T09:00:00"}, "to"),
        ({"from": rfc3339(clock()), "to": rfc3339(clock() - 1_000)}, "to"),
        ({"from": rfc3339(clock())}, "to"),
    ):
        answer = server.api.post("/api/v1/webhooks/a/replay", json=body)
        assert [fault["field"] for fault in answer.json()["faults"]] == [field]
    assert server.api.put("/api/v1/webhooks/a%20b", json={"url": f"{receiver.url}/a"}).status_code in (400, 422)
    for way in ("rotate", "test", "replay"):
        body = {"from": rfc3339(0), "to": rfc3339(1)} if way == "replay" else {}
        assert server.api.post(f"/api/v1/webhooks/nobody/{way}", json=body).status_code == 404
    assert server.api.delete("/api/v1/webhooks/nobody").status_code == 404
    _, reader = server.key("reader")
    for method, path in (("PUT", "a"), ("POST", "a/rotate"), ("GET", ""), ("DELETE", "a"), ("POST", "a/test")):
        answer = server.api.request(method, f"/api/v1/webhooks/{path}".rstrip("/"), headers=reader, json={})
        assert answer.status_code == 403


def test_an_address_in_other_letters_is_kept_as_it_travels(server: Server) -> None:
    answer = server.api.put("/api/v1/webhooks/a", json={"url": "https://Höoks.example./ü?x=ß"})
    assert answer.json()["url"] == "https://xn--hoks-5qa.example/%C3%BC?x=%C3%9F"


def test_a_test_says_what_came_back(server: Server, receiver: Receiver) -> None:
    put(server, receiver, "a", "share.created", enabled=False)
    said = post(server, "webhooks/a/test", topic="conversion.created")
    assert (said["delivered"], said["status"], said["reason"]) == (True, 204, None)
    receiver.say("/a", Say(401, b"who are you?"))
    said = post(server, "webhooks/a/test")
    assert (said["delivered"], said["status"], said["reason"]) == (False, 401, "It answered 401: who are you?")
    first, second = receiver.got("/a")
    assert first.id.startswith("msg_test_")
    assert second.id == said["id"]
    assert (first.topic, second.topic) == ("conversion.created", "lead.created")
    assert first.data["sample"] is second.data["sample"] is True
    assert jobs(server) == []


def test_a_replay_tells_what_happened_before_the_endpoint_was_there(
    server: Server, receiver: Receiver, clock: Any
) -> None:
    everything(server, clock)
    clock.ms += HOUR_MS
    noon = clock()
    clock.ms += MINUTE_MS
    everything_again = server.share(customer="globex")
    put(server, receiver)
    put(server, receiver, "few", "mechanic.revived", "attribution.changed")
    assert post(server, "webhooks/a/replay", **{"from": rfc3339(0), "to": rfc3339(noon)}) == {"queued": len(Topic)}
    told = arrive(receiver, "/a", len(Topic))
    assert sorted(delivery.topic for delivery in told) == sorted(Topic)
    lead = next(delivery for delivery in told if delivery.topic == "lead.created")
    assert (lead.data["email"], lead.data["erased"]) == ("", True)
    assert ms(lead.body["timestamp"]) < noon - HOUR_MS + MINUTE_MS
    assert post(server, "webhooks/few/replay", **{"from": rfc3339(0), "to": rfc3339(clock())}) == {"queued": 2}
    assert {delivery.topic for delivery in arrive(receiver, "/few", 2)} == {"mechanic.revived", "attribution.changed"}
    assert everything_again
    assert post(server, "webhooks/a/replay", **{"from": rfc3339(noon), "to": rfc3339(clock())}) == {"queued": 1}
    assert arrive(receiver, "/a", len(Topic) + 1)[-1].data["customer"] == "globex"
    assert len({delivery.id for delivery in receiver.got("/a")}) == len(Topic) + 1


def test_a_disabled_endpoint_is_told_nothing_that_waits(server: Server, receiver: Receiver, clock: Any) -> None:
    put(server, receiver, "a", "share.created")
    receiver.say("/a", Say(500))
    server.share()
    refused(server)
    server.api.put("/api/v1/webhooks/a", json={"url": f"{receiver.url}/a", "enabled": False})
    assert listed(server)["disabled_reason"] == "Disabled by an admin."
    clock.ms += 6_000
    job = refused(server, attempts=2)
    assert (job["state"], job["reason"]) == ("failed", "The endpoint is disabled or gone.")
    assert len(receiver.got("/a")) == 1


def test_a_removed_endpoint_is_gone_with_its_secrets(server: Server, receiver: Receiver, clock: Any) -> None:
    put(server, receiver, "a", "share.created")
    receiver.say("/a", Say(500))
    server.share()
    refused(server)
    gone = server.api.delete("/api/v1/webhooks/a").json()
    assert (gone["enabled"], gone["secrets"], gone["secret"]) == (False, 0, None)
    assert server.api.get("/api/v1/webhooks").json()["items"] == []
    assert refused(server)["reason"] == "The endpoint was removed."
    assert server.api.get("/api/v1/outbox/status").json()["failing_endpoints"] == []
    server.share()
    assert len(jobs(server)) == 1
    receiver.say("/a", Say())
    secret = put(server, receiver, "a", "share.created")
    server.share()
    assert arrive(receiver, "/a", 2)[1].verified == (secret,)


def test_a_secret_is_shown_once_and_never_again(
    server: Server, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    secrets = [put(server, receiver, "a", "share.created")]
    secrets.append(post(server, "webhooks/a/rotate")["secret"])
    changed = server.api.put("/api/v1/webhooks/a", json={"url": f"{receiver.url}/a", "topics": ["share.created"]})
    receiver.say("/a", Say(500), times=1)
    server.share()
    refused(server)
    said = [changed.text] + [
        server.api.get(f"/api/v1/{path}").text
        for path in ("webhooks", "outbox", "outbox/status", "events?after=0", "mechanics")
    ]
    receiver.say("/a", Say(410))
    post(server, "webhooks/a/test")
    for secret in secrets:
        assert secret.startswith("whsec_")
        assert all(secret.removeprefix("whsec_") not in text for text in [*said, caplog.text])
        assert all(secret.encode() not in delivery.raw for delivery in receiver.deliveries)


# What must not be lost, and what must not be told any more.


def test_a_message_that_waits_is_sent_without_the_data_of_an_erased_lead(
    server: Server, receiver: Receiver, clock: Any
) -> None:
    put(server, receiver, "a", "lead.created")
    receiver.say("/a", Say(500), times=1)
    server.admit(server.share(), company="Umbrella Holdings", heard_from="My aunt Petronella")
    refused(server)
    [lead] = server.leads()
    server.api.delete(f"/api/v1/leads/{lead['id']}")
    clock.ms += 6_000
    before, after = arrive(receiver, "/a", 2)
    assert before.id == after.id
    personal = (ANN["email"], ANN["name"], "Umbrella Holdings", "Petronella", "umbrella.example")
    assert all(text.encode() in before.raw for text in personal[:4])
    assert not any(text.encode() in after.raw for text in personal)
    assert after.data["erased"] is True
    assert after.data["lead"] == lead["id"]


def test_what_an_endpoint_repeats_of_an_erased_lead_is_erased_too(
    server: Server, receiver: Receiver, clock: Any
) -> None:
    """Its words are kept for an admin. A reader, who sees no lead's address, finds none in them."""
    put(server, receiver, "a", "lead.created")
    receiver.say("/a", Say(500, b"Cannot store Zo Quartermain <zo.quartermain@umbrella.example>, sorry"))
    server.admit(server.share(), email="zo.quartermain@umbrella.example", name="Zo Quartermain")
    assert refused(server)["reason"] == "It answered 500: Cannot store Zo Quartermain <…>, sorry"
    [lead] = server.leads()
    server.api.delete(f"/api/v1/leads/{lead['id']}")
    [job] = jobs(server)
    assert (job["state"], job["reason"]) == ("pending", "The lead was erased.")
    assert b"quartermain" not in engine.everything(server.config.database).lower()


@pytest.mark.faults
def test_a_lead_that_was_stored_is_told_after_a_kill(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row of the outbox is committed with its event. The lease of a courier that was killed is waited out."""
    monkeypatch.setenv("PASSALONG_WEBHOOKS__ALLOW_HOSTS", "127.0.0.1")
    running = Running(tmp_path)
    running.start()
    receiver.say("/a", Say(hang_up=True, until=(held := threading.Event())))
    try:
        with running.seeded() as api, httpx2.Client(base_url=running.url, headers={"user-agent": FIREFOX}) as viewer:
            server = Server(settings_for(tmp_path, base_url=running.url), running.url, api, viewer)
            put(server, receiver, "a", "lead.created")
            path = server.share()
            assert server.submit(path, **ANN).status_code == 303
        running.kill()
        seen = len(receiver.got("/a"))
        held.set()
        receiver.say("/a", Say())
        running.start()
        eventually(lambda: len(receiver.got("/a")) == seen + 1, within_s=15)
    finally:
        running.kill()
    assert {delivery.data["email"] for delivery in receiver.got("/a")} == {ANN["email"]}
    assert len({delivery.id for delivery in receiver.got("/a")}) == 1
