"""The list of shares: newest first, narrowed and searched, and one with everything below it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import httpx2
import pytest

import engine
from factories import Server, rfc3339
from passalong.domain.share import ShareState
from passalong.store.migrate import Engine, migrations
from passalong.store.shares import Wanted, condition


def made(server: Server, **more: Any) -> str:
    """The id of a new share."""
    body = {"asset": "report", "customer": "initech", "mechanic": "open", **more}
    answer = server.api.post("/api/v1/shares", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["share"])


def listed(server: Server, **params: Any) -> list[dict[str, Any]]:
    answer = server.api.get("/api/v1/shares", params=params)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def ids(server: Server, **params: Any) -> list[str]:
    return [share["share"] for share in listed(server, **params)]


def passed_along(server: Server, path: str) -> str:
    """The path of a branch of a share's page."""
    answer = server.viewer.post(f"{path}/pass-along")
    assert answer.status_code == 303, answer.text
    shown = server.viewer.get(answer.headers["location"]).text
    return shown.partition(f'value="{server.config.base_url}')[2].partition('"')[0]


def test_newest_first_with_whose_it_is_and_what_came_of_it(
    server: Server, clock: Any, browser: Callable[..., httpx2.Client]
) -> None:
    path = server.share(channel="linkedin", sharer="u-1")
    clock.ms += 1000
    made(server, customer="globex", asset="page")
    server.admit(path, browser())
    server.convert("D-1", occurred_at=rfc3339(clock()), emails=["ann@umbrella.example"],
                   amount={"amount_minor": 50_000, "currency": "EUR"})  # fmt: skip
    newer, older = listed(server)
    assert (newer["customer"], newer["customer_name"], newer["asset_title"]) == ("globex", "Globex", "How we did it")
    assert (newer["visits"], newer["leads"], newer["branches"], newer["pipeline"]) == (0, 0, 0, [])
    assert (older["channel"], older["sharer"], older["state"], older["parent"]) == ("linkedin", "u-1", "open", None)
    assert (older["visits"], older["leads"], older["opportunities"]) == (1, 1, 1)
    assert older["pipeline"] == [{"amount_minor": 50_000, "currency": "EUR"}]
    assert older["url"] == server.config.base_url + path


def test_each_filter_keeps_what_it_names(server: Server) -> None:
    mine = made(server)
    theirs = made(server, customer="globex", mechanic="soft", asset="page")
    assert ids(server, customer="globex") == ids(server, mechanic="soft") == ids(server, asset="page") == [theirs]
    assert ids(server, customer="initech", mechanic="open", asset="report") == [mine]
    assert ids(server, customer="initech", mechanic="soft") == ids(server, asset="nothing") == []


def test_every_share_is_in_one_state(server: Server, clock: Any) -> None:
    stays = made(server)
    ends = made(server, expires_at=rfc3339(clock() + 3_600_000))
    gone = made(server)
    gone_and_ended = made(server, expires_at=rfc3339(clock() + 3_600_000))
    for share in (gone, gone_and_ended):
        server.api.post(f"/api/v1/shares/{share}/revoke").raise_for_status()
    assert set(ids(server, state="open")) == {stays, ends}
    clock.ms += 7_200_000
    assert ids(server, state="open") == [stays]
    assert ids(server, state="expired") == [ends]
    assert set(ids(server, state="revoked")) == {gone, gone_and_ended}
    assert {share["share"]: share["state"] for share in listed(server)} == {
        stays: "open", ends: "expired", gone: "revoked", gone_and_ended: "revoked",
    }  # fmt: skip
    refused = server.api.get("/api/v1/shares", params={"state": "killed"})
    assert refused.status_code == 422
    assert [fault["field"] for fault in refused.json()["faults"]] == ["state"]


def test_search_looks_where_people_look(server: Server) -> None:
    mine = made(server, channel="linkedin", sharer="8123")
    theirs = made(server, customer="globex", asset="page", sharer="u-81:Zuß")
    for q in ("INITECH", "quarterly REPORT", "linkedin", "8123"):
        assert ids(server, q=q) == [mine], q
    for q in ("globe", "how we did", "u-81", "Zuß", " zuß "):
        assert ids(server, q=q) == [theirs], q
    assert ids(server, q=mine) == [mine]
    assert mine in ids(server, q=mine[3:11].lower())
    assert set(ids(server, q="  ")) == {mine, theirs}
    assert ids(server, q="' OR 1=1 --") == []
    assert ids(server, q="globe", customer="initech") == []


def test_signs_that_mean_something_in_a_pattern_stand_for_themselves(server: Server) -> None:
    made(server, sharer="a+b")
    for sign in ("%", "_", "\\"):
        odd = made(server, sharer=f"a{sign}b")
        assert ids(server, q=f"a{sign}b") == [odd]
        assert ids(server, q=f"a{sign}{sign}b") == []


def test_what_upgrades_are_credited_to_is_no_link(server: Server) -> None:
    share = made(server)
    engine.execute(
        server.config.database,
        "INSERT INTO shares SELECT 'upgrade', asset, customer, mechanic, 'prompt', sharer, parent, hop, "
        "expires_at_s, nonce, first_seen_ms FROM shares WHERE share = ?",
        share,
    )
    assert ids(server, q="prompt") == []
    assert ids(server) == [share]


def test_pages_show_every_share_once(server: Server, clock: Any) -> None:
    shares = []
    for n in range(7):
        clock.ms += n % 2  # two may come in the same millisecond
        shares.append(made(server))
    for limit in (1, 3, 7):
        seen: list[str] = []
        cursor: str | None = None
        while True:
            params = {"limit": limit} | ({"cursor": cursor} if cursor else {})
            answer = server.api.get("/api/v1/shares", params=params).json()
            seen += [share["share"] for share in answer["items"]]
            cursor = answer["next_cursor"]
            if cursor is None:
                break
        assert sorted(seen) == sorted(shares)


@pytest.mark.parametrize("cursor", ["x", "%%%", "WyJhIl0", "MQ"])
def test_a_cursor_that_is_none_is_refused_by_name(server: Server, cursor: str) -> None:
    refused = server.api.get("/api/v1/shares", params={"cursor": cursor})
    assert refused.status_code == 422
    assert [fault["field"] for fault in refused.json()["faults"]] == ["cursor"]


def test_a_search_of_a_page_and_more_is_refused(server: Server) -> None:
    refused = server.api.get("/api/v1/shares", params={"q": "x" * 201})
    assert [fault["field"] for fault in refused.json()["faults"]] == ["q"]


def test_one_share_with_what_came_of_everything_below_it(server: Server, browser: Callable[..., httpx2.Client]) -> None:
    root = server.share(mechanic="hard")
    server.admit(root)
    child = passed_along(server, root)
    other = browser()
    server.admit(child, other, email="bea@hooli.example", name="Bea")
    grandchild = other.post(f"{child}/pass-along")
    assert grandchild.status_code == 303
    [trunk] = [share for share in listed(server) if share["hop"] == 0]
    detail = server.api.get(f"/api/v1/shares/{trunk['share']}").json()
    assert detail["share"] == trunk
    assert (trunk["branches"], trunk["leads"]) == (2, 1)
    assert detail["below"]["branches"] == 2
    assert detail["below"]["leads"] == 1
    assert [(month["visits"], month["leads"]) for month in detail["months"]] == [(1, 1)]
    [branch] = [share for share in listed(server) if share["hop"] == 1]
    assert branch["parent"] == trunk["share"]
    assert branch["branches"] == 1
    assert server.api.get("/api/v1/shares/nothing").status_code == 404


def test_below_a_share_are_the_deals_of_its_branches(
    server: Server, clock: Any, browser: Callable[..., httpx2.Client]
) -> None:
    root = server.share(mechanic="hard")
    server.admit(root)
    child = passed_along(server, root)
    server.admit(child, browser(), email="bea@hooli.example", name="Bea")
    credits = server.convert("D-1", occurred_at=rfc3339(clock()), emails=["bea@hooli.example"],
                             amount={"amount_minor": 70_000, "currency": "USD"})["credits"]  # fmt: skip
    [trunk] = [share for share in listed(server) if share["hop"] == 0]
    below = server.api.get(f"/api/v1/shares/{trunk['share']}").json()["below"]
    shares = {credit["share"] for credit in credits}
    assert below["opportunities"] == len(shares - {trunk["share"]})
    assert below["pipeline"] == [{"amount_minor": 70_000, "currency": "USD"}]


def test_a_tree_can_be_asked_for_one_level_at_a_time(server: Server) -> None:
    root = server.share(mechanic="open")
    child = passed_along(server, root)
    passed_along(server, child)
    [trunk] = [share["share"] for share in listed(server) if share["hop"] == 0]
    address = f"/api/v1/shares/{trunk}/tree"
    assert [node["depth"] for node in server.api.get(address).json()["items"]] == [0, 1, 2]
    below = server.api.get(address, params={"depth": 1}).json()["items"]
    assert [(node["depth"], node["children"]) for node in below] == [(0, 1), (1, 1)]
    assert server.api.get(address, params={"depth": 0}).json()["faults"][0]["field"] == "depth"


@pytest.fixture(scope="module")
def empty_database() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as db:
        for _, script in migrations(Engine.SQLITE):
            db.executescript(script)
        yield db


@pytest.mark.sqlite
@pytest.mark.parametrize("before", [None, (1, "a")], ids=["first", "next"])
@pytest.mark.parametrize("text", ["", "x%"], ids=["all", "found"])
@pytest.mark.parametrize("state", [None, "open", "expired"])
@pytest.mark.parametrize("asset", [None, "report"])
@pytest.mark.parametrize("mechanic", [None, "open"])
@pytest.mark.parametrize("customer", [None, "initech"])
def test_shares_are_read_in_order_and_no_further_than_a_page(
    empty_database: sqlite3.Connection,
    customer: str | None,
    mechanic: str | None,
    asset: str | None,
    state: str | None,
    text: str,
    before: tuple[int, str] | None,
) -> None:
    named = ShareState(state) if state else None
    wanted = Wanted(customer=customer, mechanic=mechanic, asset=asset, state=named, text=text)
    where, params = condition(wanted, before, 0)
    plan = empty_database.execute(
        f"EXPLAIN QUERY PLAN SELECT s.share FROM shares s WHERE {where} "
        "ORDER BY s.first_seen_ms DESC, s.share DESC LIMIT 51",
        params,
    ).fetchall()
    steps = [str(row[3]) for row in plan]
    index = "INDEX shares_by_customer" if customer else "COVERING INDEX shares_by_time"
    assert [step for step in steps if step.split()[1] == "s" and index not in step] == []
    assert not any("TEMP B-TREE" in step for step in steps), steps
