"""Finding leads and conversions by what somebody types, as far as the key may look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factories import ANN, Server, rfc3339

Browser = Callable[..., httpx2.Client]
DAY_MS = 86_400_000
TEAM = {"email": "bo@hooli.example", "name": "Bo Ek", "x_team": "Forty-two of us"}


def leads(server: Server, q: str) -> list[str]:
    answer = server.api.get("/api/v1/leads", params={"q": q})
    assert answer.status_code == 200, answer.text
    return sorted(lead["email"] for lead in answer.json()["items"])


def found(server: Server, headers: dict[str, str] | None = None, **asked: Any) -> list[str]:
    answer = server.api.get("/api/v1/conversions", params=asked, headers=headers or {})
    assert answer.status_code == 200, answer.text
    return sorted(item["conversion"]["external_id"] for item in answer.json()["items"])


@pytest.fixture
def deals(server: Server, browser: Browser, clock: Any) -> Server:
    """Two leads of two customers by two mechanics, three deals of theirs and one of a stranger's."""
    server.admit(server.share(customer="globex"), company="Umbrella plc", heard_from="from Zed")
    server.submit(server.share(mechanic="strict"), browser(), consent="true", **TEAM)
    clock.ms += DAY_MS
    now = rfc3339(clock())
    server.convert("D-1", occurred_at=now, emails=[ANN["email"], "boss@corner.example"])
    server.convert("D-2", occurred_at=now, emails=["bo@hooli.example"])
    server.convert("D-3", kind="won", occurred_at=now, emails=["bo@hooli.example"])
    server.convert("acme_50%", occurred_at=now, company_domain="nowhere.example")
    return server


def test_a_lead_is_found_by_anything_it_said_and_by_who_brought_it(deals: Server) -> None:
    for q in ("ann@umb", "UMBER", "Umbrella plc", "from zed", "umbrella.example", "Globex", "customer rep"):
        assert leads(deals, q) == [ANN["email"]], q
    for q in ("forty-two", "Initech", "strict"):
        assert leads(deals, q) == ["bo@hooli.example"], q
    assert leads(deals, "example") == [ANN["email"], "bo@hooli.example"]
    assert leads(deals, "nobody") == leads(deals, "_") == leads(deals, "%") == []


def test_a_deal_is_found_by_its_name_its_company_its_customer_and_its_mechanic(deals: Server) -> None:
    assert found(deals, q="d-") == ["D-1", "D-2", "D-3"]
    assert found(deals, q="nowhere") == found(deals, q="50%") == ["acme_50%"]
    assert found(deals, q="globex") == found(deals, q="Customer reports") == ["D-1"]
    assert found(deals, q="initech") == found(deals, q="STRICT") == ["D-2", "D-3"]
    assert found(deals, q="initech", kind="won") == ["D-3"]
    assert found(deals, q="d-", attributed=False) == found(deals, q="zzz") == []


def test_a_deal_is_found_by_its_people_known_here_or_not(deals: Server) -> None:
    assert found(deals, q="bo@hooli") == found(deals, q="Bo Ek") == ["D-2", "D-3"]
    assert found(deals, q="umbrella plc") == ["D-1"]
    assert found(deals, q="Boss@Corner.example") == ["D-1"], "an address is known by its hash, so only as a whole"
    assert found(deals, q="boss@corner") == []


@pytest.mark.parametrize("role", ["reader", "integrator"])
def test_nobody_but_an_admin_finds_a_deal_by_an_address(deals: Server, role: str) -> None:
    _, header = deals.key(role)
    for q in ("bo@hooli.example", "Bo Ek", "boss@corner.example", "Umbrella plc", "from zed"):
        assert found(deals, header, q=q) == [], q
    assert found(deals, header, q="globex") == ["D-1"]
    assert found(deals, header, q="D-2") == ["D-2"]


def test_the_deals_of_one_customer(deals: Server) -> None:
    assert found(deals, customer="globex") == ["D-1"]
    assert found(deals, customer="initech", kind="opportunity") == ["D-2"]
    assert found(deals, customer="none") == []


def test_what_was_found_comes_in_pages(deals: Server) -> None:
    seen: list[str] = []
    cursor = None
    while True:
        asked = {"q": "d-", "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = deals.api.get("/api/v1/conversions", params=asked).json()
        seen += [item["conversion"]["external_id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert sorted(seen) == ["D-1", "D-2", "D-3"]
    assert len(seen) == 3


def test_a_search_that_is_too_long_is_refused_by_name(server: Server) -> None:
    for path in ("leads", "conversions"):
        refused = server.api.get(f"/api/v1/{path}", params={"q": "x" * 201})
        assert refused.status_code in (400, 422)
        assert [fault["field"] for fault in refused.json()["faults"]] == ["q"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(q=st.text(max_size=40))
def test_whatever_is_typed_is_looked_for_and_breaks_nothing(server: Server, q: str) -> None:
    q = q.encode("utf-8", "replace").decode()
    for path in ("leads", "conversions"):
        answer = server.api.get(f"/api/v1/{path}", params={"q": q})
        assert answer.status_code == 200, (q, answer.text)
        assert answer.json()["items"] == []
