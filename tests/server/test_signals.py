"""Signals as a product sends them: one or a thousand, all or nothing, each stored once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx2
import pytest

from factories import Server, eventually, rfc3339, settings_for
from passalong.app import opened, wire
from passalong.domain.customer import Customer
from passalong.domain.signal import Signal
from passalong.errors import Conflict
from passalong.store.signals import Stored

DAY_MS = 86_400_000
ASKED = "2026-10-01T09:00:00Z"


def signal(external_id: str, kind: str = "product.exported", **more: Any) -> dict[str, Any]:
    return {"external_id": external_id, "customer": "initech", "kind": kind, "occurred_at": ASKED, **more}


def post(server: Server, body: Any, **headers: str) -> httpx2.Response:
    return server.api.post("/api/v1/signals", json=body, headers=headers)


def listed(server: Server, customer: str = "initech", **more: Any) -> list[dict[str, Any]]:
    answer = server.api.get("/api/v1/signals", params={"customer": customer, "limit": 200, **more})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def test_one_signal_is_stored_and_can_be_looked_up(server: Server) -> None:
    answer = post(server, signal("a", "satisfaction.nps", value=9))
    assert (answer.status_code, answer.json()) == (201, {"stored": 1, "repeated": 0})
    [found] = listed(server)
    assert found.items() >= {"external_id": "a", "kind": "satisfaction.nps", "value": 9, "occurred_at": ASKED}.items()
    assert listed(server, "globex") == []


def test_the_same_again_is_counted_and_stored_once(server: Server) -> None:
    several = {"signals": [signal("a"), signal("b", value=1.5), signal("a")]}
    assert post(server, several).json() == {"stored": 2, "repeated": 1}
    assert post(server, several).json() == {"stored": 0, "repeated": 3}
    assert post(server, {"signals": [signal("b", value=1.5), signal("c")]}).json() == {"stored": 1, "repeated": 1}
    elsewhere = signal("a", occurred_at="2026-10-01T11:00:00+02:00")
    assert post(server, elsewhere).json() == {"stored": 0, "repeated": 1}, "the same moment in another zone"
    assert sorted(found["external_id"] for found in listed(server)) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "other",
    [{"kind": "product.opened"}, {"value": 1}, {"customer": "globex"}, {"occurred_at": "2026-10-01T09:00:01Z"}],
)
def test_another_signal_under_a_known_name_is_a_conflict_and_nothing_is_stored(server: Server, other: Any) -> None:
    post(server, signal("a"))
    refused = post(server, {"signals": [signal("new"), signal("a", **other)]})
    assert refused.status_code == 409
    assert "The signal a is known with other contents" in refused.json()["detail"]
    within_one = post(server, {"signals": [signal("b"), signal("b", **other)]})
    assert (within_one.status_code, "signal b" in within_one.json()["detail"]) == (409, True)
    assert [found["external_id"] for found in listed(server)] == ["a"]


def test_a_thousand_are_taken_at_once_and_one_more_is_refused(server: Server) -> None:
    thousand = [signal(f"s-{n}") for n in range(1000)]
    assert post(server, {"signals": thousand}).json() == {"stored": 1000, "repeated": 0}
    for wrong in ([*thousand, signal("more")], [], "s-1", None):
        refused = post(server, {"signals": wrong})
        assert refused.status_code == 422
        assert refused.json()["faults"] == [{"field": "signals", "message": "Give a list of 1 to 1,000 signals."}]


def test_every_bad_signal_is_named_and_none_is_stored(server: Server, clock: Any) -> None:
    bad = [
        signal("a"),
        signal("b", "telepathy.heard"),
        {"external_id": "c"},
        signal("d", customer="nobody", occurred_at="2026-10-01T09:00:00"),
        signal("e", occurred_at=rfc3339(clock() + 2 * DAY_MS)),
        signal("f", value="nine"),
        signal("g", weight=3),
        "h",
        signal("\x1b[2J"),
    ]
    refused = post(server, {"signals": bad})
    assert refused.status_code == 422
    assert [fault["field"] for fault in refused.json()["faults"]] == [
        "signals[1].kind", "signals[2].customer", "signals[3].customer", "signals[3].occurred_at",
        "signals[4].occurred_at", "signals[5].value", "signals[6].weight", "signals[7]", "signals[8].external_id",
    ]  # fmt: skip
    assert listed(server) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (signal("a", kind="product"), "kind"),
        (signal("a", kind="product.Exported"), "kind"),
        (signal("a", kind="product.exported\n"), "kind"),
        (signal("", "product.x"), "external_id"),
        (signal("x" * 129), "external_id"),
        (signal("a", customer="nobody"), "customer"),
        (signal("a", value=1e13), "value"),
        (signal("a", value=True), "value"),
        (signal("a", occurred_at="1970-01-01T00:00:00Z"), "occurred_at"),
        ({"signals": [signal("a")], "customer": "initech"}, "customer"),
        ({}, "external_id"),
    ],
)
def test_a_refusal_names_the_field(server: Server, body: Any, field: str) -> None:
    refused = post(server, body)
    assert refused.status_code == 422, refused.text
    assert [fault["field"] for fault in refused.json()["faults"]] == [field]


def test_what_is_no_object_is_refused_too(server: Server) -> None:
    for body in ([signal("a")], "a", 1, None):
        assert post(server, body).status_code == 400, body
    assert server.api.get("/api/v1/signals").status_code == 400, "whose?"
    assert server.api.get("/api/v1/signals?customer=nobody").status_code == 404


def test_an_idempotency_key_gives_the_first_answer_again(server: Server) -> None:
    first, again = (post(server, signal("a"), **{"idempotency-key": "k"}) for _ in range(2))
    assert first.json() == again.json() == {"stored": 1, "repeated": 0}
    assert again.headers["idempotency-replayed"] == "true"


def test_pages_are_newest_first_and_complete(server: Server) -> None:
    seconds = [5, 1, 3, 3, 3, 2]
    body = [signal(f"s-{n}", occurred_at=f"2026-10-01T09:00:0{second}Z") for n, second in enumerate(seconds)]
    post(server, {"signals": body})
    found, cursor = [], ""
    while cursor is not None:
        page = server.api.get(f"/api/v1/signals?customer=initech&limit=2&cursor={cursor}").json()
        found += [item["external_id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert found == ["s-0", "s-4", "s-3", "s-2", "s-5", "s-1"]
    assert server.api.get("/api/v1/signals?customer=initech&cursor=bm8").status_code == 422


def test_the_description_shows_both_forms(server: Server) -> None:
    document = server.api.get("/api/openapi.json").json()
    body = document["paths"]["/api/v1/signals"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    one, several = body["oneOf"]
    assert set(one["required"]) == {"external_id", "customer", "kind", "occurred_at"}
    assert several["properties"]["signals"]["maxItems"] == 1000


# Many at the same time.


@pytest.fixture
def config(tmp_path: Path) -> Any:
    return settings_for(tmp_path)


def made(external_id: str, at_ms: int = 1) -> Signal:
    return Signal(external_id, "initech", "product.opened", None, at_ms)


async def test_requests_that_commit_together_are_refused_alone(config: Any) -> None:
    """A conflict, a repetition and what is new, in one batch: each is answered as if it had come by itself."""
    async with opened(wire(config)) as services:
        await services.catalog.put_all([Customer(id="initech", name="Initech")])
        await services.signals.post([made("known")])
        said = await asyncio.gather(
            services.signals.post([made("a"), made("b")]),
            services.signals.post([made("c"), made("known", 2)]),
            services.signals.post([made("known"), made("d")]),
            services.signals.post([made("a", 2), made("e")]),
            services.signals.post([made("b")]),
            return_exceptions=True,
        )
        assert said[0] == Stored(2, 0)
        assert isinstance(said[1], Conflict)
        assert said[2] == Stored(1, 1)
        assert isinstance(said[3], Conflict)
        assert said[4] == Stored(0, 1)
        names = [row["external_id"] for row in await services.db.read("SELECT external_id FROM signals ORDER BY 1")]
        assert names == ["a", "b", "d", "known"]


async def test_many_senders_at_once_lose_nothing_and_double_nothing(config: Any) -> None:
    async with opened(wire(config)) as services:
        await services.catalog.put_all([Customer(id="initech", name="Initech")])
        posts = [
            [made(f"s-{n}") for n in range(start, start + size)] for start in range(0, 600, 7) for size in (3, 150)
        ]
        said = await asyncio.gather(*(services.signals.post(signals) for signals in posts))
        wanted = {s.external_id for signals in posts for s in signals}
        assert sum(answer.stored for answer in said) == len(wanted)
        assert sum(answer.stored + answer.repeated for answer in said) == sum(map(len, posts))
        assert {row[0] for row in await services.db.read("SELECT external_id FROM signals")} == wanted
        assert [dict(row) for row in await services.db.read("SELECT subject FROM outbox")] == [{"subject": "initech"}]


def test_looks_are_not_among_what_is_told_outside(server: Server) -> None:
    post(server, signal("a"))
    assert server.api.get("/api/v1/outbox").json()["items"] == []
    eventually(lambda: server.api.get("/api/v1/outbox?destination=plays").json()["items"] == [])
