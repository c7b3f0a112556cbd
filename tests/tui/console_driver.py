"""Driving the console against a real server, waiting for what shall become true and never for time to pass."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import httpx2
from textual.pilot import Pilot
from textual.widgets import Static

from factories import ADMIN_KEY, Server, eventually, rfc3339
from histories import visited
from passalong_tui.app import Console
from passalong_tui.client import Client
from passalong_tui.widgets.keybar import KeyBar
from passalong_tui.widgets.listing import Listing

DEADLINE_S = 8.0
DAY_MS = 86_400_000


class Driver:
    """A console under test: `console` to look at, `press` to type, `until` to wait."""

    def __init__(self, console: Console, pilot: Pilot[None]) -> None:
        self.console = console
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        # Textual would wait after each key until the whole process is idle, its server's threads included; here after
        # the last.
        with patch("textual.app.wait_for_idle", _at_once):
            await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        await self.press(*("space" if character == " " else character for character in text))

    async def dialog(self, key: str, kind: type) -> None:
        """Opens a dialog by its key."""
        await self.press(key)
        await self.until(lambda: isinstance(self.console.screen, kind), kind.__name__)

    async def until(self, condition: Callable[[], Any], what: str = "") -> None:
        """Lets the console work until the condition holds. A widget that is not there yet counts as no."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            try:
                if condition():
                    return
            except LookupError:
                pass
            except Exception as error:
                if "NoMatches" not in type(error).__name__:
                    raise
            assert time.monotonic() < deadline, f"waited in vain for {what or condition}; on screen:\n{self.screen()}"
            await self.pilot.pause(0.01)

    async def until_shown(self, *texts: str) -> None:
        for text in texts:
            await self.until(lambda text=text: text in self.screen(), repr(text))

    def screen(self) -> str:
        """What a person reads at this moment, line by line."""
        size = self.console.size
        strips = self.console.screen._compositor.render_strips(size)
        return "\n".join(strip.text for strip in strips)

    def text(self, selector: str) -> str:
        """The words of one widget, without its line breaks."""
        return " ".join(str(self.console.screen.query_one(selector, Static).visual).split())

    def offered(self) -> set[str]:
        """The actions that the footer offers, or would if it had the room."""
        return {command.action for command in self.console.screen.query_one(KeyBar).offered}

    def listing(self, selector: str = "Listing") -> Listing[Any]:
        return self.console.screen.query_one(selector, Listing)

    def column(self, key: str, selector: str = "Listing") -> list[str]:
        grid = self.listing(selector).grid
        return [cell.plain for cell in grid.get_column(key)] if grid.row_count else []


async def _at_once(_seconds: float = 0) -> None:
    await asyncio.sleep(0.01)


@asynccontextmanager
async def console(
    server: Server,
    *,
    size: tuple[int, int] = (120, 40),
    key: str = ADMIN_KEY,
    transport: httpx2.AsyncBaseTransport | None = None,
    refresh_s: float = 0.2,
    **more: Any,
) -> AsyncIterator[Driver]:
    given = {"refresh_s": refresh_s, "retry_s": 0.05, "long_poll_s": 0.3, "quiet_s": 3600} | more
    async with Client(server.config.base_url, key, transport) as client:
        app = Console(client, "mara", **given)
        async with app.run_test(size=size, notifications=True) as pilot:
            yield Driver(app, pilot)


class Flaky(httpx2.AsyncBaseTransport):
    """The network, until `down`; `swallow` loses the answers to posts on their way back."""

    def __init__(self) -> None:
        self.down = self.swallow = False
        self._network = httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if self.down:
            raise httpx2.ConnectError("the cable is out", request=request)
        answer = await self._network.handle_async_request(request)
        if self.swallow and request.method == "POST":
            await answer.aread()
            raise httpx2.ReadError("the line is dead", request=request)
        return answer

    async def aclose(self) -> None:
        await self._network.aclose()


def lead(server: Server, path: str, email: str, **answers: str) -> None:
    """A new person, in a browser of their own, passes the gate."""
    agent = {"user-agent": "Mozilla/5.0 (X11) Firefox/140.0"}
    with httpx2.Client(base_url=server.config.base_url, headers=agent) as browser:
        answer = server.submit(path, browser, email=email, **answers)
    assert answer.status_code == 303, answer.text


def opportunity(server: Server, name: str, emails: list[str], *, kind: str = "opportunity", **more: Any) -> None:
    body = {
        "external_id": name,
        "kind": kind,
        "occurred_at": datetime.now(UTC).isoformat(),
        "emails": emails,
        "amount": {"amount_minor": 1_200_000, "currency": "EUR"},
        **more,
    }
    answer = server.api.post("/api/v1/conversions", json=body)
    assert answer.status_code == 201, answer.text


def story(server: Server) -> str:
    """A share of Initech's, a lead by it who becomes an opportunity, and one opportunity that is nobody's."""
    path = server.share(channel="linkedin")
    lead(server, path, "ada@hooli.example", name="Ada Byron", company="Hooli")
    opportunity(server, "D-1", ["ada@hooli.example"])
    opportunity(server, "D-2", ["stranger@nowhere.example"])
    return path


def looked(server: Server, mechanic: str, people: int, *, at_ms: int) -> None:
    """So many people looked at a link of a mechanic long ago. Written in a loop of its own, beside the test's."""
    with ThreadPoolExecutor(1) as beside:
        beside.submit(visited, server, mechanic, people, at_ms=at_ms).result()


def failed(server: Server, clock: Any, key: str = "soft") -> None:
    """The mechanic had its time and its visits, and brought nothing: the verdict is to kill it."""
    clock.ms += 100 * DAY_MS
    looked(server, key, 600, at_ms=clock() - 40 * DAY_MS)
    assert server.api.get(f"/api/v1/mechanics/{key}").json()["verdict"]["state"] == "kill"


def play(server: Server, clock: Any, customer: str = "initech") -> dict[str, Any]:
    """Three tickets of a customer stay open, and somebody should call."""
    signals = [
        {
            "external_id": f"{customer}-{n}",
            "customer": customer,
            "kind": "support.ticket_opened",
            "occurred_at": rfc3339(clock() - 60_000),
        }
        for n in range(3)
    ]
    answer = server.api.post("/api/v1/signals", json={"signals": signals})
    assert answer.status_code == 201, answer.text
    [made] = eventually(lambda: server.api.get(f"/api/v1/plays?customer={customer}").json()["items"])
    return dict(made)
