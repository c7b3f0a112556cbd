"""A viewer's journey with JavaScript off: in Chromium, by keyboard alone, and in a text browser."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from playwright.sync_api import Page, expect

from factories import ANN, Server, form_token, rfc3339
from textbrowser import run, text_browser


def click_id(asked: list[str]) -> str:
    [address] = [path for path in asked if path.startswith("/signup")]
    query = parse_qs(urlsplit(address).query)
    assert query["plan"] == ["free"]
    assert query["utm_source"] == ["initech"]
    return query["pa_click"][0]


def credited(server: Server, clock: Any, click: str) -> dict[str, Any]:
    [credit] = server.convert("D-1", occurred_at=rfc3339(clock()), click=click)["credits"]
    return dict(credit)


def test_from_the_link_to_the_credit(server: Server, page: Page, vendor: list[str], clock: Any) -> None:
    page.goto(server.share())
    expect(page.get_by_role("heading", level=1)).to_have_text("Quarterly report")
    expect(page.get_by_text("Q3 report.pdf")).to_have_count(0)
    assert page.context.cookies() == []

    page.get_by_label("Work e-mail").fill("ann at umbrella")
    page.get_by_label("Name").fill(ANN["name"])
    page.get_by_role("button", name="Open it").click()
    field = page.get_by_label("Work e-mail")
    expect(field).to_have_value("ann at umbrella")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("does not look like an e-mail address"))
    expect(page.get_by_label("Name")).to_have_value(ANN["name"])
    message = page.locator("#email-message").bounding_box()
    box = field.bounding_box()
    assert message
    assert box
    assert 0 <= message["y"] - (box["y"] + box["height"]) < 40, "the message stands right below its field"

    field.fill(ANN["email"])
    clock.ms += 10_000
    page.get_by_role("button", name="Open it").click()
    expect(page.get_by_text("Q3 report.pdf").first).to_be_visible()
    assert "pass=" not in page.url
    page.reload()
    expect(page.get_by_label("Work e-mail")).to_have_count(0)

    page.get_by_role("link", name="Start a free account").click()
    expect(page.get_by_role("heading")).to_have_text("Welcome to Acme")
    [lead] = server.leads()
    credit = credited(server, clock, click_id(vendor))
    assert (credit["customer"], credit["mechanic"], credit["lead"]) == ("initech", "hard", lead["id"])
    assert lead["suspect"] is False


def test_by_keyboard_alone(server: Server, page: Page, vendor: list[str], clock: Any) -> None:
    page.goto(server.share())

    def tab_to(name: str) -> None:
        """Tab by tab, with the focus to be seen at every stop, and never into the trap for robots."""
        for _ in range(20):
            page.keyboard.press("Tab")
            focused = page.locator(":focus")
            assert focused.get_attribute("name") != "website"
            if focused.get_attribute("name") == name or focused.inner_text().strip() == name:
                return
        raise AssertionError(f"{name} cannot be reached")

    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    expect(page.locator(":focus")).to_be_in_viewport()
    tab_to("email")
    page.keyboard.type(ANN["email"])
    tab_to("name")
    page.keyboard.type(ANN["name"])
    page.keyboard.press("Enter")
    expect(page.get_by_text("Q3 report.pdf").first).to_be_visible()
    tab_to("Start a free account")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading")).to_have_text("Welcome to Acme")
    assert credited(server, clock, click_id(vendor))["customer"] == "initech"


def test_not_you(server: Server, page: Page) -> None:
    first, second = server.share(), server.share()
    page.goto(first)
    page.get_by_label("Work e-mail").fill(ANN["email"])
    page.get_by_label("Name").fill(ANN["name"])
    page.get_by_role("button", name="Open it").click()
    page.goto(second)
    expect(page.get_by_text("Q3 report.pdf").first).to_be_visible()
    page.get_by_role("button", name="Not you?").click()
    expect(page.get_by_label("Work e-mail")).to_have_value("")
    page.goto(first)
    expect(page.get_by_text("Q3 report.pdf").first).to_be_visible()


def test_in_w3m(server: Server, tmp_path: Path, vendor: list[str], clock: Any) -> None:
    w3m = text_browser("w3m")
    url = server.config.base_url + server.share()

    def look(*more: str) -> str:
        return run(tmp_path, w3m, "-dump", "-cols", "70", "-cookie", "-o", "accept_encoding=identity", *more)

    shown = look(url)
    assert "Quarterly report" in shown
    assert "Shared by Initech" in shown
    assert "Work e-mail" in shown
    assert "Leave empty" in shown
    assert "Q3 report.pdf" not in shown

    def post(**values: str) -> str:
        form = tmp_path / "form"
        token = form_token(server.share_page(url.removeprefix(server.config.base_url)))
        form.write_text(urlencode({"csrf_token": token, "website": "", **values}))
        return look("-post", str(form), f"{url}/gate")

    refused = post(email="ann at umbrella", name="Ann")
    assert "does not look like an e-mail address" in refused
    assert "ann at umbrella" in refused
    opened = post(**ANN)
    assert "Q3 report.pdf" in opened
    assert "Start a free account" in opened
    assert "Welcome to Acme" in look(f"{url}/go")
    assert credited(server, clock, click_id(vendor))["customer"] == "initech"


def test_in_lynx(server: Server, tmp_path: Path) -> None:
    lynx = text_browser("lynx")
    url = server.config.base_url + server.share()
    shown = run(tmp_path, lynx, "-dump", "-width=70", url)
    assert "Work e-mail" in shown
    token = form_token(server.share_page(url.removeprefix(server.config.base_url)))
    data = f"csrf_token={token}&website=&email={ANN['email']}&name=Ann\n---\n"
    env = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TERM": "xterm"}
    command = [lynx, "-dump", "-accept_all_cookies", "-post_data", f"{url}/gate"]
    done = subprocess.run(command, input=data, capture_output=True, text=True, timeout=30, env=env, check=True)
    assert "Q3 report.pdf" in done.stdout
