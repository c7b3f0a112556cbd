"""Prompts in the product: made, framed, shown, sent away, killed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from factories import GOOGLEBOT, SLACK, Server, eventually, mechanic, parsed, rfc3339, words
from passalong.domain.instant import DAY_MS
from passalong.domain.language import Language
from passalong.domain.passes import Click
from passalong.domain.share import mint
from passalong.domain.token import Keyring, Purpose
from prompts import BODIES, answer_of, press, prompt, proof, status
from soundness import sound

KINDS = list(BODIES)
SIZES = ["small", "medium", "large"]
LONG = {"kind": "usage_cap", "unit": "Ω" * 40, "plan": "Ω" * 40, "member": "Ω" * 64}
KILL = {"reason": "Nobody pressed it", "by": "Mara"}


def hosts(server: Server, *allowed: str) -> None:
    brand = {"name": "Acme", "accent": "#0b5fff", "home_url": "https://acme.example", "embed_hosts": list(allowed)}
    server.api.put("/api/v1/brands/acme", json=brand).raise_for_status()


def ms(time: str) -> float:
    return datetime.fromisoformat(time).timestamp() * 1000


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", SIZES)
def test_a_prompt_opens_in_its_size_with_its_snippet(server: Server, clock: Any, kind: str, size: str) -> None:
    hosts(server, "app.acme.example")
    made = answer_of(server, kind, size=size, member="u-17")
    assert (made["kind"], made["size"], made["state"], made["dismissed_until"]) == (kind, size, "live", None)
    assert (made["customer"], made["mechanic"], made["member"]) == ("initech", "open", "u-17")
    assert made["frame_hosts"] == ["app.acme.example"]
    assert ms(made["expires_at"]) == pytest.approx(clock() + 30 * DAY_MS, abs=60_000)
    [frame] = parsed(made["snippets"]["iframe"]).iter("iframe")
    assert frame.get("src") == made["url"] == f"{server.config.base_url}/p/{made['token']}"
    assert (frame.get("width"), frame.get("height")) == (str(made["width"]), str(made["height"]))
    assert frame.get("title")
    page = server.viewer.get(made["url"])
    assert page.status_code == 200
    sound(page.text)
    assert parsed(page.text).find("body").get("class") == f"prompt {size}"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "usage_cap", "customer": "nobody"}, "customer"),
        ({"kind": "usage_cap", "mechanic": "none"}, "mechanic"),
        ({"kind": "usage_cap", "mechanic": "plain"}, "mechanic"),
        ({"kind": "invite_teammates", "asset": "none"}, "asset"),
        ({"kind": "invite_teammates", "asset": None}, "asset"),
        ({"kind": "share_with_team", "asset": None}, "asset"),
        ({"kind": "share_with_team", "used": 3}, "used"),
        ({"kind": "invite_teammates", "plan": "Gold"}, "plan"),
        ({"kind": "share_with_team", "member": "ann@initech.example"}, "member"),
        ({"kind": "share_with_team", "member_name": "ann@initech.example"}, "member_name"),
        ({"kind": "share_with_team", "channel": "A B"}, "channel"),
        ({"kind": "share_with_team", "channel": "prompt"}, "channel"),
        ({"kind": "usage_cap", "channel": "slack"}, "channel"),
        ({"kind": "usage_cap", "used": None}, "used"),
        ({"kind": "usage_cap", "used": -1}, "used"),
        ({"kind": "usage_cap", "limit": 0}, "limit"),
        ({"kind": "usage_cap", "unit": " \u202e "}, "unit"),
        ({"kind": "usage_cap", "upgrade_url": None}, "upgrade_url"),
        ({"kind": "usage_cap", "upgrade_url": "javascript:alert(1)"}, "upgrade_url"),
        ({"kind": "usage_cap", "upgrade_url": "http://billing.acme.example"}, "upgrade_url"),
        ({"kind": "usage_cap", "upgrade_url": "https://u:p@billing.acme.example"}, "upgrade_url"),
        ({**LONG, "upgrade_url": "https://a.example/" + "x" * 480}, "upgrade_url"),
        ({"kind": "usage_cap", "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"kind": "usage_cap", "expires_at": "9999-01-01T00:00:00Z"}, "expires_at"),
        ({"kind": "usage_cap", "size": "huge"}, "size"),
        ({"kind": "carrier_pigeon"}, "kind"),
    ],
)
def test_a_refusal_names_the_field(server: Server, body: dict[str, Any], field: str) -> None:
    wanted = {"customer": "initech", "mechanic": "open", **BODIES.get(body["kind"], {}), **body}
    refused = server.api.post("/api/v1/prompts", json=wanted)
    assert refused.status_code in (400, 422), refused.text
    assert [fault["field"] for fault in refused.json()["faults"]] == [field]


def test_no_share_can_pass_for_an_upgrade(server: Server) -> None:
    share = {"asset": "report", "customer": "initech", "mechanic": "open", "channel": "prompt"}
    refused = server.api.post("/api/v1/shares", json=share)
    assert [fault["field"] for fault in refused.json()["faults"]] == ["channel"]


def test_what_is_another_customers_or_killed_prompts_nobody(server: Server) -> None:
    asset = {"title": "Secret", "kind": "page", "customer": "globex", "source": {"markdown": "x"}}
    server.api.put("/api/v1/assets/theirs", json=asset).raise_for_status()
    body = {"customer": "initech", "kind": "share_with_team", "mechanic": "open", "asset": "theirs"}
    assert server.api.post("/api/v1/prompts", json=body).status_code == 409
    server.api.post("/api/v1/mechanics/open/kill", json=KILL).raise_for_status()
    refused = server.api.post("/api/v1/prompts", json={**body, "asset": "report"})
    assert refused.status_code == 409
    assert KILL["reason"] in refused.json()["detail"]


def test_what_was_not_signed_here_as_a_prompt_is_no_prompt(server: Server) -> None:
    path = prompt(server)
    token = path.removeprefix("/p/")
    keyring = Keyring(server.config.signing_keys)
    others = [token[:-1], "nothing", server.share().removeprefix("/s/"), mint(Keyring(["x" * 32]), _claims())]
    others.append(keyring.seal(Purpose.CLICK, Click("s", None, 1, "n")))
    lost = server.viewer.get("/s/nothing")
    for other in others:
        for method, tail in (("GET", ""), ("GET", "/upgrade"), ("POST", "/upgrade"), ("POST", "/dismiss")):
            answer = server.viewer.request(method, f"/p/{other}{tail}")
            assert answer.status_code == 404
            assert answer.text == lost.text, "nobody is told which tokens exist"
        assert server.api.get(f"/api/v1/prompts/{other}").status_code == 404
    assert server.viewer.get(f"/s/{token}").status_code == 404
    assert server.happened() == []


def _claims() -> Any:
    from passalong.domain.share import claim

    return claim(asset="report", customer="initech", mechanic="open")


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_framed_by_the_brands_hosts_alone_and_sets_no_cookie(server: Server, kind: str) -> None:
    hosts(server, "app.acme.example", "*.acme.example:8443")
    path = prompt(server, kind)
    for answer in (server.viewer.get(path), server.viewer.head(path), press(server, path, "dismiss")):
        assert "set-cookie" not in answer.headers
    page = server.viewer.get(path)
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors 'self' app.acme.example *.acme.example:8443" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "form-action 'self';" in policy
    assert "x-frame-options" not in page.headers
    assert page.headers["cache-control"] == "private, no-store"
    assert 'content="noindex"' in page.text


def test_what_is_shown_is_counted_for_mechanic_and_customer_and_bots_apart(server: Server) -> None:
    path = prompt(server)
    shown = server.viewer.get(path)
    assert shown.headers["passalong-event"] == "prompt"
    assert server.viewer.head(path).headers["passalong-event"].startswith("none")
    prefetched = server.viewer.get(path, headers={"sec-purpose": "prefetch"})
    assert prefetched.headers["passalong-event"] == "none; reason=prefetch"
    for robot in (GOOGLEBOT, SLACK):
        server.viewer.get(path, headers={"user-agent": robot})
    assert server.happened() == [("prompt", "human"), ("prompt", "bot"), ("prompt", "unfurler")]
    counts = server.counts("open")
    assert (counts["prompts"], counts["views"], counts["visits"], counts["bots"]) == (1, 0, 0, 2)
    assert counts["shares"] == 0, "asking makes no link"
    customer = server.api.get("/api/v1/customers/initech").json()["customer"]
    assert customer["counts"]["prompts"] == 1


def test_a_member_who_says_not_now_is_left_alone_for_a_month(server: Server, clock: Any) -> None:
    path = prompt(server, member="u-1")
    gone = press(server, path, "dismiss")
    assert (gone.status_code, gone.headers["location"]) == (303, path)
    quiet = server.viewer.get(path)
    assert quiet.headers["passalong-event"] == "none; reason=dismissed"
    assert "Hidden until" in words(quiet.text)
    assert "Upgrade" not in words(quiet.text)
    sound(quiet.text)
    # The product is told, of this prompt and of every new one, so that it can leave the frame out.
    said = answer_of(server, member="u-1", used=49)
    assert said["state"] == "dismissed"
    assert ms(said["dismissed_until"]) == pytest.approx(clock() + 30 * DAY_MS, abs=60_000)
    assert status(server, path)["dismissed_until"] == said["dismissed_until"]
    # Nobody else, and nothing else, is meant.
    for other in (
        prompt(server, member="u-2"),
        prompt(server),
        prompt(server, customer="globex", member="u-1"),
        prompt(server, "share_with_team", member="u-1"),
    ):
        assert "Hidden" not in words(server.viewer.get(other).text)
    clock.ms += 30 * DAY_MS + 1000
    assert answer_of(server, member="u-1")["state"] == "live"
    assert "Upgrade" in words(server.viewer.get(prompt(server, member="u-1")).text)


def test_the_third_not_now_counts_for_half_a_year(server: Server, clock: Any) -> None:
    for days in (30, 30, 180, 180):
        path = prompt(server, member="u-1")
        press(server, path, "dismiss")
        until = ms(status(server, path)["dismissed_until"])
        assert until == pytest.approx(clock() + days * DAY_MS, abs=60_000)
        clock.ms += days * DAY_MS + 1000


def test_a_dismissal_can_be_taken_back_and_then_does_not_count(server: Server, clock: Any) -> None:
    path = prompt(server)
    for _ in range(4):
        press(server, path, "dismiss")
        assert press(server, path, "show").headers["location"] == path
        assert "Upgrade" in words(server.viewer.get(path).text)
    page = server.viewer.get(path)
    for _ in range(3):  # one decision, however often it is sent
        server.viewer.post(f"{path}/dismiss", data={"csrf_token": proof(page.text, "dismiss")})
    until = ms(status(server, path)["dismissed_until"])
    assert until == pytest.approx(clock() + 30 * DAY_MS, abs=60_000)


@pytest.mark.parametrize("action", ["dismiss", "show"])
def test_nothing_is_hidden_or_shown_by_a_form_that_was_not_shown_here(server: Server, clock: Any, action: str) -> None:
    path, other = prompt(server, member="u-1"), prompt(server, member="u-2")
    if action == "show":
        press(server, path, "dismiss")
        press(server, other, "dismiss")
    before = status(server, path)["state"]
    old = proof(server.viewer.get(path).text, action)
    clock.ms += DAY_MS + 60_000
    theirs = proof(server.viewer.get(other).text, action)
    for token in ("", "x", old, theirs):
        refused = server.viewer.post(f"{path}/{action}", data={"csrf_token": token})
        assert refused.status_code == 422
        assert "press once more" in words(refused.text)
        sound(refused.text)
    assert status(server, path)["state"] == before
    again = server.viewer.post(f"{path}/{action}", data={"csrf_token": proof(refused.text, action)})
    assert again.status_code == 303


@pytest.mark.parametrize("kind", KINDS)
def test_a_kill_empties_the_frame_at_once_and_a_revival_fills_it(server: Server, kind: str) -> None:
    path = prompt(server, kind)
    forms = server.viewer.get(path).text
    server.api.post("/api/v1/mechanics/open/kill", json={**KILL, "fallback": "gone"}).raise_for_status()
    empty = server.viewer.get(path)
    assert empty.status_code == 200
    assert words(empty.text) == "Nothing to do"
    assert empty.headers["passalong-event"] == "afterlife"
    sound(empty.text)
    assert list(parsed(empty.text).iter("form")) == []
    assert status(server, path)["state"] == "ended"
    refused = server.viewer.post(f"{path}/dismiss", data={"csrf_token": proof(forms, "dismiss")})
    assert refused.status_code == 410
    sound(refused.text)
    revive = {"reason": "They asked for it", "by": "Mara"}
    server.api.post("/api/v1/mechanics/open/revive", json=revive).raise_for_status()
    assert eventually(lambda: words(server.viewer.get(path).text)) != "Nothing to do"
    assert server.counts("open")["afterlife"] == 1


@pytest.mark.parametrize("kind", KINDS)
def test_what_has_expired_says_so_quietly(server: Server, clock: Any, kind: str) -> None:
    path = prompt(server, kind, expires_at=rfc3339(clock() + 3_600_000))
    clock.ms += 2 * 3_600_000
    answer = server.viewer.get(path)
    assert answer.status_code == 410
    assert "This was open until" in words(answer.text)
    assert list(parsed(answer.text).iter("form")) == []
    sound(answer.text)
    assert status(server, path)["state"] == "expired"
    assert server.viewer.post(f"{path}/dismiss").status_code == 410
    assert server.happened() == []


def test_one_prompts_buttons_are_of_no_use_on_another(server: Server) -> None:
    cap, share, invite = (prompt(server, kind) for kind in ("usage_cap", "share_with_team", "invite_teammates"))
    for path, action in ((cap, "share"), (cap, "invite"), (share, "upgrade"), (share, "invite"), (invite, "upgrade")):
        for method in ("GET", "POST"):
            assert server.viewer.request(method, f"{path}/{action}").status_code == 404
    assert server.happened("share", "click") == []


def test_too_many_presses_are_turned_away_in_the_frame(server: Server) -> None:
    hosts(server, "app.acme.example")
    path = prompt(server)
    token = proof(server.viewer.get(path).text, "dismiss")
    answers = [server.viewer.post(f"{path}/dismiss", data={"csrf_token": token}) for _ in range(21)]
    refused = answers[-1]
    assert (answers[-2].status_code, refused.status_code) == (303, 429)
    assert int(refused.headers["retry-after"]) > 0
    assert "frame-ancestors 'self' app.acme.example" in refused.headers["content-security-policy"]
    assert "Too many requests" in words(refused.text)
    sound(refused.text)


def test_each_member_of_an_office_has_a_limit_of_their_own_and_nobody_waits_to_upgrade(server: Server) -> None:
    one, other = (prompt(server, member=member) for member in ("u-1", "u-2"))
    token = proof(server.viewer.get(one).text, "dismiss")
    codes = {server.viewer.post(f"{one}/dismiss", data={"csrf_token": token}).status_code for _ in range(30)}
    assert codes == {303, 429}
    assert press(server, other, "dismiss").status_code == 303
    assert press(server, one, "upgrade", on="/upgrade").headers["location"].startswith("https://billing.acme.example")


def test_what_a_small_frame_opens_in_a_tab_is_refused_there_with_a_way_on(server: Server, clock: Any) -> None:
    soon = rfc3339(clock() + 3_600_000)
    invite = prompt(server, "invite_teammates", size="small", expires_at=soon)
    share = prompt(server, "share_with_team", size="small", expires_at=soon)
    token = proof(server.viewer.get(share).text, "share")
    waits = [server.viewer.post(f"{share}/share", data={"csrf_token": token}) for _ in range(21)][-1]
    clock.ms += 2 * 3_600_000
    gone = [server.viewer.get(f"{invite}/invite"), server.viewer.post(f"{share}/share", data={"csrf_token": token})]
    assert [answer.status_code for answer in (waits, *gone)] == [429, 410, 410]
    for answer in (waits, *gone):
        assert parsed(answer.text).find("body").get("class") == "prompt page"  # type: ignore[union-attr]
        [way] = [a for a in parsed(answer.text).iter("a") if a.get("class") == "button"]
        assert way.get("href") == "https://acme.example"
        sound(answer.text)
    assert parsed(server.viewer.get(invite).text).find("body").get("class") == "prompt small"  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", ["invite_teammates", "share_with_team"])
def test_a_paused_mechanic_makes_no_links_by_prompts(server: Server, kind: str) -> None:
    path, cap = prompt(server, kind), prompt(server)
    action = {"invite_teammates": "invite", "share_with_team": "share"}[kind]
    token = proof(server.viewer.get(path).text, action)
    for verb in ("pause", "resume"):
        server.api.post(f"/api/v1/mechanics/open/{verb}", json={"reason": "A break", "by": "Mara"}).raise_for_status()
        if verb == "resume":
            break
        empty = eventually(lambda: words((page := server.viewer.get(path)).text) == "Nothing to do" and page)
        sound(empty.text)
        assert (empty.status_code, empty.headers["passalong-event"]) == (200, "none; reason=paused")
        assert status(server, path)["state"] == "paused"
        typed = {"csrf_token": token, "addresses": "zoe@initech.example"}
        refused = server.viewer.post(f"{path}/{action}", data=typed)
        assert refused.status_code == 410
        assert "Acme does not ask this for now." in words(refused.text)
        assert server.happened("share") == []
        body = {"customer": "initech", "kind": kind, "mechanic": "open", "asset": "report"}
        told = server.api.post("/api/v1/prompts", json=body)
        assert (told.status_code, "The mechanic open is paused since" in told.json()["detail"]) == (409, True)
        assert press(server, cap, "upgrade", on="/upgrade").status_code == 303, "an upgrade goes on"
    assert eventually(lambda: words(server.viewer.get(path).text) != "Nothing to do")


HOSTILE = "\"><script>alert(1)</script>'&%(brand)s%s"


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_the_product_says_stays_text(server: Server, kind: str) -> None:
    asset = {"title": HOSTILE, "kind": "page", "source": {"markdown": "x"}}
    server.api.put("/api/v1/assets/hostile", json=asset).raise_for_status()
    more = {"usage_cap": {"unit": HOSTILE[:40], "plan": HOSTILE[:40]}}.get(kind, {"asset": "hostile"})
    path = prompt(server, kind, member=HOSTILE, member_name=HOSTILE[:40], **more)
    for tail in ("", {"usage_cap": "/upgrade", "invite_teammates": "/invite"}.get(kind, "")):
        page = server.viewer.get(path + tail)
        sound(page.text)
        assert "alert(1)" in words(page.text)


@pytest.mark.parametrize("language", list(Language))
def test_every_state_in_every_language(server: Server, clock: Any, language: Language) -> None:
    server.viewer.headers["accept-language"] = f"{language}-XX,{language};q=0.9"
    server.api.put("/api/v1/assets/x", json={"title": "X", "kind": "link", "source": {"url": "https://x.example"}})
    for kind in KINDS:
        more = {} if kind == "usage_cap" else {"asset": "x"}
        for size in SIZES:
            path = prompt(server, kind, size=size, **{"unit": "GB"} if kind == "usage_cap" else {}, **more)
            seen = [server.viewer.get(path)]
            if kind == "usage_cap":
                seen.append(server.viewer.get(f"{path}/upgrade"))
            elif kind == "invite_teammates":
                on = "/invite" if size == "small" else ""
                seen.append(press(server, path, "invite", on=on, addresses="wrong"))
                seen.append(press(server, path, "invite", on=on, addresses=f"{language}@x.example"))
            else:
                seen.append(server.viewer.get(press(server, path, "share").headers["location"]))
            for answer in seen:
                sound(answer.text)
                assert parsed(answer.text).get("lang") == language
                if language is not Language.EN:
                    for english in (" the ", "Please", "Upgrade now", "Not now", " used", " your", " link for "):
                        assert english not in words(answer.text), (answer.url.path[-20:], english)
            clock.ms += 600_000  # so that nobody is asked to wait
    press(server, path, "dismiss")
    assert parsed(server.viewer.get(path).text).get("lang") == language


def test_a_mechanic_that_turned_to_community_records_nothing(server: Server) -> None:
    path = prompt(server)
    server.api.put("/api/v1/mechanics/open", json=mechanic(kind="community")).raise_for_status()
    assert server.viewer.get(path).headers["passalong-event"] == "none; reason=not-instrumented"
    assert server.happened() == []
