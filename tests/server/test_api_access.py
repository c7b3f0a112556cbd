"""Who may call what, and how the API refuses."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from factories import ANN, Server, eventually, mechanic
from passalong.app import wire

ADMIN_ONLY = {
    ("post", "/api/v1/mechanics/{key}/kill"),
    ("post", "/api/v1/mechanics/{key}/revive"),
    ("post", "/api/v1/mechanics/{key}/pause"),
    ("post", "/api/v1/mechanics/{key}/resume"),
    ("post", "/api/v1/mechanics/{key}/keep"),
    ("post", "/api/v1/reviews"),
    ("put", "/api/v1/slugs/{slug}"),
    ("delete", "/api/v1/leads/{id}"),
    ("post", "/api/v1/conversions/{id}/override"),
    ("post", "/api/v1/outbox/{id}/retry"),
    ("post", "/api/v1/outbox/{id}/skip"),
    ("post", "/api/v1/outbox/resend"),
    ("post", "/api/v1/outbox/resume"),
    ("get", "/api/v1/webhooks"),
    ("put", "/api/v1/webhooks/{id}"),
    ("delete", "/api/v1/webhooks/{id}"),
    ("post", "/api/v1/webhooks/{id}/rotate"),
    ("post", "/api/v1/webhooks/{id}/replay"),
    ("post", "/api/v1/webhooks/{id}/test"),
    ("get", "/api/v1/keys"),
    ("post", "/api/v1/keys"),
    ("post", "/api/v1/keys/{id}/revoke"),
    ("get", "/api/v1/settings"),
}


def routes(server: Server) -> list[tuple[str, str]]:
    document = server.api.get("/api/openapi.json").json()
    return [(method, path) for path, methods in document["paths"].items() for method in methods if "/api/v1/" in path]


def call(server: Server, method: str, path: str, headers: dict[str, str]) -> int:
    address = path.format(
        id="nothing", key="nothing", share="nothing", slug="nothing", token="nothing", month="2020-01"
    )
    headers = {"authorization": "", **headers}
    return server.api.request(method.upper(), address, headers=headers, json={}).status_code


def test_the_description_lists_every_route_of_the_api(server: Server) -> None:
    described = set(routes(server))
    handled = {
        (method.lower(), path.replace(":str", ""))
        for path, methods in every_route(server)
        for method in methods
        if path.startswith("/api/v1/") and method not in ("OPTIONS", "HEAD")
    }
    assert described == handled
    assert len(described) > 15


def every_route(server: Server) -> list[tuple[str, set[str]]]:
    from passalong.app import create_app

    app = create_app(server.config).litestar
    return [(route.path, set(getattr(route, "methods", ()))) for route in app.routes]


def test_a_key_reaches_as_far_as_its_role(server: Server) -> None:
    headers = {role: server.key(role)[1] for role in ("reader", "integrator", "admin")}
    seen = routes(server)
    assert set(seen) >= ADMIN_ONLY
    for method, path in seen:
        least = "admin" if (method, path) in ADMIN_ONLY else "reader" if method == "get" else "integrator"
        assert call(server, method, path, {}) == 401, (method, path)
        assert call(server, method, path, {"authorization": "Bearer pak_guess"}) == 401, (method, path)
        order = list(headers)
        for role in order:
            status = call(server, method, path, headers[role])
            if order.index(role) < order.index(least):
                assert status == 403, (method, path, role)
            else:
                assert status not in (401, 403, 500), (method, path, role)


def test_a_key_must_come_as_a_bearer_and_a_missing_one_is_asked_for(server: Server) -> None:
    secret = server.api.headers["authorization"].removeprefix("Bearer ")
    for sent in (f"Basic {secret}", secret, "Bearer", f"Bearer {secret}x"):
        refused = server.api.get("/api/v1/leads", headers={"authorization": sent})
        assert refused.status_code == 401, sent
        assert refused.headers["www-authenticate"] == "Bearer"
    assert server.api.get("/api/v1/leads", headers={"authorization": f"bearer {secret}"}).status_code == 200
    assert server.viewer.get(f"/api/v1/leads?key={secret}").status_code == 401


def test_a_revoked_key_is_worthless_at_once(server: Server) -> None:
    key, header = server.key("integrator")

    async def revoke() -> None:
        from msgspec.structs import replace

        from passalong.app import opened

        async with opened(wire(server.config)) as services:
            await services.catalog.put_all([replace(key, revoked_at_ms=1)])

    asyncio.run(revoke())
    eventually(lambda: server.api.get("/api/v1/mechanics", headers=header).status_code == 401, within_s=1)


def test_addresses_are_for_admins_alone(server: Server) -> None:
    server.admit(server.share(), company="Umbrella plc", heard_from="from Zed")
    [lead] = server.leads()
    assert (lead["email"], lead["company"]) == (ANN["email"], "Umbrella plc")
    address = f"/api/v1/leads/{lead['id']}"
    for role in ("reader", "integrator"):
        _, header = server.key(role)
        for path in ("/api/v1/leads", address, "/api/v1/events?after=0", "/api/v1/customers/initech"):
            said = server.api.get(path, headers=header)
            assert said.status_code == 200
            for personal in (ANN["email"], "Ann", "Umbrella plc", "from Zed"):
                assert personal not in said.text, (role, path)
        # Nor can they be guessed by searching.
        guesses = [server.api.get("/api/v1/leads", params={"q": q}, headers=header) for q in ("ann@umb", "zzz")]
        assert guesses[0].status_code == guesses[1].status_code
        assert guesses[0].json() == guesses[1].json()
    assert server.api.get("/api/v1/leads", params={"q": "UMBER"}).json()["items"] == [lead]
    assert server.api.get("/api/v1/leads", params={"q": "zzz"}).json()["items"] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("PUT", "brands/acme", {"name": "A", "accent": "blue", "home_url": "https://a.example"}, "accent"),
        ("PUT", "brands/acme", {"name": "A", "accent": "#12345", "home_url": "https://a.example"}, "accent"),
        ("PUT", "brands/acme", {"name": "A", "accent": "#0b5fff;", "home_url": "https://a.example"}, "accent"),
        ("PUT", "brands/acme", {"name": "", "accent": "#0b5fff", "home_url": "https://a.example"}, "name"),
        ("PUT", "brands/acme", {"name": "A", "accent": "#0b5fff", "home_url": "a.example"}, "home_url"),
        (
            "PUT",
            "brands/acme",
            {"name": "A", "accent": "#0b5fff", "home_url": "https://a.example", "logo": "x"},
            "logo",
        ),
        ("PUT", "brands/acme", {"name": "A", "accent": "#0b5fff", "home_url": "https://a.example", "font": 1}, "font"),
        ("PUT", "customers/c", {"name": "C", "domains": ["ok.example", "not a domain"]}, "domains[1]"),
        ("PUT", "customers/c", {"name": "C", "accent": "#zzzzzz"}, "accent"),
        ("PUT", "customers/c", {}, "name"),
        ("PUT", "mechanics/m", mechanic(brand="none"), "brand"),
        ("PUT", "mechanics/m", mechanic(gate={"fields": ["name", "shoe_size"]}), "gate.fields[1]"),
        ("PUT", "mechanics/m", mechanic(gate={"fields": ["name", "name"]}), "gate.fields[1]"),
        ("PUT", "mechanics/m", mechanic(gate={"mode": "at_step"}), "gate.step"),
        ("PUT", "mechanics/m", mechanic(gate={"allow_domains": ["@x"]}), "gate.allow_domains[0]"),
        ("PUT", "mechanics/m", mechanic(kind="community", gate={"mode": "hard"}), "gate.mode"),
        ("PUT", "mechanics/m", mechanic(kind="word_of_mouth"), "kind"),
        ("PUT", "mechanics/m", mechanic(target_per_1000=0), "target_per_1000"),
        ("PUT", "mechanics/m", mechanic(launched_at="2026-01-01T00:00:00"), "launched_at"),
        ("PUT", "assets/a", {"title": "A", "kind": "page"}, "source.markdown"),
        ("PUT", "assets/a", {"title": "A", "kind": "embed", "source": {"url": "https://evil.example/"}}, "source.url"),
        (
            "PUT",
            "assets/a",
            {"title": "A", "kind": "embed", "source": {"url": "http://app.acme.example"}},
            "source.url",
        ),
        ("PUT", "assets/a", {"title": "A", "kind": "link", "source": {"url": "javascript:alert(1)"}}, "source.url"),
        ("PUT", "assets/a", {"title": "A", "kind": "file", "customer": "none"}, "customer"),
        ("POST", "shares", {"asset": "report", "customer": "initech", "mechanic": "none"}, "mechanic"),
        ("POST", "shares", {"asset": "none", "customer": "initech", "mechanic": "hard"}, "asset"),
        ("POST", "shares", {"asset": "report", "customer": "none", "mechanic": "hard"}, "customer"),
        ("POST", "shares", {"asset": "report", "customer": "initech", "mechanic": "hard", "sharer": "a@b.c"}, "sharer"),
        ("POST", "shares", {"asset": "report", "customer": "initech", "mechanic": "hard", "channel": "A B"}, "channel"),
        (
            "POST",
            "shares",
            {"asset": "report", "customer": "initech", "mechanic": "hard", "expires_at": "2020-01-01T00:00:00Z"},
            "expires_at",
        ),
    ],
)
def test_a_refusal_names_the_field(server: Server, method: str, path: str, body: dict[str, Any], field: str) -> None:
    refused = server.api.request(method, f"/api/v1/{path}", json=body)
    assert refused.status_code in (400, 422), refused.text
    assert refused.headers["content-type"] == "application/problem+json"
    problem = refused.json()
    assert problem["status"] == refused.status_code
    assert problem["type"] == "about:blank"
    assert problem["title"]
    assert problem["detail"]
    assert [fault["field"] for fault in problem["faults"]] == [field]
    assert all(fault["message"] for fault in problem["faults"])


def test_what_is_not_there_or_not_json_is_refused_as_a_problem_too(server: Server) -> None:
    api = server.api
    refusals = {
        404: api.get("/api/v1/nothing"),
        405: api.put("/api/v1/leads", json={}),
        400: api.post("/api/v1/shares", content=b"{", headers={"content-type": "application/json"}),
    }
    for status, refused in refusals.items():
        assert refused.status_code == status
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["status"] == status
    for bad in ("a b", "-x", "x" * 65, "%C3%BC"):
        assert api.put(f"/api/v1/customers/{bad}", json={"name": "C"}).status_code in (400, 422), bad
