"""The share page over HTTP: what is shown, what is counted, and what a refusal looks like."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

import engine
from factories import FIREFOX, GOOGLEBOT, SAFARI, SLACK, Server, mechanic, parsed, rfc3339, words
from passalong.domain.share import claim, mint
from passalong.domain.token import Keyring

Browser = Callable[..., httpx2.Client]
HOSTILE = "<script>alert(1)</script>\"'&--></title>{{ 7*7 }}\ue000token\ue001\ue000nothing\ue001"


@pytest.mark.parametrize(
    ("agent", "actor"), [(FIREFOX, "human"), (SAFARI, "human"), (GOOGLEBOT, "bot"), (SLACK, "unfurler"), ("", "bot")]
)
def test_people_bots_and_unfurlers_are_counted_apart(server: Server, agent: str, actor: str) -> None:
    path = server.share()
    page = server.viewer.get(path, headers={"user-agent": agent})
    assert page.headers["passalong-event"] == "view"
    assert server.happened() == [("view", actor)]
    counts = server.counts("hard")
    human = actor == "human"
    assert (counts["views"], counts["visits"], counts["bots"]) == (int(human), int(human), int(not human))
    # Whoever asks, the card's tags stand before the gate, and the gate stands.
    tags = {m.get("property"): m.get("content") for m in parsed(page.text).iter("meta")}
    assert tags["og:title"] == "Quarterly report"
    assert tags["og:url"] == server.config.base_url + path
    assert "Q3 report.pdf" not in page.text


def test_what_nobody_looks_at_is_not_counted(server: Server) -> None:
    path = server.share()
    for sent in ({"sec-purpose": "prefetch"}, {"sec-purpose": "prefetch;prerender"}, {"purpose": "prefetch"}):
        page = server.viewer.get(path, headers=sent)
        assert page.status_code == 200
        assert page.headers["passalong-event"] == "none; reason=prefetch"
    whole = server.viewer.get(path)
    head = server.viewer.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers.get("content-type") == whole.headers.get("content-type")
    assert head.headers["content-length"] == whole.headers["content-length"]
    assert head.headers["passalong-event"].startswith("none")
    assert server.happened() == [("view", "human")]


def test_a_reload_is_another_view_but_no_other_visit(server: Server, clock: Any) -> None:
    path, second = server.share(), server.share()
    for _ in range(3):
        server.viewer.get(path)
    assert (server.counts("hard")["views"], server.counts("hard")["visits"]) == (3, 1)
    server.viewer.get(path, headers={"user-agent": SAFARI})
    server.viewer.get(second)
    assert server.counts("hard")["visits"] == 3
    clock.ms += 86_400_000
    server.viewer.get(path)
    assert (server.counts("hard")["views"], server.counts("hard")["visits"]) == (6, 4)


def test_a_compressed_page_says_the_same(server: Server, browser: Browser) -> None:
    path, viewer = server.share(), browser(cookies=False)
    held = server.admit(path, viewer).url.query.decode()
    for address in (path, f"{path}?{held}", server.share(mechanic="soft"), server.share(asset="page", mechanic="open")):
        plain = viewer.get(address, headers={"accept-encoding": "identity"})
        with viewer.stream("GET", address, headers={"accept-encoding": "gzip"}) as answer:
            packed = b"".join(answer.iter_raw())
        assert answer.headers["content-encoding"] == "gzip"
        assert "content-encoding" not in plain.headers
        assert "accept-encoding" in plain.headers["vary"].lower()
        without_token = [
            re.sub(r'(name="csrf_token" value=)"[^"]+"', r"\1", page)
            for page in (gzip.decompress(packed).decode(), plain.text)
        ]
        assert without_token[0] == without_token[1]
        assert len(packed) < len(plain.content)


def test_headers_let_a_page_do_nothing_but_show_itself(server: Server) -> None:
    for path in (server.share(), server.share()[:-1], "/privacy", "/nowhere"):
        headers = server.viewer.get(path).headers
        policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["form-action"] == "'self'"
        assert policy["base-uri"] == "'none'"
        assert policy["frame-ancestors"] == "'none'"
        assert "unsafe" not in headers["content-security-policy"]
        assert "script-src" not in policy
        assert "frame-src" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "no-store" in headers["cache-control"]
        assert "set-cookie" not in headers
        assert "server" not in headers


def test_names_and_titles_are_words_whatever_they_hold(server: Server) -> None:
    customer = {"name": f"Evil {HOSTILE}"[:120], "consent_to_cobrand": True}
    asset = {
        "title": HOSTILE,
        "kind": "page",
        "summary": HOSTILE,
        "source": {"markdown": f"# {HOSTILE}\n\n[x](javascript:1)"},
    }
    cta = {"label": HOSTILE[:60], "url": "https://acme.example/"}
    gate = {"mode": "soft", "fields": [{"name": "x_a", "label": HOSTILE[:80]}], "consent_text": HOSTILE}
    api = server.api
    assert api.put("/api/v1/customers/evil", json=customer).status_code == 200
    assert api.put("/api/v1/assets/evil", json=asset).status_code == 200
    assert api.put("/api/v1/mechanics/evil", json=mechanic(cta=cta, gate=gate, title=HOSTILE)).status_code == 200
    path = server.share("evil", "evil", "evil")
    pages = [server.viewer.get(path), server.submit(path, email=HOSTILE, x_a=HOSTILE)]
    assert [page.status_code for page in pages] == [200, 422]
    for page in pages:
        tree = parsed(page.text)
        assert tree.find(".//script") is None
        assert not [a for a in tree.iter("a") if a.get("href", "").lower().startswith("javascript")]
        assert HOSTILE in (tree.findtext(".//title") or "")
        assert "".join(tree.find(".//h1").itertext()) == HOSTILE  # type: ignore[union-attr]
        assert not [e for e in tree.iter() for name in e.attrib if str(name).startswith("on")]


@pytest.mark.parametrize(
    ("asset", "shown"),
    [
        ("page", "Some text."),
        ("embed", "Open it on its own page"),
        ("link", "acme.example"),
        ("report", "PDF"),
    ],
)
def test_every_kind_of_asset_shows_itself(server: Server, asset: str, shown: str) -> None:
    page = server.viewer.get(server.share(asset, "open"))
    assert page.status_code == 200
    assert shown in words(page.text)
    assert "Shared by Initech" in words(page.text)
    assert "Start a free account" in words(page.text)
    framed = [frame.get("src") for frame in parsed(page.text).iter("iframe")]
    policy = page.headers["content-security-policy"]
    if asset == "embed":
        assert framed == ["https://app.acme.example/board/1"]
        assert "frame-src https://app.acme.example" in policy.split("; ")
    else:
        assert framed == []
        assert "frame-src" not in policy


@pytest.mark.parametrize("asset", ["page", "embed", "link", "report"])
def test_behind_a_hard_gate_nothing_of_the_asset_is_in_the_page(server: Server, asset: str) -> None:
    html = server.viewer.get(server.share(asset)).text
    for secret in ("Some <em>text", "app.acme.example", "acme.example/t/1", "Q3 report", "/file"):
        assert secret not in html
    assert 'name="email"' in html


def test_a_customer_who_does_not_want_to_be_named_is_not(server: Server) -> None:
    html = server.viewer.get(server.share(customer="globex", mechanic="soft")).text
    assert "Globex" not in html
    assert "A customer of Acme made this" in words(html)
    assert "shared by a customer of Acme" in html


@pytest.mark.parametrize("dead", [False, True])
def test_community_pages_record_nothing_about_who_looks(server: Server, dead: bool) -> None:
    tokens = {asset: server.share(asset=asset, mechanic="plain") for asset in ("page", "report", "link")}
    if dead:
        server.api.post("/api/v1/mechanics/plain/kill", json={"by": "Mara", "reason": "Over."})
    page = server.viewer.get(tokens["page"])
    assert page.headers["passalong-event"] == "none; reason=not-instrumented"
    for path in tokens.values():
        for agent in (SAFARI, SLACK, GOOGLEBOT):
            for below in ("", "/go", "/file", "/card.png", "/badge.svg", "/qr.svg", "/pass-along"):
                server.viewer.get(path + below, headers={"user-agent": agent})
            server.viewer.get(path.replace("/s/", "/e/"), headers={"user-agent": agent})
        server.viewer.post(f"{path}/pass-along")
        server.viewer.post(f"{path}/gate", data={"email": "ann@umbrella.example", "name": "Ann"})
    assert server.happened() == []
    found = engine.execute(server.config.database, "SELECT kind, actor, visitor, lead FROM events")
    assert set(found) == {("share", "system", 0, None)}
    for table in ("visits", "leads", "share_months WHERE visits > 0", "step_months"):
        assert engine.execute(server.config.database, f"SELECT count(*) FROM {table}") == [(0,)], table
    counts = server.counts("plain")
    assert (counts["visits"], counts["views"], counts["bots"], counts["clicks"], counts["afterlife"]) == (0, 0, 0, 0, 0)


def test_a_community_link_leads_on_without_a_click_id(server: Server) -> None:
    followed = server.viewer.get(f"{server.share(asset='page', mechanic='plain')}/go")
    assert followed.headers["location"] == "https://acme.example/signup?plan=free"


@pytest.mark.parametrize(
    "change", [lambda t: t[:-1], lambda t: t + "A", lambda t: "A" + t, lambda t: "x", lambda t: ""]
)
def test_a_link_that_was_not_made_here_leads_to_one_and_the_same_page(
    server: Server, change: Callable[[str], str]
) -> None:
    token = server.share().removeprefix("/s/")
    foreign = mint(Keyring(["another-vendor-s-key-of-thirty-two-chars"]), claim(asset="a", customer="c", mechanic="m"))
    unknown = mint(Keyring(server.config.signing_keys), claim(asset="none", customer="initech", mechanic="hard"))
    pages = [server.viewer.get(f"/s/{t}") for t in (change(token), foreign, unknown, "%E2%82%AC", "x" * 5000)]
    assert {page.status_code for page in pages} == {404}
    assert len({page.content for page in pages}) == 1
    assert "Ask whoever sent it" in words(pages[0].text)
    for tail in ("/go", "/file"):
        assert server.viewer.get(f"/s/{change(token)}{tail}").status_code == 404
    assert server.happened() == []


def test_a_link_ends_when_it_was_said_to(server: Server, clock: Any) -> None:
    path = server.share(expires_at=rfc3339(clock() + 3_600_000))
    clock.ms += 3_600_000 + 60_000
    assert server.viewer.get(path).status_code == 200  # clocks differ by a minute or two
    clock.ms += 120_000
    for tail in ("", "/go", "/file"):
        ended = server.viewer.get(path + tail)
        assert ended.status_code == 410
        assert "Initech shared this for a limited time" in words(ended.text)
        assert "https://acme.example" in {a.get("href") for a in parsed(ended.text).iter("a")}
    assert server.viewer.post(f"{path}/gate", data={"email": "a@b.example"}).status_code == 410


def test_a_share_that_was_taken_back_says_goodbye_and_no_other_does(server: Server) -> None:
    path, other = server.share(), server.share()
    server.viewer.get(path)
    share = next(e["share"] for e in server.events() if e["kind"] == "view")
    for _ in range(2):
        assert server.api.post(f"/api/v1/shares/{share}/revoke").status_code == 200
    gone = server.viewer.get(path)
    assert gone.status_code == 410
    assert "no longer shares" in words(gone.text)
    assert server.viewer.get(other).status_code == 200
    assert server.api.post("/api/v1/shares/nothing/revoke").status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_page_asked_in_the_wrong_way_says_so_in_words(server: Server, method: str) -> None:
    for path in (server.share(), "/privacy"):
        refused = server.viewer.request(method, path)
        assert refused.status_code == 405
        assert {"GET", "HEAD"} <= set(re.split(r"\s*,\s*", refused.headers["allow"]))
        assert refused.headers["content-type"].startswith("text/html")
        assert "does not take requests of that kind" in words(refused.text)


def test_a_link_minted_far_from_here_works_and_its_row_appears_with_the_first_look(server: Server) -> None:
    claims = claim(asset="report", customer="globex", mechanic="hard", channel="email", sharer="u-17")
    path = f"/s/{mint(Keyring(server.config.signing_keys), claims)}"
    assert server.api.get("/api/v1/customers/globex").json()["shares"] == []
    assert server.viewer.get(path).status_code == 200
    assert server.viewer.get(path).status_code == 200
    [row] = server.api.get("/api/v1/customers/globex").json()["shares"]
    assert (row["share"], row["channel"], row["sharer"], row["visits"]) == (claims.share, "email", "u-17", 1)
    assert row["url"] == server.config.base_url + path


def test_an_asset_of_one_customer_is_not_for_others_to_share(server: Server) -> None:
    asset = {"title": "Own", "kind": "page", "customer": "initech", "source": {"markdown": "x"}}
    server.api.put("/api/v1/assets/own", json=asset)
    assert server.viewer.get(server.share("own", "open")).status_code == 200
    refused = server.api.post("/api/v1/shares", json={"asset": "own", "customer": "globex", "mechanic": "open"})
    assert refused.status_code == 409
    offline = mint(Keyring(server.config.signing_keys), claim(asset="own", customer="globex", mechanic="open"))
    assert server.viewer.get(f"/s/{offline}").status_code == 404


def test_every_public_page_answers_head(server: Server) -> None:
    path = server.share(mechanic="open")
    css = next(
        e.get("href", "") for e in parsed(server.viewer.get(path).text).iter("link") if "css" in e.get("href", "")
    )
    for address in (path, f"{path}/go", f"{path}/file", "/privacy", "/robots.txt", css, "/brand/acme.svg", "/s/none"):
        whole, head = server.viewer.get(address), server.viewer.head(address)
        assert (head.status_code, head.content) == (whole.status_code, b""), address
        assert head.headers.get("content-type") == whole.headers.get("content-type"), address
