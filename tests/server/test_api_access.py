"""Who may call what, and how the API refuses."""

from __future__ import annotations

import asyncio
import http.client
from contextlib import closing
from typing import Any

import httpx2
import pytest

from factories import ANN, Server, eventually, mechanic
from passalong.app import create_app, wire

ROLES = ("reader", "integrator", "admin")
"""From the least to the one that reaches everywhere."""
LEAST = {
    "reader": """
        get /key, get /brands, get /assets/{id}/steps, get /shares, get /shares/{share}, get /shares/{share}/tree,
        get /slugs/{slug}, get /prompts/{token}, get /metric, get /mechanics, get /mechanics/{key},
        get /mechanics/{key}/course, get /reviews, get /reviews/{month}, get /theater, get /customers,
        get /customers/{id}, get /customers/{id}/timeline, get /attribution/customers, get /attribution/replay,
        get /leads, get /leads/{id}, get /conversions, get /conversions/{id}, get /signals, get /plays,
        get /plays/report, get /plays/{id}, get /rules, get /advocacy, get /advocacy/{id}, get /outbox,
        get /outbox/status, get /events
    """,
    "integrator": """
        put /brands/{id}, put /customers/{id}, put /mechanics/{key}, put /assets/{id}, post /assets/{id}/files,
        post /shares, post /shares/{share}/revoke, post /portal-links, post /prompts, post /conversions,
        post /signals, post /plays/{id}/outcome, post /plays/{id}/owner, post /rules/dry-run, post /advocacy,
        put /advocacy/{id}, delete /advocacy/{id}
    """,
    "admin": """
        post /mechanics/{key}/kill, post /mechanics/{key}/revive, post /mechanics/{key}/pause,
        post /mechanics/{key}/resume, post /mechanics/{key}/keep, post /reviews, put /slugs/{slug},
        delete /leads/{id}, post /conversions/{id}/override, post /outbox/{id}/retry, post /outbox/{id}/skip,
        post /outbox/resend, post /outbox/resume, get /webhooks, put /webhooks/{id}, delete /webhooks/{id},
        post /webhooks/{id}/rotate, post /webhooks/{id}/replay, post /webhooks/{id}/test, get /keys, post /keys,
        post /keys/{id}/revoke, get /settings, get /audit, get /leads/{id}/export,
        post /people/export, get /erasures, post /erasures/{id}/carry-out, post /erasures/{id}/dismiss
    """,
}
"""Who may call what at least, decided here for every route there is."""
DECIDED = {
    (method, f"/api/v1{path}"): role
    for role, routes in LEAST.items()
    for method, path in (route.split() for route in routes.split(","))
}
DOORS = {
    ".well-known", "api", "brand", "e", "go", "healthz", "hooks", "media", "metrics", "oembed", "p", "portal",
    "privacy", "readyz", "robots.txt", "s",
}  # fmt: skip
"""The first words of all addresses. Behind `api` alone are keys asked for; each other one has tests of its own."""


def routes(server: Server) -> list[tuple[str, str]]:
    document = server.api.get("/api/openapi.json").json()
    return [(method, path) for path, methods in document["paths"].items() for method in methods if "/api/v1/" in path]


def call(server: Server, method: str, path: str, headers: dict[str, str]) -> httpx2.Response:
    address = path.format(
        id="nothing", key="nothing", share="nothing", slug="nothing", token="nothing", month="2020-01"
    )
    return server.viewer.request(method.upper(), address, headers=headers, json={})


def every_route(server: Server) -> list[tuple[str, set[str]]]:
    app = create_app(server.config).litestar
    return [(route.path, set(getattr(route, "methods", ()))) for route in app.routes]


def test_it_is_decided_of_every_route_who_may_call_it(server: Server) -> None:
    handled = every_route(server)
    assert {path.split("/")[1] for path, _ in handled} == DOORS, "a new door must say here that it is one"
    of_the_api = {
        (method.lower(), path.replace(":str", ""))
        for path, methods in handled
        for method in methods
        if path.startswith("/api/v1/") and method not in ("OPTIONS", "HEAD")
    }
    assert of_the_api == set(DECIDED), "a new route must say here whose it is"
    assert set(routes(server)) == of_the_api, "and is described"


@pytest.mark.parametrize("role", ROLES)
def test_a_key_reaches_as_far_as_its_role(server: Server, role: str) -> None:
    _, header = server.key(role)
    for (method, path), least in DECIDED.items():
        status = call(server, method, path, header).status_code
        if ROLES.index(role) < ROLES.index(least):
            assert status == 403, (method, path)
        else:
            assert status not in (401, 403, 500), (method, path)


def test_nothing_but_a_key_that_lives_opens_a_route_and_all_else_is_refused_alike(server: Server) -> None:
    spare, revoked = server.key("integrator")
    assert server.api.post(f"/api/v1/keys/{spare.id}/revoke").status_code == 200
    secret = server.api.headers["authorization"].removeprefix("Bearer ")
    sent = {
        "none": {},
        "a guess": {"authorization": "Bearer pak_guess"},
        "revoked": revoked,
        "another scheme": {"authorization": f"Basic {secret}"},
        "no scheme": {"authorization": secret},
        "a cookie": {"cookie": f"authorization=Bearer {secret}"},
    }
    for method, path in DECIDED:
        refusals = {name: call(server, method, path, headers) for name, headers in sent.items()}
        assert {answer.status_code for answer in refusals.values()} == {401}, (method, path)
        assert len({answer.content for answer in refusals.values()}) == 1, (method, path)


def test_nothing_is_read_of_a_stranger(server: Server) -> None:
    host, _, port = server.address.removeprefix("http://").partition(":")
    with closing(http.client.HTTPConnection(host, int(port), timeout=5)) as wire:
        wire.putrequest("POST", "/api/v1/conversions")
        for name, value in (("content-type", "application/json"), ("content-length", "1000"), ("idempotency-key", "k")):
            wire.putheader(name, value)
        wire.endheaders()  # and not a byte of the body
        assert wire.getresponse().status == 401


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
