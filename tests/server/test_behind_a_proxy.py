"""Behind a proxy: whose word about addresses is believed, and what changes when the world speaks https."""

from __future__ import annotations

import pytest

from factories import FIREFOX, Server

PUBLIC = "https://share.acme.example"


def look(server: Server, path: str, forwarded: str) -> None:
    headers = {"x-forwarded-for": forwarded, "user-agent": FIREFOX}
    assert server.viewer.get(path, headers=headers).headers["passalong-event"] == "view"


def visits(server: Server) -> int:
    return int(server.counts("open")["visits"])


def test_nobody_is_believed_about_addresses_unless_the_settings_say_so(server: Server) -> None:
    path = server.share(mechanic="open")
    for address in ("203.0.113.1", "203.0.113.2", "203.0.113.3"):
        look(server, path, address)
    assert visits(server) == 1


@pytest.mark.settings(trusted_proxies=["127.0.0.0/8"])
def test_a_trusted_proxy_tells_visitors_apart(server: Server) -> None:
    path = server.share(mechanic="open")
    for address in ("203.0.113.1", "203.0.113.2", "203.0.113.1", "2001:db8::7"):
        look(server, path, address)
    assert visits(server) == 3


@pytest.mark.settings(trusted_proxies=["127.0.0.1", "10.0.0.0/8"])
@pytest.mark.parametrize(
    ("first", "second", "people"),
    [
        ("6.6.6.6, 203.0.113.1", "7.7.7.7, 203.0.113.1", 1),  # what a client wrote itself stands furthest left
        ("203.0.113.1, 10.0.0.4", "203.0.113.2, 10.0.0.4", 2),  # a second proxy of ours in between
        ("203.0.113.1, 198.51.100.9", "203.0.113.2, 198.51.100.9", 1),  # a proxy that nobody vouched for
        ("nonsense", "203.0.113.1", 2),
    ],
)
def test_the_nearest_address_that_is_not_ours_counts(server: Server, first: str, second: str, people: int) -> None:
    path = server.share(mechanic="open")
    look(server, path, first)
    look(server, path, second)
    assert visits(server) == people


@pytest.mark.settings(trusted_proxies=["127.0.0.1"])
def test_the_rate_limit_is_each_visitors_own(server: Server) -> None:
    path = server.share()

    def send(address: str) -> int:
        headers = {"x-forwarded-for": address}
        return server.viewer.post(f"{path}/gate", data={"email": "wrong"}, headers=headers).status_code

    assert {send("203.0.113.1") for _ in range(20)} == {422}
    assert send("203.0.113.1") == 429
    assert send("203.0.113.2") == 422


@pytest.mark.settings(base_url=PUBLIC)
def test_under_https_everything_is_for_https_alone(server: Server) -> None:
    made = server.api.post("/api/v1/shares", json={"asset": "report", "customer": "initech", "mechanic": "hard"}).json()
    assert made["url"].startswith(f"{PUBLIC}/s/")
    path = made["url"].removeprefix(PUBLIC)
    page = server.viewer.get(path)
    assert "max-age=" in page.headers["strict-transport-security"]
    assert f'href="{path}' in page.text or f'action="{path}' in page.text, "links stay on the host that was asked"
    passed = server.submit(path, email="ann@umbrella.example", name="Ann")
    assert passed.status_code == 303
    cookies = passed.headers.get_list("set-cookie")
    assert len(cookies) == 2
    for cookie in cookies:
        assert {"secure", "httponly", "samesite=lax"} <= {part.strip().lower() for part in cookie.split(";")}, cookie
    forgotten = server.viewer.post(f"{path}/forget").headers.get_list("set-cookie")
    assert all("secure" in cookie.lower() and "max-age=0" in cookie.lower() for cookie in forgotten)


def test_under_http_cookies_work_and_nothing_is_promised(server: Server) -> None:
    path = server.share()
    assert "strict-transport-security" not in server.viewer.get(path).headers
    cookies = server.submit(path, email="ann@umbrella.example", name="Ann").headers.get_list("set-cookie")
    assert not any("secure" in cookie.lower() for cookie in cookies)
