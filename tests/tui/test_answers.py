"""What the console reads is what the server says: no field that one of them has renamed alone."""

from __future__ import annotations

from typing import Any

import httpx2
import msgspec
import pytest
from console_driver import story

from factories import ADMIN_KEY, Server
from passalong_tui.client import Client


def missing(read: Any, said: Any, where: str) -> list[str]:
    """Fields that the console declares and the server's JSON has not, below a value that was read."""
    if isinstance(read, msgspec.Struct) and isinstance(said, dict):
        absent = [f"{where}.{name}" for name in read.__struct_fields__ if name not in said]
        there = [name for name in read.__struct_fields__ if name in said]
        return absent + [m for name in there for m in missing(getattr(read, name), said[name], f"{where}.{name}")]
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
def told(server: Server) -> Server:
    story(server)
    return server


async def test_every_answer_has_every_field_that_the_console_reads(told: Server) -> None:
    wire = Wire()
    async with Client(told.config.base_url, ADMIN_KEY, wire) as client:

        def whole(read: Any) -> None:
            said = wire.said["items"] if isinstance(read, list) else wire.said
            assert read, "there is something to compare"
            assert missing(read, said, type(read).__name__) == []

        whole(await client.metric())
        whole(await client.mechanics())
        whole(await client.mechanic("hard"))
        whole(await client.customers())
        whole(await client.customer("initech"))
        leads = await client.leads("initech")
        whole(leads)
        whole(await client.lead(leads[0].id))
        whole(await client.events(0, wait_s=0))
        whole(await client.kill("soft", reason="Over", by="Mara", fallback="gone", redirect_url=None, attempt="1"))
        whole(await client.revive("soft", reason="Back", by="Mara", attempt="2"))
