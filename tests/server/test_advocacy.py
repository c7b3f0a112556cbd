"""Pieces of advocacy: a tracked link for each, a look at its public page, and a report that says what is missing."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from html import escape
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories import CTA, SIGNING_KEY, Server, eventually, mechanic, rfc3339
from passalong.advocacy import reading
from passalong.app import opened, wire
from passalong.domain.instant import DAY_MS
from passalong.domain.placement import Placement, found
from passalong.domain.share import Claims, mint
from passalong.domain.token import Keyring
from passalong.settings import Webhooks
from passalong.store.migrate import Engine, migrations
from serving import serving
from websites import Shown, Site, site

HERE = Webhooks(allow_hosts=["127.0.0.1"])
pytestmark = pytest.mark.settings(webhooks=HERE)
HOUR_MS = 3_600_000
VERIFY = files("passalong.store").joinpath("queries/verify.sql").read_text("utf-8")


@pytest.fixture
def web() -> Iterator[Site]:
    """Where customers publish."""
    with site() as running:
        yield running


@pytest.fixture
def vendor(server: Server) -> Server:
    """The server with one mechanic for advocacy."""
    answer = server.api.put("/api/v1/mechanics/voices", json=mechanic(title="Voices", kind="advocacy"))
    assert answer.status_code == 200, answer.text
    return server


def report(server: Server, public_url: str | None = None, *, status: int = 201, **more: Any) -> dict[str, Any]:
    body = {"customer": "initech", "kind": "review", "title": "Five stars", **more}
    answer = server.api.post(
        "/api/v1/advocacy", json=body if public_url is None else {**body, "public_url": public_url}
    )
    assert answer.status_code == status, answer.text
    return dict(answer.json())


def now(server: Server, piece: dict[str, Any]) -> dict[str, Any]:
    return dict(server.api.get(f"/api/v1/advocacy/{piece['id']}").json())


def looked(server: Server, piece: dict[str, Any], after: str | None = None) -> dict[str, Any]:
    """The piece, once its page was looked at: at all, or again after some time."""
    eventually(lambda: now(server, piece)["tracked"]["checked_at"] not in (None, after))
    return now(server, piece)


def faults(answer: dict[str, Any]) -> dict[str, str]:
    return {fault["field"]: fault["message"] for fault in answer["faults"]}


def visit(server: Server, url: str, client: httpx2.Client | None = None) -> str:
    """Somebody opens a tracked link; gives the path of the share that it leads to."""
    page = (client or server.viewer).get(url, follow_redirects=True)
    assert page.status_code == 200, page.text
    return page.url.path


def test_a_piece_has_a_link_a_utm_set_and_a_qr_code(vendor: Server, web: Site) -> None:
    piece = report(vendor, web.show("/r/1", "<p>Nice.</p>"))
    assert (piece["customer"], piece["mechanic"], piece["asset"], piece["play"]) == ("initech", "voices", "link", None)
    assert piece["url"].startswith(f"{vendor.address}/s/")
    assert visit(vendor, piece["url"]) == urlsplit(piece["url"]).path
    qr = vendor.viewer.get(piece["qr_url"])
    assert (qr.status_code, qr.headers["content-type"]) == (200, "image/svg+xml")
    assert piece["utm"] == {
        "source": "initech", "medium": "customer_share", "campaign": "voices", "content": "link", "term": "review",
    }  # fmt: skip
    tags = parse_qs(urlsplit(piece["utm_url"]).query)
    assert piece["utm_url"].startswith(CTA["url"])
    assert {name.removeprefix("utm_"): value for name, [value] in tags.items() if name != "plan"} == piece["utm"]


def test_a_slug_makes_the_link_one_that_can_be_said_aloud(vendor: Server) -> None:
    talk = report(vendor, kind="talk", title="How we did it", slug=" Initech-Talk ")
    assert talk["url"] == f"{vendor.address}/go/initech-talk"
    assert vendor.viewer.get("/go/initech-talk").headers["location"].startswith("/s/")
    taken = report(vendor, kind="talk", title="Another", slug="initech-talk", status=409)
    assert "/go/initech-talk is taken" in taken["detail"]


def test_the_same_page_again_is_the_same_piece(vendor: Server, web: Site) -> None:
    url = web.show("/r/1", "<p>Nice.</p>")
    first = report(vendor, url, slug="initech-review")
    again = report(vendor, url, slug="initech-review", title="Six stars")
    assert (again["id"], again["share"], again["title"]) == (first["id"], first["share"], "Five stars")
    assert report(vendor, url)["id"] == first["id"]
    assert report(vendor, url, customer="globex")["id"] != first["id"]
    assert "another kind (review)" in report(vendor, url, kind="post", status=409)["detail"]
    assert "another slug (initech-review)" in report(vendor, url, slug="other-slug", status=409)["detail"]
    assert len(vendor.api.get("/api/v1/advocacy").json()["items"]) == 2
    talk = report(vendor, kind="talk", title="How we did it")
    assert report(vendor, kind="talk", title="How we did it")["id"] == talk["id"]
    assert report(vendor, kind="talk", title="How we do it")["share"] != talk["share"]


def test_reports_that_come_at_the_same_time_make_one_piece_and_one_link(vendor: Server, web: Site) -> None:
    url = web.show("/r/1", "")
    with ThreadPoolExecutor(8) as many:
        pieces = list(many.map(lambda _: report(vendor, url), range(8)))
    assert len({piece["id"] for piece in pieces}) == 1
    assert vendor.counts("voices")["shares"] == 1


@pytest.mark.parametrize(
    "link",
    [
        '<a href="{url}">Try it</a>',
        "<a href='{url}?from=review'>Try it</a>",
        "Read more at {url}.",
        '<a href="https://out.example/?to={quoted}">Try it</a>',
        '<script>{{"cta": "{slashed}"}}</script>',
        '<iframe src="{embed}"></iframe>',
        '<a href="{tagged}">Try it</a>',
    ],
)
def test_a_page_that_carries_the_link_in_any_form_is_tracked(vendor: Server, web: Site, link: str) -> None:
    piece = report(vendor, web.url + "/r/1")
    url = piece["url"]
    html = link.format(
        url=url, quoted=quote(url, safe=""), slashed=url.replace("/", "\\/"), embed=url.replace("/s/", "/e/"),
        tagged=escape(piece["utm_url"]),
    )  # fmt: skip
    web.show("/r/2", f"<!doctype html><title>Five stars</title><p>{html}</p>")
    assert looked(vendor, piece)["tracked"]["state"] == "unknown"  # there was no page yet
    change = {"title": "Five stars", "public_url": web.url + "/r/2"}
    moved = vendor.api.put(f"/api/v1/advocacy/{piece['id']}", json=change).json()
    assert (moved["tracked"]["state"], moved["url"]) == ("unchecked", url)
    found = looked(vendor, piece)
    assert found["tracked"]["state"] == "tracked"
    assert ("its visits are counted there" if "tagged" in link else "nobody has come by it yet") in found["why"]
    assert (found["first_visit_on"], found["counts"]["visits"]) == (None, 0)  # reading is not visiting


def test_a_vanity_link_on_the_page_counts_and_one_that_only_begins_like_it_does_not(vendor: Server, web: Site) -> None:
    host = vendor.address.removeprefix("http://")
    shown = web.show("/r/1", f"See {host}/go/initech-talks.")
    assert looked(vendor, report(vendor, shown, slug="initech-talk"))["tracked"]["state"] == "untracked"
    shown = web.show("/r/2", f"See HTTP://{host.upper()}/go/Initech-Review!")
    piece = looked(vendor, report(vendor, shown, slug="initech-review"))
    assert piece["tracked"]["state"] == "tracked"
    assert "/go/initech-review" in piece["tracked"]["why"]


def test_a_link_that_was_passed_along_from_the_pieces_own_counts_too(vendor: Server, web: Site, clock: Any) -> None:
    piece = looked(vendor, report(vendor, web.show("/r/1", "")))
    page = vendor.viewer.post(f"{urlsplit(piece['url']).path}/pass-along", follow_redirects=True)
    [branch] = set(re.findall(rf"{vendor.address}/s/[A-Za-z0-9_.-]+", page.text)) - {piece["url"]}
    other = report(vendor, web.show("/r/2", f'<a href="{branch}">'))
    assert looked(vendor, other)["tracked"]["state"] == "untracked"  # it is another piece's
    web.show("/r/1", f'<a href="{branch}">')
    clock.ms += 8 * DAY_MS
    assert looked(vendor, piece, after=piece["tracked"]["checked_at"])["tracked"]["state"] == "tracked"


def test_a_page_without_the_link_is_untracked_and_says_what_to_ask_for(vendor: Server, web: Site, clock: Any) -> None:
    shown = web.show("/r/1", f'<a href="{vendor.address}{vendor.share(mechanic="voices")}">Another link</a>')
    published = rfc3339(clock() - 42 * DAY_MS)
    piece = looked(vendor, report(vendor, shown, published_at=published))
    assert piece["tracked"]["state"] == "untracked"
    assert piece["why"] == (
        "Published 42 days ago; its public page carries no tracked link, so nothing that comes of it can be counted. "
        f"Ask Initech to put {piece['url']} in it."
    )


def test_a_visit_proves_that_the_link_is_placed(vendor: Server, web: Site, clock: Any, browser: Any) -> None:
    piece = looked(vendor, report(vendor, web.show("/r/1", "<p>Nothing.</p>")))
    browser("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)").get(piece["url"])
    assert now(vendor, piece)["tracked"]["state"] == "untracked"
    visit(vendor, piece["url"])
    clock.ms += 3 * DAY_MS
    visit(vendor, piece["url"], browser())
    after = now(vendor, piece)
    assert (after["tracked"]["state"], after["counts"]["visits"]) == ("tracked", 2)
    first, last = after["first_visit_on"], after["last_visit_on"]
    assert first < last
    assert "2 visits have come by its link and those passed along from it, though its public page" in after["why"]
    for state, n in (("tracked", 1), ("untracked", 0)):
        assert len(vendor.api.get("/api/v1/advocacy", params={"tracked": state}).json()["items"]) == n
    clock.ms += 91 * DAY_MS
    later = now(vendor, piece)
    assert later["tracked"]["state"] == "untracked", "somebody tried it once, a season ago"
    assert f"the last by its own on {last}" in later["why"]


@pytest.mark.parametrize("location", ["http://[bad/", "//[::1", "http://\u2100@example.com/"])
def test_a_page_that_leads_nowhere_is_unknown_and_asked_no_more(vendor: Server, web: Site, location: str) -> None:
    web.pages["/r/1"] = Shown(b"", 302, {"location": location.encode().decode("latin-1")})
    piece = looked(vendor, report(vendor, f"{web.url}/r/1"))
    assert piece["tracked"]["state"] == "unknown"
    assert "no address on the web" in piece["tracked"]["why"]
    assert vendor.api.get("/api/v1/outbox?destination=pages&state=pending").json()["items"] == []


def theater(vendor: Server, kind: str) -> list[dict[str, Any]]:
    return [finding for finding in vendor.api.get("/api/v1/theater").json()["findings"] if finding["kind"] == kind]


def test_advocacy_without_a_tracked_link_is_theater(vendor: Server, web: Site) -> None:
    piece = looked(vendor, report(vendor, web.show("/r/1", "<p>Nothing.</p>")))
    [finding] = theater(vendor, "untracked_advocacy")
    assert (finding["numbers"]["pieces"], finding["numbers"]["untracked"]) == (1, 1)
    visit(vendor, piece["url"])
    assert theater(vendor, "untracked_advocacy") == []


def test_advocacy_without_a_visit_is_theater_after_a_month(vendor: Server, web: Site, clock: Any) -> None:
    piece = report(vendor, f"{web.url}/r/1")
    web.show("/r/1", f'<a href="{piece["url"]}">Try it</a>')
    clock.ms += 8 * DAY_MS
    eventually(lambda: now(vendor, piece)["tracked"]["state"] == "tracked", within_s=10)
    clock.ms += 21 * DAY_MS
    assert theater(vendor, "unvisited_advocacy") == []
    clock.ms += 2 * DAY_MS
    [finding] = theater(vendor, "unvisited_advocacy")
    assert finding["numbers"]["unvisited"] == 1
    vendor.api.post("/api/v1/mechanics/voices/kill", json={"by": "Mara", "reason": "Enough."})
    assert theater(vendor, "unvisited_advocacy") == [], "nobody counts visits of a dead mechanic"
    assert "its mechanic was killed" in now(vendor, piece)["why"]


def test_a_piece_that_leads_to_the_vendors_own_pages_is_no_theater(vendor: Server, web: Site, clock: Any) -> None:
    piece = report(vendor, f"{web.url}/r/1")
    web.show("/r/1", f'<a href="{escape(piece["utm_url"])}">Try it</a>')
    clock.ms += 40 * DAY_MS
    eventually(lambda: now(vendor, piece)["tracked"]["state"] == "tracked", within_s=10)
    assert theater(vendor, "unvisited_advocacy") == theater(vendor, "untracked_advocacy") == []


def test_its_report_counts_what_came_of_it(vendor: Server, web: Site, clock: Any) -> None:
    gate = {"mode": "hard"}
    answer = vendor.api.put("/api/v1/mechanics/voices", json=mechanic(title="Voices", kind="advocacy", gate=gate))
    assert answer.status_code == 200
    piece = report(vendor, web.show("/r/1", ""), asset="report")
    path = urlsplit(piece["url"]).path
    vendor.admit(path, email="ann@umbrella.example")
    assert vendor.viewer.get(f"{path}/go").status_code == 303
    money = {"amount_minor": 120_000, "currency": "EUR"}
    vendor.convert("D-1", occurred_at=rfc3339(clock()), emails=["ann@umbrella.example"], amount=money)
    vendor.convert("D-2", occurred_at=rfc3339(clock()), emails=["ann@umbrella.example"])
    other = report(vendor, web.show("/r/2", ""), asset="report")
    counts = now(vendor, piece)["counts"]
    assert counts == {"visits": 1, "leads": 1, "clicks": 1, "opportunities": 2, "pipeline": [money]}
    assert now(vendor, other)["counts"]["opportunities"] == 0
    assert asyncio.run(verified(vendor)) == []


@pytest.mark.sqlite
@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(20261101, 20261128), st.booleans(), st.booleans(), st.integers(0, 2))))
def test_the_days_of_visits_are_those_of_the_ledger(events: list[tuple[int, bool, bool, int]]) -> None:
    """However they are appended, in whatever order: the first and the last day on which a person came."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        for _, script in migrations(Engine.SQLITE):
            db.executescript(script)
        db.execute(
            "INSERT INTO pieces (id, customer, kind, title, mechanic, asset, share, created_at_ms, page)"
            " VALUES ('p', 'c', 'talk', 't', 'm', 'a', 's', 0, 'unchecked')"
        )
        for day, human, own, visitor in events:
            db.execute(
                "INSERT INTO events (at_ms, day, kind, actor, share, customer, hop, visitor)"
                " VALUES (0, ?, 'view', ?, ?, 'c', 0, ?)",
                (day, "human" if human else "bot", "s" if own else "other", visitor),
            )
        db.execute("UPDATE counted SET seq = (SELECT coalesce(max(seq), 0) FROM events)")
        days = [day for day, human, own, visitor in events if human and own and visitor]
        [kept] = db.execute("SELECT first_visit_day, last_visit_day FROM pieces")
        assert kept == ((min(days), max(days)) if days else (None, None))
        said = db.execute(VERIFY).fetchall()
        assert said == []
        if days:
            db.execute("UPDATE pieces SET last_visit_day = 20270101")
            [wrong] = db.execute(VERIFY)
            assert wrong[0] == "pieces"


async def verified(server: Server) -> list[Any]:
    async with opened(wire(server.config)) as services:
        return await services.reports.verify()


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (Shown(status=401), "lets no program in (it answered 401)"),
        (Shown(status=403), "lets no program in (it answered 403)"),
        (Shown(status=429), "lets no program in (it answered 429)"),
        (Shown(status=999), "lets no program in (it answered 999)"),
        (Shown(status=404), "There is no page (it answered 404)"),
        (Shown(status=503), "It answered 503"),
        (Shown(status=302, headers={"location": "/login?next=/r/1"}), "a page that asks to sign in"),
        (Shown(status=302, headers={"location": "/r/1"}), "leads on more than 3 times"),
        (Shown(status=302, headers={"location": "ftp://127.0.0.1/"}), "no address on the web"),
        (Shown(status=302, headers={"location": "http://169.254.169.254/latest"}), "private address 169.254.169.254"),
        (Shown(status=302, headers={"location": "http://localhost:1/"}), "private address"),
        (Shown(b"%PDF", headers={"content-type": "application/pdf"}), "It is no page of text (application/pdf)"),
        (Shown(b"x", headers={"content-type": "text/html", "content-encoding": "gzip"}), "It came packed"),
        (Shown(b"x" * (reading.MOST_BYTES + 1)), "The beginning of its public page"),
    ],
)
def test_a_page_that_cannot_be_read_is_unknown_and_says_why(vendor: Server, web: Site, shown: Shown, said: str) -> None:
    web.pages["/r/1"] = shown
    web.show("/login?next=/r/1", "<form>Sign in</form>")
    piece = looked(vendor, report(vendor, f"{web.url}/r/1"))
    assert piece["tracked"]["state"] == "unknown"
    assert said in piece["tracked"]["why"]
    assert said in piece["why"]


def test_a_short_link_that_leads_to_the_share_is_tracked_and_not_followed(vendor: Server, web: Site) -> None:
    piece = report(vendor, f"{web.url}/r/1")
    looked(vendor, piece)
    web.pages["/r/2"] = Shown(status=301, headers={"location": piece["url"]})
    change = {"title": "Five stars", "public_url": f"{web.url}/r/2"}
    vendor.api.put(f"/api/v1/advocacy/{piece['id']}", json=change)
    assert looked(vendor, piece)["tracked"]["state"] == "tracked"
    assert vendor.happened("view") == []


@pytest.mark.settings(webhooks=Webhooks())
def test_no_private_address_is_asked(vendor: Server, web: Site) -> None:
    piece = looked(vendor, report(vendor, web.show("/r/1", "")))
    assert piece["tracked"]["state"] == "unknown"
    assert "127.0.0.1 is the private address" in piece["tracked"]["why"]
    assert web.asked == []


def test_whoever_keeps_us_waiting_is_not_waited_for(vendor: Server, web: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "READ_S", 0.2)
    web.pages["/r/1"] = Shown(silent=True)
    piece = looked(vendor, report(vendor, f"{web.url}/r/1"))
    assert "did not answer within" in piece["tracked"]["why"]


def test_a_page_is_read_again_every_week(vendor: Server, web: Site, clock: Any) -> None:
    piece = looked(vendor, report(vendor, web.show("/r/1", "")))
    first = piece["tracked"]["checked_at"]
    web.show("/r/1", f'<a href="{piece["url"]}">')
    clock.ms += 6 * DAY_MS
    looked(vendor, report(vendor, web.show("/r/2", "")))  # whoever reads it has looked whether others are due
    assert now(vendor, piece)["tracked"]["checked_at"] == first
    clock.ms += DAY_MS + HOUR_MS
    assert looked(vendor, piece, after=first)["tracked"]["state"] == "tracked"
    assert [path for path, _ in web.asked] == ["/r/1", "/r/2", "/r/1"]
    # What was seen once stands when the page cannot be read for a while, and not when it is gone.
    for status, state in ((403, "tracked"), (404, "unknown")):
        web.pages["/r/1"] = Shown(status=status)
        checked = now(vendor, piece)["tracked"]["checked_at"]
        clock.ms += 7 * DAY_MS + HOUR_MS
        assert looked(vendor, piece, after=checked)["tracked"]["state"] == state


def test_a_page_that_stumbles_is_asked_again_within_hours(vendor: Server, web: Site, clock: Any) -> None:
    web.pages["/r/1"] = Shown(status=503)
    piece = looked(vendor, report(vendor, f"{web.url}/r/1"))
    assert piece["tracked"]["state"] == "unknown"
    web.show("/r/1", "")
    clock.ms += HOUR_MS
    eventually(lambda: now(vendor, piece)["tracked"]["state"] == "untracked")


def test_a_page_is_asked_for_plainly(vendor: Server, web: Site) -> None:
    looked(vendor, report(vendor, web.show("/r/1", "")))
    [(path, headers)] = web.asked
    assert path == "/r/1"
    assert "Passalong/" in headers["user-agent"]
    assert headers["accept-encoding"] == "identity"
    assert not {"cookie", "authorization", "referer"} & set(headers)


def test_a_withdrawn_piece_counts_no_more_and_can_come_back(vendor: Server, web: Site, clock: Any) -> None:
    url = web.show("/r/1", "")
    piece = looked(vendor, report(vendor, url))
    gone = vendor.api.delete(f"/api/v1/advocacy/{piece['id']}").json()
    assert gone["withdrawn_at"]
    assert gone["why"].startswith("Withdrawn on ")
    assert vendor.api.get("/api/v1/advocacy").json()["items"] == []
    assert len(vendor.api.get("/api/v1/advocacy?withdrawn=true").json()["items"]) == 1
    visit(vendor, piece["url"])
    clock.ms += 8 * DAY_MS
    back = report(vendor, url)
    assert (back["id"], back["withdrawn_at"]) == (piece["id"], None)
    eventually(lambda: len(web.asked) == 2)


def test_a_page_can_move_but_not_onto_another_pieces(vendor: Server, web: Site) -> None:
    first, second = report(vendor, web.show("/r/1", "")), report(vendor, web.show("/r/2", ""))
    change = {"title": "Moved", "public_url": f"{web.url}/r/2"}
    refused = vendor.api.put(f"/api/v1/advocacy/{first['id']}", json=change)
    assert refused.status_code == 409
    assert second["id"] in refused.json()["detail"]
    change["public_url"] = f"{web.url}/r/3"
    assert vendor.api.put(f"/api/v1/advocacy/{first['id']}", json=change).json()["title"] == "Moved"
    fresh = report(vendor, f"{web.url}/r/1")  # where the first one was
    assert fresh["share"] != first["share"]


def test_lists_are_sliced_and_paged(vendor: Server, web: Site, clock: Any) -> None:
    for n in range(5):
        report(vendor, f"{web.url}/r/{n}", customer="initech" if n % 2 else "globex", kind="post" if n else "review")
        clock.ms += 1000
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        paged = vendor.api.get("/api/v1/advocacy", params={"limit": 2, "cursor": cursor}).json()
        seen += [piece["public_url"].rpartition("/")[2] for piece in paged["items"]]
        cursor = paged["next_cursor"]
    assert seen == ["4", "3", "2", "1", "0"]
    for asked, n in (
        ({"customer": "globex"}, 3),
        ({"kind": "review"}, 1),
        ({"customer": "initech", "kind": "post"}, 2),
    ):
        assert len(vendor.api.get("/api/v1/advocacy", params=asked).json()["items"]) == n
    assert vendor.api.get("/api/v1/advocacy", params={"kind": "song"}).status_code in (400, 422)


def test_which_mechanic_must_be_said_where_it_is_not_plain(server: Server, web: Site) -> None:
    url = web.show("/r/1", "")
    assert "no advocacy mechanic lives" in faults(report(server, url, status=422))["mechanic"]
    for key in ("voices", "talks"):
        server.api.put(f"/api/v1/mechanics/{key}", json=mechanic(title=key, kind="advocacy"))
    assert faults(report(server, url, status=422))["mechanic"] == "Name the mechanic: talks, voices."
    assert "hard is of the kind shared_asset" in faults(report(server, url, mechanic="hard", status=422))["mechanic"]
    assert "no mechanic called none" in faults(report(server, url, mechanic="none", status=422))["mechanic"]
    decided = {"by": "Mara", "reason": "Nobody came", "fallback": "asset_only"}
    assert server.api.post("/api/v1/mechanics/talks/kill", json=decided).status_code in (200, 201)
    assert report(server, url, mechanic="talks", status=409)["title"]
    assert report(server, url)["mechanic"] == "voices"


def test_which_asset_must_be_said_where_it_is_not_plain(vendor: Server, web: Site) -> None:
    url = web.show("/r/1", "")
    link = {"title": "Other", "kind": "link", "source": {"url": "https://acme.example/t/2"}}
    vendor.api.put("/api/v1/assets/globex-only", json={**link, "customer": "globex"})
    assert report(vendor, url)["asset"] == "link"
    vendor.api.put("/api/v1/assets/other", json=link)
    assert "one of link, other" in faults(report(vendor, url + "2", status=422))["asset"]
    assert "no asset called none" in faults(report(vendor, url + "2", asset="none", status=422))["asset"]
    assert report(vendor, url + "2", asset="page")["asset"] == "page"


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("customer", {"customer": "nobody"}),
        ("public_url", {"public_url": "javascript:alert(1)"}),
        ("public_url", {"public_url": "https://user:secret@reviews.example/1"}),
        ("public_url", {"public_url": None}),
        ("public_url", {"public_url": "https://reviews.example/" + "x" * 1000}),
        ("title", {"title": "\u202e \x1b"}),
        ("title", {"title": ""}),
        ("title", {"title": "x" * 161}),
        ("kind", {"kind": "song"}),
        ("published_at", {"published_at": "2026-11-01T00:00:00"}),
        ("slug", {"slug": "admin"}),
        ("play", {"play": "x" * 65}),
        ("play", {"play": "nothing"}),
        ("stars", {"stars": 5}),
    ],
)
def test_what_cannot_be_right_is_refused_by_its_field(vendor: Server, field: str, body: dict[str, Any]) -> None:
    sound = {"customer": "initech", "kind": "review", "title": "Five stars", "public_url": "https://reviews.example/1"}
    refused = vendor.api.post("/api/v1/advocacy", json={**sound, **body})
    assert refused.status_code in (400, 422), refused.text
    assert list(faults(refused.json())) == [field]
    assert vendor.api.get("/api/v1/advocacy").json()["items"] == []


def test_a_page_of_this_server_is_no_public_page(vendor: Server) -> None:
    refused = report(vendor, f"{vendor.address}/s/x", status=422)
    assert "a page of this server" in faults(refused)["public_url"]


async def test_the_store_tells_every_piece_in_short(tmp_path: Any, clock: Any) -> None:
    with serving(tmp_path, clock, webhooks=HERE) as server, site() as web:
        server.api.put("/api/v1/mechanics/voices", json=mechanic(title="Voices", kind="advocacy"))
        one = report(server, web.show("/r/1", ""), published_at="2026-01-31T00:00:00Z")
        two = report(server, kind="talk", title="Slides")
        three = report(server, f"{web.url}/r/3")
        server.api.delete(f"/api/v1/advocacy/{three['id']}")
        looked(server, one)
        visit(server, two["url"])
        async with opened(wire(server.config)) as services:
            lines = await services.advocacy.pieces(20260101)
    assert [(line.id, line.mechanic, line.tracking, line.visits) for line in lines] == [
        (one["id"], "voices", "untracked", 0), (two["id"], "voices", "tracked", 1),
    ]  # fmt: skip
    assert lines[0].published_at_ms is not None
    assert lines[1].published_at_ms is None


KEYRING = Keyring([SIGNING_KEY])
OWN = Claims("link", "initech", "voices", nonce="own")
WANTED = Placement(
    base_url="https://share.acme.example/x",
    shares=frozenset([OWN.share]),
    slug="initech-talk",
    customer="initech",
    mechanic="voices",
)


@settings(deadline=None)
@given(st.text(), st.text())
def test_a_link_is_found_in_whatever_stands_around_it(before: str, after: str) -> None:
    token = mint(KEYRING, OWN)
    assert found(f"{before} https://any.example/s/{token} {after}", WANTED, KEYRING) == "its link"


@settings(deadline=None)
@given(st.text(), st.integers(0, 10))
def test_what_is_no_link_of_ours_is_not_found(text: str, n: int) -> None:
    other = mint(KEYRING, Claims("link", "initech", "voices", nonce=f"other{n}"))
    forged = mint(Keyring([SIGNING_KEY[::-1]]), OWN)
    assert found(f"{text} /s/{other} /s/{forged} /go/initech-talk", WANTED, KEYRING) is None


def test_a_megabyte_without_a_space_is_read_in_a_moment() -> None:
    import time

    for text in ("utm_campaign=" * 100_000, "/s/" * 500_000, "%2F" * 500_000, "&#47;s" * 300_000):
        began = time.process_time()
        assert found(text, WANTED, KEYRING) is None
        assert time.process_time() - began < 5


def test_an_invitation_comes_from_a_play_and_the_piece_remembers_which(vendor: Server, web: Site, clock: Any) -> None:
    at = rfc3339(clock())
    heard = [{"external_id": f"x-{n}", "kind": "product.exported", "occurred_at": at} for n in range(3)]
    heard.append({"external_id": "n-1", "kind": "satisfaction.nps", "value": 10, "occurred_at": at})
    answer = vendor.api.post("/api/v1/signals", json={"signals": [{"customer": "initech", **one} for one in heard]})
    assert answer.status_code == 201, answer.text
    [play] = eventually(lambda: vendor.api.get("/api/v1/plays?customer=initech").json()["items"])
    assert play["kind"] == "advocacy_invitation"
    piece = report(vendor, web.show("/r/1", "<p>Nice.</p>"), play=play["id"])
    assert piece["play"] == play["id"]
    body = {
        "customer": "globex",
        "kind": "review",
        "title": "Fine",
        "public_url": web.show("/r/2", "x"),
        "play": play["id"],
    }
    refused = vendor.api.post("/api/v1/advocacy", json=body)
    assert faults(refused.json()) == {"play": "This play is for initech."}
