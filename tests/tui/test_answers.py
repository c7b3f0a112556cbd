"""What the console reads is what the server says: no field that one of them has renamed alone."""

from __future__ import annotations

from typing import Any

import httpx2
import msgspec
import pytest
from console_driver import failed, play, story

from factories import ADMIN_KEY, Server
from passalong_tui.client import Client


def missing(read: Any, said: Any, where: str) -> list[str]:
    """Fields that the console declares and the server's JSON has not, below a value that was read."""
    if isinstance(read, msgspec.Struct) and isinstance(said, dict):
        absent = [f"{where}.{name}" for name in read.__struct_fields__ if name not in said]
        there = [name for name in read.__struct_fields__ if name in said]
        return absent + [m for name in there for m in missing(getattr(read, name), said[name], f"{where}.{name}")]
    if isinstance(read, dict) and isinstance(said, dict):
        return [m for name, value in read.items() for m in missing(value, said[name], f"{where}[{name}]")]
    if isinstance(read, list) and isinstance(said, list):
        return [m for one, other in zip(read, said, strict=True) for m in missing(one, other, f"{where}[]")]
    return []


class Wire(httpx2.AsyncHTTPTransport):
    """A real network that keeps the last answer as the server wrote it."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await super().handle_async_request(request)
        content = await answer.aread()
        self.said = msgspec.json.decode(content)
        return httpx2.Response(answer.status_code, headers={"content-type": "application/json"}, content=content)


@pytest.fixture
def told(server: Server, clock: Any) -> Server:
    story(server)
    failed(server, clock)
    play(server, clock)
    return server


async def test_every_answer_has_every_field_that_the_console_reads(told: Server) -> None:
    wire = Wire()
    async with Client(told.config.base_url, ADMIN_KEY, wire) as client:

        def whole(read: Any) -> None:
            said = wire.said["items"] if isinstance(read, list) and "items" in wire.said else wire.said
            assert read, "there is something to compare"
            assert missing(read, said, type(read).__name__) == []

        whole(await client.metric())
        whole(await client.mechanics())
        whole(await client.mechanic("hard"))
        whole(await client.course("hard"))
        whole(await client.customers())
        whole(await client.customer("initech"))
        leads = await client.leads("initech")
        whole(leads)
        whole(await client.lead(leads[0].id))
        whole((await client.leads_found("", None)).items)
        reported = (await client.conversions_found("d-1", None, kind="opportunity", attributed=True)).items
        whole(reported)
        whole(await client.conversion(reported[0].conversion.id))
        whole(await client.events(0, wait_s=0))
        shares = (await client.shares()).items
        whole(shares)
        whole(await client.share(shares[0].share))
        whole((await client.tree(shares[0].share)).items)
        whole(await client.revoke(shares[0].share, attempt="9"))
        whole(await client.theater())
        whole(await client.plays(None))
        whole(await client.plays("open"))
        whole(await client.play_report())
        whole(await client.rules())
        whole(await client.keep("soft", reason="Wait", by="Mara", attempt="3"))
        whole(await client.pause("soft", reason="Wait", by="Mara", attempt="4"))
        whole(await client.resume("soft", reason="On", by="Mara", attempt="5"))
        [open_one] = await client.plays("open")
        whole(await client.assign_play(open_one.id, owner="Ines", attempt="6"))
        whole(await client.close_play(open_one.id, result="done", note="Good", by="Mara", attempt="7"))
        id = reported[0].conversion.id
        whole(await client.override(id, customer="globex", mechanic="soft", reason="I know", by="Mara", attempt="9"))
        whole(await client.withdraw(id, reason="I erred", by="Mara", attempt="10"))
        month = (await client.metric()).months[-1].month
        said = {"mechanic": "open", "decision": "change", "role": "sales", "owner": "Mara", "reason": "Why"}
        whole(await client.hold_review(month=month, by="Mara", note="", decisions=[said], attempt="8"))
        whole(await client.reviews())
        whole(await client.kill("soft", reason="Over", by="Mara", fallback="gone", redirect_url=None, attempt="1"))
        whole(await client.mechanic("soft"))
        whole(await client.erase(leads[0].id))
        whole(await client.revive("soft", reason="Back", by="Mara", attempt="2"))
