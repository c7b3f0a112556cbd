"""The sharing customer's portal: in by a link, a new share in two steps, taken back, a look of its own, out again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from factories import FIREFOX, Server, element, form_token, mechanic, parsed, rfc3339, words
from portal import COOKIE, branch_of, enter, happened, made_in_portal, portal_link, share_of

Browser = Callable[..., httpx2.Client]

MINUTE_MS = 60_000


def send(client: httpx2.Client, path: str, to: str = "", **values: str) -> httpx2.Response:
    """Opens a page of the portal and posts its form, as a browser would."""
    return client.post(to or path, data={"csrf_token": form_token(client.get(path).text), **values})


# The way in.


def test_the_product_gets_a_link_for_half_an_hour(server: Server, clock: Any) -> None:
    answer = server.api.post("/api/v1/portal-links", json={"customer": "initech"})
    assert answer.status_code == 201
    assert answer.json()["url"].startswith(f"{server.config.base_url}/portal/")
    left = datetime.fromisoformat(answer.json()["expires_at"]).timestamp() * 1000 - clock()
    assert 29 * MINUTE_MS < left <= 30 * MINUTE_MS


@pytest.mark.parametrize(
    ("body", "field"), [({"customer": "nobody"}, "customer"), ({"customer": "initech", "brand": "nobody"}, "brand")]
)
def test_a_link_names_who_is_there(server: Server, body: dict[str, str], field: str) -> None:
    answer = server.api.post("/api/v1/portal-links", json=body)
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["faults"]] == [field]


def test_of_several_brands_one_has_to_be_named(server: Server) -> None:
    other = {"name": "Beta", "accent": "#aa3300", "home_url": "https://beta.example"}
    server.api.put("/api/v1/brands/beta", json=other).raise_for_status()
    refused = server.api.post("/api/v1/portal-links", json={"customer": "initech"})
    assert refused.status_code == 422
    assert "acme, beta" in refused.json()["detail"]
    assert "at Beta" in words(server.viewer.get(portal_link(server, brand="beta")).text)


def test_a_reader_may_not_open_a_portal(server: Server) -> None:
    for role, status in (("reader", 403), ("integrator", 201)):
        _, header = server.key(role)
        answer = httpx2.post(f"{server.address}/api/v1/portal-links", json={"customer": "initech"}, headers=header)
        assert answer.status_code == status


def test_opening_a_link_changes_nothing(server: Server) -> None:
    """Mail scanners open links. Some press buttons too; the link still works afterwards."""
    path = portal_link(server)
    for look in (server.viewer.get, server.viewer.head):
        answer = look(path)
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
        assert answer.headers["cache-control"] == "private, no-store"
    scanner, person = (httpx2.Client(base_url=server.address) for _ in range(2))
    for client in (scanner, person):
        with client:
            assert send(client, path).status_code == 303
            assert client.get("/portal").status_code == 200


def test_the_session_is_a_cookie_of_the_portal_alone(server: Server) -> None:
    cookie = send(server.viewer, portal_link(server)).headers["set-cookie"]
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert cookie.startswith(f"{COOKIE}=")
    assert {"path=/portal", "httponly", "samesite=lax", "max-age=43200"} <= parts
    assert "secure" not in parts


@pytest.mark.settings(base_url="https://share.acme.example")
def test_under_https_it_is_secure(server: Server) -> None:
    assert "secure" in send(server.viewer, portal_link(server)).headers["set-cookie"].lower()


def test_a_link_that_is_over_sends_back_to_the_product(server: Server, clock: Any) -> None:
    path = portal_link(server)
    token = form_token(server.viewer.get(path).text)
    clock.ms += 31 * MINUTE_MS
    for answer in (server.viewer.get(path), server.viewer.post(path, data={"csrf_token": token})):
        assert answer.status_code == 410
        assert "Go back to Acme and open your pages from there" in words(answer.text)
        assert "https://acme.example" in answer.text
        assert "set-cookie" not in answer.headers


def test_a_link_that_was_not_made_here_leads_nowhere(server: Server) -> None:
    path = portal_link(server)
    share = server.share().removeprefix("/s/")
    for forged in (path[:-1], f"/portal/{share}", "/portal/x.y"):
        for answer in (server.viewer.get(forged), server.viewer.post(forged, data={})):
            assert answer.status_code == 404
            assert "Go back to the product" in words(answer.text)


def test_a_link_is_no_session_and_a_session_no_link(server: Server, browser: Browser) -> None:
    link = portal_link(server).removeprefix("/portal/")
    assert server.viewer.get("/portal", headers={"cookie": f"{COOKIE}={link}"}).status_code == 401
    session = enter(server, browser()).cookies[COOKIE]
    assert server.viewer.get(f"/portal/{session}").status_code == 404


def test_a_visit_ends_after_half_a_day_in_words(server: Server, browser: Browser, clock: Any) -> None:
    client = enter(server, browser())
    clock.ms += 12 * 60 * MINUTE_MS + 1000
    answer = client.get("/portal")
    assert answer.status_code == 401
    assert "Open your pages again from Acme" in words(answer.text)
    assert "location" not in answer.headers


def test_leaving_forgets_the_visit(server: Server, browser: Browser) -> None:
    client = enter(server, browser())
    answer = send(client, "/portal", "/portal/leave")
    assert answer.status_code == 303
    assert client.get("/portal").status_code == 401
    goodbye = client.get(answer.headers["location"])
    assert goodbye.status_code == 200
    assert "Your links go on working" in words(goodbye.text)


# The shares.


def test_who_has_shared_nothing_is_told_what_to_do(server: Server, browser: Browser) -> None:
    home = enter(server, browser()).get("/portal").text
    assert "Hello, Initech" in words(home)
    assert "Nothing shared yet" in words(home)
    assert [a.get("href") for a in parsed(home).iter("a") if "button" in a.get("class", "")] == ["/portal/new"]


def test_the_list_says_how_each_share_stands(server: Server, browser: Browser, clock: Any) -> None:
    share_of(server, asset="report", channel="newsletter")
    share_of(server, asset="page", expires_at=rfc3339(clock() + 1000))
    gone = share_of(server, asset="link")
    share_of(server, asset="embed", mechanic="soft", channel="talk")
    server.api.post(f"/api/v1/shares/{gone}/revoke").raise_for_status()
    kill = {"reason": "Over budget", "by": "Mara", "fallback": "asset_only"}
    server.api.post("/api/v1/mechanics/soft/kill", json=kill).raise_for_status()
    clock.ms += 10 * MINUTE_MS
    home = enter(server, browser()).get("/portal").text
    entries = [" ".join("".join(item.itertext()).split()) for item in element(home, "main").findall(".//ul/li")]
    titles = ["Live board Event or talk,", "Template Link,", "How we did it Link,", "Quarterly report Newsletter,"]
    states = ["programme ended", "taken back", "expired", "live"]
    for entry, title, state in zip(entries, titles, states, strict=True):
        assert entry.startswith(title)
        assert f"{state} Visits none Leads none" in entry
    assert "Over budget" not in home


def test_what_others_passed_along_counts_with_its_root(server: Server, browser: Browser) -> None:
    path = server.share("page", "open")
    for n in range(4):
        server.viewer.get(branch_of(server, path, f"{FIREFOX} {n}"))
    home = enter(server, browser()).get("/portal").text
    assert len(element(home, "main").findall(".//ul/li")) == 1
    assert "and 4 passed along" in words(home)
    assert "Visits at least 5" not in words(home)
    assert "Visits 8" in words(home)


def test_older_shares_are_a_page_away(server: Server, browser: Browser) -> None:
    for _ in range(53):
        share_of(server)
    client = enter(server, browser())
    seen: list[str] = []
    path: str | None = "/portal"
    pages = 0
    while path:
        home = client.get(path).text
        links = [(a.get("href", ""), a.get("rel")) for a in parsed(home).iter("a")]
        seen += [href for href, _ in links if href.startswith("/portal/shares/")]
        path = next((href for href, rel in links if rel == "next"), None)
        pages += 1
    assert (pages, len(seen), len(set(seen))) == (2, 53, 53)
    assert client.get("/portal?cursor=x").status_code == 422


# A new share.


def test_a_share_in_two_steps(server: Server, browser: Browser, clock: Any) -> None:
    client = enter(server, browser())
    chosen = [a.get("href") for a in parsed(client.get("/portal/new").text).iter("a")]
    assert "/portal/new/report" in chosen
    made = send(client, "/portal/new/report", channel="talk", expires="30", mechanic="soft")
    assert made.status_code == 303
    page = client.get(made.headers["location"])
    assert "Your link is ready" in words(page.text)
    url = element(page.text, "url").get("value", "")
    shown = server.share_page(urlsplit(url).path)
    assert "Quarterly report" in words(shown)
    assert "Shared by Initech" in words(shown)
    node = server.api.get(made.headers["location"].partition("?")[0].replace("/portal", "/api/v1") + "/tree").json()
    assert node["items"][0]["channel"] == "talk"
    for id in ("iframe", "html", "markdown", "badge"):
        assert urlsplit(url).path.removeprefix("/s") in "".join(element(page.text, id).itertext())
    for image in element(page.text, "main").iter("img"):
        assert client.get(image.attrib["src"]).headers["content-type"].startswith("image/")
    clock.ms += 31 * 24 * 60 * MINUTE_MS
    assert server.viewer.get(urlsplit(url).path).status_code == 410


def test_a_form_sent_twice_makes_one_share(server: Server, browser: Browser) -> None:
    client = enter(server, browser())
    values = {"channel": "email", "expires": "never", "mechanic": "hard"}
    values["csrf_token"] = form_token(client.get("/portal/new/report").text)
    places = {client.post("/portal/new/report", data=values).headers["location"] for _ in range(2)}
    assert len(places) == 1
    assert [event["kind"] for event in server.events()] == ["share"]
    other = client.post("/portal/new/report", data={**values, "channel": "print"}).headers["location"]
    assert other not in places


def test_choices_come_back_with_what_is_missing(server: Server, browser: Browser) -> None:
    client = enter(server, browser())
    refused = send(client, "/portal/new/report", channel="carrier pigeon", expires="90", mechanic="soft")
    assert refused.status_code == 422
    assert "say where" in "".join(element(refused.text, "channel-message").itertext())
    checked = {e.get("value") for e in parsed(refused.text).iter("input") if "checked" in e.attrib}
    assert checked == {"90", "soft"}
    assert server.events() == []


def test_what_cannot_be_shared_is_not_offered(server: Server, browser: Browser) -> None:
    for id, more in {"theirs": {"customer": "globex"}, "mine": {"customer": "initech"}, "empty": {}}.items():
        kind = {"kind": "file"} if id == "empty" else {"kind": "page", "source": {"markdown": "x"}}
        server.api.put(f"/api/v1/assets/{id}", json={"title": id, **kind, **more}).raise_for_status()
    client = enter(server, browser())
    offered = {a.get("href", "").rpartition("/")[2] for a in parsed(client.get("/portal/new").text).iter("a")}
    assert {"report", "mine"} <= offered
    assert not {"theirs", "empty"} & offered
    for id in ("theirs", "empty", "nothing"):
        assert client.get(f"/portal/new/{id}").status_code == 404


def test_a_way_of_sharing_that_was_killed_meanwhile_is_named(server: Server, browser: Browser) -> None:
    client = enter(server, browser())
    offered = client.get("/portal/new/report").text
    ways = {e.get("value") for e in parsed(offered).iter("input") if e.get("name") == "mechanic"}
    assert ways == {"hard", "soft", "open", "strict"}, "community links are the vendor's to hand out"
    kill = {"reason": "A secret reason", "by": "Mara", "fallback": "gone"}
    server.api.post("/api/v1/mechanics/soft/kill", json=kill).raise_for_status()
    values = {"csrf_token": form_token(offered), "channel": "email", "expires": "30", "mechanic": "soft"}
    refused = client.post("/portal/new/report", data=values)
    assert refused.status_code == 422
    assert "has just ended" in words(refused.text)
    assert "A secret reason" not in refused.text
    assert "soft" not in {e.get("value") for e in parsed(refused.text).iter("input")}
    for key in ("strict", "open"):
        server.api.post(f"/api/v1/mechanics/{key}/kill", json=kill).raise_for_status()
    alone = client.get("/portal/new/report").text
    assert [(e.get("type"), e.get("value")) for e in parsed(alone).iter("input") if e.get("name") == "mechanic"] == [
        ("hidden", "hard")
    ]
    server.api.post("/api/v1/mechanics/hard/kill", json=kill).raise_for_status()
    assert "takes no new shares" in words(client.get("/portal/new/report").text)
    assert "takes no new shares" in words(client.get("/portal/new").text)


def test_another_brand_s_ways_of_sharing_are_not_offered(server: Server, browser: Browser) -> None:
    other = {"name": "Beta", "accent": "#aa3300", "home_url": "https://beta.example"}
    server.api.put("/api/v1/brands/beta", json=other).raise_for_status()
    server.api.put("/api/v1/mechanics/betas", json=mechanic(brand="beta", title="Betas")).raise_for_status()
    client, path = browser(), portal_link(server, brand="beta")
    send(client, path)
    page = client.get("/portal/new/report").text
    assert [e.get("value") for e in parsed(page).iter("input") if e.get("name") == "mechanic"] == ["betas"]


# Taking it back.


def test_a_share_is_taken_back_with_all_that_grew_from_it(server: Server, browser: Browser, clock: Any) -> None:
    path = server.share("page", "open")
    branch = branch_of(server, path)
    share = next(event["share"] for event in server.events())
    client, page = enter(server, browser()), f"/portal/shares/{share}"
    happened(server, share, "view", 9, now_ms=clock())
    stopped = send(client, page, f"{page}/revoke")
    assert stopped.status_code == 303
    after = client.get(stopped.headers["location"]).text
    assert "Sharing has stopped" in words(after)
    assert "taken back" in words(after)
    assert "".join(element(after, "main").find(".//tfoot//td").itertext()) == "10", "the counts stay"  # type: ignore[union-attr]
    assert "/qr.svg" not in after
    for link in (path, branch):
        assert server.viewer.get(link).status_code == 410
    answer = server.api.post(f"/api/v1/shares/{share}/revoke").json()
    assert answer["by"] == "Initech in its portal"


def test_a_branch_that_somebody_else_made_is_nobody_s_page(server: Server, browser: Browser) -> None:
    branch_of(server, server.share("page", "open"))
    child = server.events()[-1]["share"]
    assert enter(server, browser()).get(f"/portal/shares/{child}").status_code == 404


# Forms.


def test_a_form_of_another_visit_is_refused(server: Server, browser: Browser) -> None:
    client, other = enter(server, browser()), enter(server, browser())
    share = made_in_portal(client)
    foreign = form_token(other.get("/portal/new/report").text)
    for token in (foreign, "", "x.y"):
        values = {"csrf_token": token, "channel": "email", "expires": "never", "mechanic": "hard"}
        refused = client.post("/portal/new/report", data=values)
        assert refused.status_code == 422
        assert "open for too long" in words(refused.text)
        for path in (f"/portal/shares/{share}/revoke", "/portal/leave"):
            assert client.post(path, data={"csrf_token": token}).status_code == 422
        changed = client.post(
            "/portal/brand", data={"csrf_token": token, "accent": "#aa0000"}, files={"logo": ("", b"")}
        )
        assert changed.status_code == 422
    assert len(server.events()) == 1
    assert "live" in words(client.get(f"/portal/shares/{share}").text)


def test_too_many_forms_are_asked_to_wait_and_come_back_filled_in(server: Server, browser: Browser) -> None:
    client = enter(server, browser())
    for _ in range(20):
        send(client, "/portal/new/report", channel="x")
    refused = send(client, "/portal/new/report", channel="slack", expires="30", mechanic="soft")
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1
    checked = {e.get("value") for e in parsed(refused.text).iter("input") if "checked" in e.attrib}
    assert checked == {"slack", "30", "soft"}


def test_a_page_asks_nobody_else_and_is_kept_by_nobody(server: Server, browser: Browser) -> None:
    client = enter(server, browser())
    for path in ("/portal", "/portal/new", "/portal/brand", "/portal/nothing"):
        answer = client.get(path)
        assert answer.headers["cache-control"] == "private, no-store"
        assert "script-src" not in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert client.head(path).status_code == answer.status_code


def test_another_site_cannot_press_the_button(server: Server, browser: Browser) -> None:
    """Else a stranger could make somebody work in the stranger's portal without noticing."""
    client, path = browser(), portal_link(server)
    values = {"csrf_token": form_token(client.get(path).text)}
    answer = client.post(path, data=values, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert client.post(path, data=values, headers={"sec-fetch-site": "same-origin"}).status_code == 303


@pytest.mark.parametrize("language", ["de", "fr", "it", "es", "nl"])
def test_dates_and_numbers_are_written_as_the_reader_does(server: Server, browser: Browser, language: str) -> None:
    client = enter(server, browser())
    share = share_of(server)
    for path in ("/portal", "/portal/new", "/portal/new/report", f"/portal/shares/{share}", "/portal/brand"):
        answer = client.get(path, headers={"accept-language": language})
        assert answer.status_code == 200, path
        assert parsed(answer.text).get("lang") == language
