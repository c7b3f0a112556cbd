"""Ten thousand leads on a bad day: HubSpot fails a fifth of all calls, and the courier is killed five times."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import engine
from factories import SIGNING_KEY
from hubspot import FAULTS_AFTER, FAULTS_BEFORE, HubSpot
from passalong.app import opened, wire
from passalong.domain.customer import Customer
from passalong.domain.domains import email_key
from passalong.domain.event import Actor, Event, EventKind
from passalong.domain.lead import Lead
from passalong.domain.share import Claims
from passalong.settings import HubSpot as HubSpotSettings
from passalong.settings import Settings
from passalong.store.ledger import Entry

pytestmark = pytest.mark.faults

LEADS, KILLS = 10_000, 5
CUSTOMERS = ("initech", "globex", "hooli")
FIRST_MS = 1_790_000_000_000


def lead(number: int, customer: str, claims: Claims, at_ms: int) -> Lead:
    domain = f"firm{number % 40}.example" if number % 3 else "gmail.com"
    email = f"Person.{number}@{domain}"
    return Lead(
        id=f"{customer}-{number:05d}",
        email=email,
        email_key=email_key(email),
        domain=domain,
        share=claims.share,
        customer=customer,
        mechanic="hard",
        asset="report",
        created_at_ms=at_ms,
        name=f"Person {number}",
        company=f"Firm {number % 40}",
    )


def entry(number: int, customer: str, at_ms: int) -> Entry:
    claims = Claims("report", customer, "hard", nonce=customer)
    event = Event(
        at_ms=at_ms, day=20260921, kind=EventKind.LEAD, actor=Actor.HUMAN, share=claims.share, customer=customer,
        mechanic="hard", asset="report", visitor=number + 1,
    )  # fmt: skip
    return Entry(event, claims, lead(number, customer, claims, at_ms))


async def fill(config: Settings) -> dict[str, str]:
    """The leads, each fifth of whom comes a second time by another customer; gives who brought each first."""
    brought = {}
    async with opened(wire(config)) as services:
        await services.catalog.put_all([Customer(id=id, name=id.title()) for id in CUSTOMERS])
        entries = []
        for number in range(LEADS):
            first = CUSTOMERS[number % 3]
            entries.append(entry(number, first, FIRST_MS + number))
            brought[f"person.{number}@{entries[-1].lead.domain}"] = first  # type: ignore[union-attr]
        entries += [entry(n, CUSTOMERS[(n + 1) % 3], FIRST_MS + LEADS + n) for n in range(0, LEADS, 5)]
        await asyncio.gather(*(services.ledger.append(each) for each in entries))
    return brought


async def left(config: Settings) -> int:
    async with opened(wire(config)) as services:
        return sum(count.n for count in await services.outbox.counts())


def test_each_lead_is_one_contact_and_none_is_lost(tmp_path: Path) -> None:
    with HubSpot() as crm:
        crm.company("firm1.example")
        hubspot = HubSpotSettings(base_url=crm.url, token=crm.token, timeout_s=1, calls_per_10_s=1000)
        config = Settings(database=engine.database_for(tmp_path), signing_keys=[SIGNING_KEY], hubspot=hubspot)
        (tmp_path / "passalong.toml").write_text(
            f'database = "{config.database}"\nsigning_keys = ["{SIGNING_KEY}"]\n'
            f'[hubspot]\nbase_url = "{crm.url}"\ntoken = "{crm.token}"\n'
            "timeout_s = 1\ncalls_per_10_s = 1000\n"
        )
        brought = asyncio.run(fill(config))
        crm.faults.kinds = tuple(kind for kind in (*FAULTS_BEFORE, *FAULTS_AFTER) if kind != "401")
        crm.faults.rate, crm.faults.slow_s = 0.2, 1.2
        dice, killed = random.Random(2026), 0
        process = None
        deadline = time.monotonic() + 400
        try:
            while True:
                process = subprocess.Popen([sys.executable, "-m", "passalong", "sync"], cwd=tmp_path, stderr=-3)
                if killed == KILLS:
                    break
                goal = len(crm.contacts) + LEADS // (KILLS + 2)
                if killed == 2:
                    crm.faults.next("401", path="batch/upsert")  # a refused key ends the pause with the next start
                until = time.monotonic() + 12
                while len(crm.contacts) < goal and time.monotonic() < until:
                    time.sleep(dice.uniform(0.01, 0.05))
                process.send_signal(signal.SIGKILL)
                process.wait(10)
                killed += 1
            while asyncio.run(left(config)):
                assert time.monotonic() < deadline, asyncio.run(left(config))
                time.sleep(0.5)
        finally:
            if process is not None:
                process.kill()
                process.wait(10)
        faults = [request.fault for request in crm.requests if request.fault]
        print(f"\n{len(crm.requests)} calls, {len(faults)} of them faults: {sorted(set(faults))}")
        assert len(faults) > len(crm.requests) / 10
        emails = [contact.properties["email"] for contact in crm.contacts.values()]
        assert len(emails) == len(set(emails)) == LEADS
        assert set(emails) == set(brought)
        for contact in crm.contacts.values():
            writes = [value for name, value in contact.history if name == "passalong_customer_id"]
            assert set(writes) == {brought[contact.properties["email"]]}
        assert crm.blocklist == set()
