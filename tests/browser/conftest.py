"""A Chromium without JavaScript, and a vendor's site for it to land on."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from factories import Server, mechanic
from websites import website

_spec = importlib.util.spec_from_file_location("chromium", Path(__file__).with_name("chromium.py"))
assert _spec
assert _spec.loader
chromium = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(chromium)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def chrome_path() -> str:
    path: str | None = chromium.find()
    return path or pytest.skip(chromium.MISSING)


@pytest.fixture(scope="module")
def chrome(chrome_path: str) -> Iterator[Browser]:
    """A module's own: while it runs, Playwright keeps an event loop that asynchronous tests elsewhere would trip on."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chrome_path, args=chromium.ARGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def strict(chrome: Browser, chrome_path: str) -> Iterator[Browser]:
    """One that blocks the cookies of framed sites, as browsers more and more do."""
    args = [*chromium.ARGS, "--test-third-party-cookie-phaseout"]
    browser = chrome.browser_type.launch(executable_path=chrome_path, args=args)
    yield browser
    browser.close()


@pytest.fixture
def page(chrome: Browser, server: Server) -> Iterator[Page]:
    """A tab of a browser that runs no scripts."""
    # Headless Chromium names itself as a robot, and would be counted as one.
    agent = f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/{chrome.version} Safari/537.36"
    context = chrome.new_context(java_script_enabled=False, base_url=server.config.base_url, user_agent=agent)
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def vendor(server: Server) -> Iterator[list[str]]:
    """The vendor's own site, to which the calls to action of `hard` and `open` lead: the addresses asked of it."""
    asked: list[str] = []
    with website("<!doctype html><title>Acme</title><h1>Welcome to Acme</h1>", asked) as port:
        cta = {"label": "Start a free account", "url": f"http://127.0.0.1:{port}/signup?plan=free"}
        gate = {"mode": "hard", "fields": [{"name": "name", "required": True}]}
        server.api.put("/api/v1/mechanics/hard", json=mechanic(cta=cta, gate=gate)).raise_for_status()
        server.api.put("/api/v1/mechanics/open", json=mechanic(cta=cta)).raise_for_status()
        yield asked
