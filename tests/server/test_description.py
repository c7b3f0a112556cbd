"""The API's description says what the API does: programs are written from it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from factories import Server


def description(server: Server) -> dict[str, Any]:
    return dict(server.api.get("/api/openapi.json").json())


def test_options_names_every_method_of_an_address(server: Server) -> None:
    for path, methods in description(server)["paths"].items():
        address = path
        for name in ("id", "key", "share", "slug", "token", "month"):
            address = address.replace("{" + name + "}", "nothing")
        allowed = server.api.options(address).headers["allow"].split(", ")
        assert {method.upper() for method in methods} <= set(allowed), path


def test_a_whole_number_is_one_number(server: Server) -> None:
    month = description(server)["components"]["schemas"]["MonthAnswer"]["properties"]["attributed"]
    assert [choice["type"] for choice in month.get("oneOf", [month])] == ["number"]


def test_bodies_say_that_they_take_no_other_fields(server: Server) -> None:
    schemas = description(server)["components"]["schemas"]
    assert schemas["CustomerBody"]["additionalProperties"] is False
    assert schemas["Money"]["additionalProperties"] is False
    assert "additionalProperties" not in schemas["CustomerAnswer"], "answers may grow"
    refused = server.api.put("/api/v1/customers/new", json={"name": "New", "nmae": "New"})
    assert refused.status_code == 400
    assert refused.json()["faults"][0]["field"] == "nmae"


@pytest.mark.parametrize(
    ("name", "field", "bounds"),
    [
        ("MechanicBody", "target_per_1000", {"type": "number", "exclusiveMinimum": 0, "maximum": 1000}),
        ("MechanicBody", "reason", {"type": "string", "minLength": 1, "maxLength": 500}),
        ("ShareBody", "expires_at", {"type": "string", "format": "date-time"}),
    ],
)
def test_a_body_s_bounds_are_told_where_null_is_one_of_its_values(
    server: Server, name: str, field: str, bounds: dict[str, Any]
) -> None:
    told = description(server)["components"]["schemas"][name]["properties"][field]
    assert told["anyOf"] == [bounds, {"type": "null"}]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("outbox/resend", {"crm": 0}, "crm"),
        ("outbox/resend", {"crm": "true"}, "crm"),
        ("rules/dry-run", {"id": "r", "days": "30"}, "days"),
        ("rules/dry-run", {"id": "r", "days": 30.5}, "days"),
        ("conversions", {"external_id": "d", "kind": "won", "occurred_at": 1_790_000_000}, "occurred_at"),
        ("conversions", None, "body"),
    ],
)
def test_json_is_taken_by_its_types(server: Server, path: str, body: Any, field: str) -> None:
    sent = {"content": b""} if body is None else {"json": body}
    refused = server.api.post(f"/api/v1/{path}", headers={"content-type": "application/json"}, **sent)
    assert refused.status_code == 400
    [fault] = refused.json()["faults"]
    assert (fault["field"], fault["message"][-1]) == (field, ".")


def test_a_whole_number_may_be_written_with_a_point(server: Server) -> None:
    body = b'{"toml": "x", "days": 30.0}'
    answer = server.api.post("/api/v1/rules/dry-run", content=body, headers={"content-type": "application/json"})
    assert [fault["field"] for fault in answer.json()["faults"]] == ["toml"], "the days are taken"


def test_a_month_has_a_form_and_may_have_no_review(server: Server) -> None:
    [month] = description(server)["paths"]["/api/v1/reviews/{month}"]["get"]["parameters"]
    assert re.fullmatch(month["schema"]["pattern"], "2026-10")
    assert not re.fullmatch(month["schema"]["pattern"], "2026-13")
    answers = {asked: server.api.get(f"/api/v1/reviews/{asked}").status_code for asked in ("2026-13", "2999-01")}
    assert answers == {"2026-13": 422, "2999-01": 404}


def test_an_endpoint_s_id_is_like_any_other(server: Server) -> None:
    refused = server.api.put("/api/v1/webhooks/a%20b", json={"url": "https://a.example"})
    assert (refused.status_code, refused.json()["faults"][0]["field"]) == (400, "id")


def test_what_is_chosen_from_is_listed(server: Server) -> None:
    paths = description(server)["paths"]
    for path, name, one in (
        ("/api/v1/shares", "state", "revoked"),
        ("/api/v1/plays", "state", "dismissed"),
        ("/api/v1/outbox", "state", "failed"),
        ("/api/v1/attribution/customers", "model", "linear"),
        ("/api/v1/attribution/replay", "model", "linear"),
    ):
        [parameter] = [p for p in paths[path]["get"]["parameters"] if p["name"] == name]
        assert one in parameter["schema"]["enum"], path
