"""Addresses on the web, as they travel in headers."""

from __future__ import annotations

import pytest

from factories import Server
from passalong.domain.address import web_url
from prompts import BODIES


@pytest.mark.parametrize(
    "address",
    [
        "https://a;frame-ancestors/x", "https://a,b/", "https://a'b/", "https://a*b/", "https://a%3bb/", "https://a_b/",
        "https://[::1%25eth0]/", "https://[v1.a;b]/", "https://", "https:///x",
    ],
)  # fmt: skip
def test_what_could_leave_its_place_in_a_policy_is_no_host(address: str) -> None:
    assert web_url(address) is None


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://Bücher.example/ä?q=ü", "https://xn--bcher-kva.example/%C3%A4?q=%C3%BC"),
        ("http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080/"),
        ("http://127.0.0.1:8/x", "http://127.0.0.1:8/x"),
        ("https://a-b.c1.example", "https://a-b.c1.example"),
    ],
)
def test_what_is_a_host_stays_one(address: str, shown: str) -> None:
    assert web_url(address) == shown


@pytest.mark.parametrize("address", ["https://a;frame-ancestors/x", "https://a,b/", "https://a'b/"])
def test_no_upgrade_writes_its_own_policy(server: Server, address: str) -> None:
    body = {"customer": "initech", "kind": "usage_cap", "mechanic": "open", **BODIES["usage_cap"]}
    refused = server.api.post("/api/v1/prompts", json={**body, "upgrade_url": address})
    assert [fault["field"] for fault in refused.json()["faults"]] == ["upgrade_url"]
