"""The API's description says what the API does: programs are written from it."""

from __future__ import annotations

from typing import Any

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
