"""Clients that begin and do not go on: they cost a little for a while, and nobody else anything."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from litestar.types import HTTPScope, Receive, Send

from factories import Server
from passalong.web import asgi, connection
from passalong.web.connection import Connection

SHORT_S = 0.3


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connection, "HEAD_S", SHORT_S)
    monkeypatch.setattr(connection, "BODY_S", SHORT_S)


@contextmanager
def connected(server: Server) -> Iterator[socket.socket]:
    host, port = server.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as wire:
        yield wire


def answer(wire: socket.socket) -> bytes:
    """All that comes until the server hangs up."""
    said = b""
    while chunk := wire.recv(65_536):
        said += chunk
    return said


@pytest.mark.parametrize(
    "begun", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nhost: x\r\nx-a: ", b"POST /s/x/gate HTTP/1.1\r\n"]
)
def test_a_head_that_never_ends_is_not_waited_for(server: Server, begun: bytes) -> None:
    with connected(server) as wire:
        wire.sendall(begun)
        assert answer(wire).startswith(b"HTTP/1.1 408 ")
    assert server.viewer.get("/healthz").status_code == 200


def test_a_second_request_is_not_waited_for_either(server: Server) -> None:
    with connected(server) as wire:
        wire.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n" + b"GET /healthz HTTP/1.1\r\nhost:")
        said = answer(wire)
    assert said.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " in said


def test_a_head_without_end_is_not_kept(server: Server) -> None:
    with connected(server) as wire:
        wire.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n")
        wire.sendall(b"".join(b"x-filler-%d: %s\r\n" % (number, b"a" * 1_000) for number in range(66)))
        assert answer(wire).startswith(b"HTTP/1.1 431 ")
    assert server.viewer.get("/healthz").status_code == 200


def test_a_large_body_with_a_small_head_is_no_large_head(server: Server) -> None:
    body = b'{"items": [' + b" " * 300_000 + b"]}"
    answered = server.api.post("/api/v1/events", content=body, headers={"content-type": "application/json"})
    assert answered.status_code != 431


@pytest.mark.parametrize("path", ["/api/v1/conversions", "{share}/gate"])
def test_a_body_that_stops_is_refused_in_words_and_nothing_is_kept(server: Server, path: str) -> None:
    address = path.format(share=server.share())
    before = server.api.get("/api/v1/events").json()["last_seq"]
    kind = b"application/json" if path.startswith("/api") else b"application/x-www-form-urlencoded"
    with connected(server) as wire:
        key = server.api.headers["authorization"].encode()
        wire.sendall(b"POST %s HTTP/1.1\r\nhost: x\r\nauthorization: %s\r\n" % (address.encode(), key))
        wire.sendall(b"content-type: %s\r\ncontent-length: 500\r\n\r\nname=An" % kind)
        said = answer(wire)
    assert said.startswith(b"HTTP/1.1 408 "), said
    assert b"took too long to arrive" in said
    assert server.api.get("/api/v1/events").json()["last_seq"] == before


def test_a_body_that_comes_slowly_and_steadily_is_read(server: Server) -> None:
    body = b'{"name": "Steady"}' + b" " * 20_000
    with connected(server) as wire:
        key = server.api.headers["authorization"].encode()
        wire.sendall(b"PUT /api/v1/customers/steady HTTP/1.1\r\nhost: x\r\nauthorization: %s\r\n" % key)
        wire.sendall(b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body))
        for start in range(0, len(body), 4_000):
            wire.sendall(body[start : start + 4_000])
            time.sleep(SHORT_S / 3)
        said = answer(wire)
    assert said.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 201 ")), said


def test_a_hundred_who_wait_cost_nobody_else_anything(server: Server) -> None:
    host, port = server.address.removeprefix("http://").split(":")
    waiting = [socket.create_connection((host, int(port)), timeout=10) for _ in range(100)]
    try:
        for wire in waiting:
            wire.sendall(b"GET / HTTP/1.1\r\n")
        share = server.share()
        for _ in range(20):
            assert server.viewer.get(share).status_code == 200
        assert all(answer(wire).startswith(b"HTTP/1.1 408 ") for wire in waiting)
    finally:
        for wire in waiting:
            wire.close()


async def test_who_asks_now_and_then_is_stayed_with_and_who_asks_no_more_is_hung_up_on() -> None:
    async def app(scope: HTTPScope, receive: Receive, send: Send) -> None:
        await asgi.answer(send, 200, [])

    config = uvicorn.Config(app, http=Connection, lifespan="off", timeout_keep_alive=1, log_config=None)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        running = asyncio.create_task(server.serve([listening]))
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        for _ in range(4):
            writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
            last_s = time.monotonic()
            await asyncio.sleep(0.4)
        assert await asyncio.wait_for(reader.read(), 10) == b""
        assert time.monotonic() - last_s >= 0.9
        writer.close()
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        writer.write(b"x")  # of a body that was answered already, and never ends
        assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()
        server.should_exit = True
        await running
