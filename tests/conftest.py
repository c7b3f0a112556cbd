"""The fixtures that most tests use: a server, a clock, browsers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path

import httpx2
import pytest

import engine
from factories import FIREFOX, Server
from serving import Clock, client, serving


def pytest_configure(config: pytest.Config) -> None:
    """One PostgreSQL for all processes of a run that asks for it: the first of them starts it."""
    if engine.ON_POSTGRES and not hasattr(config, "workerinput"):
        from postgres import VARIABLE, postgres

        server = ExitStack()
        os.environ[VARIABLE] = server.enter_context(postgres())
        config.add_cleanup(server.close)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items if engine.ON_POSTGRES else ():
        if item.get_closest_marker("sqlite"):
            item.add_marker(pytest.mark.skip(reason="of the SQLite file alone"))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Server]:
    """The server. `@pytest.mark.settings(name=value)` runs it under other settings."""
    marker = request.node.get_closest_marker("settings")
    with serving(tmp_path, clock, **(marker.kwargs if marker else {})) as running:
        yield running


@pytest.fixture
def browser(server: Server) -> Iterator[Callable[..., httpx2.Client]]:
    """Makes more browsers: `browser()` with a jar of its own, `browser(cookies=False)` that keeps none."""
    with ExitStack() as stack:

        def make(agent: str = FIREFOX, *, cookies: bool = True) -> httpx2.Client:
            jar = CookieJar() if cookies else CookieJar(DefaultCookiePolicy(allowed_domains=[]))
            headers = {"user-agent": agent}
            return stack.enter_context(client(server.address, headers, cookies=jar))

        yield make
